//! Everything that runs on the server; nothing here reaches the browser.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub mod actor;
pub mod api_error;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod error;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod metrics;
pub mod scim;
pub mod secret;
pub mod services;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod zone;

/// What every part of the running service is handed: where the data is, what time it is, how it is set up.
/// Leptos finds it as a context, axum as its state. Cloning shares it.
#[derive(Clone, Debug)]
pub struct App {
    pub db: store::Db,
    pub clock: clock::Clock,
    pub settings: Arc<settings::Settings>,
    /// What operators watch.
    pub metrics: metrics::Metrics,
    /// Takes the log entries that need not commit with a change.
    pub recorder: services::recording::Recorder,
    /// Tells open pages that a log has grown.
    pub live: services::live::Live,
    /// Hashes and verifies passwords, a few at a time.
    pub passwords: services::passwords::Hasher,
    /// Cancelled when the service begins to shut down: long answers end, `/readyz` says no.
    pub shutdown: CancellationToken,
}

impl App {
    /// The service on an open, migrated database.
    pub fn new(db: store::Db, clock: clock::Clock, settings: settings::Settings) -> Self {
        let shutdown = CancellationToken::new();
        let live = services::live::Live::new(db.clone(), shutdown.clone());
        let metrics = metrics::Metrics::new();
        let recorder =
            services::recording::Recorder::start(db.clone(), live.clone(), metrics.clone());
        Self {
            metrics,
            recorder,
            live,
            db,
            clock,
            settings: Arc::new(settings),
            passwords: services::passwords::Hasher::new(),
            shutdown,
        }
    }

    /// Ends it without losing anything: what waits is written, then the database is closed. Call it when no
    /// request is under way any more.
    pub async fn finish(&self) {
        self.shutdown.cancel();
        self.recorder.finish().await;
        self.db.close().await;
    }
}
