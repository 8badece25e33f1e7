//! What everybody may do with the own account: choose another password or the zone of
//! times, see where it is signed in, end that, sign out.

use jiff::tz::TimeZone;
use serde_json::json;

use crate::model::account::{SessionRow, SignInError};
use crate::model::zone::ZoneChoice;
use crate::server::App;
use crate::server::actor::{Actor, Allowed, Permission};
use crate::server::error::ServiceError;
use crate::server::scim::resource::case_key;
use crate::server::secret::Secret;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::moments::Moments;
use crate::server::services::sign_in::{self, AccessError};
use crate::server::services::{browsers, passwords};
use crate::server::store::accounts::{self, Account};
use crate::server::store::{Tx, sessions, sign_in_attempts};
use crate::server::zone;

/// Sessions that are listed.
const LISTED: i64 = 100;

/// What the form for another password holds.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    pub current: Secret,
    pub password: Secret,
    pub password_again: Secret,
}

/// Changes the own password. Every session but `kept`, the one that asks, ends, and so do links that were made
/// for the account. Wrong guesses at the current one count as failed attempts to sign in.
///
/// # Errors
/// `Invalid` with the field to mend, `Conflict` after too many attempts.
pub async fn change_password(
    app: &App,
    allowed: &Allowed,
    form: PasswordChange,
    kept: &str,
) -> Result<(), ServiceError> {
    let account = own(app, allowed).await?;
    // Before the attempt is counted: what is wrong with the new password is no guess at the current one.
    if form.password != form.password_again {
        return Err(AccessError::from(SignInError::PasswordsDiffer).into());
    }
    passwords::check(&form.password, &account.email).map_err(AccessError::from)?;
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let keys = sign_in::keys(&case_key(&account.email), allowed.address());
    sign_in::count(app, &keys, sign_in::FAILED, now).await?;
    let hash = account.password_hash.as_deref();
    if !app.passwords.verify(&form.current, hash).await? {
        return not_current(app, who, account).await;
    }
    let hash = app.passwords.hash(&form.password).await?;
    let kept = kept.to_owned();
    let (own, changed_by) = (account.clone(), who.clone());
    let is_changed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                // It may have become another one while this waited for its turn, and every session ended.
                let current = own.password_hash.as_deref().unwrap_or_default();
                if !accounts::hold_password(tx, &own.id, current).await? {
                    return Ok::<_, ServiceError>(false);
                }
                let [by_account, by_address] = keys;
                sign_in_attempts::uncount(tx, &by_address).await?;
                sign_in_attempts::delete(tx, &by_account).await?;
                accounts::set_password(tx, &own.id, &own.name, &hash).await?;
                accounts::use_links_of(tx, &own.id, now).await?;
                sessions::delete_others_of_account(tx, &own.id, &kept).await?;
                let (action, target) = ("account.change_password", target(&own));
                audit::record(tx, &changed_by, action, &target, None, None).await?;
                Ok(true)
            })
        })
        .await?;
    if is_changed {
        return Ok(());
    }
    not_current(app, who, account).await
}

async fn not_current(app: &App, who: Who, account: Account) -> Result<(), ServiceError> {
    note(app, who, account, "account.change_password_failed").await?;
    Err(ServiceError::invalid(
        "current",
        "This is not your current password. Type it again.",
    ))
}

/// Where the account is signed in, last used first; `current` is the session that asks.
///
/// # Errors
/// As any read.
pub async fn list_sessions(
    app: &App,
    allowed: &Allowed,
    current: Option<&str>,
) -> Result<Vec<SessionRow>, ServiceError> {
    let id = own_id(allowed)?;
    let now = app.clock.now();
    let mut connection = app.db.read().await?;
    let rows = sessions::list_of_account(&mut connection, id, now, LISTED).await?;
    drop(connection);
    let moments = Moments::of(allowed, now);
    Ok(rows
        .into_iter()
        .map(|row| SessionRow {
            is_current: current == Some(row.id.as_str()),
            browser: browsers::describe(&row.user_agent),
            address: row.address,
            started: moments.moment(row.created_at),
            last_seen: moments.moment(row.last_seen_at),
            id: row.id,
        })
        .collect())
}

