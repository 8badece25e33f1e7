//! A new issue, and one that is over: what Entra was refused, for whom, and how it is put right.

use super::letter::{Letter, Part, Person, Tone};
use super::{
    Composed, LONGEST_NAME, LONGEST_PHRASE, MailContext, capitalized, clean, compose, linked,
};
use crate::model::log::Action;
use crate::model::page::{counted, number};
use crate::server::clock::Millis;
use crate::server::scim::reason::Reason;
use crate::server::services::log_search::title;

/// Users that a mail names.
const NAMED: usize = 5;

/// What is known of an issue.
#[derive(Debug, Clone)]
pub struct IssueFacts {
    pub id: String,
    pub action: Action,
    pub reason: Reason,
    pub attribute: Option<String>,
    pub value: Option<String>,
    /// Users who have not succeeded since; of some issues, such as refused look-ups, there are none.
    pub users: u64,
    /// The first of them; more than a mail names do no harm.
    pub people: Vec<IssuePerson>,
    pub events: u64,
    pub first_seen_at: Millis,
    pub last_seen_at: Millis,
}

/// Somebody that an issue is about.
#[derive(Debug, Clone)]
pub struct IssuePerson {
    pub name: String,
    pub user_name: Option<String>,
}

impl IssueFacts {
    /// The cause in plain words.
    pub(super) fn cause(&self) -> String {
        let value = self
            .value
            .as_deref()
            .map(|value| clean(value, LONGEST_NAME));
        let title = title(
            self.reason.explanation(),
            self.attribute.as_deref(),
            value.as_deref(),
        );
        clean(&title, LONGEST_PHRASE)
    }

    /// Whether requests are refused, rather than carried out with a remark.
    fn is_failure(&self) -> bool {
        self.reason.explanation().status != 200
    }

    /// "3 users were not updated", where it is about users.
    fn effect(&self) -> Option<String> {
        let verb = match self.action {
            Action::Create => "created",
            Action::Update => "updated",
            Action::Disable => "disabled",
            Action::Enable => "enabled",
            Action::Delete => "deleted",
            Action::Match
            | Action::Read
            | Action::List
            | Action::TestConnection
            | Action::Discover
            | Action::Bulk
            | Action::Unknown => return None,
        };
        (self.users > 0 && self.is_failure()).then(|| {
            let were = if self.users == 1 { "was" } else { "were" };
            format!("{} {were} not {verb}", counted(self.users, "user", "users"))
        })
    }

    /// One line: effect and cause.
    pub(super) fn line(&self) -> String {
        match self.effect() {
            Some(effect) => format!("{effect}: {}", lower_first(&self.cause())),
            None => self.cause(),
        }
    }

    /// "400 invalidValue"
    fn answer(&self) -> String {
        let reason = self.reason.explanation();
        match reason.scim_type {
            Some(scim_type) => format!("{} {}", reason.status, scim_type.as_str()),
            None => reason.status.to_string(),
        }
    }

    /// Its page, below the organization's.
    pub(super) fn path(&self) -> String {
        format!("/issues/{}", self.id)
    }

    /// How often and until when, for a list.
    pub(super) fn course(&self, context: &MailContext<'_>) -> String {
        let requests = if self.is_failure() {
            counted(self.events, "request failed", "requests failed")
        } else {
            counted(self.events, "remark", "remarks")
        };
        format!(
            "{requests}, the last on {}.",
            context.setting.at(self.last_seen_at)
        )
    }

    /// How often and since when, once it is over.
    pub(super) fn past(&self, context: &MailContext<'_>) -> String {
        let requests = counted(
            self.events,
            "request was part of it",
            "requests were part of it",
        );
        format!(
            "{requests} since {}",
            context.setting.at(self.first_seen_at)
        )
    }
}

/// A new issue.
pub fn issue(context: &MailContext<'_>, facts: &IssueFacts) -> Composed {
    compose(&new_issue(context, facts))
}

