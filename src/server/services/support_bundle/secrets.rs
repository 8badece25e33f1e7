//! What no bundle may hold, whoever reads it. The log has hidden most of it when it was written; here every text is
//! looked at again, because users, changes and settings may quote what somebody put into the wrong field.

use std::cell::Cell;

use serde_json::Value;

use super::document::Document;
use crate::model::log::AttributeChange;
use crate::model::token::TOKEN_START;
use crate::server::services::recording::{redacted_body, redacted_text};

/// What stands for a secret.
pub(super) const HIDDEN: &str = "[redacted]";
/// What names a secret, in any case and as a part of a longer name.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "authorization",
    "cookie",
    "api_key",
    "apikey",
    "api-key",
    "access_token",
    "refresh_token",
];
/// Words before credentials in an `Authorization` header.
const SCHEMES: [&str; 4] = ["bearer", "basic", "digest", "negotiate"];
/// Fewer characters after such a word are no credentials.
const CREDENTIALS: usize = 6;

/// The document without any secret.
pub(super) fn hide(mut document: Document) -> Document {
    for entry in &mut document.entries {
        entry.request_body = entry.request_body.take().map(|body| self::body(&body));
        entry.response_body = entry.response_body.take().map(|body| self::body(&body));
        for (name, value) in &mut entry.headers {
            if names_a_secret(name) {
                HIDDEN.clone_into(value);
            }
        }
        entry.changes.iter_mut().for_each(hide_change);
    }
    for event in &mut document.history {
        event.changes.iter_mut().for_each(hide_change);
    }
    // Kinds are not part of the JSON: texts are changed where they stand.
    each_text(&mut document, &mut |text| *text = self::text(text));
    document
}

fn hide_change(change: &mut AttributeChange) {
    let is_secret = names_a_secret(&change.attribute);
    for value in [&mut change.old, &mut change.new].into_iter().flatten() {
        if is_secret {
            HIDDEN.clone_into(value);
        } else {
            *value = body(value);
        }
    }
}

/// Calls `f` with every text of the document but the catalogue's own.
pub(super) fn each_text(document: &mut Document, f: &mut impl FnMut(&mut String)) {
    let Document {
        title,
        about: _,
        organization,
        tenant_url,
        made_at: _,
        made_by,
        program_version: _,
        without_personal_data: _,
        left_out,
        explanation: _,
        facts,
        users,
        entries,
        history,
        settings,
        roles,
        person: _,
    } = document;
    for text in [&mut title.text, organization, tenant_url, &mut made_by.text] {
        f(text);
    }
    left_out.iter_mut().for_each(&mut *f);
    for fact in facts.iter_mut().chain(settings) {
        f(&mut fact.value.text);
    }
    for user in users {
        for text in [&mut user.name, &mut user.user_name, &mut user.id] {
            f(&mut text.text);
        }
    }
    for entry in entries {
        for fact in &mut entry.facts {
            f(&mut fact.value.text);
        }
        for step in &mut entry.steps {
            f(&mut step.text);
        }
        for remark in &mut entry.remarks {
            f(&mut remark.text);
            remark.attribute.iter_mut().for_each(&mut *f);
        }
        entry
            .changes
            .iter_mut()
            .for_each(|change| of_change(change, f));
        for (name, value) in &mut entry.headers {
            f(name);
            f(value);
        }
        f(&mut entry.method);
        f(&mut entry.path);
        f(&mut entry.note);
        for text in [
            &mut entry.query,
            &mut entry.request_body,
            &mut entry.response_body,
        ] {
            text.iter_mut().for_each(&mut *f);
        }
    }
    for event in history {
        f(&mut event.user.text);
        f(&mut event.by.text);
        event
            .changes
            .iter_mut()
            .for_each(|change| of_change(change, f));
    }
    for role in roles {
        f(&mut role.value);
        f(&mut role.means);
    }
}

fn of_change(change: &mut AttributeChange, f: &mut impl FnMut(&mut String)) {
    f(&mut change.attribute);
    change.old.iter_mut().for_each(&mut *f);
    change.new.iter_mut().for_each(f);
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|secret| name.contains(secret))
}

