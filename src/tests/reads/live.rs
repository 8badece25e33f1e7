//! Live hints, through the router as a browser opens them.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use rhombus_provisioning::server::clock::MINUTE;
use rhombus_provisioning::server::store::sql::sql;
use tower::ServiceExt;

use super::browser::{support, viewer};
use crate::db_test;
use crate::support::app::TestApp;

fn request(path: &str, cookie: &str) -> Request<Body> {
    Request::get(path)
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap()
}

/// The body of an open stream.
async fn open(app: &TestApp, path: &str, cookie: &str) -> Body {
    let response = app
        .router
        .clone()
        .oneshot(request(path, cookie))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    response.into_body()
}

/// What comes next; `None` when the stream has ended.
async fn next(body: &mut Body) -> Option<String> {
    let frame = tokio::time::timeout(Duration::from_secs(20), body.frame());
    let frame = frame.await.expect("something within 20 seconds")?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// Nothing but hints comes any more, and the stream ends in the time in which it looks at its session.
async fn assert_ends_soon(body: &mut Body) {
    let began = Instant::now();
    while let Some(event) = next(body).await {
        assert_eq!(event, HINT);
        assert!(began.elapsed() < Duration::from_secs(17));
    }
}

const CONTOSO: &str = "/organizations/contoso/live";
const HINT: &str = "event: logs\ndata: newer entries exist\n\n";

db_test! {
    async fn an_account_has_so_many_streams_and_no_more(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let (cookie, other) = (viewer(&app, "contoso").await, support(&app).await);
        let mut streams = Vec::new();
        for _ in 0..20 {
            streams.push(open(&app, CONTOSO, &cookie).await);
        }
        let refused = app.router.clone().oneshot(request(CONTOSO, &cookie)).await.unwrap();
        assert_eq!(refused.status(), 503);
        drop(open(&app, "/live", &other).await);
        // A page that is closed makes room.
        streams.pop();
        drop(open(&app, CONTOSO, &cookie).await);
    }

    async fn changes_and_lookups_of_this_organization_are_hinted_at(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let cookie = viewer(&app, "contoso").await;
        let mut stream = open(&app, CONTOSO, &cookie).await;
        assert_eq!(next(&mut stream).await.unwrap(), "retry: 3000\n\n");
        if app.app.db.dialect() == rhombus_provisioning::server::store::dialect::Dialect::Postgres {
            // The first connection to PostgreSQL's hints: some may have been missed.
            assert_eq!(next(&mut stream).await.unwrap(), HINT);
        }
        contoso.create("ana").await;
        assert_eq!(next(&mut stream).await.unwrap(), HINT);
        contoso.get("/Users").await;
        assert_eq!(next(&mut stream).await.unwrap(), HINT);
        // Its own log only, and the service's end ends it.
        fabrikam.create("ana").await;
        app.flush().await;
        app.app.shutdown.cancel();
        assert_eq!(next(&mut stream).await, None);
    }

    async fn a_page_hears_of_what_came_between_its_drawing_and_its_stream(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let cookie = viewer(&app, "contoso").await;
        contoso.create("ana").await;
        app.advance(MINUTE);
        fabrikam.create("ana").await;
        // The first connection to PostgreSQL's hints tells every page.
        let mut early = open(&app, CONTOSO, &cookie).await;
        next(&mut early).await;
        if app.app.db.dialect() == rhombus_provisioning::server::store::dialect::Dialect::Postgres {
            assert_eq!(next(&mut early).await.unwrap(), HINT);
        }
        for (age, is_behind) in [("?age=90000", true), ("?age=30000", false), ("?age=-1", false), ("?age=soon", false)] {
            let mut stream = open(&app, &format!("{CONTOSO}{age}"), &cookie).await;
            assert_eq!(next(&mut stream).await.unwrap(), "retry: 3000\n\n");
            if is_behind {
                assert_eq!(next(&mut stream).await.unwrap(), HINT, "{age}");
            } else {
                let hint = tokio::time::timeout(Duration::from_millis(500), next(&mut stream)).await;
                assert!(hint.is_err(), "{age}: {hint:?}");
            }
        }
    }

    async fn support_is_hinted_at_every_log(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let cookie = support(&app).await;
        let mut stream = open(&app, "/live", &cookie).await;
        next(&mut stream).await;
        for entra in [&contoso, &fabrikam] {
            entra.create("ana").await;
            assert_eq!(next(&mut stream).await.unwrap(), HINT);
        }
    }

    async fn a_stream_ends_with_the_session_and_is_refused_without(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        app.entra("fabrikam").await;
        let cookie = viewer(&app, "contoso").await;
        let viewer = cookie.as_str();
        for (path, cookie, status) in [
            (CONTOSO, "", 401),
            ("/organizations/fabrikam/live", viewer, 404),
            ("/organizations/nobody/live", viewer, 404),
            ("/live", viewer, 403),
            ("/live", "", 401),
        ] {
            assert_eq!(app.send(request(path, cookie)).await.status, status, "{path}");
        }
        let mut stream = open(&app, CONTOSO, &cookie).await;
        next(&mut stream).await;
        app.execute(sql("DELETE FROM sessions")).await;
        contoso.create("ana").await;
        // A hint, which tells nothing, asks nothing either.
        assert_eq!(next(&mut stream).await.unwrap(), HINT);
        assert_ends_soon(&mut stream).await;
    }

    async fn a_stream_ends_with_the_account_and_does_not_keep_a_session_from_going_idle(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let cookie = viewer(&app, "contoso").await;
        let seen = sql("SELECT last_seen_at FROM sessions");
        let mut stream = open(&app, CONTOSO, &cookie).await;
        next(&mut stream).await;
        let before: Vec<(i64,)> = app.rows(seen.clone()).await;
        app.advance(3_600_000);
        contoso.create("ana").await;
        assert_eq!(next(&mut stream).await.unwrap(), HINT);
        assert_eq!(app.rows::<(i64,)>(seen).await, before);
        app.execute(sql("UPDATE accounts SET deactivated_at = 1")).await;
        contoso.create("ben").await;
        assert_ends_soon(&mut stream).await;
    }
}
