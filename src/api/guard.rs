//! The accidental-deletion guard.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::guard::Guard;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::guard};

/// How the accidental-deletion guard is set, and a page of the users whom it holds.
#[server(prefix = "/api", endpoint = "guard/get", input = GetUrl)]
pub async fn get_guard(
    slug: String,
    after: Option<String>,
    before: Option<String>,
) -> Result<Guard, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadUsers, Some(&slug)).await?;
    Ok(guard::get(&app, &allowed, after.as_deref(), before.as_deref()).await?)
}
