//! The catalogue of roles that Entra may give to users.

use serde::{Deserialize, Serialize};

use super::page::{Count, count};

/// A role of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRow {
    pub id: String,
    /// What an app role in Entra has as its value; it never changes.
    pub value: String,
    pub display_name: String,
    pub description: String,
    /// Further app role values that mean this role.
    pub mapped_values: Vec<String>,
    /// For users without a role.
    pub is_default: bool,
    /// Whether a person has looked at it: roles that came from Entra by policy give no rights before.
    pub is_reviewed: bool,
    pub users: Count,
}

impl RoleRow {
    /// Why it cannot be deleted now, and what to do about it.
    pub fn why_it_stays(&self) -> Option<String> {
        if self.is_default {
            return Some(format!(
                "{} is the default role, which users without a role get. Make another role the default first.",
                self.display_name
            ));
        }
        let (have, them) = match self.users {
            Count::Exactly(0) => return None,
            Count::Exactly(1) => ("1 user has".to_owned(), "that user"),
            users => (format!("{} users have", count(users)), "them"),
        };
        Some(format!(
            "{have} the role {}, inactive ones included. Give {them} another app role in Entra; once Entra has sent \
             the change, the role can be deleted.",
            self.display_name
        ))
    }
}

/// The catalogue, most privilege first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleCatalogue {
    /// The first [`RoleCatalogue::SHOWN`] of them.
    pub roles: Vec<RoleRow>,
    pub total: u64,
    /// Display name of the default role.
    pub default_role: String,
}

impl RoleCatalogue {
    /// Roles that the page lists: nobody gives out more by hand.
    pub const SHOWN: usize = 50;
}

/// Which way a role moves in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards more privilege.
    Up,
    Down,
}
