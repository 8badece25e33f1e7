//! The accept loop: HTTP/1.1 with a time limit on everything that a client could drag out.
//!
//! `axum::serve` sets no timer, so that one slow sender for each connection would be enough to fill the process.

mod body;
mod host;
mod io;
mod phase;
mod refusal;
mod request_line;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use body::is_stalled;
use body::{AnswerBody, RequestBody};
use io::TimedIo;
use phase::{Connections, Phase, PhaseCell};
use request_line::{Inbound, RequestLines};

use crate::server::App;

/// Bytes of a request's head at most.
const HEAD: usize = 64 * 1024;

/// What a client may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// From the first byte (or the connection's beginning) to the end of the headers.
    headers: Duration,
    /// Between two requests.
    idle: Duration,
    /// Without a byte of the body; after it, a body must have come at [`body::SLOWEST`] on average.
    body: Duration,
    /// From the headers to the beginning of the answer.
    request: Duration,
    /// Without the client taking a byte of the answer.
    answer: Duration,
    /// For requests under way when the service shuts down.
    drain: Duration,
    /// Connections at a time.
    connections: usize,
}

impl Limits {
    const DEFAULT: Self = Self {
        headers: Duration::from_secs(5),
        idle: Duration::from_secs(75),
        body: Duration::from_secs(10),
        request: Duration::from_secs(30),
        answer: Duration::from_secs(30),
        drain: Duration::from_secs(10),
        connections: 4_096,
    };
}

/// Serves `router` on `listener` until `app.shutdown` is cancelled; then accepts no more, lets requests under way
/// finish for ten seconds and returns. Requests carry `ConnectInfo<SocketAddr>`; a body that stalls ends in an
/// error that [`is_stalled`] knows.
pub async fn serve(app: &App, router: Router, listener: TcpListener) {
    run(router, listener, app.shutdown.clone(), Limits::DEFAULT).await;
}

async fn run(router: Router, listener: TcpListener, shutdown: CancellationToken, limits: Limits) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let connections = Connections::default();
    let tasks = TaskTracker::new();
    let cut_off = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or a client that has gone already: neither is worth stopping for.
                tracing::warn!(error = %error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let slot = tokio::select! {
            () = shutdown.cancelled() => break,
            slot = find_slot(&slots, &connections) => slot,
        };
        let connection = Connection {
            router: router.clone(),
            peer,
            limits,
            phase: connections.add(),
            inbound: Arc::default(),
            shutdown: shutdown.clone(),
            cut_off: cut_off.clone(),
        };
        tasks.spawn(async move {
            connection.run(stream).await;
            drop(slot);
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(limits.drain, tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = tasks.len(),
            "requests were cut off by the shutdown"
        );
        cut_off.cancel();
        tasks.wait().await;
    }
}

/// A place for a new connection. When all are taken, the one that has been waiting longest for its client gives
/// way; when all are busy, the new one waits.
async fn find_slot(
    slots: &Arc<Semaphore>,
    connections: &Connections,
) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(slot) = slots.clone().try_acquire_owned() {
            return Some(slot);
        }
        connections.close_longest_waiting();
        let patience = Duration::from_millis(200);
        if let Ok(slot) = tokio::time::timeout(patience, slots.clone().acquire_owned()).await {
            return slot.ok();
        }
    }
}

struct Connection {
    router: Router,
    peer: SocketAddr,
    limits: Limits,
    phase: Arc<PhaseCell>,
    inbound: Arc<Inbound>,
    shutdown: CancellationToken,
    cut_off: CancellationToken,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        // Answers are written whole: waiting for more would only add 40 ms.
        let _ = stream.set_nodelay(true);
        let lines = RequestLines::new(stream, self.inbound.clone());
        let io = TimedIo::new(
            TokioIo::new(lines),
            self.phase.clone(),
            self.inbound.clone(),
            self.limits,
        );
        let service = service_fn(|request| self.answer(request));
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(HEAD)
            .serve_connection(io, service);
        let mut connection = std::pin::pin!(connection);
        let mut is_closing = false;
        loop {
            tokio::select! {
                outcome = connection.as_mut() => {
                    if let Err(error) = outcome {
                        tracing::debug!(error = %error, peer = %self.peer, "connection ended");
                    }
                    return;
                }
                () = self.cut_off.cancelled() => return,
                () = self.shutdown.cancelled(), if !is_closing => is_closing = true,
                () = self.phase.asked_to_close(), if !is_closing => is_closing = true,
            }
            // Nothing has been answered to half a head: the client can safely ask again elsewhere.
            if self.phase.get() == Phase::Head {
                return;
            }
            connection.as_mut().graceful_shutdown();
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let busy = self.phase.busy();
        let inbound = self.inbound.clone();
        let mut request =
            request.map(|body| Body::new(RequestBody::new(body, self.limits.body, inbound)));
        if !host::is_clear(request.version(), request.headers()) {
            tracing::debug!(peer = %self.peer, "a request does not name one host");
            let response = host::unclear(request.uri().path());
            return Ok(response.map(|body| Body::new(AnswerBody::new(body, busy))));
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let answer = self.router.clone().oneshot(request);
        let response = match tokio::time::timeout(self.limits.request, answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(impossible)) => match impossible {},
            Err(_) => timed_out(),
        };
        Ok(response.map(|body| Body::new(AnswerBody::new(body, busy))))
    }
}

/// The last resort; parts with an error format of their own set a shorter limit.
fn timed_out() -> Response {
    tracing::error!("a request took too long and was given up");
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "10"), (header::CONNECTION, "close")],
        "This took too long. Try again.\n",
    )
        .into_response()
}

#[cfg(test)]
mod tests;
