//! Who looks, and at what.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::account::Me;
use crate::model::error::AppError;
use crate::model::frame::Frame;

#[cfg(feature = "ssr")]
use crate::server::{
    App, actor::Permission, auth::guards, services::issues, services::organizations,
};

/// Who is signed in.
#[server(prefix = "/api", endpoint = "me", input = GetUrl)]
pub async fn get_me() -> Result<Me, AppError> {
    guards::me().await?.ok_or(AppError::SignedOut)
}

/// Who is signed in, and the organization that a page is about.
#[server(prefix = "/api", endpoint = "frame", input = GetUrl)]
pub async fn get_frame(slug: String) -> Result<Frame, AppError> {
    let app = expect_context::<App>();
    let me = guards::me().await?.ok_or(AppError::SignedOut)?;
    let allowed = guards::require(Permission::ReadOrganization, Some(&slug)).await?;
    let organization = organizations::get(&app, &allowed).await?;
    let open_issues = issues::count_open(&app, &allowed).await?;
    Ok(Frame {
        me,
        organization,
        open_issues,
    })
}
