//! Reading headers: what the log keeps, and conditional requests.

use axum::extract::Request;
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, IF_MATCH, IF_NONE_MATCH, PROXY_AUTHORIZATION, USER_AGENT,
};
use axum::http::{HeaderMap, HeaderName};

use crate::server::http::client_address::ClientAddress;
use crate::server::services::provisioning::Precondition;
use crate::server::services::recording::{Incoming, redacted, redacted_text};

/// Headers that the log keeps of one request, and characters of each.
const KEPT: usize = 40;
const KEPT_CHARS: usize = 500;

/// What the log is to know of a request before its body is read.
pub(super) fn incoming(request: &Request) -> Incoming {
    let headers = request.headers();
    let text = |name: &HeaderName| -> Option<String> {
        let value = headers.get(name)?;
        let text = String::from_utf8_lossy(value.as_bytes());
        Some(redacted(text.chars().take(KEPT_CHARS).collect()))
    };
    Incoming {
        method: request.method().as_str().chars().take(20).collect(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        address: request
            .extensions()
            .get::<ClientAddress>()
            .map(|client| client.address.to_string())
            .unwrap_or_default(),
        user_agent: text(&USER_AGENT),
        client_version: text(&HeaderName::from_static("adscimversion")),
        headers: kept(headers),
        body: None,
        is_partial: !are_kept(headers),
    }
}

/// Whether the headers that change what a request means are kept as they came.
fn are_kept(headers: &HeaderMap) -> bool {
    headers.len() <= KEPT
        && [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH].iter().all(|name| {
            let mut values = headers.get_all(name).iter();
            values.all(|value| value.len() <= KEPT_CHARS)
        })
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .take(KEPT)
        .map(|(name, value)| {
            let shown = if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name) {
                "[redacted]".to_owned()
            } else {
                let value = String::from_utf8_lossy(value.as_bytes());
                redacted_text(&value.chars().take(KEPT_CHARS).collect::<String>())
            };
            (name.as_str().to_owned(), shown)
        })
        .collect()
}

/// `If-Match`: what the client accepts.
pub(super) fn precondition(headers: &HeaderMap) -> Precondition {
    condition(headers, &IF_MATCH)
}

/// `If-None-Match`: what the client has.
pub(super) fn known_versions(headers: &HeaderMap) -> Precondition {
    condition(headers, &IF_NONE_MATCH)
}

fn condition(headers: &HeaderMap, name: &HeaderName) -> Precondition {
    let values = headers.get_all(name).iter();
    Precondition::parse(values.map(|value| String::from_utf8_lossy(value.as_bytes())))
}
