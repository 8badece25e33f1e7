//! Organizations, for Support.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::organization::OrganizationRow;
use crate::model::page::Page;

#[cfg(feature = "ssr")]
use crate::server::{
    App,
    actor::Permission,
    auth::guards,
    services::organizations::{self, OrganizationQuery},
};

#[server(prefix = "/api", endpoint = "organizations/list", input = GetUrl)]
pub async fn list_organizations(
    #[server(default)] search: String,
    after: Option<String>,
    before: Option<String>,
) -> Result<Page<OrganizationRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ListOrganizations, None).await?;
    Ok(organizations::list(
        &app,
        &allowed,
        &OrganizationQuery {
            search,
            after,
            before,
        },
    )
    .await?)
}
