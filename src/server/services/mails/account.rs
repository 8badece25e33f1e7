//! Links for people who sign in: an invitation, and a new password.

use super::letter::{Foot, Letter, Part, Tone};
use super::{Composed, LONGEST_NAME, Setting, clean, compose};
use crate::model::account::AccountRole;
use crate::server::clock::Millis;

/// Somebody is to have an account.
#[derive(Debug, Clone)]
pub struct Invitation<'a> {
    /// None for Support.
    pub organization: Option<&'a str>,
    pub role: AccountRole,
    pub by: &'a str,
    /// The page on which a password is chosen.
    pub url: &'a str,
    pub expires_at: Millis,
}

/// Somebody is to choose a new password.
#[derive(Debug, Clone)]
pub struct Reset<'a> {
    /// The account's address.
    pub email: &'a str,
    /// Who has asked for it; nobody but the person, or whoever knows the address, at *Forgot your password?*.
    pub by: Option<&'a str>,
    /// The page on which it is chosen.
    pub url: &'a str,
    pub expires_at: Millis,
}

/// An invitation.
pub fn invitation(setting: &Setting<'_>, facts: &Invitation<'_>) -> Composed {
    let by = clean(facts.by, LONGEST_NAME);
    let whose = facts.organization.map_or_else(
        || "Rhombus support".to_owned(),
        |name| clean(name, LONGEST_NAME),
    );
    let role = match facts.role {
        AccountRole::Support => {
            "As Support you see how provisioning runs in every organization and help where it fails."
        }
        AccountRole::Admin => {
            "As an Admin you set up and watch how Microsoft Entra ID creates, changes and removes Rhombus users."
        }
        AccountRole::Viewer => {
            "As a Viewer you see how Microsoft Entra ID creates, changes and removes Rhombus users. You change nothing."
        }
    };
    compose(&Letter {
        subject: format!("Your invitation to Rhombus Provisioning: {whose}"),
        preview: format!("{by} invites you. Choose a password to begin."),
        tone: Tone::Plain,
        kind: format!("Invitation to {whose}"),
        title: format!("{by} invites you to Rhombus Provisioning"),
        parts: vec![
            Part::text(format!("{role} Choose a password to begin.")),
            Part::Button {
                label: "Accept the invitation",
                url: facts.url.to_owned(),
            },
            Part::text(format!(
                "The link works once, until {}. Whoever has it can sign in as you: hand it on to nobody. If it has \
                 expired, ask {by} for a new one.",
                setting.at(facts.expires_at)
            )),
        ],
        foot: Foot {
            why: format!(
                "You get this because {by} has entered your address at {whose}. If you do not know why, do nothing: no \
                 account can be used before a password is chosen."
            ),
            links: Vec::new(),
        },
    })
}

/// A link for a new password.
pub fn reset(setting: &Setting<'_>, facts: &Reset<'_>) -> Composed {
    let asked = match facts.by {
        Some(by) => format!(
            "{} has made a link with which you choose a new password for",
            clean(by, LONGEST_NAME)
        ),
        None => "Somebody, probably you, has asked for a new password for".to_owned(),
    };
    compose(&Letter {
        subject: "Choose a new password for Rhombus Provisioning".to_owned(),
        preview: "The link works once, for an hour.".to_owned(),
        tone: Tone::Plain,
        kind: "Your account".to_owned(),
        title: "Choose a new password".to_owned(),
        parts: vec![
            Part::text(format!("{asked} {}.", facts.email)),
            Part::Button {
                label: "Choose a new password",
                url: facts.url.to_owned(),
            },
            Part::text(format!(
                "The link works once, until {}. Whoever has it can sign in as you: hand it on to nobody. Once it is \
                 used, you are signed out everywhere else.",
                setting.at(facts.expires_at)
            )),
        ],
        foot: Foot {
            why: "If you know nothing of this, do nothing: your password stays as it is."
                .to_owned(),
            links: Vec::new(),
        },
    })
}
