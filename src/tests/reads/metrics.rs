//! `/metrics`: what operators see of requests that were answered.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use rhombus_provisioning::server::clock::DAY;
use rhombus_provisioning::server::http::metrics;
use rhombus_provisioning::server::store::sql::sql;
use tower::ServiceExt;

use crate::entra_test;
use crate::support::entra::{Entra, user};

async fn scrape(entra: &Entra<'_>) -> String {
    entra.app.flush().await;
    let router = metrics::router(entra.app.app.clone());
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = &answer.headers()["content-type"];
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

entra_test! {
    async fn every_request_is_counted_once(entra: Entra) {
        entra.create("ana").await;
        entra.post(&user("ana")).await.is_error(409, "uniqueness");
        entra.filter("userName eq \"ana\"").await.is(200);
        let stranger = Entra::new(entra.app, "contoso", String::new(), "wrong".to_owned());
        stranger.get("/Users").await.is_error(401, "");
        entra.app.token(&entra.organization_id, 3 * DAY).await;
        let text = scrape(&entra).await;
        for line in [
            "rhombus_scim_requests_total{operation=\"create\",status=\"success\",reason=\"\"} 1",
            "rhombus_scim_requests_total{operation=\"create\",status=\"failure\",reason=\"user_name_taken\"} 1",
            "rhombus_scim_requests_total{operation=\"match\",status=\"success\",reason=\"\"} 1",
            "rhombus_scim_requests_total{operation=\"unknown\",status=\"failure\",reason=\"token_unknown\"} 1",
            "rhombus_scim_request_duration_seconds_count{operation=\"create\"} 2",
            "rhombus_commit_wait_seconds_count 2",
            "rhombus_tokens{state=\"expiring\"} 1",
            "rhombus_open_issues 2",
            "rhombus_log_waiting_entries 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("contoso") && !text.contains("ana"), "no organization and no person");
    }

    async fn counting_stops_where_the_help_says(entra: Entra) {
        let now = entra.app.app.clock.now();
        for many in [
            "INSERT INTO guard_holds (organization_id, user_id, action, first_held_at, last_held_at, attempts, log_id, decision) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10002) \
             SELECT $1, 'u' || i, 'disable', $2, $2, 1, '', 'waiting' FROM n",
            "INSERT INTO outbox (id, organization_id, kind, event_key, address, address_key, subject, created_at, state, \
             due_at, attempts, retries) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10002) \
             SELECT 'm' || i, $1, 'issue', 'm' || i, '', '', '', $2 - 90000, 'waiting', $2 + i, 1, 1 FROM n",
        ] {
            entra.app.execute(sql(many).bind(&entra.organization_id).bind(now)).await;
        }
        let text = scrape(&entra).await;
        for line in ["rhombus_guard_waiting_users 10001", "rhombus_mail_waiting 10001", "rhombus_mail_oldest_seconds 90.0"] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
