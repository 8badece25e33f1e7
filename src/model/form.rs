//! What the answer to a posted form shows.

use serde::{Deserialize, Serialize};

use super::account::CreatedLink;
use super::error::AppError;
use super::support_bundle::CreatedBundleLink;
use super::token::CreatedToken;

/// Handed to the page that answers a form; a page that was merely opened has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormAnswer {
    /// The one time that the secret is shown.
    TokenCreated(CreatedToken),
    /// The one time that an invitation or a reset link is shown.
    LinkCreated(CreatedLink),
    /// The one time that the link to a support bundle is shown.
    BundleLinkCreated(CreatedBundleLink),
    /// Nothing was changed. `values` are the fields to show again, never a secret.
    Refused {
        error: AppError,
        values: Vec<(String, String)>,
    },
}

impl FormAnswer {
    /// What was typed into a field of a refused form.
    pub fn value(&self, name: &str) -> Option<&str> {
        match self {
            Self::Refused { values, .. } => values
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.as_str()),
            Self::TokenCreated(_) | Self::LinkCreated(_) | Self::BundleLinkCreated(_) => None,
        }
    }
}
