//! Issues: failures and warnings of one cause.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::issue::{IssueCounts, IssueDetail, IssueFilter, IssueRow};
use crate::model::issue_dry_run::IssueDryRun;
use crate::model::issue_fix::IssueFix;
use crate::model::page::Page;

#[cfg(feature = "ssr")]
use crate::server::{
    App,
    actor::Permission,
    auth::guards,
    services::{dry_run, issue_fix, issues},
};

/// A page of an organization's issues.
#[server(prefix = "/api", endpoint = "issues/list", input = GetUrl)]
pub async fn list_issues(
    slug: String,
    #[server(default)] filter: IssueFilter,
) -> Result<Page<IssueRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadIssues, Some(&slug)).await?;
    Ok(issues::list(&app, &allowed, &filter).await?)
}

/// How many issues of an organization each tab has.
#[server(prefix = "/api", endpoint = "issues/counts", input = GetUrl)]
pub async fn count_issues(slug: String) -> Result<IssueCounts, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadIssues, Some(&slug)).await?;
    Ok(issues::counts(&app, &allowed).await?)
}

/// Those of all organizations.
#[server(prefix = "/api", endpoint = "issues/list_all", input = GetUrl)]
pub async fn list_all_issues(
    #[server(default)] filter: IssueFilter,
) -> Result<Page<IssueRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadAllIssues, None).await?;
    Ok(issues::list(&app, &allowed, &filter).await?)
}

/// How many issues of all organizations each tab has.
#[server(prefix = "/api", endpoint = "issues/count_all", input = GetUrl)]
pub async fn count_all_issues() -> Result<IssueCounts, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadAllIssues, None).await?;
    Ok(issues::counts(&app, &allowed).await?)
}

/// One issue with its history and a page of the users whom it affects.
#[server(prefix = "/api", endpoint = "issues/get", input = GetUrl)]
pub async fn get_issue(
    slug: String,
    id: String,
    after: Option<String>,
    before: Option<String>,
) -> Result<IssueDetail, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadIssues, Some(&slug)).await?;
    let may_manage = guards::require(Permission::ManageIssues, Some(&slug))
        .await
        .is_ok();
    let (after, before) = (after.as_deref(), before.as_deref());
    Ok(issues::detail(&app, &allowed, &id, after, before, may_manage).await?)
}

/// What can be done about it here; `None` where the cure is not ours.
#[server(prefix = "/api", endpoint = "issues/fix", input = GetUrl)]
pub async fn get_issue_fix(slug: String, id: String) -> Result<Option<IssueFix>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadIssues, Some(&slug)).await?;
    Ok(issue_fix::get(&app, &allowed, &id).await?)
}

/// Whether the latest request about each affected user would succeed today, for the first of them or those after a part;
/// nothing is stored but that somebody asked.
#[server(prefix = "/api", endpoint = "issues/dry_run", input = GetUrl)]
pub async fn dry_run_issue(
    slug: String,
    id: String,
    after: Option<String>,
) -> Result<IssueDryRun, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadPayloads, Some(&slug)).await?;
    Ok(dry_run::dry_run_issue(&app, &allowed, &id, after.as_deref()).await?)
}

/// The open issues of one user.
#[server(prefix = "/api", endpoint = "issues/of_user", input = GetUrl)]
pub async fn issues_of_user(slug: String, user_id: String) -> Result<Vec<IssueRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadIssues, Some(&slug)).await?;
    Ok(issues::of_user(&app, &allowed, &user_id).await?)
}
