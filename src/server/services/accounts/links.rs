//! Links for people who cannot sign in: made anew, shown and mailed.

use super::{check_manages, get, is_managed, state_of, target, who};
use crate::model::account::{CreatedLink, LinkPurpose};
use crate::server::App;
use crate::server::actor::Allowed;
use crate::server::error::ServiceError;
use crate::server::scim::resource::case_key;
use crate::server::services::account_links::{self, Bearer, NewLink, maker};
use crate::server::services::audit;
use crate::server::services::moments::Moments;
use crate::server::services::notifications::settings::zone_in;
use crate::server::store::accounts::{self, Account};

/// A new link for somebody who cannot sign in: to set a new password (good for an hour), or the invitation
/// again if it was never accepted.
///
/// # Errors
/// `NotFound`; `Conflict` when the account is deactivated, was accepted or deactivated meanwhile, or has been sent too many
/// links.
pub async fn reset(app: &App, allowed: &Allowed, email: &str) -> Result<CreatedLink, ServiceError> {
    check_manages(allowed)?;
    let account =
        accounts::find_by_email(&mut app.db.read_by_key().await?, &case_key(email.trim()))
            .await?
            .filter(|account| is_managed(allowed, account))
            .ok_or(ServiceError::NotFound { what: "account" })?;
    new_link(app, allowed, account).await
}

/// As [`reset`], for the account of an id.
///
/// # Errors
/// As [`reset`].
pub async fn reset_by_id(
    app: &App,
    allowed: &Allowed,
    account_id: &str,
) -> Result<CreatedLink, ServiceError> {
    check_manages(allowed)?;
    let account = get(app, allowed, account_id).await?;
    new_link(app, allowed, account).await
}

async fn new_link(
    app: &App,
    allowed: &Allowed,
    account: Account,
) -> Result<CreatedLink, ServiceError> {
    if account.deactivated_at.is_some() {
        return Err(ServiceError::conflict(
            "This account is deactivated. Invite the address anew to let the person in again.",
        ));
    }
    let now = app.clock.now();
    let who = who(allowed, &account, now);
    let link = NewLink::new(if account.password_hash.is_some() {
        LinkPurpose::Reset
    } else {
        LinkPurpose::Invitation
    })?;
    let organization = account.organization.as_ref();
    let bearer = Bearer {
        email: &account.email,
        role: account.role,
        organization: organization.map(|organization| organization.name.as_str()),
        zone: zone_in(
            &mut app.db.read_by_key().await?,
            organization.map(|organization| organization.id.as_str()),
        )
        .await?,
        by: Some(maker(allowed.actor())),
    };
    let mail = link.mail(app, &bearer, now)?;
    let moments = Moments::of(allowed, now);
    let created = link.created(app, account.email.clone(), mail.as_ref(), &moments);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                // Which link it needs is known of it as it was read.
                accounts::hold(tx, &account.id).await?;
                let by_now = accounts::find(tx, &account.id).await?;
                if by_now.is_none_or(|by_now| state_of(&by_now) != state_of(&account)) {
                    return Err(ServiceError::conflict(
                        "The invitation has been accepted, or the account deactivated, a moment ago. Look at the account \
                         again.",
                    ));
                }
                link.replace(tx, &account.id, now).await?;
                if let Some(mail) = &mail {
                    account_links::post(tx, mail, &who.actor).await?;
                }
                let target = target(&account);
                audit::record(tx, &who, "account.reset", &target, None, None).await?;
                Ok(())
            })
        })
        .await?;
    Ok(created)
}
