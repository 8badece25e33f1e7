//! Who may call: the Secret Token and the organization's state (product, Tokens).

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::{StreamExt, stream};
use rhombus_provisioning::server::actor::ClientAddress;
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::app::{Answer, START, TestApp};
use crate::support::entra::{Entra, user};
use crate::{db_test, entra_test};

/// A POST with a password in it, under any address and header.
async fn post(app: &TestApp, slug: &str, authorization: Option<&str>) -> Answer {
    let mut body = user("ana");
    body["password"] = json!("pa55w0rd");
    let mut request = Request::post(format!("/scim/{slug}/v2/Users?secret=question"))
        .header("content-type", "application/scim+json");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    app.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

/// A body whose second half comes once `changed` is cancelled, and longer than a proof lasts after the first.
fn slow_body(body: &Value, changed: CancellationToken) -> Body {
    let text = body.to_string();
    let (start, end) = text.split_at(text.len() / 2);
    let (start, end) = (start.to_owned(), end.to_owned());
    let end = async move {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        changed.cancelled().await;
        Ok::<_, Infallible>(end)
    };
    Body::from_stream(stream::iter([Ok(start)]).chain(stream::once(end)))
}

async fn revoke(entra: &Entra<'_>, at: i64) {
    let statement = sql("UPDATE tokens SET revoked_at = $1, revoked_by = 'Ada' WHERE prefix = $2");
    entra
        .app
        .execute(statement.bind(at).bind(&entra.token[..12]))
        .await;
}

db_test! {
    async fn every_bad_token_is_401_and_its_entry_names_the_reason(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let foreign = app.entra("fabrikam").await;
        let expired = app.token(&entra.organization_id, HOUR).await;
        let revoked = app.token(&entra.organization_id, DAY).await;
        app.execute(sql("UPDATE tokens SET revoked_at = $1 WHERE prefix = $2").bind(START).bind(&revoked[..12])).await;
        app.advance(HOUR + 3 * DAY);
        let unknown = format!("rhp_{}", "x".repeat(49));
        let bearer = |token: &str| Some(format!("Bearer {token}"));
        let mut texts = Vec::new();
        for (slug, authorization, reason) in [
            ("contoso", None, "token_missing"),
            ("contoso", Some(String::new()), "token_missing"),
            ("contoso", Some("Bearer".to_owned()), "token_malformed"),
            ("contoso", Some("Basic dXNlcjpwYXNz".to_owned()), "token_malformed"),
            ("contoso", Some(format!("Bearer {} {}", entra.token, entra.token)), "token_malformed"),
            ("contoso", bearer(&expired), "token_expired"),
            ("contoso", bearer(&revoked), "token_revoked"),
            ("contoso", bearer(&unknown), "token_unknown"),
            ("contoso", bearer("eyJhbGciOiJIUzI1NiJ9.e30.x"), "token_unknown"),
            ("contoso", bearer(&entra.token.to_uppercase()), "token_unknown"),
            ("contoso", bearer(&foreign.token), "token_wrong_organization"),
            ("nobody", bearer(&entra.token), ""),
            ("nobody", bearer(&unknown), ""),
            ("", bearer(&entra.token), ""),
            ("CONTOSO", bearer(&entra.token), ""),
            ("contoso%00", bearer(&entra.token), ""),
        ] {
            let answer = post(&app, slug, authorization.as_deref()).await;
            let text = answer.is_error(401, "");
            // RFC 6750 3: an error code where a token came along, the same whatever is wrong with it.
            let code = if ["token_missing", "token_malformed"].contains(&reason) {
                ""
            } else {
                ", error=\"invalid_token\""
            };
            let challenge = format!("Bearer realm=\"Rhombus Provisioning\"{code}");
            assert_eq!(answer.header("www-authenticate"), challenge, "{slug} {reason}");
            if ["token_unknown", "token_wrong_organization", ""].contains(&reason) {
                texts.push(text.clone());
            }
            if reason.is_empty() {
                continue;
            }
            let entry = entra.entry(&answer).await;
            assert_eq!((entry.reason.as_deref(), entry.status.as_str(), entry.http_status), (Some(reason), "failure", 401));
            // Nothing of what an unproved caller sends is kept, and of a known token only the prefix.
            let payload = entra.payload(&answer).await;
            let kept = format!("{entry:?} {payload:?}");
            for secret in ["pa55w0rd", "question", &unknown, &expired, &revoked, &foreign.token, "eyJ", "dXNlcjpwYXNz"] {
                assert!(!kept.contains(secret), "{secret} in {kept}");
            }
            let prefix = match reason {
                "token_expired" => Some(&expired[..12]),
                "token_revoked" => Some(&revoked[..12]),
                _ => None,
            };
            assert_eq!(entry.token_prefix.as_deref(), prefix, "{reason}");
            if prefix.is_some() {
                assert!(text.contains("3 days ago"), "{text}");
            }
        }
        // An unknown organization, an unknown token and a foreign one cannot be told apart.
        assert!(texts.len() == 9 && texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        assert_eq!(foreign.log().await.len(), 0, "the owner of a foreign token is not bothered");
        assert_eq!((entra.users().await, foreign.users().await), (0, 0));
        entra.get("/Users").await.is(200);
    }
}

entra_test! {
    async fn revocation_and_expiry_hold_at_once(entra: Entra) {
        entra.get("/Users").await.is(200);
        // As the command line beside the server does it.
        revoke(&entra, START).await;
        let text = entra.get("/Users").await.is_error(401, "");
        assert!(text.contains(&entra.token[..12]) && text.contains("revoked"), "{text}");
        entra.delete("x").await.is_error(401, "");
        let short = Entra::new(entra.app, "contoso", entra.organization_id.clone(),
            entra.app.token(&entra.organization_id, MINUTE).await);
        entra.app.advance(MINUTE - 1);
        short.get("/Users").await.is(200);
        entra.app.advance(1);
        assert!(short.get("/Users").await.is_error(401, "").contains("expired 0 seconds ago"));
    }

    async fn whoever_is_long_in_sending_is_proved_again(entra: Entra) {
        let id = entra.create("ana").await;
        let path = format!("/Users/{id}");
        let send = |method: &str, path: &str, body: &Value, changed: &CancellationToken| {
            let body = slow_body(body, changed.clone());
            entra.app.send(entra.request(method, path).body(body).unwrap())
        };
        for (state, statuses, reason) in [
            ("on", [201, 200, 200], None),
            ("paused", [503; 3], Some("organization_paused")),
            ("off", [403; 3], Some("organization_off")),
            ("revoked", [401; 3], Some("token_revoked")),
        ] {
            let changed = CancellationToken::new();
            let change = async {
                // By then all have been let in.
                tokio::time::sleep(Duration::from_millis(300)).await;
                match state {
                    "revoked" => revoke(&entra, START).await,
                    state => entra.policy("state", state).await,
                }
                changed.cancel();
            };
            let name = format!("{state}@contoso.com");
            let title = json!({"Operations": [{"op": "Add", "path": "title", "value": name}]});
            let search = json!({"filter": format!("userName eq \"{name}\"")});
            let (made, patched, found, ()) = tokio::join!(
                send("POST", "/Users", &user(&name), &changed),
                send("PATCH", &path, &title, &changed),
                send("POST", "/Users/.search", &search, &changed),
                change,
            );
            for (answer, status) in [made, patched, found].iter().zip(statuses) {
                assert_eq!(answer.status, status, "{state} {}", answer.text);
                let entry = entra.entry(answer).await;
                assert_eq!(entry.reason.as_deref(), reason);
                if status == 401 {
                    let kept = (entry, entra.payload(answer).await);
                    assert_eq!(kept.0.action, "unknown");
                    assert!(!format!("{kept:?}").contains(&name), "{kept:?}");
                }
            }
            entra.policy("state", "on").await;
        }
        assert_eq!(entra.users().await, 2);
        let again = Entra::new(entra.app, "contoso", entra.organization_id.clone(),
            entra.app.token(&entra.organization_id, DAY).await);
        assert_eq!(again.user(&id).await["title"], "on@contoso.com");
    }

    async fn several_tokens_are_valid_side_by_side(entra: Entra) {
        let second = Entra::new(entra.app, "contoso", entra.organization_id.clone(),
            entra.app.token(&entra.organization_id, DAY).await);
        let id = entra.create("ana").await;
        assert_eq!(second.user(&id).await["userName"], "ana");
        revoke(&entra, START).await;
        second.get("/Users").await.is(200);
        let answer = second.change(&id, "Replace", "active", json!("False")).await;
        assert_eq!(second.entry(&answer).await.token_prefix.as_deref(), Some(&second.token[..12]));
    }

    async fn at_most_sixty_refused_callers_a_minute_are_recorded(entra: Entra) {
        let unknown = format!("Bearer rhp_{}", "x".repeat(49));
        for _ in 0..70 {
            post(entra.app, "contoso", Some(&unknown)).await.is_error(401, "");
            post(entra.app, "nobody", Some(&unknown)).await.is_error(401, "");
        }
        assert_eq!(entra.log().await.len(), 60);
        // A good token is never turned away.
        entra.get("/Users").await.is(200);
        let counted = |organization: &str| {
            let statement = sql(
                "SELECT reason, entries, unrecorded FROM provisioning_log_hours WHERE organization_id = $1 AND status = 'failure'",
            );
            entra.app.rows::<(String, i64, i64)>(statement.bind(organization))
        };
        entra.app.flush().await;
        assert_eq!(counted(&entra.organization_id).await, [("token_unknown".to_owned(), 60, 10)]);
        assert_eq!(counted("").await, [("organization_unknown".to_owned(), 0, 70)]);
        let strays: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM provisioning_logs WHERE organization_id = ''")).await;
        assert_eq!(strays, []);
        entra.app.advance(MINUTE);
        post(entra.app, "contoso", Some(&unknown)).await.is_error(401, "");
        assert_eq!(entra.log().await.len(), 62);
    }

    async fn last_use_is_written_at_most_once_a_minute(entra: Entra) {
        #[derive(sqlx::FromRow)]
        struct Used {
            last_used_at: Option<i64>,
            last_used_agent: Option<String>,
            last_used_address: Option<String>,
        }
        let used = || async {
            entra.app.flush().await;
            let rows: Vec<Used> = entra.app.rows(sql("SELECT * FROM tokens")).await;
            rows.into_iter().next().unwrap()
        };
        assert_eq!(used().await.last_used_at, None);
        for (advance, agent, expected) in [
            (0, "first", START),
            (30_000, "second", START),
            (29_999, "third", START),
            (1, "fourth", START + MINUTE),
        ] {
            entra.app.advance(advance);
            let request = entra.request("GET", "/Users").header("user-agent", agent);
            let mut request = request.body(Body::empty()).unwrap();
            let address = std::net::Ipv4Addr::new(10, 0, 0, u8::try_from(agent.len()).unwrap());
            request.extensions_mut().insert(ClientAddress { address: address.into() });
            let answer = entra.app.send(request).await;
            answer.is(200);
            assert_eq!(entra.entry(&answer).await.address, address.to_string());
            assert_eq!(used().await.last_used_at, Some(expected), "{agent}");
        }
        assert_eq!(used().await.last_used_agent.as_deref(), Some("fourth"));
        assert_eq!(used().await.last_used_address.as_deref(), Some("10.0.0.6"));
        // A refused call is no use.
        entra.app.advance(MINUTE);
        revoke(&entra, START).await;
        entra.get("/Users").await.is_error(401, "");
        assert_eq!(used().await.last_used_at, Some(START + MINUTE));
    }

    async fn off_is_403_and_paused_503_for_valid_tokens_only(entra: Entra) {
        let id = entra.create("ana").await;
        for (state, status, reason, retry_after, word) in [
            ("off", 403, "organization_off", "", "Rhombus Support"),
            ("paused", 503, "organization_paused", "900", "paused"),
        ] {
            entra.policy("state", state).await;
            let answers = [
                (entra.get("/Users").await, "list"),
                (entra.filter("userName eq \"ana\"").await, "match"),
                (entra.filter("userName sw \"ana\"").await, "list"),
                (entra.filter("userName like").await, "list"),
                (entra.send("POST", "/.search", Some(&json!({}))).await, "list"),
                (entra.get(&format!("/Users/{id}")).await, "read"),
                (entra.post(&user("ben")).await, "create"),
                (entra.change(&id, "Replace", "active", json!("False")).await, "update"),
                (entra.put(&id, &user("ana")).await, "update"),
                (entra.delete(&id).await, "delete"),
                (entra.get("/Schemas").await, "discover"),
                (entra.send("POST", "/Bulk", Some(&json!({}))).await, "bulk"),
                (entra.get("/nothing").await, "unknown"),
            ];
            for (answer, action) in &answers {
                let detail = answer.is_error(status, "");
                assert!(detail.contains(word), "{detail}");
                assert_eq!(answer.header("retry-after"), retry_after);
                let entry = entra.entry(answer).await;
                assert_eq!((entry.reason.as_deref(), entry.status.as_str()), (Some(reason), "failure"));
                assert_eq!(entry.action, *action, "{} {}", entry.method, entry.path);
            }
            let unknown = format!("Bearer rhp_{}", "x".repeat(49));
            for authorization in [None, Some(unknown.as_str())] {
                let text = post(entra.app, "contoso", authorization).await.is_error(401, "");
                assert!(!text.contains(word), "{text}");
            }
        }
        entra.policy("state", "on").await;
        assert_eq!(entra.user(&id).await["active"], true);
        assert_eq!(entra.users().await, 1);
    }

    async fn of_an_unknown_token_only_what_helps_is_kept(entra: Entra) {
        let cut = entra.token[..40].to_owned();
        let mistyped = format!("rhp_{}", "y".repeat(49));
        // Its checksum is right.
        let stray = format!("rhp_{}3HTDEj", "y".repeat(43));
        for (token, hint) in [
            (cut.as_str(), format!("has 40 characters and begins like the token {}", &entra.token[..12])),
            (stray.as_str(), "has 53 characters and begins like a Secret Token, but like none".to_owned()),
            (mistyped.as_str(), "begins like a Secret Token, but was cut or changed".to_owned()),
            ("eyJhbGciOiJIUzI1NiJ9.e30.x", "has 26 characters and begins unlike a Secret Token".to_owned()),
            ("ääääääääää", "has 10 characters and begins unlike a Secret Token".to_owned()),
        ] {
            let mut request = Request::get("/scim/contoso/v2/Users").body(Body::empty()).unwrap();
            let value = axum::http::HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).unwrap();
            request.headers_mut().insert("authorization", value);
            let answer = entra.app.send(request).await;
            assert!(!answer.is_error(401, "").contains("characters"), "the client is told nothing");
            let entry = entra.entry(&answer).await;
            assert!(entry.steps.contains(&hint), "{hint} is not in {}", entry.steps);
            assert!(!format!("{entry:?}").contains(token));
        }
    }

    async fn two_authorization_headers_are_refused(entra: Entra) {
        let request = entra.request("GET", "/Users").header("authorization", format!("Bearer {}", entra.token));
        entra.app.send(request.body(Body::empty()).unwrap()).await.is_error(401, "");
    }
}
