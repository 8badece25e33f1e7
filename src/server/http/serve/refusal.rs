//! Words for the requests that hyper refuses by itself: it answers a head that it cannot read with a bare status,
//! before anything of ours has seen the request.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::json;

use super::phase::{Phase, PhaseCell};
use super::request_line::Inbound;
use crate::server::scim::schema;

/// Tells hyper's own answers from ours.
pub(super) struct Refusals {
    phase: Arc<PhaseCell>,
    inbound: Arc<Inbound>,
    /// Answers of ours that have left as a whole.
    flushed: u64,
    /// What is still to be written of a refusal.
    rest: Option<Bytes>,
}

impl Refusals {
    pub(super) fn new(phase: Arc<PhaseCell>, inbound: Arc<Inbound>) -> Self {
        Self {
            phase,
            inbound,
            flushed: 0,
            rest: None,
        }
    }

    /// Everything written so far has left.
    pub(super) fn flushed(&mut self) {
        if self.phase.get() != Phase::Busy {
            self.flushed = self.phase.answers();
        }
    }

    /// Whether what hyper is about to write is to be replaced by [`Refusals::rest`]: nothing of ours is under way,
    /// so it can only be a refusal.
    pub(super) fn replace(&mut self, bytes: &[u8]) -> bool {
        if self.rest.is_some() {
            return true;
        }
        let is_ours = self.phase.get() == Phase::Busy || self.phase.answers() != self.flushed;
        let status = (!is_ours).then(|| status(bytes)).flatten();
        self.rest = status.map(|status| refusal(status, self.inbound.is_scim()));
        self.rest.is_some()
    }

    /// Whether the connection ends with a refusal.
    pub(super) fn has_refused(&self) -> bool {
        self.rest.is_some()
    }

    /// What is still to be written; `None` when it was all.
    pub(super) fn rest(&self) -> Option<Bytes> {
        self.rest.clone().filter(|rest| !rest.is_empty())
    }

    /// Notes that so many bytes of the rest have left.
    pub(super) fn written(&mut self, bytes: usize) {
        if let Some(rest) = &mut self.rest {
            let _ = rest.split_to(bytes.min(rest.len()));
        }
    }
}

/// The status of an answer that begins with `bytes`, if it is a refusal.
fn status(bytes: &[u8]) -> Option<&str> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    std::str::from_utf8(status)
        .ok()
        .filter(|status| status.starts_with('4'))
}

fn refusal(status: &str, is_scim: bool) -> Bytes {
    let (reason, detail) = match status {
        "431" => (
            "Request Header Fields Too Large",
            "The request has more than 100 headers, or they are larger than 64 KB, so it was not read. A proxy in between \
             may add too many.",
        ),
        "414" => (
            "URI Too Long",
            "The address of the request is too long, so it was not read. Send a long filter as POST to Users/.search.",
        ),
        _ => (
            "Bad Request",
            "The request is not valid HTTP/1.1, so it was not read: its address or a header has a character that must \
             be escaped. Entra sends no such requests; a proxy in between may.",
        ),
    };
    let (content_type, body) = body(status, detail, is_scim);
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into()
}

/// The body of a refusal, and its type before it.
pub(super) fn body(status: &str, detail: &str, is_scim: bool) -> (&'static str, String) {
    if is_scim {
        let error = json!({ "schemas": [schema::ERROR], "status": status, "detail": detail });
        ("application/scim+json", error.to_string())
    } else {
        ("text/plain; charset=utf-8", format!("{detail}\n"))
    }
}
