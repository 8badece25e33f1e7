//! PostgreSQL's connections for reading.
//!
//! sqlx's pool could ask each connection whether it is there before it hands it out, a round trip for every read. Only
//! those are asked that nobody has used for a while ([`Pooled::is_there`]); else the first question tells, and is asked
//! once more on another connection where the first has gone. That is safe outside of transactions, where nothing was
//! answered.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolConnectionMetadata};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection as _, Postgres, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::readers::place;
use crate::server::error::StoreError;

/// Connections at most, for reads and changes.
pub const CONNECTIONS: u32 = 32;
/// Those of them that reads of any length may take: what is looked up by key, and changes, find others.
pub const OF_ANY_LENGTH: usize = 28;
/// A connection that was in use so lately is taken to be there: what drops it without a word takes minutes.
const LATELY: Duration = Duration::from_secs(30);
/// How long a caller waits for a place, and a connection may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection of one's own until it is dropped, outside of any transaction.
pub struct Pooled {
    pool: PgPool,
    /// Absent only while it is replaced.
    connection: Option<PoolConnection<Postgres>>,
    /// Something was answered on it.
    is_proved: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl Pooled {
    /// For a read of any length, which has to have one of the `places`.
    ///
    /// # Errors
    /// When none becomes free in time or the database does not answer.
    pub async fn acquire(pool: &PgPool, places: &Arc<Semaphore>) -> Result<Self, StoreError> {
        let place = place(places, PATIENCE).await?;
        Ok(Self {
            _place: Some(place),
            ..Self::acquire_by_key(pool).await?
        })
    }

    /// For what is looked up by key.
    ///
    /// # Errors
    /// As [`Pooled::acquire`].
    pub async fn acquire_by_key(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self {
            connection: Some(pool.acquire().await?),
            pool: pool.clone(),
            is_proved: false,
            _place: None,
        })
    }

    /// Whether a connection of the pool can be handed out.
    ///
    /// # Errors
    /// When it has gone.
    pub async fn is_there(
        connection: &mut PgConnection,
        known: PoolConnectionMetadata,
    ) -> Result<bool, sqlx::Error> {
        if known.idle_for >= LATELY {
            connection.ping().await?;
        }
        Ok(true)
    }

    /// # Errors
    /// Never while it is in use.
    pub fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.connection.as_deref_mut().ok_or_else(|| {
            StoreError::Unavailable("the connection was lost and not replaced".to_owned())
        })
    }

    /// Whether the first question failed because the connection had gone: it is to be asked once more.
    pub fn had_gone(&self, error: &sqlx::Error) -> bool {
        !self.is_proved && is_gone(error)
    }

    /// Something was answered.
    pub fn proved(&mut self) {
        self.is_proved = true;
    }

    /// Makes sure that it is there, for what cannot be asked twice.
    ///
    /// # Errors
    /// As [`Pooled::replace`].
    pub async fn prove(&mut self) -> Result<(), StoreError> {
        if self.is_proved {
            return Ok(());
        }
        let pinged = self.connection()?.ping().await;
        match pinged {
            Err(error) if is_gone(&error) => return self.replace().await,
            pinged => pinged?,
        }
        self.is_proved = true;
        Ok(())
    }

    /// Takes another connection in the place of one that has gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replace(&mut self) -> Result<(), StoreError> {
        if let Some(gone) = self.connection.take() {
            let _ = gone.close().await;
        }
        self.connection = Some(proved(&self.pool).await?);
        self.is_proved = true;
        Ok(())
    }
}

/// Begins a transaction, on a connection that is there.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    match pool.begin().await {
        Err(error) if is_gone(&error) => Transaction::begin(proved(pool).await?, None).await,
        begun => begun,
    }
}

/// A connection that answers. When the database was started anew, all others of the pool have gone.
async fn proved(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    for _ in 0..CONNECTIONS {
        let mut connection = pool.acquire().await?;
        match tokio::time::timeout(PATIENCE, connection.ping()).await {
            Ok(Ok(())) => return Ok(connection),
            Ok(Err(error)) if !is_gone(&error) => return Err(error),
            _ => {
                let _ = connection.close().await;
            }
        }
    }
    pool.acquire().await
}

/// Whether an error says that the connection has gone: broken, or ended by the server.
fn is_gone(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // Shut down by an administrator or after a crash, not up yet, idle for too long.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05")),
        _ => false,
    }
}
