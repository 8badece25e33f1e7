//! Sends what lies in the outbox, every few seconds. Replicas share the work: a mail that one has taken is no other's.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::server::App;
use crate::server::services::outbox;

const INTERVAL: Duration = Duration::from_secs(5);

/// Starts the job. After `shutdown` it takes no other mail; those under way end within half a minute.
pub fn spawn(app: App, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        while shutdown
            .run_until_cancelled(tokio::time::sleep(INTERVAL))
            .await
            .is_some()
        {
            match outbox::send_due(&app).await {
                Err(error) => tracing::error!(%error, "job.mail failed"),
                Ok(attempts) if attempts > 0 => tracing::debug!(attempts, "job.mail"),
                Ok(_) => {}
            }
        }
    })
}
