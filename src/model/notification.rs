//! Who is told when provisioning breaks, about what, and what became of each mail.

use serde::{Deserialize, Serialize};

use super::page::{Moment, Page};

/// Recipients that an organization may have.
pub const RECIPIENTS: usize = 20;
/// Verification links that are sent to one address within an hour.
pub const LINKS_AN_HOUR: i64 = 3;
/// Days for which a verification link works.
pub const LINK_DAYS: i64 = 7;
/// Test mails of an organization within an hour.
pub const TESTS_AN_HOUR: i64 = 20;
/// Mails that an organization's admins may send again within an hour.
pub const REPEATS_AN_HOUR: i64 = 20;
/// Notifications that an organization gets within an hour, each to all recipients; the rest is for the digest, or waits.
pub const MAILS_AN_HOUR: usize = 20;
/// Hours between two digests that one may choose.
pub const DIGEST_HOURS: [u16; 5] = [4, 8, 12, 24, 72];
/// Hours of silence that one may choose: from, to.
pub const SILENCE_HOURS: (u16, u16) = (1, 72);

/// What recipients are told about, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    NewIssue,
    Refused,
    Quarantine,
    Silent,
    GuardHolding,
    TokenExpiring,
    Stopped,
    StillFailing,
    Recovered,
}

impl Event {
    /// Every event, in the order of the page.
    pub const ALL: [Self; 9] = [
        Self::NewIssue,
        Self::Refused,
        Self::Quarantine,
        Self::Silent,
        Self::GuardHolding,
        Self::TokenExpiring,
        Self::Stopped,
        Self::StillFailing,
        Self::Recovered,
    ];

    /// As stored, and as the form names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewIssue => "new_issue",
            Self::Refused => "refused",
            Self::Quarantine => "quarantine",
            Self::Silent => "silent",
            Self::GuardHolding => "guard_holding",
            Self::TokenExpiring => "token_expiring",
            Self::Stopped => "stopped",
            Self::StillFailing => "still_failing",
            Self::Recovered => "recovered",
        }
    }

    /// The event that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::NewIssue => "A new issue appears",
            Self::Refused => "Authentication fails (401)",
            Self::Quarantine => "Quarantine is near, or probable",
            Self::Silent => "Entra has gone silent",
            Self::GuardHolding => "Accidental deletions held",
            Self::TokenExpiring => "Secret Token expires",
            Self::Stopped => "Provisioning paused or turned off",
            Self::StillFailing => "Still failing",
            Self::Recovered => "Recovered",
        }
    }

    /// When it is told.
    pub fn when(self) -> &'static str {
        match self {
            Self::TokenExpiring => "30, 14, 7 and 1 days before, and then",
            Self::StillFailing => "Digest",
            Self::NewIssue
            | Self::Refused
            | Self::Quarantine
            | Self::Silent
            | Self::GuardHolding
            | Self::Stopped
            | Self::Recovered => "At once",
        }
    }
}

/// Whether an address has been confirmed by its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientState {
    /// Gets nothing but the link.
    Unverified,
    Verified,
    /// Has stopped the mails by a link in one.
    Unsubscribed,
}

impl RecipientState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Unverified, Self::Verified, Self::Unsubscribed];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// The state that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub id: String,
    pub address: String,
    pub state: RecipientState,
    pub created_by: String,
    pub link_sent: Moment,
    /// Until when the link works; `None` when it has been used or is over.
    pub link_until: Option<Moment>,
    pub verified: Option<Moment>,
}

/// Hours of the day without digests, in minutes since midnight. It may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    pub from: u16,
    pub until: u16,
}

/// How recipients are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationSettings {
    /// Entra's check box.
    pub is_on: bool,
    /// What is not told.
    pub events_off: Vec<Event>,
    pub digest_hours: u16,
    pub quiet: Option<Quiet>,
    /// Of the quiet hours and of times in mails: IANA's name.
    pub zone: String,
    pub silence_minutes: u32,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            is_on: true,
            events_off: Vec::new(),
            digest_hours: 24,
            quiet: None,
            zone: "UTC".to_owned(),
            silence_minutes: 120,
        }
    }
}

impl NotificationSettings {
    /// Whether an event is told, the check box aside.
    pub fn tells(&self, event: Event) -> bool {
        !self.events_off.contains(&event)
    }
}

