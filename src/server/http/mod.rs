//! HTTP: the accept loop, what stands before every route, and the routes.

pub mod client_address;
pub mod cross_site;
pub mod health;
mod router;
pub mod scim;
pub mod serve;
pub mod sign_in;

pub use router::router;
