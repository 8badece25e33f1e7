//! Recipients as an Admin adds and removes them. Each gets a link first, and nothing else until it has been used.

use serde_json::json;

use super::links;
use crate::model::address::Address;
use crate::model::notification::{
    LINK_DAYS, LINKS_AN_HOUR, MailKind, RECIPIENTS, RecipientLink, RecipientState,
};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::{DAY, HOUR, Millis};
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::scim::resource::case_key;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::mails::{self, Organization, Setting, Verification};
use crate::server::services::outbox::{self, Letter};
use crate::server::store::Tx;
use crate::server::store::organizations;
use crate::server::store::outbox::{self as outbox_store, NewMail};
use crate::server::store::recipients::{self, Recipient};

/// Adds an address and writes the link to it.
///
/// # Errors
/// `Invalid` for what is no address, `Conflict` for one that is there, one too many, or one that has been written
/// too often.
pub async fn add(app: &App, allowed: &Allowed, typed: &str) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageNotifications)?.clone();
    let address =
        Address::parse(typed).map_err(|reason| ServiceError::invalid("address", reason))?;
    let now = app.clock.now();
    let recipient = Recipient {
        id: ids::new_id(now),
        organization_id: organization.id.clone(),
        address: address.to_string(),
        address_key: case_key(address.as_str()),
        state: RecipientState::Unverified,
        created_at: now,
        created_by: allowed.actor().name(),
        link_sent_at: now,
        verified_at: None,
        uses: 1,
    };
    let mail = verification(app, allowed, &organization, &recipient, address, now)?;
    let who = Who::of(allowed, now);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !organizations::lock_existing(tx, &organization.id).await? {
                    return Err(ServiceError::NotFound {
                        what: "organization",
                    });
                }
                if recipients::list(tx, &organization.id).await?.len() >= RECIPIENTS {
                    return Err(ServiceError::conflict(format!(
                        "An organization has at most {RECIPIENTS} recipients. Remove one first, or add a distribution \
                         list instead of its members."
                    )));
                }
                if !recipients::insert(tx, &recipient).await? {
                    return Err(ServiceError::invalid(
                        "address",
                        format!("{} is a recipient already.", recipient.address),
                    ));
                }
                check_links(tx, &recipient, now).await?;
                outbox_store::insert(tx, &mail).await?;
                let target = Target::new("recipient", &recipient.id, &recipient.address);
                audit::record(tx, &who, "recipient.add", &target, None, None).await?;
                Ok(())
            })
        })
        .await
}

/// Writes a new link to an address that is not verified; the earlier ones end.
///
/// # Errors
/// `NotFound`; `Conflict` for one that is verified, or has been written too often.
pub async fn send_link(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageNotifications)?.clone();
    let now = app.clock.now();
    let mut connection = app.db.read_by_key().await?;
    let mut recipient = recipients::find(&mut connection, id, false)
        .await?
        .filter(|recipient| recipient.organization_id == organization.id)
        .ok_or_else(not_found)?;
    drop(connection);
    let known = recipient.uses;
    recipient.uses += 1;
    let address = Address::parse(&recipient.address)
        .map_err(|reason| ServiceError::invalid("address", reason))?;
    let mail = verification(app, allowed, &organization, &recipient, address, now)?;
    let who = Who::of(allowed, now);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let found = recipients::find(tx, &recipient.id, true)
                    .await?
                    .ok_or_else(not_found)?;
                if found.state == RecipientState::Verified {
                    return Err(ServiceError::conflict(format!(
                        "{} is confirmed already.",
                        found.address
                    )));
                }
                if found.uses != known {
                    return Err(ServiceError::conflict(
                        "Somebody else has just sent a link to this address.",
                    ));
                }
                check_links(tx, &found, now).await?;
                recipients::link_sent(tx, &found.id, now).await?;
                outbox_store::insert(tx, &mail).await?;
                let target = Target::new("recipient", &found.id, &found.address);
                audit::record(tx, &who, "recipient.send_link", &target, None, None).await?;
                Ok(())
            })
        })
        .await
}

/// Removes a recipient. What it was still to get is not sent any more, and its links end.
///
/// # Errors
/// `NotFound`.
pub async fn remove(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageNotifications)?.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let id = id.to_owned();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let found = recipients::find(tx, &id, true)
                    .await?
                    .filter(|recipient| recipient.organization_id == organization.id)
                    .ok_or_else(not_found)?;
                recipients::delete(tx, &found.id).await?;
                outbox_store::drop_of(tx, &organization.id, &found.address_key).await?;
                let target = Target::new("recipient", &found.id, &found.address);
                let before = json!({ "state": found.state.as_str() });
                audit::record(tx, &who, "recipient.remove", &target, Some(before), None).await?;
                Ok(())
            })
        })
        .await
}

/// Nobody is written to again and again who has asked for nothing, whichever organization enters the address.
async fn check_links(
    tx: &mut Tx<'_>,
    recipient: &Recipient,
    now: Millis,
) -> Result<(), ServiceError> {
    let kind = MailKind::Verification;
    let lately = outbox::lately(now, HOUR);
    let sent = outbox_store::count_to(tx, kind, &recipient.address_key, lately).await?;
    if sent >= LINKS_AN_HOUR {
        return Err(ServiceError::conflict(format!(
            "{} has been sent {LINKS_AN_HOUR} links within an hour. Look into its spam folder, and try again in an hour.",
            recipient.address
        )));
    }
    Ok(())
}

fn verification(
    app: &App,
    allowed: &Allowed,
    organization: &OrganizationRef,
    recipient: &Recipient,
    to: Address,
    now: Millis,
) -> Result<NewMail, ServiceError> {
    let key = app.secret_key()?;
    let expires_at = now + LINK_DAYS * DAY;
    let link = RecipientLink::Verify;
    let url = links::url(app, key, link, &recipient.id, recipient.uses, expires_at);
    let setting = Setting {
        public_url: &app.settings.public_url,
        now,
        zone: allowed.zone().clone(),
    };
    let facts = Verification {
        organization: Organization {
            name: &organization.name,
            slug: &organization.slug,
        },
        by: &allowed.actor().name(),
        url: &url,
        expires_at,
    };
    let letter = Letter {
        organization_id: Some(organization.id.clone()),
        kind: MailKind::Verification,
        event_key: format!("verification:{}:{}", recipient.id, recipient.uses),
        to,
        composed: mails::verification(&setting, &facts),
        unnamed: None,
        unsubscribe_url: None,
    };
    outbox::sealed(key, letter, now)
}

fn not_found() -> ServiceError {
    ServiceError::NotFound { what: "recipient" }
}
