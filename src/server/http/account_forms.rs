//! Forms by which accounts are invited, changed and deactivated: those of an organization and those of Support.
//!
//! Inviting and making a new link answer with the page that shows the link. Such a form sent again (a reload) makes
//! no second account; it replaces the link that nobody has used yet.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{answer_form, read_form, refuse};
use crate::model::account::{AccountRole, CreatedLink};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::server::actor::{Allowed, Permission};
use crate::server::services::accounts::{self, Invitee};

/// Inviting, changing, re-inviting and deactivating accounts.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/accounts", post(invite))
        .route("/organizations/{slug}/accounts/{id}", post(change_role))
        .route("/organizations/{slug}/accounts/{id}/link", post(new_link))
        .route(
            "/organizations/{slug}/accounts/{id}/deactivate",
            post(deactivate),
        )
        .route("/accounts", post(invite))
        .route("/accounts/{id}/link", post(new_link))
        .route("/accounts/{id}/deactivate", post(deactivate))
}

/// What the address names: without a slug, the accounts of Support.
#[derive(Deserialize)]
struct Place {
    slug: Option<String>,
    #[serde(default)]
    id: String,
}

impl Place {
    fn list(&self) -> String {
        match &self.slug {
            Some(slug) => format!("/organizations/{slug}/accounts"),
            None => "/accounts".to_owned(),
        }
    }

    async fn may_manage(&self, dashboard: &Dashboard, parts: &Parts) -> Result<Allowed, AppError> {
        let permission = match self.slug {
            Some(_) => Permission::ManageAccounts,
            None => Permission::ManageSupportAccounts,
        };
        require(&dashboard.app, parts, permission, self.slug.as_deref()).await
    }

    /// Support may invite an organization's first Admin, and nobody else there.
    async fn may_invite(&self, dashboard: &Dashboard, parts: &Parts) -> Result<Allowed, AppError> {
        match (self.may_manage(dashboard, parts).await, &self.slug) {
            (Err(AppError::Forbidden), Some(slug)) => {
                let permission = Permission::InviteFirstAdmin;
                require(&dashboard.app, parts, permission, Some(slug)).await
            }
            (answer, _) => answer,
        }
    }
}

#[derive(Deserialize)]
struct InviteForm {
    email: String,
    /// Absent for Support, which is a role of its own.
    #[serde(default)]
    role: String,
}

#[derive(Deserialize)]
struct RoleForm {
    role: String,
}

async fn invite(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<InviteForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = vec![
        ("email".to_owned(), form.email.clone()),
        ("role".to_owned(), form.role.clone()),
    ];
    let invited = async {
        let allowed = place.may_invite(&dashboard, &parts).await?;
        let role = match place.slug {
            Some(_) => parse_role(&form.role)?,
            None => AccountRole::Support,
        };
        let invitee = Invitee {
            email: form.email,
            name: String::new(),
            role,
        };
        Ok::<_, AppError>(accounts::invite(&dashboard.app, &allowed, invitee).await?)
    };
    let invited = invited.await;
    show(&dashboard, parts, invited, values).await
}

async fn change_role(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<RoleForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let changed = async {
        let allowed = place.may_manage(&dashboard, &parts).await?;
        let role = parse_role(&form.role)?;
        Ok::<_, AppError>(accounts::change_role(&dashboard.app, &allowed, &place.id, role).await?)
    };
    match changed.await {
        Ok(()) => Redirect::to(&place.list()).into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

async fn new_link(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let parts = head(request);
    let made = async {
        let allowed = place.may_manage(&dashboard, &parts).await?;
        Ok::<_, AppError>(accounts::reset_by_id(&dashboard.app, &allowed, &place.id).await?)
    };
    let made = made.await;
    show(&dashboard, parts, made, Vec::new()).await
}

async fn deactivate(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let parts = head(request);
    let deactivated = async {
        let allowed = place.may_manage(&dashboard, &parts).await?;
        Ok::<_, AppError>(accounts::deactivate(&dashboard.app, &allowed, &place.id).await?)
    };
    match deactivated.await {
        Ok(()) => Redirect::to(&place.list()).into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

/// The head of a form without fields.
fn head(request: Request) -> Parts {
    let (mut parts, _) = request.into_parts();
    // The page that answers is rendered as if it had been opened.
    parts.method = Method::GET;
    parts
}

fn parse_role(text: &str) -> Result<AccountRole, AppError> {
    AccountRole::parse(text).ok_or_else(|| AppError::Conflict {
        message: "Choose one of the roles.".to_owned(),
    })
}

async fn show(
    dashboard: &Dashboard,
    parts: Parts,
    made: Result<CreatedLink, AppError>,
    values: Vec<(String, String)>,
) -> Response {
    match made {
        Ok(link) => answer_form(dashboard, parts, FormAnswer::LinkCreated(link)).await,
        Err(error) => refuse(dashboard, parts, error, values).await,
    }
}
