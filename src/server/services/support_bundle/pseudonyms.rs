//! A bundle without personal data: whoever and whatever is personal has another name, the same one throughout.
//!
//! Nothing is recognized as personal; what is known not to be is kept, and all else gets a pseudonym. Everything that
//! has got one is then looked for in sentences, where what is quoted, and what looks like an address, goes as well.

mod queries;
mod resources;
mod sentences;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use self::resources::attribute_of;
use super::document::{AffectedUser, Document, Entry, Event, Kind, Person, Text};
use super::secrets::HIDDEN;
use crate::model::log::{AttributeChange, StepKind};
use crate::model::token::TOKEN_START;
use crate::server::scim::resource::case_key;

/// Headers whose values say something about the program that called, not about people.
const HEADERS: [&str; 10] = [
    "accept",
    "accept-encoding",
    "adscimversion",
    "content-length",
    "content-type",
    "if-match",
    "if-none-match",
    "user-agent",
    "x-ms-client-request-id",
    "authorization",
];
const LEFT_OUT: &str = "[left out]";

/// The document with pseudonyms in the place of people and of what is theirs.
pub(super) fn apply(mut document: Document) -> Document {
    let mut names = Pseudonyms::default();
    names.meet(&document);
    // Once to learn what is personal, once more to find it in what came before.
    names.replace(&mut document.clone());
    names.replace(&mut document);
    document
}

/// Everybody and everything that has another name.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    people: usize,
    /// Ids, names and mail addresses of people, by [`key`]; the first who has it.
    known: HashMap<(Part, String), usize>,
    /// Who is called what: several may have one name.
    called: HashSet<(usize, String)>,
    /// Values of other attributes, by [`key`].
    values: HashMap<String, String>,
    /// How many values of each attribute have a pseudonym.
    counts: HashMap<String, usize>,
    /// The organization's roles, and the values that were sent as roles.
    roles: HashSet<String>,
    sent_roles: HashSet<String>,
    /// Whom the text that is looked at is about.
    about: Option<usize>,
}

/// What a text says about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Id,
    UserName,
    ExternalId,
    Name,
}

impl Part {
    /// In the order in which a text is taken for one of them.
    const ALL: [Self; 4] = [Self::Id, Self::UserName, Self::ExternalId, Self::Name];

    fn of(self, person: usize) -> String {
        match self {
            Self::Id => format!("user-id-{person}"),
            Self::UserName => format!("user-{person}@example.invalid"),
            Self::ExternalId => format!("external-id-{person}"),
            Self::Name => format!("User {person}"),
        }
    }
}

/// The same text in any case and between any signs.
fn key(text: &str) -> String {
    let bare = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    case_key(if bare.is_empty() { text.trim() } else { bare })
}

impl Pseudonyms {
    /// Learns who is who from what is known by its kind.
    fn meet(&mut self, document: &Document) {
        for role in &document.roles {
            self.roles.insert(key(&role.value));
            self.roles.insert(key(&role.means));
        }
        self.person(&document.person);
        let users = document.users.iter().map(|user| &user.person);
        let entries = document.entries.iter().map(|entry| &entry.person);
        let events = document.history.iter().map(|event| &event.person);
        for person in users.chain(entries).chain(events) {
            self.person(person);
        }
    }

    /// The number of a person, who is known by an id, a userName or an externalId; by the name only without these.
    fn person(&mut self, person: &Person) -> Option<usize> {
        let said = [
            (Part::Id, &person.id),
            (Part::UserName, &person.user_name),
            (Part::ExternalId, &person.external_id),
            (Part::Name, &person.name),
        ];
        let said: Vec<(Part, &str)> = said
            .into_iter()
            .filter_map(|(part, text)| Some((part, text.as_deref()?)))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect();
        let has_name_only = said.len() == 1;
        said.first()?;
        let number = said
            .iter()
            .filter(|(part, _)| *part != Part::Name || has_name_only)
            .find_map(|(part, text)| self.known.get(&(*part, key(text))).copied());
        let number = number.unwrap_or_else(|| self.somebody_new());
        for (part, text) in said {
            self.learn(number, part, text);
        }
        Some(number)
    }

    fn somebody_new(&mut self) -> usize {
        self.people += 1;
        self.people
    }

    fn learn(&mut self, person: usize, part: Part, text: &str) {
        let key = key(text);
        if part == Part::Name {
            self.called.insert((person, key.clone()));
        }
        self.known.entry((part, key)).or_insert(person);
    }

    /// The pseudonym of what a text is known as, for a person or for a value.
    fn known(&self, key: &str) -> Option<String> {
        self.known_person(key)
            .or_else(|| self.values.get(key).cloned())
    }

    fn known_person(&self, key: &str) -> Option<String> {
        if let Some(about) = self
            .about
            .filter(|about| self.called.contains(&(*about, key.to_owned())))
        {
            return Some(Part::Name.of(about));
        }
        Part::ALL.into_iter().find_map(|part| {
            let person = self.known.get(&(part, key.to_owned()))?;
            Some(part.of(*person))
        })
    }

    /// Whether it is a role, of the organization or as it was sent, and nobody's name.
    fn is_role(&self, key: &str) -> bool {
        let is_of_the_catalogue = self.roles.contains(key) && self.known_person(key).is_none();
        is_of_the_catalogue || (self.sent_roles.contains(key) && self.known(key).is_none())
    }

