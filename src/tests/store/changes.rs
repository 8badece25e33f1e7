//! The one door for changes: what closures that share a commit do to each other, which is nothing.

use std::sync::Arc;

use tokio::sync::Notify;

use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::foresight::Foresight;
use rhombus_provisioning::server::store::sql::sql;
use rhombus_provisioning::server::store::users::{NewChange, insert_change};

use crate::db_test;

/// What a closure does before it ends.
#[derive(Clone, Copy)]
enum Work {
    Nothing,
    /// Adds a number.
    Add(i64),
    /// Reads, then adds a number.
    ReadAndAdd(i64),
    /// Leaves a number to be added with the rest.
    Defer(i64),
}

/// One closure; `keep` is whether it ends well.
async fn change(db: &Db, work: Work, keep: bool) -> Result<u64, StoreError> {
    db.write(move |tx| {
        Box::pin(async move {
            let add = |number: i64| sql("INSERT INTO numbers (number) VALUES ($1)").bind(number);
            let rows = match work {
                Work::Nothing => 0,
                Work::Add(number) => tx.execute(add(number)).await?,
                Work::ReadAndAdd(number) => {
                    tx.fetch_count(sql("SELECT count(*) FROM numbers")).await?;
                    tx.execute(add(number)).await?
                }
                Work::Defer(number) => {
                    tx.defer(add(number));
                    0
                }
            };
            if keep {
                Ok(rows)
            } else {
                Err(StoreError::Unavailable("as the test wants it".to_owned()))
            }
        })
    })
    .await
}

/// A closure that only leaves things behind: numbers, and a row of a user's history.
async fn leave(db: &Db, numbers: &'static [i64], history: &'static str) -> Result<(), StoreError> {
    db.write_foreseen(Foresight::default(), move |tx| {
        Box::pin(async move {
            for number in numbers {
                tx.defer(sql("INSERT INTO numbers (number) VALUES ($1)").bind(*number));
            }
            let change = NewChange {
                id: history.to_owned(),
                user_id: "user",
                log_id: None,
                changed_at: 0,
                kind: "update",
                actor_kind: "token",
                actor_id: "token",
                actor_name: "Entra".to_owned(),
                version: 1,
                changes: "[]".to_owned(),
            };
            insert_change(tx, "organization", change);
            Ok(())
        })
    })
    .await
}

