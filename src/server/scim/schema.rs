//! Schema definitions: attributes with all the characteristics of RFC 7643 section 7.

mod enterprise;
mod user;

use std::fmt;

use serde_json::{Map, Value, json};

/// Core User (RFC 7643 4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Enterprise User extension (RFC 7643 4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Schema of schemas (RFC 7643 7).
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// Resource types (RFC 7643 6).
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// Service provider configuration (RFC 7643 5).
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// List of resources (RFC 7644 3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// PATCH request (RFC 7644 3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Search by POST (RFC 7644 3.4.3).
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// Error (RFC 7644 3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Data type of an attribute (RFC 7643 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// xsd:dateTime.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// Sub-attributes.
    Complex,
}

impl Kind {
    /// The keyword in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may change an attribute (RFC 7643 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// The service alone.
    ReadOnly,
    /// Clients.
    ReadWrite,
    /// Clients, who never get it back.
    WriteOnly,
}

impl Mutability {
    /// The keyword in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is returned (RFC 7643 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returned {
    /// Whatever the projection says.
    Always,
    /// Unless the projection says otherwise.
    Default,
    /// Not at all.
    Never,
}

impl Returned {
    /// The keyword in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Default => "default",
            Self::Never => "never",
        }
    }
}

/// Where a value is unique (RFC 7643 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Uniqueness {
    /// Nowhere.
    None,
    /// Within the organization.
    Server,
}

impl Uniqueness {
    /// The keyword in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
        }
    }
}

/// One attribute's definition.
#[derive(Clone, Copy)]
pub struct Attribute {
    /// Name as written in answers; matched without regard to case.
    pub name: &'static str,
    /// Data type.
    pub kind: Kind,
    /// Whether it is a list.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether comparisons regard case.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Where its value is unique.
    pub uniqueness: Uniqueness,
    /// Suggested values; not enforced.
    pub canonical_values: &'static [&'static str],
    /// Kinds of targets of a reference.
    pub reference_types: &'static [&'static str],
    /// Description for people.
    pub description: &'static str,
    /// Parts of a complex attribute.
    pub sub_attributes: &'static [Attribute],
}

/// The name alone: a path in a log line must not print the whole schema.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attribute").field(&self.name).finish()
    }
}

impl Attribute {
    /// The defaults of RFC 7643 2.2.
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            description,
            sub_attributes: &[],
        }
    }

    const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    const fn reference(
        name: &'static str,
        types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        let mut attribute = Self::new(name, Kind::Reference, description);
        attribute.reference_types = types;
        attribute
    }

    const fn complex(
        name: &'static str,
        sub_attributes: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        let mut attribute = Self::new(name, Kind::Complex, description);
        attribute.sub_attributes = sub_attributes;
        attribute
    }

    const fn list(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    const fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }

    const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    const fn write_only(mut self) -> Self {
        self.mutability = Mutability::WriteOnly;
        self.returned = Returned::Never;
        self
    }

    const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    /// The sub-attribute of this name, without regard to case. Entra's mapping of app roles calls
    /// `display` `displayName`.
    #[must_use]
    pub fn sub_attribute(&self, name: &str) -> Option<&'static Attribute> {
        let is_alias = self.name == "roles" && name.eq_ignore_ascii_case("displayName");
        find(self.sub_attributes, if is_alias { "display" } else { name })
    }

    /// Whether its values are compared as they stand: binary ones and references always (RFC 7643
    /// 2.3.6, 2.3.7), whatever `caseExact` of the RFC's own `/Schemas` says. Ours says what is done.
    #[must_use]
    pub fn is_compared_exactly(&self) -> bool {
        self.case_exact || matches!(self.kind, Kind::Binary | Kind::Reference)
    }

    /// Whether it has parts.
    #[must_use]
    pub fn is_complex(&self) -> bool {
        self.kind == Kind::Complex
    }
}

/// The attribute of this name (RFC 7643 2.1: without regard to case).
#[must_use]
pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// Where an attribute is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Schema {
    /// Core User.
    Core,
    /// Enterprise User extension.
    Enterprise,
    /// `schemas`, `id`, `externalId`, `meta`: every resource has them.
    Common,
}

impl Schema {
    /// Its attributes, in the order of answers.
    #[must_use]
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::Core => user::ATTRIBUTES,
            Self::Enterprise => enterprise::ATTRIBUTES,
            Self::Common => user::COMMON,
        }
    }
}

