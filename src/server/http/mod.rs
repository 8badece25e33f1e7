//! HTTP: the accept loop, what stands before every route, and the routes.

pub mod account_forms;
pub mod assets;
mod audit_export;
pub mod client_address;
pub mod cross_site;
pub mod dashboard;
mod download;
mod forms;
mod guard_forms;
pub mod health;
mod issue_fix_forms;
mod issue_forms;
mod link_forms;
mod live;
mod log_export;
pub mod metrics;
mod notification_forms;
pub mod organization_forms;
pub mod own_account_forms;
mod router;
mod sample_mail;
pub mod scim;
pub mod serve;
mod settings_forms;
pub mod sign_in;
mod support_bundle_forms;
pub mod token_forms;
pub mod user_forms;

pub use router::router;