/// Which sessions are to end.
#[derive(Debug, Clone)]
pub enum Ending {
    One(String),
    /// All but this one.
    Others(String),
}

/// Ends sessions of the own account. One that has ended already, or is not the account's, is no error.
///
/// # Errors
/// As any write.
pub async fn end_sessions(
    app: &App,
    allowed: &Allowed,
    ending: Ending,
) -> Result<(), ServiceError> {
    let account = own(app, allowed).await?;
    let who = Who::of(allowed, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let ended = end(tx, &account.id, &ending).await?;
                if ended > 0 {
                    let after = json!({ "sessions": ended });
                    let target = target(&account);
                    let action = "account.end_sessions";
                    audit::record(tx, &who, action, &target, None, Some(after)).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Signs out: ends the session that asks. One that has ended meanwhile leaves no entry.
///
/// # Errors
/// As any write.
pub async fn sign_out(app: &App, allowed: &Allowed, session: String) -> Result<(), ServiceError> {
    let account = own(app, allowed).await?;
    let who = Who::of(allowed, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if end(tx, &account.id, &Ending::One(session)).await? > 0 {
                    let target = target(&account);
                    audit::record(tx, &who, "account.sign_out", &target, None, None).await?;
                }
                Ok(())
            })
        })
        .await
}

async fn end(tx: &mut Tx<'_>, account_id: &str, ending: &Ending) -> Result<u64, ServiceError> {
    Ok(match ending {
        Ending::One(id) => sessions::delete_one_of_account(tx, account_id, id).await?,
        Ending::Others(kept) => sessions::delete_others_of_account(tx, account_id, kept).await?,
    })
}

/// The zones to choose from, and what is chosen; `browser` is what the browser has said.
///
/// # Errors
/// As any read.
pub async fn zone_choice(
    app: &App,
    allowed: &Allowed,
    browser: Option<TimeZone>,
) -> Result<ZoneChoice, ServiceError> {
    let account = own(app, allowed).await?;
    Ok(ZoneChoice {
        chosen: account.time_zone,
        browser: browser.map(|browser| zone::name(&browser).to_owned()),
        names: zone::names(),
    })
}

/// Chooses the zone in which the account reads times; "" for the browser's.
///
/// # Errors
/// `Invalid` for a name that is none.
pub async fn choose_zone(app: &App, allowed: &Allowed, chosen: &str) -> Result<(), ServiceError> {
    let account = own(app, allowed).await?;
    let chosen = match chosen.trim() {
        "" => None,
        name => Some(zone::named(name).ok_or_else(|| {
            ServiceError::invalid(
                "time_zone",
                "There is no such time zone. Choose one of the list.",
            )
        })?),
    };
    let chosen = chosen.map(|chosen| zone::name(&chosen).to_owned());
    if chosen == account.time_zone {
        return Ok(());
    }
    let who = Who::of(allowed, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                accounts::set_time_zone(tx, &account.id, chosen.as_deref()).await?;
                let before = json!({ "time_zone": account.time_zone });
                let after = json!({ "time_zone": chosen });
                let action = "account.set_time_zone";
                audit::record(
                    tx,
                    &who,
                    action,
                    &target(&account),
                    Some(before),
                    Some(after),
                )
                .await?;
                Ok(())
            })
        })
        .await
}

async fn note(
    app: &App,
    who: Who,
    account: Account,
    action: &'static str,
) -> Result<(), ServiceError> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let target = target(&account);
                audit::record(tx, &who, action, &target, None, None).await?;
                Ok(())
            })
        })
        .await
}

fn own_id(allowed: &Allowed) -> Result<&str, ServiceError> {
    allowed.check(Permission::ManageOwnAccount)?;
    match allowed.actor() {
        Actor::Account { id, .. } => Ok(id),
        Actor::Token { .. } | Actor::CommandLine | Actor::System => Err(ServiceError::Forbidden),
    }
}

async fn own(app: &App, allowed: &Allowed) -> Result<Account, ServiceError> {
    accounts::find(&mut app.db.read_by_key().await?, own_id(allowed)?)
        .await?
        .ok_or(ServiceError::SignedOut)
}

fn target(account: &Account) -> Target {
    Target::new("account", &account.id, &account.email)
}
