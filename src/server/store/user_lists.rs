//! SCIM's lists: users that a filter selects, in an order, page by page.
//!
//! Where few fit they are looked up and sorted; where many do, the order's index is walked and each user tested.
//! Databases guess which is better from statistics that may be missing or old, so the matches are counted, which the
//! answer needs anyway, and the statement is written accordingly. Where many fit each of several terms, SQLite merges
//! the indexes of these instead of looking up one by one, and far into a list of most users it leaves out the few others.

use super::dialect::Dialect;
use super::sql::{Builder, Connection};
use super::user_counts;
use super::user_filter::{self, Merged, Scope, Search, Selection};
use super::users::{StoredUser, columns};
use crate::server::error::StoreError;
use crate::server::scim::filter::Filter;
use crate::server::scim::path::AttributePath;

/// Bytes of documents that one list answers: a thousand users of the size that is allowed would fill the memory.
pub const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Users who are too many for a look-up or a test each.
const MANY: i64 = 20_000;

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub filter: Option<&'a Filter>,
    /// By what the users are sorted, and whether in descending order.
    pub sort: Option<(&'a AttributePath, bool)>,
    pub offset: i64,
    pub limit: i64,
    /// How many users the filter selects; `None` while they are not counted, because there are not many.
    pub total: Option<i64>,
}

/// The users of a page, in order, and no more after the one whose document brings them to [`PAGE_BYTES`].
pub async fn list(
    connection: &mut Connection<'_>,
    scope: Scope<'_>,
    page: Page<'_>,
) -> Result<Vec<StoredUser>, StoreError> {
    let selection = page.filter.map(Selection::of);
    let filter = match &selection {
        None | Some(Selection::Everybody) => None,
        Some(Selection::Nobody) => return Ok(Vec::new()),
        Some(Selection::Users(filter)) => Some(filter),
    };
    let page = Page { filter, ..page };
    // The ids first, from an index where there is one: what is passed over is not read.
    let mut statement = Builder::new(concat!(
        "SELECT ",
        columns!(),
        " FROM users u WHERE u.id IN ("
    ));
    push_page(&mut statement, connection, scope, page).await?;
    statement.push(")");
    user_filter::push_order(&mut statement, Search::LookUp, page.sort);
    let mut bytes = 0;
    connection
        .fetch_until(statement.finish(), |user: &StoredUser| {
            bytes += user.document.len();
            bytes >= PAGE_BYTES
        })
        .await
}

/// Adds the ids of a page.
async fn push_page(
    statement: &mut Builder,
    connection: &mut Connection<'_>,
    scope: Scope<'_>,
    page: Page<'_>,
) -> Result<(), StoreError> {
    let all = match (page.filter, page.total) {
        (Some(_), Some(_)) => user_counts::count(connection, scope.organization_id).await?,
        (_, total) => total.unwrap_or_default(),
    };
    // Then a page's worth of users is found after testing a few times as many.
    let fit_many = |share: i64| page.total.is_some_and(|total| total >= share);
    let sorted_by = page
        .sort
        .filter(|(path, _)| user_filter::is_sorted_by_values(path));
    if let Some((path, descending)) = sorted_by
        && fit_many((all / 4).min(MANY))
    {
        return push_walked_values(statement, connection, scope, page, path, descending).await;
    }
    // Far into a list, most of what is walked would be tested for nothing.
    let is_near = page.filter.is_none() || page.offset < MANY;
    let search = if sorted_by.is_none() && is_near && fit_many(all / 4) {
        Search::Walk
    } else {
        Search::LookUp
    };
    if page.sort.is_none()
        && page.total.is_some()
        && let Some(filter) = page.filter
        && let Some(merged) = mergeable(connection, filter)
        && merged.is_of_users()
        && pays_off(connection, scope, &merged).await?
    {
        merged.push_ids(statement, scope);
        push_part(statement, page.offset, page.limit);
        return Ok(());
    }
    // Far into a list of most users, whom the filter leaves out are fewer to be sorted.
    if page.sort.is_none()
        && search == Search::LookUp
        && fit_many(all / 2)
        && connection.dialect() == Dialect::Sqlite
        && let Some(filter) = page.filter
        && user_filter::is_of_columns(filter)
    {
        user_filter::push_all_but(statement, scope, &filter.negated());
        push_part(statement, page.offset, page.limit);
        return Ok(());
    }
    if page.sort.is_none()
        && let Some(filter) = page.filter
        && (search == Search::LookUp || user_filter::has_ids_in_order(filter))
        && let Some(id) = user_filter::push_ids(statement, scope, filter)
    {
        statement.push(" ORDER BY ").push(id);
        push_part(statement, page.offset, page.limit);
        return Ok(());
    }
    statement.push("SELECT u.id FROM users u WHERE u.organization_id = ");
    statement.bind(scope.organization_id);
    let dialect = connection.dialect();
    user_filter::push_where(statement, scope, dialect, search, page.filter);
    user_filter::push_order(statement, search, page.sort);
    push_part(statement, page.offset, page.limit);
    Ok(())
}

