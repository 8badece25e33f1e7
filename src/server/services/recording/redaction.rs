//! What must never be kept: passwords, and anything that looks like our token.

mod query;

pub(super) use query::{mentions_token, redact_query, redacted_path};

use serde_json::Value;

use super::BODY_KEPT;
use crate::model::token::{TOKEN_PREFIX, TOKEN_START};

const HIDDEN: &str = "[redacted]";
const NOT_JSON: &str = "[not kept: not JSON, and it may mention a password]";

/// A body without passwords and tokens. One that cannot be parsed and speaks of a password is not kept.
pub fn redacted_body(body: String) -> String {
    redact_body(body).0
}

/// As [`redacted_body`], and whether it asks for the same still: only values of passwords are missing, which nobody looks
/// at.
pub(super) fn redact_body(body: String) -> (String, bool) {
    if !has_letter_escapes(&body) && !contains_password(&body) {
        let is_same = !body.contains(TOKEN_START);
        return (redacted(body), is_same);
    }
    // Parsed, so that no name and no token is missed for the way it is written.
    let json = body.strip_prefix('\u{feff}').unwrap_or(&body);
    match serde_json::from_str::<Value>(json) {
        Ok(mut value) => {
            let is_same = hide_passwords(&mut value);
            let text = value.to_string();
            let is_same = is_same && !text.contains(TOKEN_START);
            (redacted(text), is_same)
        }
        Err(_) => (NOT_JSON.to_owned(), false),
    }
}

/// The JSON of an answer without passwords and tokens, little beyond what is kept of it.
pub fn redacted_answer(answer: &str) -> String {
    let text = beginning(answer);
    if has_letter_escapes(text) || contains_password(text) {
        let whole = redacted_body(answer.to_owned());
        return beginning(&whole).to_owned();
    }
    redacted(text.to_owned())
}

/// As [`redacted_text`], without a copy where there is nothing to hide.
pub fn redacted(text: String) -> String {
    if text.contains(TOKEN_START) {
        redacted_text(&text)
    } else {
        text
    }
}

/// Text with every token shortened to what the tokens page shows of it.
pub fn redacted_text(text: &str) -> String {
    let mut rest = text;
    let mut redacted = String::new();
    while let Some(start) = rest.find(TOKEN_START) {
        let (before, token) = rest.split_at(start);
        let length = TOKEN_START.len()
            + token[TOKEN_START.len()..]
                .bytes()
                .take_while(u8::is_ascii_alphanumeric)
                .count();
        redacted.push_str(before);
        let shown = length.min(TOKEN_PREFIX);
        redacted.push_str(&token[..shown]);
        if length > shown {
            redacted.push('…');
        }
        rest = &token[length..];
    }
    if redacted.is_empty() && rest.len() == text.len() {
        return text.to_owned();
    }
    redacted.push_str(rest);
    redacted
}

/// Little beyond what is kept of it: a list may be large.
fn beginning(text: &str) -> &str {
    let end = (BODY_KEPT + 1..text.len()).find(|index| text.is_char_boundary(*index));
    end.map_or(text, |end| &text[..end])
}

/// Whether letters may be written as escapes: JSON takes `p\u0061ssword` for a password.
fn has_letter_escapes(text: &str) -> bool {
    text.match_indices("\\u00")
        .any(|(at, start)| matches!(text.as_bytes().get(at + start.len()), Some(b'3'..=b'7')))
}

fn contains_password(text: &str) -> bool {
    // Most windows are told by their first byte.
    text.as_bytes()
        .windows(8)
        .any(|window| matches!(window[0], b'p' | b'P') && window.eq_ignore_ascii_case(b"password"))
}

