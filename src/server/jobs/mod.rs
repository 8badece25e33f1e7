//! What the service does on its own, by the clock.

pub mod health;
pub mod mail;
pub mod retention;

use std::fmt::Display;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A job, and when it runs.
struct Job {
    /// As the log names it.
    name: &'static str,
    /// After the start.
    first_run: Duration,
    /// After each run.
    interval: Duration,
}

impl Job {
    /// Starts it; it begins no other run after `shutdown`. What a failed run has not done, the next one does.
    fn spawn<E: Display + Send, R: Future<Output = Result<(), E>> + Send>(
        self,
        shutdown: CancellationToken,
        run: impl Fn() -> R + Send + 'static,
    ) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut wait = self.first_run;
            while shutdown
                .run_until_cancelled(tokio::time::sleep(wait))
                .await
                .is_some()
            {
                wait = self.interval;
                if let Err(error) = run().await {
                    tracing::error!(%error, "{} failed", self.name);
                }
            }
        })
    }

    /// The same for one whose runs may stop in between, which loses nothing.
    fn spawn_stoppable<E: Display + Send, R: Future<Output = Result<(), E>> + Send>(
        self,
        shutdown: CancellationToken,
        run: impl Fn() -> R + Send + Sync + 'static,
    ) -> JoinHandle<()> {
        let stop = shutdown.clone();
        self.spawn(shutdown, move || {
            let (stop, running) = (stop.clone(), run());
            async move { stop.run_until_cancelled(running).await.unwrap_or(Ok(())) }
        })
    }
}
