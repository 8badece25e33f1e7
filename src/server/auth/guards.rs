//! From a session to a permission. Every server function and page begins with one of these.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use jiff::tz::TimeZone;
use leptos::prelude::use_context;
use tokio::sync::OnceCell;
use tower_sessions::Session;

use crate::model::account::{AccountRole, Me};
use crate::model::error::AppError;
use crate::model::zone::COOKIE;
use crate::server::App;
use crate::server::actor::{Actor, Allowed, ClientAddress, OrganizationRef, Permission};
use crate::server::auth::{cookies, session};
use crate::server::error::ServiceError;
use crate::server::services::accounts::Account;
use crate::server::services::{accounts, organizations};
use crate::server::zone;

/// Who is signed in, as one request finds it: what a page loads asks together once. It stands in the contexts of that
/// request and nowhere else, so that the next one sees who has been deactivated or signed out.
#[derive(Clone, Default)]
pub struct Visitor(Arc<OnceCell<Option<Account>>>);

impl Visitor {
    /// The account behind the session of the request, which `extensions` are of.
    ///
    /// # Errors
    /// When session or account cannot be read; whoever asks next tries again.
    pub async fn account(
        &self,
        app: &App,
        extensions: &Extensions,
    ) -> Result<Option<Account>, ServiceError> {
        let found = self.0.get_or_try_init(|| signed_in(app, extensions));
        Ok(found.await?.clone())
    }
}

/// Proof that whoever sent the request under way may do `permission`: for server functions, which find the
/// service and the request in Leptos's contexts.
///
/// `slug` names the organization of the page; without one, an Admin's or Viewer's own is meant, and for Support
/// all of them.
///
/// # Errors
/// `SignedOut`; `NotFound` for an organization that does not exist or is not the account's (the two look the
/// same); `Forbidden` for what the role may not do.
pub async fn require(permission: Permission, slug: Option<&str>) -> Result<Allowed, AppError> {
    let (app, parts) = contexts()?;
    let account = visitor().account(&app, &parts.extensions).await?;
    Ok(allow(&app, &parts, account, permission, slug).await?)
}

/// As [`require`], for plain routes: `parts` are the head of the request.
///
/// # Errors
/// As [`require`].
pub async fn require_in(
    app: &App,
    parts: &Parts,
    permission: Permission,
    slug: Option<&str>,
) -> Result<Allowed, ServiceError> {
    let account = signed_in(app, &parts.extensions).await?;
    allow(app, parts, account, permission, slug).await
}

/// As [`require_in`], again, of a request that goes on for long: its session is to be open still.
///
/// # Errors
/// As [`require`].
pub async fn require_still(
    app: &App,
    parts: &Parts,
    permission: Permission,
    slug: Option<&str>,
) -> Result<Allowed, ServiceError> {
    if !session::is_open(app, &parts.extensions).await? {
        return Err(ServiceError::SignedOut);
    }
    require_in(app, parts, permission, slug).await
}

async fn allow(
    app: &App,
    parts: &Parts,
    account: Option<Account>,
    permission: Permission,
    slug: Option<&str>,
) -> Result<Allowed, ServiceError> {
    let account = account.ok_or(ServiceError::SignedOut)?;
    let organization = organization_for(app, &account, permission, slug).await?;
    if !permission.granted_to(account.role) {
        return Err(ServiceError::Forbidden);
    }
    let zone = zone_of(&account, &parts.headers);
    let actor = Actor::Account {
        id: account.id,
        name: account.name,
    };
    let address = address(&parts.extensions);
    Ok(Allowed::new(actor, address, permission, organization).in_zone(zone))
}

/// Who is signed in, for the frame of every page.
///
/// # Errors
/// `Unavailable` when the session cannot be read.
pub async fn me() -> Result<Option<Me>, AppError> {
    let (app, parts) = contexts()?;
    let account = visitor().account(&app, &parts.extensions).await?;
    Ok(account.map(|account| {
        let zone = zone_of(&account, &parts.headers);
        accounts::me(&account, zone, app.clock.now())
    }))
}

/// The zone that the account has chosen, else the browser's.
fn zone_of(account: &Account, headers: &HeaderMap) -> TimeZone {
    let chosen = account.time_zone.as_deref().and_then(zone::named);
    chosen
        .or_else(|| zone_said(headers))
        .unwrap_or(TimeZone::UTC)
}

/// What the browser has said of its zone.
fn zone_said(headers: &HeaderMap) -> Option<TimeZone> {
    zone::named(cookies::cookie(headers, COOKIE)?)
}

/// The zone of the browser that sent the request under way, whoever looks; `None` until it has said one.
///
/// # Errors
/// `Unavailable` outside of a request.
pub fn browser_zone() -> Result<Option<TimeZone>, AppError> {
    let (_, parts) = contexts()?;
    Ok(zone_said(&parts.headers))
}

/// The account behind the request's session.
///
/// # Errors
/// When session or account cannot be read.
pub async fn signed_in(
    app: &App,
    extensions: &Extensions,
) -> Result<Option<Account>, ServiceError> {
    let Some(session) = extensions.get::<Session>() else {
        return Ok(None);
    };
    match session::account_id(session).await? {
        Some(id) => accounts::find_active(app, &id).await,
        None => Ok(None),
    }
}

/// What the table calls the session of the request under way, for server functions; `None` without one.
///
/// # Errors
/// `Unavailable` outside of a request.
pub fn current_session() -> Result<Option<String>, AppError> {
    let (_, parts) = contexts()?;
    Ok(session_of(&parts.extensions))
}

/// As [`current_session`], for plain routes.
pub fn session_of(extensions: &Extensions) -> Option<String> {
    session::stored_id(extensions.get::<Session>()?)
}

/// Where the request comes from, as text; "" when nobody has looked.
pub fn address(extensions: &Extensions) -> String {
    extensions
        .get::<ClientAddress>()
        .map_or_else(String::new, ToString::to_string)
}

async fn organization_for(
    app: &App,
    account: &Account,
    permission: Permission,
    slug: Option<&str>,
) -> Result<Option<OrganizationRef>, ServiceError> {
    let own = account
        .organization
        .as_ref()
        .map(|organization| OrganizationRef {
            id: organization.id.clone(),
            slug: organization.slug.clone(),
            name: organization.name.clone(),
        });
    if permission.is_deployment_wide() {
        return Ok(None);
    }
    let not_found = ServiceError::NotFound {
        what: "organization",
    };
    match (account.role, slug) {
        (AccountRole::Support, None) => Ok(None),
        (AccountRole::Support, Some(slug)) => organizations::find(app, slug)
            .await?
            .map(Some)
            .ok_or(not_found),
        // One without an organization may nothing, rather than everything.
        (AccountRole::Admin | AccountRole::Viewer, None) => own.map(Some).ok_or(not_found),
        (AccountRole::Admin | AccountRole::Viewer, Some(slug)) => own
            .filter(|organization| organization.slug == slug)
            .map(Some)
            .ok_or(not_found),
    }
}

/// Who is signed in, as the page that is drawn or the server function's own request finds it.
fn visitor() -> Visitor {
    use_context().unwrap_or_default()
}

fn contexts() -> Result<(App, Parts), AppError> {
    match (use_context::<App>(), use_context::<Parts>()) {
        (Some(app), Some(parts)) => Ok((app, parts)),
        _ => Err(ServiceError::Internal(
            "a server function ran without the service's contexts".to_owned(),
        )
        .into()),
    }
}
