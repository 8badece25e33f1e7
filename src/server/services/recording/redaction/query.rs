//! Queries and paths without passwords and tokens, however their letters are escaped: what is decoded is looked at, and
//! what has nothing to hide is kept as it came.

use std::borrow::Cow;

use percent_encoding::{percent_decode_str, percent_encode_byte};

use super::{HIDDEN, contains_password, redacted, redacted_text};
use crate::model::token::TOKEN_START;
use crate::server::scim::filter::is_keyword;
use crate::server::scim::list::PARAMETERS;
use crate::server::scim::path::AttributePath;

/// Escapes of escapes that are looked through, and one more round that finds none.
const ROUNDS: usize = 4;
/// Parameters that are numbers.
const NUMBERS: [&str; 2] = ["startIndex", "count"];
/// Of orders.
const DIRECTIONS: [&str; 2] = ["ascending", "descending"];

/// A query without tokens, and whether it asks for the same still. Of one that speaks of a password only what can be none
/// is shown: names of attributes and the words between them.
pub(in crate::server::services::recording) fn redact_query(query: String) -> (String, bool) {
    let plain = unescaped_form(&query);
    let has_token = plain
        .as_deref()
        .is_none_or(|plain| plain.contains(TOKEN_START));
    let has_password = plain.as_deref().is_none_or(contains_password);
    if !has_token && !has_password {
        return (query, true);
    }
    let hide = if has_password {
        without_password
    } else {
        without_token
    };
    let mut is_same = !has_token;
    let shown = query.split('&').map(|pair| match hide(pair) {
        Some(shown) => {
            is_same = false;
            shown
        }
        None => pair.to_owned(),
    });
    let shown = shown.collect::<Vec<_>>().join("&");
    (shown, is_same)
}

/// A path without tokens.
pub(in crate::server::services::recording) fn redacted_path(path: String) -> String {
    if !path.contains('%') {
        return redacted(path);
    }
    let segments = path.split('/').map(|segment| {
        without_token_in(segment, unescaped(segment)).unwrap_or_else(|| segment.to_owned())
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether a path has a token in it.
pub(in crate::server::services::recording) fn mentions_token(path: &str) -> bool {
    if !path.contains('%') {
        return path.contains(TOKEN_START);
    }
    unescaped(path).is_none_or(|plain| plain.contains(TOKEN_START))
}

/// The text without its escapes, and without those that come to light then. What is none stands for itself, as it does
/// for whoever reads the request. `None` where there is no end to them.
fn unescaped(text: impl Into<String>) -> Option<String> {
    let mut text = text.into();
    for _ in 0..ROUNDS {
        match percent_decode_str(&text).decode_utf8_lossy() {
            // Nothing was decoded.
            Cow::Borrowed(_) => return Some(text),
            Cow::Owned(plain) => text = plain,
        }
    }
    None
}

/// As [`unescaped`], of a query, where a plus sign is a blank.
fn unescaped_form(text: &str) -> Option<String> {
    unescaped(text.replace('+', " "))
}

/// The text with escapes where it would end a part of an address, or be taken for one.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match u8::try_from(letter) {
            Ok(byte) if byte.is_ascii_control() || b" \"%&#+=/?".contains(&byte) => {
                escaped.push_str(percent_encode_byte(byte));
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// A part of an address without tokens, given what it is without escapes; `None` where it has none.
fn without_token_in(raw: &str, plain: Option<String>) -> Option<String> {
    let Some(plain) = plain else {
        return Some(HIDDEN.to_owned());
    };
    let shown = redacted_text(&plain);
    if shown == plain {
        None
    } else if plain == raw {
        Some(shown)
    } else {
        Some(escaped(&shown))
    }
}

/// A name and its value without tokens; `None` where they have none.
fn without_token(pair: &str) -> Option<String> {
    let hide = |part: &str| without_token_in(part, unescaped_form(part));
    let Some((name, value)) = pair.split_once('=') else {
        return hide(pair);
    };
    match (hide(name), hide(value)) {
        (None, None) => None,
        (shown_name, shown) => Some(format!(
            "{}={}",
            shown_name.as_deref().unwrap_or(name),
            shown.as_deref().unwrap_or(value)
        )),
    }
}

/// A name and its value without what may be a password; `None` where they are nothing else.
fn without_password(pair: &str) -> Option<String> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (Some(name), Some(value)) = (unescaped_form(name), unescaped_form(value)) else {
        return Some(HIDDEN.to_owned());
    };
    let is_among = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(&name));
    let is_known = is_among(&PARAMETERS);
    let is_number = is_among(&NUMBERS) && value.bytes().all(|byte| byte.is_ascii_digit());
    let shown = if value.is_empty() || is_number {
        value.clone()
    } else if is_known {
        words(&value)
    } else {
        HIDDEN.to_owned()
    };
    let shown_name = if is_known || (pair.contains('=') && is_plain(&name)) {
        redacted_text(&name)
    } else {
        words(&name)
    };
    if (&shown_name, &shown) == (&name, &value) {
        return None;
    }
    Some(if pair.contains('=') {
        format!("{}={}", escaped(&shown_name), escaped(&shown))
    } else {
        escaped(&shown_name)
    })
}

/// Whether a parameter's name is like those of others, and no password itself.
fn is_plain(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    name.bytes().all(is_letter) && (!contains_password(name) || is_word(name))
}

/// The text with all hidden that is neither a word of filters nor an attribute of ours.
fn words(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = if is_quote(letter) {
            literal(rest)
        } else if is_between(letter) {
            letter.len_utf8()
        } else {
            rest.find(|letter: char| is_quote(letter) || is_between(letter))
                .unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(length);
        let is_shown = is_between(letter) || is_word(word);
        shown.push_str(if is_shown { word } else { HIDDEN });
        rest = after;
    }
    shown
}

fn is_word(text: &str) -> bool {
    let is = |word: &str| word.eq_ignore_ascii_case(text);
    is("password")
        || is_keyword(text)
        || DIRECTIONS.into_iter().any(is)
        || AttributePath::parse(text).is_ok()
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\'')
}

fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "()[],".contains(letter)
}

