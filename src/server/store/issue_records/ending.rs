//! The end of issues: users are taken out of their counts, and what nobody is affected by is resolved.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::FromRow;

use crate::model::log::Action;
use crate::server::clock::{HOUR, MINUTE, Millis};
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::scim::reason::Reason;
use crate::server::store::Tx;
use crate::server::store::keyset::push_list;
use crate::server::store::sql::{Builder, Connection, Sql, sql};

/// How long what every request has must have stopped before a success resolves its issue: beside a good token there may
/// be a bad one still.
const QUIET: Millis = 5 * MINUTE;
/// The same for what others succeed beside: three cycles of Entra's, so that what comes with each of them stays one
/// open issue.
const LONG_QUIET: Millis = 2 * HOUR;

/// An issue that may be over, and since when.
#[derive(Debug, Clone)]
pub struct Ending {
    pub issue_id: String,
    pub organization_id: String,
    pub at: Millis,
    /// How long it must not have come, where it had no users.
    quiet: Millis,
}

/// An open issue that has no users.
#[derive(Debug, FromRow)]
struct Userless {
    id: String,
    organization_id: String,
    action: String,
    reason: String,
    last_seen_at: Millis,
    opened_at: Millis,
}

impl Userless {
    /// Its end, if requests that would have met it have succeeded since, long enough after it came or was opened by hand.
    fn ending(self, succeeded: &BTreeMap<(String, Action), Millis>) -> Option<Ending> {
        let reason = Reason::from_code(&self.reason)?;
        let at = match Action::parse(&self.action)? {
            // No request with such an action succeeds: the others tell.
            Action::Unknown | Action::Bulk => latest(succeeded, &self.organization_id),
            action => {
                let key = (self.organization_id.clone(), action);
                succeeded.get(&key).copied()
            }
        }?;
        let quiet = match reason.ends_with_success() {
            true => QUIET,
            false => LONG_QUIET,
        };
        let is_over = self.last_seen_at.max(self.opened_at) + quiet <= at;
        is_over.then_some(Ending {
            issue_id: self.id,
            organization_id: self.organization_id,
            at,
            quiet,
        })
    }
}

/// When anything of the organization has succeeded at last.
fn latest(succeeded: &BTreeMap<(String, Action), Millis>, organization_id: &str) -> Option<Millis> {
    succeeded
        .iter()
        .filter(|((organization, _), _)| organization == organization_id)
        .map(|(_, at)| *at)
        .max()
}

/// Issues with users that have succeeded and are counted still, and issues without users that are heard of no more, of
/// organizations in which something has `succeeded` at that time.
pub async fn find_ending(
    connection: &mut Connection<'_>,
    succeeded: &BTreeMap<(String, Action), Millis>,
) -> Result<Vec<Ending>, StoreError> {
    let organizations: BTreeSet<&str> = succeeded.keys().map(|(id, _)| id.as_str()).collect();
    let mut statement = Builder::new(
        "SELECT DISTINCT organization_id, issue_id FROM issue_users WHERE is_counted AND succeeded_at IS NOT NULL",
    );
    let among = " AND organization_id IN (";
    push_list(&mut statement, among, organizations.iter().copied());
    let found: Vec<(String, String)> = connection.fetch_all(statement.finish()).await?;
    let mut ending: Vec<Ending> = found
        .into_iter()
        .map(|(organization_id, issue_id)| Ending {
            at: latest(succeeded, &organization_id).unwrap_or_default(),
            organization_id,
            issue_id,
            quiet: LONG_QUIET,
        })
        .collect();
    let statement = userless(Builder::new(""), organizations);
    let found: Vec<Userless> = connection.fetch_all(statement).await?;
    ending.extend(
        found
            .into_iter()
            .filter_map(|issue| issue.ending(succeeded)),
    );
    ending.sort_by(|a, b| a.issue_id.cmp(&b.issue_id));
    Ok(ending)
}

/// Both kinds are named, so that the index leads to those without users: mostly there are none.
fn userless(mut statement: Builder, organizations: BTreeSet<&str>) -> Sql {
    statement.push(
        "SELECT id, organization_id, action, reason, last_seen_at, opened_at FROM issues \
         WHERE is_open AND is_remark IN (TRUE, FALSE) AND users_affected = 0",
    );
    push_list(&mut statement, " AND organization_id IN (", organizations);
    statement.finish()
}

/// Takes users who succeeded out of the counts, and resolves what nobody is affected by any more.
pub async fn settle(tx: &mut Tx<'_>, ending: &[Ending]) -> Result<(), StoreError> {
    lock(tx, ending.iter().map(|ending| ending.issue_id.as_str())).await?;
    for Ending {
        issue_id,
        organization_id,
        at,
        quiet,
    } in ending
    {
        let settled = tx
            .execute(
                sql("UPDATE issue_users SET is_counted = FALSE WHERE organization_id = $1 AND issue_id = $2 \
                     AND is_counted AND succeeded_at IS NOT NULL")
                .bind(organization_id)
                .bind(issue_id),
            )
            .await?;
        discount(tx, issue_id, settled).await?;
        let unseen_since = (settled == 0).then_some(at - quiet);
        resolve(tx, issue_id, *at, unseen_since).await?;
    }
    Ok(())
}

