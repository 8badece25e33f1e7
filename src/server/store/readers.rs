//! SQLite's connections for reading.
//!
//! Not sqlx's pool: it pings each connection that comes back, one more trip to the connection's thread for every read,
//! to find out whether a file is still there.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::db::LONGEST_STATEMENT;
use crate::server::error::StoreError;

/// Connections at most.
const CONNECTIONS: usize = 6;
/// Those of them that reads of any length may take: SQLite reads as fast as cores are there. What proves a caller is
/// looked up by key, and never waits for one organization's list of everything.
const OF_ANY_LENGTH: usize = 4;
/// How long a caller waits for one.
const WAIT: Duration = Duration::from_secs(10);
/// Instructions of SQLite between two looks at the clock: some tenths of a millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// Opened when first needed, then kept.
#[derive(Clone)]
pub struct Readers(Arc<Inner>);

struct Inner {
    options: SqliteConnectOptions,
    free: Mutex<Vec<Open>>,
    places: Arc<Semaphore>,
    /// Whoever may take long has one of these besides, and first.
    long_places: Arc<Semaphore>,
}

impl Readers {
    /// `options` should allow queries only.
    pub fn new(options: SqliteConnectOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            free: Mutex::new(Vec::with_capacity(CONNECTIONS)),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            long_places: Arc::new(Semaphore::new(OF_ANY_LENGTH)),
        }))
    }

    /// For a read of any length.
    ///
    /// # Errors
    /// When none becomes free in time, the file cannot be opened, or [`Readers::close`] was called.
    pub async fn acquire(&self) -> Result<Reader, StoreError> {
        let begun = Instant::now();
        let long_place = place(&self.0.long_places, WAIT).await?;
        let left = WAIT.saturating_sub(begun.elapsed());
        self.open(Some(long_place), left).await
    }

    /// For what is looked up by key.
    ///
    /// # Errors
    /// As [`Readers::acquire`].
    pub async fn acquire_by_key(&self) -> Result<Reader, StoreError> {
        self.open(None, WAIT).await
    }

    async fn open(
        &self,
        long_place: Option<OwnedSemaphorePermit>,
        wait: Duration,
    ) -> Result<Reader, StoreError> {
        let place = place(&self.0.places, wait).await?;
        let free = self.0.pop();
        let open = match free {
            Some(open) => open,
            None => Open::new(&self.0.options).await?,
        };
        Ok(Reader {
            open: Some(open),
            is_at_work: false,
            home: Arc::clone(&self.0),
            _places: (place, long_place),
        })
    }

    /// How many are open and free, and how many are out.
    pub fn load(&self) -> (usize, usize) {
        let free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        let used = CONNECTIONS.saturating_sub(self.0.places.available_permits());
        (free.len(), used)
    }

    /// Waits for those that are out, and closes all.
    pub async fn close(&self) {
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        let places = self.0.places.acquire_many(all).await;
        self.0.places.close();
        self.0.long_places.close();
        drop(places);
        while let Some(open) = self.0.pop() {
            // Nothing is lost by a reader that does not close well.
            let _ = open.connection.close().await;
        }
    }
}

/// One of `places`, once it is free.
///
/// # Errors
/// When none becomes free in this time, or they are closed.
pub(super) async fn place(
    places: &Arc<Semaphore>,
    wait: Duration,
) -> Result<OwnedSemaphorePermit, StoreError> {
    let unavailable = |why: &str| StoreError::Unavailable(why.to_owned());
    tokio::time::timeout(wait, Arc::clone(places).acquire_owned())
        .await
        .map_err(|_| unavailable("no connection became free"))?
        .map_err(|_| unavailable("the database is closed"))
}

impl Inner {
    fn pop(&self) -> Option<Open> {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readers")
    }
}

/// A connection whose statements end in time.
struct Open {
    connection: SqliteConnection,
    deadline: Arc<Deadline>,
}

impl Open {
    async fn new(options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        let mut connection = options.connect().await?;
        let deadline = Arc::new(Deadline {
            opened: Instant::now(),
            millis: AtomicU64::new(u64::MAX),
        });
        let watched = Arc::clone(&deadline);
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(INSTRUCTIONS, move || !watched.is_over());
        drop(handle);
        Ok(Self {
            connection,
            deadline,
        })
    }
}

