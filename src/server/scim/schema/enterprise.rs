//! Enterprise User, RFC 7643 4.3 and 8.7.1.

use super::Attribute;

pub(super) const ATTRIBUTES: &[Attribute] = &[
    Attribute::string(
        "employeeNumber",
        "Numeric or alphanumeric identifier assigned to a person, typically based on order of hire or association with an organization.",
    ),
    Attribute::string("costCenter", "Identifies the name of a cost center."),
    Attribute::string("organization", "Identifies the name of an organization."),
    Attribute::string("division", "Identifies the name of a division."),
    Attribute::string("department", "Identifies the name of a department."),
    Attribute::complex("manager", MANAGER, "The User's manager."),
];

const MANAGER: &[Attribute] = &[
    Attribute::string(
        "value",
        "The id of the SCIM resource representing the User's manager.",
    ),
    Attribute::reference(
        "$ref",
        &["User"],
        "The URI of the SCIM resource representing the User's manager.",
    ),
    Attribute::string("displayName", "The displayName of the User's manager.").read_only(),
];
