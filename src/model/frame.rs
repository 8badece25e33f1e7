//! What every page inside an organization stands in.

use serde::{Deserialize, Serialize};

use super::account::{AccountRole, Me};
use super::organization::OrganizationDetail;
use super::page::Count;

/// Who looks, and at which organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub me: Me,
    pub organization: OrganizationDetail,
    /// Failures that are open.
    pub open_issues: Count,
}

impl Frame {
    /// A path below the organization: `frame.href("/users")`.
    pub fn href(&self, rest: &str) -> String {
        format!("/organizations/{}{rest}", self.organization.slug)
    }

    /// Whether to show what only an Admin may do. The services check it again.
    pub fn is_admin(&self) -> bool {
        self.me.role == AccountRole::Admin
    }

    /// Whether to leave out what a Viewer may not see.
    pub fn is_viewer(&self) -> bool {
        self.me.role == AccountRole::Viewer
    }

    /// Whether to show what only Support may do.
    pub fn is_support(&self) -> bool {
        self.me.role == AccountRole::Support
    }
}
