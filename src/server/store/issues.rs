//! `issues` as they are read: narrowed, ranked, paged, counted up to a limit.

use std::fmt;

use sqlx::FromRow;

use super::issue_text::{TextSearch, push_text};
use super::keyset::{COUNT_LIMIT, Order, TimeCursor, push_list, push_page};
use super::sql::{Builder, Connection, sql};
use crate::model::issue::{IssueState, IssueTab};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// What is looked for. The tab and the organization have an index that keeps the order; the rest is sifted, since
/// there are few kinds of trouble.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `None` for all of them.
    pub organization_id: Option<String>,
    pub tab: IssueTab,
    pub action: Option<&'static str>,
    pub reason: Option<String>,
    /// An account, or nobody.
    pub assignee: Option<Option<String>>,
    pub text: Option<TextSearch>,
    /// Without those whose requests are carried out all the same.
    pub failures_only: bool,
}

/// An issue with the names of what it refers to.
#[derive(Debug, Clone, Default, FromRow)]
pub struct Issue {
    pub id: String,
    pub organization_id: String,
    pub organization_slug: String,
    pub organization_name: String,
    pub action: String,
    pub reason: String,
    /// Requests are carried out, with a remark.
    pub is_remark: bool,
    pub attribute: String,
    pub value: Option<String>,
    #[sqlx(try_from = "String")]
    pub state: IssueState,
    pub reopened: i64,
    pub events: i64,
    pub users_affected: i64,
    pub first_seen_at: Millis,
    pub last_seen_at: Millis,
    pub opened_at: Millis,
    pub resolved_at: Option<Millis>,
    pub resolved_by: Option<String>,
    pub ignored_until: Option<Millis>,
    pub ignored_until_events: Option<i64>,
    pub assignee_id: Option<String>,
    pub assignee_name: Option<String>,
    pub log_id: Option<String>,
}

const SELECT: &str = "SELECT i.id, i.is_remark, i.organization_id, o.slug AS organization_slug, o.name AS organization_name, i.action, \
     i.reason, i.attribute, i.value, i.state, i.reopened, i.events, i.users_affected, i.first_seen_at, i.last_seen_at, \
     i.opened_at, i.resolved_at, i.resolved_by, i.ignored_until, i.ignored_until_events, i.assignee_id, \
     a.name AS assignee_name, i.log_id FROM issues i JOIN organizations o ON o.id = i.organization_id \
     LEFT JOIN accounts a ON a.id = i.assignee_id";

/// Where a page begins: failure or remark, how many users, since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rank {
    pub is_remark: bool,
    pub users: i64,
    pub place: TimeCursor,
}

/// The kinds in a cursor.
const FAILURE: &str = "f";
const REMARK: &str = "r";

impl Rank {
    /// The place of an issue under a tab.
    pub fn of(issue: &Issue, tab: IssueTab) -> Self {
        let (users, at) = match tab {
            IssueTab::Open => (issue.users_affected, issue.first_seen_at),
            IssueTab::Resolved | IssueTab::Ignored => (0, issue.opened_at),
        };
        let id = issue.id.clone();
        Self {
            is_remark: issue.is_remark,
            users,
            place: TimeCursor { at, id },
        }
    }

    /// From the query string; `None` for a text that is none, which then means the first page.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('~')?;
        let (users, place) = rest.split_once('~')?;
        Some(Self {
            is_remark: kind == REMARK,
            users: users.parse().ok()?,
            place: TimeCursor::parse(place)?,
        })
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_remark { REMARK } else { FAILURE };
        write!(f, "{kind}~{}~{}", self.users, self.place)
    }
}

/// At most `limit` issues beyond the cursor. Open ones: failures before remarks, those with most users first, then the
/// oldest; closed ones in the order
/// in which they were opened, latest first. With `back` the other way round.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search,
    cursor: Option<&Rank>,
    back: bool,
    limit: i64,
) -> Result<Vec<Issue>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push(" WHERE 1 = 1");
    narrow(&mut statement, search);
    if search.tab == IssueTab::Open {
        if let Some(rank) = cursor {
            push_beyond(&mut statement, rank, back);
        }
        statement.push(if back {
            " ORDER BY i.is_remark DESC, i.users_affected, i.first_seen_at DESC, i.id DESC LIMIT "
        } else {
            " ORDER BY i.is_remark, i.users_affected DESC, i.first_seen_at, i.id LIMIT "
        });
        statement.bind(limit);
    } else {
        let columns = ("i.opened_at", "i.id");
        let order = Order::LatestFirst;
        let place = cursor.map(|rank| &rank.place);
        push_page(&mut statement, columns, order, place, back, limit);
    }
    connection.fetch_all(statement.finish()).await
}

