//! SQLite's writer: runs the waiting closures of [`Db::write`](super::Db::write) in one transaction, and commits once for
//! all of them. A savepoint for each undoes it alone.

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::mpsc;

use super::appended::Appended;
use super::db::{Effects, Tx};
use super::dialect::Dialect;
use super::foresight::{Foreseen, Foresight};
use super::job::{Ended, Job};
use super::sql::{Connection, Sql, sql};
use super::user_counts::UserCounts;
use super::writer::{Stage, Writer};
use crate::server::error::StoreError;

/// Closures that one SQLite transaction takes at most.
const GROUP: usize = 64;

/// SQLite's writer: takes what waits, up to [`GROUP`] closures, into one transaction.
pub(super) async fn write_groups(mut connection: SqliteConnection, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        let (ended, effects, committed) = write_group(&mut connection, &mut group).await;
        if let Err(error) = &committed {
            tracing::error!(error = %error, closures = ended.len(), "commit failed");
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut connection).await;
        } else {
            effects.into_iter().for_each(|effect| effect());
        }
        for ended in ended {
            ended.tell(committed.as_ref().copied().map_err(for_another));
        }
    }
    let _ = sqlx::raw_sql("PRAGMA optimize")
        .execute(&mut connection)
        .await;
    let _ = connection.close().await;
}

async fn write_group(
    connection: &mut SqliteConnection,
    group: &mut Vec<Job>,
) -> (Vec<Ended>, Effects, Result<(), StoreError>) {
    let mut all_ended = Vec::new();
    let mut effects = Effects::new();
    let mut stage = Stage::Waiting;
    let all = group.iter().filter_map(|job| job.foresight.as_ref());
    let begun = begin(connection, &mut stage, &all.collect::<Vec<_>>()).await;
    let (mut foreseen, mut committed) = match begun {
        Ok(foreseen) => (foreseen, Ok(())),
        Err(error) => (Foreseen::default(), Err(error)),
    };
    let mut counted = UserCounts::default();
    let mut appended = Appended::default();
    let mut last = Last::default();
    let mut jobs = group.drain(..).peekable();
    while let Some(Job { foresight, change }) = jobs.next() {
        let is_last = jobs.peek().is_none();
        // Who may read anything reads what those before have added; and the last closure can be undone without them.
        if committed.is_ok() && (foresight.is_none() || is_last) {
            committed = write_rows(connection, &mut stage, std::mem::take(&mut appended)).await;
        }
        // Without a transaction no closure may run: its statements would commit one by one.
        if let Err(error) = &committed {
            change.refuse(for_another(error));
            continue;
        }
        let writer = Connection::SqliteWriter(Writer::new(connection, &mut stage));
        let mut tx = Tx::new(writer, std::mem::take(&mut foreseen));
        let mut ended = change.run(&mut tx).await;
        // What the last one has deferred waits for the commit.
        if !is_last {
            ended.finish(&mut tx).await;
        }
        if foresight.is_some() || !ended.keep {
            foreseen = std::mem::take(&mut tx.foreseen);
        }
        if !ended.keep {
            foreseen.forget_guard();
        } else if is_last {
            last.take_from(&mut tx);
        } else {
            counted.merge(std::mem::take(&mut tx.counted));
            foreseen.note_waiting(&tx.appended);
            appended.merge(std::mem::take(&mut tx.appended));
            effects.append(&mut tx.after_commit);
        }
        drop(tx);
        if stage == Stage::Own {
            if !ended.keep {
                committed = run(connection, "ROLLBACK TO closure").await;
            }
            if !is_last {
                stage = Stage::Earlier;
            }
        }
        all_ended.push(ended);
    }
    if committed.is_ok() {
        // Where nothing is written yet, the transaction itself undoes the last closure alone.
        let is_alone = stage == Stage::Begun;
        if is_alone {
            stage = Stage::Own;
        }
        match last.commit(connection, &mut stage, &counted).await {
            Ok(more) => effects.extend(more),
            // Its own statements may be what failed: the others do not depend on them.
            Err(error) if stage == Stage::Own && all_ended.last().is_some_and(|last| last.keep) => {
                committed = if is_alone {
                    run(connection, "ROLLBACK").await
                } else {
                    without_last(connection, &mut stage, &counted).await
                };
                if let Some(last) = all_ended.last_mut() {
                    last.fail(error);
                }
            }
            Err(error) => committed = Err(error),
        }
    }
    (all_ended, effects, committed)
}

/// Writes the rows that the closures so far have added, for good: no closure's savepoint holds them.
async fn write_rows(
    connection: &mut SqliteConnection,
    stage: &mut Stage,
    appended: Appended,
) -> Result<(), StoreError> {
    let statements = appended.into_statements(Dialect::Sqlite);
    if statements.is_empty() {
        return Ok(());
    }
    let outcome = Connection::SqliteWriter(Writer::new(connection, stage))
        .execute_all(statements)
        .await;
    *stage = Stage::Earlier;
    outcome
}

/// Undoes the last closure, and commits what those before it did.
async fn without_last(
    connection: &mut SqliteConnection,
    stage: &mut Stage,
    counted: &UserCounts,
) -> Result<(), StoreError> {
    run(connection, "ROLLBACK TO closure").await?;
    Last::default().commit(connection, stage, counted).await?;
    Ok(())
}

/// What the last closure of a transaction has left for the commit.
#[derive(Default)]
struct Last {
    deferred: Vec<Sql>,
    counted: UserCounts,
    effects: Effects,
}

impl Last {
    fn take_from(&mut self, tx: &mut Tx<'_>) {
        self.deferred = tx.take_deferred();
        self.counted = std::mem::take(&mut tx.counted);
        self.effects = std::mem::take(&mut tx.after_commit);
    }

    /// Runs what waits, counts the users who have come and gone with all closures, and commits: in one trip. Answers
    /// what follows.
    async fn commit(
        self,
        connection: &mut SqliteConnection,
        stage: &mut Stage,
        counted_before: &UserCounts,
    ) -> Result<Effects, StoreError> {
        let mut counted = counted_before.clone();
        counted.merge(self.counted);
        let mut statements = self.deferred;
        statements.extend(counted.into_statement());
        if statements.is_empty() {
            run(connection, "COMMIT").await?;
        } else {
            statements.push(sql("COMMIT"));
            Connection::SqliteWriter(Writer::new(connection, stage))
                .execute_all(statements)
                .await?;
        }
        Ok(self.effects)
    }
}

/// Begins the transaction, with the questions that its closures are going to ask.
async fn begin(
    connection: &mut SqliteConnection,
    stage: &mut Stage,
    all: &[&Foresight],
) -> Result<Foreseen, StoreError> {
    let mut asking = Connection::SqliteWriter(Writer::new(connection, stage));
    match Foreseen::ask(&mut asking, all).await {
        Ok(foreseen) if *stage == Stage::Begun => return Ok(foreseen),
        Ok(_) => {}
        Err(error) => {
            // Only what has begun can be undone.
            if run(connection, "ROLLBACK").await.is_err() {
                return Err(error);
            }
            tracing::warn!(%error, "each change asks for itself");
        }
    }
    *stage = Stage::Begun;
    run(connection, "BEGIN IMMEDIATE").await?;
    Ok(Foreseen::default())
}

/// What failed for a whole group, told to one of it.
fn for_another(error: &StoreError) -> StoreError {
    StoreError::Unavailable(match error {
        StoreError::Unavailable(why) => why.clone(),
        other => other.to_string(),
    })
}

async fn run(connection: &mut SqliteConnection, text: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(text).execute(connection).await?;
    Ok(())
}
