//! Client JSON to canonical form.

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::flaws::Flaws;
use super::{Remark, User};
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::schema::{self, Attribute, Kind, Mutability, Returned, Schema};

/// The most bytes of a text.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// The most bytes of a text that the store keeps in an indexed column; PostgreSQL's index rows end
/// at 2,704 bytes, and a key may grow when it is normalized.
pub const MAX_KEY_BYTES: usize = 1024;
/// The most elements of a multi-valued attribute.
pub const MAX_ELEMENTS: usize = 1000;

/// Paths bounded by [`MAX_KEY_BYTES`].
const KEYS: [&str; 6] = [
    "userName",
    "externalId",
    "displayName",
    "name.givenName",
    "name.familyName",
    "roles.value",
];

/// RFC 7643 2.3.6: RFC 4648 section 4, whose padding may be left out.
const BINARY: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Parts of a complex value: each is set or, with `None`, unassigned.
pub(in crate::server::scim) type Parts = Vec<(&'static Attribute, Option<Value>)>;

/// Turns client values into canonical ones and notes what it leaves out.
pub(in crate::server::scim) struct Normalizer<'a> {
    remarks: &'a mut Vec<Remark>,
    flaws: Flaws,
}

impl<'a> Normalizer<'a> {
    pub(in crate::server::scim) fn new(remarks: &'a mut Vec<Remark>) -> Self {
        Self {
            remarks,
            flaws: Flaws::default(),
        }
    }

    /// An error about a name or a role waits until it is known what becomes of the user.
    pub(in crate::server::scim) fn set_aside(
        &mut self,
        path: &AttributePath,
        outcome: Result<(), ScimError>,
    ) -> Result<(), ScimError> {
        self.flaws.set_aside(path, outcome)
    }

    pub(in crate::server::scim) fn into_flaws(self) -> Flaws {
        self.flaws
    }

    pub(in crate::server::scim) fn remark(&mut self, remark: Remark) {
        remark.push_to(self.remarks);
    }

