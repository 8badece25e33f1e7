//! What the service does on its own, by the clock.

pub mod health;
pub mod mail;
pub mod retention;
pub mod roles;

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
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
    /// Starts it; it begins no other run after `shutdown`. What a run has not done that failed, or panicked, the next
    /// one does.
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
                match AssertUnwindSafe(run()).catch_unwind().await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(%error, "{} failed", self.name),
                    Err(_) => tracing::error!("{} panicked", self.name),
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

#[cfg(test)]
#[expect(clippy::panic, clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_run_that_panics_is_followed_by_others() {
        let (shutdown, runs) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let (stop, counted) = (shutdown.clone(), Arc::clone(&runs));
        let job = Job {
            name: "test",
            first_run: Duration::ZERO,
            interval: Duration::from_millis(1),
        };
        let running = job.spawn(shutdown, move || {
            let (stop, run) = (stop.clone(), counted.fetch_add(1, Ordering::Relaxed));
            async move {
                match run {
                    0 => panic!("as the test wants it"),
                    1 => Err("as the test wants it"),
                    _ => {
                        stop.cancel();
                        Ok(())
                    }
                }
            }
        });
        running.await.unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }
}
