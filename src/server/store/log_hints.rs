//! How replicas on one PostgreSQL tell each other that an organization's log has grown: NOTIFY and LISTEN.

use sqlx::postgres::PgListener;

use super::db::Db;
use super::sql::sql;
use crate::server::error::StoreError;

const CHANNEL: &str = "log_hints";

/// Tells all replicas, this one too. Not part of any transaction: inside, it would serialize commits.
pub async fn notify(db: &Db, organization_id: &str) -> Result<(), StoreError> {
    let mut connection = db.read().await?;
    connection
        .execute(
            sql("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(organization_id),
        )
        .await?;
    Ok(())
}

/// Hears what replicas tell each other, on a connection of its own.
pub struct Listener(PgListener);

impl Listener {
    /// `None` on SQLite, where nobody else writes.
    pub async fn open(db: &Db) -> Result<Option<Self>, StoreError> {
        let Some(pool) = db.postgres() else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Self(listener)))
    }

    /// The organization whose log has grown; `None` when the connection was lost and is back, so that any may
    /// have.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let told = self.0.try_recv().await?;
        Ok(told.map(|told| told.payload().to_owned()))
    }
}
