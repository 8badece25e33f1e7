//! Entries and counters that need not commit with a change are written together, several times a second.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::hour_of;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::services::live::Live;
use crate::server::store::Db;
use crate::server::store::provisioning_logs::{self, HourCounts, HourKey, NewEntry};
use crate::server::store::tokens;

/// Entries that may wait; beyond it callers wait, so that nothing is lost and memory is bounded.
const QUEUE: usize = 4_096;
/// Entries of one batch.
const BATCH: usize = 400;
/// How long an entry waits for others: what a crash may lose.
const PAUSE: Duration = Duration::from_millis(250);
/// Tries of a batch before it is given up, and the pause before each.
const TRIES: u32 = 5;

/// Something for the next batch.
#[derive(Debug)]
pub enum Note {
    /// An entry to store and count.
    Entry(Box<NewEntry>),
    /// An entry that is stored already (with its change): only counted.
    Counted(HourKey, HourCounts),
    /// A token was used.
    TokenUsed {
        token_id: String,
        at: Millis,
        address: String,
        user_agent: String,
    },
    /// Somebody waits for all earlier notes to be written.
    Flush(oneshot::Sender<()>),
}

impl Note {
    /// The count of an entry that commits with its change.
    pub fn counted(entry: &NewEntry) -> Self {
        let (key, counts) = hour_of(entry);
        Self::Counted(key, counts)
    }
}

/// Takes notes from all requests. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sender: Mutex<Option<mpsc::Sender<Note>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Starts the task that writes to `db` and hints at what it wrote.
    pub fn start(db: Db, live: Live) -> Self {
        let (sender, notes) = mpsc::channel(QUEUE);
        let task = tokio::spawn(write_batches(db, live, notes));
        Self(Arc::new(Inner {
            sender: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
        }))
    }

    /// Hands a note over; waits while too many are waiting. After [`Recorder::finish`] notes are dropped.
    pub async fn note(&self, note: Note) {
        let sender = self
            .0
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(sender) = sender {
            // The task ends only after the sender is taken away.
            let _ = sender.send(note).await;
        }
    }

    /// Waits until everything noted so far is written.
    pub async fn flush(&self) {
        let (written, wait) = oneshot::channel();
        self.note(Note::Flush(written)).await;
        let _ = wait.await;
    }

    /// Writes everything that was noted, and ends.
    pub async fn finish(&self) {
        drop(
            self.0
                .sender
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let task = self
            .0
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

#[derive(Clone, Default)]
struct Batch {
    entries: Vec<NewEntry>,
    hours: BTreeMap<HourKey, HourCounts>,
    used: BTreeMap<String, (Millis, String, String)>,
}

impl Batch {
    fn add(&mut self, note: Note) {
        match note {
            Note::Entry(entry) => {
                let (key, counts) = hour_of(&entry);
                self.count(key, counts);
                self.entries.push(*entry);
            }
            Note::Counted(key, counts) => self.count(key, counts),
            Note::TokenUsed {
                token_id,
                at,
                address,
                user_agent,
            } => {
                self.used.insert(token_id, (at, address, user_agent));
            }
            Note::Flush(_) => {}
        }
    }

    fn count(&mut self, key: HourKey, counts: HourCounts) {
        let sum = self.hours.entry(key).or_default();
        sum.entries += counts.entries;
        sum.unrecorded += counts.unrecorded;
        sum.duration_us += counts.duration_us;
    }
}

async fn write_batches(db: Db, live: Live, mut notes: mpsc::Receiver<Note>) {
    let mut waiting = Vec::with_capacity(BATCH);
    while notes.recv_many(&mut waiting, BATCH).await > 0 {
        gather(&mut notes, &mut waiting).await;
        let mut batch = Batch::default();
        let mut flushes = Vec::new();
        for note in waiting.drain(..) {
            match note {
                Note::Flush(written) => flushes.push(written),
                note => batch.add(note),
            }
        }
        write_batch(&db, &live, batch).await;
        for written in flushes {
            let _ = written.send(());
        }
    }
}

/// Gives others time to come, unless the batch is full, somebody waits for it, or the service is ending.
async fn gather(notes: &mut mpsc::Receiver<Note>, waiting: &mut Vec<Note>) {
    let deadline = tokio::time::sleep(PAUSE);
    tokio::pin!(deadline);
    let is_urgent = |waiting: &[Note]| waiting.iter().any(|note| matches!(note, Note::Flush(_)));
    while waiting.len() < BATCH && !is_urgent(waiting) {
        let room = BATCH - waiting.len();
        tokio::select! {
            taken = notes.recv_many(waiting, room) => if taken == 0 { return },
            () = &mut deadline => return,
        }
    }
}

async fn write_batch(db: &Db, live: &Live, batch: Batch) {
    let batch = Arc::new(batch);
    for attempt in 1..=TRIES {
        let shared = Arc::clone(&batch);
        let outcome = db
            .write(move |tx| {
                Box::pin(async move {
                    let Batch {
                        entries,
                        hours,
                        used,
                    } = Arc::unwrap_or_clone(shared);
                    provisioning_logs::insert(tx, entries).await?;
                    provisioning_logs::add_hours(tx, hours.into_iter().collect()).await?;
                    for (token_id, (at, address, user_agent)) in used {
                        tokens::touch(tx, &token_id, at, &address, Some(&user_agent)).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await;
        match outcome {
            Ok(()) => {
                let grown: BTreeSet<&str> = batch
                    .entries
                    .iter()
                    .map(|entry| entry.organization_id.as_str())
                    .collect();
                grown.into_iter().for_each(|id| live.grown(id));
                return;
            }
            Err(error) => {
                tracing::warn!(error = %error, attempt, entries = batch.entries.len(), "log batch not written");
                tokio::time::sleep(PAUSE * attempt).await;
            }
        }
    }
    tracing::error!(entries = batch.entries.len(), "log batch lost");
}
