//! `Host`: which host a request asks, said once (RFC 9112 3.2). Two of them are how requests are smuggled past a proxy
//! that reads the other one.

use axum::http::{HeaderMap, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};

use super::refusal;
use crate::server::scim::target;

/// Whether the head says clearly which host is asked. HTTP/1.0 need not say so, and HTTP/2 says it in `:authority`.
pub(super) fn is_clear(version: Version, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::HOST).iter();
    match (values.next(), values.next()) {
        (None, _) => version != Version::HTTP_11,
        (Some(value), None) => is_host(value.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 7.2). An empty one is valid: the address then has no host.
fn is_host(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(byte);
    let is_address = |byte: &u8| byte.is_ascii_alphanumeric() || b":.%-_~".contains(byte);
    let end = if value.starts_with(b"[") {
        value.iter().position(|byte| *byte == b']')
    } else {
        Some(
            value
                .iter()
                .position(|byte| *byte == b':')
                .unwrap_or(value.len()),
        )
    };
    let Some((host, port)) = end.and_then(|end| value.split_at_checked(end)) else {
        return false;
    };
    let is_port = |port: &[u8]| match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    match (host, port) {
        ([b'[', address @ ..], [b']', port @ ..]) => {
            !address.is_empty() && address.iter().all(is_address) && is_port(port)
        }
        _ => host.iter().all(is_name) && is_port(port),
    }
}

/// The answer to a head that does not.
pub(super) fn unclear(path: &str) -> Response {
    let detail = "The request does not name one host in its header Host, as HTTP/1.1 demands (RFC 9112 3.2). Entra \
                  always does; a proxy in between may drop or double the header.";
    let (content_type, body) = refusal::body("400", detail, target::is_scim(path));
    (
        StatusCode::BAD_REQUEST,
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONNECTION, "close"),
        ],
        body,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_what_is_none() {
        for host in [
            "",
            "a",
            "here:3000",
            "a_b.example.:",
            "10.0.0.5",
            "[::1]",
            "[fe80::1%25en0]:443",
            "xn--bcher-kva.example",
            "%61",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for text in [
            "a b",
            "a@b",
            "http://a",
            "a/b",
            "a:b",
            "a:1:2",
            "::1",
            "[]",
            "[::1",
            "[::1]a",
            "[a]b]",
            "a[b]",
            "a\\b",
            "b\u{fc}cher",
        ] {
            assert!(!is_host(text.as_bytes()), "{text}");
        }
    }
}
