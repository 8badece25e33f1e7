//! The log's entries of an issue.

use std::collections::HashMap;

use super::dialect::like_escaped;
use super::issues::{self, Issue};
use super::keyset::push_list;
use super::log_search::{SHOWN, Search};
use super::sql::{Builder, Connection, Sql};
use crate::model::log::{Action, LogRemark, Status};
use crate::server::clock::HOUR;
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

/// What stands in the column of remarks where the issue's is one of several, and another one has named the entry.
fn remarked(issue: &Issue) -> Option<String> {
    if !issue.is_remark {
        return None;
    }
    let attribute = Some(&issue.attribute).filter(|attribute| !attribute.is_empty());
    let remark = serde_json::to_string(&LogRemark {
        code: issue.reason.clone(),
        attribute: attribute.cloned(),
        text: String::new(),
    });
    // Up to the text, which ends it.
    let remark = remark.ok()?;
    let begins = remark.strip_suffix("\"}")?;
    Some(format!("%{}%", like_escaped(begins)))
}

/// Looks up the issue that the filter of `search` names, and narrows the span of time to that in which it came: the walk
/// begins at its latest entry. One that there is not has no entries.
pub async fn find_issue(
    connection: &mut Connection<'_>,
    search: &mut Search<'_>,
) -> Result<(), StoreError> {
    let Some(id) = search.filter.issue_id.as_deref() else {
        return Ok(());
    };
    let Some(issue) = issues::find(connection, search.organization_id, id).await? else {
        search.issue = Some(Issue::default());
        return Ok(());
    };
    // A batch is counted at the time of its latest entry.
    let first = issue.first_seen_at - HOUR;
    let end = issue.last_seen_at + 1;
    search.since = Some(search.since.map_or(first, |since| since.max(first)));
    search.until = Some(search.until.map_or(end, |until| until.min(end)));
    search.issue = Some(issue);
    Ok(())
}

/// Adds the test of entries `l` that belong to the issue.
pub(super) fn push_entry_test(statement: &mut Builder, issue: &Issue) {
    // Refused connections are one issue whatever was asked for.
    if issue.action != Action::Unknown.as_str() {
        statement.push(" AND l.action = ").bind(&issue.action);
    }
    statement
        .push(" AND (((l.reason || '') = ")
        .bind(&issue.reason)
        .push(" AND COALESCE(l.attribute, '') = ")
        .bind(&issue.attribute)
        .push(")");
    if let Some(pattern) = remarked(issue) {
        statement.push(" OR l.remarks LIKE ").bind(pattern);
        statement.push(" ESCAPE '\\'");
    }
    statement.push(")");
    if issue.is_remark {
        // A refusal is none of its events.
        statement
            .push(" AND (l.status || '') = ")
            .bind(Status::Warning.as_str());
    }
}

fn latest_sql(mut statement: Builder, issue: &Issue, user_keys: &[&str]) -> Sql {
    let remarked = remarked(issue);
    statement.push("SELECT u.user_key, CASE substr(u.user_key, 1, 2)");
    for (kind, test, order) in KINDS {
        statement
            .push(kind)
            .push("SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ")
            .bind(&issue.organization_id)
            .push(SHOWN)
            .push(test)
            .push("substr(u.user_key, 3) AND l.action = ")
            .bind(&issue.action)
            // The user finds it; the reason is only tested: an issue may have most of the log's entries.
            .push(" AND ((l.reason || '') = ")
            .bind(&issue.reason)
            .push(" AND COALESCE(l.attribute, '') = ")
            .bind(&issue.attribute);
        if let Some(pattern) = &remarked {
            statement.push(" OR l.remarks LIKE ").bind(pattern);
            statement.push(" ESCAPE '\\'");
        }
        statement.push(")").push(order).push(" LIMIT 1)");
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
    use crate::model::log::LogFilter;
    use crate::server::store::fresh;
    use crate::server::store::log_search::read;

    #[test]
    fn a_remark_among_others_is_looked_for_as_it_is_written() {
        let mut issue = Issue {
            reason: "attribute_ignored".to_owned(),
            attribute: "a\"b".to_owned(),
            ..Issue::default()
        };
        assert_eq!(remarked(&issue), None);
        issue.is_remark = true;
        let pattern = r#"%{"code":"attribute\_ignored","attribute":"a\\"b","text":"%"#;
        assert_eq!(remarked(&issue).as_deref(), Some(pattern));
        issue.attribute.clear();
        let pattern = r#"%{"code":"attribute\_ignored","attribute":null,"text":"%"#;
        assert_eq!(remarked(&issue).as_deref(), Some(pattern));
    }

    #[tokio::test]
    async fn the_log_of_an_issue_is_walked_by_an_index() {
        let (db, _folder) = fresh::sqlite().await;
        let mut connection = db.read().await.unwrap();
        let filter = LogFilter {
            issue_id: Some("issue".to_owned()),
            ..LogFilter::default()
        };
        for (is_remark, index) in [
            (false, "provisioning_logs_by_reason"),
            (true, "provisioning_logs_by_status"),
        ] {
            let search = Search {
                organization_id: "contoso",
                filter: &filter,
                text: "",
                text_key: String::new(),
                since: None,
                until: Some(9),
                text_is_narrow: false,
                issue: Some(Issue {
                    action: "create".to_owned(),
                    reason: "attribute_ignored".to_owned(),
                    is_remark,
                    ..Issue::default()
                }),
            };
            let explained = "EXPLAIN QUERY PLAN SELECT l.id FROM provisioning_logs l WHERE ";
            let found = read::<(i64, i64, i64, String)>(
                &mut connection,
                &search,
                explained,
                None,
                false,
                51,
            );
            let plan = found.await.unwrap().entries;
            let plan: Vec<String> = plan.into_iter().map(|(.., step)| step).collect();
            let [step] = plan.as_slice() else {
                unreachable!("nothing is sorted: {plan:?}");
            };
            let walk = format!("SEARCH l USING INDEX {index} (organization_id=? AND ");
            assert!(step.starts_with(&walk), "{step}");
        }
        drop(connection);
        db.close().await;
    }

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
