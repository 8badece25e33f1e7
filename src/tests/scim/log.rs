//! The provisioning log: one entry for every request (product, Provisioning log).

use axum::body::Body;
use futures_util::FutureExt;
use rhombus_provisioning::model::log::{Action, StepKind};
use rhombus_provisioning::server::clock::{HOUR, MINUTE};
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::scim::error::ScimError;
use rhombus_provisioning::server::scim::reason::Reason;
use rhombus_provisioning::server::services::recording::{CallingToken, Exchange, Incoming, Note};
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::app::{START, TestApp};
use crate::support::entra::{Entra, user};
use crate::{db_test, entra_test};

/// The kinds of an entry's steps, with the outcome of the last.
fn steps(text: &str) -> (String, String) {
    let steps: Value = serde_json::from_str(text).unwrap();
    let steps = steps.as_array().unwrap();
    for step in steps {
        assert!(
            step["duration_us"].is_u64() && !step["text"].as_str().unwrap().is_empty(),
            "{step}"
        );
    }
    let kinds: Vec<&str> = steps
        .iter()
        .map(|step| step["kind"].as_str().unwrap())
        .collect();
    let last = steps.last().unwrap()["outcome"]
        .as_str()
        .unwrap()
        .to_owned();
    (kinds.join(" "), last)
}

fn token() -> CallingToken {
    CallingToken {
        id: "t1".to_owned(),
        name: "Entra".to_owned(),
        prefix: "rhp_AbCdEfGh".to_owned(),
    }
}

/// Rows of the tables that hold users.
async fn rows(entra: &Entra<'_>) -> Vec<(i64,)> {
    entra
        .app
        .rows(sql(
            "SELECT count(*) FROM users UNION ALL SELECT count(*) FROM user_values UNION ALL SELECT count(*) FROM user_changes \
             UNION ALL SELECT count(*) FROM deleted_users UNION ALL SELECT count(*) FROM roles",
        ))
        .await
}

