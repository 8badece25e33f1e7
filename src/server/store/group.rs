//! SQLite's writer: runs the waiting closures of [`Db::write`](super::Db::write) in one transaction, and commits once for
//! all of them. Each can be undone alone.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::mpsc;

use super::db::{Effects, Tx};
use super::foresight::{Foreseen, Foresight};
use super::job::{Ended, Job};
use super::sql::Connection;
use super::writer::Writer;
use crate::server::error::StoreError;

/// Closures that one SQLite transaction takes at most.
const GROUP: usize = 64;
/// So many are worth waiting for: what a transaction costs by itself is little for each of them then. Measured, 8 took
/// more of the processor, and 24 were no faster.
const FULL: usize = 16;
/// How long the first waits for others, or a little longer: the runtime counts in milliseconds.
const PATIENCE: Duration = Duration::from_millis(1);

/// SQLite's writer: takes what waits, up to [`GROUP`] closures, into one transaction.
pub(super) async fn write_groups(connection: SqliteConnection, mut jobs: mpsc::Receiver<Job>) {
    let mut writer = Writer::new(connection);
    let mut group = Vec::with_capacity(GROUP);
    let mut under_way = 0;
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        gather(&mut jobs, &mut group, under_way.min(FULL)).await;
        let (ended, committed) = write_group(&mut writer, &mut group).await;
        let committed = match committed {
            Ok(effects) => {
                effects.into_iter().for_each(|effect| effect());
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, closures = ended.len(), "commit failed");
                writer.roll_back().await;
                Err(error)
            }
        };
        under_way = ended.len() + jobs.len();
        for ended in ended {
            ended.tell(committed.as_ref().copied().map_err(for_another));
        }
    }
    let Writer { mut connection, .. } = writer;
    let _ = sqlx::raw_sql("PRAGMA optimize")
        .execute(&mut connection)
        .await;
    let _ = connection.close().await;
}

/// Waits for as many as were under way a moment ago: whoever is answered often has the next change at once, and
/// transactions of a few closures cost each of them more than the wait. Whoever changes one thing after the other never
/// waits.
async fn gather(jobs: &mut mpsc::Receiver<Job>, group: &mut Vec<Job>, expected: usize) {
    if group.len() >= expected {
        return;
    }
    let deadline = tokio::time::sleep(PATIENCE);
    tokio::pin!(deadline);
    while group.len() < expected {
        tokio::select! {
            taken = jobs.recv_many(group, GROUP - group.len()) => if taken == 0 { return },
            () = &mut deadline => return,
        }
    }
}

/// Answers how each closure ended that could run, and what follows the commit.
async fn write_group(
    writer: &mut Writer,
    group: &mut Vec<Job>,
) -> (Vec<Ended>, Result<Effects, StoreError>) {
    let mut all_ended = Vec::new();
    let all = group.iter().filter_map(|job| job.foresight.as_ref());
    let begun = begin(writer, &all.collect::<Vec<_>>()).await;
    let (mut foreseen, mut outcome) = match begun {
        Ok(foreseen) => (foreseen, Ok(())),
        Err(error) => (Foreseen::default(), Err(error)),
    };
    let mut jobs = group.drain(..).peekable();
    while let Some(Job { foresight, change }) = jobs.next() {
        // Who may read anything reads what those before have left.
        if outcome.is_ok() && foresight.is_none() {
            outcome = writer.write_all().await;
        }
        // Without a transaction no closure may run: its statements would commit one by one.
        if let Err(error) = &outcome {
            change.refuse(for_another(error));
            continue;
        }
        let failed_before = writer.failed.len();
        let mut tx = Tx::new(
            Connection::SqliteWriter(writer),
            std::mem::take(&mut foreseen),
        );
        let mut ended = change.run(&mut tx).await;
        let (left, known) = tx.end();
        if foresight.is_some() || !ended.keep {
            foreseen = known;
        }
        if ended.keep {
            foreseen.note_waiting(&left.rows.appended);
            let is_last = jobs.peek().is_none();
            if let Err(error) = writer.take(all_ended.len(), is_last, left).await {
                ended.fail(error);
            }
        }
        if !ended.keep {
            outcome = writer.undo().await;
        }
        // What is undone has counted nobody.
        if !ended.keep || writer.failed.len() > failed_before {
            foreseen.forget_guard();
        }
        all_ended.push(ended);
    }
    drop(jobs);
    let committed = match outcome {
        Ok(()) => writer.commit().await,
        Err(error) => Err(error),
    };
    for (place, error) in writer.failed.drain(..) {
        if let Some(ended) = all_ended.get_mut(place) {
            ended.fail(error);
        }
    }
    (all_ended, committed)
}

/// Begins the transaction, with the questions that its closures are going to ask.
async fn begin(writer: &mut Writer, all: &[&Foresight]) -> Result<Foreseen, StoreError> {
    match Foreseen::ask(&mut Connection::SqliteWriter(writer), all).await {
        Ok(foreseen) if writer.has_begun() => return Ok(foreseen),
        Ok(_) => {}
        Err(error) => {
            // Only what has begun can be undone.
            if writer.run_text("ROLLBACK").await.is_err() {
                return Err(error);
            }
            tracing::warn!(%error, "each change asks for itself");
        }
    }
    writer.begin().await?;
    Ok(Foreseen::default())
}

/// What failed for a whole group, told to one of it.
fn for_another(error: &StoreError) -> StoreError {
    StoreError::Unavailable(match error {
        StoreError::Unavailable(why) => why.clone(),
        other => other.to_string(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    fn job() -> Job {
        let (answer, _) = oneshot::channel::<Result<(), StoreError>>();
        Job::new(None, |_| Box::pin(async { Ok(()) }), answer)
    }

    #[tokio::test]
    async fn a_change_waits_for_those_that_are_under_way_and_no_longer() {
        let (sender, mut jobs) = mpsc::channel(9);
        let mut group = vec![job()];
        for _ in 0..3 {
            sender.send(job()).await.unwrap();
        }
        gather(&mut jobs, &mut group, 1).await;
        assert_eq!(group.len(), 1, "who comes alone waits for nobody");
        gather(&mut jobs, &mut group, 2).await;
        assert_eq!(group.len(), 4, "whoever is there comes along");
        // One is on its way.
        let late = sender.clone();
        tokio::join!(gather(&mut jobs, &mut group, 5), async {
            late.send(job()).await.unwrap();
        });
        assert_eq!(group.len(), 5);
        // Nobody else comes.
        gather(&mut jobs, &mut group, 9).await;
        assert_eq!(group.len(), 5);
        drop((sender, late));
        gather(&mut jobs, &mut group, 9).await;
        assert_eq!(group.len(), 5);
    }
}
