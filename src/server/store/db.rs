//! The two pools behind one door.
//!
//! Reads take a [`Connection`] from [`Db::read`]. Changes go through [`Db::write`]: on SQLite one writer runs
//! the waiting closures in one transaction and commits once for all of them (a durable commit costs a flush of
//! the disk, so sharing it is what makes thousands of changes a second possible); on
//! PostgreSQL each closure has a transaction of its own. What changes of users are going to ask is asked for
//! all of them at once ([`foresight`](super::foresight)).

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::appended::Appended;
use super::dialect::{Dialect, sqlite_path};
use super::foresight::{Foreseen, Foresight};
use super::group::write_groups;
use super::job::{Change, Job};
use super::left::{Left, Rows};
use super::pooled::{self, Pooled};
use super::readers::Readers;
use super::sql::{Connection, Sql, sql};
use super::user_counts::UserCounts;
use crate::server::error::StoreError;

/// What takes longer is broken off: a request has been given up by then, and nobody would hear the answer.
pub(super) const LONGEST_STATEMENT: Duration = Duration::from_secs(25);

/// Closures that may wait for the writer; beyond it callers wait to hand theirs over.
const QUEUE: usize = 1_024;

/// Statements that the writer keeps prepared: those of changes come in many shapes.
const WRITER_STATEMENTS: usize = 256;

/// A boxed future, as the closures of [`Db::write`] return it.
pub type BoxFuture<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// What follows a commit.
pub(super) type Effects = Vec<Box<dyn FnOnce() + Send>>;

/// The database. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    Sqlite {
        readers: Readers,
        writer: Mutex<Option<mpsc::Sender<Job>>>,
        task: Mutex<Option<JoinHandle<()>>>,
    },
    Postgres {
        pool: PgPool,
        /// For reads of any length.
        places: Arc<Semaphore>,
    },
}

/// How busy a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Open connections that nobody uses.
    pub free: u64,
    /// Connections in use; on SQLite those for reading.
    pub used: u64,
    /// Changes that wait for SQLite's writer.
    pub waiting: u64,
}

/// A change under way: a connection inside a transaction, and what is to follow its commit.
pub struct Tx<'c> {
    connection: Connection<'c>,
    /// Statements that wait for the end of the closure.
    deferred: Vec<Sql>,
    pub(super) after_commit: Effects,
    /// What is known without asking; on PostgreSQL nothing.
    pub(super) foreseen: Foreseen,
    /// Users more and less.
    pub(super) counted: UserCounts,
    /// Rows that wait for the end, too.
    pub(super) appended: Appended,
}

impl<'c> Tx<'c> {
    /// Around a transaction that has begun; `foreseen` is what was read ahead for it.
    pub(super) fn new(connection: Connection<'c>, foreseen: Foreseen) -> Self {
        Self {
            connection,
            deferred: Vec::new(),
            after_commit: Effects::new(),
            foreseen,
            counted: UserCounts::default(),
            appended: Appended::default(),
        }
    }

    /// Runs a statement when the closure has ended well, together with others that wait: for what nothing in the
    /// closure reads and no key refuses.
    pub fn defer(&mut self, statement: Sql) {
        self.deferred.push(statement);
    }

    /// What the closure has left for the end, and what is still known without asking.
    pub(super) fn end(self) -> (Left, Foreseen) {
        let left = Left {
            statements: self.deferred,
            rows: Rows {
                counted: self.counted,
                appended: self.appended,
            },
            effects: self.after_commit,
        };
        (left, self.foreseen)
    }