entra_test! {
    async fn one_entry_for_every_kind_of_request(entra: Entra) {
        let id = entra.create("ana").await;
        let patch = |operations: Value| json!({"Operations": operations});
        let one = format!("/Users/{id}");
        let off = patch(json!([{"op": "Replace", "path": "active", "value": "False"}]));
        let on = patch(json!([{"op": "Replace", "path": "active", "value": "True"}]));
        let mut count = 1;
        for (method, path, body, action, status, http_status) in [
            ("POST", "/Users", Some(user("ben")), "create", "success", 201),
            ("POST", "/Users", Some(user("ben")), "create", "failure", 409),
            ("POST", "/Users", Some(json!({"userName": "x", "name": {"givenName": "a", "familyName": "b"}})), "create", "warning", 201),
            ("GET", &one, None, "read", "success", 200),
            ("GET", "/Users/nobody", None, "read", "failure", 404),
            ("GET", "/Users", None, "list", "success", 200),
            ("GET", "/Users?filter=title+pr", None, "list", "success", 200),
            ("GET", "/Users?filter=x+y", None, "list", "failure", 400),
            ("GET", "/Users?filter=userName+eq+%22ana%22", None, "match", "success", 200),
            ("GET", "/Users?filter=externalId+eq+%22zz%22", None, "match", "success", 200),
            ("GET", "/Users?filter=userName+eq+%22c5f6a0f2-4ba4-4f5e-9d34-3f06a1dbbd0e%22", None, "test_connection", "success", 200),
            ("POST", "/Users/.search", Some(json!({})), "list", "success", 200),
            ("POST", "/.search", Some(json!({"filter": "userName eq \"ana\""})), "match", "success", 200),
            ("PATCH", &one, Some(patch(json!([{"op": "add", "path": "title", "value": "x"}]))), "update", "success", 200),
            ("PATCH", &one, Some(patch(json!([{"op": "add", "path": "title", "value": "x"}]))), "update", "skipped", 200),
            ("PATCH", &one, Some(patch(json!([{"op": "add", "path": "shoe", "value": "x"}]))), "update", "warning", 200),
            ("PATCH", &one, Some(patch(json!([{"op": "add", "path": "active", "value": "x"}]))), "update", "failure", 400),
            ("PATCH", &one, Some(off.clone()), "disable", "success", 200),
            // Named by what active really did.
            ("PATCH", &one, Some(off), "update", "skipped", 200),
            ("PATCH", &one, Some(on), "enable", "success", 200),
            ("PUT", &one, Some(user("ana")), "update", "success", 200),
            ("DELETE", &one, None, "delete", "success", 204),
            ("DELETE", &one, None, "delete", "failure", 404),
            ("GET", "/Schemas", None, "discover", "success", 200),
            ("GET", "/ResourceTypes", None, "discover", "success", 200),
            ("GET", "/ServiceProviderConfig", None, "discover", "success", 200),
            ("GET", "/Schemas/x", None, "discover", "failure", 404),
            ("POST", "/Bulk", Some(json!({})), "bulk", "failure", 501),
            ("GET", "/Groups", None, "unknown", "failure", 404),
            ("GET", "/elsewhere", None, "unknown", "failure", 404),
            ("PATCH", "/Users", Some(json!({})), "unknown", "failure", 405),
        ] {
            let answer = entra.send(method, path, body.as_ref()).await;
            assert_eq!(answer.status, http_status, "{method} {path}: {}", answer.text);
            count += 1;
            let entry = entra.entry(&answer).await;
            assert_eq!((entry.action.as_str(), entry.status.as_str()), (action, status), "{method} {path}");
            assert_eq!(entry.http_status, i64::from(http_status));
            assert_eq!(entry.method, method);
            assert_eq!(entry.path, format!("/scim/contoso/v2{}", path.split('?').next().unwrap()));
            let lookups = ["read", "list", "match", "test_connection", "discover"];
            assert_eq!(entry.is_lookup, lookups.contains(&action), "{method} {path}");
            assert_eq!(entry.token_prefix.as_deref(), Some(&entra.token[..12]));
            assert_eq!((entry.detail.is_some(), entry.reason.is_some()), (status == "failure", ["failure", "warning"].contains(&status)));
            let (kinds, outcome) = steps(&entry.steps);
            assert!(kinds.starts_with("authenticate"), "{kinds}");
            assert_eq!(outcome, if status == "failure" { "failed" } else { "done" }, "{method} {path}: {kinds}");
        }
        assert_eq!(entra.log().await.len(), count);
    }

    async fn entries_name_whom_they_are_about(entra: Entra) {
        let created = entra.post(&user("ana@contoso.com")).await;
        let id = created.id();
        let refused = entra.post(&user("ANA@contoso.com")).await;
        let answers = [
            created,
            entra.get(&format!("/Users/{id}")).await,
            entra.filter("userName eq \"ana@contoso.com\"").await,
            entra.change(&id, "replace", "title", json!("x")).await,
            entra.change(&id, "replace", "active", json!("?")).await,
            entra.delete(&id).await,
        ];
        for answer in &answers {
            let entry = entra.entry(answer).await;
            assert_eq!(entry.user_id.as_deref(), Some(id.as_str()), "{}", entry.action);
            assert_eq!(entry.user_name.as_deref(), Some("ana@contoso.com"), "{}", entry.action);
            assert_eq!(entry.external_id.as_deref(), Some("ext-ana@contoso.com"));
            assert_eq!(entry.label.as_deref(), Some("Ana Ruiz"));
            assert_eq!(entry.occurred_at, START);
        }
        assert_eq!(entra.entry(&refused).await.user_name.as_deref(), Some("ANA@contoso.com"));
        let malformed = entra.post(&json!({"userName": "eve", "active": "?"})).await;
        assert_eq!(entra.entry(&malformed).await.user_name.as_deref(), Some("eve"));
    }

    async fn steps_end_where_the_request_ended(entra: Entra) {
        let id = entra.create("ana").await;
        let created = entra.log().await.pop().unwrap();
        let (kinds, _) = steps(&created.steps);
        assert_eq!(kinds, "authenticate parse match apply validate store");
        let path = format!("/Users/{id}");
        let json_type = ("content-type", "application/json");
        for (answer, expected) in [
            (entra.with("PATCH", &path, json_type, "{").await, "authenticate parse"),
            (entra.patch("nobody", json!([])).await, "authenticate parse match"),
            (entra.change(&id, "replace", "id", json!("x")).await, "authenticate parse match apply"),
            (entra.change(&id, "replace", "name.givenName", json!("")).await, "authenticate parse match apply validate"),
            (entra.post(&user("ANA")).await, "authenticate parse match apply validate store"),
        ] {
            let entry = entra.entry(&answer).await;
            let (kinds, outcome) = steps(&entry.steps);
            assert_eq!((kinds.as_str(), outcome.as_str()), (expected, "failed"), "{}", answer.text);
        }
        let unproved = entra.with("GET", "/Users", ("authorization", "again"), "").await;
        assert_eq!(steps(&entra.entry(&unproved).await.steps), ("authenticate".to_owned(), "failed".to_owned()));
    }

    async fn request_and_answer_are_kept_redacted(entra: Entra) {
        let stolen = format!("rhp_{}", "Zz9".repeat(17));
        let body = json!({"userName": "ana", "name": {"givenName": "Ana", "familyName": stolen}, "Password": "s3cret-1",
            "nickName": format!("my token is {stolen}!"), "unknown": {"passWord": ["s3cret-2"]}, "roles": []});
        let request = entra
            .request("POST", &format!("/Users?attributes=userName,nickName&note={stolen}"))
            .header("content-type", "application/scim+json")
            .header("cookie", "session=s3cret-3")
            .header("proxy-authorization", "Basic s3cret-4")
            .header("user-agent", format!("agent {stolen}"))
            .header("adscimversion", "5.0")
            .header("x-note", &stolen);
        let answer = entra.app.send(request.body(Body::from(body.to_string())).unwrap()).await;
        answer.is(201);
        let (entry, payload) = (entra.entry(&answer).await, entra.payload(&answer).await.unwrap());
        let request_body = payload.request_body.as_deref().unwrap();
        assert!(request_body.contains("\"userName\":\"ana\""), "{request_body}");
        assert!(payload.response_body.as_deref().unwrap().contains("\"userName\":\"ana\""));
        assert!(payload.query.as_deref().unwrap().starts_with("attributes=userName,nickName&note=rhp_Zz9"));
        assert!(payload.request_headers.contains("adscimversion") && payload.request_headers.contains("[redacted]"));
        assert_eq!(entry.client_version.as_deref(), Some("5.0"));
        let patched = entra
            .patch(&answer.id(), json!([
                {"op": "replace", "path": "password", "value": "s3cret-5"},
                {"op": "replace", "value": {"password": "s3cret-6", "urn:ietf:params:scim:schemas:core:2.0:User:password": "s3cret-7"}},
                {"op": "add", "path": "roles", "value": [{"value": "{\"value\":\"admin\",\"password\":\"s3cret-8\"}"}]},
            ]))
            .await;
        patched.is(200);
        let refused = entra.get(&format!("/Users/{stolen}?filter={stolen}")).await;
        let unknown = entra.filter(&format!("{stolen} eq \"{stolen}\"")).await;
        let matched = entra.filter(&format!("userName eq \"{stolen}\"")).await;
        let elsewhere = entra.send(&stolen[..20], &format!("/{stolen}"), None).await;
        let compared = entra.filter("active eq true and password eq \"s3cret-9\"").await;
        let search = json!({"filter": "passWord sw \"s3cret-10\""});
        let searched = entra.send("POST", "/Users/.search", Some(&search)).await;
        let written = stolen.replace('_', "%5f");
        let escaped = entra.get(&format!("/Users/{written}?note={written}&filter=p%61ssword+eq+%22s3cret-11%22")).await;
        for answer in [&answer, &patched, &refused, &unknown, &matched, &elsewhere, &compared, &searched, &escaped] {
            let kept = format!("{:?} {:?}", entra.entry(answer).await, entra.payload(answer).await);
            assert!(!kept.contains("s3cret"), "{kept}");
            assert!(!kept.contains(&stolen["rhp_".len()..]), "{kept}");
            assert!(!kept.contains(&entra.token), "{kept}");
        }
    }

    async fn long_bodies_are_cut(entra: Entra) {
        let long = "é".repeat(100_000);
        let mut body = user("ana");
        body["unknown"] = json!(long);
        let answer = entra.post(&body).await;
        answer.is(201);
        let payload = entra.payload(&answer).await.unwrap();
        let kept = payload.request_body.unwrap();
        assert!(payload.is_cut);
        assert!((65_530..=65_536).contains(&kept.len()) && kept.starts_with("{\"schemas\""), "{}", kept.len());
        let short = entra.post(&user("ben")).await;
        assert!(!entra.payload(&short).await.unwrap().is_cut);
        // Other long texts end somewhere, too.
        let agent = entra.with("GET", &format!("/Users/{}?x={}", "i".repeat(3_000), "q".repeat(3_000)), ("user-agent", &"a".repeat(3_000)), "").await;
        agent.is_error(404, "");
        let (entry, payload) = (entra.entry(&agent).await, entra.payload(&agent).await.unwrap());
        assert!(entry.path.len() <= 2_000 && entry.user_agent.unwrap().len() <= 500 && payload.query.unwrap().len() <= 2_000);
        assert!(entry.user_id.unwrap().len() <= 200);
    }

    async fn a_refused_change_leaves_its_entry_and_nothing_else(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        let id = entra.create_with("ana", json!({"emails": [{"value": "a@x"}]})).await;
        entra.create("taken").await;
        let before = (entra.user(&id).await, rows(&entra).await);
        let role = json!([{"value": "New", "primary": true}]);
        let mut taken = user("TAKEN");
        taken["roles"] = role.clone();
        for (method, path, body) in [
            ("POST", "/Users".to_owned(), taken.clone()),
            ("PUT", format!("/Users/{id}"), taken),
            ("PATCH", format!("/Users/{id}"), json!({"Operations": [
                {"op": "add", "path": "emails", "value": [{"value": "b@x"}]},
                {"op": "replace", "path": "roles", "value": role},
                {"op": "replace", "path": "userName", "value": "Taken"},
            ]})),
        ] {
            let answer = entra.send(method, &path, Some(&body)).await;
            // Durable before the answer: no flush in between.
            let statement = sql("SELECT status FROM provisioning_logs WHERE id = $1");
            let entry: Vec<(String,)> = entra.app.rows(statement.bind(answer.header("x-request-id"))).await;
            assert_eq!(entry, [("failure".to_owned(),)], "{method}");
            answer.is_error(409, "uniqueness");
            assert_eq!((entra.user(&id).await, rows(&entra).await), before, "{method}");
        }
        // What it wanted is kept with the payload.
        let answer = entra.patch(&id, json!([
            {"op": "replace", "path": "title", "value": "Dr"}, {"op": "replace", "path": "userName", "value": "taken"},
        ])).await;
        let wanted: Value = serde_json::from_str(&entra.payload(&answer).await.unwrap().refused_changes.unwrap()).unwrap();
        assert_eq!(wanted, json!([{"attribute": "userName", "old": "ana", "new": "taken"}, {"attribute": "title", "new": "Dr"}]));
    }

    async fn a_change_and_its_entry_commit_together(entra: Entra) {
        let id = entra.create("ana").await;
        entra.app.execute(sql("ALTER TABLE provisioning_logs RENAME TO logs_gone")).await;
        entra.change(&id, "Replace", "active", json!("False")).await.is_error(503, "");
        entra.post(&user("ben")).await.is_error(503, "");
        entra.delete(&id).await.is_error(503, "");
        entra.app.execute(sql("ALTER TABLE logs_gone RENAME TO provisioning_logs")).await;
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
        assert_eq!((entra.users().await, entra.history(&id).await.len()), (1, 1));
    }

    async fn cycles_end_after_five_quiet_minutes(entra: Entra) {
        let other = entra.app.entra("fabrikam").await;
        let mut cycles = Vec::new();
        for (advance, change) in [(0, true), (5 * MINUTE, false), (5 * MINUTE, true), (5 * MINUTE + 1, false), (1, true), (HOUR, true)] {
            entra.app.advance(advance);
            let answer = if change {
                entra.post(&user(&format!("user{}", cycles.len()))).await
            } else {
                entra.get("/Users").await
            };
            cycles.push(entra.entry(&answer).await.cycle_id);
            other.get("/Users").await.is(200);
            other.app.flush().await;
        }
        let same: Vec<bool> = cycles.windows(2).map(|pair| pair[0] == pair[1]).collect();
        assert_eq!(same, [true, true, false, true, false]);
        assert!(other.log().await.iter().all(|entry| !cycles.contains(&entry.cycle_id)));
    }

    async fn hourly_counts_add_up(entra: Entra) {
        for hour in 0..3 {
            let id = entra.create(&format!("user{hour}")).await;
            for _ in 0..hour + 1 {
                entra.post(&user("user0")).await.is_error(409, "uniqueness");
                entra.filter("userName eq \"nobody\"").await.is(200);
                entra.change(&id, "Replace", "active", json!("True")).await.is(200);
            }
            entra.with("GET", "/Users", ("authorization", "twice"), "").await.is_error(401, "");
            entra.app.advance(HOUR);
        }
        entra.app.flush().await;
        type Row = (i64, String, String, String, i64, i64);
        let counted: Vec<Row> = entra.app.rows(sql(
            "SELECT hour, action, status, reason, CAST(sum(entries) AS BIGINT), CAST(sum(duration_us) AS BIGINT) \
             FROM provisioning_log_hours GROUP BY hour, action, status, reason ORDER BY hour, action, status, reason")).await;
        let entries: Vec<Row> = entra.app.rows(sql(
            "SELECT occurred_at - occurred_at % 3600000, action, status, COALESCE(reason, ''), count(*), CAST(sum(duration_us) AS BIGINT) \
             FROM provisioning_logs GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4")).await;
        assert_eq!(counted, entries);
        assert_eq!(counted.len(), 15);
        assert_eq!(counted.iter().map(|row| row.4).sum::<i64>(), 3 * 2 + 3 * (1 + 2 + 3));
    }

    async fn a_match_that_is_not_looked_into_names_whom_it_seeks(entra: Entra) {
        entra.policy("state", "paused").await;
        let answer = entra.filter("userName eq \"ana\"").await;
        answer.is_error(503, "");
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.action.as_str(), entry.user_name.as_deref()), ("match", Some("ana")));
    }
}

