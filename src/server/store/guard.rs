//! The accidental-deletion guard: who lost access in a cycle, and whose loss is held.

use sqlx::FromRow;

use super::Tx;
use super::dialect::Dialect;
use super::keyset::{COUNT_LIMIT, Order, TimeCursor, push_list, push_page};
use super::provisioning_logs::push_running_cycle;
use super::sql::{Builder, Connection, sql};
use crate::model::guard::Decision;
use crate::model::log::Action;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Those who are held that are decided about, or let go of, at a time.
const BATCH: i64 = 500;

/// The limit of an organization, locked: nobody else changes it until the change ends. `None` while the guard
/// is off.
pub async fn limit_locked(
    tx: &mut Tx<'_>,
    organization_id: &str,
) -> Result<Option<i64>, StoreError> {
    let mut statement = Builder::new("SELECT removal_limit FROM organizations WHERE id = ");
    statement.bind(organization_id).push(tx.for_update());
    let row: Option<(Option<i64>,)> = tx.fetch_optional(statement.finish()).await?;
    Ok(row.and_then(|(limit,)| limit))
}

/// The limit of an organization; `None` while the guard is off.
pub async fn limit(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(Option<i64>,)> = connection
        .fetch_optional(
            sql("SELECT removal_limit FROM organizations WHERE id = $1").bind(organization_id),
        )
        .await?;
    Ok(row.and_then(|(limit,)| limit))
}

/// Sets the limit. Without one nobody is held any more: see [`let_go`].
pub async fn set_limit(
    tx: &mut Tx<'_>,
    organization_id: &str,
    limit: Option<i64>,
    now: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE organizations SET removal_limit = $1, updated_at = $2 WHERE id = $3")
            .bind(limit)
            .bind(now)
            .bind(organization_id),
    )
    .await?;
    if limit.is_none() {
        tx.execute(
            sql("UPDATE organizations SET guard_cycle_id = '', guard_counted_at = 0, guard_count = 0 WHERE id = $1")
                .bind(organization_id),
        )
        .await?;
    }
    Ok(())
}

/// Lets go of some of those who are held, while the guard is off; answers whether there may be more.
pub async fn let_go(tx: &mut Tx<'_>, organization_id: &str) -> Result<bool, StoreError> {
    // Locked: whom it holds once somebody has turned it on again stays held.
    if limit_locked(tx, organization_id).await?.is_some() {
        return Ok(false);
    }
    let held: Vec<(String,)> = tx
        .fetch_all(
            sql("SELECT user_id FROM guard_holds WHERE organization_id = $1 LIMIT $2")
                .bind(organization_id)
                .bind(BATCH),
        )
        .await?;
    if held.is_empty() {
        return Ok(false);
    }
    let mut statement = Builder::new("DELETE FROM guard_holds WHERE organization_id = ");
    statement.bind(organization_id);
    let users = held.iter().map(|(user_id,)| user_id.as_str());
    push_list(&mut statement, " AND user_id IN (", users);
    tx.execute(statement.finish()).await?;
    Ok(true)
}

/// What there is to know when a user is about to lose access.
#[derive(Debug, Clone, FromRow)]
pub struct Facts {
    /// `None` while the guard is off.
    pub limit: Option<i64>,
    /// The cycle that was counted last, how many lost access in it, and when the last of them did.
    pub counted_cycle: String,
    pub count: i64,
    pub counted_at: Millis,
    /// The cycle in which this user was counted last.
    pub user_cycle: String,
    decision: Option<String>,
    pub allowed_until: Option<Millis>,
}

impl Facts {
    /// What was decided, if the user is held.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a text that this program does not write.
    pub fn decision(&self) -> Result<Option<Decision>, StoreError> {
        self.decision
            .as_deref()
            .map(decision_from_column)
            .transpose()
    }
}

fn decision_from_column(text: &str) -> Result<Decision, StoreError> {
    Decision::parse(text)
        .ok_or_else(|| StoreError::Corrupt(format!("decision about a held user {text:?}")))
}

macro_rules! facts {
    () => {
        "o.removal_limit AS \"limit\", o.guard_cycle_id AS counted_cycle, o.guard_count AS count, \
         o.guard_counted_at AS counted_at, u.guard_cycle_id AS user_cycle, h.decision, h.allowed_until \
         FROM organizations o JOIN users u ON u.organization_id = o.id \
         LEFT JOIN guard_holds h ON h.organization_id = o.id AND h.user_id = u.id WHERE "
    };
}
pub(super) use facts;

