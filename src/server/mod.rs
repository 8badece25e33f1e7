//! Everything that runs on the server; nothing here reaches the browser.

use std::sync::Arc;

pub mod actor;
pub mod auth;
pub mod clock;
pub mod error;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod scim;
pub mod secret;
pub mod services;
pub mod settings;
pub mod store;

/// What every part of the running service is handed: where the data is, what time it is, how it is set up.
/// Leptos finds it as a context, axum as its state. Cloning shares it.
#[derive(Clone, Debug)]
pub struct App {
    pub db: store::Db,
    pub clock: clock::Clock,
    pub settings: Arc<settings::Settings>,
    /// Takes the log entries that need not commit with a change.
    pub recorder: services::recording::Recorder,
}

impl App {
    /// The service on an open, migrated database.
    pub fn new(db: store::Db, clock: clock::Clock, settings: settings::Settings) -> Self {
        Self {
            recorder: services::recording::Recorder::start(db.clone()),
            db,
            clock,
            settings: Arc::new(settings),
        }
    }

    /// Ends it without losing anything: what waits is written, then the database is closed. Call it when no
    /// request is under way any more.
    pub async fn finish(&self) {
        self.recorder.finish().await;
        self.db.close().await;
    }
}
