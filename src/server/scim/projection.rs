//! `attributes` and `excludedAttributes` (RFC 7644 3.4.2.5 and 3.9).

use serde_json::{Map, Value};

use super::error::ScimError;
use super::path::AttributePath;
use super::reason::Reason;
use super::schema::{self, Attribute, Returned, Schema};
use super::target::parameter;

/// Which attributes of a resource are returned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Projection {
    /// All.
    #[default]
    All,
    /// Those named, and those that are always returned.
    Only(Vec<Selector>),
    /// All but those named; those that are always returned stay.
    Without(Vec<Selector>),
}

/// A name in a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// An attribute or a part of one.
    Attribute(AttributePath),
    /// All attributes of the Enterprise User extension.
    Extension,
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes` of decoded query parameters (RFC 7644 3.9).
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_query(pairs: &[(String, String)]) -> Result<Self, ScimError> {
        let value = |name| parameter(pairs, name);
        Self::parse(value("attributes"), value("excludedAttributes"))
    }

    /// Reads the two comma-separated lists. Empty ones count as absent, and names of no attribute
    /// are ignored.
    ///
    /// # Errors
    /// `projection_conflict` when both name something.
    pub fn parse(attributes: Option<&str>, excluded: Option<&str>) -> Result<Self, ScimError> {
        match (names(attributes), names(excluded)) {
            (None, None) => Ok(Self::All),
            (Some(names), None) => Ok(Self::Only(selectors(&names))),
            (None, Some(names)) => Ok(Self::Without(selectors(&names))),
            (Some(_), Some(_)) => Err(ScimError::new(
                Reason::ProjectionConflict,
                "attributes and excludedAttributes cannot be sent together. Leave one out.",
            )),
        }
    }

    /// The resource as it is returned.
    #[must_use]
    pub fn apply(&self, resource: Value) -> Value {
        if *self == Self::All {
            return resource;
        }
        let Value::Object(members) = resource else {
            return resource;
        };
        let mut out = Map::new();
        for (name, value) in members {
            let value = if name == schema::ENTERPRISE_USER {
                self.extension(value)
            } else {
                self.top_level(&name, value)
            };
            if let Some(value) = value {
                out.insert(name, value);
            }
        }
        Value::Object(out)
    }

    fn top_level(&self, name: &str, value: Value) -> Option<Value> {
        let path = [Schema::Core, Schema::Common].iter().find_map(|schema| {
            let attribute = schema::find(schema.attributes(), name)?;
            Some(AttributePath::new(*schema, attribute))
        });
        match path {
            Some(path) => self.attribute(&path, value),
            None => matches!(self, Self::Without(_)).then_some(value),
        }
    }

    fn extension(&self, value: Value) -> Option<Value> {
        let Value::Object(members) = value else {
            return None;
        };
        let mut out = Map::new();
        for (name, value) in members {
            if let Some(attribute) = schema::find(Schema::Enterprise.attributes(), &name) {
                let path = AttributePath::new(Schema::Enterprise, attribute);
                if let Some(value) = self.attribute(&path, value) {
                    out.insert(name, value);
                }
            }
        }
        (!out.is_empty()).then_some(Value::Object(out))
    }

    fn attribute(&self, path: &AttributePath, value: Value) -> Option<Value> {
        if path.attribute.returned == Returned::Always {
            return Some(value);
        }
        let (selectors, include) = match self {
            Self::All => return Some(value),
            Self::Only(selectors) => (selectors, true),
            Self::Without(selectors) => (selectors, false),
        };
        if selectors.iter().any(|selector| selector.is_whole(path)) {
            return include.then_some(value);
        }
        let named = |sub: &Attribute| {
            selectors.iter().any(|selector| {
                matches!(selector, Selector::Attribute(named)
                    if named.whole() == *path && named.sub.is_some_and(|s| s.name == sub.name))
            })
        };
        if path.attribute.sub_attributes.iter().any(named) {
            return parts(path.attribute, value, |sub| named(sub) == include);
        }
        (!include).then_some(value)
    }
}

impl Selector {
    fn is_whole(&self, path: &AttributePath) -> bool {
        match self {
            Self::Attribute(named) => named == path,
            Self::Extension => path.schema == Schema::Enterprise,
        }
    }
}

/// The parts that `keep` wants, of one complex value or of each element.
fn parts(attribute: &Attribute, value: Value, keep: impl Fn(&Attribute) -> bool) -> Option<Value> {
    let choose = |value: Value| -> Option<Value> {
        let Value::Object(mut members) = value else {
            return None;
        };
        members.retain(|name, _| attribute.sub_attribute(name).is_some_and(&keep));
        (!members.is_empty()).then_some(Value::Object(members))
    };
    match value {
        Value::Array(elements) => {
            let elements: Vec<Value> = elements.into_iter().filter_map(choose).collect();
            (!elements.is_empty()).then_some(Value::Array(elements))
        }
        single => choose(single),
    }
}

/// The names of a list, if it has any.
fn names(list: Option<&str>) -> Option<Vec<&str>> {
    let names = list?.split(',').map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then_some(names)
}

fn selectors(names: &[&str]) -> Vec<Selector> {
    let selector = |name: &&str| {
        if name.eq_ignore_ascii_case(schema::ENTERPRISE_USER) {
            return Some(Selector::Extension);
        }
        AttributePath::parse(name).ok().map(Selector::Attribute)
    };
    names.iter().filter_map(selector).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn resource() -> Value {
        json!({
            "schemas": [schema::USER, schema::ENTERPRISE_USER],
            "id": "1",
            "externalId": "e",
            "meta": {"resourceType": "User", "location": "l"},
            "userName": "ana",
            "name": {"givenName": "Ana", "familyName": "Ruiz"},
            "emails": [{"value": "a", "type": "work"}, {"type": "home"}],
            (schema::ENTERPRISE_USER): {"department": "D", "manager": {"value": "2"}},
        })
    }

    fn only(names: &str) -> Value {
        Projection::parse(Some(names), None)
            .unwrap()
            .apply(resource())
    }

    fn without(names: &str) -> Value {
        Projection::parse(None, Some(names))
            .unwrap()
            .apply(resource())
    }

    #[test]
    fn rfc7644_3_4_2_5_only_the_named_and_the_always_returned() {
        let schemas = json!([schema::USER, schema::ENTERPRISE_USER]);
        assert_eq!(only("id"), json!({"schemas": schemas, "id": "1"}));
        assert_eq!(
            only("USERNAME, name.givenName,emails.value,unknown"),
            json!({
                "schemas": schemas, "id": "1", "userName": "ana",
                "name": {"givenName": "Ana"}, "emails": [{"value": "a"}],
            })
        );
        assert_eq!(
            only(&format!(
                "{}:department,meta.location",
                schema::ENTERPRISE_USER
            )),
            json!({
                "schemas": schemas, "id": "1", "meta": {"location": "l"},
                (schema::ENTERPRISE_USER): {"department": "D"},
            })
        );
        let whole = only(schema::ENTERPRISE_USER);
        assert_eq!(
            whole[schema::ENTERPRISE_USER],
            resource()[schema::ENTERPRISE_USER]
        );
        assert_eq!(only("unknown"), json!({"schemas": schemas, "id": "1"}));
    }

    #[test]
    fn rfc7644_3_4_2_5_without_the_named() {
        let mut expected = resource();
        let members = expected.as_object_mut().unwrap();
        members.shift_remove("userName");
        members.shift_remove("meta");
        members["name"] = json!({"familyName": "Ruiz"});
        members[schema::ENTERPRISE_USER] = json!({"department": "D"});
        assert_eq!(
            without("id,schemas,userName,meta,name.givenName,manager"),
            expected
        );
        assert_eq!(
            without(schema::ENTERPRISE_USER).get(schema::ENTERPRISE_USER),
            None
        );
    }

    #[test]
    fn e18_groups_members_may_be_excluded_though_unknown() {
        assert_eq!(without("members"), resource());
    }

    #[test]
    fn both_lists_conflict_unless_empty() {
        let error = Projection::parse(Some("id"), Some("name")).unwrap_err();
        assert_eq!(error.reason, Reason::ProjectionConflict);
        assert_eq!(Projection::parse(Some(" ,"), Some("")), Ok(Projection::All));
    }

    #[test]
    fn an_empty_parameter_counts_as_absent_wherever_it_stands() {
        let pair = |value: &str| ("Attributes".to_owned(), value.to_owned());
        let given = Projection::from_query(&[pair(""), pair("id"), pair(" ")]);
        assert_eq!(given, Projection::parse(Some("id"), None));
    }
}
