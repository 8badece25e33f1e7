//! People who sign in to the dashboard: of an organization, or (without a slug) of Support.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::account::{AccountDetail, AccountList};
use crate::model::error::AppError;

#[cfg(feature = "ssr")]
use crate::server::{
    App,
    actor::{Allowed, Permission},
    auth::guards,
    services::accounts::{self, AccountQuery},
};

/// A page of an organization's accounts; without `slug` of those of Support.
#[server(prefix = "/api", endpoint = "accounts/list", input = GetUrl)]
pub async fn list_accounts(
    slug: Option<String>,
    after: Option<String>,
    before: Option<String>,
) -> Result<AccountList, AppError> {
    let app = expect_context::<App>();
    let allowed = reader(slug.as_deref()).await?;
    let query = AccountQuery { after, before };
    Ok(accounts::list(&app, &allowed, &query).await?)
}

/// One account; without `slug` one of Support's.
#[server(prefix = "/api", endpoint = "accounts/get", input = GetUrl)]
pub async fn get_account(slug: Option<String>, id: String) -> Result<AccountDetail, AppError> {
    let app = expect_context::<App>();
    let allowed = reader(slug.as_deref()).await?;
    Ok(accounts::detail(&app, &allowed, &id).await?)
}

#[cfg(feature = "ssr")]
async fn reader(slug: Option<&str>) -> Result<Allowed, AppError> {
    let permission = match slug {
        Some(_) => Permission::ReadAccounts,
        None => Permission::ManageSupportAccounts,
    };
    guards::require(permission, slug).await
}
