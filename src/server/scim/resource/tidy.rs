//! Canonical order, and what cannot stay: empty values, doubles, second primaries.

use serde_json::{Map, Value};

use super::normalize::{check_count, is_unassigned};
use super::roles::{merge_by, merge_roles};
use super::{Remark, User, is_primary, type_key, value_key};
use crate::server::scim::error::ScimError;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::schema::{self, Attribute, Schema};

impl User {
    /// Brings the attributes into the order of the schemas.
    pub(super) fn sort(&mut self) {
        let extension = self.attributes.get_mut(schema::ENTERPRISE_USER);
        if let Some(extension) = extension.and_then(Value::as_object_mut) {
            sort_members(extension, |name| {
                position(Schema::Enterprise.attributes(), name)
            });
        }
        sort_members(&mut self.attributes, |name| match name {
            "externalId" => 0,
            schema::ENTERPRISE_USER => usize::MAX,
            name => 1 + position(Schema::Core.attributes(), name),
        });
    }
}

fn position(attributes: &[Attribute], name: &str) -> usize {
    attributes
        .iter()
        .position(|attribute| attribute.name == name)
        .unwrap_or(attributes.len())
}

fn sort_members(members: &mut Map<String, Value>, rank: impl Fn(&str) -> usize) {
    if members.keys().is_sorted_by_key(|name| rank(name)) {
        return;
    }
    let mut entries: Vec<(String, Value)> = std::mem::take(members).into_iter().collect();
    entries.sort_by_key(|(name, _)| rank(name));
    members.extend(entries);
}

/// Brings a user whose values are canonical one by one into canonical form as a whole.
pub(in crate::server::scim) fn tidy(
    user: &mut User,
    remarks: &mut Vec<Remark>,
) -> Result<(), ScimError> {
    // In place: most of it stands as it should.
    tidy_members(Schema::Core, &mut user.attributes, remarks)?;
    if let Some(Value::Object(extension)) = user.attributes.get_mut(schema::ENTERPRISE_USER) {
        tidy_members(Schema::Enterprise, extension, remarks)?;
        extension.retain(|_, value| !is_unassigned(value));
    }
    user.attributes.retain(|_, value| !is_unassigned(value));
    user.sort();
    Ok(())
}

/// Tidies the complex attributes of a schema; those of which nothing is left stay, empty.
fn tidy_members(
    schema: Schema,
    members: &mut Map<String, Value>,
    remarks: &mut Vec<Remark>,
) -> Result<(), ScimError> {
    for attribute in schema.attributes() {
        match members.get_mut(attribute.name) {
            Some(Value::Array(elements)) if attribute.is_complex() => {
                tidy_elements(&AttributePath::new(schema, attribute), elements, remarks)?;
            }
            Some(Value::Object(parts)) if attribute.is_complex() => {
                sort_members(parts, |name| position(attribute.sub_attributes, name));
            }
            _ => {}
        }
    }
    Ok(())
}

fn tidy_elements(
    path: &AttributePath,
    elements: &mut Vec<Value>,
    remarks: &mut Vec<Remark>,
) -> Result<(), ScimError> {
    let is_roles = path.attribute.name == "roles";
    elements.retain(|element| !is_hollow(element));
    sort_parts(path, elements);
    if is_roles {
        elements.retain(|element| element.get("value").is_some() || without_value(remarks));
        merge_roles(elements);
    } else {
        merge_by(elements, |element| Some(type_and_value(path, element)));
    }
    sort_parts(path, elements);
    check_count(path, elements.len())?;
    if elements
        .iter()
        .filter(|element| is_primary(element))
        .count()
        > 1
    {
        Remark::primary_repeated(&path.top_level()).push_to(remarks);
        if let Some(last) = elements.iter().rposition(is_primary) {
            demote_others(elements, last);
        }
    }
    Ok(())
}

fn sort_parts(path: &AttributePath, elements: &mut [Value]) {
    for parts in elements.iter_mut().filter_map(Value::as_object_mut) {
        sort_members(parts, |name| position(path.attribute.sub_attributes, name));
    }
}

/// Setting one primary resets the others (RFC 7644 3.5.2).
pub(in crate::server::scim) fn demote_others(elements: &mut [Value], keep: usize) {
    for (at, element) in elements.iter_mut().enumerate() {
        if at != keep
            && is_primary(element)
            && let Some(parts) = element.as_object_mut()
        {
            parts.insert("primary".into(), false.into());
        }
    }
}

/// An element that says nothing but what it would be.
fn is_hollow(element: &Value) -> bool {
    element
        .as_object()
        .is_none_or(|parts| parts.keys().all(|key| key == "type" || key == "primary"))
}

/// Notes that a role that has only a display name is left out.
fn without_value(remarks: &mut Vec<Remark>) -> bool {
    let text = "A role without a value was left out. Map SingleAppRoleAssignment to \
                roles[primary eq \"True\"].value.";
    Remark::new(Reason::AttributeIgnored, text)
        .on("roles")
        .push_to(remarks);
    false
}

/// RFC 7643 2.4: a pair of type and value stands once. Elements without a value are compared whole.
fn type_and_value(path: &AttributePath, element: &Value) -> String {
    match value_key(path, element) {
        Some(value) => format!("{}\0{value}", type_key(element).unwrap_or_default()),
        None => element.to_string(),
    }
}