/// "22:00" for minutes of a day.
pub fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Minutes of a day from "22:00", as a browser sends a time; seconds do not count.
pub fn minutes_of(text: &str) -> Option<u16> {
    let mut parts = text.trim().split(':');
    let (hours, minutes): (u16, u16) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    Issue,
    Problem,
    Digest,
    Recovered,
    Test,
    /// The link that confirms a recipient's address.
    Verification,
    /// The link by which an invited person chooses a password.
    Invitation,
    /// The link for another password.
    Reset,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Issue,
        Self::Problem,
        Self::Digest,
        Self::Recovered,
        Self::Test,
        Self::Verification,
        Self::Invitation,
        Self::Reset,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Problem => "problem",
            Self::Digest => "digest",
            Self::Recovered => "recovered",
            Self::Test => "test",
            Self::Verification => "verification",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// The kind that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it tells of a cause, rather than that somebody has asked for it.
    pub fn is_notification(self) -> bool {
        matches!(
            self,
            Self::Issue | Self::Problem | Self::Digest | Self::Recovered
        )
    }

    /// Whether it holds a link that lets its holder act: it is forgotten once the mail is out, and a new link is made
    /// rather than the mail sent again.
    pub fn holds_link(self) -> bool {
        matches!(self, Self::Verification | Self::Invitation | Self::Reset)
    }
}

/// What has become of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not tried yet.
    Waiting,
    /// Was not taken, and is tried again then.
    Delayed(Moment),
    /// The server has taken it.
    Sent,
    /// It lies in the data folder: the deployment has no mail server.
    Filed,
    /// Was not taken, and is tried no more.
    Failed,
    /// The recipient was removed, or has unsubscribed, before it was sent.
    Dropped,
}

/// One attempt to send a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Moment,
    pub accepted: bool,
    /// The server's words.
    pub answer: String,
}

/// A mail of the delivery history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: String,
    pub created: Moment,
    pub kind: MailKind,
    pub subject: String,
    pub address: String,
    pub state: DeliveryState,
    /// The latest ones, newest first.
    pub attempts: Vec<Attempt>,
    /// All attempts.
    pub tried: u64,
    /// Whether it can be sent again.
    pub can_repeat: bool,
}

/// Where the deployment's mail goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailRoute {
    /// The server's host.
    Server(String),
    /// Files in the data folder, which go after so many days.
    Folder { days: u32 },
}

/// A mail about a failure that is made up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleMail {
    pub subject: String,
    /// The plain form.
    pub text: String,
}

/// Everything that the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    pub settings: NotificationSettings,
    /// Names of zones, in their order.
    pub zones: Vec<String>,
    pub recipients: Vec<Recipient>,
    pub route: MailRoute,
    /// Whether so many mails have gone out within the hour that the rest waits.
    pub is_full: bool,
    pub history: Page<Delivery>,
    /// The latest test, while it is news.
    pub tests: Vec<Delivery>,
    pub sample: SampleMail,
}

/// What the holder of a recipient's link may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientLink {
    /// Confirm the address; `/verify/{token}`.
    Verify,
    /// Stop the mails; `/unsubscribe/{token}`.
    Unsubscribe,
}

impl RecipientLink {
    /// The path before the token.
    pub fn path(self) -> &'static str {
        match self {
            Self::Verify => "/verify",
            Self::Unsubscribe => "/unsubscribe",
        }
    }
}

/// What the page behind a recipient's link shows; a dead link shows nothing of whose it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientLinkDetails {
    pub organization_name: String,
    pub address: String,
    /// Whether it has been used, and what it was for holds.
    pub is_done: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(event));
        }
        for state in RecipientState::ALL {
            assert_eq!(RecipientState::parse(state.as_str()), Some(state));
        }
        for kind in MailKind::ALL {
            assert_eq!(MailKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Event::parse("moon"), None);
    }

    #[test]
    fn times_of_a_day_are_minutes() {
        for (text, minutes) in [
            ("00:00", 0),
            ("22:00", 1_320),
            ("23:59", 1_439),
            ("06:05:00", 365),
        ] {
            assert_eq!(minutes_of(text), Some(minutes), "{text}");
        }
        for text in ["", "24:00", "12:60", "-1:00", "ten", "10"] {
            assert_eq!(minutes_of(text), None, "{text}");
        }
        assert_eq!(clock(365), "06:05");
    }
}
