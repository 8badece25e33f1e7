//! What a mail about a failure looks like, before there is one.

use super::issue::new_issue;
use super::{Composed, IssueFacts, IssuePerson, MailContext, compose};
use crate::model::log::Action;
use crate::server::scim::reason::Reason;

/// In place of the ids that a real mail links to; nothing is ever called so.
pub const NOTHING: &str = "example";

const PEOPLE: [(&str, &str); 3] = [
    ("Marcus Bell", "marcus.bell@example.com"),
    ("Elif Demir", "elif.demir@example.com"),
    ("Jonas Weber", "jonas.weber@example.com"),
];

/// The mail about a new issue, of a failure that is made up. It says so wherever somebody could take it for a real one.
pub fn sample(context: &MailContext<'_>) -> Composed {
    let now = context.setting.now;
    let people = PEOPLE.map(|(name, user_name)| IssuePerson {
        name: name.to_owned(),
        user_name: Some(user_name.to_owned()),
    });
    let facts = IssueFacts {
        id: NOTHING.to_owned(),
        action: Action::Update,
        reason: Reason::RoleUnknown,
        attribute: Some("roles".to_owned()),
        value: Some("SECURITY_LEAD".to_owned()),
        users: 3,
        people: people.into(),
        events: 3,
        first_seen_at: now,
        last_seen_at: now,
    };
    let mut letter = new_issue(context, &facts);
    letter.subject = context.subject(&format!("Example: {}", facts.line()));
    letter.kind = context.kind("Example of a failure", now);
    letter.preview =
        "Nothing has failed: this is what a mail about a failure looks like.".to_owned();
    compose(&letter)
}
