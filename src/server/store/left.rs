//! What a closure has left for the end of its transaction.

use super::appended::Appended;
use super::db::Effects;
use super::dialect::Dialect;
use super::sql::Sql;
use super::user_counts::UserCounts;

/// What it has left.
#[derive(Default)]
pub(super) struct Left {
    /// To be run in this order; nothing in the closure reads what they do.
    pub(super) statements: Vec<Sql>,
    pub(super) rows: Rows,
    /// What follows the commit.
    pub(super) effects: Effects,
}

/// What is written once for all closures of a transaction.
#[derive(Clone, Default)]
pub(super) struct Rows {
    pub(super) counted: UserCounts,
    pub(super) appended: Appended,
}

impl Rows {
    /// Takes in those of a later closure.
    pub(super) fn merge(&mut self, later: Self) {
        self.counted.merge(later.counted);
        self.appended.merge(later.appended);
    }

    /// What writes them.
    pub(super) fn into_statements(self, dialect: Dialect) -> Vec<Sql> {
        let mut statements = self.appended.into_statements(dialect);
        statements.extend(self.counted.into_statement());
        statements
    }
}