async fn history(db: &Db) -> Vec<String> {
    let mut connection = db.read().await.unwrap();
    let rows: Vec<(String,)> = connection
        .fetch_all(sql("SELECT id FROM user_changes ORDER BY id"))
        .await
        .unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

async fn numbers(db: &Db) -> Vec<i64> {
    let mut connection = db.read().await.unwrap();
    let rows: Vec<(i64,)> = connection
        .fetch_all(sql("SELECT number FROM numbers ORDER BY number"))
        .await
        .unwrap();
    rows.into_iter().map(|(number,)| number).collect()
}

async fn hold_the_door(db: Db, held: Arc<Notify>, may_go: Arc<Notify>) -> Result<(), StoreError> {
    db.write(move |_| {
        Box::pin(async move {
            held.notify_one();
            may_go.notified().await;
            Ok(())
        })
    })
    .await
}

/// Has changes wait behind one that holds the door, so that on SQLite they share one commit.
async fn together<T>(db: &Db, changes: impl Future<Output = T>) -> T {
    let (held, may_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let holder = hold_the_door(db.clone(), Arc::clone(&held), Arc::clone(&may_go));
    let holder = tokio::spawn(holder);
    held.notified().await;
    let (ended, ()) = tokio::join!(changes, async { may_go.notify_one() });
    holder.await.unwrap().unwrap();
    ended
}

async fn create_table(db: &Db) {
    db.write(|tx| {
        Box::pin(async move {
            tx.execute(sql("CREATE TABLE numbers (number BIGINT PRIMARY KEY)"))
                .await
        })
    })
    .await
    .unwrap();
}

db_test! {
    async fn a_closure_undoes_what_it_did_itself_and_nothing_else(db: TestDb) {
        let db = db.db;
        create_table(&db).await;
        change(&db, Work::Add(7), true).await.unwrap();
        let ended = together(&db, async {
            tokio::join!(
                change(&db, Work::Nothing, false),
                change(&db, Work::Add(1), true),
                change(&db, Work::Nothing, false),
                change(&db, Work::Nothing, true),
                change(&db, Work::ReadAndAdd(2), false),
                change(&db, Work::Defer(3), true),
                change(&db, Work::Add(4), true),
                change(&db, Work::Add(5), false),
                change(&db, Work::ReadAndAdd(6), true),
                // Its statement is refused when the closure has ended.
                change(&db, Work::Defer(7), true),
                change(&db, Work::Nothing, false),
            )
        }).await;
        assert_eq!(numbers(&db).await, [1, 3, 4, 6, 7]);
        // As many rows as a statement changed itself, whoever came before it.
        assert_eq!([ended.1.unwrap(), ended.3.unwrap(), ended.6.unwrap(), ended.8.unwrap()], [1, 0, 1, 1]);
        assert!(ended.0.is_err() && ended.2.is_err() && ended.4.is_err() && ended.7.is_err());
        assert!(matches!(ended.9, Err(StoreError::Conflict { .. })), "{:?}", ended.9);
        assert!(ended.10.is_err());
    }

    async fn what_the_last_closure_left_is_refused_alone(db: TestDb) {
        let db = db.db;
        create_table(&db).await;
        change(&db, Work::Defer(7), true).await.unwrap();
        let refused = change(&db, Work::Defer(7), true).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        let ended = together(&db, async {
            tokio::join!(
                change(&db, Work::Defer(1), true),
                change(&db, Work::Add(2), true),
                change(&db, Work::Defer(7), true),
            )
        }).await;
        assert_eq!(numbers(&db).await, [1, 2, 7]);
        assert!(ended.0.is_ok() && ended.1.is_ok(), "{ended:?}");
        assert!(matches!(ended.2, Err(StoreError::Conflict { .. })), "{:?}", ended.2);
        change(&db, Work::Defer(3), true).await.unwrap();
    }

    async fn of_those_that_share_a_trip_only_the_refused_one_is_undone(db: TestDb) {
        let db = db.db;
        create_table(&db).await;
        change(&db, Work::Add(7), true).await.unwrap();
        let ended = together(&db, async {
            tokio::join!(
                leave(&db, &[1], "a"),
                // Its second statement is refused; nothing of it stays, nor of what it wanted written at the end.
                leave(&db, &[2, 7], "b"),
                leave(&db, &[3, 4], "c"),
                leave(&db, &[], "d"),
                // Sees what those before it have left, and nothing of the refused one.
                change(&db, Work::ReadAndAdd(5), true),
                leave(&db, &[7], "e"),
                leave(&db, &[6], "f"),
            )
        }).await;
        assert!(matches!(ended.1, Err(StoreError::Conflict { .. })), "{:?}", ended.1);
        assert!(matches!(ended.5, Err(StoreError::Conflict { .. })), "{:?}", ended.5);
        assert!(ended.0.is_ok() && ended.2.is_ok() && ended.3.is_ok() && ended.4.is_ok() && ended.6.is_ok(), "{ended:?}");
        assert_eq!(numbers(&db).await, [1, 3, 4, 5, 6, 7]);
        assert_eq!(history(&db).await, ["a", "c", "d", "f"]);
        // What one transaction has written is not written by the next.
        leave(&db, &[8], "g").await.unwrap();
        assert_eq!(history(&db).await, ["a", "c", "d", "f", "g"]);
    }

    async fn a_statement_that_finds_nothing_changes_no_row_even_after_one_that_did(db: TestDb) {
        let db = db.db;
        create_table(&db).await;
        let nothing = async {
            db.write(|tx| {
                Box::pin(async move {
                    tx.execute(sql("DELETE FROM numbers WHERE number = 99")).await
                })
            })
            .await
        };
        let (added, removed) = tokio::join!(change(&db, Work::Add(1), true), nothing);
        assert_eq!((added.unwrap(), removed.unwrap()), (1, 0));
    }
}
