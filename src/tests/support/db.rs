//! A fresh database for each test, and each test on both.

use std::str::FromStr;

use rhombus_provisioning::server::store::{Db, migrate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// Makes two tests of one: `mod name { sqlite, postgres }`. The body gets an opened, migrated `Db`.
#[macro_export]
macro_rules! db_test {
    (async fn $name:ident($db:ident) $body:block) => {
        mod $name {
            use super::*;

            async fn body($db: rhombus_provisioning::server::store::Db) $body

            #[tokio::test]
            async fn sqlite() {
                $crate::support::db::on_sqlite(body).await;
            }

            #[tokio::test]
            async fn postgres() {
                $crate::support::db::on_postgres(body).await;
            }
        }
    };
}

pub async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Db) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/test.db", folder.path().display());
    let db = Db::open(&url, true).await.unwrap();
    migrate::migrate(&db, &url).await.unwrap();
    body(db.clone()).await;
    db.close().await;
}

/// Runs in a database of its own on the server of `TEST_POSTGRES_URL`; without one it says that it did not.
pub async fn on_postgres<F: Future<Output = ()>>(body: impl FnOnce(Db) -> F) {
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        eprintln!("SKIPPED: no TEST_POSTGRES_URL, so this was not tested on PostgreSQL");
        return;
    };
    let name = format!("test_{}", rhombus_provisioning::server::ids::new_id(0)).replace('-', "");
    let options = PgConnectOptions::from_str(&server).unwrap();
    let mut admin = PgConnection::connect_with(&options).await.unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut admin).await.unwrap();
    let url = options.database(&name).to_url_lossy().to_string();
    let db = Db::open(&url, true).await.unwrap();
    migrate::migrate(&db, &url).await.unwrap();
    body(db.clone()).await;
    db.close().await;
    let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::query(drop).execute(&mut admin).await.unwrap();
}
