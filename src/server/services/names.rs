//! Names, slugs and e-mail addresses as people type them: trimmed and checked.

use crate::model::address::Address;
use crate::server::error::ServiceError;

/// Characters of a name at most.
pub const NAME: usize = 100;

/// A name of 1 to 100 characters, without control characters.
///
/// # Errors
/// [`ServiceError::Invalid`] on `field` otherwise.
pub fn name(field: &'static str, text: &str) -> Result<String, ServiceError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ServiceError::invalid(field, "Enter a name."));
    }
    if text.chars().count() > NAME {
        return Err(ServiceError::invalid(
            field,
            "Choose a name of at most 100 characters.",
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ServiceError::invalid(
            field,
            "A name is one line of plain characters.",
        ));
    }
    Ok(text.to_owned())
}

/// A slug: 3 to 63 of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
///
/// # Errors
/// [`ServiceError::Invalid`] on `slug` otherwise.
pub fn slug(text: &str) -> Result<String, ServiceError> {
    let bytes = text.as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let complaint = if !(3..=63).contains(&bytes.len()) {
        Some("A slug has 3 to 63 characters.")
    } else if !bytes.iter().all(|byte| is_plain(byte) || *byte == b'-') {
        Some("A slug is made of a-z, 0-9 and hyphens, such as \"contoso\".")
    } else if !bytes.first().is_some_and(is_plain) || !bytes.last().is_some_and(is_plain) {
        Some("A slug begins and ends with a letter or a digit.")
    } else {
        None
    };
    match complaint {
        Some(complaint) => Err(ServiceError::invalid("slug", complaint)),
        None => Ok(text.to_owned()),
    }
}

/// An e-mail address.
///
/// # Errors
/// [`ServiceError::Invalid`] on `email` with what is wrong with it.
pub fn email(text: &str) -> Result<String, ServiceError> {
    Address::parse(text)
        .map(|address| address.to_string())
        .map_err(|reason| ServiceError::invalid("email", reason))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_checked() {
        for good in ["abc", "contoso", "a-b", "4th-coffee", &"a".repeat(63)] {
            assert_eq!(slug(good).unwrap(), good);
        }
        for bad in [
            "",
            "ab",
            "-ab",
            "ab-",
            "Contoso",
            "con toso",
            "con_toso",
            "ünï",
            &"a".repeat(64),
        ] {
            assert!(slug(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn email_addresses_are_checked_and_trimmed() {
        assert_eq!(email(" ana@contoso.com ").unwrap(), "ana@contoso.com");
        for bad in [
            "",
            "ana",
            "@contoso.com",
            "ana@",
            "a b@contoso.com",
            "ana@@contoso.com",
            "ana@.com",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
