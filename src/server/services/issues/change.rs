//! What people do about an issue: acknowledge, assign, resolve, ignore, reopen, note. Each is audited and stands in the
//! issue's history; a note's text stands in the history alone.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::model::account::AccountRole;
use crate::model::issue::{IssueEventKind, IssueState};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::{DAY, Millis};
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::moments::Moments;
use crate::server::store::accounts::{self, Account, Whose};
use crate::server::store::issue_changes::{self as store, NewEvent, Standing};
use crate::server::store::keyset::From;
use crate::server::store::sql::Connection;
use crate::server::store::{Tx, issues};

/// Accounts that one may choose from; more have to take an issue themselves.
const ASSIGNEES: i64 = 100;
/// Characters of a note at most.
const NOTE: usize = 4_000;
/// Most events and days that one may ignore an issue for.
const EVENTS: i64 = 1_000_000;
const DAYS: i64 = 730;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Acknowledge,
    /// To an account; `None` takes it away.
    Assign(Option<String>),
    Resolve,
    /// Until it comes again after so many days.
    IgnoreDays(i64),
    /// Until it has come so many times more.
    IgnoreEvents(i64),
    IgnoreForGood,
    Reopen,
    Note(String),
}

impl Act {
    fn check(self) -> Result<Self, ServiceError> {
        match self {
            Self::IgnoreDays(days) if !(1..=DAYS).contains(&days) => Err(ServiceError::invalid(
                "days",
                "Choose a whole number of days from 1 to 730.",
            )),
            Self::IgnoreEvents(events) if !(1..=EVENTS).contains(&events) => {
                Err(ServiceError::invalid(
                    "events",
                    "Choose a whole number of events from 1 to 1,000,000.",
                ))
            }
            Self::Note(text) => {
                let text = text.trim().to_owned();
                if text.is_empty() {
                    return Err(ServiceError::invalid("note", "Write something first."));
                }
                if text.chars().count() > NOTE {
                    return Err(ServiceError::invalid(
                        "note",
                        "Write at most 4,000 characters.",
                    ));
                }
                Ok(Self::Note(text))
            }
            act => Ok(act),
        }
    }

    /// Name in the audit log, and kind of the event.
    fn name(&self) -> (&'static str, IssueEventKind) {
        match self {
            Self::Acknowledge => ("issue.acknowledge", IssueEventKind::Acknowledged),
            Self::Assign(_) => ("issue.assign", IssueEventKind::Assigned),
            Self::Resolve => ("issue.resolve", IssueEventKind::Resolved),
            Self::IgnoreDays(_) | Self::IgnoreEvents(_) | Self::IgnoreForGood => {
                ("issue.ignore", IssueEventKind::Ignored)
            }
            Self::Reopen => ("issue.reopen", IssueEventKind::Reopened),
            Self::Note(_) => ("issue.note", IssueEventKind::Note),
        }
    }

    /// Whether it makes sense where the issue stands.
    fn fits(&self, state: IssueState) -> Result<(), ServiceError> {
        let refused = match (self, state) {
            (Self::Acknowledge, state) if !state.is_open() => "This issue is not open any more.",
            (Self::Reopen, state) if state.is_open() => "This issue is open already.",
            (Self::Resolve, IssueState::Resolved) => "This issue is resolved already.",
            _ => return Ok(()),
        };
        Err(ServiceError::conflict(refused))
    }
}

/// Does it. Again is no error where nothing would change.
///
/// # Errors
/// `Invalid` for what is no choice; `NotFound`; `Conflict` where the issue stands otherwise.
pub async fn act(app: &App, allowed: &Allowed, id: &str, act: Act) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::ManageIssues)?.id.clone();
    let act = act.check()?;
    let now = app.clock.now();
    let mut connection = app.db.read_by_key().await?;
    let assignee = match &act {
        Act::Assign(Some(account)) => Some(assignee(&mut connection, allowed, account).await?),
        _ => None,
    };
    let gets = assignee.as_ref().map(|account| account.name.clone());
    let issue = issues::find(&mut connection, &organization_id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "issue" })?;
    drop(connection);
    let target = Target::new(
        "issue",
        id,
        super::row(issue, Vec::new(), &Moments::of(allowed, now))?.title,
    );
    let (who, id, live) = (Who::of(allowed, now), id.to_owned(), app.live.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let standing = store::find_locked(tx, &organization_id, &id)
                    .await?
                    .ok_or(ServiceError::NotFound { what: "issue" })?;
                let note = carry_out(tx, &id, &act, &standing, assignee, &who).await?;
                let Some(note) = note else { return Ok(()) };
                let (name, kind) = act.name();
                let event = NewEvent {
                    id: ids::new_id(now),
                    issue_id: id,
                    organization_id: organization_id.clone(),
                    occurred_at: now,
                    actor_id: who.actor.id().to_owned(),
                    actor_name: who.actor.name(),
                    kind: kind.as_str(),
                    note: note.clone(),
                };
                store::insert_event(tx, event).await?;
                let (before, after) = told(tx, &act, &standing, gets.as_deref(), &note).await?;
                audit::record(tx, &who, name, &target, before, after).await?;
                tx.after_commit(move || live.grown(&organization_id));
                Ok(())
            })
        })
        .await
}

