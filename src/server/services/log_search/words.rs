//! An entry in words: whom it is about, what it did or why not, and what to do then.

use crate::model::log::{
    Action, AttributeChange, Explanation, LARGE_CHANGE, Status, Step, StepKind,
};
use crate::server::scim::reason::{self, Reason};
use crate::server::services::changes;
use crate::server::services::issue_fix::has_cure;
use crate::server::store::log_search::Entry;

/// Whom an entry is about: a name, a userName, or what kind of call it was.
pub(super) fn identity(entry: &Entry, action: Action) -> String {
    let name = entry.label.as_deref().or(entry.user_name.as_deref());
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    match action {
        Action::TestConnection => "Connection check",
        Action::Discover if entry.path.contains("/ResourceTypes") => "Resource types",
        Action::Discover if entry.path.contains("/ServiceProviderConfig") => "Configuration",
        Action::Discover => "Schema discovery",
        Action::List => "List of users",
        Action::Bulk => "Bulk request",
        Action::Create => "New user",
        Action::Update
        | Action::Disable
        | Action::Enable
        | Action::Delete
        | Action::Match
        | Action::Read => "Unknown user",
        Action::Unknown if entry.http_status == 401 => "Caller without a valid token",
        Action::Unknown => "Unknown address",
    }
    .to_owned()
}

/// One line for the list: what changed, or why not. `changes` are absent where they are too large for it.
pub(super) fn summary(
    entry: &Entry,
    action: Action,
    status: Status,
    changes: Option<&[AttributeChange]>,
) -> String {
    if status == Status::Failure {
        return refusal(entry.reason.as_deref(), entry.detail.as_deref());
    }
    if status == Status::Skipped {
        return "Nothing to change, the stored values are the same".to_owned();
    }
    let remark = || match entry.reason.as_deref() {
        Some(reason) if status == Status::Warning => {
            Some(refusal(Some(reason), entry.detail.as_deref()))
        }
        _ => None,
    };
    match action {
        Action::Create => changes.and_then(changes::new_role).map_or_else(
            || "Created".to_owned(),
            |role| format!("Created with role {role}"),
        ),
        Action::Delete => "Deleted".to_owned(),
        Action::Match if entry.user_id.is_none() => how_many(entry),
        Action::Match => match entry.label.as_deref().or(entry.user_name.as_deref()) {
            Some(name) => format!("Found {name}"),
            None => "Found one user".to_owned(),
        },
        Action::Read => "Read".to_owned(),
        Action::List => "Listed users".to_owned(),
        Action::TestConnection => "Entra checked the connection".to_owned(),
        Action::Discover => "Entra asked what is supported".to_owned(),
        Action::Update | Action::Disable | Action::Enable | Action::Bulk | Action::Unknown => {
            changes
                .map_or_else(|| Some(LARGE_CHANGE.to_owned()), changes::line)
                .or_else(remark)
                .unwrap_or_else(|| action.label().to_owned())
        }
    }
}

/// How many users a look-up found that is not about one: its step says it.
fn how_many(entry: &Entry) -> String {
    let steps = entry.match_steps.as_deref().unwrap_or_default();
    let steps: Vec<Step> = serde_json::from_str(steps).unwrap_or_default();
    let found = steps.into_iter().find(|step| step.kind == StepKind::Match);
    found.map_or_else(
        || "No user fits".to_owned(),
        |step| step.text.trim_end_matches('.').to_owned(),
    )
}

/// Why a request was refused, in one line: the detail that Entra was told, else the catalogue's title.
pub fn refusal(reason: Option<&str>, detail: Option<&str>) -> String {
    let detail = detail.filter(|detail| !detail.is_empty());
    match (detail, reason) {
        (Some(detail), _) => changes::shortened(detail, 160),
        (None, Some(reason)) => {
            explanation(reason).map_or_else(|| reason.to_owned(), |found| found.title)
        }
        (None, None) => "Refused".to_owned(),
    }
}

/// The problem in plain words, with the attribute or the value in it where the catalogue has a place for it.
pub fn title(
    explanation: &reason::Explanation,
    attribute: Option<&str>,
    value: Option<&str>,
) -> String {
    let named = explanation.named.and_then(|named| {
        let (place, text) = match named.contains("{value}") {
            true => ("{value}", value?),
            false => ("{attribute}", attribute?),
        };
        Some(named.replace(place, text))
    });
    named.unwrap_or_else(|| explanation.title.to_owned())
}

/// What the catalogue of reason codes says.
pub fn explanation(reason: &str) -> Option<Explanation> {
    let reason = Reason::from_code(reason)?;
    let found = reason.explanation();
    let owned = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect();
    Some(Explanation {
        title: found.title.to_owned(),
        happened: found.happened.to_owned(),
        why: found.why.to_owned(),
        fix_in_entra: owned(found.fix_in_entra),
        fix_here: owned(found.fix_here),
        has_cure: has_cure(reason),
        next: found.next.to_owned(),
        entra_code: found.entra_code.map(str::to_owned),
        rfc: found.rfc.map(str::to_owned),
    })
}
