//! `issues` as people change them, and `issue_history`.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Builder, sql};
use crate::model::issue::IssueState;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Where an issue stands, locked until the transaction ends.
#[derive(Debug, Clone, FromRow)]
pub struct Standing {
    #[sqlx(try_from = "String")]
    pub state: IssueState,
    pub events: i64,
    pub assignee_id: Option<String>,
}

/// The issue, which nobody else changes until the transaction ends.
pub async fn find_locked(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<Standing>, StoreError> {
    let for_update = tx.for_update();
    let mut statement = Builder::new("SELECT state, events, assignee_id FROM issues WHERE id = ");
    statement.bind(id).push(" AND organization_id = ");
    statement.bind(organization_id).push(for_update);
    tx.fetch_optional(statement.finish_repeated()).await
}

/// Open, and somebody works on it.
pub async fn acknowledge(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    run(
        tx,
        sql("UPDATE issues SET state = 'acknowledged' WHERE id = $1").bind(id),
    )
    .await
}

/// `None` takes it from whoever has it.
pub async fn assign(tx: &mut Tx<'_>, id: &str, account: Option<&str>) -> Result<(), StoreError> {
    let statement = sql("UPDATE issues SET assignee_id = $2 WHERE id = $1");
    run(tx, statement.bind(id).bind(account)).await
}

/// Resolved by `by` until it comes back.
pub async fn resolve(tx: &mut Tx<'_>, id: &str, at: Millis, by: &str) -> Result<(), StoreError> {
    let statement = sql(
        "UPDATE issues SET state = 'resolved', is_open = FALSE, resolved_at = $2, resolved_by = $3, \
         ignored_until = NULL, ignored_until_events = NULL WHERE id = $1",
    );
    run(tx, statement.bind(id).bind(at).bind(by)).await
}

/// Ignored until it comes again after `until`, or has come `events` times in all; for good without either.
pub async fn ignore(
    tx: &mut Tx<'_>,
    id: &str,
    until: Option<Millis>,
    events: Option<i64>,
) -> Result<(), StoreError> {
    let statement = sql(
        "UPDATE issues SET state = 'ignored', is_open = FALSE, resolved_at = NULL, resolved_by = NULL, \
         ignored_until = $2, ignored_until_events = $3 WHERE id = $1",
    );
    run(tx, statement.bind(id).bind(until).bind(events)).await
}

/// Open again, by hand.
pub async fn reopen(tx: &mut Tx<'_>, id: &str, at: Millis) -> Result<(), StoreError> {
    let statement = sql(
        "UPDATE issues SET state = 'open', is_open = TRUE, opened_at = $2, resolved_at = NULL, resolved_by = NULL, \
         ignored_until = NULL, ignored_until_events = NULL WHERE id = $1",
    );
    run(tx, statement.bind(id).bind(at)).await
}

async fn run(tx: &mut Tx<'_>, statement: super::sql::Sql) -> Result<(), StoreError> {
    tx.execute(statement).await?;
    Ok(())
}

/// What somebody did.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub id: String,
    pub issue_id: String,
    pub organization_id: String,
    pub occurred_at: Millis,
    pub actor_id: String,
    pub actor_name: String,
    pub kind: &'static str,
    pub note: String,
}

/// Adds to an issue's history.
pub async fn insert_event(tx: &mut Tx<'_>, event: NewEvent) -> Result<(), StoreError> {
    let statement = sql(
        "INSERT INTO issue_history (id, issue_id, organization_id, occurred_at, actor_id, actor_name, kind, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    run(
        tx,
        statement
            .bind(event.id)
            .bind(event.issue_id)
            .bind(event.organization_id)
            .bind(event.occurred_at)
            .bind(event.actor_id)
            .bind(event.actor_name)
            .bind(event.kind)
            .bind(event.note),
    )
    .await
}
