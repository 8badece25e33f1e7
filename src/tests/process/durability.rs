//! What was answered is there after the process has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::db::TestDb;
use crate::support::entra::user;
use crate::support::process::Service;

/// Creates users from several connections until the process is gone; the userNames that were answered with 201.
async fn create_until_gone(
    service: Arc<Service>,
    token: String,
    enough: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let (service, token, enough) = (service.clone(), token.clone(), enough.clone());
        clients.spawn(async move {
            let mut created = Vec::new();
            for number in 0.. {
                let name = format!("user-{client}-{number}@contoso.com");
                let answer = service
                    .send("POST", "/scim/contoso/v2/Users", &token, Some(&user(&name)))
                    .await;
                match answer {
                    Some(answer) => {
                        assert_eq!(answer.status, 201, "{}", answer.text);
                        created.push(name);
                        if enough.fetch_add(1, Ordering::SeqCst) >= 400 {
                            break;
                        }
                    }
                    None => break,
                }
            }
            created
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

async fn answered_changes_survive_a_kill(database_url: Option<String>) {
    let service =
        Arc::new(Service::start_on(tempfile::tempdir().unwrap(), database_url.clone()).await);
    let token = service.organization("contoso");
    let count = Arc::new(AtomicUsize::new(0));
    let work = tokio::spawn(create_until_gone(
        service.clone(),
        token.clone(),
        count.clone(),
    ));
    while count.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    service.kill_now();
    let created = work.await.unwrap();
    assert!(created.len() >= 100, "{} were answered", created.len());
    let folder = Arc::into_inner(service).unwrap().kill();

    let service = Service::start_on(folder, database_url).await;
    for name in &created {
        let path = format!(
            "/scim/contoso/v2/Users?filter=userName+eq+%22{}%22",
            name.replace('@', "%40")
        );
        let found = service.send("GET", &path, &token, None).await.unwrap();
        assert_eq!(found.json()["totalResults"], json!(1), "{name} is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_changes_survive_a_kill_on_sqlite() {
    answered_changes_survive_a_kill(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_changes_survive_a_kill_on_postgres() {
    if let Some(db) = TestDb::postgres().await {
        answered_changes_survive_a_kill(Some(db.url.clone())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_stop_loses_no_log_entry() {
    let service = Service::start().await;
    let token = service.organization("contoso");
    for number in 0..50 {
        let path = format!("/scim/contoso/v2/Users?filter=userName+eq+%22n{number}%22");
        let answer = service.send("GET", &path, &token, None).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let folder = service.terminate();
    let url = format!("sqlite:{}", folder.path().join("rhombus.db").display());
    let db = rhombus_provisioning::server::store::Db::open(&url, false)
        .await
        .unwrap();
    let mut connection = db.read().await.unwrap();
    let entries = connection
        .fetch_count(rhombus_provisioning::server::store::sql::sql(
            "SELECT count(*) FROM provisioning_logs WHERE action = 'match'",
        ))
        .await
        .unwrap();
    assert_eq!(entries, 50);
}
