//! A connection's bytes, with limits on waiting for the client.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;
use super::phase::{Phase, PhaseCell};

/// Ends a connection whose client waits too long with a head, a next request, or with taking the answer.
/// (Hyper's own limit for headers runs between requests, too: it would end idle connections after five seconds.)
pub(super) struct TimedIo<T> {
    inner: T,
    phase: Arc<PhaseCell>,
    limits: Limits,
    read: Timer,
    write: Timer,
}

impl<T> TimedIo<T> {
    pub(super) fn new(inner: T, phase: Arc<PhaseCell>, limits: Limits) -> Self {
        Self {
            inner,
            phase,
            limits,
            read: Timer::default(),
            write: Timer::default(),
        }
    }
}

/// A timer that exists only once somebody has to wait.
#[derive(Default)]
struct Timer(Option<(Instant, Pin<Box<Sleep>>)>);

impl Timer {
    /// Ready at `deadline`.
    fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let (set, sleep) = self
            .0
            .get_or_insert_with(|| (deadline, Box::pin(sleep_until(deadline))));
        if *set != deadline {
            *set = deadline;
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(context)
    }

    /// Ready `limit` after the first call since [`Timer::stop`].
    fn poll_from_now(&mut self, limit: std::time::Duration, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self
            .0
            .as_ref()
            .map_or_else(|| Instant::now() + limit, |(deadline, _)| *deadline);
        self.poll(deadline, context)
    }

    fn stop(&mut self) {
        self.0 = None;
    }
}

impl<T: Read + Unpin> Read for TimedIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(outcome) = Pin::new(&mut this.inner).poll_read(context, buffer) {
            this.phase.received();
            return Poll::Ready(outcome);
        }
        let (phase, since) = this.phase.since();
        let limit = match phase {
            Phase::Idle => this.limits.idle,
            Phase::Head => this.limits.headers,
            // The body has limits of its own, and the answer takes its time.
            Phase::Busy => return Poll::Pending,
        };
        ready!(this.read.poll(since + limit, context));
        // As if the client had closed its side.
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> TimedIo<T> {
    fn limited<R>(
        &mut self,
        context: &mut Context<'_>,
        work: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if let Poll::Ready(outcome) = work(Pin::new(&mut self.inner), context) {
            self.write.stop();
            return Poll::Ready(outcome);
        }
        ready!(self.write.poll_from_now(self.limits.answer, context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: Write + Unpin> Write for TimedIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .limited(context, |inner, context| inner.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().limited(context, T::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().limited(context, T::poll_shutdown)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().limited(context, |inner, context| {
            inner.poll_write_vectored(context, slices)
        })
    }
}
