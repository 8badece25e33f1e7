//! Finds out once a minute how every organization is, and tells those who want to hear of it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Job;
use crate::server::App;
use crate::server::error::ServiceError;
use crate::server::services::health_watch;
use crate::server::services::notifications::pass;

const JOB: Job = Job {
    name: "job.health",
    first_run: Duration::from_secs(5),
    interval: Duration::from_secs(60),
};

/// Starts the job; it ends soon after `shutdown`.
pub fn spawn(app: App, shutdown: CancellationToken) -> JoinHandle<()> {
    JOB.spawn_stoppable(shutdown, move || run(app.clone()))
}

async fn run(app: App) -> Result<(), ServiceError> {
    if let Some(watched) = health_watch::run_claimed(&app).await? {
        let told = pass::run(&app).await?;
        tracing::debug!(?watched, ?told, "job.health");
    }
    Ok(())
}
