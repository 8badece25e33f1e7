//! Mails of an organization in the words of what was decided.

use jiff::tz::TimeZone;

use super::decide::{Decision, Digest, Open, Over, What};
use super::known::Facts;
use super::settings::zone_of;
use super::{facts, links};
use crate::model::address::Address;
use crate::model::notification::{Event, MailKind, NotificationSettings};
use crate::server::App;
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::services::mails::{
    self, Composed, Ended, IssueFacts, MailContext, Organization, Setting,
};
use crate::server::services::outbox::{self, Letter};
use crate::server::store::notifications::{CauseKind, Listener};
use crate::server::store::outbox::NewMail;
use crate::server::store::sql::Connection;

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
        zone: zone_of(settings),
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
        /// The keys of the users that the mails name.
        named: Vec<String>,
    },
    /// What one mail tells to be over, all of it or nothing.
    Over {
        over: Vec<Over>,
        mails: Vec<NewMail>,
    },
    /// Closed without a mail.
    Close(Over),
    Digest {
        before: Option<Millis>,
        mails: Vec<NewMail>,
    },
}

/// A mail, and without the names of users where it has some.
struct Words {
    composed: Composed,
    unnamed: Option<Composed>,
}

impl From<Composed> for Words {
    fn from(composed: Composed) -> Self {
        Self {
            composed,
            unnamed: None,
        }
    }
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
            let (mails, named) = self.first(connection, open).await?;
            let open = (*open).clone();
            steps.push(Step::Mark { open, mails, named });
        }
        steps.extend(decision.passed.iter().map(|open| Step::Mark {
            open: (*open).clone(),
            mails: Vec::new(),
            named: Vec::new(),
        }));
        if !decision.over.is_empty() {
            let mails = self.over(connection, &decision.over).await?;
            let over = decision.over.iter().copied().cloned().collect();
            steps.push(Step::Over { over, mails });
        }
        let closed = decision.closed.iter().copied().cloned();
        steps.extend(closed.map(Step::Close));
        let before = self.facts.digest_at;
        match &decision.digest {
            Digest::No => {}
            Digest::Restart => steps.push(Step::Digest {
                before,
                mails: Vec::new(),
            }),
            Digest::Of { open, since } => {
                let mails = self.digest(connection, open, *since).await?;
                steps.push(Step::Digest { before, mails });
            }
        }
        Ok(steps)
    }

    /// The first mails about something, and the keys of those whom they name.
    async fn first(
        &self,
        connection: &mut Connection<'_>,
        open: &Open,
    ) -> Result<(Vec<NewMail>, Vec<String>), ServiceError> {
        let kind = open.what.kind().as_str();
        let event = format!("{kind}:{}:{}:first", open.id, open.opened_at);
        let since = open.noticed_at;
        match open.what {
            What::Issue(_) => {
                let issue = facts::issue(connection, self.organization_id, &open.id).await?;
                let Some(unnamed) = issue else {
                    return Ok((Vec::new(), Vec::new()));
                };
                let people = facts::people(connection, &open.id).await?;
                let (named, people) = people.into_iter().unzip();
                let issue = IssueFacts {
                    people,
                    ..unnamed.clone()
                };
                let mails = self.letters(MailKind::Issue, &event, since, |context| Words {
                    composed: mails::issue(context, &issue),
                    unnamed: Some(mails::issue(context, &unnamed)),
                })?;
                Ok((mails, named))
            }
            What::Problem(_) => {
                let problem = self.facts.problems.iter().find(|known| known.id == open.id);
                let Some(problem) = problem.and_then(facts::problem) else {
                    return Ok((Vec::new(), Vec::new()));
                };
                let mails = self.letters(MailKind::Problem, &event, since, |context| {
                    mails::problem(context, &problem).into()
                })?;
                Ok((mails, Vec::new()))
            }
        }
    }

    /// One mail to each recipient of all that is over and that the recipient has heard of.
    async fn over(
        &self,
        connection: &mut Connection<'_>,
        over: &[&Over],
    ) -> Result<Vec<NewMail>, ServiceError> {
        let mut told = Vec::new();
        for over in over {
            if let (Some(since), Some(ended)) =
                (over.first_mail_at, self.ended(connection, over).await?)
            {
                let kind = over.kind.as_str();
                let event = format!("{kind}:{}:{}:over", over.id, over.opened_at);
                told.push((since, event, ended));
            }
        }
        let mut letters = Vec::new();
        for listener in &self.facts.listeners {
            let heard = told
                .iter()
                .filter(|(since, ..)| listener.verified_at <= *since);
            let (events, ended): (Vec<_>, Vec<_>) =
                heard.map(|(_, event, ended)| (event, ended)).unzip();
            // Each is over once only: the first one's name is nobody else's.
            if let Some(event) = events.first() {
                letters.extend(
                    self.letter(listener, MailKind::Recovered, event, |context| {
                        mails::over(context, &ended).into()
                    })?,
                );
            }
        }
        Ok(letters)
    }

    /// What is known of something that is over; `None` when it is gone.
    async fn ended(
        &self,
        connection: &mut Connection<'_>,
        over: &Over,
    ) -> Result<Option<Ended>, ServiceError> {
        let Some(at) = over.ended_at else {
            return Ok(None);
        };
        if over.kind == CauseKind::Issue {
            let issue = facts::issue(connection, self.organization_id, &over.id).await?;
            return Ok(issue.map(|issue| Ended::Issue(issue, at)));
        }
        let mut ended = self.facts.ended.iter();
        let ended = ended.find(|ended| ended.cause_id == over.id);
        Ok(ended.and_then(|ended| {
            let (kind, detail) = (ended.problem.as_deref()?, ended.detail.as_deref()?);
            let problem = facts::problem_of(kind, &over.subject, over.began_at, detail)?;
            Some(Ended::Problem(problem, at))
        }))
    }

    async fn digest(
        &self,
        connection: &mut Connection<'_>,
        open: &[&Open],
        since: Millis,
    ) -> Result<Vec<NewMail>, ServiceError> {
        let (problems, issues): (Vec<&Open>, Vec<&Open>) = open
            .iter()
            .copied()
            .partition(|open| matches!(open.what, What::Problem(_)));
        let known = self.facts.problems.iter();
        let problems: Vec<_> = known
            .filter(|known| problems.iter().any(|open| open.id == known.id))
            .filter_map(facts::problem)
            .collect();
        let mut shown = Vec::new();
        for issue in issues.iter().take(mails::DIGEST_ISSUES) {
            shown.extend(facts::issue(connection, self.organization_id, &issue.id).await?);
        }
        let digest = mails::Digest {
            since,
            problems: &problems,
            issues: &shown,
            issues_open: u64::try_from(issues.len()).unwrap_or(u64::MAX),
        };
        let before = self.facts.digest_at.unwrap_or_default();
        let event = format!("digest:{}:{before}", self.organization_id);
        // Whoever is verified meanwhile may know what goes on.
        self.letters(MailKind::Digest, &event, Millis::MAX, |context| {
            mails::digest(context, &digest).into()
        })
    }

    /// A mail to each recipient who was verified by then.
    fn letters(
        &self,
        kind: MailKind,
        event: &str,
        verified_until: Millis,
        compose: impl Fn(&MailContext<'_>) -> Words,
    ) -> Result<Vec<NewMail>, ServiceError> {
        let mut letters = Vec::new();
        for listener in &self.facts.listeners {
            if listener.verified_at <= verified_until {
                letters.extend(self.letter(listener, kind, event, &compose)?);
            }
        }
        Ok(letters)
    }

    /// A mail to one recipient; `None` when the address is none, which it was when it was added.
    fn letter(
        &self,
        listener: &Listener,
        kind: MailKind,
        event: &str,
        compose: impl Fn(&MailContext<'_>) -> Words,
    ) -> Result<Option<NewMail>, ServiceError> {
        let Ok(to) = Address::parse(&listener.address) else {
            return Ok(None);
        };
        let key = self.app.secret_key()?;
        let url = links::unsubscribe_url(self.app, key, &listener.id, listener.uses, self.now);
        let words = compose(&context(self.app, &self.sender, &url, self.now));
        let letter = Letter {
            organization_id: Some(self.organization_id.to_owned()),
            kind,
            event_key: format!("{event}:{}", listener.id),
            to,
            composed: words.composed,
            unnamed: words.unnamed,
            unsubscribe_url: Some(url),
        };
        outbox::sealed(key, letter, self.now).map(Some)
    }
}
