//! Rows that changes add and nothing in their transaction reads: entries of the log, their payloads, and the history of
//! users. Those of all changes that share a commit are written by one statement a table, because each statement costs a
//! wake-up of the thread that waits for it.
//!
//! Only for rows that no key and no reference can refuse: one would take the others with it.

use super::dialect::Dialect;
use super::provisioning_logs::{self, WaitingEntry};
use super::sql::{Arg, Sql};
use super::users;

/// The rows, in the order of the changes.
#[derive(Clone, Default)]
pub(super) struct Appended {
    pub(super) entries: Vec<WaitingEntry>,
    pub(super) payloads: Vec<Vec<Arg>>,
    /// Of `user_changes`.
    pub(super) changes: Vec<Vec<Arg>>,
}

impl Appended {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.payloads.is_empty() && self.changes.is_empty()
    }

    /// Takes in what a later change adds.
    pub(super) fn merge(&mut self, mut later: Self) {
        self.entries.append(&mut later.entries);
        self.payloads.append(&mut later.payloads);
        self.changes.append(&mut later.changes);
    }

    /// What writes them.
    pub(super) fn into_statements(self, dialect: Dialect) -> Vec<Sql> {
        let mut statements = Vec::new();
        statements.extend(users::changes_insertion(self.changes));
        statements.extend(provisioning_logs::waiting_insertion(self.entries, dialect));
        statements.extend(provisioning_logs::payloads_insertion(self.payloads));
        statements
    }
}
