//! The User resource in canonical form.

mod change;
mod draft;
mod flaws;
mod normalize;
mod remark;
mod roles;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_state;
mod tidy;
mod values;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use change::{Change, PRIMARY_ROLE};
pub use draft::Draft;
pub(super) use flaws::is_name_or_role;
pub use normalize::{MAX_ELEMENTS, MAX_KEY_BYTES, MAX_TEXT_BYTES};
pub(super) use normalize::{
    Normalizer, Parts, check_count, is_unassigned, section, section_members, section_path,
    set_parts,
};
pub use remark::{MAX_REMARKS, Remark};
pub use roles::Role;
pub(super) use roles::{merge_into, set_primary};
#[cfg(test)]
pub(super) use tests::any_json;
pub(super) use tidy::demote_others;
pub use values::FilterValue;

use super::error::ScimError;
use super::path::AttributePath;
use super::reason::Reason;
use super::schema::{self, Attribute, Schema};
use super::time;

/// A user's attributes in canonical form: canonical names and order, no nulls, no empty values,
/// booleans are booleans, extension data under its URN. Values stand as sent. Without `id`, `meta`
/// and `schemas`, which the service owns, and never with a password.
///
/// Serializes as the plain JSON object, which is the stored document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct User {
    attributes: Map<String, Value>,
}

/// What the service itself knows about a resource (RFC 7643 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta<'a> {
    /// Opaque identifier.
    pub id: &'a str,
    /// Creation in epoch milliseconds.
    pub created: i64,
    /// Last change in epoch milliseconds.
    pub last_modified: i64,
    /// Counts changes; the ETag is `W/"n"`.
    pub version: i64,
    /// Absolute URL of the resource.
    pub location: &'a str,
}

impl Meta<'_> {
    /// The ETag header's value, which is also `meta.version` (RFC 7644 3.14).
    #[must_use]
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}

impl User {
    /// Reads the body of a POST.
    ///
    /// # Errors
    /// Those of [`Draft::read`] and [`Draft::create`].
    pub fn from_create(body: &Value, remarks: &mut Vec<Remark>) -> Result<Self, ScimError> {
        Draft::read(body, remarks)?.create(remarks)
    }

    /// Puts everything into canonical order, drops what is empty, and checks what every user has.
    pub(super) fn finish(&mut self, remarks: &mut Vec<Remark>) -> Result<(), ScimError> {
        tidy::tidy(self, remarks)?;
        match self.user_name() {
            None => Err(ScimError::new(
                Reason::UserNameMissing,
                "userName is required and was not sent, or is empty. Map userPrincipalName to \
                 userName in Provisioning, Mappings.",
            )
            .on("userName")),
            Some(name) if name.chars().all(char::is_whitespace) => Err(ScimError::new(
                Reason::UserNameInvalid,
                "userName consists of white space only. Map userPrincipalName to userName in \
                 Provisioning, Mappings.",
            )
            .on("userName")),
            Some(_) => Ok(()),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }

    fn name_part(&self, part: &str) -> Option<&str> {
        self.attributes.get("name")?.get(part)?.as_str()
    }

    /// `userName`; present in every user that was read or patched.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        self.text("userName")
    }

