//! Request lines with raw characters in their query.
//!
//! Entra may send `?filter=userName+eq+"a%40b.uk"` with the quotation marks as they are. RFC 3986 wants them escaped,
//! and hyper answers 400 without a word before anything of ours has seen the request. So they are escaped on their
//! way in. A byte is changed only where the query of a request line certainly is: where that is not known, such as
//! behind pipelined requests and chunked bodies, everything passes as it came.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::server::scim::target;

/// What has come in on one connection.
#[derive(Debug, Default)]
pub(super) struct Inbound(Mutex<Read>);

#[derive(Debug, Default)]
struct Read {
    /// Whether the last request line asks for a SCIM path.
    is_scim: bool,
    /// Bodies that were read to their end.
    ended: u64,
    bytes: u64,
    /// Whether the last request's body was not.
    is_open: bool,
}

impl Inbound {
    fn read(&self) -> MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader has taken the body on.
    pub(super) fn body_begun(&self) {
        self.read().is_open = true;
    }

    /// So many bytes of the body have been read.
    pub(super) fn body_received(&self, bytes: u64) {
        self.read().bytes += bytes;
    }

    /// The body has been read to its end, or given up.
    pub(super) fn body_ended(&self) {
        let mut read = self.read();
        read.ended += 1;
        read.is_open = false;
    }

    /// Whether the client may still be sending a body that nobody has read.
    pub(super) fn is_body_open(&self) -> bool {
        self.read().is_open
    }

    /// Whether the request that was read last, or its beginning, asks for a SCIM path.
    pub(super) fn is_scim(&self) -> bool {
        self.read().is_scim
    }

    /// Whether these are all bodies and all their bytes.
    fn bodies_are(&self, ended: u64, bytes: u64) -> bool {
        let read = self.read();
        (read.ended, read.bytes) == (ended, bytes)
    }
}

/// A connection whose request lines are made readable.
pub(super) struct RequestLines<T> {
    inner: T,
    scanner: Scanner,
    inbound: Arc<Inbound>,
    /// Bytes that were read and changed, and did not fit yet.
    pending: Bytes,
}

impl<T> RequestLines<T> {
    pub(super) fn new(inner: T, inbound: Arc<Inbound>) -> Self {
        Self {
            inner,
            scanner: Scanner::default(),
            inbound,
            pending: Bytes::new(),
        }
    }

    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.pending.len().min(buffer.remaining());
        buffer.put_slice(&self.pending.split_to(length));
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for RequestLines<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.pending.is_empty() {
            this.scanner.look_for_head(&this.inbound);
            let start = buffer.filled().len();
            ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
            let (_, read) = buffer.filled().split_at(start);
            let escaped = this.scanner.escape(read);
            this.inbound.read().is_scim = this.scanner.path.is_scim();
            let Some((unchanged, rest)) = escaped else {
                return Poll::Ready(Ok(()));
            };
            buffer.set_filled(start + unchanged);
            this.pending = rest.into();
        }
        this.hand_over(buffer);
        Poll::Ready(Ok(()))
    }
}

/// Where in the stream of bytes the next one is.
#[derive(Debug, Default)]
struct Scanner {
    place: Place,
    /// Heads that have gone by.
    heads: u64,
    /// Bytes behind heads: of bodies, or of what cannot be told.
    others: u64,
    path: PathStart,
}

/// The beginning of a path, as long as it takes to know whose it is.
#[derive(Debug, Default)]
struct PathStart {
    bytes: [u8; 6],
    length: usize,
}

impl PathStart {
    /// The next byte of the path; of several slashes in a row one counts.
    fn push(&mut self, byte: u8) {
        let is_repeated =
            byte == b'/' && self.bytes.get(self.length.wrapping_sub(1)) == Some(&byte);
        if let Some(place) = self.bytes.get_mut(self.length).filter(|_| !is_repeated) {
            *place = byte;
            self.length += 1;
        }
    }

