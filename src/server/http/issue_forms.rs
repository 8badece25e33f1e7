//! The form by which people work on an issue. All of it posts to the issue's own address, whose page answers a refusal.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_form, refuse};
use crate::model::error::{AppError, FieldError};
use crate::server::actor::Permission;
use crate::server::services::issues::{self, Act};

/// Working on an issue.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new().route("/organizations/{slug}/issues/{id}", post(act))
}

/// Which button was pressed, and what stood beside it.
#[derive(Deserialize)]
struct IssueForm {
    #[serde(rename = "do")]
    act: String,
    #[serde(default)]
    note: String,
    /// "" for nobody.
    #[serde(default)]
    assignee: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    events: String,
}

impl IssueForm {
    fn act(&self) -> Result<Act, AppError> {
        // What is no number is refused with the range.
        let number = |text: &str| text.trim().parse().unwrap_or_default();
        Ok(match self.act.as_str() {
            "acknowledge" => Act::Acknowledge,
            "assign" => Act::Assign((!self.assignee.is_empty()).then(|| self.assignee.clone())),
            "resolve" => Act::Resolve,
            "ignore_days" => Act::IgnoreDays(number(&self.days)),
            "ignore_events" => Act::IgnoreEvents(number(&self.events)),
            "ignore" => Act::IgnoreForGood,
            "reopen" => Act::Reopen,
            "note" => Act::Note(self.note.clone()),
            _ => {
                let error = FieldError {
                    field: "do".to_owned(),
                    message: "Choose what to do with one of the buttons.".to_owned(),
                };
                return Err(AppError::Invalid {
                    fields: vec![error],
                });
            }
        })
    }
}

async fn act(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<IssueForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let done = async {
        let permission = Permission::ManageIssues;
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        issues::act(&dashboard.app, &allowed, &id, form.act()?).await?;
        Ok::<_, AppError>(())
    };
    match done.await {
        Ok(()) => Redirect::to(&format!("/organizations/{slug}/issues/{id}")).into_response(),
        Err(error) => {
            let values = [
                ("note", form.note),
                ("days", form.days),
                ("events", form.events),
            ];
            let values = values.map(|(name, value)| (name.to_owned(), value));
            refuse(&dashboard, parts, error, values.into()).await
        }
    }
}
