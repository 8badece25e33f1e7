//! To recipients themselves: the link that verifies an address, and the test.

use super::letter::{Foot, Letter, Part, Tone};
use super::{Composed, LONGEST_NAME, MailContext, Organization, Setting, clean, compose};
use crate::server::clock::Millis;

/// An address that is to be verified.
#[derive(Debug, Clone)]
pub struct Verification<'a> {
    pub organization: Organization<'a>,
    /// Who has entered it.
    pub by: &'a str,
    /// The page with the button.
    pub url: &'a str,
    pub expires_at: Millis,
}

/// Asks whether the address wants mail. Whoever gets it may have asked for nothing, so it holds nothing else, and no way
/// to unsubscribe from what has not begun.
pub fn verification(setting: &Setting<'_>, facts: &Verification<'_>) -> Composed {
    let organization = clean(facts.organization.name, LONGEST_NAME);
    let by = clean(facts.by, LONGEST_NAME);
    compose(&Letter {
        subject: format!("Confirm this address for mails about {organization}"),
        preview: "Until you confirm it, no other mail comes to this address.".to_owned(),
        tone: Tone::Plain,
        kind: format!("Notifications of {organization}"),
        title: format!("May {organization} write to you when provisioning fails?"),
        parts: vec![
            Part::text(format!(
                "{by} has entered this address at {organization}, to be told when Microsoft Entra ID can no longer \
                 create, change or remove Rhombus users. Until you confirm it, no other mail comes to this address."
            )),
            Part::Button {
                label: "Confirm this address",
                url: facts.url.to_owned(),
            },
            Part::text(format!(
                "The link works once, until {}. If you know nothing of this, do nothing.",
                setting.at(facts.expires_at)
            )),
        ],
        foot: Foot {
            why: format!(
                "You get this because somebody at {organization} has entered your address."
            ),
            links: Vec::new(),
        },
    })
}

/// The test that an Admin sends; `by` is who.
pub fn test(context: &MailContext<'_>, by: &str) -> Composed {
    let name = context.name();
    let by = clean(by, LONGEST_NAME);
    compose(&Letter {
        subject: context.subject("Test email"),
        preview: "Mails about failures reach this address.".to_owned(),
        tone: Tone::Ok,
        kind: context.kind("Test", context.setting.now),
        title: "Mails about failures reach this address".to_owned(),
        parts: vec![
            Part::text(format!(
                "{by} has sent this from the Notifications page of {name}. It went the same way as a mail about a \
                 failure: there is nothing to do."
            )),
            Part::Button {
                label: "Open Notifications",
                url: context.page("/notifications"),
            },
        ],
        foot: context.foot(None),
    })
}
