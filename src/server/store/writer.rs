//! SQLite's one connection for changes, and how far its transaction is.

use sqlx::SqliteConnection;

use super::sql::Text;

/// How far a transaction is. What leads to the next stage goes along with the statement that needs it, because each
/// text is a trip to the connection's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not begun.
    Waiting,
    /// Begun; no closure has a savepoint.
    Begun,
    /// The savepoint is that of a closure before this one.
    Earlier,
    /// The savepoint is that of this closure.
    Own,
}

/// The connection, for one closure.
pub struct Writer<'c> {
    pub(super) connection: &'c mut SqliteConnection,
    stage: &'c mut Stage,
}

impl<'c> Writer<'c> {
    /// For one group of closures on the writer's connection; `stage` says how far its transaction is.
    pub fn new(connection: &'c mut SqliteConnection, stage: &'c mut Stage) -> Self {
        Self { connection, stage }
    }

    /// What runs before the next statement: it begins the transaction, or gives the closure its savepoint.
    pub(super) fn before(&mut self) -> &'static str {
        let (next, before) = match *self.stage {
            Stage::Waiting => (Stage::Begun, "BEGIN IMMEDIATE; "),
            Stage::Begun => (Stage::Own, "SAVEPOINT closure; "),
            Stage::Earlier => (Stage::Own, "RELEASE closure; SAVEPOINT closure; "),
            Stage::Own => (Stage::Own, ""),
        };
        *self.stage = next;
        before
    }

    /// The statement, behind what runs before it.
    pub(super) fn text(&mut self, text: &Text) -> sqlx::SqlStr {
        text.sqlite(self.before())
    }
}
