//! The way out of every mail: written in the transaction of its cause, sent afterwards, tried again until it is taken
//! or three days are over. Each attempt is kept with the server's answer.

use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::live::Live;
use super::mails::Composed;
use crate::model::address::Address;
use crate::model::notification::MailKind;
use crate::server::App;
use crate::server::clock::{HOUR, MINUTE, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::mail::{Accepted, Destination, Mail, Refusal};
use crate::server::scim::resource::case_key;
use crate::server::secret_key::SecretKey;
use crate::server::store::Tx;
use crate::server::store::outbox::{self as store, Claim, Claimed, MailState, NewMail, Tried};

/// What mails are sealed for.
const SEALED: &str = "outbox";

/// How long a mail is held by whoever sends it. An attempt ends within half a minute: whoever has not said by then what
/// came of it has died. So long that a clock that jumps by minutes does not send anything twice.
pub const CLAIM: Millis = 10 * MINUTE;

/// Pauses before the second attempt and those after it, the last one again and again.
const PAUSES: [Millis; 5] = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR];

/// Attempts until a mail is given up, which is after three days. They are counted rather than timed, so that a clock
/// that jumps gives nothing up.
pub const ATTEMPTS: i64 = 23;

/// Mails that are sent at the same time.
const AT_ONCE: i64 = 4;

/// What is kept of an answer.
const LONGEST_ANSWER: usize = 500;

/// The last so long, in which mails are counted. Clocks of replicas differ a little; what one has written that was far
/// ahead is not counted for ever.
pub fn lately(now: Millis, long: Millis) -> (Millis, Millis) {
    (now - long, now + HOUR)
}

/// Pause between two tries to note what came of an attempt.
const NOTE_AGAIN: Duration = Duration::from_secs(5);

const LOST: &str =
    "The service ended before it heard what became of this attempt. The mail may have arrived.";

const LOST_AT_LAST: &str = "The service ended before it heard what became of this attempt, the last one. \
     The mail is given up; it may have arrived.";

/// A mail in words, with its cause and its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// `None` for one that belongs to the whole deployment.
    pub organization_id: Option<String>,
    pub kind: MailKind,
    /// Of one event and one address: a second mail with it is none.
    pub event_key: String,
    pub to: Address,
    pub composed: Composed,
    /// The same without the names of users, under the same subject; of a mail that names some. It takes the other's
    /// place once one of them is erased.
    pub unnamed: Option<Composed>,
    /// Where a POST stops further mails; none for those that somebody has asked for.
    pub unsubscribe_url: Option<String>,
}

/// What is sealed of a mail: its text may hold links that let their holder act.
#[derive(Serialize, Deserialize)]
struct Body {
    text: String,
    html: String,
    unsubscribe_url: Option<String>,
}

/// A mail as it goes into the outbox; the transaction of its cause puts it there with [`store::insert`].
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn sealed(key: &SecretKey, letter: Letter, now: Millis) -> Result<NewMail, ServiceError> {
    let seal = |composed: Composed| {
        let body = Body {
            text: composed.text,
            html: composed.html,
            unsubscribe_url: letter.unsubscribe_url.clone(),
        };
        let body = serde_json::to_vec(&body).map_err(StoreError::from)?;
        key.seal(SEALED, &body)
    };
    let subject = letter.composed.subject.clone();
    let body = seal(letter.composed)?;
    let unnamed = letter.unnamed.map(seal).transpose()?;
    Ok(NewMail {
        id: ids::new_id(now),
        organization_id: letter.organization_id,
        kind: letter.kind,
        event_key: letter.event_key,
        address: letter.to.to_string(),
        address_key: case_key(letter.to.as_str()),
        subject,
        body,
        unnamed,
        created_at: now,
        claimed_until: None,
    })
}

/// How mails are taken at a time.
pub fn claim_at(now: Millis) -> Claim {
    Claim {
        now,
        until: now + CLAIM,
        latest: now + PAUSES.iter().max().copied().unwrap_or(HOUR),
        latest_claim: now + 2 * CLAIM,
        limit: AT_ONCE,
    }
}

