//! Signing in with a password. Attempts are limited by account and by address, failed ones are audited.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::json;

use crate::model::account::SignInError;
use crate::server::App;
use crate::server::actor::Actor;
use crate::server::clock::{MINUTE, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::resource::case_key;
use crate::server::secret::{self, Secret};
use crate::server::services::audit::{self, Target, Who};
use crate::server::store::accounts::{self, Account};
use crate::server::store::sign_in_attempts::{self, Window};

/// The time in which failed attempts are counted together.
const WINDOW: Millis = 15 * MINUTE;
/// Attempts in a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) by_account: i64,
    /// More, since offices share an address.
    pub(super) by_address: i64,
}

/// Failed attempts to sign in.
pub(super) const FAILED: Limits = Limits {
    by_account: 10,
    by_address: 50,
};

/// Who has proved to be whom, for a session to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub account_id: String,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The person can do something about it.
    #[error("{}", .0.message())]
    Refused(SignInError),
    #[error(transparent)]
    Failed(#[from] ServiceError),
}

impl From<SignInError> for AccessError {
    fn from(error: SignInError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Signs in with e-mail address and password. An unknown address, a deactivated account and a wrong password
/// get the same answer after the same time.
///
/// # Errors
/// `Refused` with `Credentials` or `TooMany`, `Failed` when the service cannot tell.
pub async fn sign_in(
    app: &App,
    email: &str,
    password: &Secret,
    address: &str,
) -> Result<SignedIn, AccessError> {
    let now = app.clock.now();
    let email_key = case_key(email.trim());
    let keys = keys(&email_key, address);
    // Counted before the password is looked at, so that attempts side by side count as well.
    count(app, &keys, FAILED, now).await?;
    let account = accounts::find_by_email(&mut app.db.read().await?, &email_key).await?;
    let active = account
        .as_ref()
        .filter(|account| account.deactivated_at.is_none());
    let hash = active.and_then(|account| account.password_hash.as_deref());
    let is_right = app.passwords.verify(password, hash).await?;
    let address = address.to_owned();
    match active {
        Some(account) if is_right => succeed(app, account.clone(), keys, address, now).await,
        _ => {
            fail(app, account, address, now).await?;
            Err(SignInError::Credentials.into())
        }
    }
}

/// The keys that attempts are counted under. Of the account a hash: people type passwords into that field.
pub(super) fn keys(email_key: &str, address: &str) -> [String; 2] {
    let network = match address.parse() {
        // A household or a server has a whole /64 to choose addresses from.
        Ok(IpAddr::V6(address)) => {
            let network = u128::from(address) >> 64 << 64;
            format!("{}/64", Ipv6Addr::from(network))
        }
        _ => address.to_owned(),
    };
    [
        format!("account:{}", secret::hash(email_key)),
        format!("address:{network}"),
    ]
}

/// Counts an attempt, and refuses it when there were too many.
pub(super) async fn count(
    app: &App,
    keys: &[String; 2],
    limits: Limits,
    now: Millis,
) -> Result<(), AccessError> {
    let [account, address] = keys.clone();
    let windows: [(Window, i64); 2] = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let expired = now - WINDOW;
                let by_account = sign_in_attempts::count(tx, &account, now, expired).await?;
                let by_address = sign_in_attempts::count(tx, &address, now, expired).await?;
                Ok::<_, StoreError>([
                    (by_account, limits.by_account),
                    (by_address, limits.by_address),
                ])
            })
        })
        .await?;
    let free_again = windows
        .iter()
        .filter(|(window, limit)| window.attempts > *limit)
        .map(|(window, _)| window.window_started_at + WINDOW)
        .max();
    match free_again {
        Some(at) => {
            let minutes = (at - now).max(1).div_euclid(MINUTE) + 1;
            let minutes = u32::try_from(minutes.min(WINDOW / MINUTE)).unwrap_or(1);
            Err(SignInError::TooMany { minutes }.into())
        }
        None => Ok(()),
    }
}

async fn succeed(
    app: &App,
    account: Account,
    keys: [String; 2],
    address: String,
    now: Millis,
) -> Result<SignedIn, AccessError> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let [by_account, by_address] = keys;
                sign_in_attempts::delete(tx, &by_account).await?;
                sign_in_attempts::uncount(tx, &by_address).await?;
                sign_in_attempts::delete_expired(tx, now - WINDOW).await?;
                note(tx, &account, &address, now).await?;
                Ok(SignedIn {
                    account_id: account.id,
                })
            })
        })
        .await
}

/// Writes down that somebody has signed in, in the transaction that made it so.
pub(super) async fn note(
    tx: &mut crate::server::store::Tx<'_>,
    account: &Account,
    address: &str,
    now: Millis,
) -> Result<(), StoreError> {
    accounts::note_sign_in(tx, &account.id, now).await?;
    let who = Who {
        actor: Actor::Account {
            id: account.id.clone(),
            name: account.name.clone(),
        },
        address: address.to_owned(),
        organization_id: account
            .organization
            .as_ref()
            .map(|organization| organization.id.clone()),
        at: now,
    };
    let target = Target::new("account", &account.id, &account.email);
    audit::record(tx, &who, "account.sign_in", &target, None, None).await
}

async fn fail(
    app: &App,
    account: Option<Account>,
    address: String,
    now: Millis,
) -> Result<(), AccessError> {
    let who = Who {
        actor: Actor::System,
        address,
        organization_id: account
            .as_ref()
            .and_then(|account| account.organization.as_ref())
            .map(|organization| organization.id.clone()),
        at: now,
    };
    let (target, reason) = match account {
        Some(account) => (
            Target::new("account", account.id, account.email),
            if account.deactivated_at.is_some() {
                "deactivated"
            } else if account.password_hash.is_none() {
                "invited"
            } else {
                "password"
            },
        ),
        // What was typed is not kept: it may be a password in the wrong field.
        None => (Target::new("account", "", "Unknown account"), "unknown"),
    };
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let after = json!({ "reason": reason });
                audit::record(
                    tx,
                    &who,
                    "account.sign_in_failed",
                    &target,
                    None,
                    Some(after),
                )
                .await
            })
        })
        .await?;
    Ok(())
}