/// A body or a value: as JSON, laid out to be read, where it is; as a text otherwise.
fn body(text: &str) -> String {
    let text = redacted_body(text.to_owned());
    if !text.trim_start().starts_with(['{', '[']) {
        return self::text(&text);
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(mut value) => {
            hide_members(&mut value);
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        Err(_) => self::text(&text),
    }
}

fn hide_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let targets_secret = members.iter().any(|(name, path)| {
                name.eq_ignore_ascii_case("path") && path.as_str().is_some_and(names_a_secret)
            });
            for (name, member) in members.iter_mut() {
                let is_secret =
                    names_a_secret(name) || (targets_secret && name.eq_ignore_ascii_case("value"));
                if is_secret && !member.is_null() {
                    *member = Value::from(HIDDEN);
                } else {
                    hide_members(member);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(hide_members),
        // A document inside a string, as Entra sends roles.
        Value::String(text) => *text = body(text),
        _ => {}
    }
}

/// Any text: without tokens, credentials, and what stands after the name of a secret.
pub(super) fn text(text: &str) -> String {
    let text = redacted_text(text);
    let text = without_credentials(&text);
    let text = without_named(&text);
    without_signed(&text)
}

fn is_credential(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-._~+/=…".contains(letter)
}

/// `Bearer abc...` becomes `Bearer [redacted]`, in whatever way the space between is written.
fn without_credentials(text: &str) -> String {
    replace_after(text, &SCHEMES, |rest| {
        let gap = rest.len() - after_gap(rest).len();
        if gap == 0 {
            return Err(0);
        }
        let value = &rest[gap..];
        let length: usize = value
            .chars()
            .take_while(|letter| is_credential(*letter))
            .map(char::len_utf8)
            .sum();
        // A shortened token of ours tells which one it was.
        let is_ours = value.starts_with(TOKEN_START) && value[..length].ends_with('…');
        (value[..length].trim_end_matches('.').chars().count() >= CREDENTIALS && !is_ours)
            .then_some((gap, gap + length))
            .ok_or(0)
    })
}

/// What follows spaces, also those of an address.
fn after_gap(text: &str) -> &str {
    let mut rest = text;
    loop {
        let next = rest
            .strip_prefix("%20")
            .or_else(|| rest.strip_prefix([' ', '\t', '+', ':', ',', '"', '\'']));
        match next {
            Some(next) => rest = next,
            None => return rest,
        }
    }
}

/// `password=abc`, `"cookie": "abc"`, `client_secret: abc`, `password eq "abc"`.
fn without_named(text: &str) -> String {
    // Bytes that are left of the text where the latest run of letters ends.
    let run_ends = Cell::new(usize::MAX);
    replace_after(text, &NAMES, |rest| {
        if let Some(found) = compared(rest) {
            return Ok(found);
        }
        // Of several names in one run of such letters, each would read to its end.
        if run_ends.get() > rest.len() {
            let run = rest
                .bytes()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-\\\"' ".contains(byte));
            run_ends.set(rest.len() - run.count());
        }
        let mut value = &rest[rest.len() - run_ends.get()..];
        value = value
            .strip_prefix([':', '='])
            .or_else(|| value.strip_prefix("%3D"))
            .or_else(|| value.strip_prefix("%3d"))
            .ok_or(0_usize)?;
        value = value.trim_start_matches([' ', '\t']);
        let quote = value
            .chars()
            .next()
            .filter(|letter| "\"'\\".contains(*letter));
        value = value.trim_start_matches(['"', '\'', '\\']);
        let from = rest.len() - value.len();
        // A header has its whole line; a quoted value ends with its quotation mark.
        let end = match quote {
            Some(_) => value.find(['"', '\'', '\n']),
            None => value.find(['\n', '&', '"', '}']),
        };
        let to = from + end.unwrap_or(value.len());
        (to > from && rest[from..to] != *HIDDEN)
            .then_some((from, to))
            .ok_or(0)
    })
}

/// The literal of a comparison in a filter, as it is or as it stands in an address.
fn compared(rest: &str) -> Option<(usize, usize)> {
    const OPERATORS: [&str; 9] = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    let spaces = |text: &str| text.len() - spaced(text).len();
    let before = spaces(rest);
    let operator = rest.get(before..before + 2)?.to_ascii_lowercase();
    let gap = spaces(&rest[before + 2..]);
    if before == 0 || gap == 0 || !OPERATORS.contains(&operator.as_str()) {
        return None;
    }
    let from = before + 2 + gap;
    let literal = &rest[from..];
    let quote = ["\"", "%22", "\\\"", "'"]
        .into_iter()
        .find(|quote| literal.starts_with(quote));
    let (from, end) = match quote {
        Some(quote) => (from + quote.len(), literal[quote.len()..].find(quote)),
        None => (from, literal.find([' ', '+', '&', ')', ']', '%'])),
    };
    let to = from + end.unwrap_or(rest.len() - from);
    (to > from).then_some((from, to))
}

/// What follows spaces, also those of an address.
fn spaced(text: &str) -> &str {
    let mut rest = text;
    while let Some(next) = rest
        .strip_prefix("%20")
        .or_else(|| rest.strip_prefix([' ', '\t', '+']))
    {
        rest = next;
    }
    rest
}

