//! `GET /organizations/{slug}/logs/export.csv` and `.ndjson`: the filtered log as a file, with the list's own query.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;

use super::dashboard::{Dashboard, require};
use super::forms::refuse;
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::services::export::{CSV_TYPE, NDJSON_TYPE};
use crate::server::services::log_search::{Export, ExportFormat, export, filter_of};

pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route(
            "/organizations/{slug}/logs/export.csv",
            get(|dashboard, slug, request| download(dashboard, slug, ExportFormat::Csv, request)),
        )
        .route(
            "/organizations/{slug}/logs/export.ndjson",
            get(|dashboard, slug, request| {
                download(dashboard, slug, ExportFormat::Ndjson, request)
            }),
        )
}

async fn download(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    format: ExportFormat,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let filter = filter_of(parts.uri.query().unwrap_or_default());
    let begun = async {
        let allowed = require(&dashboard.app, &parts, Permission::ReadLogs, Some(&slug)).await?;
        Ok::<_, AppError>(export(&dashboard.app, &allowed, filter, format).await?)
    };
    let begun = begun.await;
    match begun {
        Ok(export) => file(&slug, format, export),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

fn file(slug: &str, format: ExportFormat, export: Export) -> Response {
    let kind = match format {
        ExportFormat::Csv => CSV_TYPE,
        ExportFormat::Ndjson => NDJSON_TYPE,
    };
    let name = format!(
        "attachment; filename=\"{slug}-logs.{}\"",
        format.extension()
    );
    // An error ends the connection, so that the browser does not take a part for the whole.
    let parts = stream::try_unfold(export, async |mut export| match export.next().await {
        Ok(part) => Ok(part.map(|part| (part, export))),
        Err(error) => {
            tracing::error!(error = %error, "an export was cut off");
            Err(error)
        }
    });
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ],
        Body::from_stream(parts),
    )
        .into_response()
}
