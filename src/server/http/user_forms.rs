//! Forms by which an Admin blocks a user, lifts the block, and erases one that Entra has deleted.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_form, refuse};
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::services::user_access;

/// Blocking, unblocking and erasing users.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/users/{id}/block", post(block))
        .route("/organizations/{slug}/users/{id}/unblock", post(unblock))
        .route("/organizations/{slug}/users/{id}/erase", post(erase))
}

#[derive(Deserialize)]
struct BlockForm {
    reason: String,
}

#[derive(Deserialize)]
struct EraseForm {
    user_name: String,
}

async fn block(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<BlockForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let blocked = async {
        let permission = Permission::BlockUsers;
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        Ok::<_, AppError>(user_access::block(&dashboard.app, &allowed, &id, &form.reason).await?)
    };
    let blocked = blocked.await;
    let values = vec![("reason".to_owned(), form.reason)];
    let next = format!("/organizations/{slug}/users/{id}");
    answer(&dashboard, parts, blocked, next, values).await
}

async fn unblock(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let lifted = async {
        let permission = Permission::BlockUsers;
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        Ok::<_, AppError>(user_access::unblock(&dashboard.app, &allowed, &id).await?)
    };
    let lifted = lifted.await;
    let next = format!("/organizations/{slug}/users/{id}");
    answer(&dashboard, parts, lifted, next, Vec::new()).await
}

async fn erase(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<EraseForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let erased = async {
        let permission = Permission::EraseUsers;
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        Ok::<_, AppError>(user_access::erase(&dashboard.app, &allowed, &id, &form.user_name).await?)
    };
    let erased = erased.await;
    let values = vec![("user_name".to_owned(), form.user_name)];
    let next = format!("/organizations/{slug}/users?state=deleted");
    answer(&dashboard, parts, erased, next, values).await
}

/// On to `next`, or the page with the question again and why it was refused.
async fn answer(
    dashboard: &Dashboard,
    parts: Parts,
    done: Result<(), AppError>,
    next: String,
    values: Vec<(String, String)>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(&next).into_response(),
        Err(error) => refuse(dashboard, parts, error, values).await,
    }
}
