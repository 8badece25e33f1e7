//! E-mail addresses as people type them.

use std::fmt;

/// One address: something, `@`, a domain. No more can be known without writing to it. Letters of any script may stand
/// on both sides (RFC 6531).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    /// Where the `@` is.
    at: usize,
}

/// Octets of the part before the `@` (RFC 5321 4.5.3.1.1), and of all.
const LONGEST_LOCAL: usize = 64;
const LONGEST: usize = 254;

/// What stands for a domain on one computer, and needs no dot.
const THIS_COMPUTER: &str = "localhost";

impl Address {
    /// The address in what was typed; blanks around it do not count.
    ///
    /// # Errors
    /// A whole sentence that says what is wrong and what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || is_invisible(letter));
        refuse_what_is_no_address(text)?;
        let Some(at) = text.find('@') else {
            return Err(format!(
                "\"{}\" holds no @: an address looks like ana@example.com.",
                shortened(text)
            ));
        };
        let (local, domain) = (&text[..at], &text[at + 1..]);
        if domain.contains('@') {
            return Err(if domain.contains([',', ';']) {
                "Enter one address at a time.".to_owned()
            } else {
                "An address holds one @ only.".to_owned()
            });
        }
        check_local(local)?;
        check_domain(domain)?;
        if text.len() > LONGEST {
            return Err(format!("An address has at most {LONGEST} characters."));
        }
        Ok(Self {
            text: text.to_owned(),
            at,
        })
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whom a mail is from: an address, with a name before it in angle brackets or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub name: Option<String>,
    pub address: Address,
}

impl Sender {
    /// From `Rhombus Provisioning <provisioning@example.com>` or the address alone.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('<') else {
            return Ok(Self {
                name: None,
                address: Address::parse(text)?,
            });
        };
        let Some(address) = rest.strip_suffix('>') else {
            return Err("The address must end with > as it begins with <.".to_owned());
        };
        let name = name.trim().trim_matches('"').trim();
        if name.chars().any(char::is_control) {
            return Err("The name must be one line of plain characters.".to_owned());
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: Address::parse(address)?,
        })
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// Mistakes of the whole, found first because they explain the most.
fn refuse_what_is_no_address(text: &str) -> Result<(), String> {
    let reason = if text.is_empty() {
        "Enter an email address, such as ana@example.com."
    } else if text.contains(['\r', '\n']) {
        "Enter one address, on one line."
    } else if text.contains(['<', '>']) {
        "Enter the address alone, without a name and without < and >."
    } else if text.starts_with("mailto:") {
        "Enter the address alone, without mailto:."
    } else if text.ends_with([',', ';']) {
        "Leave out the comma or semicolon after the address."
    } else if text.contains('＠') {
        "Write the @ as the plain character, not the wide one."
    } else if text
        .chars()
        .any(|letter| letter.is_control() || is_invisible(letter))
    {
        "The address holds a character that cannot be seen: type it instead of pasting it."
    } else if text.matches('@').count() > 1 && text.contains(char::is_whitespace) {
        "Enter one address at a time."
    } else if text.contains(char::is_whitespace) {
        "An address holds no spaces."
    } else {
        return Ok(());
    };
    Err(reason.to_owned())
}

fn check_local(local: &str) -> Result<(), String> {
    if local.is_empty() {
        return Err("Something must stand before the @, such as ana@example.com.".to_owned());
    }
    if local.len() > LONGEST_LOCAL {
        return Err(format!(
            "At most {LONGEST_LOCAL} characters may stand before the @."
        ));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("Before the @, a dot stands between two other characters only.".to_owned());
    }
    // RFC 5322's atext, and all that is not ASCII (RFC 6531).
    let is_allowed = |letter: char| {
        !letter.is_ascii()
            || letter.is_ascii_alphanumeric()
            || ".!#$%&'*+-/=?^_`{|}~".contains(letter)
    };
    match local.chars().find(|letter| !is_allowed(*letter)) {
        Some(letter) => Err(format!("A {letter} cannot stand before the @.")),
        None => Ok(()),
    }
}