/// Adds the test of open issues that come after a rank, or before it.
fn push_beyond(statement: &mut Builder, rank: &Rank, back: bool) {
    let Rank {
        is_remark,
        users,
        place,
    } = rank;
    let [bound, other_kind, same_kind, more, among] = if back {
        [
            " AND i.is_remark <= ",
            " AND (i.is_remark < ",
            " OR (i.users_affected >= ",
            " AND (i.users_affected > ",
            ") < (",
        ]
    } else {
        [
            " AND i.is_remark >= ",
            " AND (i.is_remark > ",
            " OR (i.users_affected <= ",
            " AND (i.users_affected < ",
            ") > (",
        ]
    };
    statement.push(bound).bind(*is_remark);
    statement.push(other_kind).bind(*is_remark);
    statement.push(same_kind).bind(*users);
    statement.push(more).bind(*users);
    statement.push(" OR (i.first_seen_at, i.id").push(among);
    statement
        .bind(place.at)
        .push(", ")
        .bind(&place.id)
        .push("))))");
}

/// How many there are, up to [`COUNT_LIMIT`] and one.
pub async fn count(connection: &mut Connection<'_>, search: &Search) -> Result<i64, StoreError> {
    let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM issues i WHERE 1 = 1");
    narrow(&mut statement, search);
    statement
        .push(" LIMIT ")
        .bind(COUNT_LIMIT + 1)
        .push(") counted");
    connection.fetch_count(statement.finish()).await
}

fn narrow(statement: &mut Builder, search: &Search) {
    if let Some(id) = &search.organization_id {
        statement.push(" AND i.organization_id = ").bind(id);
    }
    statement.push(match search.tab {
        IssueTab::Open => " AND i.is_open",
        IssueTab::Resolved => " AND NOT i.is_open AND i.state = 'resolved'",
        IssueTab::Ignored => " AND NOT i.is_open AND i.state = 'ignored'",
    });
    if search.failures_only {
        statement.push(" AND NOT i.is_remark");
    }
    if let Some(action) = search.action {
        statement.push(" AND i.action = ").bind(action);
    }
    if let Some(reason) = &search.reason {
        statement.push(" AND i.reason = ").bind(reason);
    }
    match &search.assignee {
        Some(Some(id)) => {
            statement.push(" AND i.assignee_id = ").bind(id);
        }
        Some(None) => {
            statement.push(" AND i.assignee_id IS NULL");
        }
        None => {}
    }
    if let Some(text) = &search.text {
        push_text(statement, text, search.organization_id.as_deref());
    }
}

/// The reasons of open issues: at most as many as there are in the catalogue.
pub async fn open_reasons(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let mut statement = Builder::new("SELECT DISTINCT reason FROM issues WHERE is_open");
    if let Some(id) = organization_id {
        statement.push(" AND organization_id = ").bind(id);
    }
    statement.push(" ORDER BY reason");
    let rows: Vec<(String,)> = connection.fetch_all(statement.finish()).await?;
    Ok(rows.into_iter().map(|(reason,)| reason).collect())
}

/// One issue of an organization.
pub async fn find(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<Issue>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push(" WHERE i.id = ").bind(id);
    statement
        .push(" AND i.organization_id = ")
        .bind(organization_id);
    connection.fetch_optional(statement.finish()).await
}

/// The open issues of one user, by these keys.
pub async fn list_open_of_user(
    connection: &mut Connection<'_>,
    organization_id: &str,
    keys: &[String],
    limit: i64,
) -> Result<Vec<Issue>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push(
        " JOIN issue_users u ON u.issue_id = i.id WHERE i.is_open AND u.succeeded_at IS NULL AND u.organization_id = ",
    );
    statement.bind(organization_id);
    push_list(
        &mut statement,
        " AND u.user_key IN (",
        keys.iter().map(String::as_str),
    );
    statement
        .push(" ORDER BY i.is_remark, i.first_seen_at, i.id LIMIT ")
        .bind(limit);
    connection.fetch_all(statement.finish()).await
}

