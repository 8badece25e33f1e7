//! A role as an Admin types it: trimmed and checked.

use super::case_key;
use crate::server::error::ServiceError;
use crate::server::scim::error::ROLE_CHARS;
use crate::server::services::names;

/// Characters of a description.
const DESCRIPTION: usize = 300;
/// Values that may be mapped to one role.
const MAPPED: usize = 50;

/// As the form sends it.
#[derive(Debug, Clone, Default)]
pub struct TypedRole {
    pub display_name: String,
    pub description: String,
    /// One app role value a line.
    pub mapped_values: String,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(super) struct CheckedRole {
    pub(super) display_name: String,
    pub(super) description: String,
    /// Each with its key, in the order of the keys.
    pub(super) mapped: Vec<(String, String)>,
}

impl TypedRole {
    /// # Errors
    /// `Invalid` for what is against the rules.
    pub(super) fn check(self) -> Result<CheckedRole, ServiceError> {
        let display_name = names::name("display_name", &self.display_name)?;
        let description = description(&self.description)?;
        let mut mapped = mapped(&self.mapped_values)?;
        mapped.sort();
        Ok(CheckedRole {
            display_name,
            description,
            mapped,
        })
    }
}

impl CheckedRole {
    /// Checks that no mapped value is the role's own, whose key this is.
    ///
    /// # Errors
    /// `Invalid` otherwise.
    pub(super) fn check_against(&self, own_key: &str) -> Result<(), ServiceError> {
        match self.mapped.iter().find(|(key, _)| key == own_key) {
            None => Ok(()),
            Some((_, value)) => Err(ServiceError::invalid(
                "mapped_values",
                format!(
                    "\u{201c}{value}\u{201d} is the role\u{2019}s own value, in upper or lower case. Take it out of the list."
                ),
            )),
        }
    }
}

/// The value of a new role.
///
/// # Errors
/// `Invalid` on `value` for what no app role in Entra can have.
pub(super) fn value(text: &str) -> Result<String, ServiceError> {
    let text = text.trim();
    let complaint = if text.is_empty() {
        "Enter the value that the app role has in Entra."
    } else if text.chars().count() > ROLE_CHARS {
        "Choose a value of at most 120 characters, as Entra does."
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "Entra allows no spaces in the value of an app role. Use _ or - instead."
    } else {
        return Ok(text.to_owned());
    };
    Err(ServiceError::invalid("value", complaint))
}

/// One value that is to mean a role beside others, with its key.
///
/// # Errors
/// `Invalid` on `value` for what is no app role value.
pub(super) fn mapped_value(text: &str) -> Result<(String, String), ServiceError> {
    let text = text.trim();
    if text.is_empty() || !can_be_mapped(text) {
        return Err(ServiceError::invalid(
            "value",
            "An app role value is one line of 1 to 120 plain characters. Enter one, as Entra sends it.",
        ));
    }
    Ok((case_key(text), text.to_owned()))
}

/// Checks that one role is not meant by too many values.
///
/// # Errors
/// `Invalid` on `field` otherwise.
pub(super) fn check_number(
    field: &'static str,
    mapped: &[(String, String)],
) -> Result<(), ServiceError> {
    if mapped.len() <= MAPPED {
        return Ok(());
    }
    Err(ServiceError::invalid(
        field,
        format!(
            "At most {MAPPED} values can be mapped to one role, and these are {}. Split the role.",
            mapped.len()
        ),
    ))
}

fn can_be_mapped(value: &str) -> bool {
    value.chars().count() <= ROLE_CHARS && !value.chars().any(char::is_control)
}

fn description(text: &str) -> Result<String, ServiceError> {
    let text = text.trim();
    let complaint = if text.chars().count() > DESCRIPTION {
        "Choose a description of at most 300 characters."
    } else if text.chars().any(char::is_control) {
        "A description is one line of plain characters."
    } else {
        return Ok(text.to_owned());
    };
    Err(ServiceError::invalid("description", complaint))
}

/// One value a line; what is blank or there already is left out.
fn mapped(text: &str) -> Result<Vec<(String, String)>, ServiceError> {
    let mut mapped: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !can_be_mapped(line) {
            return Err(ServiceError::invalid(
                "mapped_values",
                format!(
                    "The value that begins with \u{201c}{}\u{201d} is no app role value: these have at most 120 plain characters. Write one a line.",
                    line.chars().take(20).collect::<String>()
                ),
            ));
        }
        let key = case_key(line);
        if !mapped.iter().any(|(other, _)| *other == key) {
            mapped.push((key, line.to_owned()));
        }
    }
    check_number("mapped_values", &mapped)?;
    Ok(mapped)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_entra_allows() {
        assert_eq!(value(" Team.Lead-1 ").unwrap(), "Team.Lead-1");
        for bad in ["", "  ", "team lead", "a\tb", &"x".repeat(121)] {
            assert!(value(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn mapped_values_are_lines_without_blanks_and_repetitions() {
        let lines = mapped(" TeamLead \r\n\r\nteamlead\nOps Lead\n").unwrap();
        let values: Vec<_> = lines.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["TeamLead", "Ops Lead"]);
        assert!(mapped(&"x".repeat(121)).is_err());
        let many = |n: usize| (0..n).map(|n| format!("role-{n}\n")).collect::<String>();
        assert!(mapped(&many(50)).is_ok());
        assert!(mapped(&many(51)).is_err());
    }

    #[test]
    fn a_mapped_value_is_one_line() {
        let (key, value) = mapped_value(" Team Lead ").unwrap();
        assert_eq!((key.as_str(), value.as_str()), ("team lead", "Team Lead"));
        for bad in ["", " ", "a\nb", &"x".repeat(121)] {
            assert!(mapped_value(bad).is_err(), "{bad:?}");
        }
    }
}