/// The facts of one user, with the organization locked: until the change ends nobody else is counted there.
pub async fn look_locked(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_id: &str,
) -> Result<Option<Facts>, StoreError> {
    if let Some(facts) = tx.foreseen.take_facts(organization_id, user_id) {
        return Ok(Some(facts));
    }
    let lock = match tx.dialect() {
        Dialect::Sqlite => "",
        // The weaker kind lets others go on adding users meanwhile.
        Dialect::Postgres => " FOR NO KEY UPDATE OF o",
    };
    let mut statement = Builder::new(concat!("SELECT ", facts!(), "o.id = "));
    statement.bind(organization_id);
    statement.push(" AND u.id = ").bind(user_id).push(lock);
    tx.fetch_optional(statement.finish_repeated()).await
}

/// The cycle that runs, by the log and what waits to be written to it; `None` between cycles.
pub async fn running_cycle(
    tx: &mut Tx<'_>,
    organization_id: &str,
    now: Millis,
) -> Result<Option<String>, StoreError> {
    let mut statement = Builder::new("");
    push_running_cycle(&mut statement, organization_id, now);
    let row: Option<(String,)> = tx.fetch_optional(statement.finish_repeated()).await?;
    Ok(row
        .map(|(cycle_id,)| cycle_id)
        .or_else(|| tx.foreseen.waiting_cycle(organization_id)))
}

/// Counts one more user who loses access in this cycle, when the change ends, beside `others`.
pub fn count(tx: &mut Tx<'_>, organization_id: &str, cycle_id: &str, others: i64, now: Millis) {
    tx.foreseen
        .count(organization_id, cycle_id, others + 1, now);
    tx.defer(
        sql(
            "UPDATE organizations SET guard_count = 1 + CASE guard_cycle_id WHEN $1 THEN guard_count ELSE 0 END, \
             guard_cycle_id = $1, guard_counted_at = $2 WHERE id = $3",
        )
        .bind(cycle_id)
        .bind(now)
        .bind(organization_id),
    );
}

/// Takes a user off the list, when the change ends.
pub fn release(tx: &mut Tx<'_>, organization_id: &str, user_id: &str) {
    tx.foreseen.forget_user(user_id);
    tx.defer(
        sql("DELETE FROM guard_holds WHERE organization_id = $1 AND user_id = $2")
            .bind(organization_id)
            .bind(user_id),
    );
}

/// Takes a user off the list, when the change ends, whom Entra no longer wants removed. What an Admin has allowed stays so.
pub fn end_waiting(tx: &mut Tx<'_>, organization_id: &str, user_id: &str, now: Millis) {
    tx.foreseen.forget_user(user_id);
    tx.defer(
        sql(
            "DELETE FROM guard_holds WHERE organization_id = $1 AND user_id = $2 \
             AND (decision <> $3 OR allowed_until <= $4)",
        )
        .bind(organization_id)
        .bind(user_id)
        .bind(Decision::Allowed.as_str())
        .bind(now),
    );
}

/// A user who is held now.
#[derive(Debug, Clone)]
pub struct NewHold<'a> {
    pub organization_id: &'a str,
    pub user_id: &'a str,
    pub action: Action,
    pub now: Millis,
    pub log_id: &'a str,
}

/// Holds a user, when the change ends; once more is another attempt. What was allowed is over: it waits again.
pub fn hold(tx: &mut Tx<'_>, hold: &NewHold<'_>) {
    tx.foreseen.forget_user(hold.user_id);
    tx.defer(
        sql(
            "INSERT INTO guard_holds (organization_id, user_id, action, first_held_at, last_held_at, attempts, \
             log_id, decision) VALUES ($1, $2, $3, $4, $4, 1, $5, $6) \
             ON CONFLICT (organization_id, user_id) DO UPDATE SET action = excluded.action, \
             last_held_at = excluded.last_held_at, attempts = guard_holds.attempts + 1, log_id = excluded.log_id, \
             decision = CASE guard_holds.decision WHEN $7 THEN $7 ELSE $6 END, allowed_until = NULL",
        )
        .bind(hold.organization_id)
        .bind(hold.user_id)
        .bind(hold.action.as_str())
        .bind(hold.now)
        .bind(hold.log_id)
        .bind(Decision::Waiting.as_str())
        .bind(Decision::Kept.as_str()),
    );
}

/// What is decided, about whom.
#[derive(Debug, Clone)]
pub struct Word {
    pub organization_id: String,
    /// Those who were held by then.
    pub held_up_to: Millis,
    pub decision: Decision,
    pub allowed_until: Option<Millis>,
}