db_test! {
    async fn what_waits_survives_a_clean_end(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        for index in 0..50 {
            entra.get(&format!("/Users?startIndex={index}")).await.is(200);
        }
        entra.with("GET", "/Users", ("authorization", "twice"), "").await.is_error(401, "");
        app.app.finish().await;
        let reopened = Db::open(&app.db.url, true).await.unwrap();
        let mut connection = reopened.read().await.unwrap();
        let count = "SELECT count(*) FROM provisioning_logs";
        assert_eq!(connection.fetch_count(sql(count)).await.unwrap(), 51);
        let hours = "SELECT CAST(sum(entries) AS BIGINT) FROM provisioning_log_hours";
        assert_eq!(connection.fetch_count(sql(hours)).await.unwrap(), 51);
        let used = "SELECT count(*) FROM tokens WHERE last_used_at IS NOT NULL";
        assert_eq!(connection.fetch_count(sql(used)).await.unwrap(), 1);
    }
}

db_test! {
    async fn large_entries_wait_for_room(db: TestDb) {
        let app = TestApp::new(db).await;
        let organization_id = app.entra("contoso").await.organization_id;
        let half = "x".repeat(60 * 1024);
        let large = |number: usize| {
            let incoming = Incoming { method: "POST".to_owned(), body: Some(half.clone()), ..Incoming::default() };
            let mut exchange = Exchange::new(format!("large{number}"), START, incoming);
            exchange.organization_id.clone_from(&organization_id);
            exchange.token = Some(token());
            Note::Entry(Box::new(exchange.into_entry(200, None, false, Some(&half))))
        };
        // Few enough to be taken at once, were they small.
        let notes: Vec<Note> = (0..300).map(large).collect();
        app.execute(sql("ALTER TABLE provisioning_logs RENAME TO logs_gone")).await;
        let recorder = app.app.recorder.clone();
        let all = tokio::spawn(async move {
            for note in notes {
                recorder.note(note).await;
            }
        });
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert!(!all.is_finished(), "more than 32 MiB wait");
        app.execute(sql("ALTER TABLE logs_gone RENAME TO provisioning_logs")).await;
        all.await.unwrap();
        app.flush().await;
        let kept: Vec<(i64,)> = app.rows(sql("SELECT count(*) FROM provisioning_log_payloads")).await;
        assert_eq!(kept, [(300,)]);
    }
}

