//! Everything that runs on the server; nothing here reaches the browser.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub mod actor;
pub mod api_error;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod error;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod mail;
pub mod metrics;
pub mod scim;
pub mod secret;
pub mod secret_key;
pub mod services;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod zone;

/// What every part of the running service is handed. Leptos finds it as a context, axum as its state. Cloning shares it,
/// and costs next to nothing: each layer that a request passes through clones it.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// Where the data is, what time it is, how it is set up.
#[derive(Debug)]
pub struct Parts {
    pub db: store::Db,
    pub clock: clock::Clock,
    pub settings: settings::Settings,
    /// What operators watch.
    pub metrics: metrics::Metrics,
    /// Takes the log entries that need not commit with a change.
    pub recorder: services::recording::Recorder,
    /// Tells open pages that a log has grown.
    pub live: services::live::Live,
    /// Sends mails.
    pub mailer: mail::Mailer,
    /// Hashes and verifies passwords, a few at a time.
    pub passwords: services::passwords::Hasher,
    secret_key: OnceLock<secret_key::SecretKey>,
    /// Work that goes on when whoever asked for it has gone; the service ends after it.
    pub tasks: TaskTracker,
    /// Cancelled when the service begins to shut down: long answers end, `/readyz` says no.
    pub shutdown: CancellationToken,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl App {
    /// The service on an open, migrated database.
    pub fn new(db: store::Db, clock: clock::Clock, settings: settings::Settings) -> Self {
        let shutdown = CancellationToken::new();
        let live = services::live::Live::new(db.clone(), shutdown.clone());
        let metrics = metrics::Metrics::new();
        let recorder =
            services::recording::Recorder::start(db.clone(), live.clone(), metrics.clone());
        Self(Arc::new(Parts {
            mailer: mail::Mailer::new(&settings),
            metrics,
            recorder,
            live,
            db,
            clock,
            settings,
            passwords: services::passwords::Hasher::new(),
            secret_key: OnceLock::new(),
            tasks: TaskTracker::new(),
            shutdown,
        }))
    }

    /// The key that signs links and encrypts what is stored. Only what needs it asks for it: on SQLite the first to ask
    /// makes it, and on PostgreSQL a command that can do without runs without.
    ///
    /// # Errors
    /// When it is missing or cannot be read, in one line for whoever runs the service.
    pub fn secret_key(&self) -> Result<&secret_key::SecretKey, secret_key::KeyError> {
        match self.secret_key.get() {
            Some(key) => Ok(key),
            None => {
                let key = self.settings.secret_key.load()?;
                Ok(self.secret_key.get_or_init(|| key))
            }
        }
    }

    /// Ends it without losing anything: what is under way comes to its end, what waits is written, then the database is
    /// closed. Call it when no connection is open any more.
    pub async fn finish(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.recorder.finish().await;
        self.mailer.finish().await;
        self.db.close().await;
    }
}
