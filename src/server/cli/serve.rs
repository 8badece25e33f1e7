//! `serve`.

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, database, output};
use crate::server::App;
use crate::server::clock::Clock;
use crate::server::http;
use crate::server::jobs;
use crate::server::secret_key::KeySource;
use crate::server::services::account_links;
use crate::server::settings::{SettingArgs, default_public_url};

pub(super) async fn run(arguments: &SettingArgs) -> Result<(), Failure> {
    let mut settings = arguments.resolve()?;
    if matches!(settings.secret_key, KeySource::Missing) {
        // Before anything is migrated.
        settings.secret_key.load()?;
    }
    let listen_addr = settings.listen_addr;
    let listener = TcpListener::bind(listen_addr)
        .await
        .map_err(|error| Failure::usage(format!("LISTEN_ADDR is \"{listen_addr}\": {error}")))?;
    // Port 0 means any free one: only now is it known.
    settings.listen_addr = listener.local_addr()?;
    if arguments.is_public_url_default() {
        settings.public_url = default_public_url(settings.listen_addr);
    }
    let metrics_listener =
        match settings.metrics_addr {
            Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
                Failure::usage(format!("METRICS_ADDR is \"{address}\": {error}"))
            })?),
            None => None,
        };
    let mut signals = Signals::new()?;
    let (db, _) = database::open_and_migrate(&settings).await?;
    let app = App::new(db, Clock::system(), settings);
    app.secret_key()?;
    tracing::info!(settings = ?app.settings, "starting");

    let public_url = &app.settings.public_url;
    output::line(&format!("Rhombus Provisioning is at {public_url}"))?;
    if let Some(link) = account_links::first_start(&app).await? {
        output::line(&format!(
            "There is no Support account yet. Create the first one (this link works once, for an hour):\n{link}"
        ))?;
    }

    let shutdown = app.shutdown.clone();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("shutting down: requests under way have ten seconds");
        shutdown.cancel();
        signals.next().await;
        tracing::warn!("stopped at once, on a second signal");
        std::process::exit(1);
    });
    let retention = jobs::retention::spawn(app.clone(), app.shutdown.clone());
    let health = jobs::health::spawn(app.clone(), app.shutdown.clone());
    let mail = jobs::mail::spawn(app.clone(), app.shutdown.clone());
    let roles = jobs::roles::spawn(app.clone(), app.shutdown.clone());
    let metrics = metrics_listener.map(|listener| {
        let app = app.clone();
        tokio::spawn(async move {
            http::serve::serve(&app, http::metrics::router(app.clone()), listener).await;
        })
    });
    let router = http::router(app.clone());
    http::serve::serve(&app, router, listener).await;
    if let Some(metrics) = metrics {
        let _ = metrics.await;
    }
    // They stop between two batches.
    let _ = retention.await;
    let _ = health.await;
    let _ = mail.await;
    let _ = roles.await;
    app.finish().await;
    tracing::info!("stopped");
    Ok(())
}

/// What asks the service to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
