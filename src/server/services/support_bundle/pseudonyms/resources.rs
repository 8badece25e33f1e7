//! Bodies: resources, lists of them, PATCH operations and error answers.

use serde_json::{Map, Value};

use super::{Part, Pseudonyms, key};
use crate::model::log::Action;
use crate::server::scim::schema::{self, Schema};

const NOT_READABLE: &str =
    "[left out: it cannot be read as JSON, so personal data in it cannot be found]";
/// Members of messages whose values are not about anybody.
const MESSAGE: [&str; 11] = [
    "op",
    "scimtype",
    "status",
    "totalresults",
    "startindex",
    "itemsperpage",
    "count",
    "sortorder",
    "sortby",
    "attributes",
    "excludedattributes",
];
/// `meta` of a resource, but where it is.
const META: [&str; 4] = [
    "meta.resourcetype",
    "meta.created",
    "meta.lastmodified",
    "meta.version",
];

/// The attribute that a path leads to, in lower case and without filters: `emails.value`, `department`.
pub(super) fn attribute_of(path: &str) -> String {
    let path = path.to_ascii_lowercase();
    let mut name = String::with_capacity(path.len());
    let mut depth = 0_usize;
    for letter in path.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            letter if depth == 0 => name.push(letter),
            _ => {}
        }
    }
    match name.rsplit_once(':') {
        // The extension itself.
        Some((_, "user")) => String::new(),
        Some((_, name)) => name.to_owned(),
        None => name,
    }
}

/// Whether a word is the name of an attribute, or one of the values that the schema lists.
pub(super) fn is_of_the_schema(word: &str) -> bool {
    let is_of = |attributes: &[schema::Attribute]| {
        let mut all = attributes
            .iter()
            .flat_map(|attribute| attribute.sub_attributes.iter().chain([attribute]));
        all.any(|attribute| {
            attribute.name.eq_ignore_ascii_case(word)
                || attribute
                    .canonical_values
                    .iter()
                    .any(|value| value.eq_ignore_ascii_case(word))
        })
    };
    [Schema::Core, Schema::Enterprise, Schema::Common]
        .iter()
        .any(|schema| is_of(schema.attributes()))
}

fn is_identifier(name: &str) -> bool {
    name.len() <= 80
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '$')
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_$:.-".contains(letter))
}

