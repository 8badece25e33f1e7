//! What every page inside an organization stands in.

use serde::{Deserialize, Serialize};

use super::account::{AccountRole, Me};
use super::organization::OrganizationDetail;

/// Who looks, and at which organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub me: Me,
    pub organization: OrganizationDetail,
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

    /// Whether to show what only Support may do.
    pub fn is_support(&self) -> bool {
        self.me.role == AccountRole::Support
    }
}
