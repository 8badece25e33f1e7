//! *Send test email* and *Send again*.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::letters::{context, sender_of};
use super::links;
use crate::model::address::Address;
use crate::model::notification::{MailKind, REPEATS_AN_HOUR, RecipientState, TESTS_AN_HOUR};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::{HOUR, Millis};
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::mails;
use crate::server::services::outbox::{self, CLAIM, Letter};
use crate::server::store::notifications as store;
use crate::server::store::outbox::{self as outbox_store, Claimed, NewMail};
use crate::server::store::recipients;
use crate::server::store::{Tx, audit as audit_store, organizations};

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
    let until = now + CLAIM;
    let by = allowed.actor().name();
    let mut mails = composed(app, &organization, &by, now).await?;
    if mails.is_empty() {
        return Err(ServiceError::conflict(
            "Nobody would get it. Add a recipient and open the link that is sent to the address first.",
        ));
    }
    for mail in &mut mails {
        mail.claimed_until = Some(until);
    }
    let held = mails.iter().map(held).collect();
    store_tests(app, Who::of(allowed, now), organization, mails).await?;
    send_held(app, held, until).await;
    Ok(())
}

/// A test for every verified recipient.
async fn composed(
    app: &App,
    organization: &OrganizationRef,
    by: &str,
    now: Millis,
) -> Result<Vec<NewMail>, ServiceError> {
    let key = app.secret_key()?;
    let mut connection = app.db.read().await?;
    let settings = store::settings(&mut connection, &organization.id)
        .await?
        .settings;
    let recipients = recipients::list(&mut connection, &organization.id).await?;
    drop(connection);
    let test = ids::new_id(now);
    let sender = sender_of(&organization.name, &organization.slug, &settings);
    let mut mails = Vec::new();
    for recipient in recipients {
        if recipient.state != RecipientState::Verified {
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
            composed: mails::test(&context(app, &sender, &unsubscribe, now), by),
            unnamed: None,
            unsubscribe_url: Some(unsubscribe),
        };
        mails.push(outbox::sealed(key, letter, now)?);
    }
    Ok(mails)
}

/// Refuses so many more tests when there have been too many. Whoever else sends some waits until the change ends.
async fn check_limit(
    tx: &mut Tx<'_>,
    organization_id: &str,
    more: usize,
    now: Millis,
) -> Result<(), ServiceError> {
    organizations::lock(tx, organization_id).await?;
    let lately = outbox::lately(now, HOUR);
    let sent = outbox_store::count_of(tx, MailKind::Test, organization_id, lately).await?;
    if sent + i64::try_from(more).unwrap_or(i64::MAX) > TESTS_AN_HOUR {
        return Err(ServiceError::conflict(format!(
            "At most {TESTS_AN_HOUR} test mails are sent within an hour. The delivery history shows what became of them."
        )));
    }
    Ok(())
}

/// A mail as its writer holds it, to send it at once.
fn held(mail: &NewMail) -> Claimed {
    Claimed {
        id: mail.id.clone(),
        organization_id: mail.organization_id.clone(),
        kind: mail.kind.as_str().to_owned(),
        address: mail.address.clone(),
        subject: mail.subject.clone(),
        body: Some(mail.body.clone()),
        created_at: mail.created_at,
        retries: 0,
        claimed_until: None,
    }
}

async fn store_tests(
    app: &App,
    who: Who,
    organization: OrganizationRef,
    mails: Vec<NewMail>,
) -> Result<(), ServiceError> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                check_limit(tx, &organization.id, mails.len(), who.at).await?;
                for mail in &mails {
                    outbox_store::insert(tx, mail).await?;
                }
                let target = Target::new("organization", &organization.id, &organization.name);
                let after = json!({ "recipients": mails.len() });
                audit::record(tx, &who, "notifications.test", &target, None, Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Sends mails that are held until then, and waits a little for the answers. Goes on when the browser has gone, and the
/// service does not end before it: a mail whose answer nobody notes would be sent again.
async fn send_held(app: &App, held: Vec<Claimed>, until: Millis) {
    let (tasks, app) = (app.tasks.clone(), app.clone());
    let sending = tasks.spawn(async move {
        let attempts = held.iter().map(|mail| outbox::attempt(&app, mail, until));
        for failed in join_all(attempts).await.into_iter().filter_map(Result::err) {
            tracing::error!(error = %failed, "what came of a test mail is not noted");
        }
    });
    let _ = tokio::time::timeout(PATIENCE, sending).await;
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
                // Two at once would count the same.
                organizations::lock(tx, &organization.id).await?;
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
