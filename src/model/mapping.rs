//! Where an attribute comes from: the source attributes of Entra's default mapping for provisioning to SCIM.

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:";

/// Our attribute and its source in Entra. A mapping may be changed there, so this is where to look first.
const SOURCES: &[(&str, &str)] = &[
    ("userName", "userPrincipalName"),
    ("active", "Switch([IsSoftDeleted], …)"),
    ("externalId", "objectId"),
    ("displayName", "displayName"),
    ("title", "jobTitle"),
    ("preferredLanguage", "preferredLanguage"),
    ("name.givenName", "givenName"),
    ("name.familyName", "surname"),
    ("name.formatted", "Join(\" \", [givenName], [surname])"),
    ("emails[type eq \"work\"].value", "mail"),
    (
        "addresses[type eq \"work\"].formatted",
        "physicalDeliveryOfficeName",
    ),
    ("addresses[type eq \"work\"].streetAddress", "streetAddress"),
    ("addresses[type eq \"work\"].locality", "city"),
    ("addresses[type eq \"work\"].region", "state"),
    ("addresses[type eq \"work\"].postalCode", "postalCode"),
    ("addresses[type eq \"work\"].country", "country"),
    ("phoneNumbers[type eq \"work\"].value", "telephoneNumber"),
    ("phoneNumbers[type eq \"mobile\"].value", "mobile"),
    (
        "phoneNumbers[type eq \"fax\"].value",
        "facsimileTelephoneNumber",
    ),
    (
        "roles[primary eq \"True\"].value",
        "SingleAppRoleAssignment([appRoleAssignments])",
    ),
    ("employeeNumber", "employeeId"),
    ("department", "department"),
    ("manager.value", "manager"),
];

/// The source of `attribute` (a path as the user page shows it) in Entra's default mapping.
pub fn source(attribute: &str) -> Option<&'static str> {
    let attribute = attribute.strip_prefix(ENTERPRISE).unwrap_or(attribute);
    SOURCES
        .iter()
        .find(|(ours, _)| *ours == attribute)
        .map(|(_, theirs)| *theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_know_their_source_and_others_have_none() {
        for (attribute, theirs) in [
            ("name.familyName", Some("surname")),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                Some("department"),
            ),
            ("nickName", None),
        ] {
            assert_eq!(source(attribute), theirs);
        }
    }
}
