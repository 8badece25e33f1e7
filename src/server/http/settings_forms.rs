//! Forms by which an Admin pauses provisioning and changes the settings and the roles of the organization.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_form, refuse, shown_at};
use crate::model::error::AppError;
use crate::model::organization::{MissingNames, MissingRole, UnknownRole};
use crate::model::role::Direction;
use crate::server::actor::{Allowed, Permission};
use crate::server::services::organizations::{self, OrganizationChange};
use crate::server::services::roles::{self, TypedRole};

/// An organization's settings and role catalogue.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/settings", post(set))
        .route("/organizations/{slug}/settings/pause", post(pause))
        .route("/organizations/{slug}/settings/resume", post(resume))
        .route("/organizations/{slug}/settings/roles/new", post(add_role))
        .route("/organizations/{slug}/settings/roles/{id}", post(set_role))
        .route(
            "/organizations/{slug}/settings/roles/{id}/default",
            post(make_default),
        )
        .route(
            "/organizations/{slug}/settings/roles/{id}/review",
            post(review),
        )
        .route("/organizations/{slug}/settings/roles/{id}/up", post(up))
        .route("/organizations/{slug}/settings/roles/{id}/down", post(down))
        .route(
            "/organizations/{slug}/settings/roles/{id}/delete",
            post(delete),
        )
}

/// Where the address points: a role, or the settings themselves.
#[derive(Deserialize)]
struct Place {
    slug: String,
    #[serde(default)]
    id: String,
}

impl Place {
    fn settings(&self) -> String {
        format!("/organizations/{}/settings", self.slug)
    }

    fn roles(&self) -> String {
        format!("{}#roles", self.settings())
    }

    fn role(&self) -> String {
        format!("{}/roles/{}", self.settings(), self.id)
    }

    async fn allowed(
        &self,
        dashboard: &Dashboard,
        parts: &Parts,
        permission: Permission,
    ) -> Result<Allowed, AppError> {
        require(&dashboard.app, parts, permission, Some(&self.slug)).await
    }
}

/// Name, policies or expected users: what is not sent, or is no choice, stays as it is.
#[derive(Deserialize)]
struct SettingsForm {
    name: Option<String>,
    missing_names: Option<String>,
    missing_role: Option<String>,
    unknown_role: Option<String>,
    expected_users: Option<String>,
}

async fn set(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<SettingsForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = [
        ("name", &form.name),
        ("missing_names", &form.missing_names),
        ("missing_role", &form.missing_role),
        ("unknown_role", &form.unknown_role),
        ("expected_users", &form.expected_users),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
    .collect();
    let done = async {
        let permission = Permission::ManageOrganization;
        let allowed = place.allowed(&dashboard, &parts, permission).await?;
        let change = OrganizationChange {
            name: form.name,
            missing_names: form.missing_names.as_deref().and_then(MissingNames::parse),
            missing_role: form.missing_role.as_deref().and_then(MissingRole::parse),
            unknown_role: form.unknown_role.as_deref().and_then(UnknownRole::parse),
            expected_users: form.expected_users,
        };
        organizations::set(&dashboard.app, &allowed, change).await?;
        Ok(())
    };
    let done = done.await;
    answer(&dashboard, parts, done, &place.settings(), values).await
}

async fn pause(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    switch(state, place, request, true).await
}

async fn resume(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    switch(state, place, request, false).await
}

async fn switch(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
    pauses: bool,
) -> Response {
    let app = &dashboard.app;
    let parts = shown_at(request.into_parts().0, &place.settings());
    let done = async {
        let permission = Permission::PauseProvisioning;
        let allowed = place.allowed(&dashboard, &parts, permission).await?;
        if pauses {
            organizations::pause(app, &allowed).await?;
        } else {
            organizations::resume(app, &allowed).await?;
        }
        Ok(())
    };
    let done = done.await;
    answer(&dashboard, parts, done, &place.settings(), Vec::new()).await
}

#[derive(Deserialize)]
struct RoleForm {
    /// Of a new role alone.
    #[serde(default)]
    value: String,
    display_name: String,
    description: String,
    mapped_values: String,
}

impl RoleForm {
    fn values(&self) -> Vec<(String, String)> {
        [
            ("value", &self.value),
            ("display_name", &self.display_name),
            ("description", &self.description),
            ("mapped_values", &self.mapped_values),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
    }

    fn typed(self) -> TypedRole {
        TypedRole {
            display_name: self.display_name,
            description: self.description,
            mapped_values: self.mapped_values,
        }
    }
}

async fn add_role(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<RoleForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = form.values();
    let done = async {
        let permission = Permission::ManageRoles;
        let allowed = place.allowed(&dashboard, &parts, permission).await?;
        let value = form.value.clone();
        roles::create(&dashboard.app, &allowed, &value, form.typed()).await?;
        Ok(())
    };
    let done = done.await;
    answer(&dashboard, parts, done, &place.roles(), values).await
}

async fn set_role(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<RoleForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let values = form.values();
    let done = async {
        let permission = Permission::ManageRoles;
        let allowed = place.allowed(&dashboard, &parts, permission).await?;
        roles::set(&dashboard.app, &allowed, &place.id, form.typed()).await?;
        Ok(())
    };
    let done = done.await;
    answer(&dashboard, parts, done, &place.roles(), values).await
}

/// What a button does to a role.
#[derive(Clone, Copy)]
enum Act {
    MakeDefault,
    Review,
    Move(Direction),
    Delete,
}

async fn make_default(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::MakeDefault).await
}

async fn review(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::Review).await
}

async fn up(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::Move(Direction::Up)).await
}

async fn down(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::Move(Direction::Down)).await
}

async fn delete(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::Delete).await
}

async fn act(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
    act: Act,
) -> Response {
    let app = &dashboard.app;
    let parts = shown_at(request.into_parts().0, &place.role());
    let done = async {
        let permission = Permission::ManageRoles;
        let allowed = place.allowed(&dashboard, &parts, permission).await?;
        match act {
            Act::MakeDefault => roles::make_default(app, &allowed, &place.id).await?,
            Act::Review => roles::review(app, &allowed, &place.id).await?,
            Act::Move(direction) => roles::move_by(app, &allowed, &place.id, direction).await?,
            Act::Delete => roles::delete(app, &allowed, &place.id).await?,
        }
        Ok(())
    };
    let done = done.await;
    answer(&dashboard, parts, done, &place.roles(), Vec::new()).await
}

/// Goes on to `next`, or shows why not.
async fn answer(
    dashboard: &Dashboard,
    parts: Parts,
    done: Result<(), AppError>,
    next: &str,
    values: Vec<(String, String)>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(next).into_response(),
        Err(error) => refuse(dashboard, parts, error, values).await,
    }
}