impl Pseudonyms {
    /// A body; one that is no JSON is left out, because nothing in it can be told apart.
    pub(super) fn body(&mut self, text: &str) -> String {
        if text.trim().is_empty() {
            return String::new();
        }
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) => {
                self.json("", &mut value);
                serde_json::to_string_pretty(&value).unwrap_or_default()
            }
            Err(_) => NOT_READABLE.to_owned(),
        }
    }

    /// The text of a value of an attribute, which may be JSON itself.
    pub(super) fn attribute_text(&mut self, attribute: &str, text: &str) -> String {
        if text.trim_start().starts_with(['{', '['])
            && let Ok(mut value) = serde_json::from_str::<Value>(text)
        {
            self.json(attribute, &mut value);
            return value.to_string();
        }
        self.leaf(attribute, text)
    }

    fn json(&mut self, attribute: &str, value: &mut Value) {
        match value {
            Value::Object(members) => self.object(attribute, members),
            Value::Array(elements) => {
                for element in elements {
                    self.json(attribute, element);
                }
            }
            Value::String(text) => *text = self.attribute_text(attribute, text),
            Value::Number(number) if !is_plain(attribute) => {
                // Long enough to be somebody's number.
                let text = number.to_string();
                if text.len() > 4 {
                    *value = Value::from(self.value(&label(attribute), &text));
                } else {
                    *value = Value::from(0);
                }
            }
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn object(&mut self, attribute: &str, members: &mut Map<String, Value>) {
        let about = self.about;
        let text = |name: &str| {
            members
                .iter()
                .find(|(member, _)| member.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.as_str())
                .map(str::to_owned)
        };
        if attribute.is_empty() && text("userName").is_some() && text("id").is_some() {
            // A resource says itself whom it is about.
            self.about = self.person(&super::Person {
                id: text("id"),
                user_name: text("userName"),
                external_id: text("externalId"),
                name: text("displayName"),
            });
        }
        let target = text("op").and_then(|_| text("path"));
        let renamed = std::mem::take(members)
            .into_iter()
            .map(|(name, mut value)| {
                let lower = name.to_ascii_lowercase();
                match (&target, lower.as_str()) {
                    (Some(target), "value") => {
                        let target = attribute_of(target);
                        self.json(&target, &mut value);
                    }
                    (_, "path") if attribute.is_empty() => {
                        if let Value::String(path) = &mut value {
                            *path = self.path(path);
                        } else {
                            self.json("value", &mut value);
                        }
                    }
                    (_, "operations" | "resources") if attribute.is_empty() => {
                        self.json("", &mut value)
                    }
                    (None, "value") if attribute.is_empty() => self.json("", &mut value),
                    (_, urn) if urn.starts_with("urn:") => {
                        let within = attribute_of(urn);
                        self.json(&within, &mut value);
                    }
                    _ => {
                        let within = attribute_of(&name);
                        let within = match attribute {
                            "" => within,
                            above => format!("{above}.{within}"),
                        };
                        self.json(&within, &mut value);
                    }
                }
                let name = if is_identifier(&name) {
                    self.patterns(&name)
                } else {
                    self.value("attribute", &name)
                };
                (name, value)
            });
        *members = renamed.collect::<Vec<_>>().into_iter().collect();
        self.about = about;
    }

    /// A single text by the attribute that it is the value of.
    fn leaf(&mut self, attribute: &str, text: &str) -> String {
        let is_urn = text
            .to_ascii_lowercase()
            .starts_with("urn:ietf:params:scim:");
        match attribute {
            "schemas" if is_urn => self.patterns(text),
            "op" if is_identifier(text) => self.patterns(text),
            "scimtype" | "status" | "sortorder" | "sortby" | "attributes"
            | "excludedattributes" | "filter" => self.filter(text),
            "detail" => self.sentence(text),
            "id" => self.of_person(Part::Id, text),
            "externalid" => self.of_person(Part::ExternalId, text),
            "username" | "emails.value" => self.of_person(Part::UserName, text),
            "displayname" | "name.formatted" => self.of_person(Part::Name, text),
            "meta.location" => self.location(text),
            _ if META.contains(&attribute) => self.patterns(text),
            _ if is_role(attribute) => {
                self.sent_roles.insert(key(text));
                // What is known as somebody's is no role, wherever it stands.
                match self.is_role(&key(text)) {
                    true => self.patterns(text),
                    false => self.value("role", text),
                }
            }
            _ if last(attribute) == "type" && is_of_the_schema(text) => text.to_owned(),
            _ => self.value(&label(attribute), text),
        }
    }

    fn location(&mut self, text: &str) -> String {
        match text.rsplit_once("/Users/") {
            Some((_, id)) => format!("…/Users/{}", self.of_person(Part::Id, id)),
            None => self.value("location", text),
        }
    }
}

/// Roles decide what somebody may do; they are what most troubles are about.
fn is_role(attribute: &str) -> bool {
    attribute == "roles" || attribute.starts_with("roles.")
}

fn is_plain(attribute: &str) -> bool {
    is_role(attribute) || MESSAGE.contains(&attribute) || META.contains(&attribute)
}

/// The attribute's own name as the schema writes it.
fn label(attribute: &str) -> String {
    let name = last(attribute);
    let found = [Schema::Core, Schema::Enterprise, Schema::Common]
        .iter()
        .flat_map(|schema| schema.attributes())
        .flat_map(|attribute| attribute.sub_attributes.iter().chain([attribute]))
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name));
    match found {
        Some(attribute) => attribute.name.to_owned(),
        None if is_identifier(name) => name.to_owned(),
        None => "value".to_owned(),
    }
}

/// The last part of a path; a value bears the name of what it is the value of.
fn last(attribute: &str) -> &str {
    match attribute.rsplit_once('.') {
        Some((above, "value" | "display")) => above,
        Some((_, name)) => name,
        None => attribute,
    }
}

/// Words of the log's own that a sentence may quote.
pub(super) fn is_action(word: &str) -> bool {
    Action::ALL
        .iter()
        .any(|action| action.label().eq_ignore_ascii_case(word))
}