    /// `externalId`.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.text("externalId")
    }

    /// `active`.
    #[must_use]
    pub fn active(&self) -> Option<bool> {
        self.attributes.get("active")?.as_bool()
    }

    /// Sets `active`.
    pub fn set_active(&mut self, active: bool) {
        self.put(Schema::Core, "active", Some(active.into()));
        self.sort();
    }

    /// `name.givenName`.
    #[must_use]
    pub fn given_name(&self) -> Option<&str> {
        self.name_part("givenName")
    }

    /// `name.familyName`.
    #[must_use]
    pub fn family_name(&self) -> Option<&str> {
        self.name_part("familyName")
    }

    /// `name.formatted`.
    #[must_use]
    pub fn formatted_name(&self) -> Option<&str> {
        self.name_part("formatted")
    }

    /// `displayName`.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.text("displayName")
    }

    /// The name to show to people: `displayName`, else given and family name, else `name.formatted`,
    /// else `userName`.
    #[must_use]
    pub fn display_label(&self) -> String {
        if let Some(label) = self.display_name() {
            return label.to_owned();
        }
        // Before `name.formatted`: Entra changes the parts and leaves what it once sent there as it was.
        let parts: Vec<&str> = [self.given_name(), self.family_name()]
            .into_iter()
            .flatten()
            .collect();
        if parts.is_empty() {
            self.formatted_name()
                .or_else(|| self.user_name())
                .unwrap_or_default()
                .to_owned()
        } else {
            parts.join(" ")
        }
    }

    /// The value at a path. Of a multi-valued attribute's part: that of the primary element, else
    /// of the first (the rule of RFC 7644 3.4.2.3 for sorting). `id`, `meta` and `schemas` are not
    /// here.
    #[must_use]
    pub fn get(&self, path: &AttributePath) -> Option<&Value> {
        let home = match path.schema {
            Schema::Enterprise => self.attributes.get(schema::ENTERPRISE_USER)?.as_object()?,
            Schema::Core | Schema::Common => &self.attributes,
        };
        let value = home.get(path.attribute.name)?;
        let Some(sub) = path.sub else {
            return Some(value);
        };
        match value {
            Value::Array(elements) => elements
                .iter()
                .find(|element| is_primary(element))
                .or_else(|| elements.first())?
                .get(sub.name),
            single => single.get(sub.name),
        }
    }

    /// Sets or, with `None`, removes a value that is already in canonical form, for example one
    /// kept from the user before. Parts of multi-valued attributes are not set this way.
    pub fn set(&mut self, path: &AttributePath, value: Option<Value>) {
        let Some(sub) = path.sub else {
            self.put(path.schema, path.attribute.name, value);
            self.sort();
            return;
        };
        if path.attribute.multi_valued {
            return;
        }
        let mut whole = match self.take(&path.whole()) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        whole.shift_remove(sub.name);
        if let Some(value) = value {
            whole.insert(sub.name.to_owned(), value);
        }
        let whole = (!whole.is_empty()).then_some(Value::Object(whole));
        self.put(path.schema, path.attribute.name, whole);
        self.sort();
    }

    /// Removes and returns a whole attribute.
    pub(super) fn take(&mut self, path: &AttributePath) -> Option<Value> {
        let home = match path.schema {
            Schema::Enterprise => self
                .attributes
                .get_mut(schema::ENTERPRISE_USER)?
                .as_object_mut()?,
            Schema::Core | Schema::Common => &mut self.attributes,
        };
        home.shift_remove(path.attribute.name)
    }

    /// Puts a whole attribute at the end, or removes it; the order is restored afterwards.
    pub(super) fn put(&mut self, schema: Schema, name: &str, value: Option<Value>) {
        let home = match schema {
            Schema::Core | Schema::Common => &mut self.attributes,
            Schema::Enterprise => {
                let extension = self
                    .attributes
                    .entry(schema::ENTERPRISE_USER)
                    .or_insert_with(|| Value::Object(Map::new()));
                match extension.as_object_mut() {
                    Some(map) => map,
                    None => return,
                }
            }
        };
        match value {
            Some(value) => {
                home.insert(name.to_owned(), value);
            }
            None => {
                home.shift_remove(name);
                let extension = self.attributes.get(schema::ENTERPRISE_USER);
                if extension.is_some_and(is_unassigned) {
                    self.attributes.shift_remove(schema::ENTERPRISE_USER);
                }
            }
        }
    }

    /// Removes the whole extension.
    pub(super) fn clear_extension(&mut self) {
        self.attributes.shift_remove(schema::ENTERPRISE_USER);
    }

    /// The schemas that the user has data of (RFC 7643 3).
    #[must_use]
    pub fn schemas(&self) -> Vec<&'static str> {
        let mut schemas = vec![schema::USER];
        if self.attributes.contains_key(schema::ENTERPRISE_USER) {
            schemas.push(schema::ENTERPRISE_USER);
        }
        schemas
    }

    /// The full resource, as it is returned.
    #[must_use]
    pub fn into_json(mut self, meta: &Meta<'_>) -> Value {
        let mut out = Map::new();
        out.insert("schemas".into(), json!(self.schemas()));
        out.insert("id".into(), meta.id.into());
        if let Some(external_id) = self.attributes.shift_remove("externalId") {
            out.insert("externalId".into(), external_id);
        }
        out.insert(
            "meta".into(),
            json!({
                "resourceType": "User",
                "created": time::format(meta.created),
                "lastModified": time::format(meta.last_modified),
                "location": meta.location,
                "version": meta.etag(),
            }),
        );
        out.extend(self.attributes);
        Value::Object(out)
    }
}

/// Whether an element is the primary one; an absent `primary` counts as false (RFC 7643 2.4).
pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary").and_then(Value::as_bool) == Some(true)
}

/// What the `value` of an element is compared by.
pub(super) fn value_key(path: &AttributePath, element: &Value) -> Option<String> {
    let value = element.get("value")?.as_str()?;
    let is_exact = path
        .attribute
        .sub_attribute("value")
        .is_some_and(Attribute::is_compared_exactly);
    Some(if is_exact {
        value.to_owned()
    } else {
        case_key(value)
    })
}

/// The same of its `type`.
pub(super) fn type_key(element: &Value) -> Option<String> {
    element.get("type")?.as_str().map(case_key)
}

/// The twin of a text for matching without regard to case: NFC, then Unicode lower case letter by
/// letter, so that the beginning of a text has the beginning of its key. Nothing is trimmed.
#[must_use]
pub fn case_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower: String = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.chars().flat_map(lower_case).collect(),
        _ => text.nfc().flat_map(lower_case).collect(),
    };
    // Lower case may decompose (U+0130), and one text must have one key.
    lower.nfc().collect()
}

/// Greek has another small sigma at the end of a word, and in capitals one for both.
fn lower_case(letter: char) -> impl Iterator<Item = char> {
    letter.to_lowercase().map(|small| match small {
        'ς' => 'σ',
        small => small,
    })
}
