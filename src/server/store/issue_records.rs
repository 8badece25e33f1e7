//! `issues` as requests make them and end them.
//!
//! What counts an issue's users holds the lock of the issue's row: whoever records occurrences, or settles, takes those
//! of all the issues in the order of their ids, then touches rows of `issue_users`. A success locks rows of
//! `issue_users` alone. So nobody waits in a circle, and every count is exact.

mod ending;

pub use ending::{Ending, find_ending, forget_user, settle};

use std::collections::BTreeMap;

use super::Tx;
use super::sql::{Arg, Builder, Sql, sql};
use crate::model::log::Action;
use crate::server::clock::{DAY, Millis};
use crate::server::error::StoreError;
use crate::server::ids;

/// Something went wrong that belongs to an issue.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// Made of the organization, the action, the reason and the attribute.
    pub issue_id: String,
    pub organization_id: String,
    pub action: Action,
    pub reason: &'static str,
    /// Carried out all the same.
    pub is_remark: bool,
    /// "" for none.
    pub attribute: String,
    /// The value that the title names.
    pub value: Option<String>,
    pub at: Millis,
    pub events: i64,
    /// `None` for requests that were only counted.
    pub log_id: Option<String>,
    pub user: Option<AffectedUser>,
}

/// Whom an occurrence is about.
#[derive(Debug, Clone)]
pub struct AffectedUser {
    /// See [`user_key`], [`name_key`] and [`external_key`].
    pub key: String,
    /// With an id, only a user that exists counts, and names are read from there.
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub label: Option<String>,
    /// What their request was refused for, where the cure needs it.
    pub value: Option<String>,
}

/// The key of a user that exists.
pub fn user_key(id: &str) -> String {
    format!("u:{id}")
}

/// The key of a refused create, by what it would have been called.
pub fn name_key(user_name_key: &str) -> String {
    format!("n:{user_name_key}")
}

/// The key of a refused create that had no userName.
pub fn external_key(external_id: &str) -> String {
    format!("x:{external_id}")
}

/// What a success puts right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Earlier refused creates of the same name, or externalId.
    Create { name: String, external: String },
    /// Earlier changes of the user, and remarks when they were created.
    Change { user: String },
    /// Everything: the user is gone.
    Delete { user: String },
}

/// A request that succeeded, with a remark or without.
#[derive(Debug, Clone)]
pub struct Success {
    pub organization_id: String,
    pub at: Millis,
    pub ended: Ended,
}

const COUNT: &str = "INSERT INTO issues (id, organization_id, action, reason, attribute, value, state, is_open, reopened, \
     events, users_affected, first_seen_at, last_seen_at, opened_at, log_id, is_remark) \
     VALUES ($1, $2, $3, $4, $5, $6, 'open', TRUE, 0, $7, 0, $8, $8, $8, $9, $10) \
     ON CONFLICT (id) DO UPDATE SET events = issues.events + excluded.events, \
     value = COALESCE(excluded.value, issues.value), \
     log_id = CASE WHEN excluded.log_id IS NULL OR excluded.last_seen_at < issues.last_seen_at \
     THEN issues.log_id ELSE excluded.log_id END, \
     last_seen_at = CASE WHEN excluded.last_seen_at < issues.last_seen_at \
     THEN issues.last_seen_at ELSE excluded.last_seen_at END";

/// What is resolved comes back; what is ignored does when its date or count is reached.
macro_rules! closed_until_now {
    () => {
        " WHERE id = $1 AND NOT is_open AND (resolved_at <= $2 OR ignored_until <= $2 OR ignored_until_events <= events)"
    };
}

const NOTE_REOPENING: &str = concat!(
    "INSERT INTO issue_history (id, issue_id, organization_id, occurred_at, actor_id, actor_name, kind, note) \
     SELECT $3, id, organization_id, $2, '', '', 'came_back', '' FROM issues",
    closed_until_now!()
);

const REOPEN: &str = concat!(
    "UPDATE issues SET state = 'open', is_open = TRUE, reopened = reopened + 1, opened_at = $2, \
     resolved_at = NULL, resolved_by = NULL, ignored_until = NULL, ignored_until_events = NULL",
    closed_until_now!()
);

const COUNT_USER: &str = "UPDATE issues SET users_affected = users_affected + 1 WHERE id = $1 AND NOT EXISTS \
     (SELECT 1 FROM issue_users u WHERE u.issue_id = $1 AND u.user_key = $2 AND u.is_counted)";

const COUNT_KNOWN_USER: &str = "UPDATE issues SET users_affected = users_affected + 1 WHERE id = $1 AND NOT EXISTS \
     (SELECT 1 FROM issue_users u WHERE u.issue_id = $1 AND u.user_key = $2 AND u.is_counted) \
     AND EXISTS (SELECT 1 FROM users k WHERE k.id = $3 AND k.organization_id = issues.organization_id)";

macro_rules! upsert_user {
    ($values:literal) => {
        concat!(
            "INSERT INTO issue_users (issue_id, user_key, organization_id, action, first_seen_at, last_seen_at, \
             events, is_counted, value, user_id, user_name, label) ",
            $values,
            " ON CONFLICT (issue_id, user_key) DO UPDATE SET events = issue_users.events + excluded.events, \
             last_seen_at = excluded.last_seen_at, succeeded_at = NULL, is_counted = TRUE, value = excluded.value"
        )
    };
}

