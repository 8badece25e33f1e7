//! Bodies: a request's, which must keep coming, and an answer's, which tells when it has gone.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::phase::Busy;
use super::request_line::Inbound;

/// Bytes a second that a body must have come at on average once the first wait is over: without it, a byte every
/// nine seconds would hold a request for as long as it pleases.
pub(super) const SLOWEST: u64 = 1_024;

/// The client has stopped sending, or sends too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the request's body did not come in time")]
struct Stalled;

/// Whether an error of a body means that the client was too slow: 408 rather than 400.
pub fn is_stalled(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(cause) = error {
        if cause.is::<Stalled>() {
            return true;
        }
        error = cause.source();
    }
    false
}

/// A request's body with a limit on waiting for it.
pub(super) struct RequestBody {
    inner: Incoming,
    patience: Duration,
    /// Since the body was first asked for; time that nobody waits does not count against the client.
    progress: Option<Progress>,
    /// Who is told what was read; nobody any more once that was the end.
    inbound: Option<Arc<Inbound>>,
}

struct Progress {
    started: Instant,
    last: Instant,
    received: u64,
    timer: Pin<Box<Sleep>>,
}

impl Progress {
    fn deadline(&self, patience: Duration) -> Instant {
        let earned = Duration::from_secs(self.received / SLOWEST);
        (self.last + patience).min(self.started + patience + earned)
    }
}

impl RequestBody {
    /// `patience` is how long the client may send nothing before the body fails.
    pub(super) fn new(inner: Incoming, patience: Duration, inbound: Arc<Inbound>) -> Self {
        inbound.body_begun();
        let mut body = Self {
            inner,
            patience,
            progress: None,
            inbound: Some(inbound),
        };
        if body.inner.is_end_stream() {
            body.ended();
        }
        body
    }

    fn received(&mut self, bytes: u64) {
        if let Some(progress) = &mut self.progress {
            progress.last = Instant::now();
            progress.received += bytes;
        }
        if let Some(inbound) = &self.inbound {
            inbound.body_received(bytes);
        }
    }

    fn ended(&mut self) {
        if let Some(inbound) = self.inbound.take() {
            inbound.body_ended();
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.received(u64::try_from(bytes).unwrap_or(u64::MAX));
            }
            if frame.is_none() || this.inner.is_end_stream() {
                this.ended();
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let progress = this.progress.get_or_insert_with(|| {
            let now = Instant::now();
            Progress {
                started: now,
                last: now,
                received: 0,
                timer: Box::pin(sleep_until(now)),
            }
        });
        let deadline = progress.deadline(this.patience);
        progress.timer.as_mut().reset(deadline);
        ready!(progress.timer.as_mut().poll(context));
        Poll::Ready(Some(Err(Stalled.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body; the connection is busy until it has gone.
pub(super) struct AnswerBody {
    inner: Body,
    _busy: Busy,
}

impl AnswerBody {
    /// `busy` ends with the body, so that the connection counts as busy until the answer is out.
    pub(super) fn new(inner: Body, busy: Busy) -> Self {
        Self { inner, _busy: busy }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
