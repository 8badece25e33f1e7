//! The log's latest entries of an issue.

use std::collections::HashMap;

use super::issues::Issue;
use super::keyset::push_list;
use super::log_search::{SHOWN, push_entry_test};
use super::sql::{Builder, Connection, Sql};
use crate::server::error::StoreError;

/// The latest log entry of an issue about each of these of its users, by their keys, while it is kept.
pub async fn latest(
    connection: &mut Connection<'_>,
    issue: &Issue,
    user_keys: &[&str],
) -> Result<HashMap<String, String>, StoreError> {
    if user_keys.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = latest_sql(Builder::new(""), issue, user_keys);
    let found: Vec<(String, Option<String>)> = connection.fetch_all(statement).await?;
    Ok(found
        .into_iter()
        .filter_map(|(key, log_id)| Some((key, log_id?)))
        .collect())
}

const BY_TIME: &str = " ORDER BY l.occurred_at DESC, l.id DESC";

/// The kinds of user keys, how the log is searched for each (what follows is the key without its kind), and the order
/// of the index: ids are in the order of time as well.
const KINDS: [(&str, &str, &str); 3] = [
    (" WHEN 'u:' THEN (", " AND l.user_id = ", BY_TIME),
    (" WHEN 'n:' THEN (", " AND l.user_name_key = ", BY_TIME),
    (
        " WHEN 'x:' THEN (",
        " AND l.user_id IS NULL AND l.external_id = ",
        " ORDER BY l.id DESC",
    ),
];

fn latest_sql(mut statement: Builder, issue: &Issue, user_keys: &[&str]) -> Sql {
    statement.push("SELECT u.user_key, CASE substr(u.user_key, 1, 2)");
    for (kind, test, order) in KINDS {
        statement
            .push(kind)
            .push("SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ")
            .bind(&issue.organization_id)
            .push(SHOWN)
            .push(test)
            .push("substr(u.user_key, 3)");
        // The user finds it, and this is only tested: an issue may have most of the log's entries.
        push_entry_test(&mut statement, issue);
        statement.push(order).push(" LIMIT 1)");
    }
    statement
        .push(" END AS log_id FROM issue_users u WHERE u.issue_id = ")
        .bind(&issue.id);
    push_list(
        &mut statement,
        " AND u.user_key IN (",
        user_keys.iter().copied(),
    );
    statement.finish()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::store::fresh;

    #[tokio::test]
    async fn each_kind_of_user_is_found_by_its_index() {
        let (db, _folder) = fresh::sqlite().await;
        for is_remark in [false, true] {
            let issue = Issue {
                id: "issue".to_owned(),
                organization_id: "contoso".to_owned(),
                action: "create".to_owned(),
                reason: "role_unknown".to_owned(),
                is_remark,
                ..Issue::default()
            };
            let explained = latest_sql(
                Builder::new("EXPLAIN QUERY PLAN "),
                &issue,
                &["u:1", "n:ana", "x:7"],
            );
            let plan: Vec<(i64, i64, i64, String)> =
                db.read().await.unwrap().fetch_all(explained).await.unwrap();
            let plan: Vec<String> = plan.into_iter().map(|(.., step)| step).collect();
            let steps: Vec<&str> = plan
                .iter()
                .map(String::as_str)
                .filter(|step| step.contains(" USING "))
                .collect();
            assert_eq!(
                steps,
                [
                    "SEARCH u USING PRIMARY KEY (issue_id=? AND user_key=?)",
                    "SEARCH l USING INDEX provisioning_logs_by_user (organization_id=? AND user_id=?)",
                    "SEARCH l USING INDEX provisioning_logs_by_user_name (organization_id=? AND user_name_key=?)",
                    "SEARCH l USING INDEX provisioning_logs_nobody_by_external_id (organization_id=? AND external_id=?)",
                ],
                "{plan:#?}"
            );
        }
        db.close().await;
    }
}
