//! Work in many transactions that does not end with the request that asked for it.

use tokio::sync::oneshot;

use crate::server::error::ServiceError;

/// Does `work` to its end and answers what came of it. Whoever waits for the answer may go, as a browser does after half a
/// minute: `work` goes on all the same.
///
/// # Errors
/// As `work`; `Internal` when it panics.
pub(super) async fn to_the_end<T, W>(name: &'static str, work: W) -> Result<T, ServiceError>
where
    T: Send + 'static,
    W: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    tokio::spawn(async move {
        // Nobody else says what failed once there is nobody to answer.
        if let Err(Err(error)) = answer.send(work.await) {
            tracing::error!(%error, "{name} failed");
        }
    });
    answered
        .await
        .map_err(|_| ServiceError::Internal(format!("{name} broke off")))?
}
