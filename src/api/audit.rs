//! The audit log.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::audit::{AuditFilter, AuditPage};
use crate::model::error::AppError;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::audit_search};

/// A page of an organization's audit log.
#[server(prefix = "/api", endpoint = "audit/list", input = GetUrl)]
pub async fn list_audit(
    slug: String,
    #[server(default)] filter: AuditFilter,
) -> Result<AuditPage, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadAudit, Some(&slug)).await?;
    Ok(audit_search::list(&app, &allowed, &filter).await?)
}

/// Of all organizations, and what concerns none.
#[server(prefix = "/api", endpoint = "audit/list_all", input = GetUrl)]
pub async fn list_all_audit(#[server(default)] filter: AuditFilter) -> Result<AuditPage, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadAllAudit, None).await?;
    Ok(audit_search::list(&app, &allowed, &filter).await?)
}
