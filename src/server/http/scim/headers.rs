//! Reading headers: what the log keeps, and conditional requests.

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, USER_AGENT};
use axum::http::{HeaderMap, HeaderName};

use crate::server::http::client_address::ClientAddress;
use crate::server::services::provisioning::Precondition;
use crate::server::services::recording::{Incoming, redacted, redacted_text};

/// Headers that the log keeps of one request, and characters of each.
const KEPT: usize = 40;
const KEPT_CHARS: usize = 500;
/// Parts of the names of headers that let somebody in. Besides ours there are those that proxies in front of the service
/// add, such as `X-Forwarded-Access-Token`, `X-Amzn-Oidc-Data` and `Cf-Access-Jwt-Assertion`.
const SECRET: [&str; 11] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "credential",
    "api-key",
    "apikey",
    "assertion",
    "jwt",
    "oidc",
];

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
            let is_secret = SECRET.iter().any(|part| name.as_str().contains(part));
            let shown = if is_secret {
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

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_lets_somebody_in_is_not_kept_under_any_name() {
        let headers: HeaderMap = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "x-forwarded-authorization",
            "x-forwarded-access-token",
            "x-ms-token-aad-access-token",
            "x-amzn-oidc-data",
            "x-goog-iap-jwt-assertion",
            "x-api-key",
        ]
        .map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("s1"),
            )
        })
        .into_iter()
        .collect();
        let kept = kept(&headers);
        assert_eq!(kept.len(), 9);
        assert!(kept.iter().all(|(_, value)| value == "[redacted]"));
    }

    #[test]
    fn what_tells_about_a_request_is_kept() {
        for name in [
            "accept",
            "adscimversion",
            "content-type",
            "host",
            "if-match",
            "traceparent",
            "user-agent",
            "x-forwarded-for",
            "x-ms-client-request-id",
        ] {
            let value = HeaderValue::from_static("told");
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value)]);
            assert_eq!(kept(&headers), [(name.to_owned(), "told".to_owned())]);
        }
    }
}
