//! A connection's bytes, with limits on waiting for the client.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;
use super::phase::{Phase, PhaseCell};
use super::refusal::Refusals;
use super::request_line::Inbound;

/// Ends a connection whose client waits too long with a head, a next request, or with taking the answer.
/// (Hyper's own limit for headers runs between requests, too: it would end idle connections after five seconds.)
pub(super) struct TimedIo<T> {
    inner: T,
    phase: Arc<PhaseCell>,
    inbound: Arc<Inbound>,
    refusals: Refusals,
    limits: Limits,
    read: Timer,
    write: Timer,
    closing: Closing,
}

/// How far the end of a connection has come.
enum Closing {
    /// The answer may not have gone yet.
    No,
    /// Our side is closed; so many bytes of the client's have been thrown away since.
    Lingering(usize),
}

/// Bytes of an unread body that are thrown away at the end.
const LINGERED: usize = 32 * 1024 * 1024;

impl<T> TimedIo<T> {
    pub(super) fn new(
        inner: T,
        phase: Arc<PhaseCell>,
        inbound: Arc<Inbound>,
        limits: Limits,
    ) -> Self {
        Self {
            inner,
            refusals: Refusals::new(phase.clone(), inbound.clone()),
            phase,
            inbound,
            limits,
            read: Timer::default(),
            write: Timer::default(),
            closing: Closing::No,
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

impl<T: Write + Unpin> TimedIo<T> {
    /// Writes our own words in the place of `length` bytes of hyper's.
    fn refuse(&mut self, length: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some(text) = self.refusals.rest() {
            let written =
                ready!(self.limited(context, |inner, context| inner.poll_write(context, &text)))?;
            self.refusals.written(written);
        }
        Poll::Ready(Ok(length))
    }
}

impl<T: Read + Unpin> TimedIo<T> {
    /// Throws away, for a while, what the client is still sending of a body that nobody reads. A connection that is
    /// closed at once is reset, and then a client that sends all before it reads never sees the answer.
    fn linger(&mut self, mut lingered: usize, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8 * 1024];
        while lingered < LINGERED {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.inner).poll_read(context, buffer.unfilled()) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    lingered += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    self.closing = Closing::Lingering(lingered);
                    return self.write.poll_from_now(self.limits.body, context);
                }
            }
        }
        Poll::Ready(())
    }
}

impl<T: Read + Write + Unpin> Write for TimedIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.refusals.replace(bytes) {
            return this.refuse(bytes.len(), context);
        }
        this.limited(context, |inner, context| inner.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.limited(context, T::poll_flush))?;
        this.refusals.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let lingered = match this.closing {
            Closing::No => {
                ready!(this.limited(context, T::poll_shutdown))?;
                0
            }
            Closing::Lingering(lingered) => lingered,
        };
        // Whoever was refused may be in the middle of a head.
        if this.inbound.is_body_open() || this.refusals.has_refused() {
            ready!(this.linger(lingered, context));
        }
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let first = slices.first().map_or(&[][..], |slice| slice);
        if this.refusals.replace(first) {
            return this.refuse(first.len(), context);
        }
        this.limited(context, |inner, context| {
            inner.poll_write_vectored(context, slices)
        })
    }
}
