//! Entries and counters that need not commit with a change are written together, several times a second.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::described::{self, Described};
use super::note::{BYTES, Counted, Note};
use super::{hour_of, outcome};
use crate::model::log::Action;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::metrics::Metrics;
use crate::server::services::live::Live;
use crate::server::store::issue_records::{self, Occurrence};
use crate::server::store::provisioning_logs::{self, HourCounts, HourKey, NewEntry};
use crate::server::store::tokens;
use crate::server::store::{Db, Tx, organizations};

/// Entries that may wait; beyond it callers wait, so that nothing is lost and memory is bounded.
const QUEUE: usize = 4_096;
/// Entries of one batch.
const BATCH: usize = 400;
/// How long an entry waits for others: what a crash may lose.
const PAUSE: Duration = Duration::from_millis(250);
/// Tries of a batch before it is given up, most of a minute: a database that changes over to another server is back by
/// then. Fewer when the service is ending.
const TRIES: u32 = 20;
const LAST_TRIES: u32 = 5;
/// Entries of requests that nobody could be asked about, in one batch: more say no more.
const UNPLACED: usize = 60;

/// A note that waits.
#[derive(Debug)]
struct Noted {
    at: Instant,
    note: Note,
    /// What it takes of [`BYTES`] until it is written.
    room: Option<OwnedSemaphorePermit>,
}