/// Adds the ids of a page that is sorted by values that have no column: those who have one by walking their index, the
/// others by their ids. Values beyond 500 bytes stand where their hash does, which is all that an index holds of them.
async fn push_walked_values(
    statement: &mut Builder,
    connection: &mut Connection<'_>,
    scope: Scope<'_>,
    page: Page<'_>,
    path: &AttributePath,
    descending: bool,
) -> Result<(), StoreError> {
    let present = Filter::Present(path.clone());
    let having = match page.filter {
        None => present.clone(),
        Some(Filter::And(terms)) => Filter::And(terms.iter().chain([&present]).cloned().collect()),
        Some(filter) => Filter::And(vec![filter.clone(), present.clone()]),
    };
    let having = count(connection, scope, Some(&having)).await?;
    let lacking = page.total.unwrap_or_default() - having;
    let dialect = connection.dialect();
    // Whoever lacks the value comes last, and in descending order first (RFC 7644 3.4.2.3).
    let groups = if descending {
        [(false, lacking), (true, having)]
    } else {
        [(true, having), (false, lacking)]
    };
    let (mut offset, mut limit) = (page.offset, page.limit);
    let mut is_first = true;
    for (has_value, users) in groups {
        let shown = (users - offset).clamp(0, limit);
        if shown == 0 {
            offset = (offset - users).max(0);
            continue;
        }
        statement.push(if is_first {
            "SELECT id FROM ("
        } else {
            " UNION ALL SELECT id FROM ("
        });
        let way = if descending { " DESC" } else { "" };
        if has_value {
            statement.push("SELECT v.user_id AS id FROM user_values v WHERE v.organization_id = ");
            statement.bind(scope.organization_id);
            user_filter::push_value_order(statement, path);
            if page.filter.is_some() {
                statement.push(" AND TRUE = EXISTS (SELECT 1 FROM users u WHERE u.id = v.user_id");
                user_filter::push_where(statement, scope, dialect, Search::Walk, page.filter);
                statement.push(")");
            }
            for piece in [" ORDER BY v.match_key", way, ", v.user_id", way] {
                statement.push(piece);
            }
        } else {
            let lacks = Filter::Not(Box::new(present.clone()));
            statement.push("SELECT u.id FROM users u WHERE u.organization_id = ");
            statement.bind(scope.organization_id);
            for filter in [Some(&lacks), page.filter] {
                user_filter::push_where(statement, scope, dialect, Search::Walk, filter);
            }
            statement.push(" ORDER BY u.id").push(way);
        }
        push_part(statement, offset, shown);
        statement.push(if has_value { ") valued" } else { ") others" });
        (offset, limit, is_first) = (0, limit - shown, false);
    }
    if is_first {
        statement.push("SELECT id FROM users WHERE FALSE");
    }
    Ok(())
}

/// The sets that may be merged for a filter.
fn mergeable(connection: &Connection<'_>, filter: &Filter) -> Option<Merged> {
    match connection.dialect() {
        Dialect::Sqlite => Merged::of(filter),
        Dialect::Postgres => None,
    }
}

