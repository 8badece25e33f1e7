//! Attribute paths, `attrPath` of RFC 7644 3.10, resolved against the schemas.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::schema::{self, Attribute, Kind, Schema};

/// An attribute of the User resource.
///
/// Names match without regard to case. An unqualified name is looked up in the core schema, the
/// common attributes and the Enterprise User extension in this order: Entra also sends `manager`
/// without its URN. A URN is recognized whole, so the dots of "2.0" never split it.
#[derive(Debug, Clone)]
pub struct AttributePath {
    /// Where it is defined.
    pub schema: Schema,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The part of a complex attribute.
    pub sub: Option<&'static Attribute>,
}

/// Why a text is no attribute path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It breaks the grammar.
    #[error("malformed attribute path")]
    Malformed,
    /// It names no attribute of a user.
    #[error("unknown attribute {0}")]
    Unknown(String),
}

impl AttributePath {
    /// Reads `[urn ":"] name ["." sub]`. `$ref` is a name too, though RFC 7644's grammar forgets it.
    ///
    /// # Errors
    /// [`PathError::Malformed`] or [`PathError::Unknown`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let (schemas, rest): (&[Schema], &str) = if let Some(rest) = strip_urn(text, schema::USER) {
            (&[Schema::Core, Schema::Common], rest)
        } else if let Some(rest) = strip_urn(text, schema::ENTERPRISE_USER) {
            (&[Schema::Enterprise], rest)
        } else if is_urn(text) {
            return Err(PathError::Unknown(text.to_owned()));
        } else {
            (&[Schema::Core, Schema::Common, Schema::Enterprise], text)
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) {
            return Err(PathError::Malformed);
        }
        let unknown = || PathError::Unknown(text.to_owned());
        let (schema, attribute) = schemas
            .iter()
            .find_map(|schema| Some((*schema, schema::find(schema.attributes(), name)?)))
            .ok_or_else(unknown)?;
        let sub = match sub {
            Some(sub) => Some(attribute.sub_attribute(sub).ok_or_else(unknown)?),
            None => None,
        };
        Ok(Self {
            schema,
            attribute,
            sub,
        })
    }

    /// The path of an attribute without a part.
    #[must_use]
    pub const fn new(schema: Schema, attribute: &'static Attribute) -> Self {
        Self {
            schema,
            attribute,
            sub: None,
        }
    }

    /// The same attribute's part.
    #[must_use]
    pub const fn with_sub(&self, sub: &'static Attribute) -> Self {
        Self {
            schema: self.schema,
            attribute: self.attribute,
            sub: Some(sub),
        }
    }

    /// The same path without its part.
    #[must_use]
    pub const fn whole(&self) -> Self {
        Self::new(self.schema, self.attribute)
    }

    /// The definition of the value at the path: the part's, else the attribute's.
    #[must_use]
    pub fn leaf(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// Data type of the value at the path.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.leaf().kind
    }

    /// The attribute without its part: "emails", "urn:...:User:department".
    #[must_use]
    pub fn top_level(&self) -> Cow<'static, str> {
        match self.schema {
            Schema::Enterprise => {
                format!("{}:{}", schema::ENTERPRISE_USER, self.attribute.name).into()
            }
            Schema::Core | Schema::Common => self.attribute.name.into(),
        }
    }

    /// The one spelling of the path: "name.givenName", "urn:...:User:manager.value".
    #[must_use]
    pub fn canonical(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema == Schema::Enterprise {
            write!(f, "{}:", schema::ENTERPRISE_USER)?;
        }
        f.write_str(self.attribute.name)?;
        match self.sub {
            Some(sub) => write!(f, ".{}", sub.name),
            None => Ok(()),
        }
    }
}

/// Names identify attributes within a schema.
impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema
            && self.attribute.name == other.attribute.name
            && self.sub.map(|sub| sub.name) == other.sub.map(|sub| sub.name)
    }
}

impl Eq for AttributePath {}

impl Hash for AttributePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.schema.hash(state);
        self.attribute.name.hash(state);
        self.sub.map(|sub| sub.name).hash(state);
    }
}

/// Whether the text begins like a URN rather than an attribute name.
pub(super) fn is_urn(text: &str) -> bool {
    text.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// What follows `urn` and a colon.
fn strip_urn<'a>(text: &'a str, urn: &str) -> Option<&'a str> {
    let start = text.get(..urn.len())?;
    let rest = text.get(urn.len()..)?;
    if start.eq_ignore_ascii_case(urn) {
        rest.strip_prefix(':')
    } else {
        None
    }
}

/// A path as sent, with the filter of a value path left out: "members[…].display". What a filter
/// compares with may be about a person, and would make one name into as many as there are values.
pub(super) fn without_filter(path: &str) -> Cow<'_, str> {
    let Some((name, filtered)) = path.split_once('[') else {
        return path.into();
    };
    let part = filtered
        .rsplit_once("].")
        .map(|(_, part)| part)
        .filter(|part| is_name(part));
    match part {
        Some(part) => format!("{name}[…].{part}").into(),
        None => format!("{name}[…]").into(),
    }
}

/// `ATTRNAME` of RFC 7643 2.1, with `$` as in `$ref`.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'$')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        AttributePath::parse(text).unwrap().canonical()
    }

    #[test]
    fn e42_names_match_without_regard_to_case() {
        assert_eq!(canonical("USERNAME"), "userName");
        assert_eq!(canonical("Name.GivenName"), "name.givenName");
        assert_eq!(canonical("meta.LASTMODIFIED"), "meta.lastModified");
        assert_eq!(
            canonical("manager.$REF"),
            format!("{}:manager.$ref", schema::ENTERPRISE_USER)
        );
        // Entra's name, of roles alone.
        assert_eq!(canonical("roles.displayName"), "roles.display");
        assert!(AttributePath::parse("emails.displayName").is_err());
    }

    #[test]
    fn e10_urns_are_never_split_at_a_dot() {
        assert_eq!(
            canonical(&format!("{}:name.familyName", schema::USER)),
            "name.familyName"
        );
        assert_eq!(
            canonical("URN:ietf:params:scim:schemas:extension:enterprise:2.0:user:Department"),
            format!("{}:department", schema::ENTERPRISE_USER)
        );
        assert_eq!(
            canonical(&format!("{}:externalId", schema::USER)),
            "externalId"
        );
    }

    #[test]
    fn e11_manager_is_known_without_its_urn() {
        assert_eq!(
            canonical("manager"),
            format!("{}:manager", schema::ENTERPRISE_USER)
        );
    }

    #[test]
    fn unknown_and_malformed_differ() {
        for text in ["role", "emails.foo", "userName.value", "urn:x:y:2.0:User:a"] {
            let unknown = PathError::Unknown(text.to_owned());
            assert_eq!(AttributePath::parse(text), Err(unknown));
        }
        let core_role = format!("{}:role", schema::USER);
        assert!(matches!(
            AttributePath::parse(&core_role),
            Err(PathError::Unknown(_))
        ));
        for text in [
            "",
            ".",
            "name.",
            "a b",
            "1a",
            "name.given.x",
            "émile",
            "a[b",
            " active",
        ] {
            assert_eq!(
                AttributePath::parse(text),
                Err(PathError::Malformed),
                "{text}"
            );
        }
        assert_eq!(
            AttributePath::parse(&format!("{}:", schema::USER)),
            Err(PathError::Malformed)
        );
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in "\\PC{0,60}") {
            if let Ok(path) = AttributePath::parse(&text) {
                prop_assert_eq!(AttributePath::parse(&path.canonical()), Ok(path));
            }
        }
    }
}
