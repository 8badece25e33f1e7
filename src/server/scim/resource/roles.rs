//! Roles: one of them, the primary one, decides what a user may do.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Map, Value};

use super::normalize::{Normalizer, Parts};
use super::{User, case_key, is_primary};
use crate::server::scim::error::ScimError;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;

/// One role of a user, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role<'a> {
    /// The app role's value.
    pub value: &'a str,
    /// Its display name.
    pub display: Option<&'a str>,
    /// `WindowsAzureActiveDirectoryRole`, from Entra.
    pub kind: Option<&'a str>,
    /// Whether it is marked as the one that decides.
    pub primary: bool,
}

impl User {
    /// The roles in their order.
    pub fn roles(&self) -> impl Iterator<Item = Role<'_>> {
        let elements = self.attributes.get("roles").and_then(Value::as_array);
        elements.into_iter().flatten().filter_map(|element| {
            let text = |name: &str| element.get(name).and_then(Value::as_str);
            Some(Role {
                value: text("value")?,
                display: text("display"),
                kind: text("type"),
                primary: is_primary(element),
            })
        })
    }

    /// The values of all roles.
    #[must_use]
    pub fn role_values(&self) -> Vec<&str> {
        self.roles().map(|role| role.value).collect()
    }

    /// The value of the role that is marked primary. Without a mark there is none: which role then
    /// decides is up to the catalogue's order.
    #[must_use]
    pub fn primary_role(&self) -> Option<&str> {
        self.roles()
            .find(|role| role.primary)
            .map(|role| role.value)
    }
}

impl Normalizer<'_> {
    /// Some of Entra's role mappings send a JSON document inside the string:
    /// `"{\"id\":\"...\",\"value\":\"ADMIN\",\"displayName\":\"Admin\"}"`. Its `value` is the role; without
    /// one there is no telling which role is meant.
    pub(in crate::server::scim) fn expand_role(
        &mut self,
        path: &AttributePath,
        parts: &mut Parts,
    ) -> Result<(), ScimError> {
        if path.attribute.name != "roles" {
            return Ok(());
        }
        let text = parts.iter().find_map(|(sub, value)| {
            let text = value.as_ref()?.as_str()?;
            (sub.name == "value" && text.starts_with('{')).then_some(text)
        });
        let Some(Ok(Value::Object(mut inner))) = text.map(serde_json::from_str) else {
            return Ok(());
        };
        // The app role's own id has no place in a user.
        inner.retain(|key, _| !key.eq_ignore_ascii_case("id"));
        let inner = self.object_parts(path, &inner)?;
        if !inner
            .iter()
            .any(|(sub, value)| sub.name == "value" && value.is_some())
        {
            return Err(role_without_value());
        }
        parts.retain(|(sub, _)| sub.name != "value");
        for (sub, value) in inner {
            parts.retain(|(known, _)| known.name != sub.name);
            parts.push((sub, value));
        }
        Ok(())
    }
}

fn role_without_value() -> ScimError {
    const NAME: &str = "roles.value";
    ScimError::new(
        Reason::ValueWrongType,
        format!(
            "{NAME} must be the value of an app role; what was sent is an app role in JSON without a \
             value. Give the app role a value in Entra under App registrations, App roles, or assign \
             the user to one that has a value."
        ),
    )
    .on(NAME)
}

/// Puts `role` in the place of the primary role, or of the only one; else marks the role of the
/// same value, else appends. The role becomes primary and the others do not.
///
/// A display name of another value would be wrong, so it goes when the value changes.
pub(in crate::server::scim) fn set_primary(elements: &mut Vec<Value>, role: Map<String, Value>) {
    let role = Value::Object(role);
    let key = value_key(&role);
    let place = elements
        .iter()
        .position(is_primary)
        .or_else(|| {
            elements
                .iter()
                .position(|element| value_key(element) == key)
        })
        .or_else(|| (elements.len() == 1).then_some(0));
    let index = place.unwrap_or_else(|| {
        elements.push(Value::Object(Map::new()));
        elements.len() - 1
    });
    for (at, element) in elements.iter_mut().enumerate() {
        let same_value = value_key(element) == key;
        let Some(map) = element.as_object_mut() else {
            continue;
        };
        if at != index {
            if map.get("primary") == Some(&Value::Bool(true)) {
                map.insert("primary".into(), false.into());
            }
            continue;
        }
        if !same_value {
            map.shift_remove("display");
        }
        if let Value::Object(role) = &role {
            map.extend(role.clone());
        }
        map.insert("primary".into(), true.into());
    }
}

/// Merges roles of one value, without regard to case: the first place stays, the primary mark too.
pub(super) fn merge_roles(elements: &mut Vec<Value>) {
    merge_by(elements, value_key);
}

/// Merges elements of one key into the place of the first; those without a key stay as they are.
pub(super) fn merge_by(elements: &mut Vec<Value>, key: impl Fn(&Value) -> Option<String>) {
    if elements.len() < 2 {
        return;
    }
    let mut places: HashMap<String, usize> = HashMap::with_capacity(elements.len());
    let mut kept: Vec<Value> = Vec::with_capacity(elements.len());
    for element in elements.drain(..) {
        if let Some(key) = key(&element) {
            match places.entry(key) {
                Entry::Occupied(place) => {
                    if let Some(first) = kept.get_mut(*place.get()) {
                        merge_into(first, element);
                    }
                    continue;
                }
                Entry::Vacant(place) => {
                    place.insert(kept.len());
                }
            }
        }
        kept.push(element);
    }
    *elements = kept;
}

/// The later element's parts win, except that a primary mark is never lost.
pub(in crate::server::scim) fn merge_into(first: &mut Value, second: Value) {
    let primary = is_primary(first) || is_primary(&second);
    if let (Some(first), Value::Object(second)) = (first.as_object_mut(), second) {
        first.extend(second);
        if primary {
            first.insert("primary".into(), true.into());
        }
    }
}

fn value_key(element: &Value) -> Option<String> {
    element.get("value").and_then(Value::as_str).map(case_key)
}
