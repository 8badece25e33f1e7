//! `GET /organizations/{slug}/notifications/sample`: a mail as a mail program would show it.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::dashboard::{Dashboard, require};
use super::forms::{refuse, shown_at};
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::services::notifications::sample;

/// A mail's styles stand in its HTML, since many mail programs know nothing else. Nothing is loaded and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The sample of a mail, as the recipient would see it.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new().route("/organizations/{slug}/notifications/sample", get(show))
}

async fn show(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let permission = Permission::ReadNotifications;
    let sample = async {
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        Ok::<_, AppError>(sample::get(&dashboard.app, &allowed).await?)
    };
    match sample.await {
        Ok(mail) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(mail.html)).into_response(),
        Err(error) => {
            // The mail has no page of its own to be refused on.
            let parts = shown_at(parts, &format!("/organizations/{slug}/notifications"));
            refuse(&dashboard, parts, error, Vec::new()).await
        }
    }
}
