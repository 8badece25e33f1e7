//! Who is told when provisioning breaks: recipients, settings, what is told and when, and what became of each mail.

pub mod decide;
pub mod delivery;
mod facts;
mod known;
mod letters;
pub mod links;
pub mod pass;
pub mod recipients;
pub mod sample;
pub mod settings;

use std::collections::HashMap;

use crate::model::notification::{
    Attempt, Delivery, DeliveryState, LINK_DAYS, MAILS_AN_HOUR, MailKind, MailRoute, Notifications,
    Recipient, RecipientState, SampleMail,
};
use crate::model::page::Page;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::{DAY, HOUR, MINUTE, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::mail::Destination;
use crate::server::services::moments::Moments;
use crate::server::services::outbox::lately;
use crate::server::store::keyset::{self, TimeCursor};
use crate::server::store::notifications as store;
use crate::server::store::outbox::{self, Listed, MailState};
use crate::server::store::recipients as recipient_store;
use crate::server::store::sql::Connection;
use crate::server::zone;

/// Attempts that are shown of a mail: all, but of one that was sent again over and over.
const ATTEMPTS_SHOWN: i64 = 100;
/// For so long the result of a test is news.
const TEST_SHOWN: Millis = 15 * MINUTE;

/// Everything that the page shows; `after` and `before` are places in the delivery history.
///
/// # Errors
/// As any read.
pub async fn get(
    app: &App,
    allowed: &Allowed,
    after: Option<&str>,
    before: Option<&str>,
) -> Result<Notifications, ServiceError> {
    let organization = allowed.check_in(Permission::ReadNotifications)?;
    let id = &organization.id;
    let moments = Moments::of(allowed, app.clock.now());
    let now = moments.now();
    let mut connection = app.db.read().await?;
    let settings = store::settings(&mut connection, id).await?.settings;
    let recipients = recipient_store::list(&mut connection, id).await?;
    let mailed = outbox::count_notifications(&mut connection, Some(id), lately(now, HOUR)).await?;
    let mailed = mailed.first().map_or(0, |(_, mails)| *mails);
    let total = outbox::count(&mut connection, id).await?;
    let back = after.is_none() && before.is_some();
    let cursor = after.or(before).and_then(TimeCursor::parse);
    let listed = outbox::list(&mut connection, id, cursor.as_ref(), back, keyset::FETCH).await?;
    let page = Page::of(
        listed,
        cursor.is_some(),
        back,
        keyset::count(total),
        |mail| {
            let (at, id) = (mail.created_at, mail.id.clone());
            TimeCursor { at, id }.to_string()
        },
    );
    let (previous, next, total) = (page.previous, page.next, page.total);
    let items = deliveries(&mut connection, page.items, &moments).await?;
    let mut tests = outbox::list_tests(&mut connection, id, lately(now, TEST_SHOWN)).await?;
    let latest = tests.first().map(|test| test.created_at);
    tests.retain(|test| Some(test.created_at) == latest);
    let tests = deliveries(&mut connection, tests, &moments).await?;
    let sample = sample::composed(app, organization, &settings);
    Ok(Notifications {
        sample: SampleMail {
            subject: sample.subject,
            text: sample.text,
        },
        settings,
        zones: zone::names(),
        recipients: recipients
            .into_iter()
            .map(|recipient| shown(recipient, &moments))
            .collect(),
        route: match app.mailer.destination() {
            Destination::Smtp { host } => MailRoute::Server(host),
            Destination::Folder { .. } => MailRoute::Folder {
                days: app.settings.payload_retention_days,
            },
        },
        is_full: usize::try_from(mailed).is_ok_and(|mailed| mailed >= MAILS_AN_HOUR),
        history: Page {
            items,
            previous,
            next,
            total,
        },
        tests,
    })
}

fn shown(recipient: recipient_store::Recipient, moments: &Moments) -> Recipient {
    let state = recipient.state;
    let until = recipient.link_sent_at + LINK_DAYS * DAY;
    let is_awaited = state == RecipientState::Unverified && until > moments.now();
    Recipient {
        state,
        created_by: recipient.created_by,
        link_sent: moments.moment(recipient.link_sent_at),
        link_until: is_awaited.then(|| moments.moment(until)),
        verified: recipient.verified_at.map(|at| moments.moment(at)),
        id: recipient.id,
        address: recipient.address,
    }
}

/// Mails with their latest attempts.
async fn deliveries(
    connection: &mut Connection<'_>,
    mails: Vec<Listed>,
    moments: &Moments,
) -> Result<Vec<Delivery>, StoreError> {
    let ids: Vec<&str> = mails.iter().map(|mail| mail.id.as_str()).collect();
    let mut attempts: HashMap<String, Vec<Attempt>> = HashMap::new();
    for attempt in outbox::attempts(connection, &ids, ATTEMPTS_SHOWN).await? {
        attempts
            .entry(attempt.outbox_id)
            .or_default()
            .push(Attempt {
                at: moments.moment(attempt.attempted_at),
                accepted: attempt.is_accepted,
                answer: attempt.answer,
            });
    }
    mails
        .into_iter()
        .map(|mail| {
            let kind = MailKind::parse(&mail.kind)
                .ok_or_else(|| StoreError::Corrupt(format!("mail {}: kind", mail.id)))?;
            let state = match (mail.state()?, mail.due_at) {
                (MailState::Waiting, Some(due)) if mail.attempts > 0 && due > moments.now() => {
                    DeliveryState::Delayed(moments.moment(due))
                }
                (MailState::Waiting, _) => DeliveryState::Waiting,
                (MailState::Sent, _) => DeliveryState::Sent,
                (MailState::Filed, _) => DeliveryState::Filed,
                (MailState::Failed, _) => DeliveryState::Failed,
                (MailState::Dropped, _) => DeliveryState::Dropped,
            };
            Ok(Delivery {
                created: moments.moment(mail.created_at),
                can_repeat: mail.has_body
                    && !kind.holds_link()
                    && !matches!(state, DeliveryState::Waiting | DeliveryState::Dropped),
                tried: u64::try_from(mail.attempts).unwrap_or_default(),
                attempts: attempts.remove(&mail.id).unwrap_or_default(),
                kind,
                state,
                subject: mail.subject,
                address: mail.address,
                id: mail.id,
            })
        })
        .collect()
}
