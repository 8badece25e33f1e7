//! One-time links: the secret in the address is the permission.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::account::{LinkDetails, LinkPurpose};
use crate::model::error::AppError;

#[cfg(feature = "ssr")]
use crate::server::{App, services::account_links};

/// Whether mail leaves the service, for whoever is to wait for one.
#[server(prefix = "/api", endpoint = "links/mail", input = GetUrl)]
pub async fn sends_mail() -> Result<bool, AppError> {
    let app = expect_context::<App>();
    Ok(account_links::sends_mail(&app))
}

/// What a good link is for; `None` for one that is used up, too old or not ours.
#[server(prefix = "/api", endpoint = "links/get", input = GetUrl)]
pub async fn find_link(
    purpose: LinkPurpose,
    secret: String,
) -> Result<Option<LinkDetails>, AppError> {
    let app = expect_context::<App>();
    Ok(account_links::find_link(&app, purpose, &secret).await?)
}
