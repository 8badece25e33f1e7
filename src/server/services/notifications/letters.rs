//! Mails of an organization in the words of what was decided.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::decide::{Decision, Digest, ISSUE, Open, Over, What};
use super::known::Facts;
use super::{facts, links};
use crate::model::address::Address;
use crate::model::notification::{Event, MailKind, NotificationSettings};
use crate::server::App;
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::services::mails::{self, Composed, MailContext, Organization, Setting};
use crate::server::services::outbox::{self, Letter};
use crate::server::store::outbox::NewMail;
use crate::server::store::sql::Connection;
use crate::server::zone;

/// How an organization's mails are written.
pub(super) struct Sender<'s> {
    name: &'s str,
    slug: &'s str,
    zone: TimeZone,
    digest_hours: Option<i64>,
    tells_recovery: bool,
}

/// From its names and settings.
pub(super) fn sender_of<'s>(
    name: &'s str,
    slug: &'s str,
    settings: &NotificationSettings,
) -> Sender<'s> {
    Sender {
        name,
        slug,
        zone: zone::named(&settings.zone).unwrap_or(TimeZone::UTC),
        digest_hours: settings
            .tells(Event::StillFailing)
            .then(|| settings.digest_hours.into()),
        tells_recovery: settings.tells(Event::Recovered),
    }
}

/// What a mail to one recipient needs.
pub(super) fn context<'c>(
    app: &'c App,
    sender: &'c Sender<'_>,
    unsubscribe_url: &'c str,
    now: Millis,
) -> MailContext<'c> {
    MailContext {
        setting: Setting {
            public_url: &app.settings.public_url,
            now,
            zone: sender.zone.clone(),
        },
        organization: Organization {
            name: sender.name,
            slug: sender.slug,
        },
        unsubscribe_url,
        digest_hours: sender.digest_hours,
        tells_recovery: sender.tells_recovery,
    }
}

/// A decision as it is written: who comes first does it, whoever comes second finds it done.
pub(super) enum Step {
    Mark {
        open: Open,
        mails: Vec<NewMail>,
    },
    Close {
        over: Over,
        mails: Vec<NewMail>,
    },
    Digest {
        before: Option<Millis>,
        mails: Vec<NewMail>,
    },
}

/// Writes the mails of one organization.
pub(super) struct Writer<'w> {
    pub(super) app: &'w App,
    pub(super) organization_id: &'w str,
    pub(super) facts: &'w Facts,
    pub(super) sender: Sender<'w>,
    pub(super) now: Millis,
}

