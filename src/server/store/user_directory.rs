//! The users page's questions to `users`.
//!
//! Where few users match, they are looked up by the condition's index and sorted; where many do, the sort
//! order's index is walked and each user tested. Databases guess which is better from statistics that may be
//! missing or old, so matches are counted (up to a limit) and the statement is written accordingly: an
//! expression such as `updated_at + 0` or `role_id || ''` is a column that no index answers.

mod cursor;

pub use cursor::Cursor;

use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, FETCH, FEW, prefix_range, push_list};
use super::sql::{Builder, Connection, sql};
use super::user_failures::push_failing;
use crate::model::user::{RoleState, UserFilter, UserSort, UserState};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// What the list is asked for, in the terms of the tables.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub organization_id: &'a str,
    pub filter: &'a UserFilter,
    /// The text as typed, and its normalized twin.
    pub text: &'a str,
    pub text_key: String,
    pub changed_since: Option<Millis>,
}

impl Search<'_> {
    fn has_only_text(&self) -> bool {
        let filter = self.filter;
        !self.text.is_empty()
            && self.changed_since.is_none()
            && filter.state.is_none()
            && filter.roles.is_empty()
            && filter.role_state.is_none()
            && !filter.has_failures
    }
}

/// How a statement finds what [`measure`] has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// Matches, up to [`COUNT_LIMIT`] and one.
    pub total: i64,
    /// Whether all matches up to that limit were counted.
    pub is_all: bool,
    /// By an index of their own, rather than tested row by row.
    looks_up_text: bool,
    looks_up_roles: bool,
    /// Few match: read them all and sort.
    sorts: bool,
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
    fn expression(self, plan: Plan) -> &'static str {
        match (self, plan.sorts) {
            (Self::UpdatedAt, false) => "u.updated_at",
            (Self::UpdatedAt, true) => "(u.updated_at + 0)",
            (Self::Label, false) => "u.label_key",
            (Self::Label, true) => "(u.label_key || '')",
            (Self::UserName, false) => "u.user_name_key",
            (Self::UserName, true) => "(u.user_name_key || '')",
            (Self::Id, false) => "u.id",
            (Self::Id, true) => "(u.id || '')",
        }
    }

    /// Whether users may share a value, so that their ids decide.
    fn has_ties(self) -> bool {
        matches!(self, Self::UpdatedAt | Self::Label)
    }

    fn push_after(self, statement: &mut Builder, cursor: &Cursor, plan: Plan, descending: bool) {
        let comparison = if descending { " < (" } else { " > (" };
        statement.push(" AND (").push(self.expression(plan));
        statement.push(if self.has_ties() { ", u.id)" } else { ")" });
        statement.push(comparison);
        match self {
            // Only our own cursors have numbers here; any other begins at the end that is shown first.
            Self::UpdatedAt => {
                let start = if descending { i64::MAX } else { i64::MIN };
                statement.bind(cursor.value.parse().unwrap_or(start))
            }
            Self::Label | Self::UserName => statement.bind(&cursor.value),
            Self::Id => statement.bind(&cursor.id),
        };
        if self.has_ties() {
            statement.push(", ").bind(&cursor.id);
        }
        statement.push(")");
    }

    fn push_order(self, statement: &mut Builder, plan: Plan, descending: bool) {
        let direction = if descending { " DESC" } else { "" };
        statement.push(" ORDER BY ").push(self.expression(plan));
        statement.push(direction);
        if self.has_ties() {
            statement.push(", u.id").push(direction);
        }
    }
}

