//! Provisioned people.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::page::Page;
use crate::model::user::{RoleChoice, UserChange, UserCounts, UserDetail, UserFilter, UserRow};

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::user_directory};

/// A page of an organization's users, or of those deleted.
#[server(prefix = "/api", endpoint = "users/list", input = GetUrl)]
pub async fn list_users(
    slug: String,
    #[server(default)] filter: UserFilter,
) -> Result<Page<UserRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadUsers, Some(&slug)).await?;
    Ok(user_directory::list(&app, &allowed, &filter).await?)
}

/// How many users each tab of the list has.
#[server(prefix = "/api", endpoint = "users/counts", input = GetUrl)]
pub async fn count_users(slug: String) -> Result<UserCounts, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadUsers, Some(&slug)).await?;
    Ok(user_directory::counts(&app, &allowed).await?)
}

/// One user, or what is kept of a deleted one, with the history.
#[server(prefix = "/api", endpoint = "users/get", input = GetUrl)]
pub async fn get_user(slug: String, id: String) -> Result<UserDetail, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadUsers, Some(&slug)).await?;
    Ok(user_directory::detail(&app, &allowed, &id).await?)
}

/// The catalogue's roles, to list users by.
#[server(prefix = "/api", endpoint = "users/roles", input = GetUrl)]
pub async fn list_role_choices(slug: String) -> Result<Vec<RoleChoice>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadUsers, Some(&slug)).await?;
    Ok(user_directory::roles(&app, &allowed).await?)
}

/// What changed about a user, newest first.
#[server(prefix = "/api", endpoint = "users/history", input = GetUrl)]
pub async fn user_history(
    slug: String,
    id: String,
    cursor: Option<String>,
) -> Result<Page<UserChange>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadUsers, Some(&slug)).await?;
    Ok(user_directory::history(&app, &allowed, &id, cursor).await?)
}
