//! The own account of whoever is signed in.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::model::account::SessionRow;
use crate::model::error::AppError;
use crate::model::zone::ZoneChoice;

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

/// The zone in which one reads times, and the others.
#[server(prefix = "/api", endpoint = "own_account/time_zone", input = GetUrl)]
pub async fn get_zone_choice() -> Result<ZoneChoice, AppError> {
    let app = expect_context::<App>();
    let allowed = guards::require(Permission::ManageOwnAccount, None).await?;
    let browser = guards::browser_zone()?;
    Ok(own_account::zone_choice(&app, &allowed, browser).await?)
}
