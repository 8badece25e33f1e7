//! Names, slugs, e-mail addresses and numbers as people type them: trimmed and checked.

use crate::model::address::Address;
use crate::server::error::ServiceError;

/// Characters of a name at most.
pub const NAME: usize = 100;

/// What people put between groups of three digits; among the spaces those that do not break, and a thin one.
const BETWEEN_GROUPS: [char; 8] = [
    ' ', '\u{a0}', '\u{202f}', '\u{2009}', ',', '.', '\'', '\u{2019}',
];

/// A name of 1 to 100 characters on one line, of which something can be seen.
///
/// # Errors
/// [`ServiceError::Invalid`] on `field` otherwise.
pub fn name(field: &'static str, text: &str) -> Result<String, ServiceError> {
    let text = text.trim();
    if !text.chars().any(is_seen) {
        return Err(ServiceError::invalid(field, "Enter a name."));
    }
    if text.chars().count() > NAME {
        return Err(ServiceError::invalid(
            field,
            "Choose a name of at most 100 characters.",
        ));
    }
    if text.chars().any(disguises) {
        return Err(ServiceError::invalid(
            field,
            "A name is one line of plain characters.",
        ));
    }
    Ok(text.to_owned())
}

/// Whether a character ends a line, or turns the direction of what stands beside it: with such, a list or the audit log
/// would read as if it said something else.
fn disguises(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character shows by itself. Those that join or part others are of use in names of some scripts, beside what
/// can be seen.
fn is_seen(letter: char) -> bool {
    !letter.is_whitespace()
        && !matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
        )
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

/// A whole number: digits, which one and the same mark may set apart in groups of three. `None` for anything else, such
/// as a fraction.
pub fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let mark = text.chars().find(|sign| BETWEEN_GROUPS.contains(sign));
    let groups: Vec<&str> = match mark {
        Some(mark) => text.split(mark).collect(),
        None => vec![text],
    };
    let (first, others) = groups.split_first()?;
    let begins = others.is_empty() || (1..=3).contains(&first.len()) && !first.starts_with('0');
    let goes_on = others.iter().all(|group| group.len() == 3);
    let is_digits = groups
        .iter()
        .all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    if !(begins && goes_on && is_digits) {
        return None;
    }
    groups.concat().parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_set_apart_in_groups_of_three_digits() {
        for (typed, number) in [
            ("0", 0),
            (" 30 ", 30),
            ("1000", 1_000),
            ("1 000", 1_000),
            ("1,000", 1_000),
            ("1.000", 1_000),
            ("1'000", 1_000),
            ("1\u{2019}000", 1_000),
            ("1\u{a0}000", 1_000),
            ("12\u{202f}345\u{202f}678", 12_345_678),
            ("123.456.789", 123_456_789),
        ] {
            assert_eq!(whole_number(typed), Some(number), "{typed}");
        }
        for bad in [
            "",
            " ",
            "2.5",
            "2,50",
            "1.00",
            "1000,000",
            "0.001",
            ",100",
            "1,",
            "1,,000",
            "1.000,5",
            "1,000.000",
            "-5",
            "+5",
            "many",
            "1e3",
            "\u{663}",
            "99999999999999999999",
        ] {
            assert_eq!(whole_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_are_one_line_of_which_something_is_seen() {
        for good in [
            "Contoso",
            " Contoso Ltd ",
            "東京",
            "نام\u{200c}ها",
            "\u{200f}שם",
            "👩\u{200d}💻\u{fe0f}",
            &"a".repeat(NAME),
        ] {
            assert_eq!(name("name", good).unwrap(), good.trim());
        }
        let refused = |text: &str| name("name", text).unwrap_err().to_string();
        for unseen in [
            "",
            " ",
            "\u{200b}",
            "\u{feff} \u{2060}",
            "\u{e0041}",
            "\u{3164}",
        ] {
            assert_eq!(refused(unseen), "Enter a name.", "{unseen:?}");
        }
        for disguise in [
            "a\nb",
            "a\u{2028}b",
            "a\u{2029}b",
            "Dana\u{202e}nimda",
            "\u{2066}Dana",
        ] {
            assert!(refused(disguise).contains("one line"), "{disguise:?}");
        }
        assert!(refused(&"a".repeat(NAME + 1)).contains("100"));
    }

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
