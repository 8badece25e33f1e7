//! *Forgot your password?*: a link by mail, to whoever has an account under an address. Whether there is one is not said,
//! neither in the answer nor by its time.

use serde_json::json;

use crate::model::account::{AccountRole, LinkPurpose, SignInError};
use crate::model::address::Address;
use crate::model::notification::MailKind;
use crate::server::App;
use crate::server::actor::Actor;
use crate::server::clock::DAY;
use crate::server::error::StoreError;
use crate::server::scim::resource::case_key;
use crate::server::services::account_links::{Bearer, NewLink};
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::notifications::settings::zone_in;
use crate::server::services::outbox;
use crate::server::services::sign_in::{self, AccessError, Limits};
use crate::server::store::accounts;
use crate::server::store::outbox as outbox_store;

/// Askings within a quarter of an hour.
const ASKED: Limits = Limits {
    by_account: 3,
    by_address: 20,
};

/// Links that one address is mailed within a day; nobody fills another's mailbox.
const A_DAY: i64 = 5;

/// Mails a link to the holder of `email`, if that is an account that can sign in; to who was invited and has no password
/// yet, the invitation again. Links that the account has already stay good: anybody can ask.
///
/// # Errors
/// `Refused` for what is no address, or after too many askings.
pub async fn ask(app: &App, email: &str, address: &str) -> Result<(), AccessError> {
    let now = app.clock.now();
    let email = Address::parse(email).map_err(|_| SignInError::EmailInvalid)?;
    let email_key = case_key(email.as_str());
    let keys = sign_in::keys(&email_key, address).map(|key| format!("forgotten:{key}"));
    sign_in::count(app, &keys, ASKED, now).await?;

    let mut connection = app.db.read_by_key().await?;
    let account = accounts::find_by_email(&mut connection, &email_key).await?;
    let organization = account
        .as_ref()
        .and_then(|account| account.organization.clone());
    let organization_id = organization
        .as_ref()
        .map(|organization| organization.id.as_str());
    let zone = zone_in(&mut connection, organization_id).await?;
    drop(connection);
    let purpose = match &account {
        Some(account) if account.password_hash.is_none() => LinkPurpose::Invitation,
        _ => LinkPurpose::Reset,
    };
    // Made for an unknown address too, so that it takes as long.
    let link = NewLink::new(purpose)?;
    let bearer = Bearer {
        email: account
            .as_ref()
            .map_or(email.as_str(), |account| &account.email),
        role: account
            .as_ref()
            .map_or(AccountRole::Viewer, |account| account.role),
        organization: organization
            .as_ref()
            .map(|organization| organization.name.as_str()),
        zone,
        by: None,
    };
    let mail = link.mail(app, &bearer, now)?;
    let who = Who {
        actor: Actor::System,
        address: address.to_owned(),
        organization_id: organization.map(|organization| organization.id),
        at: now,
    };
    app.db
        .write(move |tx| {
            Box::pin(async move {
                // Whether it still needs such a link; asked of nobody too, so that it takes as long.
                let id = account.as_ref().map_or("", |account| &account.id);
                let has_password = purpose != LinkPurpose::Invitation;
                let is_needed = accounts::hold_if(tx, id, has_password).await?;
                if account.is_none() && !sign_in::notes_unknown(tx, now).await? {
                    return Ok(());
                }
                let kind = match purpose {
                    LinkPurpose::Invitation => MailKind::Invitation,
                    LinkPurpose::FirstStart | LinkPurpose::Reset => MailKind::Reset,
                };
                let lately = outbox::lately(now, DAY);
                let written = outbox_store::count_to(tx, kind, &email_key, lately).await?;
                // What was typed is not kept where nobody has it: it may be a password in the wrong field.
                let (target, outcome) = match (account, mail) {
                    (None, _) => (Target::new("account", "", "Unknown account"), "unknown"),
                    (Some(account), mail) => {
                        let target = Target::new("account", &account.id, &account.email);
                        let outcome = match mail {
                            _ if account.deactivated_at.is_some() => "deactivated",
                            _ if written >= A_DAY => "too_many",
                            None => "no_address",
                            // The invitation was accepted, or the account deactivated, a moment ago.
                            _ if !is_needed => "changed",
                            Some(mail) => {
                                link.store(tx, Some(&account.id), now).await?;
                                outbox_store::insert(tx, &mail).await?;
                                "mailed"
                            }
                        };
                        (target, outcome)
                    }
                };
                let after = json!({ "outcome": outcome });
                audit::record(tx, &who, "account.ask_reset", &target, None, Some(after)).await?;
                Ok::<_, StoreError>(())
            })
        })
        .await?;
    Ok(())
}
