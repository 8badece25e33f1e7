//! HTTP around the use cases.

pub mod client_address;
pub mod scim;

/// Every route of the service.
pub fn router(app: crate::server::App) -> axum::Router {
    scim::routes(app)
}
