//! What the search in the top bar of every page finds.

use serde::{Deserialize, Serialize};

use super::token::{TOKEN_PREFIX, TOKEN_START};

/// Results by kind, the likeliest kind first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Found {
    pub groups: Vec<FoundGroup>,
}

/// What was found of one sort, below its heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundGroup {
    /// "Users".
    pub label: String,
    pub hits: Vec<Hit>,
}

/// One thing to go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub title: String,
    /// What tells it from others of that title.
    pub detail: String,
    pub href: String,
}

/// A page of an organization: its name, its path below the organization, and other words for it.
pub const PAGES: &[(&str, &str, &str)] = &[
    ("Overview", "", "home health status cycle"),
    ("Logs", "/logs", "provisioning requests entries"),
    ("Users", "/users", "people provisioned"),
    ("Tokens", "/tokens", "secret token credentials tenant url"),
    (
        "Settings",
        "/settings",
        "roles policies attribute mapping pause resume retention",
    ),
    (
        "Accounts",
        "/accounts",
        "administrators viewers invitations",
    ),
];

/// `text` as it may be sent and shown: of a pasted secret only its prefix.
pub fn shown(text: &str) -> &str {
    let text = text.trim();
    match text.get(..TOKEN_PREFIX) {
        Some(prefix) if text.starts_with(TOKEN_START) => prefix,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_the_prefix_is_shown() {
        assert_eq!(shown(" rhp_AbCd1234EfGhIjKl "), "rhp_AbCd1234");
        assert_eq!(shown("rhp_Ab"), "rhp_Ab");
        assert_eq!(
            shown("rhp_Ab\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"),
            "rhp_Ab\u{e9}\u{e9}\u{e9}"
        );
        assert_eq!(shown("Ana Ruiz"), "Ana Ruiz");
    }
}