/// When the statement that runs is broken off.
struct Deadline {
    opened: Instant,
    /// Since `opened`.
    millis: AtomicU64,
}

impl Deadline {
    fn set_in(&self, time: Duration) {
        let millis = (self.opened.elapsed() + time).as_millis();
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.opened.elapsed().as_millis() >= u128::from(self.millis.load(Ordering::Relaxed))
    }
}

/// A connection of one's own until it is dropped.
pub struct Reader {
    /// Absent only while it is dropped.
    open: Option<Open>,
    /// A statement has begun and has not ended.
    is_at_work: bool,
    home: Arc<Inner>,
    _places: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

impl Reader {
    /// The connection to run one statement on, which is broken off if it takes too long; [`Reader::rest`] is to be
    /// called at its end.
    ///
    /// # Errors
    /// Never while it is in use.
    pub fn begin(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let open = self
            .open
            .as_mut()
            .ok_or_else(|| StoreError::Unavailable("the connection was given back".to_owned()))?;
        open.deadline.set_in(LONGEST_STATEMENT);
        self.is_at_work = true;
        Ok(&mut open.connection)
    }

    /// The statement has ended.
    pub fn rest(&mut self) {
        self.is_at_work = false;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.is_at_work {
            // Whoever asked has gone, and the next one is not to wait for the answer.
            if let Some(open) = &self.open {
                open.deadline.set_in(Duration::ZERO);
            }
            return;
        }
        let mut free = self
            .home
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        free.extend(self.open.take());
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::store::sql::{Connection, sql};

    /// Without an end to what nobody waits for, a few of these take all connections for good.
    #[tokio::test]
    async fn a_statement_ends_when_whoever_asked_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("readers.db"))
            .create_if_missing(true);
        let readers = Readers::new(options);
        for _ in 0..2 * CONNECTIONS {
            let reader = readers.acquire().await.unwrap();
            let mut connection = Connection::SqliteReader(reader);
            let endless = sql(
                "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
            );
            let asked = connection.fetch_count(endless);
            let given_up = tokio::time::timeout(Duration::from_millis(20), asked).await;
            assert!(given_up.is_err());
        }
        let reader = readers.acquire().await.unwrap();
        let mut connection = Connection::SqliteReader(reader);
        let answered = connection.fetch_count(sql("SELECT 1")).await;
        assert_eq!(answered.unwrap(), 1);
        drop(connection);
        assert_eq!(readers.load(), (1, 0), "broken off ones are not used again");
    }

    #[tokio::test]
    async fn some_are_kept_for_what_is_looked_up_by_key() {
        let readers = Readers::new(SqliteConnectOptions::new().in_memory(true));
        let mut long = Vec::new();
        for _ in 0..OF_ANY_LENGTH {
            long.push(readers.acquire().await.unwrap());
        }
        let wait = Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, readers.acquire()).await.is_err());
        let mut by_key = Vec::new();
        for _ in OF_ANY_LENGTH..CONNECTIONS {
            by_key.push(readers.acquire_by_key().await.unwrap());
        }
        let another = tokio::time::timeout(wait, readers.acquire_by_key());
        assert!(another.await.is_err());
        // One of any length makes room for either.
        long.pop();
        by_key.push(readers.acquire_by_key().await.unwrap());
        assert_eq!(readers.load(), (0, CONNECTIONS));
    }

    #[tokio::test]
    async fn a_statement_is_broken_off_at_its_deadline() {
        let options = SqliteConnectOptions::new().in_memory(true);
        let mut open = Open::new(&options).await.unwrap();
        open.deadline.set_in(Duration::from_millis(20));
        let endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
        let broken = sqlx::query(endless).execute(&mut open.connection).await;
        assert!(broken.unwrap_err().to_string().contains("interrupted"));
        open.deadline.set_in(LONGEST_STATEMENT);
        sqlx::query("SELECT 1")
            .execute(&mut open.connection)
            .await
            .unwrap();
    }
}
