//! Takes up what stored users have not followed of a change of their role catalogue, because a process ended or the database
//! was away. Replicas share the work: what one of them is at is no other's.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Job;
use crate::server::App;
use crate::server::error::StoreError;
use crate::server::services::roles;

const JOB: Job = Job {
    name: "job.roles",
    first_run: Duration::from_secs(15),
    interval: Duration::from_secs(60),
};

/// Starts the job; it ends soon after `shutdown`.
pub fn spawn(app: App, shutdown: CancellationToken) -> JoinHandle<()> {
    // A batch that has begun runs to its end, and the others are taken up again.
    JOB.spawn_stoppable(shutdown, move || run(app.clone()))
}

async fn run(app: App) -> Result<(), StoreError> {
    let settled = roles::resume(&app).await?;
    if settled > 0 {
        tracing::info!(settled, "job.roles");
    }
    Ok(())
}
