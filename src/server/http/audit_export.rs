//! The audit log as a file, streamed: however long it is, one batch of it is held at a time.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;

use super::dashboard::{Dashboard, require};
use super::download::{Reader, download, while_allowed};
use super::forms::refuse;
use crate::model::audit::AuditFilter;
use crate::model::error::AppError;
use crate::server::actor::Permission;
use crate::server::services::audit_search;
use crate::server::services::export::Format;

/// Downloads of audit logs.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/audit/export", get(of_organization))
        .route("/audit/export", get(of_all))
}

async fn of_organization(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    export(&dashboard, request, Permission::ReadAudit, Some(&slug)).await
}

async fn of_all(State(dashboard): State<Dashboard>, request: Request) -> Response {
    export(&dashboard, request, Permission::ReadAllAudit, None).await
}

async fn export(
    dashboard: &Dashboard,
    request: Request,
    permission: Permission,
    slug: Option<&str>,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let filter = AuditFilter::from_pairs(pairs.iter().map(|(name, value)| (name, value.as_ref())));
    let format = pairs
        .iter()
        .find(|(name, _)| name == "format")
        .and_then(|(_, value)| Format::parse(value))
        .unwrap_or(Format::Csv);
    let begun = async {
        let allowed = require(&dashboard.app, &parts, permission, slug).await?;
        Ok::<_, AppError>(audit_search::export(&dashboard.app, &allowed, &filter, format).await?)
    };
    let export = match begun.await {
        Ok(export) => export,
        Err(error) => {
            // A file has no page of its own to be refused on.
            if let Some(Ok(page)) = parts.uri.path().strip_suffix("/export").map(str::parse) {
                parts.uri = page;
            }
            return refuse(dashboard, parts, error, Vec::new()).await;
        }
    };
    let name = format!("audit-{}", slug.unwrap_or("all"));
    let reader = Reader {
        app: dashboard.app.clone(),
        parts,
        permission,
        slug: slug.map(str::to_owned),
    };
    download(&name, format, while_allowed(reader, export.parts()))
}
