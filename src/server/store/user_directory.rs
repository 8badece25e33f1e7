//! The users page's questions to `users`.
//!
//! Where few users match, they are looked up by the condition's index and sorted; where many do, the sort
//! order's index is walked and each user tested. Databases guess which is better from statistics that may be
//! missing or old, so matches are counted (up to a limit) and the statement is written accordingly: an
//! expression such as `updated_at + 0` or `role_id || ''` is a column that no index answers.

mod conditions;
mod cursor;
mod order;

pub(super) use conditions::push_text_candidates;
pub use cursor::Cursor;

use conditions::{Candidates, push_candidates, push_conditions};
use order::Order;
use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, FETCH};
use super::sql::{Builder, Connection, sql};
use super::user_failures::are_all;
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
    looks_up_changes: bool,
    /// The index of roles, or of changes, is walked.
    walks_roles: bool,
    walks_changes: bool,
    /// Not too many match: read them all and sort.
    sorts: bool,
}

impl Plan {
    /// Whether users are found by ids that were looked up.
    fn finds_by_id(self, filter: &UserFilter) -> bool {
        self.looks_up_text || self.looks_up_roles || self.looks_up_changes || filter.has_failures
    }
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
    #[sqlx(try_from = "String")]
    pub role_state: RoleState,
    pub updated_at: Millis,
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
        plan.looks_up_roles = count_roles(connection, search).await? <= COUNT_LIMIT;
    }
    // Where too many have changed to look them up, those who did latest are counted if their rows must be read.
    let mut counted_search = search.clone();
    if let Some(since) = search.changed_since {
        let beyond = change_beyond(connection, search.organization_id, since).await?;
        plan.looks_up_changes = beyond.is_none();
        counted_search.changed_since = beyond.or(search.changed_since);
    }
    let mut has_index = plan.looks_up_roles
        || plan.looks_up_changes
        || filter.has_failures
        || matches!(filter.state, Some(UserState::Inactive | UserState::Blocked))
        || filter
            .role_state
            .is_some_and(|state| state != RoleState::Known);
    if !search.text.is_empty() {
        let counted = count_text(connection, search).await?;
        // Of too many candidates only the first are looked up: enough for a count that says "at least".
        plan.is_all = counted <= COUNT_LIMIT || has_index;
        plan.looks_up_text = counted <= COUNT_LIMIT || !has_index;
        has_index |= counted <= COUNT_LIMIT;
        if search.has_only_text() {
            plan.total = counted.min(COUNT_LIMIT + 1);
        }
    }
    if !search.has_only_text() {
        let walks = !has_index && search.text.is_empty();
        let reads_rows = !filter.roles.is_empty() || filter.role_state.is_some();
        let is_cut = walks && reads_rows && search.changed_since.is_some();
        plan.is_all &= !is_cut;
        plan.walks_roles = walks && search.changed_since.is_none();
        plan.walks_changes = true;
        let search = if is_cut { &counted_search } else { search };
        let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM users u WHERE ");
        push_conditions(&mut statement, search, plan);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
        statement.push(") counted");
        plan.total = connection.fetch_count(statement.finish()).await?;
    }
    plan.is_all &= !filter.has_failures || are_all(plan.total);
    plan.sorts = has_index && plan.total <= COUNT_LIMIT;
    plan.walks_roles = false;
    plan.walks_changes = matches!(filter.sort, UserSort::Changed | UserSort::Status);
    if !plan.sorts {
        (plan.looks_up_text, plan.looks_up_roles) = (false, false);
        plan.looks_up_changes = false;
    }
    Ok(plan)
}

/// Users who have one of the roles, up to [`COUNT_LIMIT`] and one.
async fn count_roles(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<i64, StoreError> {
    let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM users WHERE ");
    push_candidates(&mut statement, search, Candidates::Roles);
    statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
    statement.push(") counted");
    connection.fetch_count(statement.finish()).await
}

/// When the first user beyond the latest [`COUNT_LIMIT`] changed; `None` when no more have since then.
async fn change_beyond(
    connection: &mut Connection<'_>,
    organization_id: &str,
    since: Millis,
) -> Result<Option<Millis>, StoreError> {
    let beyond: Option<(Millis,)> = connection
        .fetch_optional(
            sql(
                "SELECT updated_at FROM users WHERE organization_id = $1 AND updated_at >= $2 \
                 ORDER BY updated_at DESC LIMIT 1 OFFSET $3",
            )
            .bind(organization_id)
            .bind(since)
            .bind(COUNT_LIMIT),
        )
        .await?;
    Ok(beyond.map(|(at,)| at))
}

/// Users whom the text may mean; of each kind of match up to [`COUNT_LIMIT`] and one.
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
        COUNT_LIMIT,
    );
    statement.push(") counted");
    connection.fetch_count(statement.finish()).await
}

const LISTED: &str = "SELECT u.id, u.label, u.label_key, u.user_name, u.user_name_key, u.active, u.blocked_at, \
     u.role_id, r.display_name AS role, u.role_state, u.updated_at \
     FROM users u LEFT JOIN roles r ON r.id = u.role_id WHERE ";

/// The next [`FETCH`] users in the direction of reading: `back` reads towards the beginning of the list, so the
/// answer is then in the opposite order.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    plan: Plan,
    cursor: Option<&Cursor>,
    back: bool,
) -> Result<Vec<ListedUser>, StoreError> {
    let order = Order::of(connection, search, back).await?;
    if plan.sorts {
        let mut statement = Builder::new(LISTED);
        push_conditions(&mut statement, search, plan);
        order.push_sorted(&mut statement, plan, cursor);
        statement.push(" LIMIT ").bind(FETCH);
        return connection.fetch_all(statement.finish()).await;
    }
    let start = cursor.and_then(|cursor| order.place_of(cursor));
    let mut users: Vec<ListedUser> = Vec::new();
    for (index, group) in order.groups.iter().enumerate().skip(start.unwrap_or(0)) {
        let mut statement = Builder::new(LISTED);
        push_conditions(&mut statement, search, plan);
        group.push(&mut statement);
        if let Some(cursor) = cursor.filter(|_| start == Some(index)) {
            order.push_after(&mut statement, cursor, plan);
        }
        statement.push(" ORDER BY ");
        order.push_columns(&mut statement, plan);
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
