//! Values of a user.

use super::super::error::ScimType;
use super::{Explanation, steps};

const INVALID: Explanation = Explanation {
    status: 400,
    scim_type: Some(ScimType::InvalidValue),
    title: "",
    named: None,
    happened: "",
    why: "",
    fix_in_entra: &[steps::MAPPINGS, steps::SAVE, steps::ON_DEMAND],
    fix_here: &[steps::ENTRY],
    entra_code: Some("SystemForCrossDomainIdentityManagementServiceIncompatible"),
    rfc: Some("RFC 7644 3.12"),
    next: "Entra tries the same change again in later cycles, with longer and longer pauses. Once the value is accepted, the change goes through and the issue resolves itself.",
};

pub(super) static USER_NAME_TAKEN: Explanation = Explanation {
    status: 409,
    scim_type: Some(ScimType::Uniqueness),
    title: "The userName is already taken",
    named: None,
    happened: "Another user of your organization has this userName, in any case of letters. Nothing was created or changed.",
    why: "Entra creates a user when its search by the matching attribute finds none, and renames a user when its userPrincipalName changes. Two Entra users with the same source value, or a matching attribute other than userName, lead here.",
    fix_in_entra: &[
        "Open Users and search for the userName; change or remove the double.",
        "Check in Mappings › Provision Microsoft Entra ID Users that userName has Matching precedence 1.",
        steps::ON_DEMAND,
    ],
    fix_here: &[
        "If the other user is inactive, or Entra does not manage it, an administrator decides in the issue whether Entra takes it over.",
        "Open Users and search for the userName to see who has it.",
    ],
    entra_code: Some("Conflict"),
    rfc: Some("RFC 7644 3.3"),
    next: "Entra tries again in later cycles, with longer and longer pauses. Once the userName is free or changed, the request goes through and the issue resolves itself.",
};

pub(super) static USER_NAME_MISSING: Explanation = Explanation {
    title: "userName is missing",
    happened: "The request has no userName, or an empty one, so nothing was stored.",
    why: "The mapping of userName is gone, or its source attribute is empty for this user.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Map userPrincipalName to userName.",
        steps::SAVE,
        steps::ON_DEMAND,
    ],
    rfc: Some("RFC 7643 4.1.1"),
    ..INVALID
};

pub(super) static USER_NAME_INVALID: Explanation = Explanation {
    title: "userName has no visible characters",
    happened: "The userName consists of white space only, so nothing was stored.",
    why: "The expression that fills userName returns blanks for this user.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Map userPrincipalName to userName, without an expression.",
        steps::SAVE,
        steps::ON_DEMAND,
    ],
    rfc: Some("RFC 7643 4.1.1"),
    ..INVALID
};

pub(super) static GIVEN_NAME_MISSING: Explanation = Explanation {
    title: "Given name is missing",
    happened: "name.givenName is required by your organization and was not sent, so nothing was stored.",
    why: "First name is empty in Entra for this user, or its mapping is gone. Entra leaves an empty attribute out.",
    fix_in_entra: &[
        "Open Users, select the user, Edit properties, and fill in First name.",
        "Or open Mappings › Provision Microsoft Entra ID Users and give name.givenName a Default value if null.",
        steps::ON_DEMAND,
    ],
    fix_here: &["Or open Settings and let missing names be accepted with a warning."],
    ..INVALID
};

pub(super) static FAMILY_NAME_MISSING: Explanation = Explanation {
    title: "Family name is missing",
    happened: "name.familyName is required by your organization and was not sent, so nothing was stored.",
    why: "Last name is empty in Entra for this user, or its mapping is gone. Entra leaves an empty attribute out.",
    fix_in_entra: &[
        "Open Users, select the user, Edit properties, and fill in Last name.",
        "Or open Mappings › Provision Microsoft Entra ID Users and give name.familyName a Default value if null.",
        steps::ON_DEMAND,
    ],
    fix_here: &["Or open Settings and let missing names be accepted with a warning."],
    ..INVALID
};

pub(super) static ROLE_MISSING: Explanation = Explanation {
    title: "The role is missing",
    happened: "Your organization requires a role and none was sent, so nothing was stored.",
    why: "The user holds no app role of the enterprise application, or the mapping of the role is gone. Provision on demand sends no role at all.",
    fix_in_entra: &[
        steps::ASSIGNMENTS,
        "Select the user or its group, Edit assignment, and choose a role other than Default Access.",
        "Check in Mappings › Provision Microsoft Entra ID Users that SingleAppRoleAssignment([appRoleAssignments]) is mapped to roles[primary eq \"True\"].value.",
        "Wait for the next cycle, or select Restart provisioning.",
    ],
    fix_here: &["Or open Settings and let users without a role get the default role."],
    ..INVALID
};