/// Counts what `search` finds, and decides how to find it.
pub async fn measure(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<Plan, StoreError> {
    let filter = search.filter;
    let mut plan = Plan {
        is_all: true,
        ..Plan::default()
    };
    if !filter.roles.is_empty() {
        let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM users WHERE ");
        push_candidates(&mut statement, search, Candidates::Roles);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
        statement.push(") counted");
        let counted = connection.fetch_count(statement.finish()).await?;
        plan.looks_up_roles = counted <= COUNT_LIMIT;
    }
    let mut has_index = plan.looks_up_roles
        || filter.has_failures
        || matches!(filter.state, Some(UserState::Inactive | UserState::Blocked))
        || filter
            .role_state
            .is_some_and(|state| state != RoleState::Known);
    if !search.text.is_empty() {
        let mut statement = Builder::new("SELECT count(*) FROM (");
        push_text_candidates(
            &mut statement,
            search.organization_id,
            search.text,
            &search.text_key,
        );
        statement.push(") counted");
        let counted = connection.fetch_count(statement.finish()).await?;
        // Of too many candidates only the first are looked up: enough for a count that says "at least".
        plan.is_all = counted <= COUNT_LIMIT || has_index;
        plan.looks_up_text = counted <= COUNT_LIMIT || !has_index;
        has_index |= counted <= COUNT_LIMIT;
        if search.has_only_text() {
            plan.total = counted.min(COUNT_LIMIT + 1);
        }
    }
    if !search.has_only_text() {
        let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM users u WHERE ");
        push_conditions(&mut statement, search, plan);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
        statement.push(") counted");
        plan.total = connection.fetch_count(statement.finish()).await?;
    }
    plan.sorts = has_index && plan.total <= FEW;
    if !plan.sorts {
        (plan.looks_up_text, plan.looks_up_roles) = (false, false);
    }
    Ok(plan)
}

/// A condition that has an index of its own.
#[derive(Debug, Clone, Copy)]
enum Candidates {
    Inactive,
    Blocked,
    Roles,
    RoleState,
}

/// Adds such a condition, the organization included, on the table `users`.
fn push_candidates(statement: &mut Builder, search: &Search<'_>, candidates: Candidates) {
    statement.push("organization_id = ");
    statement.bind(search.organization_id);
    match candidates {
        Candidates::Inactive => {
            statement.push(" AND NOT active");
        }
        Candidates::Blocked => {
            statement.push(" AND blocked_at IS NOT NULL");
        }
        Candidates::Roles => {
            let roles = search.filter.roles.iter().map(String::as_str);
            push_list(statement, " AND role_id IN (", roles);
        }
        Candidates::RoleState => {
            statement.push(" AND role_state <> 'known' AND role_state = ");
            statement.bind(search.filter.role_state.map(RoleState::as_str));
        }
    }
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

/// The next [`FETCH`] users in the direction of reading: `back` reads towards the beginning of the list, so the
/// answer is then in the opposite order.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    plan: Plan,
    cursor: Option<&Cursor>,
    back: bool,
) -> Result<Vec<ListedUser>, StoreError> {
    let (mut groups, column) = groups(connection, search).await?;
    let group_descending = search.filter.descending != back;
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
        push_conditions(&mut statement, search, plan);
        group.push(&mut statement);
        if let Some(cursor) = cursor.filter(|_| start == Some(index)) {
            column.push_after(&mut statement, cursor, plan, descending);
        }
        column.push_order(&mut statement, plan, descending);
        statement.push(" LIMIT ");
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

/// Ids and names of the catalogue's roles, in its order.
pub async fn roles(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    connection
        .fetch_all(
            sql("SELECT id, display_name FROM roles WHERE organization_id = $1 ORDER BY position, id")
                .bind(organization_id),
        )
        .await
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

fn push_conditions(statement: &mut Builder, search: &Search<'_>, plan: Plan) {
    // Users who are looked up are found by their ids: no index of the organization may seem better.
    statement.push(if plan.sorts {
        "(u.organization_id || '') = "
    } else {
        "u.organization_id = "
    });
    statement.bind(search.organization_id);
    let filter = search.filter;
    let indexed = match filter.state {
        Some(UserState::Active) => {
            statement.push(" AND u.active");
            None
        }
        Some(UserState::Inactive) => Some((Candidates::Inactive, " AND NOT u.active")),
        Some(UserState::Blocked) => Some((Candidates::Blocked, " AND u.blocked_at IS NOT NULL")),
        // Deleted ones stand in a table of their own.
        Some(UserState::Deleted) | None => None,
    };
    if let Some((candidates, test)) = indexed {
        if plan.sorts {
            push_looked_up(statement, search, candidates);
        } else {
            statement.push(test);
        }
    }
    if plan.looks_up_roles {
        push_looked_up(statement, search, Candidates::Roles);
    } else if !filter.roles.is_empty() {
        let roles = filter.roles.iter().map(String::as_str);
        push_list(statement, " AND (u.role_id || '') IN (", roles);
    }
    match filter.role_state {
        Some(RoleState::Known) => {
            statement.push(" AND u.role_state = 'known'");
        }
        Some(_) if plan.sorts => push_looked_up(statement, search, Candidates::RoleState),
        Some(state) => {
            statement.push(" AND u.role_state <> 'known' AND u.role_state = ");
            statement.bind(state.as_str());
        }
        None => {}
    }
    if let Some(since) = search.changed_since {
        statement.push(" AND u.updated_at >= ").bind(since);
    }
    if filter.has_failures {
        statement.push(" AND u.id IN (");
        push_failing(statement, search.organization_id);
        statement.push(")");
    }
    if plan.looks_up_text {
        statement.push(" AND u.id IN (");
        push_text_candidates(
            statement,
            search.organization_id,
            search.text,
            &search.text_key,
        );
        statement.push(")");
    } else if !search.text.is_empty() {
        push_text_test(statement, &search.text_key);
    }
}

fn push_looked_up(statement: &mut Builder, search: &Search<'_>, candidates: Candidates) {
    statement.push(" AND u.id IN (SELECT id FROM users WHERE ");
    push_candidates(statement, search, candidates);
    statement.push(")");
}

fn push_text_test(statement: &mut Builder, key: &str) {
    let (low, high) = prefix_range(key);
    for (from, to) in [
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
    ] {
        statement.push(from).bind(&low).push(to).bind(&high);
    }
    statement.push("))");
}
