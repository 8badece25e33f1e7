//! Signing in and out, and asking for a link that sets a password: plain routes that work without scripts.
//!
//! What is refused is answered by the form's own page with what was typed, but for the password. Success leads to `next`
//! or the start page.

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use serde::Deserialize;
use tower_sessions::Session;
use url::Url;

use super::dashboard::Dashboard;
use super::forms::{page_of_form, read_form, refuse, shown_at};
use crate::model::account::SignInError;
use crate::model::error::{AppError, FieldError};
use crate::model::query::href;
use crate::server::App;
use crate::server::actor::Permission;
use crate::server::auth::{guards, session};
use crate::server::error::ServiceError;
use crate::server::secret::Secret;
use crate::server::services::sign_in::{self, AccessError};
use crate::server::services::{forgotten_passwords, own_account};

/// `POST` of `/sign-in`, `/sign-out` and `/forgot-password`.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/sign-in", routing::post(sign_in))
        .route("/sign-out", routing::post(sign_out).get(page_of_form))
        .route("/forgot-password", routing::post(forgot_password))
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(dashboard): State<Dashboard>,
    session: Session,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<SignInForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let address = guards::address(&parts.extensions);
    let password = Secret::new(form.password);
    let outcome = sign_in::sign_in(&dashboard.app, &form.email, &password, &address).await;
    let started = match outcome {
        Ok(signed_in) => {
            let agent = agent(&parts.headers);
            let started = session::start(&session, &signed_in, &address, agent).await;
            started.map_err(AccessError::from)
        }
        Err(error) => Err(error),
    };
    let next = same_site_path(&form.next);
    let Err(error) = started else {
        return see_other(next.as_deref().unwrap_or("/"));
    };
    // Its page takes from its address where signing in leads to.
    let page = match next {
        Some(next) => href("/sign-in", &[("next", next)]),
        None => "/sign-in".to_owned(),
    };
    let values = vec![("email".to_owned(), form.email)];
    refuse(&dashboard, shown_at(parts, &page), refusal(error), values).await
}

/// As the page of the form says it: which of the two was wrong is nobody's business, and the password has to be typed
/// again.
fn refusal(error: AccessError) -> AppError {
    let AccessError::Refused(credentials @ SignInError::Credentials) = error else {
        return ServiceError::from(error).into();
    };
    let of = |field: &str, message: String| FieldError {
        field: field.to_owned(),
        message,
    };
    AppError::Invalid {
        fields: vec![
            of("", credentials.message()),
            of("password", "Type the password again.".to_owned()),
        ],
    }
}

async fn sign_out(
    State(dashboard): State<Dashboard>,
    session: Session,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    // Whatever becomes of the entry in the audit log, nobody stays signed in.
    if let Err(error) = note_sign_out(&dashboard.app, &parts).await {
        tracing::error!(error = %error, "signing out left no entry in the audit log");
    }
    if let Err(error) = session::end(&session).await {
        tracing::error!(error = %error, "signing out failed");
    }
    see_other("/sign-in")
}

/// Writes down who signs out: nobody, where the session is over already.
async fn note_sign_out(app: &App, parts: &Parts) -> Result<(), ServiceError> {
    let Some(session) = guards::session_of(&parts.extensions) else {
        return Ok(());
    };
    match guards::require_in(app, parts, Permission::ManageOwnAccount, None).await {
        Ok(allowed) => own_account::sign_out(app, &allowed, session).await,
        Err(ServiceError::SignedOut) => Ok(()),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct ForgotForm {
    #[serde(default)]
    email: String,
}

async fn forgot_password(State(dashboard): State<Dashboard>, request: Request) -> Response {
    let (parts, form) = match read_form::<ForgotForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let address = guards::address(&parts.extensions);
    match forgotten_passwords::ask(&dashboard.app, &form.email, &address).await {
        Ok(()) => see_other("/forgot-password?asked"),
        Err(error) => {
            let values = vec![("email".to_owned(), form.email)];
            refuse(&dashboard, parts, ServiceError::from(error).into(), values).await
        }
    }
}

/// What the browser calls itself.
pub(super) fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(USER_AGENT);
    agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
}

fn see_other(location: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(LOCATION, location), (CACHE_CONTROL, "no-store")],
    )
        .into_response()
}

/// `next` as path and query of this site, if that is what it is: a link must not lead from our sign-in page to
/// somebody else's copy of it.
fn same_site_path(next: &str) -> Option<String> {
    if !next.starts_with('/') {
        return None;
    }
    let base = Url::parse("http://same.invalid/").ok()?;
    let url = base.join(next).ok()?;
    if url.origin() != base.origin() {
        return None;
    }
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    // The path itself may have become one that names a host: "/a/..//evil.example".
    (!path.starts_with("//")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_stays_on_this_site() {
        assert_eq!(
            same_site_path("/organizations/contoso/logs?status=failure").as_deref(),
            Some("/organizations/contoso/logs?status=failure")
        );
        for bad in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil.example",
            "/a/..//evil.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(same_site_path(bad), None, "{bad}");
        }
        let split = same_site_path("/a\r\nSet-Cookie: x=1").unwrap_or_default();
        assert!(!split.contains(['\r', '\n']));
    }
}
