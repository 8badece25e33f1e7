//! Request bodies: bytes to JSON.

use serde_json::{Map, Value};

use super::error::ScimError;
use super::reason::Reason;

/// Reads a request body as JSON (RFC 7644 3.8: JSON in UTF-8). A byte order mark is tolerated.
///
/// # Errors
/// `body_empty`, `utf8_invalid` or `json_malformed`; the last also for JSON nested deeper than 128.
pub fn parse(bytes: &[u8]) -> Result<Value, ScimError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ScimError::new(
            Reason::Utf8Invalid,
            format!(
                "The request body is not UTF-8: byte {} is not valid. Send JSON encoded as UTF-8.",
                error.valid_up_to() + 1
            ),
        )
    })?;
    if text.trim_ascii().is_empty() {
        return Err(ScimError::new(
            Reason::BodyEmpty,
            "The request has no body. Send the resource or the operations as a JSON object.",
        ));
    }
    serde_json::from_str(text).map_err(|error| {
        ScimError::new(
            Reason::JsonMalformed,
            // Its text tells what is wrong and where, and quotes nothing.
            format!("The request body is not valid JSON: {error}. Send one JSON object."),
        )
    })
}

/// The members of a body that must be an object.
pub(super) fn object(body: &Value) -> Result<&Map<String, Value>, ScimError> {
    body.as_object().ok_or_else(|| {
        ScimError::new(
            Reason::BodyNotObject,
            "The request body must be a JSON object, in braces.",
        )
    })
}

/// A member whose name matches in any case (RFC 7643 2.1).
pub fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// Whether `body.schemas` is a list that names other messages only. A missing or odd list is
/// tolerated: no client gains from a refusal there.
pub(super) fn names_other_schema(members: &Map<String, Value>, urn: &str) -> bool {
    let list = member(members, "schemas").and_then(Value::as_array);
    list.is_some_and(|list| {
        !list.is_empty()
            && list.iter().all(|item| {
                item.as_str()
                    .is_some_and(|text| !text.eq_ignore_ascii_case(urn))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(bytes: &[u8]) -> Option<Reason> {
        parse(bytes).err().map(|error| error.reason)
    }

    #[test]
    fn bodies_are_refused_by_kind() {
        assert_eq!(reason(b" \r\n"), Some(Reason::BodyEmpty));
        assert_eq!(reason(b"\xEF\xBB\xBF"), Some(Reason::BodyEmpty));
        assert_eq!(reason(b"{\"a\":\"\xFF\"}"), Some(Reason::Utf8Invalid));
        assert_eq!(reason(b"{\"a\":}"), Some(Reason::JsonMalformed));
        assert_eq!(reason(b"\xEF\xBB\xBF{\"a\":1}"), None);
    }

    #[test]
    fn deep_json_is_malformed_and_not_a_crash() {
        let deep = "[".repeat(100_000);
        assert_eq!(reason(deep.as_bytes()), Some(Reason::JsonMalformed));
    }
}
