//! A mail as it travels: the addresses of its envelope, its headers (RFC 5322, 2369, 3834, 8058) and both forms of its
//! body.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address as SmtpAddress, Message as Built};
use url::Host;

use super::{Mail, Refusal};
use crate::model::address::{Address, Sender};
use crate::server::clock::Millis;

/// What goes over the wire.
pub(super) struct Message {
    pub(super) from: SmtpAddress,
    pub(super) to: SmtpAddress,
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// Whether only a server with SMTPUTF8 (RFC 6531) can take it.
    pub(super) fn has_international_address(&self) -> bool {
        !self.from.user().is_ascii() || !self.to.user().is_ascii()
    }
}

/// The end of what a Date header can say: year 9999.
const LAST: Millis = 253_402_300_799_000;

/// A mail's message.
pub(super) fn of(mail: &Mail, from: &Sender) -> Result<Message, Refusal> {
    let to = smtp_address(&mail.to)?;
    let sender = smtp_address(&from.address)?;
    let mailbox = Mailbox::new(from.name.clone(), sender.clone());
    let date = Duration::from_millis(mail.at.clamp(0, LAST).unsigned_abs());
    let mut builder = Built::builder()
        .message_id(Some(format!("<{}@{}>", mail.id, sender.domain())))
        .date(UNIX_EPOCH + date)
        .from(mailbox.clone())
        .reply_to(mailbox)
        .to(Mailbox::new(None, to.clone()))
        .subject(one_line(&mail.subject))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        // Exchange knows this one only: no "out of office" comes back.
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    if let Some(url) = &mail.unsubscribe_url {
        builder = builder
            .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click",
            ));
    }
    let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let built = builder.multipart(body).map_err(|error| {
        Refusal::for_good(format!("The mail could not be put together: {error}."))
    })?;
    Ok(Message {
        from: sender,
        to,
        bytes: built.formatted(),
    })
}

/// An address as servers know it: an international domain by its ASCII name, so that only a local part beyond ASCII
/// needs a server that knows of such.
fn smtp_address(address: &Address) -> Result<SmtpAddress, Refusal> {
    let refused = || {
        Refusal::for_good(format!(
            "No mail can be sent to the address {address}: correct it or remove it."
        ))
    };
    let domain = match Host::parse(address.domain()) {
        Ok(Host::Domain(domain)) => domain,
        _ => return Err(refused()),
    };
    SmtpAddress::new(address.local(), domain).map_err(|_| refused())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A subject is one line, whatever was in a name.
fn one_line(text: &str) -> String {
    let text = text.replace(|letter: char| letter.is_control(), " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