/// Whether to merge is better than to look up in all others whoever is in one of the sets: where none is small.
async fn pays_off(
    connection: &mut Connection<'_>,
    scope: Scope<'_>,
    merged: &Merged,
) -> Result<bool, StoreError> {
    let all = user_counts::count(connection, scope.organization_id).await?;
    let few = (all / 8).min(MANY);
    for set in merged.bounds() {
        let mut statement = Builder::new("");
        merged.push_bound(&mut statement, scope, set, few);
        if connection.fetch_count(statement.finish()).await? < few {
            return Ok(false);
        }
    }
    Ok(true)
}

fn push_part(statement: &mut Builder, offset: i64, limit: i64) {
    statement.push(" LIMIT ").bind(limit);
    statement.push(" OFFSET ").bind(offset);
}

/// How many users a filter selects.
pub async fn count(
    connection: &mut Connection<'_>,
    scope: Scope<'_>,
    filter: Option<&Filter>,
) -> Result<i64, StoreError> {
    let selection = filter.map(Selection::of);
    let filter = match &selection {
        None | Some(Selection::Everybody) => {
            return user_counts::count(connection, scope.organization_id).await;
        }
        Some(Selection::Nobody) => return Ok(0),
        Some(Selection::Users(filter)) => filter,
    };
    // Whom it leaves out may be found by an index.
    if let Some(opposite) = user_filter::opposite(filter) {
        let all = user_counts::count(connection, scope.organization_id).await?;
        return Ok(all - count_fitting(connection, scope, &opposite).await?);
    }
    count_fitting(connection, scope, filter).await
}

async fn count_fitting(
    connection: &mut Connection<'_>,
    scope: Scope<'_>,
    filter: &Filter,
) -> Result<i64, StoreError> {
    let mut statement = Builder::new("");
    if user_filter::push_count(&mut statement, scope, filter) {
        return connection.fetch_count(statement.finish()).await;
    }
    statement.push("SELECT count(*) FROM (");
    if let Some(merged) = mergeable(connection, filter)
        && pays_off(connection, scope, &merged).await?
    {
        merged.push_ids(&mut statement, scope);
    } else if user_filter::push_ids(&mut statement, scope, filter).is_none() {
        statement.push("SELECT u.id FROM users u WHERE u.organization_id = ");
        statement.bind(scope.organization_id);
        let dialect = connection.dialect();
        user_filter::push_where(&mut statement, scope, dialect, Search::LookUp, Some(filter));
    }
    statement.push(") fitting");
    connection.fetch_count(statement.finish()).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::store::fresh;

    /// The steps in which SQLite finds a page of a filter that most of 100,000 users fulfil.
    async fn plan(connection: &mut Connection<'_>, filter: &str, offset: i64) -> Vec<String> {
        let filter = Filter::parse(filter).unwrap();
        let page = Page {
            filter: Some(&filter),
            sort: None,
            offset,
            limit: 100,
            total: Some(100_000),
        };
        let scope = Scope {
            organization_id: "contoso",
            location: "",
        };
        let mut statement = Builder::new("EXPLAIN QUERY PLAN ");
        push_page(&mut statement, connection, scope, page)
            .await
            .unwrap();
        let steps: Vec<(i64, i64, i64, String)> =
            connection.fetch_all(statement.finish()).await.unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    }

    #[tokio::test]
    async fn far_into_a_list_sqlite_sorts_only_whom_a_filter_leaves_out() {
        let (db, _folder) = fresh::sqlite().await;
        let mut connection = db.read().await.unwrap();
        for filter in [
            "active eq true",
            "not (active eq false)",
            "externalId pr",
            "displayName pr and active eq true",
            "userName gt \"a\"",
            "meta.lastModified gt \"2020-01-01T00:00:00Z\"",
        ] {
            let near = plan(&mut connection, filter, 0).await;
            assert!(
                !near.contains(&"MERGE (EXCEPT)".to_owned()),
                "{filter}: {near:?}"
            );
            let far = plan(&mut connection, filter, MANY).await;
            let all = "SEARCH u USING COVERING INDEX users_by_id (organization_id=?)";
            assert_eq!(far[..3], ["MERGE (EXCEPT)", "LEFT", all], "{filter}");
        }
        // Whom this leaves out is found by those whom it selects.
        let far = plan(&mut connection, "title pr", MANY).await;
        assert!(!far.contains(&"MERGE (EXCEPT)".to_owned()), "{far:?}");
        drop(connection);
        db.close().await;
    }
}
