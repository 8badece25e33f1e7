//! SQLite's connections for reading.
//!
//! Not sqlx's pool: it pings each connection that comes back, one more trip to the connection's thread for every read,
//! to find out whether a file is still there.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::server::error::StoreError;

/// Connections at most: SQLite reads as fast as cores are there.
const CONNECTIONS: usize = 4;
/// How long a caller waits for one.
const WAIT: Duration = Duration::from_secs(10);

/// Opened when first needed, then kept.
#[derive(Clone)]
pub struct Readers(Arc<Inner>);

struct Inner {
    options: SqliteConnectOptions,
    free: Mutex<Vec<SqliteConnection>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// `options` should allow queries only.
    pub fn new(options: SqliteConnectOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            free: Mutex::new(Vec::with_capacity(CONNECTIONS)),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
        }))
    }

    /// # Errors
    /// When none becomes free in time, the file cannot be opened, or [`Readers::close`] was called.
    pub async fn acquire(&self) -> Result<Reader, StoreError> {
        let place = tokio::time::timeout(WAIT, Arc::clone(&self.0.places).acquire_owned()).await;
        let unavailable = |why: &str| StoreError::Unavailable(why.to_owned());
        let place = place
            .map_err(|_| unavailable("no connection became free"))?
            .map_err(|_| unavailable("the database is closed"))?;
        let free = self.0.pop();
        let connection = match free {
            Some(connection) => connection,
            None => self.0.options.connect().await?,
        };
        Ok(Reader {
            connection: Some(connection),
            home: Arc::clone(&self.0),
            _place: place,
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
        drop(places);
        while let Some(connection) = self.0.pop() {
            // Nothing is lost by a reader that does not close well.
            let _ = connection.close().await;
        }
    }
}

impl Inner {
    fn pop(&self) -> Option<SqliteConnection> {
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

/// A connection of one's own until it is dropped.
pub struct Reader {
    /// Absent only while it is dropped.
    connection: Option<SqliteConnection>,
    home: Arc<Inner>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// The connection to run a statement on.
    ///
    /// # Errors
    /// Never while it is in use.
    pub fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.connection
            .as_mut()
            .ok_or_else(|| StoreError::Unavailable("the connection was given back".to_owned()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut free = self
            .home
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        free.extend(self.connection.take());
    }
}