/// Decides about some of them, those after `after` who were held first, as far as they are not allowed yet. Answers about
/// how many, and who of them was held last; `None` when there are no more.
pub async fn decide(
    tx: &mut Tx<'_>,
    word: &Word,
    after: &TimeCursor,
) -> Result<Option<(u64, TimeCursor)>, StoreError> {
    let mut statement =
        Builder::new("SELECT first_held_at, user_id FROM guard_holds WHERE organization_id = ");
    statement.bind(&word.organization_id);
    statement
        .push(" AND first_held_at <= ")
        .bind(word.held_up_to);
    let columns = ("first_held_at", "user_id");
    let order = Order::EarliestFirst;
    push_page(&mut statement, columns, order, Some(after), false, BATCH);
    let held: Vec<(Millis, String)> = tx.fetch_all(statement.finish_repeated()).await?;
    let Some((at, id)) = held.last().cloned() else {
        return Ok(None);
    };
    let decision = word.decision.as_str();
    let mut statement = Builder::new("UPDATE guard_holds SET decision = ");
    statement.bind(decision).push(", allowed_until = ");
    statement
        .bind(word.allowed_until)
        .push(" WHERE organization_id = ")
        .bind(&word.organization_id);
    let users = held.iter().map(|(_, user_id)| user_id.as_str());
    push_list(&mut statement, " AND user_id IN (", users);
    let open = [Decision::Waiting, Decision::Kept].map(Decision::as_str);
    push_list(&mut statement, " AND decision IN (", open);
    statement.push(" AND decision <> ").bind(decision);
    let decided = tx.execute(statement.finish()).await?;
    Ok(Some((decided, TimeCursor { at, id })))
}

/// Whether somebody's allowance is over.
pub async fn is_allowance_over(
    connection: &mut Connection<'_>,
    now: Millis,
) -> Result<bool, StoreError> {
    let over: Option<(i64,)> = connection
        .fetch_optional(
            sql("SELECT allowed_until FROM guard_holds WHERE allowed_until <= $1 LIMIT 1")
                .bind(now),
        )
        .await?;
    Ok(over.is_some())
}

/// Lets some of those whose allowance is over wait for a decision again.
pub async fn wait_again(tx: &mut Tx<'_>, now: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "UPDATE guard_holds SET decision = $1, allowed_until = NULL WHERE (organization_id, user_id) IN \
             (SELECT organization_id, user_id FROM guard_holds WHERE allowed_until <= $2 LIMIT $3)",
        )
        .bind(Decision::Waiting.as_str())
        .bind(now)
        .bind(BATCH),
    )
    .await?;
    Ok(())
}

/// How many wait for a decision, and how many are kept; counting stops beyond [`COUNT_LIMIT`].
#[derive(Debug, Clone, FromRow)]
pub struct Figures {
    pub waiting: i64,
    pub kept: i64,
}

/// The figures of one organization.
pub async fn figures(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Figures, StoreError> {
    let found: Option<Figures> = connection
        .fetch_optional(
            sql(
                "SELECT (SELECT count(*) FROM (SELECT 1 FROM guard_holds WHERE organization_id = $1 \
                 AND decision = 'waiting' LIMIT $2) counted) AS waiting, \
                 (SELECT count(*) FROM (SELECT 1 FROM guard_holds WHERE organization_id = $1 \
                 AND decision = 'kept' LIMIT $2) counted) AS kept",
            )
            .bind(organization_id)
            .bind(COUNT_LIMIT + 1),
        )
        .await?;
    Ok(found.unwrap_or(Figures {
        waiting: 0,
        kept: 0,
    }))
}

/// How many are held, allowed ones among them; counting stops beyond [`COUNT_LIMIT`].
pub async fn count_held(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql(
                "SELECT count(*) FROM (SELECT 1 FROM guard_holds WHERE organization_id = $1 LIMIT $2) counted",
            )
            .bind(organization_id)
            .bind(COUNT_LIMIT + 1),
        )
        .await
}

/// Somebody who is held, as the page shows them.
#[derive(Debug, Clone, FromRow)]
pub struct Held {
    pub user_id: String,
    pub user_name: Option<String>,
    pub label: Option<String>,
    pub action: String,
    pub first_held_at: Millis,
    pub last_held_at: Millis,
    pub attempts: i64,
    pub log_id: String,
    decision: String,
    pub allowed_until: Option<Millis>,
}

impl Held {
    /// What was decided.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a text that this program does not write.
    pub fn decision(&self) -> Result<Decision, StoreError> {
        decision_from_column(&self.decision)
    }
}

/// Those who are held, the earliest first; at most `limit` of them after the cursor, or before it.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
    cursor: Option<&TimeCursor>,
    back: bool,
    limit: i64,
) -> Result<Vec<Held>, StoreError> {
    let mut statement = Builder::new(
        "SELECT h.user_id, u.user_name, u.label, h.action, h.first_held_at, h.last_held_at, h.attempts, h.log_id, \
         h.decision, h.allowed_until FROM guard_holds h LEFT JOIN users u ON u.id = h.user_id \
         WHERE h.organization_id = ",
    );
    statement.bind(organization_id);
    let columns = ("h.first_held_at", "h.user_id");
    let order = Order::EarliestFirst;
    push_page(&mut statement, columns, order, cursor, back, limit);
    connection.fetch_all(statement.finish()).await
}
