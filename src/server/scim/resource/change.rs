//! What changed between two states of a user.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{User, is_primary};
use crate::server::scim::path::AttributePath;
use crate::server::scim::schema::Schema;

/// The path under which a change of the primary role's value is reported, as in Entra's mapping.
pub const PRIMARY_ROLE: &str = r#"roles[primary eq "True"].value"#;

/// One changed attribute. Both sides are never absent, and a password never appears.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// "name.givenName", "active", "emails", "urn:...:User:department", or [`PRIMARY_ROLE`].
    pub attribute: String,
    /// The value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The value after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

impl User {
    /// The differences from `before` to this state, in schema order: single values by their full
    /// path, the elements of lists that went and that came, the primary role part by part.
    #[must_use]
    pub fn changes_from(&self, before: &User) -> Vec<Change> {
        let mut out = Vec::new();
        for schema in [Schema::Common, Schema::Core, Schema::Enterprise] {
            for attribute in schema.attributes() {
                let path = AttributePath::new(schema, attribute);
                let (old, new) = (before.get(&path), self.get(&path));
                if old == new {
                    continue;
                }
                if attribute.name == "roles" {
                    role_changes(old, new, &mut out);
                } else if attribute.is_complex() && !attribute.multi_valued {
                    for sub in attribute.sub_attributes {
                        let path = path.with_sub(sub);
                        push(
                            path.canonical(),
                            before.get(&path),
                            self.get(&path),
                            &mut out,
                        );
                    }
                } else if attribute.multi_valued {
                    push_elements(path.canonical(), old, new, &mut out);
                } else {
                    push(path.canonical(), old, new, &mut out);
                }
            }
        }
        out
    }
}

fn push(attribute: String, old: Option<&Value>, new: Option<&Value>, out: &mut Vec<Change>) {
    if old != new {
        out.push(Change {
            attribute,
            old: old.cloned(),
            new: new.cloned(),
        });
    }
}

/// A list may have very many elements, and few of them change. One that has but a new order is shown whole.
fn push_elements(
    attribute: String,
    old: Option<&Value>,
    new: Option<&Value>,
    out: &mut Vec<Change>,
) {
    let (gone, come) = (missing_in(old, new), missing_in(new, old));
    if gone.is_none() && come.is_none() {
        push(attribute, old, new, out);
    } else {
        push(attribute, gone.as_ref(), come.as_ref(), out);
    }
}

/// The elements of a list that the other one does not have.
fn missing_in(list: Option<&Value>, other: Option<&Value>) -> Option<Value> {
    let known: HashSet<&Value> = elements(other).collect();
    let missing: Vec<Value> = elements(list)
        .filter(|element| !known.contains(element))
        .cloned()
        .collect();
    (!missing.is_empty()).then_some(Value::Array(missing))
}

fn role_changes(old: Option<&Value>, new: Option<&Value>, out: &mut Vec<Change>) {
    let (old_primary, old_others) = split(old);
    let (new_primary, new_others) = split(new);
    for part in ["value", "display", "type"] {
        let attribute = PRIMARY_ROLE.replace("value", part);
        let part_of =
            |role: Option<&Map<String, Value>>| role.and_then(|role| role.get(part)).cloned();
        let (before, after) = (part_of(old_primary), part_of(new_primary));
        push(attribute, before.as_ref(), after.as_ref(), out);
    }
    if old_others != new_others {
        push_elements("roles".to_owned(), old, new, out);
    }
}

/// The primary role, and the others.
fn split(roles: Option<&Value>) -> (Option<&Map<String, Value>>, Vec<&Value>) {
    let (primary, others): (Vec<&Value>, Vec<&Value>) =
        elements(roles).partition(|role| is_primary(role));
    let primary = primary.first().and_then(|role| role.as_object());
    (primary, others)
}

fn elements(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}
