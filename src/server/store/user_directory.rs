//! The users page's questions to `users`, `deleted_users` and `user_changes`.
//!
//! A condition that few users meet is looked up in its own index and the result sorted; one that many meet is
//! tested while the sort order's index is walked. Databases guess which is which from statistics that may be
//! missing or old, so it is counted (up to a limit) and the statement is written accordingly.

use std::fmt;

use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, FETCH, TimeCursor, prefix_range};
use super::sql::{Builder, Connection, sql};
use crate::model::user::{RoleState, UserFilter, UserSort, UserState};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Failed entries that are looked through for users whose latest change was refused, newest first.
const FAILURES: i64 = 10_000;

/// What the list is asked for, in the terms of the tables.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub organization_id: &'a str,
    pub filter: &'a UserFilter,
    /// The text as typed, and its normalized twin.
    pub text: &'a str,
    pub text_key: String,
    pub changed_since: Option<Millis>,
    /// Too many users begin with the text to sort them all; see [`measure`].
    pub text_is_broad: bool,
    pub roles_are_broad: bool,
}

/// A user as listed.
#[derive(Debug, Clone, FromRow)]
pub struct ListedUser {
    pub id: String,
    pub label: String,
    pub label_key: String,
    pub user_name: String,
    pub user_name_key: String,
    pub active: bool,
    pub blocked_at: Option<Millis>,
    pub role_id: Option<String>,
    pub role: Option<String>,
    pub role_state: String,
    pub updated_at: Millis,
}

/// A place in the list: the group (when sorted by role or status), the sorted value and the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    group: String,
    value: String,
    id: String,
}

