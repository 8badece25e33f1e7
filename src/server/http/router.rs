//! Every route of the service.

use axum::{Router, middleware};

use super::{client_address, cross_site, dashboard, health, scim};
use crate::server::App;
use crate::server::auth::session;

/// Every route of the service, behind what all of them need: the client's address and the refusal of other sites.
pub fn router(app: App) -> Router {
    let people = dashboard::dashboard_routes(app.clone()).layer(session::layer(&app));
    scim::routes(app.clone(), people)
        .merge(health::routes().with_state(app.clone()))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            cross_site::refuse,
        ))
        .layer(middleware::from_fn_with_state(
            app,
            client_address::identify,
        ))
}
