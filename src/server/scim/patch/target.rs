//! PATCH paths, and the attributes of a value without path.

use serde_json::Value;

use super::{Assignment, Op};
use crate::server::scim::error::{ScimError, quoted, shortened};
use crate::server::scim::filter::{Filter, parse_selection, string_end};
use crate::server::scim::path::{AttributePath, PathError, without_filter};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{
    is_name_or_role, is_unassigned, section, section_members, section_path,
};
use crate::server::scim::schema::{Attribute, Schema};

/// What an operation changes.
#[derive(Debug, Clone)]
pub enum Target {
    /// An attribute or a part of one.
    Attribute(AttributePath),
    /// The elements that a filter selects, or a part of them.
    ValuePath {
        /// The attribute, without a part.
        path: AttributePath,
        /// Over one element.
        filter: Filter,
        /// The part of the selected elements.
        sub: Option<&'static Attribute>,
    },
    /// Everything under the Enterprise User URN; only ever cleared.
    Extension,
    /// Nothing that a user has; ignored with a remark, since a refusal would sink the rest of
    /// Entra's request.
    Unknown(String),
    /// Something of a name or a role that cannot be read. Whether that refuses the request depends on
    /// what becomes of the user: it never stands in the way of taking access away.
    Flawed {
        /// The attribute, without a part.
        path: AttributePath,
        /// What is wrong.
        error: ScimError,
    },
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Attribute(a), Self::Attribute(b)) => a == b,
            (
                Self::ValuePath { path, filter, sub },
                Self::ValuePath {
                    path: other_path,
                    filter: other_filter,
                    sub: other_sub,
                },
            ) => {
                path == other_path
                    && filter == other_filter
                    && sub.map(|sub| sub.name) == other_sub.map(|sub| sub.name)
            }
            (Self::Extension, Self::Extension) => true,
            (Self::Unknown(a), Self::Unknown(b)) => a == b,
            (
                Self::Flawed { path, error },
                Self::Flawed {
                    path: other_path,
                    error: other_error,
                },
            ) => path == other_path && error == other_error,
            _ => false,
        }
    }
}

/// Reads `attrPath` or `valuePath [subAttr]` (RFC 7644 3.5.2).
///
/// # Errors
/// `patch_path_malformed` (invalidPath), or the reason of the filter in brackets.
pub(super) fn parse(text: &str) -> Result<Target, ScimError> {
    let Some(open) = text.find('[') else {
        return match AttributePath::parse(text) {
            Ok(path) => Ok(Target::Attribute(path)),
            Err(PathError::Unknown(name)) => Ok(Target::Unknown(name)),
            Err(PathError::Malformed) => Err(malformed(text)),
        };
    };
    let close = closing_bracket(text.as_bytes(), open + 1).ok_or_else(|| malformed(text))?;
    let (name, inner, rest) = (&text[..open], &text[open + 1..close], &text[close + 1..]);
    let sub = match rest.strip_prefix('.') {
        Some("") => return Err(malformed(text)),
        Some(sub) => Some(sub),
        None if rest.is_empty() => None,
        None => return Err(malformed(text)),
    };
    if inner.trim_ascii().parse::<i64>().is_ok() {
        return Err(indexed(text));
    }
    let path = match AttributePath::parse(name) {
        Ok(path) if path.sub.is_none() => path,
        Err(PathError::Unknown(_)) => return Ok(Target::Unknown(text.to_owned())),
        Ok(_) | Err(PathError::Malformed) => return Err(malformed(text)),
    };
    let filter = match parse_selection(&path, inner) {
        Ok(filter) => filter,
        // It is the part to select by that users do not have, not the one after the bracket.
        Err(error) if error.reason == Reason::FilterAttributeUnknown => {
            let part = error.attribute.unwrap_or_default();
            return Ok(Target::Unknown(format!("{path}.{part}")));
        }
        // A request may have many paths, and most filters are those of a search.
        Err(mut error) => {
            error.detail = format!("{} It stands in the path {}.", error.detail, quoted(text));
            return Err(error);
        }
    };
    let sub = match sub {
        None => None,
        Some(name) => match path.attribute.sub_attribute(name) {
            Some(sub) => Some(sub),
            None => return Ok(Target::Unknown(format!("{path}.{name}"))),
        },
    };
    Ok(Target::ValuePath { path, filter, sub })
}

