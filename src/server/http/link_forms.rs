//! Forms behind one-time links: the first Support account, an accepted invitation, another password.
//!
//! What is refused is answered by the form's own page with what was typed, but for the passwords.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use tower_sessions::Session;

use super::dashboard::Dashboard;
use super::forms::{read_form, refuse};
use super::sign_in::agent;
use crate::model::account::{LinkPurpose, SignInError};
use crate::server::auth::{guards, session};
use crate::server::error::ServiceError;
use crate::server::secret::Secret;
use crate::server::services::account_links::{self, Acceptance};
use crate::server::services::sign_in::AccessError;

/// `POST` of `/first-start/{secret}`, `/invitation/{secret}` and `/reset/{secret}`.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/first-start/{secret}", post(first_start))
        .route("/invitation/{secret}", post(invitation))
        .route("/reset/{secret}", post(reset))
}

/// What the forms send; each uses what it needs.
#[derive(Deserialize)]
struct LinkForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
}

async fn first_start(
    state: State<Dashboard>,
    secret: Path<String>,
    session: Session,
    request: Request,
) -> Response {
    accept(LinkPurpose::FirstStart, state, secret, session, request).await
}

async fn invitation(
    state: State<Dashboard>,
    secret: Path<String>,
    session: Session,
    request: Request,
) -> Response {
    accept(LinkPurpose::Invitation, state, secret, session, request).await
}

async fn reset(
    state: State<Dashboard>,
    secret: Path<String>,
    session: Session,
    request: Request,
) -> Response {
    accept(LinkPurpose::Reset, state, secret, session, request).await
}

async fn accept(
    purpose: LinkPurpose,
    State(dashboard): State<Dashboard>,
    Path(secret): Path<String>,
    session: Session,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<LinkForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = vec![
        ("email".to_owned(), form.email.clone()),
        ("name".to_owned(), form.name.clone()),
    ];
    let acceptance = Acceptance {
        email: form.email,
        name: form.name,
        password: Secret::new(form.password),
        password_again: Secret::new(form.password_again),
    };
    let address = guards::address(&parts.extensions);
    let accepted =
        account_links::accept(&dashboard.app, purpose, &secret, acceptance, &address).await;
    let started = match accepted {
        Ok(signed_in) => {
            let agent = agent(&parts.headers);
            session::start(&session, &signed_in, &address, agent).await
        }
        // Its page says so.
        Err(AccessError::Refused(SignInError::LinkInvalid)) => {
            return Redirect::to(parts.uri.path()).into_response();
        }
        Err(error) => Err(ServiceError::from(error)),
    };
    match started {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => refuse(&dashboard, parts, error.into(), values).await,
    }
}
