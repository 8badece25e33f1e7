//! The values of a user that filters can find and that have no column of their own.

use std::borrow::Cow;

use serde_json::Value;

use super::{User, case_key};
use crate::server::scim::path::AttributePath;
use crate::server::scim::schema::{self, Attribute, Kind, Schema};

/// One searchable value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterValue {
    /// The attribute: "emails", "title", "name", "urn:...:User:department".
    pub attribute: Cow<'static, str>,
    /// The part, "" for the attribute itself.
    pub sub: &'static str,
    /// Index of the element, 0 for single-valued attributes.
    pub element: i64,
    /// What to compare with: [`case_key`] of the value as sent, or the value itself where case counts; "true" and "false"
    /// for booleans.
    pub key: String,
}

impl FilterValue {
    /// Where in a user it stands: no two values of one user stand in the same place.
    pub fn place(&self) -> (&str, i64, &str) {
        (&self.attribute, self.element, self.sub)
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
    /// `key` empty, so that "no part is" can be asked; and `primary` is written out as "false"
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
                    attribute: "schemas".into(),
                    sub: "",
                    element,
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
    if COLUMNS.contains(&&*name) {
        return;
    }
    if !attribute.is_complex() {
        out.extend(row(name, "", attribute, 0, value));
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
                sub: "",
                element: index,
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
            out.extend(row(name.clone(), sub.name, sub, index, value));
        }
    }
}

fn is_column(attribute: &Attribute, sub: &Attribute) -> bool {
    COLUMNS
        .iter()
        .any(|column| column.split_once('.') == Some((attribute.name, sub.name)))
}

fn row(
    attribute: Cow<'static, str>,
    sub: &'static str,
    leaf: &Attribute,
    element: i64,
    value: &Value,
) -> Option<FilterValue> {
    let value = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        Value::Bool(_) | Value::Number(_) => Cow::Owned(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let key = if leaf.is_compared_exactly() || leaf.kind == Kind::Boolean {
        value.into_owned()
    } else {
        case_key(&value)
    };
    Some(FilterValue {
        attribute,
        sub,
        element,
        key,
    })
}