/// An error about an operation on `path`, as a target where that is a name or a role.
///
/// # Errors
/// The same error where the path is about anything else, or nothing.
pub(super) fn flawed(path: &str, error: ScimError) -> Result<Target, ScimError> {
    let attribute = path.split('[').next().unwrap_or_default();
    let first = attribute.split('.').next().unwrap_or_default();
    let path = [attribute, first]
        .into_iter()
        .find_map(|name| AttributePath::parse(name.trim_ascii()).ok())
        .filter(is_name_or_role);
    match path {
        Some(path) => Ok(Target::Flawed {
            path: path.whole(),
            error,
        }),
        None => Err(error),
    }
}

/// The bracket that ends a value path; quotation marks hide brackets, and brackets do not nest.
fn closing_bracket(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at + 1)?,
            b']' => return Some(at),
            b'[' => return None,
            _ => at += 1,
        }
    }
}

/// The attributes of a value without path. Entra with its flag flattens names: "name.givenName",
/// "urn:...:User:employeeNumber"; nested objects, extension objects and value paths occur too.
pub(super) fn pathless(op: Op, value: &Value, index: usize) -> Result<Vec<Assignment>, ScimError> {
    let Value::Object(members) = alone(value) else {
        return Err(ScimError::new(
            Reason::PatchValueMissing,
            format!(
                "Operation {} names no attribute in a path, so its value must be an object with attributes.",
                index + 1
            ),
        ));
    };
    let mut out = Vec::with_capacity(members.len());
    for (key, raw) in members {
        match section(key) {
            // schemas, id and meta are the service's.
            Some(Schema::Common) => {}
            Some(Schema::Enterprise) => out.extend(extension(op, raw, false)?),
            Some(Schema::Core) => {
                for (key, raw) in section_members(Schema::Core, alone(raw))? {
                    if section(key).is_none() {
                        out.push(passing(parse(key), key, raw));
                    }
                }
            }
            None => out.push(passing(parse(key), key, raw)),
        }
    }
    Ok(out)
}

/// The attributes of an object under the Enterprise User URN; nothing clears them all.
pub(super) fn extension(
    op: Op,
    value: &Value,
    explicit: bool,
) -> Result<Vec<Assignment>, ScimError> {
    let value = alone(value);
    if op == Op::Remove || (op == Op::Replace && is_unassigned(value) && !value.is_object()) {
        return Ok(vec![Assignment {
            target: Target::Extension,
            value: Value::Null,
            explicit,
        }]);
    }
    let members = section_members(Schema::Enterprise, value)?;
    Ok(members
        .map(|(key, raw)| {
            let target = section_path(Schema::Enterprise, key)
                .map_or_else(|| Target::Unknown(key.clone()), Target::Attribute);
            Assignment {
                target,
                value: raw.clone(),
                explicit: false,
            }
        })
        .collect())
}

/// The object of a list that has no other element: Entra wraps single values so.
fn alone(value: &Value) -> &Value {
    match value {
        Value::Array(list) => match list.as_slice() {
            [object @ Value::Object(_)] => object,
            _ => value,
        },
        _ => value,
    }
}

/// An attribute named in passing; a name that cannot be read is left out with a remark.
fn passing(target: Result<Target, ScimError>, key: &str, raw: &Value) -> Assignment {
    Assignment {
        target: target.unwrap_or_else(|_| Target::Unknown(key.to_owned())),
        value: raw.clone(),
        explicit: false,
    }
}

/// Other patch formats choose by place; values of SCIM have none (RFC 7644 3.5.2).
fn indexed(path: &str) -> ScimError {
    ScimError::new(
        Reason::PatchPathMalformed,
        format!(
            "The path {} chooses by an index, which SCIM does not have. Choose by a filter, as in \
             emails[type eq \"work\"].value.",
            quoted(path)
        ),
    )
    .on(shortened(&without_filter(path)))
}

fn malformed(path: &str) -> ScimError {
    ScimError::new(
        Reason::PatchPathMalformed,
        format!(
            "The path {} cannot be read. A path looks like name.givenName or \
             emails[type eq \"work\"].value.",
            quoted(path)
        ),
    )
    .on(shortened(&without_filter(path)))
}
