//! *Send test email* and *Send again*.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::letters::{context, sender_of};
use super::links;
use crate::model::address::Address;
use crate::model::notification::{MailKind, REPEATS_AN_HOUR, RecipientState, TESTS_AN_HOUR};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::HOUR;
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::mails;
use crate::server::services::outbox::{self, CLAIM, Letter};
use crate::server::store::audit as audit_store;
use crate::server::store::notifications as store;
use crate::server::store::outbox::{self as outbox_store, Claimed};
use crate::server::store::recipients;

/// How long whoever sends a test waits for the answers; the page shows later ones.
const PATIENCE: Duration = Duration::from_secs(15);

/// As the audit log names *Send again*.
const REPEAT: &str = "mail.repeat";

/// Writes a test to every verified recipient and sends it at once, the way of all mails. The page shows the answers.
///
/// # Errors
/// `Conflict` when nobody would get it, or there have been too many.
pub async fn send_test(app: &App, allowed: &Allowed) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageNotifications)?.clone();
    let now = app.clock.now();
    let key = app.secret_key()?;
    let mut connection = app.db.read().await?;
    let settings = store::settings(&mut connection, &organization.id)
        .await?
        .settings;
    let recipients = recipients::list(&mut connection, &organization.id).await?;
    let sent = outbox_store::count_of(
        &mut connection,
        MailKind::Test,
        &organization.id,
        outbox::lately(now, HOUR),
    )
    .await?;
    drop(connection);
    let by = allowed.actor().name();
    let test = ids::new_id(now);
    let sender = sender_of(&organization.name, &organization.slug, &settings);
    let mut written = Vec::new();
    for recipient in recipients {
        if recipient.state()? != RecipientState::Verified {
            continue;
        }
        let to = Address::parse(&recipient.address)
            .map_err(|reason| ServiceError::invalid("address", reason))?;
        let unsubscribe = links::unsubscribe_url(app, key, &recipient.id, recipient.uses, now);
        let letter = Letter {
            organization_id: Some(organization.id.clone()),
            kind: MailKind::Test,
            event_key: format!("test:{test}:{}", recipient.id),
            to,
            composed: mails::test(&context(app, &sender, &unsubscribe, now), &by),
            unnamed: None,
            unsubscribe_url: Some(unsubscribe),
        };
        written.push(outbox::sealed(key, letter, now)?);
    }
    if written.is_empty() {
        return Err(ServiceError::conflict(
            "Nobody would get it. Add a recipient and open the link that is sent to the address first.",
        ));
    }
    if sent + i64::try_from(written.len()).unwrap_or(i64::MAX) > TESTS_AN_HOUR {
        return Err(ServiceError::conflict(format!(
            "At most {TESTS_AN_HOUR} test mails are sent within an hour. The delivery history shows what became of them."
        )));
    }
    let until = now + CLAIM;
    for mail in &mut written {
        mail.claimed_until = Some(until);
    }
    let claimed: Vec<Claimed> = written
        .iter()
        .map(|mail| Claimed {
            id: mail.id.clone(),
            organization_id: mail.organization_id.clone(),
            kind: mail.kind.as_str().to_owned(),
            address: mail.address.clone(),
            subject: mail.subject.clone(),
            body: Some(mail.body.clone()),
            created_at: now,
            retries: 0,
            claimed_until: None,
        })
        .collect();
    let who = Who::of(allowed, now);
    app.db
        .write::<_, ServiceError, _>(move |tx| {
            Box::pin(async move {
                for mail in &written {
                    outbox_store::insert(tx, mail).await?;
                }
                let target = Target::new("organization", &organization.id, &organization.name);
                let after = json!({ "recipients": written.len() });
                audit::record(tx, &who, "notifications.test", &target, None, Some(after)).await?;
                Ok(())
            })
        })
        .await?;
    // Goes on when the browser has gone.
    let sender = app.clone();
    let sending = tokio::spawn(async move {
        let attempts = claimed
            .iter()
            .map(|mail| outbox::attempt(&sender, mail, until));
        for failed in join_all(attempts).await.into_iter().filter_map(Result::err) {
            tracing::error!(error = %failed, "what came of a test mail is not noted");
        }
    });
    let _ = tokio::time::timeout(PATIENCE, sending).await;
    Ok(())
}

/// Sends a mail again, or at once what waits for its next attempt.
///
/// # Errors
/// `Conflict` when that cannot be, or there have been too many.
pub async fn repeat(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageNotifications)?.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let id = id.to_owned();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let lately = outbox::lately(now, HOUR);
                let repeats = audit_store::count(tx, &organization.id, REPEAT, lately).await?;
                if repeats >= REPEATS_AN_HOUR {
                    return Err(ServiceError::conflict(format!(
                        "At most {REPEATS_AN_HOUR} mails are sent again within an hour. What waits goes out by itself."
                    )));
                }
                let repeated = outbox_store::repeat(tx, &organization.id, &id, now).await?;
                let Some(mail) = repeated else {
                    return Err(ServiceError::conflict(
                        "This mail cannot be sent again: it is being sent, its text is no longer kept, or its address is \
                         no confirmed recipient any more.",
                    ));
                };
                let target = Target::new("mail", &id, mail.subject);
                let after = json!({ "recipient": mail.address });
                audit::record(tx, &who, REPEAT, &target, None, Some(after)).await?;
                Ok(())
            })
        })
        .await
}