impl Writer<'_> {
    /// What is to be written.
    pub(super) async fn steps(
        &self,
        connection: &mut Connection<'_>,
        decision: &Decision<'_>,
    ) -> Result<Vec<Step>, ServiceError> {
        let mut steps = Vec::new();
        for open in &decision.first {
            let mails = self.first(connection, open).await?;
            let open = (*open).clone();
            steps.push(Step::Mark { open, mails });
        }
        steps.extend(decision.passed.iter().map(|open| Step::Mark {
            open: (*open).clone(),
            mails: Vec::new(),
        }));
        for over in &decision.over {
            let mails = self.over(connection, over).await?;
            steps.push(closed(over, mails));
        }
        steps.extend(decision.closed.iter().map(|over| closed(over, Vec::new())));
        let before = self.facts.digest_at;
        match decision.digest {
            Digest::No => {}
            Digest::Restart => steps.push(Step::Digest {
                before,
                mails: Vec::new(),
            }),
            Digest::Since(since) => {
                let mails = self.digest(connection, since).await?;
                steps.push(Step::Digest { before, mails });
            }
        }
        Ok(steps)
    }

    async fn first(
        &self,
        connection: &mut Connection<'_>,
        open: &Open,
    ) -> Result<Vec<NewMail>, ServiceError> {
        let event = format!("{}:{}:{}:first", open.what.kind(), open.id, open.opened_at);
        let since = open.noticed_at;
        match open.what {
            What::Issue(_) => {
                let issue = facts::issue(connection, self.organization_id, &open.id).await?;
                let Some(issue) = issue else {
                    return Ok(Vec::new());
                };
                self.letters(MailKind::Issue, &event, since, |context| {
                    mails::issue(context, &issue)
                })
            }
            What::Problem(_) => {
                let problem = self.facts.problems.iter().find(|known| known.id == open.id);
                let Some(problem) = problem.and_then(facts::problem) else {
                    return Ok(Vec::new());
                };
                self.letters(MailKind::Problem, &event, since, |context| {
                    mails::problem(context, &problem)
                })
            }
        }
    }

    async fn over(
        &self,
        connection: &mut Connection<'_>,
        over: &Over,
    ) -> Result<Vec<NewMail>, ServiceError> {
        let (Some(since), Some(ended_at)) = (over.first_mail_at, over.ended_at) else {
            return Ok(Vec::new());
        };
        let event = format!("{}:{}:{}:over", over.kind, over.id, over.opened_at);
        if over.kind == ISSUE {
            let issue = facts::issue(connection, self.organization_id, &over.id).await?;
            let Some(issue) = issue else {
                return Ok(Vec::new());
            };
            return self.letters(MailKind::Recovered, &event, since, |context| {
                mails::issue_resolved(context, &issue, ended_at)
            });
        }
        let ended = self
            .facts
            .ended
            .iter()
            .find(|ended| ended.cause_id == over.id);
        let problem = ended.and_then(|ended| {
            let (kind, detail) = (ended.problem.as_deref()?, ended.detail.as_deref()?);
            facts::problem_of(kind, &over.subject, over.began_at, detail)
        });
        let Some(problem) = problem else {
            return Ok(Vec::new());
        };
        self.letters(MailKind::Recovered, &event, since, |context| {
            mails::recovered(context, &problem, ended_at)
        })
    }

    async fn digest(
        &self,
        connection: &mut Connection<'_>,
        since: Millis,
    ) -> Result<Vec<NewMail>, ServiceError> {
        let issues = facts::open_issues(connection, self.organization_id).await?;
        let going_on: BTreeSet<&str> = self
            .facts
            .open
            .iter()
            .filter(|open| open.what.goes_on())
            .map(|open| open.id.as_str())
            .collect();
        let problems: Vec<_> = self
            .facts
            .problems
            .iter()
            .filter(|problem| going_on.contains(problem.id.as_str()))
            .filter_map(facts::problem)
            .collect();
        let open = self.facts.open.iter();
        let issues_open = open
            .filter(|open| matches!(open.what, What::Issue(_)))
            .count();
        let digest = mails::Digest {
            since,
            problems: &problems,
            issues: &issues,
            issues_open: u64::try_from(issues_open).unwrap_or(u64::MAX),
        };
        let before = self.facts.digest_at.unwrap_or_default();
        let event = format!("digest:{}:{before}", self.organization_id);
        // Whoever is verified meanwhile may know what goes on.
        self.letters(MailKind::Digest, &event, Millis::MAX, |context| {
            mails::digest(context, &digest)
        })
    }

    /// A mail to each recipient who was verified by then.
    fn letters(
        &self,
        kind: MailKind,
        event: &str,
        verified_until: Millis,
        compose: impl Fn(&MailContext<'_>) -> Composed,
    ) -> Result<Vec<NewMail>, ServiceError> {
        let key = self.app.secret_key()?;
        let listeners = self.facts.listeners.iter();
        let mut letters = Vec::new();
        for listener in listeners.filter(|listener| listener.verified_at <= verified_until) {
            // It was one when it was added.
            let Ok(to) = Address::parse(&listener.address) else {
                continue;
            };
            let url = links::unsubscribe_url(self.app, key, &listener.id, listener.uses, self.now);
            let letter = Letter {
                organization_id: Some(self.organization_id.to_owned()),
                kind,
                event_key: format!("{event}:{}", listener.id),
                to,
                composed: compose(&context(self.app, &self.sender, &url, self.now)),
                unsubscribe_url: Some(url),
            };
            letters.push(outbox::sealed(key, letter, self.now)?);
        }
        Ok(letters)
    }
}

fn closed(over: &Over, mails: Vec<NewMail>) -> Step {
    Step::Close {
        over: over.clone(),
        mails,
    }
}
