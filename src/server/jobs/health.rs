//! Finds out once a minute how every organization is, and tells those who want to hear of it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::server::App;
use crate::server::error::ServiceError;
use crate::server::services::health_watch;
use crate::server::services::notifications::pass;

const FIRST_RUN: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_secs(60);

/// Starts the job; it ends soon after `shutdown`.
pub fn spawn(app: App, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut wait = FIRST_RUN;
        while shutdown
            .run_until_cancelled(tokio::time::sleep(wait))
            .await
            .is_some()
        {
            wait = INTERVAL;
            // What a failed run did not do, the next one does: it begins from what is stored.
            if let Some(Err(error)) = shutdown.run_until_cancelled(run(&app)).await {
                tracing::error!(%error, "job.health failed");
            }
        }
    })
}

async fn run(app: &App) -> Result<(), ServiceError> {
    if let Some(watched) = health_watch::run_claimed(app).await? {
        let told = pass::run(app).await?;
        tracing::debug!(?watched, ?told, "job.health");
    }
    Ok(())
}
