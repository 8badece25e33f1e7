//! Names, slugs and e-mail addresses as people type them: trimmed and checked.

use crate::server::error::ServiceError;

/// Characters of a name at most.
const NAME: usize = 100;

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

/// An e-mail address: something, `@`, a domain; no more can be known without writing to it.
///
/// # Errors
/// [`ServiceError::Invalid`] on `email` otherwise.
pub fn email(text: &str) -> Result<String, ServiceError> {
    let text = text.trim();
    let is_address = text.len() <= 254
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !local.contains('@')
                && !domain.is_empty()
                && !domain.starts_with(['.', '-'])
                && !domain.ends_with(['.', '-'])
                && !domain.contains("..")
        });
    if is_address {
        Ok(text.to_owned())
    } else {
        Err(ServiceError::invalid(
            "email",
            "Enter an email address, such as ana@example.com.",
        ))
    }
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