/// Takes notes from all requests. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sender: Mutex<Option<mpsc::Sender<Noted>>>,
    /// What is left of [`BYTES`].
    room: Arc<Semaphore>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Starts the task that writes to `db` and hints at what it wrote.
    pub fn start(db: Db, live: Live, metrics: Metrics) -> Self {
        let (sender, notes) = mpsc::channel(QUEUE);
        let task = tokio::spawn(write_batches(db, live, metrics, notes));
        Self(Arc::new(Inner {
            sender: Mutex::new(Some(sender)),
            room: Arc::new(Semaphore::new(BYTES)),
            task: Mutex::new(Some(task)),
        }))
    }

    /// How many notes wait to be written.
    pub fn waiting(&self) -> u64 {
        let sender = self.0.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = sender
            .as_ref()
            .map(|sender| sender.max_capacity() - sender.capacity());
        waiting.unwrap_or_default() as u64
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
            let at = Instant::now();
            let room = match note.bytes() {
                0 => None,
                // Nobody closes it.
                bytes => self.0.room.clone().acquire_many_owned(bytes).await.ok(),
            };
            // The task ends only after the sender is taken away.
            let _ = sender.send(Noted { at, note, room }).await;
        }
    }

    /// Hands a note over without waiting: with too many waiting it is dropped.
    pub fn offer(&self, note: Note) {
        let sender = self.0.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.0.room.clone().try_acquire_many_owned(note.bytes());
        let noted = room.map(|room| Noted {
            at: Instant::now(),
            note,
            room: Some(room),
        });
        let is_taken = sender
            .as_ref()
            .zip(noted.ok())
            .is_some_and(|(sender, noted)| sender.try_send(noted).is_ok());
        if !is_taken {
            tracing::warn!("a failed request leaves no entry: too much waits to be written");
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
    /// With the slugs of their organizations.
    unplaced: Vec<(String, NewEntry)>,
    hours: BTreeMap<HourKey, HourCounts>,
    described: Described,
    used: BTreeMap<String, (Millis, String, String)>,
    /// By issue and user.
    occurrences: BTreeMap<(String, String), Occurrence>,
    /// Events by issue and day.
    days: BTreeMap<(String, Millis), i64>,
    /// What has succeeded in which organizations, and when at last.
    succeeded: BTreeMap<(String, Action), Millis>,
}

impl Batch {
    fn add(&mut self, note: Note, metrics: &Metrics) {
        match note {
            Note::Entry(mut entry) => {
                self.count(Counted::of(&entry), metrics);
                for occurrence in std::mem::take(&mut entry.occurrences) {
                    self.meet(occurrence);
                }
                self.entries.push(*entry);
            }
            Note::Unplaced { slug, entry } => {
                let (key, counts) = hour_of(&entry);
                measure(metrics, &key, counts);
                if self.unplaced.len() < UNPLACED {
                    self.unplaced.push((slug, *entry));
                }
            }
            Note::Counted(counted) => self.count(counted, metrics),
            Note::Unrecorded(key, counts, at) => {
                let occurrence = outcome::counted_only(&key.organization_id, key.reason);
                if let Some(mut occurrence) = occurrence {
                    occurrence.at = at;
                    *self.day(&occurrence.issue_id, at) += 1;
                    self.meet(occurrence);
                }
                self.count_hour(key, counts, metrics);
            }
            Note::Described { slug, at } => {
                let (key, counts) = described::one(at);
                measure(metrics, &key, counts);
                self.described.add(slug, at);
            }
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

    fn count(&mut self, counted: Counted, metrics: &Metrics) {
        let (key, counts) = counted.hour;
        if let Some(at) = counted.succeeded_at {
            let latest = (key.organization_id.clone(), key.action);
            let latest = self.succeeded.entry(latest);
            let latest = latest.or_insert(at);
            *latest = at.max(*latest);
        }
        for issue_id in &counted.issues {
            *self.day(issue_id, counted.at) += 1;
        }
        self.count_hour(key, counts, metrics);
    }

    fn day(&mut self, issue_id: &str, at: Millis) -> &mut i64 {
        let key = (issue_id.to_owned(), issue_records::day_of(at));
        self.days.entry(key).or_default()
    }

    /// Adds to what is known of the same issue and user; the latest names value and entry.
    fn meet(&mut self, mut occurrence: Occurrence) {
        let user = occurrence.user.as_ref();
        let key = (
            occurrence.issue_id.clone(),
            user.map(|user| user.key.clone()).unwrap_or_default(),
        );
        if let Some(earlier) = self.occurrences.remove(&key) {
            occurrence.events += earlier.events;
            occurrence.log_id = occurrence.log_id.or(earlier.log_id);
            occurrence.at = occurrence.at.max(earlier.at);
        }
        self.occurrences.insert(key, occurrence);
    }

    fn count_hour(&mut self, key: HourKey, counts: HourCounts, metrics: &Metrics) {
        measure(metrics, &key, counts);
        add(&mut self.hours, key, counts);
    }
}

fn add(hours: &mut BTreeMap<HourKey, HourCounts>, key: HourKey, counts: HourCounts) {
    let sum = hours.entry(key).or_default();
    sum.entries += counts.entries;
    sum.unrecorded += counts.unrecorded;
    sum.duration_us += counts.duration_us;
}

async fn write_batches(db: Db, live: Live, metrics: Metrics, mut notes: mpsc::Receiver<Noted>) {
    let mut waiting = Vec::with_capacity(BATCH);
    while notes.recv_many(&mut waiting, BATCH).await > 0 {
        gather(&mut notes, &mut waiting).await;
        let is_ending = || notes.is_closed();
        let taken = waiting.drain(..);
        let written = AssertUnwindSafe(write_taken(&db, &live, &metrics, taken, is_ending));
        // A panic over one batch must not take all later ones with it.
        if written.catch_unwind().await.is_err() {
            tracing::error!("log batch lost to a panic");
        }
        waiting.clear();
    }
}

/// Writes what was taken from the queue, and tells those who wait for it.
async fn write_taken(
    db: &Db,
    live: &Live,
    metrics: &Metrics,
    taken: impl Iterator<Item = Noted>,
    is_ending: impl Fn() -> bool,
) {
    let mut batch = Batch::default();
    let (mut flushes, mut rooms) = (Vec::new(), Vec::new());
    let mut oldest = Instant::now();
    for Noted { at, note, room } in taken {
        oldest = oldest.min(at);
        rooms.extend(room);
        match note {
            Note::Flush(written) => flushes.push(written),
            note => batch.add(note, metrics),
        }
    }
    write_batch(db, live, batch, is_ending, || {
        metrics.log_lagged(oldest.elapsed());
    })
    .await;
    drop(rooms);
    for written in flushes {
        let _ = written.send(());
    }
}

/// Every request leaves a note, so this is where they are counted for operators: none waits for it.
fn measure(metrics: &Metrics, key: &HourKey, counts: HourCounts) {
    let count = u64::try_from(counts.entries + counts.unrecorded).unwrap_or_default();
    let micros = u64::try_from(counts.duration_us).unwrap_or_default();
    let duration = (counts.entries == 1).then(|| Duration::from_micros(micros));
    let (action, status) = (key.action.as_str(), key.status.as_str());
    metrics.requests(action, status, key.reason, count, duration);
}

/// Gives others time to come, unless the batch is full, somebody waits for it, or the service is ending.
async fn gather(notes: &mut mpsc::Receiver<Noted>, waiting: &mut Vec<Noted>) {
    let deadline = tokio::time::sleep(PAUSE);
    tokio::pin!(deadline);
    let is_urgent = |waiting: &[Noted]| {
        let mut notes = waiting.iter().map(|noted| &noted.note);
        notes.any(|note| matches!(note, Note::Flush(_)))
    };
    while waiting.len() < BATCH && !is_urgent(waiting) {
        let room = BATCH - waiting.len();
        tokio::select! {
            taken = notes.recv_many(waiting, room) => if taken == 0 { return },
            () = &mut deadline => return,
        }
    }
}

/// `tried` is called after each try, whether it wrote the batch or not.
async fn write_batch(
    db: &Db,
    live: &Live,
    batch: Batch,
    is_ending: impl Fn() -> bool,
    tried: impl Fn(),
) {
    let batch = Arc::new(batch);
    for attempt in 1..=TRIES {
        let shared = Arc::clone(&batch);
        let outcome = db
            .write(move |tx| {
                Box::pin(async move {
                    let Batch {
                        mut entries,
                        unplaced,
                        mut hours,
                        described,
                        used,
                        occurrences,
                        days,
                        succeeded: _,
                    } = Arc::unwrap_or_clone(shared);
                    for entry in placed(tx, unplaced).await? {
                        let (key, counts) = hour_of(&entry);
                        add(&mut hours, key, counts);
                        entries.push(entry);
                    }
                    for (key, counts) in described.hours(tx).await? {
                        add(&mut hours, key, counts);
                    }
                    let grown: BTreeSet<String> = entries
                        .iter()
                        .map(|entry| entry.organization_id.clone())
                        .collect();
                    provisioning_logs::add_hours(tx, hours.into_iter().collect()).await?;
                    issue_records::record(tx, occurrences.into_values().collect()).await?;
                    issue_records::add_days(tx, days).await?;
                    for (token_id, (at, address, user_agent)) in used {
                        tokens::touch(tx, &token_id, at, &address, Some(&user_agent)).await?;
                    }
                    // Last, as in a change: it may wait for others to begin a cycle.
                    provisioning_logs::insert(tx, entries).await?;
                    Ok::<_, StoreError>(grown)
                })
            })
            .await;
        tried();
        match outcome {
            Ok(grown) => {
                grown.iter().for_each(|id| live.grown(id));
                if let Err(error) = settle(db, live, &batch.succeeded).await {
                    tracing::warn!(error = %error, "issues not settled; the next success does it");
                }
                return;
            }
            Err(error) => {
                tracing::warn!(error = %error, attempt, entries = batch.entries.len(), "log batch not written");
                if attempt >= LAST_TRIES && is_ending() {
                    break;
                }
                tokio::time::sleep(PAUSE * attempt).await;
            }
        }
    }
    tracing::error!(entries = batch.entries.len(), "log batch lost");
}

/// Those of organizations that exist.
async fn placed(
    tx: &mut Tx<'_>,
    unplaced: Vec<(String, NewEntry)>,
) -> Result<Vec<NewEntry>, StoreError> {
    let slugs: BTreeSet<&str> = unplaced.iter().map(|(slug, _)| slug.as_str()).collect();
    let ids = organizations::ids_of(tx, slugs).await?;
    let placed = unplaced.into_iter().filter_map(|(slug, mut entry)| {
        entry.organization_id.clone_from(ids.get(&slug)?);
        Some(entry)
    });
    Ok(placed.collect())
}

/// Ends issues that nobody is affected by any more. In a transaction of its own, which locks in one order.
async fn settle(
    db: &Db,
    live: &Live,
    succeeded: &BTreeMap<(String, Action), Millis>,
) -> Result<(), StoreError> {
    if succeeded.is_empty() {
        return Ok(());
    }
    let mut connection = db.read().await?;
    let ending = issue_records::find_ending(&mut connection, succeeded).await?;
    drop(connection);
    if ending.is_empty() {
        return Ok(());
    }
    let organizations: BTreeSet<String> = ending
        .iter()
        .map(|ending| ending.organization_id.clone())
        .collect();
    db.write::<_, StoreError, _>(move |tx| {
        Box::pin(async move { issue_records::settle(tx, &ending).await })
    })
    .await?;
    organizations.iter().for_each(|id| live.grown(id));
    Ok(())
}
