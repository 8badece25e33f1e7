//! The values of a user that filters can find and that have no column of their own.

use serde_json::Value;

use super::{User, case_key};
use crate::server::scim::path::AttributePath;
use crate::server::scim::schema::{self, Attribute, Kind, Schema};

/// One searchable value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterValue {
    /// The attribute: "emails", "title", "name", "urn:...:User:department".
    pub attribute: String,
    /// The part, "" for the attribute itself.
    pub sub: String,
    /// Index of the element, 0 for single-valued attributes.
    pub element: i64,
    /// The value as sent; "true" and "false" for booleans.
    pub value: String,
    /// What to compare with: [`case_key`] of the value, or the value itself where case counts.
    pub key: String,
}

impl FilterValue {
    /// Where in a user it stands: no two values of one user stand in the same place.
    pub fn place(&self) -> (&str, i64, &str) {
        (&self.attribute, self.element, &self.sub)
    }
}

/// Paths that the store keeps in columns.
const COLUMNS: [&str; 6] = [
    "userName",
    "externalId",
    "active",
    "displayName",
    "name.givenName",
    "name.familyName",
];

impl User {
    /// Every filterable value without a column of its own (`userName`, `externalId`, `active`,
    /// `displayName`, `name.givenName`, `name.familyName` and what [`super::Meta`] has).
    ///
    /// For each element of a multi-valued complex attribute there is also a marker with `sub` and
    /// `value` empty, so that "no part is" can be asked; and `primary` is written out as "false"
    /// where it is absent (RFC 7643 2.4). Of `schemas` there are those that not every user has.
    #[must_use]
    pub fn filter_values(&self) -> Vec<FilterValue> {
        let mut out = Vec::new();
        for schema in [Schema::Core, Schema::Enterprise] {
            for attribute in schema.attributes() {
                let path = AttributePath::new(schema, attribute);
                if let Some(value) = self.get(&path) {
                    attribute_values(&path, value, &mut out);
                }
            }
        }
        for (element, urn) in (0_i64..).zip(self.schemas()) {
            if urn != schema::USER {
                out.push(FilterValue {
                    attribute: "schemas".to_owned(),
                    sub: String::new(),
                    element,
                    value: urn.to_owned(),
                    key: urn.to_owned(),
                });
            }
        }
        out
    }
}

fn attribute_values(path: &AttributePath, value: &Value, out: &mut Vec<FilterValue>) {
    let attribute = path.attribute;
    let name = path.top_level();
    if COLUMNS.contains(&name.as_str()) {
        return;
    }
    if !attribute.is_complex() {
        out.extend(row(&name, "", attribute, 0, value));
        return;
    }
    let elements = match value {
        Value::Array(elements) => elements.as_slice(),
        single => std::slice::from_ref(single),
    };
    for (index, element) in (0_i64..).zip(elements) {
        if attribute.multi_valued {
            out.push(FilterValue {
                attribute: name.clone(),
                sub: String::new(),
                element: index,
                value: String::new(),
                key: String::new(),
            });
        }
        for sub in attribute.sub_attributes {
            if path.schema == Schema::Core && is_column(attribute, sub) {
                continue;
            }
            let absent = Value::Bool(false);
            let value = match element.get(sub.name) {
                Some(value) => value,
                None if sub.name == "primary" => &absent,
                None => continue,
            };
            out.extend(row(&name, sub.name, sub, index, value));
        }
    }
}

fn is_column(attribute: &Attribute, sub: &Attribute) -> bool {
    COLUMNS
        .iter()
        .any(|column| column.split_once('.') == Some((attribute.name, sub.name)))
}

fn row(
    attribute: &str,
    sub: &str,
    leaf: &Attribute,
    element: i64,
    value: &Value,
) -> Option<FilterValue> {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let key = if leaf.is_compared_exactly() || leaf.kind == Kind::Boolean {
        value.clone()
    } else {
        case_key(&value)
    };
    Some(FilterValue {
        attribute: attribute.to_owned(),
        sub: sub.to_owned(),
        element,
        value,
        key,
    })
}
