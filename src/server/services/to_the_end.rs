//! Work in many transactions that does not end with the request that asked for it.

use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::server::App;
use crate::server::error::{ServiceError, StoreError};

/// Does `work` to its end and answers what came of it. Whoever waits for the answer may go, as a browser does after half a
/// minute: `work` goes on all the same, and the service, whose `tasks` these are, does not end before it.
///
/// # Errors
/// As `work`; `Internal` when it panics.
pub(super) async fn to_the_end<T, W>(
    tasks: TaskTracker,
    name: &'static str,
    work: W,
) -> Result<T, ServiceError>
where
    T: Send + 'static,
    W: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    tasks.spawn(async move {
        // Nobody else says what failed once there is nobody to answer.
        if let Err(Err(error)) = answer.send(work.await) {
            tracing::error!(%error, "{name} failed");
        }
    });
    answered
        .await
        .map_err(|_| ServiceError::Internal(format!("{name} broke off")))?
}

/// Asked between two batches: whether there is time for another one.
///
/// # Errors
/// `Unavailable` when the service is ending. What is left waits until somebody asks for it again.
pub(super) fn go_on(app: &App) -> Result<(), StoreError> {
    if app.shutdown.is_cancelled() {
        return Err(StoreError::Unavailable("the service is ending".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn work_ends_without_who_asked_for_it_and_before_the_service() {
        let (tasks, may_end) = (TaskTracker::new(), Arc::new(Notify::new()));
        let wait = Arc::clone(&may_end);
        let work = to_the_end(tasks.clone(), "testing", async move {
            wait.notified().await;
            Ok(())
        });
        assert!(work.now_or_never().is_none());
        tasks.close();
        assert!(tasks.wait().now_or_never().is_none(), "it is under way");
        may_end.notify_one();
        tasks.wait().await;
        let answer = to_the_end(tasks, "testing", async { Ok(7) }).await;
        assert_eq!(answer.unwrap(), 7);
    }
}
