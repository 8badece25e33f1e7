//! The form of *Fix here*. What its buttons do is done by the services that own it, for whoever may do it there; then the
//! issue's page says what the affected users' requests would come to.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{answer_form, read_form, refuse, shown_at};
use crate::model::error::{AppError, FieldError};
use crate::model::form::FormAnswer;
use crate::model::organization::{MissingNames, MissingRole, UnknownRole};
use crate::model::take_over::Decision;
use crate::model::token::CreatedToken;
use crate::server::actor::Permission;
use crate::server::services::names;
use crate::server::services::organizations::{self, OrganizationChange};
use crate::server::services::roles::{self, TypedRole};
use crate::server::services::take_overs;
use crate::server::services::tokens::{self, NewToken};

pub(super) fn routes() -> Router<Dashboard> {
    Router::new().route("/organizations/{slug}/issues/{id}/fix", post(fix))
}

/// Which button was pressed, and what stood beside it.
#[derive(Deserialize)]
struct FixForm {
    #[serde(rename = "do")]
    act: String,
    /// A role value.
    #[serde(default)]
    value: String,
    /// What it means: a role's id, [`NEW_ROLE`].
    #[serde(default)]
    role: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    user_name: String,
    #[serde(default)]
    once: String,
    #[serde(default)]
    name: String,
}

/// The choice of a role of its own.
const NEW_ROLE: &str = "new";

/// What comes of it.
enum Done {
    /// The affected users' requests would end otherwise now.
    Changed,
    /// It is about no users.
    Switched,
    Token(Box<CreatedToken>),
}

async fn fix(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<FixForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let page = format!("/organizations/{slug}/issues/{id}");
    let parts = shown_at(parts, &page);
    match act(&dashboard, &parts, &slug, form).await {
        Ok(Done::Changed) => Redirect::to(&format!("{page}?dry_run=1#fix-here")).into_response(),
        Ok(Done::Switched) => Redirect::to(&format!("{page}#fix-here")).into_response(),
        Ok(Done::Token(token)) => {
            answer_form(&dashboard, parts, FormAnswer::TokenCreated(*token)).await
        }
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

async fn act(
    dashboard: &Dashboard,
    parts: &Parts,
    slug: &str,
    form: FixForm,
) -> Result<Done, AppError> {
    let app = &dashboard.app;
    let allowed = async |permission| require(app, parts, permission, Some(slug)).await;
    let policy = async |change: OrganizationChange| {
        let allowed = allowed(Permission::ManageOrganization).await?;
        organizations::set(app, &allowed, change).await?;
        Ok::<_, AppError>(Done::Changed)
    };
    match form.act.as_str() {
        "map" => {
            let allowed = allowed(Permission::ManageRoles).await?;
            match form.role.as_str() {
                "" => {
                    return Err(invalid("role", "Choose what the value means in Rhombus."));
                }
                NEW_ROLE => {
                    let typed = TypedRole {
                        // A value may be longer than a name.
                        display_name: form.value.chars().take(names::NAME).collect(),
                        ..TypedRole::default()
                    };
                    roles::create(app, &allowed, &form.value, typed).await?;
                }
                role => roles::map_value(app, &allowed, role, &form.value).await?,
            }
            Ok(Done::Changed)
        }
        "review" => {
            let allowed = allowed(Permission::ManageRoles).await?;
            roles::review(app, &allowed, &form.role).await?;
            Ok(Done::Changed)
        }
        "default_unknown_role" => {
            policy(OrganizationChange {
                unknown_role: Some(UnknownRole::Default),
                ..OrganizationChange::default()
            })
            .await
        }
        "default_missing_role" => {
            policy(OrganizationChange {
                missing_role: Some(MissingRole::Default),
                ..OrganizationChange::default()
            })
            .await
        }
        "accept_missing_names" => {
            policy(OrganizationChange {
                missing_names: Some(MissingNames::Accept),
                ..OrganizationChange::default()
            })
            .await
        }
        "take_over" | "keep_apart" => {
            let allowed = allowed(Permission::DecideTakeOvers).await?;
            let decision = if form.act == "take_over" {
                Decision::Allowed
            } else {
                Decision::Kept
            };
            take_overs::decide(app, &allowed, &form.user, &form.user_name, decision).await?;
            Ok(Done::Changed)
        }
        "token" => {
            let allowed = allowed(Permission::ManageTokens).await?;
            let new = NewToken {
                name: form.name,
                life: None,
                once: Some(form.once),
            };
            let token = tokens::create(app, &allowed, new).await?;
            Ok(Done::Token(Box::new(token)))
        }
        "turn_on" => {
            let allowed = allowed(Permission::SwitchProvisioning).await?;
            organizations::enable(app, &allowed).await?;
            Ok(Done::Switched)
        }
        _ => {
            allowed(Permission::ManageIssues).await?;
            Err(invalid("do", "Choose what to do with one of the buttons."))
        }
    }
}

fn invalid(field: &str, message: &str) -> AppError {
    AppError::Invalid {
        fields: vec![FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        }],
    }
}
