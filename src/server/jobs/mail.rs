//! Sends what lies in the outbox, every few seconds. Replicas share the work: a mail that one has taken is no other's.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Job;
use crate::server::App;
use crate::server::error::ServiceError;
use crate::server::services::outbox;

const INTERVAL: Duration = Duration::from_secs(5);
const JOB: Job = Job {
    name: "job.mail",
    first_run: INTERVAL,
    interval: INTERVAL,
};

/// Starts the job. After `shutdown` it takes no other mail; those under way end within half a minute.
pub fn spawn(app: App, shutdown: CancellationToken) -> JoinHandle<()> {
    JOB.spawn(shutdown, move || run(app.clone()))
}

async fn run(app: App) -> Result<(), ServiceError> {
    let attempts = outbox::send_due(&app).await?;
    if attempts > 0 {
        tracing::debug!(attempts, "job.mail");
    }
    Ok(())
}
