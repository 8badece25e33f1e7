//! `users`, `user_values`, `deleted_users` and `user_changes`: provisioned people and their history.

use std::collections::HashSet;

use sqlx::FromRow;

use super::sql::{Arg, Builder, Connection, Sql, sql};
use super::user_filter;
use super::{Tx, dialect, user_blocks};
use crate::model::user::RoleState;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::scim::resource::FilterValue;

macro_rules! columns {
    () => {
        "u.id, u.user_name, u.external_id, u.active, u.role_id, u.role_value, u.role_state, \
         u.blocked_at, u.version, u.created_at, u.updated_at, u.document"
    };
}
pub(super) use columns;

/// A user as stored: the document and what stands beside it.
#[derive(Debug, Clone, FromRow)]
pub struct StoredUser {
    pub id: String,
    pub user_name: String,
    pub external_id: Option<String>,
    pub active: bool,
    pub role_id: Option<String>,
    pub role_value: Option<String>,
    #[sqlx(try_from = "String")]
    pub role_state: RoleState,
    pub blocked_at: Option<Millis>,
    pub version: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// The SCIM attributes as JSON, without `id`, `meta` and `schemas`.
    pub document: String,
}

/// The columns that a change writes, derived from the document.
#[derive(Debug, Clone)]
pub struct UserColumns {
    pub user_name: String,
    pub user_name_key: String,
    pub external_id: Option<String>,
    pub active: bool,
    pub given_name: Option<String>,
    pub given_name_key: Option<String>,
    pub family_name: Option<String>,
    pub family_name_key: Option<String>,
    pub display_name: Option<String>,
    pub display_name_key: Option<String>,
    pub label: String,
    pub label_key: String,
    pub role_id: Option<String>,
    pub role_value: Option<String>,
    pub role_state: &'static str,
    pub document: String,
    /// The cycle in which they lose access; `None` leaves it as it is.
    pub guard_cycle_id: Option<String>,
}

/// One change set of one user.
#[derive(Debug, Clone)]
pub struct NewChange<'a> {
    pub id: String,
    pub user_id: &'a str,
    pub log_id: Option<&'a str>,
    pub changed_at: Millis,
    pub kind: &'static str,
    pub actor_kind: &'static str,
    pub actor_id: &'a str,
    pub actor_name: String,
    pub version: i64,
    /// JSON: `[{"attribute", "old", "new"}]`.
    pub changes: String,
}

/// The user with this id in this organization.
pub async fn find(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<StoredUser>, StoreError> {
    const FIND: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM users u WHERE u.id = $1 AND u.organization_id = $2"
    );
    connection
        .fetch_optional(sql(FIND).bind(id).bind(organization_id))
        .await
}

/// As [`find`], and nobody else changes the user until this transaction ends.
pub async fn find_locked(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<StoredUser>, StoreError> {
    const LOCKED: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM users u WHERE u.id = $1 AND u.organization_id = $2 FOR UPDATE"
    );
    if let Some(user) = tx.foreseen.take_user(organization_id, id) {
        return Ok(Some(user));
    }
    match tx.dialect() {
        // SQLite's one writer is the lock.
        dialect::Dialect::Sqlite => find(tx, organization_id, id).await,
        dialect::Dialect::Postgres => {
            tx.fetch_optional(sql(LOCKED).bind(id).bind(organization_id))
                .await
        }
    }
}

/// Nobody else changes whoever has this userName until this transaction ends.
pub async fn hold_by_user_name(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_name_key: &str,
) -> Result<(), StoreError> {
    // SQLite's one writer is the lock.
    if tx.dialect() == dialect::Dialect::Postgres {
        const HOLD: &str =
            "SELECT id FROM users WHERE organization_id = $1 AND user_name_key = $2 FOR UPDATE";
        tx.execute(sql(HOLD).bind(organization_id).bind(user_name_key))
            .await?;
    }
    Ok(())
}

/// The user with this userName, compared by its key.
pub async fn find_by_user_name(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_name_key: &str,
) -> Result<Option<StoredUser>, StoreError> {
    const BY_USER_NAME: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM users u WHERE u.organization_id = $1 AND u.user_name_key = $2"
    );
    connection
        .fetch_optional(sql(BY_USER_NAME).bind(organization_id).bind(user_name_key))
        .await
}