fn check_domain(domain: &str) -> Result<(), String> {
    if domain.is_empty() {
        return Err("A domain must follow the @, such as ana@example.com.".to_owned());
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|letter| !letter.is_ascii() || letter.is_ascii_alphanumeric() || letter == '-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let last = domain.rsplit('.').next().unwrap_or_default();
    if !domain.split('.').all(is_label) || is_number(last) {
        return Err(format!(
            "\"{}\" is no domain: it looks like example.com.",
            shortened(domain)
        ));
    }
    if !domain.contains('.') && domain != THIS_COMPUTER {
        return Err(format!(
            "The domain \"{}\" is not whole: it looks like example.com.",
            shortened(domain)
        ));
    }
    Ok(())
}

/// Characters of no width and those that turn the direction of text: invisible, and a way to disguise an address.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Enough of what was typed to recognize it.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let begin: String = text.chars().take(SHOWN - 1).collect();
    format!("{begin}…")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_all_scripts_are_taken_as_typed() {
        for (typed, local, domain) in [
            ("ana@contoso.com", "ana", "contoso.com"),
            (" \u{a0}ana@contoso.com\u{200b}\n", "ana", "contoso.com"),
            ("Ana.Ruiz+it@Contoso.com", "Ana.Ruiz+it", "Contoso.com"),
            ("o'brien@contoso.co.uk", "o'brien", "contoso.co.uk"),
            ("user@bücher.example", "user", "bücher.example"),
            ("用户@例子.广告", "用户", "例子.广告"),
            ("अजय@डाटा.भारत", "अजय", "डाटा.भारत"),
            ("root@localhost", "root", "localhost"),
            ("a@4th-coffee.com", "a", "4th-coffee.com"),
        ] {
            let address = Address::parse(typed).unwrap();
            assert_eq!(
                (address.local(), address.domain()),
                (local, domain),
                "{typed}"
            );
            assert_eq!(address.to_string(), format!("{local}@{domain}"));
        }
    }

    #[test]
    fn what_people_mistype_is_refused_with_the_reason() {
        for (typed, reason) in [
            ("", "Enter an email address"),
            ("   ", "Enter an email address"),
            ("ana", "holds no @"),
            ("ana.contoso.com", "holds no @"),
            ("@contoso.com", "must stand before the @"),
            ("ana@", "domain must follow"),
            ("ana@@contoso.com", "one @ only"),
            ("ana@contoso.com,ben@contoso.com", "one address at a time"),
            ("ana@contoso.com; ben@contoso.com", "one address at a time"),
            ("ana@contoso.com ben@contoso.com", "one address at a time"),
            ("ana@contoso.com,", "Leave out the comma"),
            ("ana @contoso.com", "no spaces"),
            ("ana@contoso com", "no spaces"),
            ("ana@contoso.com\nBcc: eve@evil.example", "one line"),
            ("ana@contoso.com\r\n\r\nhello", "one line"),
            ("Ana Ruiz <ana@contoso.com>", "without a name"),
            ("mailto:ana@contoso.com", "without mailto:"),
            ("ana＠contoso.com", "not the wide one"),
            ("ana\u{200b}@contoso.com", "cannot be seen"),
            ("ana\u{202e}@contoso.com", "cannot be seen"),
            ("ana\0@contoso.com", "cannot be seen"),
            (".ana@contoso.com", "a dot stands between"),
            ("ana..ruiz@contoso.com", "a dot stands between"),
            ("ana@contoso", "is not whole"),
            ("ana@contoso..com", "is no domain"),
            ("ana@.com", "is no domain"),
            ("ana@contoso.com.", "is no domain"),
            ("ana@-contoso.com", "is no domain"),
            ("ana@contoso_corp.com", "is no domain"),
            ("ana@contoso,com", "is no domain"),
            ("ana@10.0.0.1", "is no domain"),
            ("ana@[10.0.0.1]", "is no domain"),
            ("\"ana\"@contoso.com", "A \" cannot stand"),
            ("ana(it)@contoso.com", "A ( cannot stand"),
        ] {
            let said = Address::parse(typed).unwrap_err();
            assert!(said.contains(reason), "{typed:?}: {said}");
            assert!(said.ends_with('.'), "{said}");
        }
        let long = format!("{}@contoso.com", "a".repeat(65));
        assert!(Address::parse(&long).unwrap_err().contains("At most 64"));
        let long = format!("a@{}.com", "a.".repeat(140) + "a");
        assert!(Address::parse(&long).unwrap_err().contains("at most 254"));
        let long = Address::parse(&"a".repeat(10_000)).unwrap_err();
        assert!(long.len() < 200, "{long}");
    }

    #[test]
    fn senders_have_a_name_or_none() {
        let sender = Sender::parse("Rhombus Provisioning <provisioning@example.com>").unwrap();
        assert_eq!(sender.name.as_deref(), Some("Rhombus Provisioning"));
        assert_eq!(
            sender.to_string(),
            "Rhombus Provisioning <provisioning@example.com>"
        );
        let quoted = Sender::parse("\"Rhombus, Ops\" <ops@example.com>").unwrap();
        assert_eq!(quoted.name.as_deref(), Some("Rhombus, Ops"));
        for alone in ["ops@example.com", "<ops@example.com>"] {
            let sender = Sender::parse(alone).unwrap();
            assert_eq!(
                (sender.name, sender.address.as_str()),
                (None, "ops@example.com")
            );
        }
        for wrong in [
            "",
            "Ops",
            "Ops <ops@example.com",
            "Ops <ops>",
            "A\nB <ops@example.com>",
        ] {
            assert!(Sender::parse(wrong).is_err(), "{wrong}");
        }
    }
}
