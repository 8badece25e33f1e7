//! Who is told of failures, and the links of those who are.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::notification::{Notifications, RecipientLink, RecipientLinkDetails};

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::notifications};

/// Recipients, settings and a page of the delivery history.
#[server(prefix = "/api", endpoint = "notifications/get", input = GetUrl)]
pub async fn get_notifications(
    slug: String,
    after: Option<String>,
    before: Option<String>,
) -> Result<Notifications, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadNotifications, Some(&slug)).await?;
    Ok(notifications::get(&app, &allowed, after.as_deref(), before.as_deref()).await?)
}

/// What a recipient's link is for; `None` for one that does not work. The signature in the address is the permission.
#[server(prefix = "/api", endpoint = "notifications/link", input = GetUrl)]
pub async fn find_recipient_link(
    link: RecipientLink,
    token: String,
) -> Result<Option<RecipientLinkDetails>, AppError> {
    let app = expect_context::<App>();
    Ok(notifications::links::find(&app, link, &token).await?)
}
