//! The audit log: what people did, and how its list stands in an address.

use serde::{Deserialize, Serialize};

use super::account::OrganizationLink;
use super::log::AttributeChange;
use super::log_query::SPANS;
use super::page::{Moment, Page};
use super::query::{Pair, href};

/// Every action and its words. What is not here is shown by its name.
pub const ACTIONS: [(&str, &str); 61] = [
    ("account.accept_invitation", "Accepted the invitation of"),
    ("account.ask_reset", "Asked for a new password for"),
    ("account.change_password", "Changed the password of"),
    (
        "account.change_password_failed",
        "Change of password refused for",
    ),
    ("account.change_role", "Changed the role of"),
    ("account.create", "Created account"),
    ("account.deactivate", "Deactivated account"),
    ("account.end_sessions", "Ended sessions of"),
    ("account.first_start", "Made the first Support account"),
    ("account.reset", "Made a reset link for"),
    ("account.reset_password", "Set a new password for"),
    ("account.set_time_zone", "Changed the time zone of"),
    ("account.sign_in", "Signed in as"),
    ("account.sign_in_failed", "Sign-in refused for"),
    ("account.sign_out", "Signed out as"),
    ("audit.export", "Exported the audit log as"),
    (
        "guard.allow",
        "Allowed the removal of whom the guard held in",
    ),
    ("guard.keep", "Kept whom the guard held in"),
    ("guard.set", "Changed the accidental-deletion guard of"),
    ("issue.acknowledge", "Acknowledged issue"),
    ("issue.assign", "Assigned issue"),
    ("issue.dry_run", "Dry-ran the requests of issue"),
    ("issue.ignore", "Ignored issue"),
    ("issue.note", "Noted something about issue"),
    ("issue.reopen", "Reopened issue"),
    ("issue.resolve", "Resolved issue"),
    ("log.dry_run", "Dry-ran the request of"),
    ("log.export", "Exported the provisioning log as"),
    ("mail.repeat", "Sent again the mail"),
    ("notifications.set", "Changed the notifications of"),
    ("notifications.test", "Sent a test email for"),
    ("organization.create", "Created organization"),
    ("organization.disable", "Turned provisioning off for"),
    ("organization.enable", "Turned provisioning on for"),
    ("organization.pause", "Paused provisioning of"),
    ("organization.resume", "Resumed provisioning of"),
    ("organization.set", "Changed settings of"),
    ("payload.view", "Viewed the request and response of"),
    ("recipient.add", "Added recipient"),
    ("recipient.remove", "Removed recipient"),
    ("recipient.send_link", "Sent a link to recipient"),
    (
        "recipient.unsubscribe",
        "Stopped mails, by the link in one, to",
    ),
    ("recipient.verify", "Confirmed, by its link, the address"),
    ("role.create", "Added role"),
    ("role.delete", "Deleted role"),
    ("role.move", "Moved role"),
    ("role.review", "Reviewed role"),
    ("role.set", "Changed role"),
    ("role.set_default", "Made the default role"),
    ("support_bundle.download", "Made a support bundle of"),
    ("support_bundle.link", "Made a support bundle link for"),
    ("support_bundle.open", "Opened the support bundle link of"),
    (
        "support_bundle.revoke",
        "Revoked the support bundle link of",
    ),
    ("token.create", "Created token"),
    ("token.revoke", "Revoked token"),
    ("token.rotate", "Rotated token"),
    ("user.block", "Blocked user"),
    ("user.erase", "Erased user"),
    ("user.keep_apart", "Kept apart from Entra\u{2019}s new user"),
    ("user.take_over", "Let Entra take over user"),
    ("user.unblock", "Lifted the block of user"),
];

/// What things are done to: stored name and words.
pub const TARGETS: [(&str, &str); 11] = [
    ("account", "Account"),
    ("audit", "Audit log"),
    ("issue", "Issue"),
    ("log_entry", "Log entry"),
    ("mail", "Mail"),
    ("organization", "Organization"),
    ("recipient", "Recipient"),
    ("role", "Role"),
    ("support_bundle", "Support bundle"),
    ("token", "Token"),
    ("user", "User"),
];

