//! Changes of attributes: from stored JSON to the texts that pages show.

use serde::Deserialize;
use serde_json::Value;

use crate::model::log::AttributeChange;
use crate::server::error::StoreError;

#[derive(Deserialize)]
struct Stored {
    attribute: String,
    #[serde(default)]
    old: Value,
    #[serde(default)]
    new: Value,
}

/// Reads `[{"attribute", "old", "new"}]`, where values are JSON and an absent one is null.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is something else.
pub fn parse(json: &str) -> Result<Vec<AttributeChange>, StoreError> {
    let stored: Vec<Stored> = serde_json::from_str(json)?;
    Ok(stored
        .into_iter()
        .map(|change| AttributeChange {
            attribute: change.attribute,
            old: text(&change.old),
            new: text(&change.new),
        })
        .collect())
}

/// A value as shown: texts as they are, complex values as JSON, nothing for null.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// One line about a change set: "Role: viewer → admin, and 2 more". `None` when nothing changed.
pub fn line(changes: &[AttributeChange]) -> Option<String> {
    let first = changes.first()?;
    let name = label(&first.attribute);
    let mut line = match (&first.old, &first.new) {
        (Some(old), Some(new)) => format!("{name}: {} → {}", short(old), short(new)),
        (None, Some(new)) => format!("{name}: {}", short(new)),
        (Some(old), None) => format!("{name}: {} removed", short(old)),
        (None, None) => name,
    };
    if changes.len() > 1 {
        line.push_str(&format!(", and {} more", changes.len() - 1));
    }
    Some(line)
}

/// The value that a change set gave to the primary role.
pub fn new_role(changes: &[AttributeChange]) -> Option<&str> {
    changes
        .iter()
        .find(|change| change.attribute.starts_with("roles"))
        .and_then(|change| change.new.as_deref())
        .filter(|role| !role.starts_with(['[', '{']))
}

/// An attribute in words: `name.familyName` is "Family name", `roles[primary eq "True"].value` is "Role".
pub fn label(attribute: &str) -> String {
    if attribute.starts_with("roles") {
        return "Role".to_owned();
    }
    let last = attribute
        .strip_suffix(".value")
        .unwrap_or(attribute)
        .rsplit([':', '.'])
        .next()
        .unwrap_or(attribute);
    let last = last.split('[').next().unwrap_or(last);
    if last == "userName" {
        return last.to_owned();
    }
    let mut words = String::with_capacity(last.len() + 2);
    for (index, character) in last.chars().enumerate() {
        if index == 0 {
            words.extend(character.to_uppercase());
        } else if character.is_uppercase() {
            words.push(' ');
            words.extend(character.to_lowercase());
        } else {
            words.push(character);
        }
    }
    words
}

/// A value for one line of a list.
fn short(value: &str) -> String {
    shortened(value, 60)
}

/// `text` with at most `limit` characters, cut at the end.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", text[..cut].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_read_as_words() {
        for (attribute, words) in [
            ("active", "Active"),
            ("userName", "userName"),
            ("name.familyName", "Family name"),
            ("roles[primary eq \"True\"].value", "Role"),
            ("emails[type eq \"work\"].value", "Emails"),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "Department",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                "Manager",
            ),
        ] {
            assert_eq!(label(attribute), words);
        }
    }

    #[test]
    fn a_line_tells_the_first_change_and_how_many_more() {
        let changes = parse(
            r#"[{"attribute":"roles[primary eq \"True\"].value","old":"viewer","new":"admin"},
                {"attribute":"active","old":true,"new":false}]"#,
        );
        let changes = changes.unwrap_or_default();
        assert_eq!(
            line(&changes).as_deref(),
            Some("Role: viewer → admin, and 1 more")
        );
        assert_eq!(new_role(&changes), Some("admin"));
        assert_eq!(changes[1].old.as_deref(), Some("true"));
        assert_eq!(line(&[]), None);
        assert_eq!(shortened("Ana Ruiz", 3), "Ana…");
    }
}