    /// Runs `effect` once the change is durable; not at all if it is rolled back.
    pub fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(effect));
    }

    /// Runs a statement that a unique key may refuse, so that the rest of the transaction goes on either way.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key refused; the statement has left nothing behind then.
    pub async fn try_execute(&mut self, statement: Sql) -> Result<u64, StoreError> {
        self.execute(sql("SAVEPOINT attempt")).await?;
        let outcome = self.execute(statement).await;
        if outcome.is_err() {
            self.execute(sql("ROLLBACK TO SAVEPOINT attempt")).await?;
        }
        self.execute(sql("RELEASE SAVEPOINT attempt")).await?;
        outcome
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = Connection<'c>;
    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

/// Why no connection came about. A pool that has tried for as long as it may only says that it has; one more try
/// tells the cause.
async fn unreachable(options: &PgConnectOptions, error: sqlx::Error) -> StoreError {
    let cause = match error {
        sqlx::Error::PoolTimedOut => {
            let attempt = PgConnection::connect_with(options);
            match tokio::time::timeout(Duration::from_secs(2), attempt).await {
                Ok(Err(cause)) => cause.to_string(),
                _ => "it does not answer in time".to_owned(),
            }
        }
        other => return other.into(),
    };
    StoreError::Unavailable(format!(
        "could not connect to {}:{}: {cause}",
        options.get_host(),
        options.get_port()
    ))
}

impl Db {
    /// Opens the database that `url` names. With `create`, a missing SQLite file is created.
    ///
    /// # Errors
    /// When the URL is none of ours, the file is missing, or the server does not answer.
    pub async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        match Dialect::of_url(url) {
            Some(Dialect::Sqlite) => Self::open_sqlite(&sqlite_path(url), create).await,
            Some(Dialect::Postgres) => Self::open_postgres(url).await,
            None => Err(StoreError::Unavailable(
                "DATABASE_URL must begin with sqlite: or postgres://".to_owned(),
            )),
        }
    }

    async fn open_sqlite(path: &Path, create: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("wal_autocheckpoint", "4000")
            // Keys are lower case already, and PostgreSQL minds the case too.
            .pragma("case_sensitive_like", "ON")
            .disable_statement_logging();
        // What a savepoint could undo is kept in memory: as a file it would be half of all that is written.
        let writer = options
            .clone()
            .pragma("cache_size", "-8000")
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(WRITER_STATEMENTS);
        let writer = SqliteConnection::connect_with(&writer).await?;
        let readers = Readers::new(
            options
                // Sixteen megabytes in all.
                .pragma("cache_size", "-2700")
                .pragma("query_only", "ON"),
        );
        let (sender, jobs) = mpsc::channel(QUEUE);
        let task = tokio::spawn(write_groups(writer, jobs));
        Ok(Self(Arc::new(Inner::Sqlite {
            readers,
            writer: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
        })))
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("rhombus-provisioning")
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(pooled::CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .before_acquire(|connection, known| Box::pin(Pooled::is_there(connection, known)))
            .after_connect(|connection, _| {
                let limit = format!("SET statement_timeout = {}", LONGEST_STATEMENT.as_millis());
                Box::pin(async move {
                    let limit = sqlx::AssertSqlSafe(limit);
                    sqlx::raw_sql(limit).execute(connection).await.map(|_| ())
                })
            })
            .connect_with(options.clone())
            .await;
        match pool {
            Ok(pool) => Ok(Self(Arc::new(Inner::Postgres {
                pool,
                places: Arc::new(Semaphore::new(pooled::OF_ANY_LENGTH)),
            }))),
            Err(error) => Err(unreachable(&options, error).await),
        }
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match &*self.0 {
            Inner::Sqlite { .. } => Dialect::Sqlite,
            Inner::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// A connection to read with, for as long as it takes.
    ///
    /// # Errors
    /// When none becomes free within ten seconds or the database does not answer.
    pub fn read(&self) -> BoxFuture<'_, Result<Connection<'static>, StoreError>> {
        Box::pin(async move {
            Ok(match &*self.0 {
                Inner::Sqlite { readers, .. } => Connection::SqliteReader(readers.acquire().await?),
                Inner::Postgres { pool, places } => {
                    Connection::PostgresReader(Pooled::acquire(pool, places).await?)
                }
            })
        })
    }

    /// A connection for what is looked up by key and known at once, such as who calls or is signed in: long reads leave
    /// some for these.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_by_key(&self) -> BoxFuture<'_, Result<Connection<'static>, StoreError>> {
        Box::pin(async move {
            Ok(match &*self.0 {
                Inner::Sqlite { readers, .. } => {
                    Connection::SqliteReader(readers.acquire_by_key().await?)
                }
                Inner::Postgres { pool, .. } => {
                    Connection::PostgresReader(Pooled::acquire_by_key(pool).await?)
                }
            })
        })
    }

    /// Changes the database: runs `work` in a transaction and answers once it is durable. `Err` from `work`
    /// undoes what it did. `work` runs SQL only and runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// What `work` answers; [`StoreError::Unavailable`] when the commit failed.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.write_as(None, work).await
    }

    /// As [`Db::write`], for a change that is known to ask this, and to write users, roles and what the guard counts only
    /// by functions of [`users`](super::users), [`role_catalogue`](super::role_catalogue) and [`guard`](super::guard).
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_foreseen<T, E, F>(&self, foresight: Foresight, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.write_as(Some(foresight), work).await
    }

    async fn write_as<T, E, F>(&self, foresight: Option<Foresight>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Job::new(foresight, work, answer)).await?;
        answered
            .await
            .map_err(|_| StoreError::Unavailable("the change was cut off".to_owned()))?
    }

    /// Has a change run, whoever waits for it.
    fn hand_over(&self, job: Job) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            match &*self.0 {
                Inner::Sqlite { writer, .. } => {
                    let sender = writer
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone();
                    let sender = sender.ok_or_else(closed)?;
                    sender.send(job).await.map_err(|_| closed())
                }
                Inner::Postgres { pool, .. } => {
                    tokio::spawn(write_alone(pool.clone(), job.change));
                    Ok(())
                }
            }
        })
    }

    /// How busy it is.
    pub fn load(&self) -> Load {
        match &*self.0 {
            Inner::Sqlite {
                readers, writer, ..
            } => {
                let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                let waiting = writer
                    .as_ref()
                    .map(|writer| writer.max_capacity() - writer.capacity());
                let (free, used) = readers.load();
                Load {
                    free: free as u64,
                    used: used as u64,
                    waiting: waiting.unwrap_or_default() as u64,
                }
            }
            Inner::Postgres { pool, .. } => {
                let free = pool.num_idle() as u64;
                Load {
                    free,
                    used: u64::from(pool.size()).saturating_sub(free),
                    waiting: 0,
                }
            }
        }
    }

    /// Finishes what waits to be written and closes all connections. Later writes are refused.
    pub async fn close(&self) {
        match &*self.0 {
            Inner::Sqlite {
                readers,
                writer,
                task,
            } => {
                drop(writer.lock().unwrap_or_else(PoisonError::into_inner).take());
                let task = task.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(task) = task {
                    let _ = task.await;
                }
                readers.close().await;
            }
            Inner::Postgres { pool, .. } => pool.close().await,
        }
    }

    /// The pool, for migrations.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        match &*self.0 {
            Inner::Postgres { pool, .. } => Some(pool),
            Inner::Sqlite { .. } => None,
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}

