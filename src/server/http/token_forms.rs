//! Forms that create, rotate and revoke tokens.
//!
//! Creating and rotating answer with the page that shows the secret, so that they work without scripts. A form
//! that comes twice (a reload) makes no second token: creating carries a one-time id, and a token is rotated once.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{answer_form, read_form, refuse};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::token::{CreatedToken, Overlap};
use crate::server::actor::Permission;
use crate::server::clock::{DAY, Millis};
use crate::server::services::tokens::{self, NewToken};

/// Creating, rotating and revoking tokens.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/tokens", post(create))
        // On the overview, while Entra is awaited.
        .route("/organizations/{slug}", post(create))
        .route("/organizations/{slug}/tokens/{id}/rotate", post(rotate))
        .route("/organizations/{slug}/tokens/{id}/revoke", post(revoke))
}

#[derive(Deserialize)]
struct CreateForm {
    once: String,
    name: String,
    days: u32,
}

#[derive(Deserialize)]
struct RotateForm {
    overlap: String,
}

async fn create(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<CreateForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = vec![
        ("name".to_owned(), form.name.clone()),
        ("days".to_owned(), form.days.to_string()),
    ];
    let made = async {
        let allowed = require(
            &dashboard.app,
            &parts,
            Permission::ManageTokens,
            Some(&slug),
        )
        .await?;
        let new = NewToken {
            name: form.name,
            life: Some(Millis::from(form.days) * DAY),
            once: Some(form.once),
        };
        Ok::<_, AppError>(tokens::create(&dashboard.app, &allowed, new).await?)
    };
    let made = made.await;
    show(&dashboard, parts, made, values).await
}

async fn rotate(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<RotateForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let made = async {
        let allowed = require(
            &dashboard.app,
            &parts,
            Permission::ManageTokens,
            Some(&slug),
        )
        .await?;
        let overlap = Overlap::parse(&form.overlap).unwrap_or(Overlap::OneDay);
        Ok::<_, AppError>(tokens::rotate(&dashboard.app, &allowed, &id, overlap).await?)
    };
    let made = made.await;
    show(&dashboard, parts, made, Vec::new()).await
}

/// Nothing secret is shown, so this answers as usual: with the list.
async fn revoke(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let revoked = async {
        let allowed = require(
            &dashboard.app,
            &parts,
            Permission::ManageTokens,
            Some(&slug),
        )
        .await?;
        Ok::<_, AppError>(tokens::revoke(&dashboard.app, &allowed, &id).await?)
    };
    match revoked.await {
        Ok(_) => Redirect::to(&format!("/organizations/{slug}/tokens")).into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

async fn show(
    dashboard: &Dashboard,
    parts: Parts,
    made: Result<CreatedToken, AppError>,
    values: Vec<(String, String)>,
) -> Response {
    match made {
        Ok(token) => answer_form(dashboard, parts, FormAnswer::TokenCreated(token)).await,
        Err(error) => refuse(dashboard, parts, error, values).await,
    }
}
