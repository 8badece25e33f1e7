//! What a connection is doing, and which one has waited longest when there are too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between two requests.
    Idle,
    /// A request's first bytes are there, or the connection is new.
    Head,
    /// A request is answered.
    Busy,
}

/// The phase of one connection, shared by its reader, its service and the accept loop.
pub(super) struct PhaseCell {
    state: Mutex<(Phase, Instant)>,
    /// Requests whose answer has begun.
    answers: AtomicU64,
    close: CancellationToken,
    key: u64,
    connections: Weak<Registry>,
}

impl PhaseCell {
    /// Where the connection is.
    pub(super) fn get(&self) -> Phase {
        self.since().0
    }

    /// The phase and its beginning.
    pub(super) fn since(&self) -> (Phase, Instant) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (phase, Instant::now());
    }

    /// Bytes have come.
    pub(super) fn received(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 == Phase::Idle {
            *state = (Phase::Head, Instant::now());
        }
    }

    /// A request is answered until what this returns is dropped.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.set(Phase::Busy);
        Busy(self.clone())
    }

    /// How many requests have been answered, the one that may be under way included.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Waits until the connection is asked to end.
    pub(super) async fn asked_to_close(&self) {
        self.close.cancelled().await;
    }
}

impl Drop for PhaseCell {
    fn drop(&mut self) {
        if let Some(connections) = self.connections.upgrade() {
            connections.remove(self.key);
        }
    }
}

/// Lasts as long as a request is answered.
pub(super) struct Busy(Arc<PhaseCell>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set(Phase::Idle);
    }
}

/// All connections.
#[derive(Default)]
pub(super) struct Connections(Arc<Registry>);

#[derive(Default)]
struct Registry {
    next: AtomicU64,
    cells: Mutex<HashMap<u64, Weak<PhaseCell>>>,
}

impl Registry {
    fn remove(&self, key: u64) {
        self.cells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
    }
}

impl Connections {
    /// Notes a new connection, which waits for a head; it is forgotten when its cell is dropped.
    pub(super) fn add(&self) -> Arc<PhaseCell> {
        let key = self.0.next.fetch_add(1, Ordering::Relaxed);
        let cell = Arc::new(PhaseCell {
            state: Mutex::new((Phase::Head, Instant::now())),
            answers: AtomicU64::new(0),
            close: CancellationToken::new(),
            key,
            connections: Arc::downgrade(&self.0),
        });
        self.0
            .cells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::downgrade(&cell));
        cell
    }

    /// Asks the connection that has waited longest for its client to close.
    pub(super) fn close_longest_waiting(&self) {
        // Collected first: the last handle of a cell must not be dropped under the lock that its drop takes.
        let cells: Vec<Arc<PhaseCell>> = self
            .0
            .cells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        let longest = cells
            .iter()
            .filter(|cell| !cell.close.is_cancelled())
            .map(|cell| (cell, cell.since()))
            .filter(|(_, (phase, _))| *phase != Phase::Busy)
            .min_by_key(|(_, (_, since))| *since);
        if let Some((cell, _)) = longest {
            cell.close.cancel();
        }
    }
}