/// PostgreSQL: a transaction for one closure.
async fn write_alone(pool: PgPool, change: Box<dyn Change>) {
    let mut transaction = match pooled::begin(&pool).await {
        Ok(transaction) => transaction,
        Err(error) => return change.refuse(error.into()),
    };
    let connection = Connection::Postgres(&mut transaction);
    let mut tx = Tx::new(connection, Foreseen::default());
    let mut ended = change.run(&mut tx).await;
    let (
        Left {
            mut statements,
            rows,
            effects,
        },
        _,
    ) = tx.end();
    if ended.keep {
        statements.extend(rows.into_statements(Dialect::Postgres));
        if let Err(error) = run_all(&mut transaction, statements).await {
            ended.fail(error);
        }
    }
    if !ended.keep {
        // Dropping would roll back too, but later: the next user of the connection would wait for it.
        let _ = transaction.rollback().await;
        return ended.tell(Ok(()));
    }
    let committed = transaction.commit().await;
    if committed.is_ok() {
        effects.into_iter().for_each(|effect| effect());
    }
    ended.tell(committed.map_err(StoreError::from));
}

async fn run_all(connection: &mut PgConnection, statements: Vec<Sql>) -> Result<(), StoreError> {
    let mut connection = Connection::Postgres(connection);
    for statement in statements {
        connection.execute(statement).await?;
    }
    Ok(())
}