/// How many open issues each of these organizations has, remarks left out.
pub async fn count_open(
    connection: &mut Connection<'_>,
    organizations: &[&str],
) -> Result<Vec<(String, i64)>, StoreError> {
    if organizations.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT organization_id, count(*) FROM issues WHERE is_open AND NOT is_remark",
    );
    push_list(
        &mut statement,
        " AND organization_id IN (",
        organizations.iter().copied(),
    );
    statement.push(" GROUP BY organization_id");
    connection.fetch_all(statement.finish()).await
}

/// Events by issue and day, from the day `since` on.
pub async fn days(
    connection: &mut Connection<'_>,
    issues: &[&str],
    since: Millis,
) -> Result<Vec<(String, Millis, i64)>, StoreError> {
    if issues.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new("SELECT issue_id, day, events FROM issue_days WHERE day >= ");
    statement.bind(since);
    push_list(&mut statement, " AND issue_id IN (", issues.iter().copied());
    connection.fetch_all(statement.finish()).await
}

/// Somebody that an issue counts; names of those who exist are theirs of now.
#[derive(Debug, Clone, FromRow)]
pub struct CountedUser {
    pub user_key: String,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub label: Option<String>,
    /// What they were refused for, where the cure needs it.
    pub value: Option<String>,
    pub events: i64,
    pub first_seen_at: Millis,
    pub last_seen_at: Millis,
}

/// At most `limit` users that an issue counts, beyond `cursor` in the order of their keys, or against it.
pub async fn users(
    connection: &mut Connection<'_>,
    issue_id: &str,
    cursor: Option<&str>,
    back: bool,
    limit: i64,
) -> Result<Vec<CountedUser>, StoreError> {
    let mut statement = Builder::new(
        "SELECT u.user_key, u.user_id, COALESCE(k.user_name, d.user_name, u.user_name) AS user_name, \
         COALESCE(k.label, d.label, u.label) AS label, u.value, u.events, u.first_seen_at, u.last_seen_at FROM issue_users u \
         LEFT JOIN users k ON k.id = u.user_id LEFT JOIN deleted_users d ON d.id = u.user_id \
         WHERE u.is_counted AND u.issue_id = ",
    );
    statement.bind(issue_id);
    if let Some(cursor) = cursor {
        statement
            .push(if back {
                " AND u.user_key < "
            } else {
                " AND u.user_key > "
            })
            .bind(cursor);
    }
    statement.push(if back {
        " ORDER BY u.user_key DESC LIMIT "
    } else {
        " ORDER BY u.user_key LIMIT "
    });
    statement.bind(limit);
    connection.fetch_all(statement.finish()).await
}

/// How many of these users an issue counts.
pub async fn count_named(
    connection: &mut Connection<'_>,
    issue_id: &str,
    keys: &[String],
) -> Result<usize, StoreError> {
    if keys.is_empty() {
        return Ok(0);
    }
    let mut statement =
        Builder::new("SELECT count(*) FROM issue_users WHERE is_counted AND issue_id = ");
    statement.bind(issue_id);
    push_list(
        &mut statement,
        " AND user_key IN (",
        keys.iter().map(String::as_str),
    );
    let count = connection.fetch_count(statement.finish()).await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Users of an issue whose values are looked at.
const VALUED: i64 = 5_000;
/// Different values that are given.
const VALUES: i64 = 40;

/// What the users of an issue were refused for, with how many of them there are: those of most users first.
pub async fn values(
    connection: &mut Connection<'_>,
    issue_id: &str,
) -> Result<Vec<(String, i64)>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT value, count(*) AS users FROM (SELECT value FROM issue_users WHERE issue_id = $1 AND is_counted \
                 AND value IS NOT NULL LIMIT $2) counted GROUP BY value ORDER BY users DESC, value LIMIT $3",
            )
            .bind(issue_id)
            .bind(VALUED)
            .bind(VALUES),
        )
        .await
}

/// What somebody did about an issue.
#[derive(Debug, Clone, FromRow)]
pub struct Event {
    pub occurred_at: Millis,
    pub actor_name: String,
    pub kind: String,
    pub note: String,
}

/// The latest of them, newest first.
pub async fn history(
    connection: &mut Connection<'_>,
    issue_id: &str,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT occurred_at, actor_name, kind, note FROM issue_history WHERE issue_id = $1 \
                 ORDER BY occurred_at DESC, id DESC LIMIT $2",
            )
            .bind(issue_id)
            .bind(limit),
        )
        .await
}