/// Stores a new user. `false` when the userName is taken; nothing is stored then. Whoever was blocked when Entra
/// deleted them, and comes back, is blocked still.
pub async fn insert(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    now: Millis,
    columns: UserColumns,
) -> Result<bool, StoreError> {
    const INSERT: &str = concat!(
        "INSERT INTO users (id, organization_id, user_name, user_name_key, external_id, active, \
         given_name, given_name_key, family_name, family_name_key, display_name, display_name_key, \
         label, label_key, role_id, role_value, role_state, version, created_at, updated_at, document, \
         blocked_at, blocked_by, blocked_reason) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1, $18, $18, $19, \
         b.blocked_at, b.blocked_by, b.blocked_reason FROM (SELECT 1) one LEFT JOIN ",
        user_blocks::kept_block!("$2", "$4, $20", "$5, $21"),
        " b ON TRUE WHERE TRUE ON CONFLICT (organization_id, user_name_key) DO NOTHING"
    );
    let is_free = tx
        .foreseen
        .take_name(organization_id, &columns.user_name_key);
    let veiled = |name: &str| user_blocks::veiled(organization_id, name);
    let veiled_name = veiled(&columns.user_name_key);
    let veiled_external_id = columns.external_id.as_deref().map(veiled);
    let statement = sql(INSERT)
        .bind(id)
        .bind(organization_id)
        .bind(columns.user_name)
        .bind(columns.user_name_key)
        .bind(columns.external_id)
        .bind(columns.active)
        .bind(columns.given_name)
        .bind(columns.given_name_key)
        .bind(columns.family_name)
        .bind(columns.family_name_key)
        .bind(columns.display_name)
        .bind(columns.display_name_key)
        .bind(columns.label)
        .bind(columns.label_key)
        .bind(columns.role_id)
        .bind(columns.role_value)
        .bind(columns.role_state)
        .bind(now)
        .bind(columns.document)
        .bind(veiled_name)
        .bind(veiled_external_id);
    if is_free {
        tx.defer(statement);
    } else if tx.execute(statement).await? == 0 {
        return Ok(false);
    }
    tx.counted.add(organization_id, id, 1);
    Ok(true)
}

/// Stores a changed user under its next version: only what differs from `before`, because a database maintains
/// every index of a column that an UPDATE names, whether its value changes or not.
///
/// # Errors
/// [`StoreError::Conflict`] when the new userName is taken; nothing is stored then.
pub async fn update(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    version: i64,
    now: Millis,
    before: UserColumns,
    columns: UserColumns,
) -> Result<(), StoreError> {
    // Only a new userName can be refused, so only then is the extra savepoint worth its price.
    let is_renamed = before.user_name_key != columns.user_name_key;
    tx.foreseen.forget_user(id);
    if is_renamed {
        tx.foreseen
            .take_name(organization_id, &columns.user_name_key);
    }
    let mut statement = Builder::new("UPDATE users SET version = ");
    statement.bind(version).push(", updated_at = ").bind(now);
    macro_rules! set {
        ($($column:ident),+) => {$(
            if before.$column != columns.$column {
                statement.push(concat!(", ", stringify!($column), " = ")).bind(columns.$column);
            }
        )+};
    }
    set!(
        user_name,
        user_name_key,
        external_id,
        active,
        given_name,
        given_name_key,
        family_name,
        family_name_key,
        display_name,
        display_name_key,
        label,
        label_key,
        role_id,
        role_value,
        role_state,
        document,
        guard_cycle_id
    );
    statement.push(" WHERE id = ").bind(id);
    statement
        .push(" AND organization_id = ")
        .bind(organization_id);
    let statement = statement.finish_repeated();
    if is_renamed {
        tx.try_execute(statement).await?;
    } else {
        tx.defer(statement);
    }
    Ok(())
}

/// Stores the filterable values of a new user, when the change ends.
pub fn insert_values(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_id: &str,
    values: Vec<FilterValue>,
) {
    put_values(tx, organization_id, user_id, values, "");
}

/// Stores what differs in the filterable values of a changed user, when the change ends: a new role is one row of
/// the five and more that a user has.
pub fn replace_values(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_id: &str,
    before: Vec<FilterValue>,
    after: Vec<FilterValue>,
) {
    /// Rows that are deleted one by one; beyond it, all are written anew.
    const FEW: usize = 50;
    let places: HashSet<_> = after.iter().map(FilterValue::place).collect();
    let gone: Vec<_> = before
        .iter()
        .filter(|value| !places.contains(&value.place()))
        .collect();
    if gone.len() > FEW {
        tx.defer(values_deletion(user_id));
        insert_values(tx, organization_id, user_id, after);
        return;
    }
    if !gone.is_empty() {
        let mut statement = Builder::new("DELETE FROM user_values WHERE user_id = ");
        statement.bind(user_id).push(" AND (");
        for (index, value) in gone.iter().enumerate() {
            statement.push(if index == 0 {
                "(attribute = "
            } else {
                " OR (attribute = "
            });
            statement
                .bind(&*value.attribute)
                .push(" AND element = ")
                .bind(value.element);
            statement.push(" AND sub = ").bind(value.sub).push(")");
        }
        statement.push(")");
        tx.defer(statement.finish_repeated());
    }
    let known: HashSet<_> = before
        .iter()
        .map(|value| (value.place(), &value.key))
        .collect();
    let changed = after
        .iter()
        .filter(|value| !known.contains(&(value.place(), &value.key)));
    put_values(
        tx,
        organization_id,
        user_id,
        changed.cloned().collect(),
        " ON CONFLICT (user_id, attribute, element, sub) DO UPDATE SET value_key = excluded.value_key, \
         match_key = excluded.match_key",
    );
}

