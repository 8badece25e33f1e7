//! Entries of the provisioning log that two replicas write at once.

use rhombus_provisioning::model::log::{Action, Status};
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::provisioning_logs::{NewEntry, insert};
use rhombus_provisioning::server::store::sql::sql;
use tokio::sync::oneshot;

use crate::support::app::START;
use crate::support::db::{TestDb, until_waiting};

fn entry(id: &str, organization_id: &str) -> NewEntry {
    NewEntry {
        id: id.to_owned(),
        organization_id: organization_id.to_owned(),
        occurred_at: START,
        action: Action::Read,
        status: Status::Success,
        is_lookup: true,
        method: "GET".to_owned(),
        path: "/Users".to_owned(),
        http_status: 200,
        scim_type: None,
        reason: None,
        attribute: None,
        detail: None,
        user_id: None,
        user_name: None,
        user_name_key: None,
        external_id: None,
        label: None,
        label_key: None,
        token_id: None,
        token_prefix: None,
        address: "192.0.2.1".to_owned(),
        user_agent: None,
        client_version: None,
        duration_us: 1,
        steps: "[]".to_owned(),
        remarks: None,
        payload: None,
        occurrences: Vec::new(),
        success: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_begin_cycles_of_the_same_organizations_one_waits_for_the_other() {
    // SQLite has one writer for all.
    let Some(opened) = TestDb::postgres().await else {
        return;
    };
    let db = opened.db.clone();
    let (begin, begun) = oneshot::channel::<()>();
    let (release, held) = oneshot::channel::<()>();
    let first = tokio::spawn(async move {
        db.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                insert(tx, vec![entry("a1", "a")]).await?;
                begin.send(()).unwrap();
                let _ = held.await;
                insert(tx, vec![entry("b1", "b")]).await
            })
        })
        .await
    });
    begun.await.unwrap();
    let second = opened.db.write::<_, StoreError, _>(|tx| {
        Box::pin(async move { insert(tx, vec![entry("b2", "b"), entry("a2", "a")]).await })
    });
    let waiting = async {
        until_waiting(&opened.db, 1).await;
        release.send(()).unwrap();
    };
    let (second, ()) = tokio::join!(second, waiting);
    first.await.unwrap().unwrap();
    second.unwrap();

    let mut connection = opened.db.read().await.unwrap();
    let cycles: Vec<(String, String)> = connection
        .fetch_all(sql(
            "SELECT id, cycle_id FROM provisioning_logs ORDER BY id",
        ))
        .await
        .unwrap();
    let of = |id: &str, cycle: &str| (id.to_owned(), cycle.to_owned());
    let expected = [
        of("a1", "a1"),
        of("a2", "a1"),
        of("b1", "b1"),
        of("b2", "b1"),
    ];
    assert_eq!(cycles, expected);
}