/// The letter itself, of which the mail is composed.
pub(super) fn new_issue(context: &MailContext<'_>, facts: &IssueFacts) -> Letter {
    let explanation = facts.reason.explanation();
    let cause = facts.cause();
    let (tone, kind) = if facts.is_failure() {
        (Tone::Fail, "Failure")
    } else {
        (Tone::Warn, "Warning")
    };
    let mut parts = vec![Part::text(explanation.happened)];
    if !facts.people.is_empty() {
        parts.push(people(facts));
    }
    parts.push(Part::steps("Why Entra sends this", &[explanation.why]));
    if !explanation.fix_in_entra.is_empty() {
        parts.push(Part::steps("Fix it in Entra", explanation.fix_in_entra));
    }
    if !explanation.fix_here.is_empty() {
        let title = if explanation.fix_in_entra.is_empty() {
            "Fix it in Rhombus"
        } else {
            "Or in Rhombus"
        };
        // The heading has said the first "or".
        let steps = explanation.fix_here.iter().enumerate();
        let steps = steps.map(|(at, step)| match step.strip_prefix("Or ") {
            Some(rest) if at == 0 => linked(&capitalized(rest), context),
            _ => linked(step, context),
        });
        parts.push(Part::Steps {
            title,
            steps: steps.collect(),
        });
    }
    parts.extend([
        Part::steps("What happens next", &[explanation.next]),
        Part::Button {
            label: "Open the issue",
            url: context.page(&facts.path()),
        },
        Part::Facts(vec![
            ("Answer to Entra", facts.answer()),
            ("Requests until now", number(facts.events)),
            ("First seen", context.setting.at(facts.first_seen_at)),
        ]),
    ]);
    Letter {
        subject: context.subject(&facts.line()),
        preview: explanation.happened.to_owned(),
        tone,
        kind: context.kind(kind, facts.first_seen_at),
        title: match facts.effect() {
            Some(effect) => format!("{effect}: {}", lower_first(&cause)),
            None => cause,
        },
        parts,
        foot: context.foot(Some("this issue")),
    }
}

/// An issue that is over and was told.
pub fn issue_resolved(
    context: &MailContext<'_>,
    facts: &IssueFacts,
    resolved_at: Millis,
) -> Composed {
    let cause = facts.cause();
    compose(&Letter {
        subject: context.subject(&format!("Resolved: {}", lower_first(&cause))),
        preview: "There is nothing to do.".to_owned(),
        tone: Tone::Ok,
        kind: context.kind("Resolved", resolved_at),
        title: format!("Resolved: {}", lower_first(&cause)),
        parts: vec![
            Part::text(format!(
                "{}. What failed has gone through, its users are gone, or somebody has closed the issue. If \
                 it comes back, you hear of it again.",
                facts.past(context)
            )),
            Part::Button {
                label: "Open the issue",
                url: context.page(&facts.path()),
            },
        ],
        foot: context.foot(None),
    })
}

fn people(facts: &IssueFacts) -> Part {
    let people: Vec<Person> = facts
        .people
        .iter()
        .take(NAMED)
        .map(|person| Person {
            name: clean(&person.name, LONGEST_NAME),
            user_name: person
                .user_name
                .as_deref()
                .filter(|user_name| *user_name != person.name)
                .map(|user_name| clean(user_name, LONGEST_PHRASE))
                .unwrap_or_default(),
        })
        .collect();
    let named = u64::try_from(people.len()).unwrap_or(u64::MAX);
    Part::People {
        people,
        more: facts.users.saturating_sub(named),
    }
}

/// A title in the middle of a sentence; names stay as they are.
pub(super) fn lower_first(text: &str) -> String {
    if ["Entra", "Rhombus"]
        .iter()
        .any(|name| text.starts_with(name))
    {
        return text.to_owned();
    }
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second))
            if first.is_uppercase() && (second.is_lowercase() || second == ' ') =>
        {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