pub(super) static ROLE_UNKNOWN: Explanation = Explanation {
    title: "A role value is not in the role catalogue",
    named: Some("Role value {value} is not in the role catalogue"),
    happened: "Entra sent an app role that Rhombus does not know. The whole request was refused: the user keeps the old role, and no other change in it arrived.",
    why: "An app role was added or renamed in the app registration, or the mapping sends a display name instead of the value.",
    fix_in_entra: &[
        steps::APP_ROLES,
        "Change the Value of the app role to one that Rhombus lists, or assign the users to a listed role.",
        "Check that Mappings uses SingleAppRoleAssignment([appRoleAssignments]).",
        steps::ON_DEMAND,
    ],
    fix_here: &[
        "Or open Settings › Roles and map the value to a Rhombus role.",
        "Or set the policy for unknown roles to Use the default role; Entra then reports success and the log says Warning.",
    ],
    ..INVALID
};

pub(super) static ROLE_AMBIGUOUS: Explanation = Explanation {
    title: "Several roles and none that decides",
    happened: "The request has several roles of equal standing, so nothing was stored.",
    why: "The user holds several app roles, directly or through groups. Entra gives no guarantee which one it sends first.",
    fix_in_entra: &[
        steps::ASSIGNMENTS,
        "Leave the user, with all groups counted, one app role.",
        steps::ON_DEMAND,
    ],
    ..INVALID
};

pub(super) static ACTIVE_VALUE_MISSING: Explanation = Explanation {
    title: "active was sent without a value",
    happened: "A change of active carried neither true nor false, so nothing was changed.",
    why: "The expression that fills active returns nothing for this user.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Map Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\") to active.",
        steps::SAVE,
        steps::ON_DEMAND,
    ],
    ..INVALID
};

pub(super) static VALUE_WRONG_TYPE: Explanation = Explanation {
    title: "A value has the wrong type",
    named: Some("{attribute} has a value of the wrong type"),
    happened: "A value is of another kind than its attribute takes, for example a number where text belongs. Nothing was changed.",
    why: "The mapping sends an attribute of another type, or a target attribute was added with the wrong Type.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Select Show advanced options › Edit attribute list and compare the attribute's Type with the one in the error.",
        "Or change the mapping so that it sends that type.",
        steps::ON_DEMAND,
    ],
    ..INVALID
};

pub(super) static VALUE_NOT_CANONICAL: Explanation = Explanation {
    title: "A value is not among the accepted ones",
    named: Some("{attribute} has a value that is not accepted"),
    happened: "The attribute takes only the values that the error lists. Nothing was changed.",
    why: "The mapping or its expression produces another value for this user.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Change the mapping so that it sends one of the listed values.",
        steps::ON_DEMAND,
    ],
    rfc: Some("RFC 7643 2.3.1"),
    ..INVALID
};

pub(super) static VALUE_TOO_LONG: Explanation = Explanation {
    title: "A value is too long",
    named: Some("{attribute} is too long"),
    happened: "A text is longer than its attribute takes. Nothing was changed.",
    why: "The mapping joins several source attributes, or sends something that is no plain text, such as a picture.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Shorten the value in the mapping, for example with Left, or remove the mapping.",
        steps::ON_DEMAND,
    ],
    ..INVALID
};

pub(super) static TOO_MANY_VALUES: Explanation = Explanation {
    title: "An attribute has too many values",
    named: Some("{attribute} has too many values"),
    happened: "A multi-valued attribute would have more than 1,000 values. Nothing was changed.",
    why: "The mapping sends a long list, or adds to a list again and again without removing from it.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Remove the mapping of the attribute, or map fewer values.",
        steps::ON_DEMAND,
    ],
    ..INVALID
};

pub(super) static NUL_CHARACTER: Explanation = Explanation {
    title: "A value has a NUL character",
    named: Some("{attribute} has a NUL character"),
    happened: "A text holds the character U+0000, which cannot be stored. Nothing was changed.",
    why: "The source attribute was filled by a program that left the character in, often in an on-premises directory.",
    fix_in_entra: &[
        "Open Users, select the user, Edit properties, and enter the named attribute anew.",
        steps::ON_DEMAND,
    ],
    ..INVALID
};

pub(super) static ATTRIBUTE_READ_ONLY: Explanation = Explanation {
    scim_type: Some(ScimType::Mutability),
    title: "A read-only attribute was to be changed",
    named: Some("{attribute} is read-only and was to be changed"),
    happened: "The attribute is set by Rhombus alone. The whole request was refused.",
    why: "A mapping targets an attribute such as id, meta or groups.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Delete the mapping of the attribute that the error names.",
        steps::SAVE,
    ],
    rfc: Some("RFC 7644 3.5.2"),
    ..INVALID
};

pub(super) static ATTRIBUTE_REQUIRED_REMOVED: Explanation = Explanation {
    scim_type: Some(ScimType::Mutability),
    title: "A required attribute was to be removed",
    named: Some("{attribute} is required and was to be removed"),
    happened: "Every user of your organization must have this attribute, so it cannot be removed. Nothing was changed.",
    why: "A test tool or another client asks to remove it; Entra itself sends a new value instead.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Check that the attribute has a mapping whose source is filled for this user.",
    ],
    fix_here: &[
        steps::ENTRY,
        "If it is a name or the role: or open Settings and let it be missing.",
    ],
    rfc: Some("RFC 7644 3.5.2.2"),
    ..INVALID
};
