//! SQLite's one connection for changes, how far its transaction is, and what its closures have left for the end.
//!
//! Each text that runs is a trip to the connection's thread and back, which costs more than most statements do. So
//! closures that only leave statements behind wait for each other, and their statements go along together: before the
//! commit, or before a closure that runs a statement at once, for it may read what they do.

use sqlx::SqliteConnection;

use super::db::Effects;
use super::dialect::Dialect;
use super::left::{Left, Rows};
use super::sql::{self, Sql, Text, sql};
use crate::server::error::StoreError;

/// Changes that look alike and share a trip, at most. Their text is kept prepared for each power of two up to it.
const ALIKE: usize = 8;

/// How far a transaction is. What leads to the next stage goes along with the statement that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not begun.
    Waiting,
    /// Begun; no closure has a savepoint.
    Begun,
    /// The savepoint is that of a closure before this one.
    Earlier,
    /// The savepoint is that of this closure, or of those that share a trip.
    Own,
}

/// A closure that has ended well and whose statements have not run.
struct Waiting {
    /// Its place among those of the transaction.
    place: usize,
    left: Left,
}

/// The connection, and its transaction if one is under way.
pub struct Writer {
    pub(super) connection: SqliteConnection,
    stage: Stage,
    waiting: Vec<Waiting>,
    /// Of the closures whose statements have run.
    rows: Rows,
    effects: Effects,
    /// The closures that were undone because of a statement that they had left.
    pub(super) failed: Vec<(usize, StoreError)>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self {
            connection,
            stage: Stage::Waiting,
            waiting: Vec::new(),
            rows: Rows::default(),
            effects: Effects::new(),
            failed: Vec::new(),
        }
    }

    /// What runs before the next statement: it begins the transaction, or gives the closure its savepoint.
    pub(super) fn before(&mut self) -> &'static str {
        let (next, before) = match self.stage {
            Stage::Waiting => (Stage::Begun, "BEGIN IMMEDIATE; "),
            Stage::Begun => (Stage::Own, "SAVEPOINT closure; "),
            Stage::Earlier => (Stage::Own, "RELEASE closure; SAVEPOINT closure; "),
            Stage::Own => (Stage::Own, ""),
        };
        self.stage = next;
        before
    }

    /// The statement, behind what runs before it.
    pub(super) fn text(&mut self, text: &Text) -> sqlx::SqlStr {
        text.sqlite(self.before())
    }

    /// Takes in what a closure has left that ended well, the `place`th of its transaction.
    ///
    /// # Errors
    /// Of its statements: it is to be undone then.
    pub(super) async fn take(
        &mut self,
        place: usize,
        is_last: bool,
        mut left: Left,
    ) -> Result<(), StoreError> {
        let has_run = self.stage == Stage::Own;
        // They belong into its savepoint. Those of the last one can wait: nobody needs another before the commit.
        if has_run && !is_last {
            let statements = std::mem::take(&mut left.statements);
            if !statements.is_empty() {
                self.run(statements).await?;
            }
            self.stage = Stage::Earlier;
        }
        if left.statements.is_empty() {
            self.keep(left);
        } else {
            self.waiting.push(Waiting { place, left });
        }
        Ok(())
    }

    /// Whether a transaction is under way in which nothing was written.
    pub(super) fn has_begun(&self) -> bool {
        self.stage == Stage::Begun
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.stage = Stage::Waiting;
        let begin = self.before();
        self.run_text(begin).await
    }

    /// Undoes what the closure has done whose savepoint it is.
    pub(super) async fn undo(&mut self) -> Result<(), StoreError> {
        if self.stage == Stage::Own {
            self.run_text("ROLLBACK TO closure").await?;
            self.stage = Stage::Earlier;
        }
        Ok(())
    }

    /// Runs the statements that wait.
    ///
    /// # Errors
    /// When one cannot be undone; a closure whose statement is refused is undone alone, and noted as failed.
    pub(super) async fn run_waiting(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        for together in self.trips() {
            if self.run(together).await.is_err() {
                return self.run_each_alone().await;
            }
        }
        for waiting in std::mem::take(&mut self.waiting) {
            self.keep(waiting.left);
        }
        self.stage = Stage::Earlier;
        Ok(())
    }

    /// As [`Writer::run_waiting`], and writes the rows that closures have added so far: for whoever may read anything.
    pub(super) async fn write_all(&mut self) -> Result<(), StoreError> {
        self.run_waiting().await?;
        let appended = std::mem::take(&mut self.rows.appended);
        let statements = appended.into_statements(Dialect::Sqlite);
        if statements.is_empty() {
            return Ok(());
        }
        self.run(statements).await?;
        self.stage = Stage::Earlier;
        Ok(())
    }

    /// Runs what waits, writes the rows of all closures and commits. Answers what follows.
    pub(super) async fn commit(&mut self) -> Result<Effects, StoreError> {
        // Several go before it: with as many rows as there are closures, their text would be one of too many to keep.
        if self.waiting.len() > 1 {
            self.run_waiting().await?;
        }
        if let Some(Waiting { place, left }) = self.waiting.pop() {
            // Where nothing else is written, the transaction itself undoes it.
            let is_alone = self.stage == Stage::Begun && self.rows.appended.is_empty();
            if is_alone {
                self.stage = Stage::Own;
            }
            let mut rows = self.rows.clone();
            rows.merge(left.rows);
            let mut statements = left.statements;
            statements.extend(ending(rows));
            match self.run(statements).await {
                Ok(()) => return Ok(self.end(left.effects)),
                Err(error) => self.failed.push((place, error)),
            }
            if is_alone {
                self.run_text("ROLLBACK").await?;
                return Ok(self.end(Effects::new()));
            }
            self.undo().await?;
        }
        let rows = std::mem::take(&mut self.rows);
        sql::execute_joined(&mut self.connection, "", ending(rows)).await?;
        Ok(self.end(Effects::new()))
    }

    /// What waits, as statements that run together: those of closures that look alike, so that their text is one that
    /// was prepared before. The closures are of different users and names, and may change places.
    fn trips(&self) -> Vec<Vec<Sql>> {
        let mut all: Vec<&[Sql]> = self
            .waiting
            .iter()
            .map(|waiting| waiting.left.statements.as_slice())
            .collect();
        all.sort_by(|a, b| sql::texts(a).cmp(sql::texts(b)));
        let mut trips = Vec::new();
        for mut alike in all.chunk_by(|a, b| sql::texts(a).eq(sql::texts(b))) {
            while !alike.is_empty() {
                let together = 1 << alike.len().min(ALIKE).ilog2();
                let (first, rest) = alike.split_at(together);
                trips.push(first.concat());
                alike = rest;
            }
        }
        trips
    }

    /// Undoes those that wait, which something refused, and runs each in a savepoint of its own.
    async fn run_each_alone(&mut self) -> Result<(), StoreError> {
        self.undo().await?;
        let mut outcome = Ok(());
        for Waiting { place, mut left } in std::mem::take(&mut self.waiting) {
            match self.run(std::mem::take(&mut left.statements)).await {
                Ok(()) => {
                    self.stage = Stage::Earlier;
                    self.keep(left);
                }
                Err(error) => {
                    self.failed.push((place, error));
                    outcome = outcome.and(self.undo().await);
                }
            }
        }
        outcome
    }

    fn keep(&mut self, mut left: Left) {
        self.rows.merge(left.rows);
        self.effects.append(&mut left.effects);
    }

    /// The transaction is over. Answers what follows it, `more` last.
    fn end(&mut self, mut more: Effects) -> Effects {
        self.stage = Stage::Waiting;
        self.waiting.clear();
        self.rows = Rows::default();
        let mut effects = std::mem::take(&mut self.effects);
        effects.append(&mut more);
        effects
    }

    /// Forgets a transaction that came to nothing.
    pub(super) async fn roll_back(&mut self) {
        let _ = self.run_text("ROLLBACK").await;
        self.end(Effects::new());
    }

    async fn run(&mut self, statements: Vec<Sql>) -> Result<(), StoreError> {
        let before = self.before();
        sql::execute_joined(&mut self.connection, before, statements).await
    }

    pub(super) async fn run_text(&mut self, text: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(text).execute(&mut self.connection).await?;
        Ok(())
    }
}

/// What writes the rows of all closures, and commits.
fn ending(rows: Rows) -> Vec<Sql> {
    let mut statements = rows.into_statements(Dialect::Sqlite);
    statements.push(sql("COMMIT"));
    statements
}
