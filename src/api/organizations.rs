//! Organizations, for Support.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::organization::{OrganizationPage, OrganizationQuery};

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::organization_list};

/// A page of all organizations, for Support.
#[server(prefix = "/api", endpoint = "organizations/list", input = GetUrl)]
pub async fn list_organizations(
    #[server(default)] query: OrganizationQuery,
) -> Result<OrganizationPage, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ListOrganizations, None).await?;
    Ok(organization_list::list(&app, &allowed, &query).await?)
}