/// Forgets whom these keys stand for: names go with them.
pub async fn forget_user(
    tx: &mut Tx<'_>,
    organization_id: &str,
    keys: &[String],
    at: Millis,
) -> Result<(), StoreError> {
    let mut statement =
        Builder::new("SELECT DISTINCT issue_id FROM issue_users WHERE organization_id = ");
    statement.bind(organization_id);
    push_list(
        &mut statement,
        " AND user_key IN (",
        keys.iter().map(String::as_str),
    );
    statement.push(" ORDER BY issue_id");
    let issues: Vec<(String,)> = tx.fetch_all(statement.finish()).await?;
    lock(tx, issues.iter().map(|(id,)| id.as_str())).await?;
    for (issue_id,) in &issues {
        for key in keys {
            let row = |text| sql(text).bind(issue_id).bind(key);
            let counted = tx
                .execute(row(
                    "DELETE FROM issue_users WHERE issue_id = $1 AND user_key = $2 AND is_counted",
                ))
                .await?;
            tx.execute(row(
                "DELETE FROM issue_users WHERE issue_id = $1 AND user_key = $2",
            ))
            .await?;
            discount(tx, issue_id, counted).await?;
            let unseen_since = (counted == 0).then_some(at - LONG_QUIET);
            resolve(tx, issue_id, at, unseen_since).await?;
        }
    }
    Ok(())
}

/// Resolves an issue that nobody is affected by, and that has not come or been opened since then.
async fn resolve(
    tx: &mut Tx<'_>,
    issue_id: &str,
    at: Millis,
    unseen_since: Option<Millis>,
) -> Result<(), StoreError> {
    let resolved = tx
        .execute(
            sql("UPDATE issues SET state = 'resolved', is_open = FALSE, resolved_at = $2, resolved_by = NULL \
             WHERE id = $1 AND is_open AND users_affected = 0 \
             AND ($3 OR (last_seen_at <= $4 AND opened_at <= $4))")
            .bind(issue_id)
            .bind(at)
            .bind(unseen_since.is_none())
            .bind(unseen_since.unwrap_or_default()),
        )
        .await?;
    if resolved > 0 {
        tx.execute(
            sql("INSERT INTO issue_history (id, issue_id, organization_id, occurred_at, actor_id, actor_name, kind, note) \
                 SELECT $3, id, organization_id, $2, '', '', 'resolved', '' FROM issues WHERE id = $1")
            .bind(issue_id)
            .bind(at)
            .bind(ids::new_id(at)),
        )
        .await?;
    }
    Ok(())
}

async fn discount(tx: &mut Tx<'_>, issue_id: &str, users: u64) -> Result<(), StoreError> {
    let users = i64::try_from(users).unwrap_or(i64::MAX);
    if users > 0 {
        tx.execute(
            sql("UPDATE issues SET users_affected = users_affected - $2 WHERE id = $1")
                .bind(issue_id)
                .bind(users),
        )
        .await?;
    }
    Ok(())
}

/// Nobody else changes these issues until the transaction ends; `ids` in order.
async fn lock<'i>(tx: &mut Tx<'_>, ids: impl Iterator<Item = &'i str>) -> Result<(), StoreError> {
    if let Some(statement) = locking(ids, tx.for_update()) {
        let _: Vec<(String,)> = tx.fetch_all(statement).await?;
    }
    Ok(())
}

/// `None` without ids: most people have no issue.
fn locking<'i>(ids: impl Iterator<Item = &'i str>, for_update: &'static str) -> Option<Sql> {
    let mut ids = ids.peekable();
    ids.peek()?;
    let mut statement = Builder::new("SELECT id FROM issues WHERE ");
    push_list(&mut statement, "id IN (", ids);
    statement.push(" ORDER BY id").push(for_update);
    Some(statement.finish())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::store::fresh;

    #[test]
    fn where_there_are_no_issues_none_is_locked() {
        assert!(locking(std::iter::empty(), " FOR UPDATE").is_none());
        assert!(locking(["a", "b"].into_iter(), " FOR UPDATE").is_some());
    }

    #[tokio::test]
    async fn issues_without_users_are_found_by_the_index() {
        let (db, _folder) = fresh::sqlite().await;
        let explained = userless(
            Builder::new("EXPLAIN QUERY PLAN "),
            BTreeSet::from(["a", "b"]),
        );
        let plan: Vec<(i64, i64, i64, String)> =
            db.read().await.unwrap().fetch_all(explained).await.unwrap();
        let plan: Vec<String> = plan.into_iter().map(|(.., step)| step).collect();
        assert_eq!(
            plan,
            ["SEARCH issues USING INDEX issues_open_by_organization \
                 (organization_id=? AND is_remark=? AND users_affected=?)"]
        );
        db.close().await;
    }
}
