//! One user whole, what changed on it, and the users that Entra has deleted.

use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, FETCH, Order, TimeCursor, prefix_range, push_page};
use super::log_details::LISTED_CHANGES;
use super::sql::{Builder, Connection, sql};
use super::user_directory::Search;
use crate::model::user::RoleState;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A user that Entra has deleted, as listed.
#[derive(Debug, Clone, FromRow)]
pub struct DeletedUser {
    pub id: String,
    pub label: String,
    pub user_name: String,
    pub deleted_at: Millis,
}

/// The next [`FETCH`] deleted users by the time they were deleted, and how many there are in all, up to
/// [`COUNT_LIMIT`] and one. `text` as in [`Search`], but of names only `userName`.
pub async fn list_deleted(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&TimeCursor>,
    descending: bool,
) -> Result<(Vec<DeletedUser>, i64), StoreError> {
    let conditions = |statement: &mut Builder| {
        statement.push(" FROM deleted_users d WHERE d.organization_id = ");
        statement.bind(search.organization_id);
        if let Some(since) = search.changed_since {
            statement.push(" AND d.deleted_at >= ").bind(since);
        }
        if !search.text.is_empty() {
            let (low, high) = prefix_range(&search.text_key);
            statement.push(" AND ((d.user_name_key >= ").bind(low);
            statement.push(" AND d.user_name_key < ").bind(high);
            statement.push(") OR d.id = ").bind(search.text).push(")");
        }
    };
    let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1");
    conditions(&mut statement);
    statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
    statement.push(") counted");
    let total = connection.fetch_count(statement.finish()).await?;

    let mut statement = Builder::new("SELECT d.id, d.label, d.user_name, d.deleted_at");
    conditions(&mut statement);
    let columns = ("d.deleted_at", "d.id");
    let order = if descending {
        Order::LatestFirst
    } else {
        Order::EarliestFirst
    };
    push_page(&mut statement, columns, order, cursor, false, FETCH);
    Ok((connection.fetch_all(statement.finish()).await?, total))
}

/// All that is kept of one user, deleted or not.
#[derive(Debug, Clone, FromRow)]
pub struct FoundUser {
    pub id: String,
    pub label: String,
    pub user_name: String,
    pub external_id: Option<String>,
    pub active: bool,
    pub blocked_at: Option<Millis>,
    pub blocked_by: Option<String>,
    pub blocked_reason: Option<String>,
    pub deleted_at: Option<Millis>,
    pub role: Option<String>,
    pub role_value: Option<String>,
    #[sqlx(try_from = "String")]
    pub role_state: RoleState,
    pub version: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub document: String,
}

/// The user with this id in this organization, from the tombstones if Entra has deleted it.
pub async fn find(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<FoundUser>, StoreError> {
    let user: Option<FoundUser> = connection
        .fetch_optional(
            sql("SELECT u.id, u.label, u.user_name, u.external_id, u.active, u.blocked_at, \
                 u.blocked_by, u.blocked_reason, CAST(NULL AS BIGINT) AS deleted_at, r.display_name AS role, u.role_value, u.role_state, \
                 u.version, u.created_at, u.updated_at, u.document \
                 FROM users u LEFT JOIN roles r ON r.id = u.role_id \
                 WHERE u.organization_id = $1 AND u.id = $2")
            .bind(organization_id)
            .bind(id),
        )
        .await?;
    if user.is_some() {
        return Ok(user);
    }
    connection
        .fetch_optional(
            sql(
                "SELECT id, label, user_name, external_id, FALSE AS active, \
                 blocked_at, blocked_by, blocked_reason, deleted_at, CAST(NULL AS TEXT) AS role, \
                 CAST(NULL AS TEXT) AS role_value, 'missing' AS role_state, version, created_at, \
                 deleted_at AS updated_at, document \
                 FROM deleted_users WHERE organization_id = $1 AND id = $2",
            )
            .bind(organization_id)
            .bind(id),
        )
        .await
}

/// One change set as stored.
#[derive(Debug, Clone, FromRow)]
pub struct StoredChange {
    pub id: String,
    pub log_id: Option<String>,
    pub changed_at: Millis,
    pub kind: String,
    pub actor_kind: String,
    pub actor_name: String,
    pub version: i64,
    /// `None` where they are too large for a list.
    pub changes: Option<String>,
}

const CHANGE_COLUMNS: &str =
    "SELECT id, log_id, changed_at, kind, actor_kind, actor_name, version, ";

/// The next [`FETCH`] change sets of a user, and how many there are, up to [`COUNT_LIMIT`] and one. Newest
/// first; with `newer` those after the cursor, oldest first.
pub async fn history(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_id: &str,
    cursor: Option<&TimeCursor>,
    newer: bool,
) -> Result<(Vec<StoredChange>, i64), StoreError> {
    let total = connection
        .fetch_count(
            sql("SELECT count(*) FROM (SELECT 1 FROM user_changes \
                 WHERE organization_id = $1 AND user_id = $2 LIMIT $3) counted")
            .bind(organization_id)
            .bind(user_id)
            .bind(COUNT_LIMIT + 1),
        )
        .await?;
    let mut statement = Builder::new(CHANGE_COLUMNS);
    statement
        .push(LISTED_CHANGES)
        .push(" FROM user_changes WHERE organization_id = ")
        .bind(organization_id);
    statement.push(" AND user_id = ").bind(user_id);
    let columns = ("changed_at", "id");
    let order = Order::LatestFirst;
    push_page(&mut statement, columns, order, cursor, newer, FETCH);
    Ok((connection.fetch_all(statement.finish()).await?, total))
}

/// The latest change sets of a user from `since` on, newest first: at most `limit`, and no more after the one that brings
/// them to `bytes`.
pub async fn latest_changes(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_id: &str,
    since: Millis,
    (limit, bytes): (i64, usize),
) -> Result<Vec<StoredChange>, StoreError> {
    let mut statement = Builder::new(CHANGE_COLUMNS);
    statement
        .push(LISTED_CHANGES)
        .push(" FROM user_changes WHERE organization_id = ")
        .bind(organization_id);
    statement.push(" AND user_id = ").bind(user_id);
    statement.push(" AND changed_at >= ").bind(since);
    statement
        .push(" ORDER BY changed_at DESC, id DESC LIMIT ")
        .bind(limit);
    let mut read = 0;
    connection
        .fetch_until(statement.finish(), |change: &StoredChange| {
            read += change.changes.as_ref().map_or(0, String::len);
            read >= bytes
        })
        .await
}
