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
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::services::names;
use crate::server::services::organizations::{self, OrganizationChange};
use crate::server::services::roles::{self, TypedRole};
use crate::server::services::take_overs;
use crate::server::services::tokens::{self, NewToken};

/// *Fix here*.
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

/// What a button does.
enum Act {
    Map,
    Review,
    Set(OrganizationChange),
    Decide(Decision),
    CreateToken,
    TurnOn,
}

impl Act {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "map" => Self::Map,
            "review" => Self::Review,
            "default_unknown_role" => Self::Set(OrganizationChange {
                unknown_role: Some(UnknownRole::Default),
                ..OrganizationChange::default()
            }),
            "default_missing_role" => Self::Set(OrganizationChange {
                missing_role: Some(MissingRole::Default),
                ..OrganizationChange::default()
            }),
            "accept_missing_names" => Self::Set(OrganizationChange {
                missing_names: Some(MissingNames::Accept),
                ..OrganizationChange::default()
            }),
            "take_over" => Self::Decide(Decision::Allowed),
            "keep_apart" => Self::Decide(Decision::Kept),
            "token" => Self::CreateToken,
            "turn_on" => Self::TurnOn,
            _ => return None,
        })
    }

    fn permission(&self) -> Permission {
        match self {
            Self::Map | Self::Review => Permission::ManageRoles,
            Self::Set(_) => Permission::ManageOrganization,
            Self::Decide(_) => Permission::DecideTakeOvers,
            Self::CreateToken => Permission::ManageTokens,
            Self::TurnOn => Permission::SwitchProvisioning,
        }
    }
}

async fn act(
    dashboard: &Dashboard,
    parts: &Parts,
    slug: &str,
    form: FixForm,
) -> Result<Done, AppError> {
    let app = &dashboard.app;
    let Some(act) = Act::parse(&form.act) else {
        require(app, parts, Permission::ManageIssues, Some(slug)).await?;
        return Err(invalid("do", "Choose what to do with one of the buttons."));
    };
    let allowed = require(app, parts, act.permission(), Some(slug)).await?;
    match act {
        Act::Map => map(app, &allowed, &form).await?,
        Act::Review => roles::review(app, &allowed, &form.role).await?,
        Act::Set(change) => {
            organizations::set(app, &allowed, change).await?;
        }
        Act::Decide(decision) => {
            take_overs::decide(app, &allowed, &form.user, &form.user_name, decision).await?;
        }
        Act::CreateToken => {
            let new = NewToken {
                name: form.name,
                life: None,
                once: Some(form.once),
            };
            let token = tokens::create(app, &allowed, new).await?;
            return Ok(Done::Token(Box::new(token)));
        }
        Act::TurnOn => {
            organizations::enable(app, &allowed).await?;
            return Ok(Done::Switched);
        }
    }
    Ok(Done::Changed)
}

/// Lets a value mean a role, or makes it one of its own.
async fn map(app: &App, allowed: &Allowed, form: &FixForm) -> Result<(), AppError> {
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
            roles::create(app, allowed, &form.value, typed).await?;
        }
        role => roles::map_value(app, allowed, role, &form.value).await?,
    }
    Ok(())
}

fn invalid(field: &str, message: &str) -> AppError {
    AppError::Invalid {
        fields: vec![FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        }],
    }
}
