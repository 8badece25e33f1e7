//! What mails say of issues and problems, read when one is to be written.

use crate::model::log::Action;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::scim::reason::Reason;
use crate::server::services::mails::{IssueFacts, IssuePerson, ProblemFacts};
use crate::server::services::problems::ProblemKind;
use crate::server::store::issues::{self, Issue};
use crate::server::store::notifications::OpenProblem;
use crate::server::store::sql::Connection;

/// People that a mail names.
const PEOPLE: i64 = 5;

/// What is known of one issue, but whom it is about; `None` when it is gone.
pub(super) async fn issue(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<IssueFacts>, StoreError> {
    let issue = issues::find(connection, organization_id, id).await?;
    issue.map(facts).transpose()
}

/// Whom an issue is about, the first of them, each by the key by which it counts them.
pub(super) async fn people(
    connection: &mut Connection<'_>,
    issue_id: &str,
) -> Result<Vec<(String, IssuePerson)>, StoreError> {
    let people = issues::users(connection, issue_id, None, false, PEOPLE).await?;
    Ok(people
        .into_iter()
        .filter_map(|user| {
            let label = user.label.filter(|label| !label.is_empty());
            let person = IssuePerson {
                name: label.or_else(|| user.user_name.clone())?,
                user_name: user.user_name,
            };
            Some((user.user_key, person))
        })
        .collect())
}

fn facts(issue: Issue) -> Result<IssueFacts, StoreError> {
    let corrupt = |what| StoreError::Corrupt(format!("issue {}: {what}", issue.id));
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    Ok(IssueFacts {
        action: Action::parse(&issue.action).ok_or_else(|| corrupt("action"))?,
        reason: Reason::from_code(&issue.reason).ok_or_else(|| corrupt("reason"))?,
        attribute: Some(issue.attribute).filter(|attribute| !attribute.is_empty()),
        value: issue.value,
        users: count(issue.users_affected),
        people: Vec::new(),
        events: count(issue.events),
        first_seen_at: issue.first_seen_at,
        last_seen_at: issue.last_seen_at,
        id: issue.id,
    })
}

/// What is known of an open problem; `None` for a kind that this program does not write.
pub(super) fn problem(open: &OpenProblem) -> Option<ProblemFacts> {
    problem_of(&open.kind, &open.subject, open.began_at, &open.detail)
}

/// The same from its parts.
pub(super) fn problem_of(
    kind: &str,
    subject: &str,
    began_at: Millis,
    detail: &str,
) -> Option<ProblemFacts> {
    Some(ProblemFacts {
        kind: ProblemKind::parse(kind)?,
        subject: subject.to_owned(),
        began_at,
        detail: detail.to_owned(),
    })
}
