//! What is known of all organizations that may have something to tell: a few questions, however many they are.

use std::collections::BTreeMap;

use super::decide::{AGAIN, COUNTED, Mark, Open, Over, What};
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::scim::reason::Reason;
use crate::server::services::outbox::lately;
use crate::server::services::problems::ProblemKind;
use crate::server::store::notifications::{self as store, CauseKind, Kept, Listener, OpenProblem};
use crate::server::store::outbox;
use crate::server::store::sql::Connection;

/// What is known of all organizations that may have something to tell.
#[derive(Default)]
pub(super) struct Known {
    pub(super) organizations: BTreeMap<String, Facts>,
}

/// What is known of one.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) kept: Kept,
    pub(super) listeners: Vec<Listener>,
    pub(super) digest_at: Option<Millis>,
    pub(super) mailed: Vec<(String, Millis)>,
    pub(super) sent: usize,
    pub(super) open: Vec<Open>,
    pub(super) problems: Vec<OpenProblem>,
    pub(super) over: Vec<Over>,
    pub(super) ended: Vec<store::Over>,
}

impl Known {
    /// As of now.
    pub(super) async fn read(
        connection: &mut Connection<'_>,
        now: Millis,
    ) -> Result<Self, ServiceError> {
        let mut known = Self::default();
        for mut listener in store::listeners(connection).await? {
            // Noted by a clock that was ahead.
            if listener.verified_at > now {
                listener.verified_at = 0;
            }
            let facts = known.of(&listener.organization_id);
            facts.listeners.push(listener);
        }
        for over in store::over(connection).await? {
            let kind = match over.kind() {
                Ok(kind) => kind,
                // It keeps nobody from being told of anything else.
                Err(error) => {
                    tracing::error!(%error, organization.id = over.organization_id, "a mark is not read");
                    continue;
                }
            };
            let facts = known.of(&over.organization_id);
            facts.over.push(over_of(kind, &over));
            facts.ended.push(over);
        }
        if known.organizations.is_empty() {
            return Ok(known);
        }
        // Of organizations that nobody listens to, the rest is of no interest.
        for (id, kept) in store::all_settings(connection).await? {
            if let Some(facts) = known.organizations.get_mut(&id) {
                facts.kept = kept;
                if facts.kept.on_since > now {
                    facts.kept.on_since = 0;
                }
            }
        }
        for problem in store::open_problems(connection).await? {
            if let Some(facts) = known.organizations.get_mut(&problem.organization_id) {
                facts.open.extend(open_problem(&problem));
                facts.problems.push(problem);
            }
        }
        for issue in store::open_issues(connection).await? {
            if let Some(facts) = known.organizations.get_mut(&issue.organization_id) {
                facts.open.extend(open_issue(&issue));
            }
        }
        for mailed in store::mailed(connection, lately(now, AGAIN)).await? {
            if let Some(facts) = known.organizations.get_mut(&mailed.organization_id) {
                facts.mailed.push((mailed.repeats, mailed.first_mail_at));
            }
        }
        let reach = lately(now, COUNTED);
        for (id, mails) in outbox::count_notifications(connection, None, reach).await? {
            if let Some(facts) = known.organizations.get_mut(&id) {
                facts.sent = usize::try_from(mails).unwrap_or(usize::MAX);
            }
        }
        for (id, at) in store::digests(connection).await? {
            if let Some(facts) = known.organizations.get_mut(&id) {
                facts.digest_at = Some(at);
            }
        }
        Ok(known)
    }

    fn of(&mut self, organization_id: &str) -> &mut Facts {
        self.organizations
            .entry(organization_id.to_owned())
            .or_default()
    }
}

fn open_issue(issue: &store::OpenIssue) -> Option<Open> {
    Some(Open {
        what: What::Issue(Reason::from_code(&issue.reason)?),
        id: issue.id.clone(),
        opened_at: issue.opened_at,
        repeats: issue.id.clone(),
        noticed_at: issue.opened_at,
        mark: mark(issue.noted_at, issue.first_mail_at),
    })
}

fn open_problem(problem: &OpenProblem) -> Option<Open> {
    Some(Open {
        what: What::Problem(ProblemKind::parse(&problem.kind)?),
        id: problem.id.clone(),
        opened_at: 0,
        repeats: format!("{}:{}", problem.kind, problem.subject),
        // It may have begun long before it could be seen.
        noticed_at: ids::made_at(&problem.id).unwrap_or(problem.began_at),
        mark: mark(problem.noted_at, problem.first_mail_at),
    })
}

fn mark(noted_at: Option<Millis>, first_mail_at: Option<Millis>) -> Mark {
    match (noted_at, first_mail_at) {
        (None, _) => Mark::None,
        (Some(_), None) => Mark::PassedOver,
        (Some(_), Some(at)) => Mark::Mailed(at),
    }
}

fn over_of(kind: CauseKind, over: &store::Over) -> Over {
    Over {
        kind,
        problem: over.problem.as_deref().and_then(ProblemKind::parse),
        id: over.cause_id.clone(),
        opened_at: over.opened_at,
        subject: over.subject.clone().unwrap_or_default(),
        began_at: over.began_at.unwrap_or(over.opened_at),
        first_mail_at: over.first_mail_at,
        ended_at: over.resolved_at.or(over.ended_at),
    }
}
