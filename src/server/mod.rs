//! Everything that runs on the server; nothing here reaches the browser.

use std::sync::Arc;

pub mod actor;
pub mod clock;
pub mod error;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod secret;
pub mod services;
pub mod settings;
pub mod store;

/// What every part of the running service is handed: where the data is, what time it is, how it is set up.
/// Leptos finds it as a context, axum as its state.
#[derive(Clone, Debug)]
pub struct App {
    pub db: store::Db,
    pub clock: clock::Clock,
    pub settings: Arc<settings::Settings>,
}
