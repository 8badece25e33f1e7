//! SQLite's writer: runs the waiting closures of [`Db::write`](super::Db::write) in savepoints of one transaction, and
//! commits once for all of them.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::db::{BoxFuture, Effects, Tx};
use super::foresight::{Foreseen, Foresight};
use super::sql::{Connection, Writer};
use crate::server::error::StoreError;

/// Closures that one SQLite transaction takes at most.
const GROUP: usize = 64;

/// Begins a transaction and its first closure: one text, because each text is a trip to SQLite's thread.
const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT closure; ";

/// How a closure ended: whether its statements stay, and how its caller is told once the commit is known.
struct Ended {
    keep: bool,
    tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// A closure, and who waits for its answer.
trait Change: Send {
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Ended>;

    /// Answers that there was no transaction to run in.
    fn refuse(self: Box<Self>, error: StoreError);
}

struct Waiting<T, E, F> {
    work: F,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Change for Waiting<T, E, F>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
{
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Ended> {
        Box::pin(end(tx, self.work, self.answer))
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(error.into()));
    }
}

/// A change that waits for the writer.
pub(super) struct Job {
    /// `None` for a change that may write whatever others have foreseen.
    foresight: Option<Foresight>,
    change: Box<dyn Change>,
}

impl Job {
    /// `answer` is told what `work` answers, once that is durable.
    pub(super) fn new<T, E, F>(
        foresight: Option<Foresight>,
        work: F,
        answer: oneshot::Sender<Result<T, E>>,
    ) -> Self
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        Self {
            foresight,
            change: Box::new(Waiting { work, answer }),
        }
    }
}

/// Runs one closure and turns its answer into an [`Ended`].
async fn end<T, E, F>(tx: &mut Tx<'_>, work: F, answer: oneshot::Sender<Result<T, E>>) -> Ended
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
{
    // A panic in one closure must not take the writer and everybody else's changes with it.
    let outcome = AssertUnwindSafe(work(tx)).catch_unwind().await;
    let outcome = outcome
        .unwrap_or_else(|_| Err(StoreError::Unavailable("the change panicked".to_owned()).into()));
    let outcome = tx.finish(outcome).await;
    Ended {
        keep: outcome.is_ok(),
        tell: Box::new(move |committed| {
            // The caller may have gone: then nobody waits for the answer.
            let _ = answer.send(match (outcome, committed) {
                (Ok(_), Err(error)) => Err(error.into()),
                (outcome, _) => outcome,
            });
        }),
    }
}

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
        for Ended { tell, .. } in ended {
            tell(match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(for_another(error)),
            });
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
    let all = group.iter().filter_map(|job| job.foresight.as_ref());
    let (mut foreseen, mut committed) = match begin(connection, &all.collect::<Vec<_>>()).await {
        Ok(foreseen) => (foreseen, Ok(())),
        Err(error) => (Foreseen::default(), Err(error)),
    };
    // What ends one closure and begins the next goes along with the next one's first statement.
    let mut before = "";
    let mut jobs = group.drain(..).peekable();
    while let Some(Job { foresight, change }) = jobs.next() {
        // Without a transaction no closure may run: its statements would commit one by one.
        if let Err(error) = &committed {
            change.refuse(for_another(error));
            continue;
        }
        let writer = Connection::SqliteWriter(Writer::new(connection, &mut before));
        let mut tx = Tx::new(writer, std::mem::take(&mut foreseen));
        let ended = change.run(&mut tx).await;
        let tx_effects = std::mem::take(&mut tx.after_commit);
        if foresight.is_some() || !ended.keep {
            foreseen = std::mem::take(&mut tx.foreseen);
        }
        if !ended.keep {
            foreseen.forget_guard();
        }
        drop(tx);
        // A closure that ran no statement has nothing to undo: the savepoint is still that of the one before it.
        let undo = !ended.keep && before.is_empty();
        let is_last = jobs.peek().is_none();
        match (undo, is_last) {
            (false, false) => before = "RELEASE closure; SAVEPOINT closure; ",
            (false, true) => committed = run(connection, "COMMIT").await,
            (true, false) => committed = run(connection, "ROLLBACK TO closure").await,
            (true, true) => committed = run(connection, "ROLLBACK TO closure; COMMIT").await,
        }
        if ended.keep {
            effects.extend(tx_effects);
        }
        all_ended.push(ended);
    }
    (all_ended, effects, committed)
}

/// Begins the transaction, with the first of the questions that its closures are going to ask.
async fn begin(
    connection: &mut SqliteConnection,
    all: &[&Foresight],
) -> Result<Foreseen, StoreError> {
    let mut before = BEGIN;
    let mut asking = Connection::SqliteWriter(Writer::new(connection, &mut before));
    match Foreseen::ask(&mut asking, all).await {
        Ok(foreseen) if before.is_empty() => return Ok(foreseen),
        Ok(_) => {}
        Err(error) => {
            // Only what has begun can be undone.
            if run(connection, "ROLLBACK").await.is_err() {
                return Err(error);
            }
            tracing::warn!(%error, "each change asks for itself");
        }
    }
    run(connection, BEGIN).await?;
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
