//! The own account of whoever is signed in.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::account::SessionRow;
use crate::model::error::AppError;

#[cfg(feature = "ssr")]
use crate::server::{App, actor::Permission, auth::guards, services::own_account};

/// Where one is signed in.
#[server(prefix = "/api", endpoint = "own_account/sessions", input = GetUrl)]
pub async fn list_sessions() -> Result<Vec<SessionRow>, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ManageOwnAccount, None).await?;
    let current = guards::current_session()?;
    Ok(own_account::list_sessions(&app, &allowed, current.as_deref()).await?)
}
