//! Placeholder.
use axum::{Router, middleware};

use super::{client_address, cross_site, health, sign_in};
use crate::server::App;
use crate::server::auth::session;

pub fn router(app: App) -> Router {
    Router::new()
        .merge(sign_in::routes())
        .layer(session::layer(&app))
        .merge(health::routes())
        .layer(middleware::from_fn_with_state(
            app.clone(),
            cross_site::refuse,
        ))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            client_address::identify,
        ))
        .with_state(app)
}
