//! The log as a file, through the router.

use axum::body::Body;
use axum::http::Request;
use futures_util::TryStreamExt;
use rhombus_provisioning::model::log::LogFilter;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::clock::MINUTE;
use rhombus_provisioning::server::services::export::Format;
use rhombus_provisioning::server::services::log_search;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::browser::viewer;
use super::fill::{CONTOSO, Entry, NOW, allowed, entry, many_entries, run, two_organizations};
use crate::db_test;
use crate::support::app::{Answer, TestApp};
use crate::support::entra::user;

async fn download(app: &TestApp, cookie: &str, file: &str) -> Answer {
    let request = Request::get(format!("/organizations/contoso/logs/export.{file}"))
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap();
    app.send(request).await
}

db_test! {
    async fn the_filtered_log_is_a_file_for_spreadsheets_and_for_programs(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let mut formula = user("ana");
        formula["name"] = json!({"givenName": "=1+1", "familyName": "Ruiz, \"A\""});
        formula["externalId"] = json!("@x");
        let id = entra.post(&formula).await.id();
        entra.change(&id, "replace", "title", json!("Lead\nline")).await;
        entra.get("/Users").await;
        app.flush().await;
        let cookie = viewer(&app, "contoso").await;

        let csv = download(&app, &cookie, "csv?action=create").await;
        assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
        assert_eq!(csv.header("content-disposition"), "attachment; filename=\"contoso-logs.csv\"");
        let lines: Vec<&str> = csv.text.lines().collect();
        assert_eq!(lines.len(), 2, "{}", csv.text);
        assert!(lines[0].starts_with("time,action,status,http_status,"), "{}", lines[0]);
        assert!(lines[1].starts_with("2026-11-23T09:00:00.000Z,create,success,201,"), "{}", lines[1]);
        // What a spreadsheet would run is text.
        assert!(lines[1].contains("'@x"), "{}", lines[1]);
        assert!(!lines[1].contains(",=1+1"), "{}", lines[1]);

        let ndjson = download(&app, &cookie, "ndjson?lookups=1").await;
        assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
        let objects: Vec<Value> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects.len(), 3);
        assert_eq!((&objects[0]["action"], &objects[1]["action"]), (&json!("list"), &json!("update")));
        assert_eq!(objects[1]["changes"], json!([{"attribute": "title", "old": null, "new": "Lead\nline"}]));
        assert_eq!(objects[2]["external_id"], "@x");
        assert_eq!(objects[2]["user_id"], json!(id));

        download(&app, &cookie, "csv?q=ana&status=success").await;
        let audited: Vec<(String, Option<String>)> = app
            .rows(sql("SELECT actor_name, after FROM audit_log WHERE action = 'log.export' ORDER BY id"))
            .await;
        assert_eq!(audited.len(), 3);
        assert_eq!(audited[0].0, "Vera");
        // What was searched for may be a person's name, and the audit log outlives an erasure.
        let searched = r#"{"format":"csv","filter":"?status=success","searched":true}"#;
        assert!(audited.iter().any(|(_, after)| after.as_deref() == Some(searched)), "{audited:?}");
        assert_eq!(audited[0].1.as_deref(), Some(r#"{"format":"csv","filter":"?action=create"}"#));
    }

    async fn all_batches_are_in_it_once(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let one = Entry { organization: leak(&contoso.organization_id), ..entry("update", MINUTE) };
        for statement in many_entries(&one, 1_203) {
            app.execute(statement).await;
        }
        assert!(app.app.clock.now() < NOW);
        let cookie = viewer(&app, "contoso").await;
        let file = download(&app, &cookie, "ndjson").await;
        let mut ids: Vec<String> = file.text.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["request_id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), 1_204);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 1_204);
    }

    async fn large_changes_are_in_it_whole_and_never_all_in_memory(db: TestDb) {
        let app = two_organizations(db.db.clone()).await;
        let large = "x".repeat(1024 * 1024);
        let changes = format!(r#"[{{"attribute":"title","new":"{large}"}}]"#);
        let statements = (1..=3).map(|ago| entry("update", ago * MINUTE));
        run(&app, statements.flat_map(|entry| [entry.change(&changes), entry.insert()]).collect()).await;
        let reader = allowed(Permission::ReadLogs, CONTOSO);
        let file = log_search::export(&app, &reader, LogFilter::default(), Format::Ndjson).await.unwrap();
        let parts: Vec<String> = file.parts().try_collect().await.unwrap();
        assert_eq!(parts.len(), 3, "one at a time");
        assert!(parts.iter().all(|part| part.contains(&large)));
    }

    async fn an_issues_log_is_whole_though_the_issue_goes_meanwhile(db: TestDb) {
        let app = two_organizations(db.db.clone()).await;
        let refused = entry("create", MINUTE).failed("family_name_missing", "name.familyName is required.");
        let mut statements = many_entries(&refused, 1_203);
        statements.push(sql("UPDATE provisioning_logs SET reason = 'family_name_missing', attribute = 'name.familyName'"));
        statements.push(
            sql("INSERT INTO issues (id, organization_id, action, reason, is_remark, attribute, state, is_open, reopened, \
                 events, users_affected, first_seen_at, last_seen_at, opened_at) \
                 VALUES ('issue', $1, 'create', 'family_name_missing', FALSE, 'name.familyName', 'open', TRUE, 0, 1204, 0, $2, $3, $2)")
            .bind(CONTOSO)
            .bind(refused.occurred_at - 1_203)
            .bind(refused.occurred_at),
        );
        run(&app, statements).await;
        let filter = LogFilter { issue_id: Some("issue".to_owned()), ..LogFilter::default() };
        let reader = allowed(Permission::ReadLogs, CONTOSO);
        let file = log_search::export(&app, &reader, filter, Format::Ndjson).await.unwrap();
        let mut parts = Box::pin(file.parts());
        let first = parts.try_next().await.unwrap().unwrap();
        run(&app, vec![sql("DELETE FROM issues")]).await;
        let rest: Vec<String> = parts.try_collect().await.unwrap();
        let rest: usize = rest.iter().map(|part| part.lines().count()).sum();
        assert_eq!((first.lines().count(), rest), (500, 704));
    }

    async fn whoever_is_out_meanwhile_gets_no_more_of_it(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let one = Entry { organization: leak(&contoso.organization_id), ..entry("update", MINUTE) };
        for statement in many_entries(&one, 1_203) {
            app.execute(statement).await;
        }
        let cookie = viewer(&app, "contoso").await;
        for (file, ended) in [
            ("csv", "UPDATE accounts SET deactivated_at = NULL"),
            ("ndjson", "UPDATE accounts SET deactivated_at = 1"),
            ("csv", "DELETE FROM sessions"),
        ] {
            app.execute(sql("UPDATE accounts SET deactivated_at = NULL")).await;
            let request = Request::get(format!("/organizations/contoso/logs/export.{file}"))
                .header("cookie", &cookie)
                .body(Body::empty())
                .unwrap();
            let answer = app.router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200, "{ended}");
            let mut parts = answer.into_body().into_data_stream();
            assert!(parts.try_next().await.unwrap().is_some(), "{ended}");
            app.execute(sql(ended)).await;
            let rest = parts.try_collect::<Vec<_>>().await;
            assert_eq!(rest.is_ok(), ended.ends_with("NULL"), "{ended}");
        }
    }

    async fn nobody_exports_what_is_not_theirs(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        app.entra("fabrikam").await;
        let cookie = viewer(&app, "fabrikam").await;
        assert_eq!(download(&app, &cookie, "csv").await.status, 404);
        let answer = download(&app, "", "csv").await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"));
    }
}

/// An organization's id for a fixture, which holds fixed texts.
fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
