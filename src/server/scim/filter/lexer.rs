//! Filter text to tokens.

use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;

/// A token of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    BracketOpen,
    /// `]`
    BracketClose,
    /// A name, operator or unquoted value.
    Word(&'a str),
    /// A quoted value, unescaped.
    Text(String),
}

/// A token and the byte at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<'a> {
    pub(super) token: Token<'a>,
    pub(super) at: usize,
}

/// Splits a filter into tokens. Strings are JSON strings, escapes included (RFC 7644 3.4.2.2).
///
/// # Errors
/// `filter_malformed` for a string that does not end or has a wrong escape, `nul_character`.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed<'_>>, ScimError> {
    if text.contains('\0') {
        return Err(nul());
    }
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let token = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'(' => Token::Open,
            b')' => Token::Close,
            b'[' => Token::BracketOpen,
            b']' => Token::BracketClose,
            b'"' => {
                at = string_end(bytes, at).ok_or_else(|| {
                    malformed(
                        start,
                        "the quotation mark is not closed; write \\\" for one inside",
                    )
                })?;
                Token::Text(unescape(&text[start..at], start)?)
            }
            _ => {
                while bytes.get(at).is_some_and(|byte| !ends_word(*byte)) {
                    at += 1;
                }
                Token::Word(&text[start..at])
            }
        };
        out.push(Placed { token, at: start });
    }
    Ok(out)
}

fn ends_word(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b'[' | b']' | b'"'
    )
}

/// The byte after the closing quotation mark of a JSON string whose content begins at `at`.
pub(in crate::server::scim) fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn unescape(quoted: &str, at: usize) -> Result<String, ScimError> {
    let text: String = serde_json::from_str(quoted).map_err(|_| {
        malformed(
            at,
            "the value is not a JSON string; write \\\\ for a backslash",
        )
    })?;
    if text.contains('\0') {
        return Err(nul());
    }
    Ok(text)
}

fn nul() -> ScimError {
    ScimError::new(
        Reason::NulCharacter,
        "The filter has the character U+0000, which no value can have. Remove it.",
    )
}

/// A grammar error; `at` is a byte offset, named from 1.
pub(super) fn malformed(at: usize, problem: &str) -> ScimError {
    ScimError::new(
        Reason::FilterMalformed,
        format!(
            "The filter cannot be read at position {}: {problem}. A filter looks like \
             userName eq \"ana@contoso.com\".",
            at + 1
        ),
    )
}
