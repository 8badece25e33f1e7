//! Forms by which Support creates an organization and turns provisioning on and off.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_form, refuse};
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::services::organizations::{self, NewOrganization};

/// Creating organizations and turning provisioning on and off, which is Support's.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations", post(create))
        .route("/organizations/{slug}/enable", post(enable))
        .route("/organizations/{slug}/disable", post(disable))
}

#[derive(Deserialize)]
struct CreateForm {
    name: String,
    slug: String,
    state: String,
}

async fn create(State(dashboard): State<Dashboard>, request: Request) -> Response {
    let (parts, form) = match read_form::<CreateForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = vec![
        ("name".to_owned(), form.name.clone()),
        ("slug".to_owned(), form.slug.clone()),
        ("state".to_owned(), form.state.clone()),
    ];
    let created = async {
        let allowed = require(&dashboard.app, &parts, Permission::CreateOrganization, None).await?;
        let new = NewOrganization {
            slug: form.slug,
            name: form.name,
            off: form.state != "on",
            ..NewOrganization::default()
        };
        Ok::<_, AppError>(organizations::create(&dashboard.app, &allowed, new).await?)
    };
    match created.await {
        Ok(organization) => {
            Redirect::to(&format!("/organizations/{}", organization.slug)).into_response()
        }
        Err(error) => refuse(&dashboard, parts, error, values).await,
    }
}

async fn enable(state: State<Dashboard>, slug: Path<String>, request: Request) -> Response {
    switch(state, slug, request, true).await
}

async fn disable(state: State<Dashboard>, slug: Path<String>, request: Request) -> Response {
    switch(state, slug, request, false).await
}

async fn switch(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
    on: bool,
) -> Response {
    let app = &dashboard.app;
    let (parts, _) = request.into_parts();
    let switched = async {
        let allowed = require(app, &parts, Permission::SwitchProvisioning, Some(&slug)).await?;
        let switched = if on {
            organizations::enable(app, &allowed).await
        } else {
            organizations::disable(app, &allowed).await
        };
        Ok::<_, AppError>(switched?)
    };
    match switched.await {
        Ok(_) => Redirect::to(&format!("/organizations/{slug}")).into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}