/// What an organization asks on top of the RFC, for `/Schemas` to advertise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enforcement {
    /// `name.givenName` and `name.familyName` are required.
    pub names_required: bool,
    /// A role is required.
    pub role_required: bool,
    /// The values of `roles.value` in the role catalogue. They are what canonical values are in RFC
    /// 7643 7, suggestions: whether others are refused is the organization's policy.
    pub role_values: Vec<String>,
}

impl Enforcement {
    /// Whether `canonical`, such as "name.givenName", is required.
    fn requires(&self, canonical: &str) -> bool {
        match canonical {
            "name" | "name.givenName" | "name.familyName" => self.names_required,
            "roles" | "roles.value" => self.role_required,
            _ => false,
        }
    }
}

/// The Schema resource of `/Schemas` (RFC 7643 7), without `meta`. Members that do not apply are
/// left out: Entra refuses nulls there.
pub(super) fn to_json(
    urn: &str,
    name: &str,
    description: &str,
    attributes: &[Attribute],
    enforcement: &Enforcement,
) -> Value {
    let attributes: Vec<Value> = attributes
        .iter()
        .map(|attribute| attribute_to_json(attribute, "", enforcement))
        .collect();
    json!({
        "schemas": [SCHEMA],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes,
    })
}

/// Complex attributes do not nest (RFC 7643 2.3.8), so this recurses once at most.
fn attribute_to_json(attribute: &Attribute, parent: &str, enforcement: &Enforcement) -> Value {
    let canonical = format!("{parent}{}", attribute.name);
    let mut out = Map::new();
    out.insert("name".into(), attribute.name.into());
    out.insert("type".into(), attribute.kind.as_str().into());
    if !attribute.sub_attributes.is_empty() {
        let parent = format!("{canonical}.");
        let subs: Vec<Value> = attribute
            .sub_attributes
            .iter()
            .map(|sub| attribute_to_json(sub, &parent, enforcement))
            .collect();
        out.insert("subAttributes".into(), subs.into());
    }
    out.insert("multiValued".into(), attribute.multi_valued.into());
    out.insert("description".into(), attribute.description.into());
    let required = attribute.required || enforcement.requires(&canonical);
    out.insert("required".into(), required.into());
    if canonical == "roles.value" && !enforcement.role_values.is_empty() {
        out.insert(
            "canonicalValues".into(),
            enforcement.role_values.clone().into(),
        );
    } else if !attribute.canonical_values.is_empty() {
        out.insert("canonicalValues".into(), json!(attribute.canonical_values));
    }
    if !matches!(attribute.kind, Kind::Boolean | Kind::Complex) {
        out.insert("caseExact".into(), attribute.is_compared_exactly().into());
    }
    out.insert("mutability".into(), attribute.mutability.as_str().into());
    out.insert("returned".into(), attribute.returned.as_str().into());
    if attribute.kind != Kind::Boolean {
        out.insert("uniqueness".into(), attribute.uniqueness.as_str().into());
    }
    if !attribute.reference_types.is_empty() {
        out.insert("referenceTypes".into(), json!(attribute.reference_types));
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7643_8_7_1_user_has_all_attributes() {
        let names: Vec<&str> = Schema::Core.attributes().iter().map(|a| a.name).collect();
        assert_eq!(
            names.join(" "),
            "userName name displayName nickName profileUrl title userType preferredLanguage \
             locale timezone active password emails phoneNumbers ims photos addresses groups \
             entitlements roles x509Certificates"
        );
    }

    #[test]
    fn complex_attributes_do_not_nest_and_names_do_not_clash() {
        let schemas = [Schema::Core, Schema::Enterprise, Schema::Common];
        let mut names = std::collections::HashSet::new();
        for attribute in schemas.iter().flat_map(|schema| schema.attributes()) {
            assert!(
                names.insert(attribute.name.to_lowercase()),
                "{}",
                attribute.name
            );
            assert_eq!(attribute.is_complex(), !attribute.sub_attributes.is_empty());
            assert!(attribute.sub_attributes.iter().all(|sub| !sub.is_complex()));
        }
    }

    #[test]
    fn e39_primary_is_boolean() {
        for attribute in Schema::Core.attributes() {
            if let Some(primary) = attribute.sub_attribute("primary") {
                assert_eq!(primary.kind, Kind::Boolean, "{}", attribute.name);
            }
        }
    }
}
