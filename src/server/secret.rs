//! Random secrets, how they are kept (as a SHA-256), and a wrapper that never shows them.

use std::fmt;

use sha2::{Digest, Sha256};

/// A secret in memory. `Debug` hides it; only [`Secret::reveal`] gives it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret, so that no log and no `Debug` shows it.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself: for the one answer that shows it and for hashing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up instead of the secret.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// SHA-256 as 64 hexadecimal characters. Enough for secrets of 256 random bits; passwords need argon2.
pub fn hash(secret: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(secret.as_bytes());
    let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    let mut text = String::with_capacity(64);
    text.extend(halves.map(|half| char::from(DIGITS[usize::from(half)])));
    text
}

/// Random bytes from the operating system.
///
/// # Errors
/// When the operating system has no randomness to give; nothing secret can be made then.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the operating system"
)]
pub fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// `length` random characters of base62; 43 of them carry 256 bits.
///
/// # Errors
/// As [`random_bytes`].
pub fn random_base62(length: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in random_bytes::<64>()? {
            // Bytes above the largest multiple of 62 would favour the first digits.
            if byte < 248 && text.len() < length {
                text.push(base62_digit(byte % 62));
            }
        }
    }
    Ok(text)
}

/// One digit of base62 in the order 0-9, A-Z, a-z.
pub fn base62_digit(value: u8) -> char {
    char::from(match value {
        0..=9 => b'0' + value,
        10..=35 => b'A' + (value - 10),
        _ => b'a' + (value.min(61) - 36),
    })
}
