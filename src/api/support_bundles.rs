//! Support bundles: the form that makes one, and the links that work.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::support_bundle::{BundleForm, BundleLink};

#[cfg(feature = "ssr")]
use crate::model::support_bundle::BundleSubject;
#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::support_bundle as bundles};

/// `about` is "log_entry", "issue" or "user".
#[server(prefix = "/api", endpoint = "support_bundles/form", input = GetUrl)]
pub async fn support_bundle_form(
    slug: String,
    #[server(default)] about: String,
    #[server(default)] id: String,
) -> Result<BundleForm, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadPayloads, Some(&slug)).await?;
    let what = "support bundle".to_owned();
    let subject = BundleSubject::parse(&about, &id).ok_or(AppError::NotFound { what })?;
    Ok(bundles::form(&app, &allowed, subject).await?)
}

/// The links to an organization's support bundles that still work, newest first.
#[server(prefix = "/api", endpoint = "support_bundles/list", input = GetUrl)]
pub async fn list_support_bundles(slug: String) -> Result<Vec<BundleLink>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadPayloads, Some(&slug)).await?;
    Ok(bundles::list(&app, &allowed).await?)
}