/// Takes what is due; `None` when nothing is. A mail whose last attempt is lost, too, is given up, and not among it.
async fn take(
    tx: &mut Tx<'_>,
    claim: Claim,
    live: Live,
) -> Result<Option<Vec<Claimed>>, StoreError> {
    let claimed = store::claim(tx, claim).await?;
    if claimed.is_empty() {
        return Ok(None);
    }
    let mut held = Vec::new();
    for mut mail in claimed {
        if mail.claimed_until.is_some() {
            mail.retries += 1;
            if mail.retries >= ATTEMPTS {
                store::tried(tx, &given_up(&mail, claim)).await?;
                tracing::warn!(mail.id = %mail.id, "a mail is given up: the service ended during its last attempt");
                if let Some(id) = mail.organization_id {
                    let live = live.clone();
                    tx.after_commit(move || live.grown(&id));
                }
                continue;
            }
            store::lost(tx, &mail.id, claim.now, LOST).await?;
        }
        held.push(mail);
    }
    Ok(Some(held))
}

fn given_up(mail: &Claimed, claim: Claim) -> Tried {
    Tried {
        id: mail.id.clone(),
        claimed_until: claim.until,
        at: claim.now,
        is_accepted: false,
        answer: LOST_AT_LAST.to_owned(),
        state: MailState::Failed,
        due_at: None,
        wipes: holds_link(mail),
    }
}

/// Sends what is due, a few mails at a time, until nothing is, or the service ends. Answers how many attempts that were.
///
/// # Errors
/// When the database fails; what was not noted is held until its claim runs out.
pub async fn send_due(app: &App) -> Result<usize, ServiceError> {
    let mut attempts = 0;
    while !app.shutdown.is_cancelled() {
        let claim = claim_at(app.clock.now());
        let live = app.live.clone();
        let claimed = app
            .db
            .write::<_, StoreError, _>(move |tx| Box::pin(take(tx, claim, live)))
            .await?;
        let Some(claimed) = claimed else { break };
        attempts += claimed.len();
        let sent = join_all(claimed.iter().map(|mail| attempt(app, mail, claim.until))).await;
        sent.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(attempts)
}

/// Makes one attempt to send a mail that is held until `claimed_until`, and notes what came of it.
///
/// # Errors
/// When that cannot be noted while the mail is held, or a file that may not be kept stays.
pub async fn attempt(app: &App, mail: &Claimed, claimed_until: Millis) -> Result<(), ServiceError> {
    let answer = match ready(app, mail)? {
        Ok(ready) => app.mailer.send(&ready).await,
        Err(reason) => Err(Refusal {
            is_final: true,
            answer: reason.to_owned(),
        }),
    };
    let tried = outcome(app, mail, claimed_until, answer);
    if !tried.is_accepted {
        tracing::warn!(mail.id = %mail.id, mail.state = tried.state.as_str(), "a mail was not taken");
    }
    let is_filed = tried.state == MailState::Filed;
    note(app, mail.organization_id.clone(), tried).await?;
    match &mail.body {
        Some(body) if is_filed => remove_outdated(app, &mail.id, body).await,
        _ => Ok(()),
    }
}

/// Removes the file of a mail whose text was forgotten while it was written: somebody whom it names was erased.
async fn remove_outdated(app: &App, id: &str, body: &str) -> Result<(), ServiceError> {
    let is_outdated = store::has_other_body(&mut app.db.read_by_key().await?, id, body).await?;
    if !is_outdated {
        return Ok(());
    }
    let removed = app.mailer.remove_files(vec![id.to_owned()]).await;
    removed
        .map_err(|error| ServiceError::Internal(format!("a mail's file is not removed: {error}")))
}

/// The mail as the mailer takes it, or why it can never be sent.
fn ready(app: &App, mail: &Claimed) -> Result<Result<Mail, &'static str>, ServiceError> {
    let key = app.secret_key()?;
    let Some(sealed) = &mail.body else {
        return Ok(Err("The text of this mail is no longer kept."));
    };
    let body = key
        .open(SEALED, sealed)
        .and_then(|bytes| serde_json::from_slice::<Body>(&bytes).ok());
    let Some(body) = body else {
        return Ok(Err(
            "The text of this mail cannot be read: it was sealed with another SECRET_KEY.",
        ));
    };
    let Ok(to) = Address::parse(&mail.address) else {
        return Ok(Err("This is no email address."));
    };
    Ok(Ok(Mail {
        id: mail.id.clone(),
        at: mail.created_at,
        to,
        subject: mail.subject.clone(),
        text: body.text,
        html: body.html,
        unsubscribe_url: body.unsubscribe_url,
    }))
}

