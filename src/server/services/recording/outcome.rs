//! What an entry means for the organization's issues: one more occurrence, or the end of an older trouble.

use super::redacted;
use crate::model::log::{Action, Status};
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::{Concern, Reason};
use crate::server::scim::resource::Remark;
use crate::server::secret;
use crate::server::store::issue_records::{
    AffectedUser, Ended, Occurrence, Success, external_key, name_key, user_key,
};
use crate::server::store::provisioning_logs::NewEntry;

/// Characters of the hash that names an issue: 128 bits.
const ID: usize = 32;

/// The remark whose reason and attribute are the entry's.
pub(super) fn gravest(remarks: &[Remark]) -> Option<&Remark> {
    // Of several of one rank the first.
    remarks
        .iter()
        .min_by_key(|remark| remark.reason.remark_rank())
}

/// The issues that an entry belongs to, each once and in the order of their ids: that of its refusal, else those of
/// what was remarked upon.
pub(super) fn occurrences(
    entry: &NewEntry,
    error: Option<&ScimError>,
    remarks: &[Remark],
) -> Vec<Occurrence> {
    if entry.organization_id.is_empty() {
        return Vec::new();
    }
    if let Some(error) = error {
        let value = error.value.clone().map(redacted);
        let refusal = occurrence(entry, error.reason, entry.attribute.clone(), value);
        return refusal.into_iter().collect();
    }
    let mut found: Vec<Occurrence> = remarks
        .iter()
        .filter_map(|remark| {
            let attribute = remark.attribute.clone().map(redacted);
            let value = remark.value.clone().map(redacted);
            occurrence(entry, remark.reason, attribute, value)
        })
        .collect();
    found.sort_by(|a, b| a.issue_id.cmp(&b.issue_id));
    // Two names with tokens in them may be one when those are hidden.
    found.dedup_by(|a, b| a.issue_id == b.issue_id);
    found
}

/// An entry as an event of the issue of that reason. `value` is what its title may name.
fn occurrence(
    entry: &NewEntry,
    reason: Reason,
    attribute: Option<String>,
    value: Option<String>,
) -> Option<Occurrence> {
    let action = entry.action;
    if !is_issue(reason, action) {
        return None;
    }
    let mut occurrence = of_reason(&entry.organization_id, reason, action, attribute);
    // Whose name it is stands with whom the issue is about, and goes with them.
    occurrence.value = value.clone().filter(|_| reason != Reason::UserNameTaken);
    occurrence.at = entry.occurred_at;
    occurrence.log_id = Some(entry.id.clone());
    // A user that does not exist is nobody, and nobody is told apart where nobody is let in.
    let has_user =
        action.is_change() && !reason.is_of_every_request() && reason != Reason::UserNotFound;
    occurrence.user = affected(entry).filter(|_| has_user);
    if let Some(user) = &mut occurrence.user {
        user.value = value.filter(|_| needs_value(reason));
    }
    Some(occurrence)
}

/// Whether the cure depends on what each user was refused for.
fn needs_value(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::RoleUnknown
            | Reason::UnknownRoleReplaced
            | Reason::RoleUnreviewed
            | Reason::UserNameTaken
    )
}

/// The id of the issue that an entry of the log belongs to, if it is of a kind that does.
pub fn issue_id(
    organization_id: &str,
    action: Action,
    reason: &str,
    attribute: Option<&str>,
) -> Option<String> {
    let reason = Reason::from_code(reason)?;
    let attribute = attribute.map(str::to_owned);
    is_issue(reason, action).then(|| of_reason(organization_id, reason, action, attribute).issue_id)
}

fn is_issue(reason: Reason, action: Action) -> bool {
    match reason.concern() {
        Concern::Always => true,
        Concern::Updates => action.is_change() && action != Action::Delete,
        Concern::Never => false,
    }
}

/// Requests that are counted only belong to an issue all the same.
pub(super) fn counted_only(organization_id: &str, reason: &str) -> Option<Occurrence> {
    let reason = Reason::from_code(reason)?;
    let is_wanted = reason.concern() == Concern::Always && !organization_id.is_empty();
    is_wanted.then(|| of_reason(organization_id, reason, Action::Unknown, None))
}

fn of_reason(
    organization_id: &str,
    reason: Reason,
    action: Action,
    attribute: Option<String>,
) -> Occurrence {
    // Whatever is asked for is answered in the same way.
    let action = if reason.is_of_every_request() {
        Action::Unknown
    } else {
        action
    };
    let attribute = attribute.unwrap_or_default();
    let (name, code) = (action.as_str(), reason.code());
    let mut issue_id = secret::hash(&format!("{organization_id}\n{name}\n{code}\n{attribute}"));
    issue_id.truncate(ID);
    Occurrence {
        issue_id,
        organization_id: organization_id.to_owned(),
        action,
        reason: code,
        is_remark: reason.is_remark(),
        attribute,
        value: None,
        at: 0,
        events: 1,
        log_id: None,
        user: None,
    }
}

fn affected(entry: &NewEntry) -> Option<AffectedUser> {
    if let Some(id) = &entry.user_id {
        return Some(AffectedUser {
            key: user_key(id),
            user_id: Some(id.clone()),
            user_name: None,
            label: None,
            value: None,
        });
    }
    let name = entry.user_name_key.as_deref().filter(|key| !key.is_empty());
    let key = match (name, entry.external_id.as_deref()) {
        (Some(key), _) => name_key(key),
        (None, Some(id)) => external_key(id),
        (None, None) => return None,
    };
    Some(AffectedUser {
        key,
        user_id: None,
        user_name: entry.user_name.clone(),
        label: entry.label.clone(),
        value: None,
    })
}

/// What an entry of a change that was carried out puts right.
pub(super) fn success(entry: &NewEntry) -> Option<Success> {
    if entry.status == Status::Failure {
        return None;
    }
    let user = user_key(entry.user_id.as_deref()?);
    let ended = match entry.action {
        Action::Create => Ended::Create {
            name: name_key(entry.user_name_key.as_deref()?),
            external: external_key(entry.external_id.as_deref().unwrap_or_default()),
        },
        Action::Update | Action::Disable | Action::Enable => Ended::Change { user },
        Action::Delete => Ended::Delete { user },
        _ => return None,
    };
    Some(Success {
        organization_id: entry.organization_id.clone(),
        at: entry.occurred_at,
        ended,
    })
}