    /// What stands for a part of somebody: of whom the text is about, unless the text is known as another's.
    fn of_person(&mut self, part: Part, text: &str) -> String {
        if text.trim().is_empty() {
            return text.to_owned();
        }
        let key = key(text);
        let is_own_name = part == Part::Name
            && self
                .about
                .is_some_and(|about| self.called.contains(&(about, key.clone())));
        let person = match (self.about, self.known.get(&(part, key.clone()))) {
            (Some(about), _) if is_own_name => about,
            (_, Some(known)) => *known,
            (about, None) => match self.known(&key) {
                Some(pseudonym) => return pseudonym,
                None => about.unwrap_or_else(|| self.somebody_new()),
            },
        };
        self.learn(person, part, text);
        part.of(person)
    }

    /// What stands for a value of any other attribute.
    fn value(&mut self, attribute: &str, text: &str) -> String {
        let trimmed = text.trim();
        let is_plain = ["true", "false", HIDDEN]
            .iter()
            .any(|word| trimmed.eq_ignore_ascii_case(word));
        if trimmed.is_empty() || is_plain {
            return text.to_owned();
        }
        if let Some(pseudonym) = self.known(&key(text)) {
            return pseudonym;
        }
        if sentences::is_mail(trimmed) {
            return self.of_nobody_known(text);
        }
        let attribute = if attribute.is_empty() {
            "value"
        } else {
            attribute
        };
        let count = self.counts.entry(attribute.to_owned()).or_default();
        *count += 1;
        let pseudonym = format!("[{attribute} {count}]");
        self.values.insert(key(text), pseudonym.clone());
        pseudonym
    }

    /// What stands for a mail address, of which nobody knows whose it is.
    fn of_nobody_known(&mut self, mail: &str) -> String {
        let about = self.about.take();
        let pseudonym = self.of_person(Part::UserName, mail);
        self.about = about;
        pseudonym
    }

    fn address(&mut self, text: &str) -> String {
        let address = text.trim().parse::<IpAddr>();
        self.value(
            "address",
            &address.map_or_else(|_| text.to_owned(), |ip| ip.to_string()),
        )
    }

    fn text(&mut self, text: &mut Text) {
        text.text = match text.kind {
            Kind::Ours => return,
            Kind::Sentence => self.sentence(&text.text),
            Kind::Attribute => self.path(&text.text),
            Kind::UserName => self.of_person(Part::UserName, &text.text),
            Kind::PersonName => self.of_person(Part::Name, &text.text),
            Kind::UserId => self.of_person(Part::Id, &text.text),
            Kind::ExternalId => self.of_person(Part::ExternalId, &text.text),
            Kind::Address => self.address(&text.text),
            Kind::Account => self.value("account", &text.text),
            Kind::Token => prefix_of(&text.text),
        };
    }

    fn replace(&mut self, document: &mut Document) {
        self.about = None;
        self.text(&mut document.made_by);
        for user in &mut document.users {
            self.user(user);
        }
        for entry in &mut document.entries {
            self.entry(entry);
        }
        for event in &mut document.history {
            self.event(event);
        }
        self.about = self.person(&document.person);
        self.text(&mut document.title);
        for fact in document.facts.iter_mut().chain(&mut document.settings) {
            self.text(&mut fact.value);
        }
        self.about = None;
        for role in &mut document.roles {
            for text in [&mut role.value, &mut role.means] {
                *text = match self.is_role(&key(text)) {
                    true => self.patterns(text),
                    false => self.value("role", text),
                };
            }
        }
    }

    fn user(&mut self, user: &mut AffectedUser) {
        self.about = self.person(&user.person);
        for text in [&mut user.name, &mut user.user_name, &mut user.id] {
            self.text(text);
        }
    }

    fn event(&mut self, event: &mut Event) {
        self.about = self.person(&event.person);
        self.text(&mut event.user);
        self.text(&mut event.by);
        self.changes(&mut event.changes);
    }

    fn entry(&mut self, entry: &mut Entry) {
        self.about = self.person(&entry.person);
        entry.request_body = entry.request_body.take().map(|body| self.body(&body));
        entry.response_body = entry.response_body.take().map(|body| self.body(&body));
        self.changes(&mut entry.changes);
        entry.path = self.url_path(&entry.path);
        entry.query = entry.query.take().map(|query| self.query(&query));
        for (name, value) in &mut entry.headers {
            *value = if HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                self.sentence(value)
            } else {
                LEFT_OUT.to_owned()
            };
        }
        for fact in &mut entry.facts {
            self.text(&mut fact.value);
        }
        for step in &mut entry.steps {
            // It names the token as its Admin has called it.
            let names_token = step.name == step_name(StepKind::Authenticate);
            step.text = if names_token && step.text.starts_with("Token ") {
                "The token is valid.".to_owned()
            } else {
                self.sentence(&step.text)
            };
        }
        for remark in &mut entry.remarks {
            remark.text = self.sentence(&remark.text);
            remark.attribute = remark.attribute.take().map(|path| self.path(&path));
        }
    }

    fn changes(&mut self, changes: &mut [AttributeChange]) {
        for change in changes {
            let attribute = attribute_of(&change.attribute);
            for value in [&mut change.old, &mut change.new].into_iter().flatten() {
                *value = self.attribute_text(&attribute, value);
            }
            change.attribute = self.path(&change.attribute);
        }
    }
}

/// As the log's pages name it.
pub(super) fn step_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Authenticate => "Authenticate",
        StepKind::Parse => "Parse",
        StepKind::Match => "Match",
        StepKind::Validate => "Validate",
        StepKind::Apply => "Apply",
        StepKind::Store => "Store",
    }
}

/// What is shown of a token: nothing but its prefix.
fn prefix_of(text: &str) -> String {
    let prefix = text.rsplit_once('(').map_or(text, |(_, rest)| rest);
    let prefix = prefix.trim_end_matches(')');
    if prefix.starts_with(TOKEN_START) {
        prefix.to_owned()
    } else {
        LEFT_OUT.to_owned()
    }
}

#[cfg(test)]
mod tests;
