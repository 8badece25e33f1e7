//! Forms by which an Admin sets the accidental-deletion guard and decides about whom it holds.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_form, refuse, shown_at};
use crate::model::error::AppError;
use crate::model::guard::Decision;
use crate::server::actor::Permission;
use crate::server::services::{guard, names};

/// Deciding about held users and setting the accidental-deletion guard.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/held", post(decide))
        .route("/organizations/{slug}/settings/guard", post(set))
}

#[derive(Deserialize)]
struct DecisionForm {
    decision: String,
    /// When the list was read, epoch milliseconds.
    #[serde(default)]
    read_at: String,
}

async fn decide(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<DecisionForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let done = async {
        let app = &dashboard.app;
        let allowed = require(app, &parts, Permission::ManageGuard, Some(&slug)).await?;
        let decision = Decision::parse(&form.decision).unwrap_or(Decision::Waiting);
        let read_at = form.read_at.parse().unwrap_or_default();
        guard::decide(app, &allowed, decision, read_at).await?;
        Ok::<_, AppError>(())
    };
    match done.await {
        Ok(()) => Redirect::to(&format!("/organizations/{slug}/held")).into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

#[derive(Deserialize)]
struct GuardForm {
    /// "on" or "off".
    guard: String,
    #[serde(default)]
    removal_limit: String,
}

async fn set(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<GuardForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let settings = format!("/organizations/{slug}/settings");
    let parts = shown_at(parts, &settings);
    let done = async {
        let app = &dashboard.app;
        let allowed = require(app, &parts, Permission::ManageGuard, Some(&slug)).await?;
        // What is no number is refused with the range.
        let limit = names::whole_number(&form.removal_limit).unwrap_or_default();
        let limit = (form.guard != "off").then_some(limit);
        guard::set_limit(app, &allowed, limit).await?;
        Ok::<_, AppError>(())
    };
    match done.await {
        Ok(()) => Redirect::to(&format!("{settings}#guard")).into_response(),
        Err(error) => {
            let values = [("guard", form.guard), ("removal_limit", form.removal_limit)];
            let values = values.map(|(name, value)| (name.to_owned(), value));
            refuse(&dashboard, parts, error, values.into()).await
        }
    }
}
