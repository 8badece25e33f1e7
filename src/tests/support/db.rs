//! A fresh database for each test, on both database systems.

use std::time::Duration;

use futures_util::future::BoxFuture;
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::dialect::Dialect;
use rhombus_provisioning::server::store::sql::sql;
use rhombus_provisioning::server::store::{Db, Tx, migrate};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// An open, migrated database that nobody else uses.
pub struct TestDb {
    pub db: Db,
    pub url: String,
    /// Keeps the SQLite file as long as the test runs.
    _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// A new SQLite file.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self::open(url, Some(folder)).await
    }

    /// A new database on the server that `TEST_POSTGRES_URL` names. Without one the test is skipped, loudly; in
    /// CI that is a failure.
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            assert!(
                std::env::var_os("CI").is_none(),
                "TEST_POSTGRES_URL is not set: `cargo xtask test` starts PostgreSQL and sets it"
            );
            eprintln!("SKIPPED on PostgreSQL: TEST_POSTGRES_URL is not set");
            return None;
        };
        let name = format!(
            "test_{}",
            rhombus_provisioning::server::secret::random_base62(16).unwrap()
        );
        let name = name.to_lowercase();
        let pool = sqlx::PgPool::connect(&server).await.unwrap();
        // Templates can be copied by one session at a time only: try again while another test does.
        for attempt in 0.. {
            let created = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
                .execute(&pool)
                .await;
            match created {
                Ok(_) => break,
                Err(error) if attempt > 50 => panic!("no test database: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        pool.close().await;
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Some(Self::open(url.to_string(), None).await)
    }

    async fn open(url: String, folder: Option<tempfile::TempDir>) -> Self {
        let db = Db::open(&url, true).await.unwrap();
        migrate::migrate(&db, &url).await.unwrap();
        Self {
            db,
            url,
            _folder: folder,
        }
    }
}

/// Waits until so many changes wait for another one's end.
pub async fn until_waiting(db: &Db, changes: i64) {
    for _ in 0..500 {
        let waiting = match db.dialect() {
            Dialect::Sqlite => i64::try_from(db.load().waiting).unwrap(),
            Dialect::Postgres => {
                let locked = sql("SELECT count(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'");
                let mut connection = db.read().await.unwrap();
                connection.fetch_count(locked).await.unwrap()
            }
        };
        if waiting >= changes {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody waits");
}

/// Has a change do `work` and holds it there until so many others wait for its end; `attempts` are among these. Answers
/// what became of both. What `work` did stays, or is undone if it fails.
pub async fn while_held<T>(
    db: &Db,
    changes: i64,
    work: impl for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<(), StoreError>>
    + Send
    + 'static,
    attempts: impl Future<Output = T>,
) -> (T, Result<(), StoreError>) {
    let (begin, begun) = oneshot::channel::<()>();
    let (release, held) = oneshot::channel::<()>();
    let holder = db.clone();
    let holding = tokio::spawn(async move {
        holder
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    let outcome = work(tx).await;
                    begin.send(()).unwrap();
                    let _ = held.await;
                    outcome
                })
            })
            .await
    });
    begun.await.unwrap();
    let waiting = async {
        until_waiting(db, changes).await;
        release.send(()).unwrap();
    };
    let (outcome, ()) = tokio::join!(attempts, waiting);
    (outcome, holding.await.unwrap())
}

/// Reads that take all connections that reads of any length may have, and more that wait for one, until they are dropped.
pub async fn long_reads(db: &Db) -> JoinSet<()> {
    let (endless, places) = match db.dialect() {
        Dialect::Sqlite => (
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
            4,
        ),
        Dialect::Postgres => ("SELECT count(*) FROM pg_sleep(20)", 28),
    };
    let mut reads = JoinSet::new();
    for _ in 0..2 * places {
        let db = db.clone();
        reads.spawn(async move {
            if let Ok(mut connection) = db.read().await {
                let _ = connection.fetch_count(sql(endless)).await;
            }
        });
    }
    for _ in 0..500 {
        if db.load().used >= places {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(db.load().used >= places, "{:?}", db.load());
    // Those that would take more places have had the time.
    tokio::time::sleep(Duration::from_millis(200)).await;
    reads
}

/// Makes each test two: one on SQLite, one on PostgreSQL.
#[macro_export]
macro_rules! db_test {
    // The short form, for tests that need the connections only.
    (async fn $name:ident($db:ident) $body:block) => {
        $crate::db_test! {
            async fn $name(opened: TestDb) {
                let $db = opened.db.clone();
                $body
            }
        }
    };
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs all of its module's names")]
            use super::*;
            use $crate::support::db::TestDb;

            async fn on_database($db: TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$meta])*
            async fn sqlite() {
                on_database(TestDb::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$meta])*
            async fn postgres() {
                if let Some(db) = TestDb::postgres().await {
                    on_database(db).await;
                }
            }
        }
    )+};
}

/// As `db_test!`, for a test that needs one organization with Entra.
#[macro_export]
macro_rules! entra_test {
    ($($(#[$meta:meta])* async fn $name:ident($entra:ident: Entra) $body:block)+) => {
        $crate::db_test! {$(
            $(#[$meta])*
            async fn $name(db: TestDb) {
                let app = $crate::support::app::TestApp::new(db).await;
                let $entra = app.entra("contoso").await;
                $body
            }
        )+}
    };
}