/// Changes the issue; what the history says about it, or `None` where nothing was to change.
async fn carry_out(
    tx: &mut Tx<'_>,
    id: &str,
    act: &Act,
    standing: &Standing,
    assignee: Option<Account>,
    who: &Who,
) -> Result<Option<String>, ServiceError> {
    let state = standing.state;
    act.fits(state)?;
    let note = match act {
        Act::Acknowledge if state == IssueState::Acknowledged => return Ok(None),
        Act::Acknowledge => {
            store::acknowledge(tx, id).await?;
            String::new()
        }
        Act::Assign(account) if *account == standing.assignee_id => return Ok(None),
        Act::Assign(account) => {
            store::assign(tx, id, account.as_deref()).await?;
            assignee.map_or_else(
                || "To nobody.".to_owned(),
                |account| format!("To {}.", account.name),
            )
        }
        Act::Resolve => {
            store::resolve(tx, id, who.at, &who.actor.name()).await?;
            String::new()
        }
        Act::IgnoreDays(days) => {
            let until: Millis = who.at + days * DAY;
            store::ignore(tx, id, Some(until), None).await?;
            format!(
                "Until it comes again after {}.",
                Moments::new(who.at, TimeZone::UTC).moment(until).exact
            )
        }
        Act::IgnoreEvents(more) => {
            store::ignore(tx, id, None, Some(standing.events + more)).await?;
            match more {
                1 => "Until it comes once more.".to_owned(),
                more => format!("Until it has come {more} times more."),
            }
        }
        Act::IgnoreForGood => {
            store::ignore(tx, id, None, None).await?;
            "For good.".to_owned()
        }
        Act::Reopen => {
            store::reopen(tx, id, who.at).await?;
            String::new()
        }
        Act::Note(text) => text.clone(),
    };
    Ok(Some(note))
}

/// What the audit log tells of it: who has the issue, or where it stands, before and after. `gets` is who it is given
/// to, and `note` what the history says.
async fn told(
    tx: &mut Tx<'_>,
    act: &Act,
    standing: &Standing,
    gets: Option<&str>,
    note: &str,
) -> Result<(Option<Value>, Option<Value>), ServiceError> {
    let becomes = match act {
        // A note's text stands in the history alone.
        Act::Note(_) => return Ok((None, None)),
        Act::Assign(_) => {
            let had = match &standing.assignee_id {
                Some(id) => accounts::find(tx, id).await?.map(|account| account.name),
                None => None,
            };
            let (before, after) = (json!({ "assignee": had }), json!({ "assignee": gets }));
            return Ok((Some(before), Some(after)));
        }
        Act::Acknowledge => IssueState::Acknowledged,
        Act::Resolve => IssueState::Resolved,
        Act::IgnoreDays(_) | Act::IgnoreEvents(_) | Act::IgnoreForGood => IssueState::Ignored,
        Act::Reopen => IssueState::Open,
    };
    let before = json!({ "state": standing.state.as_str() });
    let mut after = json!({ "state": becomes.as_str() });
    if !note.is_empty() {
        after["detail"] = json!(note);
    }
    Ok((Some(before), Some(after)))
}

/// Whom an issue of the organization can be given to: its accounts, and whoever looks.
pub(super) async fn assignees(
    connection: &mut Connection<'_>,
    allowed: &Allowed,
) -> Result<Vec<(String, String)>, ServiceError> {
    let organization = allowed.check_in(Permission::ReadIssues)?;
    let whose = Whose::Organization(&organization.id);
    let found = accounts::list(connection, whose, &From::Start, ASSIGNEES).await?;
    let mut assignees: Vec<(String, String)> = found
        .into_iter()
        .filter(|account| account.deactivated_at.is_none())
        .map(|account| (account.id, account.name))
        .collect();
    let me = allowed.actor();
    if !me.id().is_empty() && !assignees.iter().any(|(id, _)| id == me.id()) {
        assignees.insert(0, (me.id().to_owned(), me.name()));
    }
    Ok(assignees)
}

/// An account of the organization, or of Support.
async fn assignee(
    connection: &mut Connection<'_>,
    allowed: &Allowed,
    id: &str,
) -> Result<Account, ServiceError> {
    let organization = allowed.check_in(Permission::ManageIssues)?;
    let account = accounts::find(connection, id).await?.filter(|account| {
        let is_of_organization = account
            .organization
            .as_ref()
            .is_some_and(|own| own.id == organization.id);
        let may_see = account.role == AccountRole::Support || is_of_organization;
        may_see && account.deactivated_at.is_none()
    });
    account.ok_or_else(|| {
        ServiceError::invalid(
            "assignee",
            "This account does not exist any more. Choose another.",
        )
    })
}
