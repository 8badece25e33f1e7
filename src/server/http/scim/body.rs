//! Reading request bodies: bounded in size and time, JSON only.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::server::http::serve::is_stalled;
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::reason::Reason;
use crate::server::services::recording::Exchange;

/// Bytes of a body that are read.
const LIMIT: usize = 1024 * 1024;
/// Bytes of a body too large that are read and thrown away, so that the client gets to read the answer.
const DRAINED: usize = 32 * 1024 * 1024;
/// What a sender may take in all; the accept loop ends pauses before.
const TIME: Duration = Duration::from_secs(14);

/// The body as JSON; the exchange keeps its text.
///
/// # Errors
/// Those of [`read`], [`check_type`] and [`parse`](crate::server::scim::body::parse).
pub(super) async fn read_json(
    headers: &HeaderMap,
    exchange: &mut Exchange,
    body: Body,
) -> Result<Value, ScimError> {
    let bytes = read(body).await?;
    if !bytes.is_empty() {
        check_type(headers)?;
    }
    let parsed = crate::server::scim::body::parse(&bytes);
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        exchange.incoming.is_partial = true;
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    });
    exchange.incoming.body = Some(text);
    parsed
}

/// The body's bytes, whatever its declared type.
///
/// # Errors
/// `body_too_large` (413), `body_timeout` (408), `json_malformed` when the client breaks off.
async fn read(mut body: Body) -> Result<Vec<u8>, ScimError> {
    let deadline = Instant::now() + TIME;
    let mut bytes = Vec::new();
    let mut size = 0;
    loop {
        let Ok(frame) = timeout_at(deadline, body.frame()).await else {
            return Err(too_slow());
        };
        let data = match frame {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) if is_stalled(&error) => return Err(too_slow()),
            Some(Err(_)) => {
                return Err(ScimError::new(
                    Reason::JsonMalformed,
                    "The request body broke off before its end. Send the whole body.",
                ));
            }
        };
        size += data.len();
        if size <= LIMIT {
            bytes.extend_from_slice(&data);
        } else if size > DRAINED {
            break;
        }
    }
    if size > LIMIT {
        return Err(ScimError::new(
            Reason::BodyTooLarge,
            format!(
                "The request body is larger than {LIMIT} bytes, the most that is accepted. Send fewer operations \
                 or attributes at once."
            ),
        ));
    }
    Ok(bytes)
}

fn too_slow() -> ScimError {
    ScimError::new(
        Reason::BodyTimeout,
        "The request body did not arrive in time. Send it without pauses.",
    )
}

/// A declared type that is not JSON is refused; none is taken as JSON (Entra's bodies are
/// `application/scim+json; charset=utf-8`). So is a compressed body (RFC 9110 15.5.16).
///
/// # Errors
/// `content_type_unsupported` (415).
fn check_type(headers: &HeaderMap) -> Result<(), ScimError> {
    if let Some(coding) = compression(headers) {
        return Err(ScimError::new(
            Reason::ContentTypeUnsupported,
            format!(
                "The body is compressed (Content-Encoding {}). Send it uncompressed.",
                quoted(&coding)
            ),
        ));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_json = essence.is_empty()
        || matches!(essence, "*/*" | "application/json" | "text/json")
        || essence.ends_with("+json");
    if is_json {
        return Ok(());
    }
    Err(ScimError::new(
        Reason::ContentTypeUnsupported,
        format!(
            "The Content-Type {} is not JSON. Send application/scim+json.",
            quoted(essence)
        ),
    ))
}

/// The compression that `Content-Encoding` names. Other words there, such as "utf-8", say nothing about the bytes.
fn compression(headers: &HeaderMap) -> Option<String> {
    const COMPRESSIONS: [&str; 7] = [
        "gzip",
        "x-gzip",
        "deflate",
        "compress",
        "x-compress",
        "br",
        "zstd",
    ];
    let values = headers.get_all(CONTENT_ENCODING).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|coding| String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase())
        .find(|coding| COMPRESSIONS.contains(&coding.as_str()))
}