impl Cursor {
    /// From the query string; `None` for a text that is no cursor, which then means the first page.
    pub fn parse(text: &str) -> Option<Self> {
        let (group, rest) = text.split_once('~')?;
        let (value, id) = rest.rsplit_once('~')?;
        Some(Self {
            group: group.to_owned(),
            value: value.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The place of `user` in a list sorted by `sort`.
    pub fn of(sort: UserSort, user: &ListedUser) -> Self {
        let (group, column) = match sort {
            UserSort::Changed => (Group::Everyone, Column::UpdatedAt),
            UserSort::Name => (Group::Everyone, Column::Label),
            UserSort::UserName => (Group::Everyone, Column::UserName),
            UserSort::Role => (Group::Role(user.role_id.clone()), Column::Id),
            UserSort::Status if user.blocked_at.is_some() => (Group::Blocked, Column::UpdatedAt),
            UserSort::Status if user.active => (Group::Active, Column::UpdatedAt),
            UserSort::Status => (Group::Inactive, Column::UpdatedAt),
        };
        Self {
            group: group.name().to_owned(),
            value: match column {
                Column::UpdatedAt => user.updated_at.to_string(),
                Column::Label => user.label_key.clone(),
                Column::UserName => user.user_name_key.clone(),
                Column::Id => String::new(),
            },
            id: user.id.clone(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.group, self.value, self.id)
    }
}

/// Users that stand together in the sort order.
#[derive(Debug, Clone)]
enum Group {
    Everyone,
    Role(Option<String>),
    Active,
    Blocked,
    Inactive,
}

impl Group {
    fn name(&self) -> &str {
        match self {
            Self::Everyone => "",
            Self::Role(id) => id.as_deref().unwrap_or_default(),
            Self::Active => "active",
            Self::Blocked => "blocked",
            Self::Inactive => "inactive",
        }
    }

    fn push(&self, statement: &mut Builder) {
        match self {
            Self::Everyone => {}
            Self::Role(Some(id)) => {
                statement.push(" AND u.role_id = ").bind(id);
            }
            Self::Role(None) => {
                statement.push(" AND u.role_id IS NULL");
            }
            Self::Active => {
                statement.push(" AND u.active AND u.blocked_at IS NULL");
            }
            Self::Blocked => {
                statement.push(" AND u.blocked_at IS NOT NULL");
            }
            Self::Inactive => {
                statement.push(" AND NOT u.active AND u.blocked_at IS NULL");
            }
        }
    }
}

/// What orders the users of a group, each with an index.
#[derive(Debug, Clone, Copy)]
enum Column {
    UpdatedAt,
    Label,
    /// Unique, so it needs no id beside it.
    UserName,
    Id,
}

impl Column {
    fn push_after(self, statement: &mut Builder, cursor: &Cursor, descending: bool) {
        let (pair, single) = if descending {
            (") < (", " < ")
        } else {
            (") > (", " > ")
        };
        match self {
            Self::UpdatedAt => {
                // Only our own cursors have numbers here; any other begins at the end that is shown first.
                let start = if descending { i64::MAX } else { i64::MIN };
                statement.push(" AND (u.updated_at, u.id").push(pair);
                statement.bind(cursor.value.parse().unwrap_or(start));
                statement.push(", ").bind(&cursor.id).push(")");
            }
            Self::Label => {
                statement.push(" AND (u.label_key, u.id").push(pair);
                statement.bind(&cursor.value).push(", ").bind(&cursor.id);
                statement.push(")");
            }
            Self::UserName => {
                statement.push(" AND u.user_name_key").push(single);
                statement.bind(&cursor.value);
            }
            Self::Id => {
                statement.push(" AND u.id").push(single).bind(&cursor.id);
            }
        }
    }

    fn order(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Self::UpdatedAt, true) => " ORDER BY u.updated_at DESC, u.id DESC",
            (Self::UpdatedAt, false) => " ORDER BY u.updated_at, u.id",
            (Self::Label, true) => " ORDER BY u.label_key DESC, u.id DESC",
            (Self::Label, false) => " ORDER BY u.label_key, u.id",
            (Self::UserName, true) => " ORDER BY u.user_name_key DESC",
            (Self::UserName, false) => " ORDER BY u.user_name_key",
            (Self::Id, true) => " ORDER BY u.id DESC",
            (Self::Id, false) => " ORDER BY u.id",
        }
    }
}

/// Finds out which conditions of `search` are broad, and counts what it finds, up to [`COUNT_LIMIT`] and one.
pub async fn measure(
    connection: &mut Connection<'_>,
    search: &mut Search<'_>,
) -> Result<i64, StoreError> {
    if !search.text.is_empty() {
        search.text_is_broad = count_text(connection, search).await? > COUNT_LIMIT;
    }
    if !search.filter.roles.is_empty() {
        let mut statement =
            Builder::new("SELECT count(*) FROM (SELECT 1 FROM users u WHERE u.organization_id = ");
        statement.bind(search.organization_id);
        push_roles(&mut statement, " AND u.role_id IN (", &search.filter.roles);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
        statement.push(") counted");
        search.roles_are_broad = connection.fetch_count(statement.finish()).await? > COUNT_LIMIT;
    }
    let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM users u WHERE ");
    push_conditions(&mut statement, search);
    statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
    statement.push(") counted");
    connection.fetch_count(statement.finish()).await
}

async fn count_text(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<i64, StoreError> {
    let mut statement = Builder::new("SELECT count(*) FROM (");
    push_text_candidates(
        &mut statement,
        search.organization_id,
        search.text,
        &search.text_key,
    );
    statement.push(") counted");
    connection.fetch_count(statement.finish()).await
}

/// Adds the ids of users whose userName or name begins with `key`, or whose id or externalId is `text`: a
/// `UNION` of one index look-up each, each stopped beyond [`COUNT_LIMIT`].
pub(super) fn push_text_candidates(
    statement: &mut Builder,
    organization_id: &str,
    text: &str,
    key: &str,
) {
    let (low, high) = prefix_range(key);
    let prefixes = [
        (" AND user_name_key >= ", " AND user_name_key < "),
        (" AND given_name_key >= ", " AND given_name_key < "),
        (" AND family_name_key >= ", " AND family_name_key < "),
        (" AND label_key >= ", " AND label_key < "),
    ];
    for (from, to) in prefixes {
        statement.push("SELECT id FROM (SELECT id FROM users WHERE organization_id = ");
        statement.bind(organization_id);
        statement.push(from).bind(&low).push(to).bind(&high);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
        statement.push(") found UNION ");
    }
    statement.push("SELECT id FROM users WHERE organization_id = ");
    statement
        .bind(organization_id)
        .push(" AND id = ")
        .bind(text);
    statement.push(" UNION SELECT id FROM users WHERE organization_id = ");
    statement.bind(organization_id);
    statement.push(" AND external_id = ").bind(text);
}

/// The next [`FETCH`] users in the direction of reading. `descending` is the order on the page; `back` reads
/// towards its beginning, so the answer is then in the opposite order.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&Cursor>,
    descending: bool,
    back: bool,
) -> Result<Vec<ListedUser>, StoreError> {
    let (mut groups, column) = groups(connection, search).await?;
    let group_descending = descending != back;
    // Status groups keep the latest change on top whichever group comes first.
    let descending = match search.filter.sort {
        UserSort::Status => !back,
        _ => group_descending,
    };
    if group_descending {
        groups.reverse();
    }
    let start =
        cursor.and_then(|cursor| groups.iter().position(|group| group.name() == cursor.group));
    let mut users: Vec<ListedUser> = Vec::new();
    for (index, group) in groups.iter().enumerate().skip(start.unwrap_or(0)) {
        let mut statement = Builder::new(
            "SELECT u.id, u.label, u.label_key, u.user_name, u.user_name_key, u.active, u.blocked_at, \
             u.role_id, r.display_name AS role, u.role_state, u.updated_at \
             FROM users u LEFT JOIN roles r ON r.id = u.role_id WHERE ",
        );
        push_conditions(&mut statement, search);
        group.push(&mut statement);
        if let Some(cursor) = cursor.filter(|_| start == Some(index)) {
            column.push_after(&mut statement, cursor, descending);
        }
        statement.push(column.order(descending)).push(" LIMIT ");
        statement.bind(FETCH - i64::try_from(users.len()).unwrap_or(FETCH));
        users.extend(
            connection
                .fetch_all::<ListedUser>(statement.finish())
                .await?,
        );
        if i64::try_from(users.len()).unwrap_or(FETCH) >= FETCH {
            break;
        }
    }
    Ok(users)
}

async fn groups(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<(Vec<Group>, Column), StoreError> {
    Ok(match search.filter.sort {
        UserSort::Changed => (vec![Group::Everyone], Column::UpdatedAt),
        UserSort::Name => (vec![Group::Everyone], Column::Label),
        UserSort::UserName => (vec![Group::Everyone], Column::UserName),
        UserSort::Status => (
            vec![Group::Active, Group::Blocked, Group::Inactive],
            Column::UpdatedAt,
        ),
        UserSort::Role => {
            let roles: Vec<(String,)> = connection
                .fetch_all(
                    sql("SELECT id FROM roles WHERE organization_id = $1 ORDER BY position, id")
                        .bind(search.organization_id),
                )
                .await?;
            let mut groups: Vec<Group> = roles
                .into_iter()
                .filter(|(id,)| search.filter.roles.is_empty() || search.filter.roles.contains(id))
                .map(|(id,)| Group::Role(Some(id)))
                .collect();
            groups.push(Group::Role(None));
            (groups, Column::Id)
        }
    })
}

fn push_conditions(statement: &mut Builder, search: &Search<'_>) {
    statement.push("u.organization_id = ");
    statement.bind(search.organization_id);
    match search.filter.state {
        Some(UserState::Active) => {
            statement.push(" AND u.active");
        }
        Some(UserState::Inactive) => {
            statement.push(" AND NOT u.active");
        }
        Some(UserState::Blocked) => {
            statement.push(" AND u.blocked_at IS NOT NULL");
        }
        // Deleted ones stand in a table of their own.
        Some(UserState::Deleted) | None => {}
    }
    if !search.filter.roles.is_empty() {
        // The expression keeps the databases from sorting half of all users by an index look-up.
        let test = if search.roles_are_broad {
            " AND (u.role_id || '') IN ("
        } else {
            " AND u.role_id IN ("
        };
        push_roles(statement, test, &search.filter.roles);
    }
    match search.filter.role_state {
        Some(RoleState::Known) => {
            statement.push(" AND u.role_state = 'known'");
        }
        Some(state) => {
            statement.push(" AND u.role_state <> 'known' AND u.role_state = ");
            statement.bind(state.as_str());
        }
        None => {}
    }
    if let Some(since) = search.changed_since {
        statement.push(" AND u.updated_at >= ").bind(since);
    }
    if search.filter.has_failures {
        statement.push(" AND u.id IN (");
        push_failing(statement, search.organization_id);
        statement.push(")");
    }
    if search.text.is_empty() {
        return;
    }
    if search.text_is_broad {
        let (low, high) = prefix_range(&search.text_key);
        let tests = [
            (
                " AND (((u.user_name_key || '') >= ",
                " AND (u.user_name_key || '') < ",
            ),
            (
                ") OR ((u.given_name_key || '') >= ",
                " AND (u.given_name_key || '') < ",
            ),
            (
                ") OR ((u.family_name_key || '') >= ",
                " AND (u.family_name_key || '') < ",
            ),
            (
                ") OR ((u.label_key || '') >= ",
                " AND (u.label_key || '') < ",
            ),
        ];
        for (from, to) in tests {
            statement.push(from).bind(&low).push(to).bind(&high);
        }
        statement.push("))");
    } else {
        statement.push(" AND u.id IN (");
        push_text_candidates(
            statement,
            search.organization_id,
            search.text,
            &search.text_key,
        );
        statement.push(")");
    }
}

fn push_roles(statement: &mut Builder, test: &'static str, roles: &[String]) {
    statement.push(test);
    for (index, role) in roles.iter().enumerate() {
        statement
            .push(if index == 0 { "" } else { ", " })
            .bind(role);
    }
    statement.push(")");
}

/// Adds the ids of users whose latest change was refused.
fn push_failing(statement: &mut Builder, organization_id: &str) {
    statement.push(
        "SELECT f.user_id FROM (SELECT user_id, max(occurred_at) AS failed_at FROM \
         (SELECT user_id, occurred_at FROM provisioning_logs WHERE organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(
        " AND status <> 'success' AND status = 'failure' AND user_id IS NOT NULL \
         ORDER BY occurred_at DESC, id DESC LIMIT ",
    );
    statement.bind(FAILURES);
    statement.push(
        ") latest GROUP BY user_id) f WHERE NOT EXISTS \
         (SELECT 1 FROM provisioning_logs s WHERE s.organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(
        " AND s.user_id = f.user_id AND s.occurred_at > f.failed_at AND s.status <> 'failure' \
         AND (NOT s.is_lookup OR s.status = 'failure'))",
    );
}

/// A refused change that no later one has made good.
#[derive(Debug, Clone, FromRow)]
pub struct LatestFailure {
    pub user_id: String,
    pub log_id: String,
    pub reason: Option<String>,
    pub attribute: Option<String>,
    pub detail: Option<String>,
}

/// For each of the users whose latest change was refused, that entry.
pub async fn latest_failures(
    connection: &mut Connection<'_>,
    organization_id: &str,
    users: &[&str],
) -> Result<Vec<LatestFailure>, StoreError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT u.id AS user_id, l.id AS log_id, l.reason, l.attribute, l.detail \
         FROM users u JOIN provisioning_logs l ON l.id = \
         (SELECT n.id FROM provisioning_logs n WHERE n.organization_id = u.organization_id \
          AND n.user_id = u.id AND (NOT n.is_lookup OR n.status = 'failure') \
          ORDER BY n.occurred_at DESC, n.id DESC LIMIT 1) \
         WHERE l.status = 'failure' AND u.organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(" AND u.id IN (");
    for (index, id) in users.iter().enumerate() {
        statement.push(if index == 0 { "" } else { ", " }).bind(*id);
    }
    statement.push(")");
    connection.fetch_all(statement.finish()).await
}

/// Counts of the tabs, each up to [`COUNT_LIMIT`] and one.
#[derive(Debug, Clone, FromRow)]
pub struct Counted {
    pub everyone: i64,
    pub active: i64,
    pub inactive: i64,
    pub failing: i64,
    pub deleted: i64,
}

/// Counts users by state.
pub async fn counts(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Counted, StoreError> {
    let parts = [
        (
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = ",
            ") a) AS everyone",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM users WHERE active AND organization_id = ",
            ") b) AS active",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM users WHERE NOT active AND organization_id = ",
            ") c) AS inactive",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM deleted_users WHERE organization_id = ",
            ") d) AS deleted",
        ),
    ];
    let mut statement = Builder::default();
    for (before, after) in parts {
        statement.push(before).bind(organization_id);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1).push(after);
    }
    statement.push(", (SELECT count(*) FROM (SELECT 1 FROM users u WHERE u.organization_id = ");
    statement.bind(organization_id).push(" AND u.id IN (");
    push_failing(&mut statement, organization_id);
    statement.push(")) e) AS failing");
    connection
        .fetch_optional(statement.finish())
        .await?
        .ok_or_else(|| StoreError::Corrupt("counting answered nothing".to_owned()))
}

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
    if let Some(cursor) = cursor {
        statement.push(if descending {
            " AND (d.deleted_at, d.id) < ("
        } else {
            " AND (d.deleted_at, d.id) > ("
        });
        statement
            .bind(cursor.at)
            .push(", ")
            .bind(&cursor.id)
            .push(")");
    }
    statement.push(if descending {
        " ORDER BY d.deleted_at DESC, d.id DESC LIMIT "
    } else {
        " ORDER BY d.deleted_at, d.id LIMIT "
    });
    statement.bind(FETCH);
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
    pub deleted_at: Option<Millis>,
    pub role: Option<String>,
    pub role_value: Option<String>,
    pub role_state: String,
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
                 CAST(NULL AS BIGINT) AS deleted_at, r.display_name AS role, u.role_value, u.role_state, \
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
                 CAST(NULL AS BIGINT) AS blocked_at, deleted_at, CAST(NULL AS TEXT) AS role, \
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
    pub changes: String,
}

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
    let mut statement = Builder::new(
        "SELECT id, log_id, changed_at, kind, actor_kind, actor_name, version, changes \
         FROM user_changes WHERE organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(" AND user_id = ").bind(user_id);
    if let Some(cursor) = cursor {
        statement.push(if newer {
            " AND (changed_at, id) > ("
        } else {
            " AND (changed_at, id) < ("
        });
        statement
            .bind(cursor.at)
            .push(", ")
            .bind(&cursor.id)
            .push(")");
    }
    statement.push(if newer {
        " ORDER BY changed_at, id LIMIT "
    } else {
        " ORDER BY changed_at DESC, id DESC LIMIT "
    });
    statement.bind(FETCH);
    Ok((connection.fetch_all(statement.finish()).await?, total))
}
