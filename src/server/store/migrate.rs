//! Bringing a database to the version this program needs, and refusing one that is not there yet.

use sqlx::migrate::Migrator;
use sqlx::{Connection as _, SqliteConnection};

use super::Db;
use super::db::BoxFuture;
use super::dialect::Dialect;
use super::sql::{Connection, sql};
use crate::server::error::StoreError;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Where a database stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// No migration has run: an empty database or something else's.
    Empty,
    /// Migrations of this program are missing.
    Older { applied: usize, needed: usize },
    /// As this program needs it.
    Current,
    /// Migrated by a later program.
    Newer,
}

/// Runs the missing migrations, each in a transaction, safe beside other replicas that do the same.
///
/// # Errors
/// When a migration fails or an applied one has changed since.
pub async fn migrate(db: &Db, url: &str) -> Result<(), StoreError> {
    let outcome = match db.dialect() {
        Dialect::Sqlite => {
            use sqlx::ConnectOptions;
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(super::dialect::sqlite_path(url))
                .busy_timeout(std::time::Duration::from_secs(30))
                // An index of millions of rows is sorted in it.
                .pragma("cache_size", "-65536");
            let mut connection = options.connect().await?;
            let outcome = SQLITE.run(&mut connection).await;
            if outcome.is_ok() {
                take_statistics(&mut connection).await;
            }
            connection.close().await?;
            outcome
        }
        Dialect::Postgres => match db.postgres() {
            Some(pool) => {
                // A connection of its own, on which a statement may take its time.
                let mut connection = pool.acquire().await?.detach();
                sqlx::raw_sql("SET statement_timeout = 0")
                    .execute(&mut connection)
                    .await?;
                let outcome = POSTGRES.run(&mut connection).await;
                connection.close().await?;
                outcome
            }
            None => Ok(()),
        },
    };
    outcome.map_err(|error| StoreError::Unavailable(format!("migration failed: {error}")))
}

/// Lets SQLite look at what its statistics lack: an index without any beside others that have some seems the best for
/// everything. They are no condition: somebody else may be writing all the time.
async fn take_statistics(connection: &mut SqliteConnection) {
    // All tables, and of each only a part: a whole log takes minutes, and nobody writes meanwhile.
    let taken = sqlx::raw_sql("PRAGMA optimize = 0x10012")
        .execute(connection)
        .await;
    if let Err(error) = taken {
        tracing::warn!(%error, "the database's statistics are as they were");
    }
}

/// Where the database stands, without changing it.
///
/// # Errors
/// When the database does not answer.
pub async fn version(db: &Db) -> Result<Version, StoreError> {
    let migrator = match db.dialect() {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
    };
    let needed: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
    let mut connection = db.read_by_key().await?;
    if !has_migrations_table(&mut connection).await? {
        return Ok(Version::Empty);
    }
    let applied: Vec<(i64,)> = connection
        .fetch_all(sql(
            "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version",
        ))
        .await?;
    let applied: Vec<i64> = applied.into_iter().map(|(version,)| version).collect();
    Ok(if applied == needed {
        Version::Current
    } else if applied.iter().any(|version| !needed.contains(version)) {
        Version::Newer
    } else {
        Version::Older {
            applied: applied.len(),
            needed: needed.len(),
        }
    })
}

fn has_migrations_table<'a>(
    connection: &'a mut Connection<'_>,
) -> BoxFuture<'a, Result<bool, StoreError>> {
    Box::pin(async move {
        let question = match connection.dialect() {
            Dialect::Sqlite => {
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'"
            }
            Dialect::Postgres => {
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'"
            }
        };
        Ok(connection.fetch_count(sql(question)).await? > 0)
    })
}
