//! `GET /organizations/{slug}/logs/export.csv` and `.ndjson`: the filtered log as a file, with the list's own query.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;

use super::dashboard::{Dashboard, require};
use super::download::{Reader, download, while_allowed};
use super::forms::refuse;
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::services::export::Format;
use crate::server::services::log_search::{export, filter_of};

/// Downloads of the provisioning log.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route(
            "/organizations/{slug}/logs/export.csv",
            get(|dashboard, slug, request| file(dashboard, slug, Format::Csv, request)),
        )
        .route(
            "/organizations/{slug}/logs/export.ndjson",
            get(|dashboard, slug, request| file(dashboard, slug, Format::Ndjson, request)),
        )
}

async fn file(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    format: Format,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let filter = filter_of(parts.uri.query().unwrap_or_default());
    let permission = Permission::ReadLogs;
    let begun = async {
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        Ok::<_, AppError>(export(&dashboard.app, &allowed, filter, format).await?)
    };
    let begun = begun.await;
    match begun {
        Ok(export) => {
            let name = format!("{slug}-logs");
            let reader = Reader {
                app: dashboard.app,
                parts,
                permission,
                slug: Some(slug),
            };
            download(&name, format, while_allowed(reader, export.parts()))
        }
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}