/// Whether nothing is hidden but values of passwords: what they are changes no answer.
fn hide_passwords(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            // PATCH names the attribute in `path` and its value beside it.
            let targets_password = members.iter().any(|(name, path)| {
                name.eq_ignore_ascii_case("path") && path.as_str().is_some_and(contains_password)
            });
            let mut is_same = true;
            for (name, member) in members.iter_mut() {
                if contains_password(name)
                    || (targets_password && name.eq_ignore_ascii_case("value"))
                {
                    *member = Value::from(HIDDEN);
                } else {
                    is_same &= hide_passwords(member);
                }
            }
            is_same
        }
        Value::Array(elements) => {
            let mut is_same = true;
            for element in elements {
                is_same &= hide_passwords(element);
            }
            is_same
        }
        Value::String(text) if contains_password(text) || has_letter_escapes(text) => {
            if text.trim_start().starts_with(['{', '[']) {
                // A document inside a string, as Entra sends roles.
                let (hidden, is_same) = redact_body(std::mem::take(text));
                *text = hidden;
                is_same
            } else if contains_password(text) && text.contains('"') {
                // A filter, which may compare with one.
                HIDDEN.clone_into(text);
                false
            } else {
                true
            }
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_they_stand() {
        let body = r#"{"userName":"a","Password":"s1","Operations":[{"op":"add","path":"urn:x:password","value":"s2"},{"value":{"password":"s3"}}]}"#;
        let redacted = redacted_body(body.to_owned());
        for secret in ["s1", "s2", "s3"] {
            assert!(!redacted.contains(secret), "{redacted}");
        }
        assert!(redacted.contains("\"userName\":\"a\""));
        assert!(redact_body(body.to_owned()).1, "nobody looks at a password");
    }

    #[test]
    fn escapes_hide_neither_passwords_nor_tokens() {
        for body in [
            r#"{"userName":"a","p\u0061ssword":"s1"}"#,
            r#"{"userName":"a","\u0050ASS\u0057ORD":"s1"}"#,
            r#"{"userName":"a","a":{"passw\u006Frd":"s1"},"a":1}"#,
            r#"{"userName":"a","roles":[{"value":"{\"p\\u0061ssword\":\"s1\"}"}]}"#,
            r#"{"userName":"a","title":"rhp\u005fAbCdEfGh1234567890s1"}"#,
            r#"{"userName":"a","title":"\u0072hp_AbCdEfGh1234567890s1"}"#,
        ] {
            let kept = redacted_body(body.to_owned());
            assert!(!kept.contains("s1"), "{kept}");
            assert!(kept.contains(r#""userName":"a""#), "{kept}");
        }
        assert_eq!(
            redacted_body(r#"{"p\u0061ssword":"s1""#.to_owned()),
            NOT_JSON
        );
        // What escapes no letter of a name is kept as it came.
        let plain = r#"{"userName":"Ren\u00e9\u0027s","a":1,"a":2}"#;
        assert_eq!(redact_body(plain.to_owned()), (plain.to_owned(), true));
    }

    #[test]
    fn tokens_are_shortened_in_any_text() {
        let token = "rhp_AbCdEfGh1234567890";
        assert_eq!(
            redacted_text(&format!("x{token} and {token}")),
            "xrhp_AbCdEfGh… and rhp_AbCdEfGh…"
        );
        assert_eq!(redacted_text("rhp_AbCdEfGh"), "rhp_AbCdEfGh");
    }

    #[test]
    fn filters_that_compare_with_a_password_are_not_kept() {
        let (kept, is_same) = redact_query("filter=Password+eq+%22s1%22".to_owned());
        assert!(!kept.contains("s1") && !is_same);
        let search = r#"{"filter":"userName eq \"a\" and password eq \"s1\"","count":1}"#;
        let (kept, is_same) = redact_body(search.to_owned());
        assert!(!kept.contains("s1") && kept.contains("count"), "{kept}");
        assert!(!is_same, "it would be tried with another filter");
    }

    #[test]
    fn large_answers_are_kept_from_their_beginning_on() {
        let users = vec![json!({"userName": "a", "password": "s1", "x": "y".repeat(1_000)}); 200];
        let kept = redacted_answer(&json!({"Resources": users}).to_string());
        assert!(
            kept.starts_with(r#"{"Resources":[{"#) && kept.len() > BODY_KEPT,
            "{kept}"
        );
        assert!(!kept.contains("s1"), "{kept}");
    }

    #[test]
    fn unparsable_bodies_with_passwords_are_not_kept() {
        assert!(!redacted_body("{\"password\":\"s1\"".to_owned()).contains("s1"));
    }
}
