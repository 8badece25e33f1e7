//! Links of recipients: one confirms an address, one in every mail stops the mails. They are signed, expire and work
//! once; opening one does nothing, since mail scanners open whatever they find.

use crate::model::notification::{RecipientLink, RecipientLinkDetails, RecipientState};
use crate::server::App;
use crate::server::actor::Actor;
use crate::server::clock::{DAY, Millis};
use crate::server::error::ServiceError;
use crate::server::secret_key::SecretKey;
use crate::server::services::audit::{self, Target, Who};
use crate::server::store::notifications as store;
use crate::server::store::outbox;
use crate::server::store::recipients::{self, Recipient};

/// Days for which one may unsubscribe by a mail.
const UNSUBSCRIBE_DAYS: i64 = 180;

/// What a link is signed for: one is worth nothing as the other.
fn purpose(link: RecipientLink) -> &'static str {
    match link {
        RecipientLink::Verify => "recipient.verify",
        RecipientLink::Unsubscribe => "recipient.unsubscribe",
    }
}

/// The link of a recipient, good while the recipient's `uses` stay as they are.
pub(super) fn url(
    app: &App,
    key: &SecretKey,
    link: RecipientLink,
    id: &str,
    uses: i64,
    expires_at: Millis,
) -> String {
    let text = format!("{id}.{uses}.{expires_at}");
    let signature = key.sign(purpose(link), &text);
    format!(
        "{}{}/{text}.{signature}",
        app.settings.public_url,
        link.path()
    )
}

/// The link in a mail by which its recipient stops the mails.
pub(super) fn unsubscribe_url(
    app: &App,
    key: &SecretKey,
    id: &str,
    uses: i64,
    now: Millis,
) -> String {
    let expires_at = now + UNSUBSCRIBE_DAYS * DAY;
    url(app, key, RecipientLink::Unsubscribe, id, uses, expires_at)
}

/// What a link of ours says.
struct Said {
    id: String,
    uses: i64,
    expires_at: Millis,
}

fn read(app: &App, link: RecipientLink, token: &str) -> Result<Option<Said>, ServiceError> {
    let Some((text, signature)) = token.rsplit_once('.') else {
        return Ok(None);
    };
    if !app.secret_key()?.verify(purpose(link), text, signature) {
        return Ok(None);
    }
    let mut parts = text.splitn(3, '.');
    let said = (|| {
        Some(Said {
            id: parts.next()?.to_owned(),
            uses: parts.next()?.parse().ok()?,
            expires_at: parts.next()?.parse().ok()?,
        })
    })();
    Ok(said)
}

/// What may be done by a link.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    Good,
    /// It has been used, and what it was for still holds.
    Done,
    Nothing,
}

fn worth(link: RecipientLink, said: &Said, recipient: &Recipient, now: Millis) -> Worth {
    let is_verified = recipient.state == RecipientState::Verified;
    let is_unsubscribed = recipient.state == RecipientState::Unsubscribed;
    let (may, has) = match link {
        RecipientLink::Verify => (!is_verified, is_verified),
        RecipientLink::Unsubscribe => (is_verified, is_unsubscribed),
    };
    if has && said.uses + 1 == recipient.uses {
        Worth::Done
    } else if may && said.uses == recipient.uses && now < said.expires_at {
        Worth::Good
    } else {
        Worth::Nothing
    }
}

/// What the page behind a link shows; `None` when it does not work, or is none of ours.
///
/// # Errors
/// As any read.
pub async fn find(
    app: &App,
    link: RecipientLink,
    token: &str,
) -> Result<Option<RecipientLinkDetails>, ServiceError> {
    let Some(said) = read(app, link, token)? else {
        return Ok(None);
    };
    let mut connection = app.db.read_by_key().await?;
    let Some(recipient) = recipients::find(&mut connection, &said.id, false).await? else {
        return Ok(None);
    };
    let worth = worth(link, &said, &recipient, app.clock.now());
    if worth == Worth::Nothing {
        return Ok(None);
    }
    let organization = store::organization(&mut connection, &recipient.organization_id).await?;
    Ok(organization.map(|organization| RecipientLinkDetails {
        organization_name: organization.name,
        address: recipient.address,
        is_done: worth == Worth::Done,
    }))
}

/// Uses a link. Once more changes nothing. `address` is where the person is.
///
/// # Errors
/// `NotFound` when the link does not work.
pub async fn act(
    app: &App,
    link: RecipientLink,
    token: &str,
    address: &str,
) -> Result<(), ServiceError> {
    let dead = || ServiceError::NotFound { what: "link" };
    let said = read(app, link, token)?.ok_or_else(dead)?;
    let now = app.clock.now();
    let who = Who {
        actor: Actor::System,
        address: address.to_owned(),
        organization_id: None,
        at: now,
    };
    let live = app.live.clone();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let recipient = recipients::find(tx, &said.id, true)
                    .await?
                    .ok_or_else(dead)?;
                match worth(link, &said, &recipient, now) {
                    Worth::Good => {}
                    Worth::Done => return Ok(()),
                    Worth::Nothing => return Err(dead()),
                }
                let (state, action) = match link {
                    RecipientLink::Verify => (RecipientState::Verified, "recipient.verify"),
                    RecipientLink::Unsubscribe => {
                        (RecipientState::Unsubscribed, "recipient.unsubscribe")
                    }
                };
                recipients::use_link(tx, &recipient.id, recipient.uses, state, now).await?;
                let organization_id = recipient.organization_id;
                if state == RecipientState::Unsubscribed {
                    outbox::drop_of(tx, &organization_id, &recipient.address_key).await?;
                }
                let who = who.within(Some(&organization_id));
                let target = Target::new("recipient", &recipient.id, &recipient.address);
                audit::record(tx, &who, action, &target, None, None).await?;
                tx.after_commit(move || live.grown(&organization_id));
                Ok(())
            })
        })
        .await
}
