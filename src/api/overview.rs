//! The overview of an organization.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::overview::Overview;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::overview};

/// How an organization's provisioning is: health, figures, cycles and what failed last.
#[server(prefix = "/api", endpoint = "overview", input = GetUrl)]
pub async fn get_overview(slug: String) -> Result<Overview, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    Ok(overview::get(&app, &allowed).await?)
}
