//! The settings of an organization.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::role::RoleRow;
use crate::model::settings::Settings;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::roles, services::settings};

/// An organization's settings, with its role catalogue.
#[server(prefix = "/api", endpoint = "settings/get", input = GetUrl)]
pub async fn get_settings(slug: String) -> Result<Settings, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadOrganization, Some(&slug)).await?;
    Ok(settings::get(&app, &allowed).await?)
}

/// One role of the catalogue.
#[server(prefix = "/api", endpoint = "settings/role", input = GetUrl)]
pub async fn get_role(slug: String, id: String) -> Result<RoleRow, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadOrganization, Some(&slug)).await?;
    Ok(roles::get(&app, &allowed, &id).await?)
}