    /// The members of a POST or PUT body.
    pub(super) fn members(
        &mut self,
        members: &Map<String, Value>,
        user: &mut User,
    ) -> Result<(), ScimError> {
        let mut seen = HashSet::new();
        for (key, raw) in members {
            match section(key) {
                Some(Schema::Common) => {}
                Some(section) => {
                    for (key, raw) in section_members(section, raw)? {
                        self.member(section_path(section, key), key, raw, user, &mut seen)?;
                    }
                }
                None => {
                    let path = AttributePath::parse(key).ok();
                    self.member(path, key, raw, user, &mut seen)?;
                }
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        path: Option<AttributePath>,
        key: &str,
        raw: &Value,
        user: &mut User,
        seen: &mut HashSet<AttributePath>,
    ) -> Result<(), ScimError> {
        let Some(path) = path else {
            self.remark(Remark::ignored(key));
            return Ok(());
        };
        if !self.is_settable(&path, raw) {
            return Ok(());
        }
        if path.sub.is_some() && path.attribute.multi_valued {
            self.remark(Remark::unlisted(&path));
            return Ok(());
        }
        if !seen.insert(path.clone()) {
            self.remark(Remark::repeated(&path.canonical()));
        }
        let outcome = self.set(&path, raw, user);
        self.set_aside(&path, outcome)
    }

    fn set(&mut self, path: &AttributePath, raw: &Value, user: &mut User) -> Result<(), ScimError> {
        if path.attribute.multi_valued {
            let elements = self.elements(path, raw)?;
            user.put(path.schema, path.attribute.name, Some(elements.into()));
        } else if path.attribute.is_complex() {
            let parts = match path.sub {
                Some(sub) => Some(vec![(sub, self.simple(path, raw)?)]),
                None => self.parts(path, raw)?,
            };
            let mut whole = match user.take(path) {
                Some(Value::Object(map)) => map,
                _ => Map::new(),
            };
            set_parts(&mut whole, parts.unwrap_or_default());
            user.put(path.schema, path.attribute.name, Some(whole.into()));
        } else {
            let value = self.simple(path, raw)?;
            user.put(path.schema, path.attribute.name, value);
        }
        Ok(())
    }

    /// Whether a body may set the attribute. What only the service sets is ignored (RFC 7644 3.3),
    /// and a password is discarded.
    pub(in crate::server::scim) fn is_settable(
        &mut self,
        path: &AttributePath,
        raw: &Value,
    ) -> bool {
        let attribute = path.attribute;
        if attribute.returned == Returned::Never {
            if !is_unassigned(raw) {
                self.remark(Remark::password());
            }
            return false;
        }
        let read_only = path.leaf().mutability == Mutability::ReadOnly
            || attribute.mutability == Mutability::ReadOnly;
        if read_only && path.schema != Schema::Common && !is_unassigned(raw) {
            self.remark(Remark::read_only(&path.canonical()));
        }
        !read_only
    }

    /// A single value of no parts; `None` when null, "" or [] leave it unassigned (RFC 7643 2.5).
    pub(in crate::server::scim) fn simple(
        &mut self,
        path: &AttributePath,
        raw: &Value,
    ) -> Result<Option<Value>, ScimError> {
        self.leaf(path, path.leaf(), raw)
    }

    fn leaf(
        &mut self,
        path: &AttributePath,
        leaf: &'static Attribute,
        raw: &Value,
    ) -> Result<Option<Value>, ScimError> {
        let raw = unwrap_single(raw);
        match (leaf.kind, raw) {
            (_, Value::Null) => Ok(None),
            (_, Value::Array(list)) if list.is_empty() => Ok(None),
            (_, Value::String(text)) if text.is_empty() => Ok(None),
            (Kind::Boolean, Value::Bool(_)) => Ok(Some(raw.clone())),
            // Entra without its compliance flag sends "True" and "False".
            (Kind::Boolean, Value::String(text)) => {
                match crate::server::scim::filter::parse_bool(text) {
                    Some(value) => Ok(Some(value.into())),
                    None => Err(wrong_type(path, leaf, raw)),
                }
            }
            (Kind::Integer, Value::Number(number)) if !number.is_f64() => Ok(Some(raw.clone())),
            (Kind::Decimal, Value::Number(_)) => Ok(Some(raw.clone())),
            (
                Kind::String | Kind::Reference | Kind::Binary | Kind::DateTime,
                Value::String(text),
            ) => {
                check_text(&leaf_name(path, leaf), text)?;
                if leaf.kind == Kind::Binary && BINARY.decode(text).is_err() {
                    return Err(wrong_type(path, leaf, raw));
                }
                Ok(Some(raw.clone()))
            }
            _ => Err(wrong_type(path, leaf, raw)),
        }
    }

    /// The parts of one complex value; `None` when the whole is unassigned. A text stands for the
    /// part `value`, as in Entra's `manager`.
    pub(in crate::server::scim) fn parts(
        &mut self,
        path: &AttributePath,
        raw: &Value,
    ) -> Result<Option<Parts>, ScimError> {
        let raw = match raw {
            Value::Array(list) => match list.as_slice() {
                [] => &Value::Null,
                [single] => single,
                _ => return Err(wrong_type(path, path.attribute, raw)),
            },
            other => other,
        };
        match raw {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(_) => match path.attribute.sub_attribute("value") {
                Some(value) => {
                    let mut parts = vec![(value, self.leaf(path, value, raw)?)];
                    self.expand_role(path, &mut parts)?;
                    Ok(Some(parts))
                }
                None => Err(wrong_type(path, path.attribute, raw)),
            },
            Value::Object(members) => {
                let mut parts = self.object_parts(path, members)?;
                self.expand_role(path, &mut parts)?;
                Ok(Some(parts))
            }
            _ => Err(wrong_type(path, path.attribute, raw)),
        }
    }

    pub(super) fn object_parts(
        &mut self,
        path: &AttributePath,
        members: &Map<String, Value>,
    ) -> Result<Parts, ScimError> {
        let mut parts: Parts = Vec::with_capacity(members.len());
        for (key, raw) in members {
            let Some(sub) = path.attribute.sub_attribute(key) else {
                if !is_unassigned(raw) {
                    self.remark(Remark::ignored(&format!("{}.{key}", path.top_level())));
                }
                continue;
            };
            if sub.mutability == Mutability::ReadOnly {
                continue;
            }
            let value = self.leaf(path, sub, raw)?;
            match parts.iter_mut().find(|(known, _)| known.name == sub.name) {
                Some((_, known)) => {
                    self.remark(Remark::repeated(&leaf_name(path, sub)));
                    *known = value;
                }
                None => parts.push((sub, value)),
            }
        }
        Ok(parts)
    }

    /// The elements of a multi-valued attribute. A single object or text counts as a list of one.
    pub(in crate::server::scim) fn elements(
        &mut self,
        path: &AttributePath,
        raw: &Value,
    ) -> Result<Vec<Value>, ScimError> {
        let list = match raw {
            Value::Array(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        };
        check_count(path, list.len())?;
        let mut out = Vec::with_capacity(list.len());
        for raw in list {
            if raw.is_array() {
                return Err(wrong_type(path, path.attribute, raw));
            }
            if let Some(parts) = self.parts(path, raw)? {
                let mut element = Map::new();
                set_parts(&mut element, parts);
                if !element.is_empty() {
                    out.push(Value::Object(element));
                }
            }
        }
        Ok(out)
    }
}

/// Sets and unassigns parts.
pub(in crate::server::scim) fn set_parts(target: &mut Map<String, Value>, parts: Parts) {
    for (sub, value) in parts {
        match value {
            Some(value) => {
                target.insert(sub.name.to_owned(), value);
            }
            None => {
                target.shift_remove(sub.name);
            }
        }
    }
}

/// The schema whose URN a member's name is. `Common` stands for what clients cannot set.
pub(in crate::server::scim) fn section(key: &str) -> Option<Schema> {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    if is(schema::ENTERPRISE_USER) {
        Some(Schema::Enterprise)
    } else if is(schema::USER) {
        Some(Schema::Core)
    } else if is("schemas") || is("id") || is("meta") {
        Some(Schema::Common)
    } else {
        None
    }
}

/// The attributes in the object under a schema's URN.
pub(in crate::server::scim) fn section_members(
    section: Schema,
    raw: &Value,
) -> Result<impl Iterator<Item = (&String, &Value)>, ScimError> {
    let members = match raw {
        Value::Object(members) => Some(members),
        _ if is_unassigned(raw) => None,
        _ => {
            let urn = if section == Schema::Enterprise {
                schema::ENTERPRISE_USER
            } else {
                schema::USER
            };
            return Err(ScimError::new(
                Reason::ValueWrongType,
                format!("{urn} must be an object with the attributes of this schema."),
            )
            .on(urn));
        }
    };
    Ok(members.into_iter().flatten())
}

/// The attribute that a name means inside the object under a schema's URN.
pub(in crate::server::scim) fn section_path(section: Schema, key: &str) -> Option<AttributePath> {
    if section == Schema::Enterprise && !crate::server::scim::path::is_urn(key) {
        return AttributePath::parse(&format!("{}:{key}", schema::ENTERPRISE_USER)).ok();
    }
    AttributePath::parse(key).ok()
}

/// RFC 7643 2.5: null, "" and empty lists are no value; so is an empty object.
pub(in crate::server::scim) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `[{"value":"x"}]`, `[{"$ref":null,"value":"x"}]` and `["x"]` for a single value.
fn unwrap_single(raw: &Value) -> &Value {
    let Value::Array(list) = raw else {
        return raw;
    };
    match list.as_slice() {
        [Value::Object(members)] => members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("value"))
            .map_or(raw, |(_, value)| value),
        [Value::Array(_)] => raw,
        [single] => single,
        _ => raw,
    }
}

fn leaf_name(path: &AttributePath, leaf: &'static Attribute) -> String {
    if path.attribute.is_complex() && leaf.name != path.attribute.name {
        path.with_sub(leaf).canonical()
    } else {
        path.canonical()
    }
}

pub(in crate::server::scim) fn check_count(
    path: &AttributePath,
    count: usize,
) -> Result<(), ScimError> {
    if count <= MAX_ELEMENTS {
        return Ok(());
    }
    let name = path.top_level();
    let text = format!(
        "{name} has {count} values; at most {MAX_ELEMENTS} are accepted. Send fewer: remove or narrow \
         its mapping in Provisioning, Mappings."
    );
    Err(ScimError::new(Reason::TooManyValues, text).on(name))
}

fn check_text(name: &str, text: &str) -> Result<(), ScimError> {
    if text.contains('\0') {
        return Err(ScimError::new(
            Reason::NulCharacter,
            format!("{name} has the character U+0000, which cannot be stored. Enter it anew."),
        )
        .on(name));
    }
    let limit = if KEYS.contains(&name) {
        MAX_KEY_BYTES
    } else {
        MAX_TEXT_BYTES
    };
    if text.len() > limit {
        return Err(ScimError::new(
            Reason::ValueTooLong,
            format!(
                "{name} has {} bytes; at most {limit} are accepted. Shorten the value in its \
                 mapping.",
                text.len()
            ),
        )
        .on(name));
    }
    Ok(())
}

fn wrong_type(path: &AttributePath, leaf: &'static Attribute, raw: &Value) -> ScimError {
    let name = leaf_name(path, leaf);
    let expected = match leaf.kind {
        Kind::Boolean => "true or false",
        Kind::Integer => "a whole number",
        Kind::Decimal => "a number",
        Kind::Complex if leaf.multi_valued => "a list of objects",
        Kind::Complex => "an object with its parts",
        Kind::Binary => "text in base64 without line breaks",
        Kind::String | Kind::DateTime | Kind::Reference => "text",
    };
    let sent = match raw {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("{value} (not in quotation marks)"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".to_owned(),
    };
    ScimError::new(
        Reason::ValueWrongType,
        format!("{name} must be {expected}; what was sent is {sent}. Correct its mapping."),
    )
    .on(name)
}
