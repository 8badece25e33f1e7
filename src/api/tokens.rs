//! SCIM tokens, without their secrets.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::error::AppError;
use crate::model::token::TokenRow;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::tokens};

/// An organization's tokens, without their secrets.
#[server(prefix = "/api", endpoint = "tokens/list", input = GetUrl)]
pub async fn list_tokens(slug: String) -> Result<Vec<TokenRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ReadTokens, Some(&slug)).await?;
    Ok(tokens::list(&app, &allowed).await?)
}

/// A one-time id for a form that makes a token, so that sending it again makes no second one.
#[server(prefix = "/api", endpoint = "tokens/form", input = GetUrl)]
pub async fn token_form_id(slug: String) -> Result<String, AppError> {
    let app = expect_context::<App>();
    guards::require(Permission::ManageTokens, Some(&slug)).await?;
    Ok(tokens::new_form(&app))
}