fn put_values(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_id: &str,
    values: Vec<FilterValue>,
    on_conflict: &'static str,
) {
    // Far below both databases' limits on bound values.
    const ROWS: usize = 500;
    let mut values = values.into_iter().peekable();
    while values.peek().is_some() {
        let mut statement = Builder::new(
            "INSERT INTO user_values (user_id, organization_id, attribute, element, sub, value_key, match_key) VALUES ",
        );
        statement.push_rows(values.by_ref().take(ROWS).map(|value| {
            let match_key = user_filter::match_key(&value.key);
            vec![
                Arg::from(user_id),
                Arg::from(organization_id),
                Arg::from(value.attribute),
                Arg::from(value.element),
                Arg::from(value.sub),
                Arg::from(value.key),
                Arg::from(match_key),
            ]
        }));
        statement.push(on_conflict);
        tx.defer(statement.finish_repeated());
    }
}

fn values_deletion(user_id: &str) -> Sql {
    sql("DELETE FROM user_values WHERE user_id = $1").bind(user_id)
}

/// Takes a user out of SCIM's sight when the change ends; its tombstone stays in `deleted_users`.
pub fn delete(tx: &mut Tx<'_>, organization_id: &str, id: &str, now: Millis, log_id: &str) {
    tx.foreseen.forget_user(id);
    for statement in deletion(organization_id, id, now, log_id) {
        tx.defer(statement);
    }
    tx.counted.add(organization_id, id, -1);
}

/// As [`delete`], at once: somebody else gets the userName in the same change.
pub async fn delete_now(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    now: Millis,
    log_id: &str,
) -> Result<(), StoreError> {
    tx.foreseen.forget_user(id);
    for statement in deletion(organization_id, id, now, log_id) {
        tx.execute(statement).await?;
    }
    tx.counted.add(organization_id, id, -1);
    Ok(())
}

fn deletion(organization_id: &str, id: &str, now: Millis, log_id: &str) -> [Sql; 4] {
    [
        user_blocks::keeping(organization_id, id),
        sql(
            "INSERT INTO deleted_users (id, organization_id, user_name, user_name_key, external_id, label, \
             version, created_at, deleted_at, log_id, document, blocked_at, blocked_by, blocked_reason) \
             SELECT id, organization_id, user_name, user_name_key, external_id, label, version, created_at, \
             $3, $4, document, blocked_at, blocked_by, blocked_reason FROM users WHERE id = $1 AND organization_id = $2",
        )
        .bind(id)
        .bind(organization_id)
        .bind(now)
        .bind(log_id),
        values_deletion(id),
        sql("DELETE FROM users WHERE id = $1 AND organization_id = $2")
            .bind(id)
            .bind(organization_id),
    ]
}

/// Adds to a user's history, when the change ends.
pub fn insert_change(tx: &mut Tx<'_>, organization_id: &str, change: NewChange<'_>) {
    tx.appended.changes.push(change.values(organization_id));
}

/// What adds these rows to the history.
pub(super) fn changes_insertion(rows: Vec<Vec<Arg>>) -> Option<Sql> {
    if rows.is_empty() {
        return None;
    }
    let mut statement = Builder::new(
        "INSERT INTO user_changes (id, organization_id, user_id, log_id, changed_at, kind, actor_kind, actor_id, \
         actor_name, version, changes) VALUES ",
    );
    statement.push_rows(rows);
    Some(statement.finish_repeated())
}

/// As [`insert_change`], to the history of several users at once.
pub async fn insert_changes(
    tx: &mut Tx<'_>,
    organization_id: &str,
    changes: Vec<NewChange<'_>>,
) -> Result<(), StoreError> {
    let rows = changes
        .into_iter()
        .map(|change| change.values(organization_id));
    if let Some(statement) = changes_insertion(rows.collect()) {
        // Of many at once, as many as there are: a shape that hardly ever comes again.
        tx.execute(statement.once()).await?;
    }
    Ok(())
}

impl NewChange<'_> {
    fn values(self, organization_id: &str) -> Vec<Arg> {
        vec![
            Arg::from(self.id),
            Arg::from(organization_id),
            Arg::from(self.user_id),
            Arg::from(self.log_id),
            Arg::from(self.changed_at),
            Arg::from(self.kind),
            Arg::from(self.actor_kind),
            Arg::from(self.actor_id),
            Arg::from(self.actor_name),
            Arg::from(self.version),
            Arg::from(self.changes),
        ]
    }
}
