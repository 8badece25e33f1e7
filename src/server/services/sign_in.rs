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
use crate::server::store::Tx;
use crate::server::store::accounts::{self, Account};
use crate::server::store::sign_in_attempts::{self, Window};

/// The time in which failed attempts are counted together.
pub const WINDOW: Millis = 15 * MINUTE;
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

/// The key that entries of nobody known are counted under.
const UNKNOWN: &str = "unknown";
/// Entries of nobody known that the audit log gets in a minute, as many as the provisioning log gets of refused callers.
const UNKNOWN_A_MINUTE: i64 = 60;

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

/// In the terms of a form on a page.
impl From<AccessError> for ServiceError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Failed(error) => error,
            AccessError::Refused(error) => match error.field() {
                Some(field) => Self::invalid(field, error.message()),
                None => Self::conflict(error.message()),
            },
        }
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
    let account = accounts::find_by_email(&mut app.db.read_by_key().await?, &email_key).await?;
    let active = account
        .as_ref()
        .filter(|account| account.deactivated_at.is_none());
    let hash = active.and_then(|account| account.password_hash.as_deref());
    let is_right = app.passwords.verify(password, hash).await?;
    let address = address.to_owned();
    match active {
        Some(active) if is_right => {
            let signed_in = succeed(app, active.clone(), keys, address.clone(), now).await?;
            if let Some(signed_in) = signed_in {
                return Ok(signed_in);
            }
            let account = accounts::find(&mut app.db.read_by_key().await?, &active.id).await?;
            fail(app, account, address, now).await?;
        }
        _ => fail(app, account, address, now).await?,
    }
    Err(SignInError::Credentials.into())
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

/// Counts an attempt, and refuses it when there were too many. A refusal writes nothing, and an address beyond its limit
/// counts against no account: else one host could lock everybody out.
pub(super) async fn count(
    app: &App,
    keys: &[String; 2],
    limits: Limits,
    now: Millis,
) -> Result<(), AccessError> {
    let [account, address] = keys.clone();
    let expired = now - WINDOW;
    let mut connection = app.db.read_by_key().await?;
    let mut full = Vec::new();
    for (key, limit) in [(&account, limits.by_account), (&address, limits.by_address)] {
        let window = sign_in_attempts::find(&mut connection, key, expired).await?;
        full.extend(window.filter(|window| window.attempts >= limit));
    }
    drop(connection);
    if let Some(window) = full.iter().max_by_key(|window| window.window_started_at) {
        return Err(too_many(window, now).into());
    }
    // Others may have been counted since.
    let full = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let by_address = sign_in_attempts::count(tx, &address, now, expired).await?;
                if by_address.attempts > limits.by_address {
                    return Ok::<_, StoreError>(Some(by_address));
                }
                let by_account = sign_in_attempts::count(tx, &account, now, expired).await?;
                Ok((by_account.attempts > limits.by_account).then_some(by_account))
            })
        })
        .await?;
    match full {
        Some(window) => Err(too_many(&window, now).into()),
        None => Ok(()),
    }
}

fn too_many(window: &Window, now: Millis) -> SignInError {
    let free_again = window.window_started_at + WINDOW;
    let minutes = (free_again - now).max(1).div_euclid(MINUTE) + 1;
    SignInError::TooMany {
        minutes: u32::try_from(minutes.min(WINDOW / MINUTE)).unwrap_or(1),
    }
}

/// `None` if the password that was right is no longer the account's: it may have waited long for its turn.
async fn succeed(
    app: &App,
    account: Account,
    keys: [String; 2],
    address: String,
    now: Millis,
) -> Result<Option<SignedIn>, AccessError> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let hash = account.password_hash.as_deref().unwrap_or_default();
                if !accounts::hold_password(tx, &account.id, hash).await? {
                    return Ok(None);
                }
                let [by_account, by_address] = keys;
                // In the order in which they are counted: two at once wait for each other, and do not deadlock.
                sign_in_attempts::uncount(tx, &by_address).await?;
                sign_in_attempts::delete(tx, &by_account).await?;
                note(tx, &account, &address, now).await?;
                Ok(Some(SignedIn {
                    account_id: account.id,
                }))
            })
        })
        .await
}

/// Writes down that somebody has signed in, in the transaction that made it so.
pub(super) async fn note(
    tx: &mut Tx<'_>,
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

/// Whether the audit log gets one more entry of somebody unknown: so many a minute, on all replicas together; others are
/// counted only. It takes a write all the same, so that nobody is told by the time that there is no such account.
pub(super) async fn notes_unknown(tx: &mut Tx<'_>, now: Millis) -> Result<bool, StoreError> {
    let window = sign_in_attempts::count(tx, UNKNOWN, now, now - MINUTE).await?;
    Ok(window.attempts <= UNKNOWN_A_MINUTE)
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
    let is_known = account.is_some();
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
                if !is_known && !notes_unknown(tx, now).await? {
                    return Ok(());
                }
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