db_test! {
    async fn a_client_that_goes_away_leaves_its_entry_and_its_counts(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let ana = user("ana").to_string();
        for (method, body) in [("GET", Body::empty()), ("POST", Body::from(ana))] {
            let request = entra.request(method, "/Users").body(body).unwrap();
            // Asked for, and dropped before there is an answer.
            assert!(app.router.clone().oneshot(request).now_or_never().is_none());
        }
        app.app.finish().await;
        let reopened = Db::open(&app.db.url, true).await.unwrap();
        let mut connection = reopened.read().await.unwrap();
        for of in [
            "SELECT action, status FROM provisioning_logs ORDER BY action",
            "SELECT action, status FROM provisioning_log_hours WHERE entries = 1 ORDER BY action",
        ] {
            let found: Vec<(String, String)> = connection.fetch_all(sql(of)).await.unwrap();
            let found: Vec<_> = found.iter().map(|(action, status)| (action.as_str(), status.as_str())).collect();
            assert_eq!(found, [("create", "success"), ("list", "success")], "{of}");
        }
    }
}

entra_test! {
    async fn a_request_given_up_whose_change_commits_all_the_same_has_one_entry(entra: Entra) {
        let created = entra.post(&user("ana")).await;
        let given_up = |id: &str| {
            let mut exchange = Exchange::new(id.to_owned(), START, Incoming::default());
            exchange.organization_id.clone_from(&entra.organization_id);
            let error = ScimError::new(Reason::RequestTimeout, "It took too long.");
            exchange.into_entry(503, Some(&error), false, None)
        };
        for id in [created.header("x-request-id"), "other"] {
            entra.app.app.recorder.note(Note::Entry(Box::new(given_up(id)))).await;
        }
        entra.app.flush().await;
        assert_eq!(entra.entry(&created).await.http_status, 201);
        assert!(entra.payload(&created).await.is_some());

        // The other way round the failure is told already, and gives way to what became of the request.
        let mut late = Exchange::new("other".to_owned(), START, Incoming::default());
        late.organization_id.clone_from(&entra.organization_id);
        late.token = Some(token());
        late.action = Action::Update;
        late.subject.user_id = Some("u1".to_owned());
        late.done(StepKind::Authenticate, "The token is valid.");
        late.done(StepKind::Store, "Stored as version 2.");
        let (live, late) = (entra.app.app.live.clone(), late.into_entry(200, None, false, None));
        let kept: Result<(), StoreError> = entra.app.app.db.write(move |tx| {
            Box::pin(async move {
                Exchange::store(tx, late, live);
                Ok(())
            })
        }).await;
        kept.unwrap();
        let entry = entra.log().await.into_iter().find(|entry| entry.id == "other").unwrap();
        assert_eq!((entry.action.as_str(), entry.status.as_str(), entry.http_status), ("update", "success", 200));
        assert_eq!((entry.reason, entry.detail, entry.user_id.as_deref()), (None, None, Some("u1")));
        assert_eq!(steps(&entry.steps), ("authenticate store".to_owned(), "done".to_owned()));
        let kept = sql("SELECT log_id FROM provisioning_log_payloads WHERE log_id = 'other'");
        assert_eq!(entra.app.rows::<(String,)>(kept).await.len(), 1);
        assert_eq!(entra.log().await.len(), 2);
    }
}
