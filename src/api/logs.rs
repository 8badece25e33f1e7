//! The provisioning log.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::log::{DryRun, LogDetail, LogFilter, LogFilterWords, LogPage, LogRow};
use crate::model::page::Count;

#[cfg(feature = "ssr")]
use crate::server::{
    App,
    actor::Permission,
    auth::guards,
    services::{dry_run, log_search},
};

/// A page of an organization's provisioning log.
#[server(prefix = "/api", endpoint = "logs/list", input = GetUrl)]
pub async fn list_logs(
    slug: String,
    #[server(default)] filter: LogFilter,
) -> Result<LogPage, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    Ok(log_search::list(&app, &allowed, &filter).await?)
}

/// What the list can be narrowed to, and this filter in words.
#[server(prefix = "/api", endpoint = "logs/filter", input = GetUrl)]
pub async fn describe_log_filter(
    slug: String,
    #[server(default)] filter: LogFilter,
) -> Result<LogFilterWords, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    Ok(log_search::describe(&app, &allowed, filter).await?)
}

/// With request and response for those who may see them: looking is audited.
#[server(prefix = "/api", endpoint = "logs/get", input = GetUrl)]
pub async fn get_log(slug: String, id: String) -> Result<LogDetail, AppError> {
    let app = expect_context::<App>();
    match guards::require(Permission::ReadPayloads, Some(&slug)).await {
        Ok(allowed) => Ok(log_search::detail_with_payload(&app, &allowed, &id).await?),
        Err(AppError::Forbidden) => {
            let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
            Ok(log_search::detail(&app, &allowed, &id).await?)
        }
        Err(error) => Err(error),
    }
}

/// Without request and response: for a glance, which is not audited.
#[server(prefix = "/api", endpoint = "logs/glance", input = GetUrl)]
pub async fn glance_at_log(slug: String, id: String) -> Result<LogDetail, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    Ok(log_search::detail(&app, &allowed, &id).await?)
}

/// Whether the entry's request would succeed today; nothing is stored but that somebody asked.
#[server(prefix = "/api", endpoint = "logs/dry_run", input = GetUrl)]
pub async fn dry_run_log(slug: String, id: String) -> Result<DryRun, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadPayloads, Some(&slug)).await?;
    Ok(dry_run::dry_run(&app, &allowed, &id).await?)
}

/// How many entries that fit the list's query string are newer than the newest one shown; "" for none shown.
#[server(prefix = "/api", endpoint = "logs/count_newer", input = GetUrl)]
pub async fn count_newer_logs(
    slug: String,
    #[server(default)] query: String,
    #[server(default)] newest: String,
) -> Result<Count, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    let filter = log_search::filter_of(&query);
    Ok(log_search::count_newer(&app, &allowed, &filter, Some(&newest)).await?)
}

/// The last entries about one user.
#[server(prefix = "/api", endpoint = "logs/of_user", input = GetUrl)]
pub async fn latest_logs_of_user(slug: String, user_id: String) -> Result<Vec<LogRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    Ok(log_search::latest_for_user(&app, &allowed, &user_id, 8).await?)
}

/// The entries before and after this one about the same user.
#[server(prefix = "/api", endpoint = "logs/neighbours", input = GetUrl)]
pub async fn log_neighbours(
    slug: String,
    id: String,
) -> Result<(Option<String>, Option<String>), AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadLogs, Some(&slug)).await?;
    Ok(log_search::previous_and_next(&app, &allowed, &id).await?)
}