fn outcome(
    app: &App,
    mail: &Claimed,
    claimed_until: Millis,
    answer: Result<Accepted, Refusal>,
) -> Tried {
    let at = app.clock.now();
    let (is_accepted, answer, state, due_at) = match answer {
        Ok(accepted) => {
            let state = match app.mailer.destination() {
                Destination::Smtp { .. } => MailState::Sent,
                Destination::Folder { .. } => MailState::Filed,
            };
            (true, accepted.answer, state, None)
        }
        Err(refusal) if refusal.is_final => (false, refusal.answer, MailState::Failed, None),
        Err(refusal) => match pause(mail.retries + 1) {
            Some(pause) => (false, refusal.answer, MailState::Waiting, Some(at + pause)),
            None => (false, refusal.answer, MailState::Failed, None),
        },
    };
    Tried {
        id: mail.id.clone(),
        claimed_until,
        at,
        is_accepted,
        answer: answer.chars().take(LONGEST_ANSWER).collect(),
        state,
        due_at,
        wipes: due_at.is_none() && holds_link(mail),
    }
}

fn holds_link(mail: &Claimed) -> bool {
    MailKind::parse(&mail.kind).is_none_or(MailKind::holds_link)
}

/// The pause after so many attempts; `None` when there is no other.
fn pause(attempts: i64) -> Option<Millis> {
    let place = usize::try_from(attempts - 1).unwrap_or_default();
    (attempts < ATTEMPTS).then(|| PAUSES[place.min(PAUSES.len() - 1)])
}

/// Notes an attempt, however long the database is away while the mail is held: once the claim runs out, it would be
/// sent again.
async fn note(
    app: &App,
    organization_id: Option<String>,
    tried: Tried,
) -> Result<(), ServiceError> {
    let live = app.live.clone();
    loop {
        let (noted, live, organization_id) = (tried.clone(), live.clone(), organization_id.clone());
        let written = app
            .db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    store::tried(tx, &noted).await?;
                    tx.after_commit(move || {
                        if let Some(id) = organization_id {
                            live.grown(&id);
                        }
                    });
                    Ok(())
                })
            })
            .await;
        let Err(error) = written else { return Ok(()) };
        let is_held = app.clock.now() + MINUTE < tried.claimed_until;
        if !is_held || app.shutdown.is_cancelled() {
            return Err(error.into());
        }
        tracing::warn!(%error, mail.id = %tried.id, "what came of a mail is not noted yet");
        tokio::time::sleep(NOTE_AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::clock::DAY;

    #[test]
    fn a_mail_is_tried_soon_and_then_for_three_days() {
        let pauses: Vec<Millis> = (1..=ATTEMPTS).filter_map(pause).collect();
        assert_eq!(
            pauses[..6],
            [1, 5, 15, 60, 240, 240].map(|minutes| minutes * MINUTE)
        );
        let whole: Millis = pauses.iter().sum();
        assert!((3 * DAY..3 * DAY + 4 * HOUR).contains(&whole), "{whole}");
        assert_eq!(pause(ATTEMPTS), None);
    }
}
