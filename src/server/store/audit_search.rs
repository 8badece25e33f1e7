//! `audit_log` as it is read: narrowed, paged, counted up to a limit.

use sqlx::FromRow;

use super::keyset::{Order, TimeCursor, push_page};
use super::sql::{Builder, Connection};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// What is looked for. Every part has an index that keeps the order of time; the one of an actor holds the other parts
/// too.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `None` for all of them and what concerns the whole deployment.
    pub organization_id: Option<String>,
    /// Kind and id.
    pub actor: Option<(String, String)>,
    pub action: Option<String>,
    pub target_kind: Option<String>,
    pub since: Option<Millis>,
}

/// An entry with the organization that it is about.
#[derive(Debug, Clone, FromRow)]
pub struct Found {
    pub id: String,
    pub occurred_at: Millis,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub address: String,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub organization_slug: Option<String>,
    pub organization_name: Option<String>,
}

/// At most `limit` entries beyond the cursor: older ones, latest first, or with `newer` the other way round.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search,
    cursor: Option<&TimeCursor>,
    newer: bool,
    limit: i64,
) -> Result<Vec<Found>, StoreError> {
    let mut statement = Builder::new(
        "SELECT a.id, a.occurred_at, a.actor_kind, a.actor_id, a.actor_name, a.address, a.action, a.target_kind, \
         a.target_id, a.target_name, a.before, a.after, o.slug AS organization_slug, o.name AS organization_name \
         FROM audit_log a LEFT JOIN organizations o ON o.id = a.organization_id WHERE 1 = 1",
    );
    narrow(&mut statement, search);
    let columns = ("a.occurred_at", "a.id");
    let order = Order::LatestFirst;
    push_page(&mut statement, columns, order, cursor, newer, limit);
    connection.fetch_all(statement.finish()).await
}

/// How many there are; counting stops at `limit`.
pub async fn count(
    connection: &mut Connection<'_>,
    search: &Search,
    limit: i64,
) -> Result<i64, StoreError> {
    let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM audit_log a WHERE 1 = 1");
    narrow(&mut statement, search);
    statement.push(" LIMIT ").bind(limit).push(") counted");
    connection.fetch_count(statement.finish()).await
}

fn narrow(statement: &mut Builder, search: &Search) {
    if let Some(id) = &search.organization_id {
        statement.push(" AND a.organization_id = ").bind(id);
    }
    if let Some((kind, id)) = &search.actor {
        statement.push(" AND a.actor_kind = ").bind(kind);
        statement.push(" AND a.actor_id = ").bind(id);
    }
    if let Some(action) = &search.action {
        statement.push(" AND a.action = ").bind(action);
    }
    if let Some(kind) = &search.target_kind {
        statement.push(" AND a.target_kind = ").bind(kind);
    }
    if let Some(since) = search.since {
        statement.push(" AND a.occurred_at >= ").bind(since);
    }
}