const KEEP_USER: &str = upsert_user!("VALUES ($1, $2, $3, $4, $5, $5, $6, TRUE, $7, NULL, $8, $9)");

const KEEP_KNOWN_USER: &str = upsert_user!(
    "SELECT $1, $2, $3, $4, $5, $5, $6, TRUE, $7, k.id, NULL, NULL FROM users k WHERE k.id = $8 AND k.organization_id = $3"
);

impl Occurrence {
    /// Counts it, and opens the issue again where it was closed.
    fn issue(&self) -> [Sql; 3] {
        [
            sql(COUNT)
                .bind(&self.issue_id)
                .bind(&self.organization_id)
                .bind(self.action.as_str())
                .bind(self.reason)
                .bind(&self.attribute)
                .bind(self.value.as_deref())
                .bind(self.events)
                .bind(self.at)
                .bind(self.log_id.as_deref())
                .bind(self.is_remark),
            sql(NOTE_REOPENING)
                .bind(&self.issue_id)
                .bind(self.at)
                .bind(ids::new_id(self.at)),
            sql(REOPEN).bind(&self.issue_id).bind(self.at),
        ]
    }

    /// Counts whom it is about, once the issue is locked.
    fn user(&self) -> Option<[Sql; 2]> {
        let user = self.user.as_ref()?;
        let keep = |text| {
            sql(text)
                .bind(&self.issue_id)
                .bind(&user.key)
                .bind(&self.organization_id)
                .bind(self.action.as_str())
                .bind(self.at)
                .bind(self.events)
                .bind(user.value.as_deref())
        };
        let counted = |text| sql(text).bind(&self.issue_id).bind(&user.key);
        Some(match &user.user_id {
            Some(id) => [
                counted(COUNT_KNOWN_USER).bind(id),
                keep(KEEP_KNOWN_USER).bind(id),
            ],
            None => [
                counted(COUNT_USER),
                keep(KEEP_USER)
                    .bind(user.user_name.as_deref())
                    .bind(user.label.as_deref()),
            ],
        })
    }
}

/// Issues that one request usually has at most.
const FEW: usize = 8;

/// Records what a change came to, in the trip that ends it; `occurrences` in the order of their issues' ids.
pub fn record_with_change(tx: &mut Tx<'_>, occurrences: &[Occurrence], success: Option<&Success>) {
    let is_rare = occurrences.len() > FEW;
    let mut defer = |statement: Sql| {
        tx.defer(if is_rare { statement.once() } else { statement });
    };
    occurrences
        .iter()
        .flat_map(Occurrence::issue)
        .for_each(&mut defer);
    if let Some(success) = success {
        defer(succeed(success));
    }
    // After it: what the change was remarked upon with is not over.
    occurrences
        .iter()
        .filter_map(Occurrence::user)
        .flatten()
        .for_each(defer);
}

/// Marks whom it puts right; [`settle`] counts them.
fn succeed(success: &Success) -> Sql {
    let statement = match &success.ended {
        Ended::Create { .. } => sql(
            "UPDATE issue_users SET succeeded_at = $1 WHERE organization_id = $2 \
             AND user_key IN ($3, $4) AND succeeded_at IS NULL AND action = 'create'",
        ),
        Ended::Change { .. } => sql(
            "UPDATE issue_users SET succeeded_at = $1 WHERE organization_id = $2 \
             AND user_key = $3 AND succeeded_at IS NULL AND action <> 'delete'",
        ),
        Ended::Delete { .. } => sql(
            "UPDATE issue_users SET succeeded_at = $1 WHERE organization_id = $2 \
             AND user_key = $3 AND succeeded_at IS NULL",
        ),
    };
    let statement = statement.bind(success.at).bind(&success.organization_id);
    match &success.ended {
        Ended::Create { name, external } => statement.bind(name).bind(external),
        Ended::Change { user } | Ended::Delete { user } => statement.bind(user),
    }
}

/// Records occurrences of a batch, one for each issue and user.
pub async fn record(tx: &mut Tx<'_>, mut occurrences: Vec<Occurrence>) -> Result<(), StoreError> {
    occurrences.sort_by(|a, b| a.issue_id.cmp(&b.issue_id));
    let issues: Vec<Sql> = occurrences.iter().flat_map(Occurrence::issue).collect();
    let users: Vec<Sql> = occurrences
        .iter()
        .filter_map(Occurrence::user)
        .flatten()
        .collect();
    for statement in issues.into_iter().chain(users) {
        tx.execute(statement).await?;
    }
    Ok(())
}

/// Adds to the counts of days; `day` is its start.
pub async fn add_days(
    tx: &mut Tx<'_>,
    days: BTreeMap<(String, Millis), i64>,
) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let mut statement = Builder::new("INSERT INTO issue_days (issue_id, day, events) VALUES ");
    statement.push_rows(
        days.into_iter()
            .map(|((issue_id, day), events)| vec![issue_id.into(), day.into(), Arg::from(events)]),
    );
    statement.push(
        " ON CONFLICT (issue_id, day) DO UPDATE SET events = issue_days.events + excluded.events",
    );
    tx.execute(statement.finish()).await?;
    Ok(())
}

/// The start of the day that `time` is in.
pub fn day_of(time: Millis) -> Millis {
    time.div_euclid(DAY) * DAY
}
