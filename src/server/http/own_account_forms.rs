//! Forms of one's own account: another password, the zone of times, an end to sessions. Each is answered by the page of the account.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_form, refuse};
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::auth::guards;
use crate::server::secret::Secret;
use crate::server::services::own_account::{self, Ending, PasswordChange};

const PAGE: &str = "/account";

/// One's own password, time zone and sessions.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/account", post(change_password))
        .route("/account/time-zone", post(choose_zone))
        .route("/account/sessions", post(end_others))
        .route("/account/sessions/{id}", post(end_one))
}

#[derive(Deserialize)]
struct PasswordForm {
    current: String,
    password: String,
    password_again: String,
}

async fn change_password(State(dashboard): State<Dashboard>, request: Request) -> Response {
    let (parts, form) = match read_form::<PasswordForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let changed = async {
        let permission = Permission::ManageOwnAccount;
        let allowed = require(&dashboard.app, &parts, permission, None).await?;
        let change = PasswordChange {
            current: Secret::new(form.current),
            password: Secret::new(form.password),
            password_again: Secret::new(form.password_again),
        };
        let kept = guards::session_of(&parts.extensions).ok_or(AppError::SignedOut)?;
        own_account::change_password(&dashboard.app, &allowed, change, &kept).await?;
        Ok::<_, AppError>(())
    };
    match changed.await {
        Ok(()) => Redirect::to("/account?done=password").into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

#[derive(Deserialize)]
struct ZoneForm {
    #[serde(default)]
    time_zone: String,
}

async fn choose_zone(State(dashboard): State<Dashboard>, request: Request) -> Response {
    let (parts, form) = match read_form::<ZoneForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let chosen = async {
        let permission = Permission::ManageOwnAccount;
        let allowed = require(&dashboard.app, &parts, permission, None).await?;
        own_account::choose_zone(&dashboard.app, &allowed, &form.time_zone).await?;
        Ok::<_, AppError>(())
    };
    match chosen.await {
        Ok(()) => Redirect::to("/account?done=time-zone").into_response(),
        Err(error) => refuse(&dashboard, as_page(parts), error, Vec::new()).await,
    }
}

async fn end_others(State(dashboard): State<Dashboard>, request: Request) -> Response {
    let kept = guards::session_of(request.extensions()).unwrap_or_default();
    end(&dashboard, request, Ending::Others(kept)).await
}

async fn end_one(
    State(dashboard): State<Dashboard>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    end(&dashboard, request, Ending::One(id)).await
}

async fn end(dashboard: &Dashboard, request: Request, ending: Ending) -> Response {
    let (parts, _) = request.into_parts();
    let done = match &ending {
        Ending::One(_) => "sessions",
        Ending::Others(_) => "other-sessions",
    };
    let ended = async {
        let permission = Permission::ManageOwnAccount;
        let allowed = require(&dashboard.app, &parts, permission, None).await?;
        Ok::<_, AppError>(own_account::end_sessions(&dashboard.app, &allowed, ending).await?)
    };
    match ended.await {
        Ok(()) => Redirect::to(&format!("/account?done={done}")).into_response(),
        Err(error) => refuse(dashboard, as_page(parts), error, Vec::new()).await,
    }
}

/// The page of the account answers, as if it had been opened.
fn as_page(mut parts: Parts) -> Parts {
    parts.method = Method::GET;
    parts.uri = Uri::from_static(PAGE);
    parts
}
