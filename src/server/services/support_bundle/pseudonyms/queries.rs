//! Paths, queries and filters: words of the protocol stay, literals get pseudonyms.

use percent_encoding::percent_decode_str;

use super::resources::{attribute_of, is_of_the_schema};
use super::{Part, Pseudonyms};
use crate::server::scim::filter::is_keyword;
use crate::server::scim::list::PARAMETERS;

/// What a path below the Tenant URL may consist of.
const SEGMENTS: [&str; 11] = [
    "scim",
    "v1",
    "v2",
    "Users",
    "Groups",
    "Schemas",
    "ResourceTypes",
    "ServiceProviderConfig",
    "Me",
    "Bulk",
    ".search",
];
/// Words of the protocol beside those of filters.
const WORDS: [&str; 18] = [
    "ascending",
    "descending",
    "add",
    "remove",
    "replace",
    "user",
    "value",
    "$ref",
    "uniqueness",
    "tooMany",
    "invalidFilter",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
];

/// Whether every part of it is a word of the protocol or of the schema: `name.givenName`, `urn:...:User:title`.
pub(super) fn is_path(text: &str) -> bool {
    let text = text.trim();
    let is_word = |word: &str| {
        let is = |known: &&str| known.eq_ignore_ascii_case(word);
        is_keyword(word) || WORDS.iter().any(is) || is_of_the_schema(word)
    };
    !text.is_empty()
        && attribute_of(text)
            .split('.')
            .all(|word| word.is_empty() || is_word(word))
        && (!text.contains(':')
            || text
                .to_ascii_lowercase()
                .starts_with("urn:ietf:params:scim:"))
}

impl Pseudonyms {
    /// A path to an attribute, perhaps with a filter in it.
    pub(super) fn path(&mut self, path: &str) -> String {
        match path.split_once('[') {
            Some((before, rest)) => {
                let (filter, after) = rest.rsplit_once(']').unwrap_or((rest, ""));
                let bracket = if rest.contains(']') { "]" } else { "" };
                format!(
                    "{}[{}{bracket}{}",
                    self.name(before),
                    self.filter(filter),
                    self.name(after)
                )
            }
            None => self.name(path),
        }
    }

    /// The name of an attribute, which may be unknown.
    fn name(&mut self, name: &str) -> String {
        let is_name = name.len() <= 120
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "_$:.-".contains(letter));
        if is_name {
            self.patterns(name)
        } else {
            self.value("attribute", name)
        }
    }

    /// A filter, well-formed or not: whatever is no word of the language is a value.
    pub(super) fn filter(&mut self, filter: &str) -> String {
        let mut shown = String::with_capacity(filter.len());
        let mut rest = filter;
        while let Some(letter) = rest.chars().next() {
            if letter == '"' {
                let (literal, after) = literal(rest);
                let inside = literal.trim_matches('"').replace("\\\"", "\"");
                shown.push('"');
                shown.push_str(&self.word(&inside));
                shown.push('"');
                rest = after;
            } else if letter.is_whitespace() || "()[],;".contains(letter) {
                shown.push(letter);
                rest = &rest[letter.len_utf8()..];
            } else {
                let end = rest
                    .find(|letter: char| letter.is_whitespace() || "()[],;\"".contains(letter))
                    .unwrap_or(rest.len());
                shown.push_str(&self.word(&rest[..end]));
                rest = &rest[end..];
            }
        }
        shown
    }

    fn word(&mut self, word: &str) -> String {
        let is_short_number = word.len() < 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = self.is_role(&super::key(word));
        if word.is_empty() || is_short_number || is_path(word) || is_plain {
            word.to_owned()
        } else {
            self.value("value", word)
        }
    }

    /// A query string with pseudonyms for names and values that are not known to be impersonal.
    pub(super) fn query(&mut self, query: &str) -> String {
        let mut shown = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let name = if PARAMETERS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&name))
            {
                name.into_owned()
            } else {
                self.value("parameter", &name)
            };
            shown.push(format!("{name}={}", self.filter(&value)));
        }
        shown.join("&")
    }

    /// A SCIM path with pseudonyms for ids and for what is no known segment.
    pub(super) fn url_path(&mut self, path: &str) -> String {
        let mut after_users = false;
        // `/scim/{slug}/v2/...`: the slug is the organization's.
        let shown = path.split('/').enumerate().map(|(index, part)| {
            let part = percent_decode_str(part).decode_utf8_lossy();
            let is_id = std::mem::replace(&mut after_users, part.eq_ignore_ascii_case("users"));
            let is_known = index == 2
                || part.is_empty()
                || SEGMENTS
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&part))
                || part
                    .to_ascii_lowercase()
                    .starts_with("urn:ietf:params:scim:");
            if is_known {
                self.patterns(&part)
            } else if is_id {
                self.of_id(&part)
            } else {
                self.value("part", &part)
            }
        });
        shown.collect::<Vec<_>>().join("/")
    }

    /// An id in an address: of whom the request is about.
    fn of_id(&mut self, id: &str) -> String {
        self.of_person(Part::Id, id)
    }
}

/// A quoted text and what follows it; all of the rest where its end is missing.
fn literal(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !is_escaped => return text.split_at(at + 1),
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    (text, "")
}
