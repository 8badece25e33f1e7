//! Mail: its way to a server on a real socket, and what it is made of.

mod composed;
mod folder;
mod message;
mod smtp;

use rhombus_provisioning::model::address::Address;
use rhombus_provisioning::server::mail::Mail;

use crate::support::app::START;

/// A mail to somebody, with what is hard to carry in it.
fn mail(to: &str) -> Mail {
    Mail {
        id: "0197f3a0-0000-7000-8000-000000000001".to_owned(),
        at: START,
        to: Address::parse(to).unwrap(),
        subject: "[Contoso Ltd] 3 users were not updated".to_owned(),
        text: "First line\n.a line that begins with a dot\n.\nGrüße aus 東京\n".to_owned(),
        html: "<p>Grüße aus 東京</p>\n<p>.</p>\n".to_owned(),
        unsubscribe_url: Some("https://provisioning.test/unsubscribe/7Kq2".to_owned()),
    }
}