/// The bytes of the quoted text that this one begins with; all of it where its end is missing.
fn literal(text: &str) -> usize {
    let mut letters = text.char_indices();
    let quote = letters.next().map(|(_, quote)| quote);
    let mut is_escaped = false;
    for (at, letter) in letters {
        if Some(letter) == quote && !is_escaped {
            return at + letter.len_utf8();
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    text.len()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "Zq7s3cretXyz";

    fn kept(query: &str) -> (String, bool) {
        redact_query(query.to_owned())
    }

    #[test]
    fn of_a_query_that_speaks_of_a_password_the_words_are_kept() {
        for (query, shown) in [
            (
                "filter=userName%20eq%20%22a%22%20and%20password%20eq%20%22s1%22&count=5",
                "filter=userName%20eq%20[redacted]%20and%20password%20eq%20[redacted]&count=5",
            ),
            (
                "filter=Password+eq+%22s1%22",
                "filter=Password%20eq%20[redacted]",
            ),
            (
                "filter=%70assword%20sw%20%22s1%22",
                "filter=password%20sw%20[redacted]",
            ),
            (
                "filter=(p%2561ssword+eq+s1+title",
                "filter=(password%20eq%20[redacted]%20title",
            ),
            ("password=s1&count=5", "password=[redacted]&count=5"),
            (
                "PASS%57ORD=s1&who=s1&x&attributes=title",
                "PASSWORD=[redacted]&who=[redacted]&[redacted]&attributes=title",
            ),
            (
                "sortBy=password&value=s1",
                "sortBy=password&value=[redacted]",
            ),
            (
                "count=s1&attributes=password",
                "count=[redacted]&attributes=password",
            ),
            // What ends nowhere, is quoted otherwise, or stands before the name.
            (
                "filter=password+eq+%22s1+title",
                "filter=password%20eq%20[redacted]",
            ),
            (
                "filter=%27s1+title%27+eq+password",
                "filter=[redacted]%20eq%20password",
            ),
            (
                "filter=password+eq+%22a%5C%22+title%22",
                "filter=password%20eq%20[redacted]",
            ),
        ] {
            assert_eq!(kept(query), (shown.to_owned(), false), "{query}");
        }
        for query in [
            "attributes=userName%2Cpassword&aadOptscim062020",
            "",
            "filter=userName+eq+%22a%22&x=%zz%",
            "excludedAttributes=p%61ssword&startIndex=1",
        ] {
            let is_same = !query.contains("aadOptscim062020");
            let (shown, same) = kept(query);
            assert_eq!(same, is_same, "{query}: {shown}");
            assert!(!is_same || shown == query, "{query}: {shown}");
        }
    }

    #[test]
    fn what_follows_a_malformed_escape_is_looked_at() {
        for query in [
            "%zz%70assword=s1",
            "%70assword%=s1",
            "%70assword%zz=s1",
            "x=%&%70assword=s1",
            "filter=%70assword%20eq%20s1%",
            "filter=%7%70assword+eq+s1",
            "filter=%FFpassword+eq+s1",
            "%2525252570assword=s1",
        ] {
            let (shown, is_same) = kept(query);
            assert!(!shown.contains("s1") && !is_same, "{query}: {shown}");
        }
    }

    #[test]
    fn tokens_are_shortened_however_they_are_escaped() {
        for (query, shown) in [
            ("note=rhp_AbCdEfGh123", "note=rhp_AbCdEfGh…"),
            (
                "note=rhp%5FAbCdEfGh123&count=5",
                "note=rhp_AbCdEfGh…&count=5",
            ),
            ("note=rhp_AbCdEfGh%3123", "note=rhp_AbCdEfGh…"),
            ("note=%2572hp_AbCdEfGh123", "note=rhp_AbCdEfGh…"),
            (
                "filter=userName+eq+%22rhp%5fAbCdEfGh123%22",
                "filter=userName%20eq%20%22rhp_AbCdEfGh…%22",
            ),
            ("rhp%5FAbCdEfGh123", "rhp_AbCdEfGh…"),
            ("rhp%5FAbCdEfGh123=1", "rhp_AbCdEfGh…=1"),
        ] {
            assert_eq!(kept(query), (shown.to_owned(), false), "{query}");
        }
        for (path, shown) in [
            (
                "/scim/a/v2/Users/rhp%5FAbCdEfGh123",
                "/scim/a/v2/Users/rhp_AbCdEfGh…",
            ),
            (
                "/scim/a/v2/Users/rhp_AbCdEfGh123",
                "/scim/a/v2/Users/rhp_AbCdEfGh…",
            ),
            ("/scim/a/v2/Users/a%40b", "/scim/a/v2/Users/a%40b"),
        ] {
            assert_eq!(redacted_path(path.to_owned()), shown);
            assert_eq!(mentions_token(path), path != shown);
        }
    }

    /// The text with its letters in a case and with as many escapes around each as these say.
    fn written(text: &str, ways: &[(bool, usize)]) -> String {
        let letters = text.chars().zip(ways);
        letters
            .map(|(letter, (is_upper, escapes))| {
                let letter = if *is_upper {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                };
                let byte = u8::try_from(letter).unwrap();
                match *escapes {
                    0 => letter.to_string(),
                    escapes => format!("%{}{byte:02x}", "25".repeat(escapes - 1)),
                }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn no_way_of_writing_it_shows_a_password(
            ways in proptest::collection::vec((any::<bool>(), 0..6_usize), 8),
        ) {
            let name = written("password", &ways);
            for query in [
                format!("count=5&{name}={SECRET}"),
                format!("filter={name}%20eq%20%22{SECRET}%22"),
                format!("filter=userName+eq+%22a%22+and+{name}+eq+%22{SECRET}"),
                format!("filter=%zz{name}%20eq%20{SECRET}%"),
                format!("path={name}&value={SECRET}"),
            ] {
                let (shown, _) = kept(&query);
                prop_assert!(!shown.contains(SECRET), "{query}: {shown}");
            }
        }

        #[test]
        fn no_way_of_writing_it_shows_a_token(
            escapes in proptest::collection::vec(0..6_usize, 24),
        ) {
            let ways: Vec<(bool, usize)> = escapes.into_iter().map(|escapes| (false, escapes)).collect();
            let token = written(&format!("rhp_AbCdEfGh{SECRET}"), &ways);
            for query in [format!("note={token}"), format!("%zz{token}%&count=5"), format!("filter=x+eq+%22{token}")] {
                let (shown, is_same) = kept(&query);
                let plain = unescaped(&shown);
                prop_assert!(plain.is_some_and(|plain| !plain.contains(SECRET)), "{query}: {shown}");
                prop_assert!(!is_same);
            }
            let shown = redacted_path(format!("/scim/a/v2/Users/{token}"));
            prop_assert!(unescaped(&shown).is_some_and(|plain| !plain.contains(SECRET)), "{shown}");
        }
    }
}