/// An action in words.
pub fn words(action: &str) -> &str {
    ACTIONS
        .iter()
        .find(|(name, _)| *name == action)
        .map_or(action, |(_, words)| words)
}

/// An entry as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub id: String,
    pub at: Moment,
    /// What filters by this actor: see [`AuditFilter::actor`].
    pub actor: String,
    pub actor_name: String,
    /// "Account", "Command line".
    pub actor_kind: String,
    pub address: String,
    pub action: String,
    pub target_name: String,
    pub changes: Vec<AttributeChange>,
    /// `None` for what concerns the whole deployment.
    pub organization: Option<OrganizationLink>,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    pub page: Page<AuditRow>,
    /// The name of the filter's actor, as it last was.
    pub actor_name: Option<String>,
    /// Days that entries are kept.
    pub kept_days: u32,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    /// Kind and id with a colon between: "account:0198…", "command_line:".
    pub actor: Option<String>,
    pub action: Option<String>,
    /// The kind of what it was done to.
    pub target: Option<String>,
    /// One of [`SPANS`].
    pub within: Option<String>,
    pub cursor: Option<String>,
    /// Whether the page before the cursor is meant.
    pub newer: bool,
}

impl AuditFilter {
    /// Reads what stands in the address; what cannot be read is left out.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (impl AsRef<str>, &'a str)>) -> Self {
        let mut filter = Self::default();
        for (name, value) in pairs.filter(|(_, value)| !value.trim().is_empty()) {
            let text = || Some(value.trim().to_owned());
            match name.as_ref() {
                "actor" if value.contains(':') => filter.actor = text(),
                "action" => filter.action = text(),
                "target" => filter.target = text(),
                "within" if SPANS.iter().any(|(span, _)| *span == value) => filter.within = text(),
                "after" => (filter.cursor, filter.newer) = (text(), false),
                "before" => (filter.cursor, filter.newer) = (text(), true),
                _ => {}
            }
        }
        filter
    }

    /// What narrows the list, without the page.
    pub fn to_pairs(&self) -> Vec<Pair> {
        [
            ("actor", &self.actor),
            ("action", &self.action),
            ("target", &self.target),
            ("within", &self.within),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
    }

    /// The list below `path`, from its newest entry on.
    pub fn href(&self, path: &str) -> String {
        href(path, &self.to_pairs())
    }

    /// The page after `cursor` (older), or the one before it.
    pub fn page_href(&self, path: &str, cursor: String, newer: bool) -> String {
        let mut pairs = self.to_pairs();
        pairs.push((if newer { "before" } else { "after" }, cursor));
        href(path, &pairs)
    }

    /// The whole list as a file of this format.
    pub fn export_href(&self, path: &str, format: &'static str) -> String {
        let mut pairs = self.to_pairs();
        pairs.push(("format", format.to_owned()));
        href(&format!("{path}/export"), &pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_whole_filter() {
        let filter = AuditFilter {
            actor: Some("account:a1".to_owned()),
            action: Some("token.create".to_owned()),
            target: Some("token".to_owned()),
            within: Some("7d".to_owned()),
            ..AuditFilter::default()
        };
        let pairs = filter.to_pairs();
        let read =
            AuditFilter::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(read, filter);
        let nonsense = [
            ("actor", "ana"),
            ("within", "9y"),
            ("action", " "),
            ("x", "y"),
        ];
        assert_eq!(
            AuditFilter::from_pairs(nonsense.into_iter()),
            AuditFilter::default()
        );
    }

    #[test]
    fn an_action_without_words_is_shown_by_its_name() {
        assert_eq!(words("token.revoke"), "Revoked token");
        assert_eq!(words("moon.landing"), "moon.landing");
    }
}
