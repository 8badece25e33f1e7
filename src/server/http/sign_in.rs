//! Signing in and out, and asking for a link that sets a password: plain routes that work without scripts.
//!
//! The pages are rendered elsewhere; a form posts to its own page's path. An error leads back to it with
//! `?error=<code>` (see [`SignInError`]), success to `next` or the start page.

use axum::extract::{Form, Request, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use serde::Deserialize;
use tower_sessions::Session;
use url::Url;
use url::form_urlencoded::Serializer;

use super::forms::page_of_form;
use crate::model::account::SignInError;
use crate::model::error::AppError;
use crate::server::App;
use crate::server::actor::Permission;
use crate::server::auth::{guards, session};
use crate::server::error::ServiceError;
use crate::server::secret::Secret;
use crate::server::services::sign_in::{self, AccessError, SignedIn};
use crate::server::services::{forgotten_passwords, own_account};

/// `POST` of `/sign-in`, `/sign-out` and `/forgot-password`. They need the session layer around them.
pub fn routes() -> Router<App> {
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
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    extensions: Extensions,
    Form(form): Form<SignInForm>,
) -> Response {
    let address = guards::address(&extensions);
    let password = Secret::new(form.password);
    let outcome = sign_in::sign_in(&app, &form.email, &password, &address).await;
    let next = same_site_path(&form.next);
    match begin(outcome, &session, &address, &headers).await {
        Ok(()) => see_other(next.as_deref().unwrap_or("/")),
        Err(error) => see_other(&with_error("/sign-in", error, next.as_deref())),
    }
}

async fn sign_out(State(app): State<App>, session: Session, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    // Whatever becomes of the entry in the audit log, nobody stays signed in.
    let noted = note_sign_out(&app, &parts).await;
    for outcome in [noted, session::end(&session).await] {
        if let Err(error) = outcome {
            tracing::error!(error = %error, "signing out failed");
        }
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

async fn forgot_password(
    State(app): State<App>,
    extensions: Extensions,
    Form(form): Form<ForgotForm>,
) -> Response {
    let address = guards::address(&extensions);
    let asked = forgotten_passwords::ask(&app, &form.email, &address).await;
    let error = match asked {
        Ok(()) => return see_other("/forgot-password?asked"),
        Err(AccessError::Refused(error)) => error,
        Err(AccessError::Failed(error)) => unavailable(error),
    };
    see_other(&with_error("/forgot-password", error, None))
}

/// What the person is told; the cause is logged.
fn unavailable(error: ServiceError) -> SignInError {
    let _ = AppError::from(error);
    SignInError::Unavailable
}

/// Starts the session of who has signed in.
async fn begin(
    outcome: Result<SignedIn, AccessError>,
    session: &Session,
    address: &str,
    headers: &HeaderMap,
) -> Result<(), SignInError> {
    let started = match outcome {
        Ok(signed_in) => session::start(session, &signed_in, address, agent(headers)).await,
        Err(AccessError::Refused(error)) => return Err(error),
        Err(AccessError::Failed(error)) => Err(error),
    };
    started.map_err(unavailable)
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

fn with_error(path: &str, error: SignInError, next: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("error", error.code());
    if let SignInError::TooMany { minutes } = error {
        query.append_pair("minutes", &minutes.to_string());
    }
    if let Some(next) = next {
        query.append_pair("next", next);
    }
    format!("{path}?{}", query.finish())
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

    #[test]
    fn errors_travel_as_codes() {
        let error = SignInError::TooMany { minutes: 7 };
        assert_eq!(
            with_error("/sign-in", error, Some("/users?a=b")),
            "/sign-in?error=too_many&minutes=7&next=%2Fusers%3Fa%3Db"
        );
    }
}
