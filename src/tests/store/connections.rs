//! Connections that others end or keep busy.

use std::time::Duration;

use futures_util::future::join_all;
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::sql::sql;
use sqlx::{Connection as _, PgConnection};

use crate::support::db::TestDb;

const COUNT: &str = "SELECT count(*) FROM job_leases";

async fn write(db: &Db) -> Result<u64, StoreError> {
    db.write(|tx| {
        Box::pin(async move {
            tx.execute(sql("UPDATE job_leases SET held_until = 0"))
                .await
        })
    })
    .await
}

/// Some connections that have just been used and are free.
async fn fill(db: &Db) {
    let open = join_all((0..4).map(|_| db.read())).await;
    for connection in open {
        assert_eq!(
            connection.unwrap().fetch_count(sql(COUNT)).await.unwrap(),
            0
        );
    }
    for _ in 0..500 {
        if db.load().free >= 4 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no free connections: {:?}", db.load());
}

/// Ends all connections, as a restart of the server or an administrator does.
async fn end_all(other: &mut PgConnection) {
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::raw_sql(ended).execute(&mut *other).await.unwrap();
    for _ in 0..500 {
        let left = "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        let (left,): (i64,) = sqlx::query_as(left).fetch_one(&mut *other).await.unwrap();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("connections stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_has_ended_is_not_noticed() {
    let Some(opened) = TestDb::postgres().await else {
        return;
    };
    let db = &opened.db;
    let mut other = PgConnection::connect(&opened.url).await.unwrap();

    fill(db).await;
    end_all(&mut other).await;
    let mut connection = db.read().await.unwrap();
    assert_eq!(connection.fetch_count(sql(COUNT)).await.unwrap(), 0);
    drop(connection);

    fill(db).await;
    end_all(&mut other).await;
    let mut connection = db.read().await.unwrap();
    let none: Vec<(i64,)> = connection
        .fetch_until(sql("SELECT held_until FROM job_leases"), |_| false)
        .await
        .unwrap();
    assert_eq!(none, []);
    drop(connection);

    fill(db).await;
    end_all(&mut other).await;
    assert_eq!(write(db).await.unwrap(), 0);
    assert_eq!(write(db).await.unwrap(), 0);
}

/// What was answered before is not asked for again: it might not fit any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_is_cut_off_in_its_middle_fails() {
    let Some(opened) = TestDb::postgres().await else {
        return;
    };
    let db = &opened.db;
    let mut other = PgConnection::connect(&opened.url).await.unwrap();
    let mut connection = db.read().await.unwrap();
    connection.fetch_count(sql(COUNT)).await.unwrap();
    end_all(&mut other).await;
    let cut = connection.fetch_count(sql(COUNT)).await;
    assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
    drop(connection);
    let mut connection = db.read().await.unwrap();
    assert_eq!(connection.fetch_count(sql(COUNT)).await.unwrap(), 0);
}
