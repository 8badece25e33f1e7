//! The log of an issue: which entries belong to it, and when they came.

use std::ops::Range;

use super::Search;
use crate::model::log::{Action, LogRemark, Status};
use crate::server::clock::{HOUR, Millis};
use crate::server::error::StoreError;
use crate::server::store::dialect::like_escaped;
use crate::server::store::issues::{self, Issue};
use crate::server::store::sql::{Builder, Connection};

/// The issue that the filter of `search` names, if it names one. One that there is not has no entries.
pub async fn find(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<Option<Issue>, StoreError> {
    let Some(id) = search.filter.issue_id.as_deref() else {
        return Ok(None);
    };
    let found = issues::find(connection, search.organization_id, id).await?;
    Ok(Some(found.unwrap_or_default()))
}

/// When the entries of the issue came: the walk begins at the latest.
pub fn span(issue: &Issue) -> Range<Millis> {
    // A batch is counted at the time of its latest entry.
    issue.first_seen_at - HOUR..issue.last_seen_at + 1
}

/// Adds the test of entries `l` that belong to the issue. No index answers it: something else finds them.
pub fn push_entry_test(statement: &mut Builder, issue: &Issue) {
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::model::log::LogFilter;
    use crate::server::store::fresh;
    use crate::server::store::log_search::{Named, read};

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
            let issue = Issue {
                action: "create".to_owned(),
                reason: "attribute_ignored".to_owned(),
                is_remark,
                ..Issue::default()
            };
            let search = Search {
                organization_id: "contoso",
                filter: &filter,
                text: "",
                text_key: String::new(),
                since: None,
                until: Some(9),
                named: Named {
                    issue: Some(issue),
                    text_is_narrow: false,
                },
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
}
