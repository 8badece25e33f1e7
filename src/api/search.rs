//! The search in the top bar.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::search::Found;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::search as service};

/// What `text` may mean; `slug` names the organization that the page is about.
#[server(prefix = "/api", endpoint = "search", input = GetUrl)]
pub async fn search(
    #[server(default)] text: String,
    slug: Option<String>,
) -> Result<Found, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::Search, None).await?;
    Ok(service::find(&app, &allowed, &text, slug.as_deref()).await?)
}