    fn is_scim(&self) -> bool {
        let start = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(start).is_ok_and(target::is_scim)
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Place {
    /// Before a request line; empty lines may precede it.
    #[default]
    Start,
    Method,
    Path,
    Query,
    Version,
    /// In a line of the headers.
    Header {
        is_empty: bool,
    },
    /// Behind a head.
    Other,
}

impl Scanner {
    /// A head begins here if each request so far had its body read to the end, and those were all the bytes behind
    /// the heads: hyper then holds none of the next request. (Chunks are longer than what is in them, so that this
    /// is never so again behind a chunked body.)
    fn look_for_head(&mut self, inbound: &Inbound) {
        if self.place == Place::Other && inbound.bodies_are(self.heads, self.others) {
            self.place = Place::Start;
        }
    }

    /// How many of the bytes may stay, and what comes in the place of the others; `None` if all may.
    fn escape(&mut self, bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
        let mut changed: Option<(usize, Vec<u8>)> = None;
        for (at, byte) in bytes.iter().enumerate() {
            if self.place == Place::Other {
                let (_, others) = bytes.split_at(at);
                self.others += u64::try_from(others.len()).unwrap_or(u64::MAX);
                if let Some((_, text)) = &mut changed {
                    text.extend_from_slice(others);
                }
                break;
            }
            if self.is_raw(*byte) {
                let (_, text) =
                    changed.get_or_insert_with(|| (at, Vec::with_capacity(bytes.len())));
                text.extend_from_slice(percent_encoding::percent_encode_byte(*byte).as_bytes());
            } else if let Some((_, text)) = &mut changed {
                text.push(*byte);
            }
        }
        changed
    }

    /// Goes on by one byte of a head: whether it stands in the query and must not.
    fn is_raw(&mut self, byte: u8) -> bool {
        self.place = match (self.place, byte) {
            (Place::Start, b'\r' | b'\n') => Place::Start,
            (Place::Start, _) => {
                self.path = PathStart::default();
                Place::Method
            }
            (Place::Header { is_empty: true }, b'\n') => {
                self.heads += 1;
                Place::Other
            }
            (Place::Header { is_empty: true }, b'\r') => self.place,
            (Place::Header { .. }, _) => Place::Header {
                is_empty: byte == b'\n',
            },
            (Place::Method | Place::Path | Place::Query | Place::Version, b'\n') => {
                Place::Header { is_empty: true }
            }
            (Place::Method, b' ') => Place::Path,
            (Place::Path, b'?') => Place::Query,
            (Place::Path | Place::Query, b' ') => Place::Version,
            // What hyper refuses, and `#`, behind which it drops everything: a request has no fragment.
            (Place::Query, b'"' | b'#' | b'<' | b'>' | 0x80..) => return true,
            (place, byte) => {
                if place == Place::Path {
                    self.path.push(byte);
                }
                place
            }
        };
        false
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for RequestLines<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, slices)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::io::AsyncReadExt;

    use super::*;

    const RAW: &str = "GET /a\"b?q=\"x\"&r=<#ä>&s={|}^`\\[]' HTTP/1.1\r\nA: ?\"<>\r\n\r\n";
    const ESCAPED: &str =
        "GET /a\"b?q=%22x%22&r=%3C%23%C3%A4%3E&s={|}^`\\[]' HTTP/1.1\r\nA: ?\"<>\r\n\r\n";
    /// What would be changed if it were taken for a head.
    const POST: &str = "POST /?\"=1 HTTP/1.1\nContent-Length: 28\n\n";
    const ESCAPED_POST: &str = "POST /?%22=1 HTTP/1.1\nContent-Length: 28\n\n";
    const BODY: &str = "GET /?q=\"x\" HTTP/1.1\r\n\r\n\r\n\r\n";

    /// A connection whose client sends `sent` and no more, read by `piece` bytes.
    struct Client<'a> {
        lines: RequestLines<&'a [u8]>,
        piece: usize,
    }

    impl<'a> Client<'a> {
        fn new(sent: &'a str, piece: usize) -> Self {
            let lines = RequestLines::new(sent.as_bytes(), Arc::default());
            Self { lines, piece }
        }

        /// The next bytes until there are at least as many as are expected, or no more.
        async fn next(&mut self, expected: &str) -> String {
            let mut text = Vec::new();
            while text.len() < expected.len() {
                let mut buffer = vec![0; self.piece.min(expected.len() - text.len())];
                let length = self.lines.read(&mut buffer).await.unwrap();
                if length == 0 {
                    break;
                }
                text.extend_from_slice(buffer.get(..length).unwrap());
            }
            String::from_utf8(text).unwrap()
        }

        fn body(&self, length: usize) {
            self.lines.inbound.body_received(length.try_into().unwrap());
            self.lines.inbound.body_ended();
        }
    }

    #[tokio::test]
    async fn the_query_alone_is_escaped_however_the_head_is_cut() {
        for piece in [1, 2, 3, 7, 30, 4_096] {
            let sent = format!("\r\n{RAW}");
            let expected = format!("\r\n{ESCAPED}");
            let mut client = Client::new(&sent, piece);
            assert_eq!(client.next(&expected).await, expected, "{piece}");
        }
    }

    #[tokio::test]
    async fn bodies_pass_and_the_next_head_is_escaped_again() {
        for piece in [1, 3, 4_096] {
            let sent = format!("{RAW}{POST}{BODY}{RAW}");
            let mut client = Client::new(&sent, piece);
            // What is read before the body's end is not known to be a head, so each part is asked for alone.
            assert_eq!(client.next(RAW).await.len(), RAW.len());
            let _ = client.next(&ESCAPED[RAW.len()..]).await;
            client.body(0);
            assert_eq!(client.next(ESCAPED_POST).await, ESCAPED_POST, "{piece}");
            assert_eq!(client.next(BODY).await, BODY, "{piece}");
            client.body(BODY.len());
            assert_eq!(client.next(ESCAPED).await, ESCAPED, "{piece}");
        }
    }

    #[tokio::test]
    async fn what_is_pipelined_is_left_alone_and_so_is_all_behind_it() {
        let sent = format!("{POST}{BODY}{RAW}{RAW}");
        let mut client = Client::new(&sent, POST.len() + BODY.len() + 5);
        let first = format!("{ESCAPED_POST}{BODY}{}", &RAW[..3]);
        assert_eq!(client.next(&first).await, first);
        client.body(BODY.len());
        let rest = format!("{}{RAW}", &RAW[3..]);
        assert_eq!(client.next(&rest).await, rest);
    }

    #[tokio::test]
    async fn a_body_that_is_not_read_to_its_end_hides_the_next_head() {
        let sent = format!("{POST}{BODY}{RAW}");
        let mut client = Client::new(&sent, 1);
        assert_eq!(client.next(ESCAPED_POST).await, ESCAPED_POST);
        assert_eq!(client.next(BODY).await, BODY);
        client
            .lines
            .inbound
            .body_received(BODY.len().try_into().unwrap());
        assert_eq!(client.next(RAW).await, RAW);
    }

    #[tokio::test]
    async fn chunks_are_longer_than_what_is_in_them() {
        let sent = format!("{POST}3\r\nabc\r\n0\r\n\r\n{RAW}");
        let mut client = Client::new(&sent, 1);
        assert_eq!(client.next(ESCAPED_POST).await, ESCAPED_POST);
        let chunks = "3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(client.next(chunks).await, chunks);
        client.body(3);
        assert_eq!(client.next(RAW).await, RAW);
    }

    #[tokio::test]
    async fn what_is_not_http_1_passes() {
        for text in [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\"?\"",
            "\u{16}\u{3}\u{1}\"?\"<>",
        ] {
            let mut client = Client::new(text, 4_096);
            assert_eq!(client.next(text).await, text);
        }
    }
}