/// Signed tokens of other services: three parts of base64 that begin like a JSON object.
fn without_signed(text: &str) -> String {
    replace_after(text, &["eyj"], |rest| {
        let length: usize = rest
            .chars()
            .take_while(|letter| is_credential(*letter))
            .map(char::len_utf8)
            .sum();
        // What is no token as a whole has none in it either.
        (rest[..length].contains('.') && length > 16)
            .then_some((0, length))
            .ok_or(length)
    })
}

/// Puts [`HIDDEN`] into the part that `find` names of what follows any of these words, which are lower-case ASCII. Where
/// there is none, `find` tells how many bytes need not be looked at again.
fn replace_after(
    text: &str,
    words: &[&str],
    find: impl Fn(&str) -> Result<(usize, usize), usize>,
) -> String {
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    // Each word is looked for only once the place of before is passed: a text is read once for each, not for each match.
    let mut places: Vec<_> = words.iter().map(|word| (lower.find(word), *word)).collect();
    loop {
        for (place, word) in &mut places {
            if place.is_some_and(|at| at < done) {
                *place = lower[done..].find(*word).map(|at| done + at);
            }
        }
        let first = places
            .iter()
            .filter_map(|(place, word)| Some(((*place)?, *word)));
        let Some((at, word)) = first.min() else { break };
        let end = at + word.len();
        shown.push_str(&text[done..end]);
        done = match find(&text[end..]) {
            Ok((from, to)) => {
                shown.push_str(&text[end..end + from]);
                shown.push_str(HIDDEN);
                end + to
            }
            Err(passed) => {
                shown.push_str(&text[end..end + passed]);
                end + passed
            }
        };
    }
    shown.push_str(&text[done..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_from_any_text() {
        for text in [
            "Authorization: Bearer s3cr3t-value.1",
            "got bearer%20s3cr3t-value.1 instead",
            "BEARER  s3cr3t-value.1",
            "Basic s3cr3t-value.1",
            "title=a&password=s3cr3t-value.1",
            "client_secret: s3cr3t-value.1",
            r#"{\"cookie\":\"sid=s3cr3t-value.1; a=b\"}"#,
            "Cookie: a=b; sid=s3cr3t-value.1",
            "password eq \"s3cr3t-value.1\" and active eq true",
            "a=b&filter=password+eq+%22s3cr3t-value.1%22",
            "(client_secret sw s3cr3t-value.1)",
            "the Authorization is \"Bearer s3cr3t-value.1\"",
        ] {
            let shown = super::text(text);
            assert!(!shown.contains("s3cr3t"), "{text}: {shown}");
            assert!(shown.contains(HIDDEN), "{text}: {shown}");
        }
        let far = format!("secret_{}=s3cr3t-value.1", "x".repeat(300));
        assert!(!super::text(&far).contains("s3cr3t"));
        let second = super::text("a secret, and one more secret here: s3cr3t-value.1");
        assert!(!second.contains("s3cr3t"), "{second}");
        let signed = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        assert_eq!(super::text(&format!("<{signed}>")), "<eyJ[redacted]>");
        assert_eq!(
            super::text("Bearer rhp_AbCdEfGh1234567890"),
            "Bearer rhp_AbCdEfGh…"
        );
    }

    /// Each of these took seconds when every match read the rest of the text again.
    #[test]
    fn a_long_text_is_read_once() {
        for word in ["secret ", "secret", "eyj", "bearer ", "password eq "] {
            let text = word.repeat(400_000 / word.len());
            assert!(!super::text(&text).is_empty(), "{word}");
        }
        assert_eq!(super::text(&"eyj".repeat(9)), "eyj".repeat(9));
    }

    #[test]
    fn what_only_speaks_of_them_stays() {
        for text in [
            "The Secret Token 'Entra' (rhp_AbCdEfGh) expired 3 days ago.",
            "A password was discarded.",
            "The header is not a Bearer token.",
            "Basic plan",
        ] {
            assert_eq!(super::text(text), text);
        }
    }

    #[test]
    fn members_and_values_of_a_body_are_hidden_by_their_names() {
        let body = super::body(
            r#"{"userName":"a","clientSecret":"s3cr3t","Operations":[{"op":"add","path":"urn:x:apiKey","value":"s3cr3t"}],
                "roles":"{\"cookie\":\"s3cr3t\"}","n":{"Set-Cookie":["s3cr3t"]}}"#,
        );
        assert!(!body.contains("s3cr3t"), "{body}");
        assert!(body.contains("\"userName\": \"a\""), "{body}");
    }
}
