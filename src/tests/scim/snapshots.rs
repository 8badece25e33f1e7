//! Whole answers, as Entra sees them.

use axum::body::Body;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

/// The answer without what differs from run to run. Both databases have the same snapshots.
fn shown(answer: &Answer, entra: &Entra<'_>) -> Value {
    let body = if answer.text.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    let mut text = body
        .to_string()
        .replace(answer.header("x-request-id"), "[request]");
    for (index, id) in ids(&body).iter().enumerate() {
        text = text.replace(id, &format!("[id {}]", index + 1));
    }
    text = text.replace(&entra.token[..12], "[token]");
    let mut headers = serde_json::Map::new();
    for name in [
        "content-type",
        "etag",
        "location",
        "www-authenticate",
        "retry-after",
        "allow",
    ] {
        if !answer.header(name).is_empty() {
            let mut value = answer.header(name).to_owned();
            for (index, id) in ids(&body).iter().enumerate() {
                value = value.replace(id, &format!("[id {}]", index + 1));
            }
            headers.insert(name.to_owned(), value.into());
        }
    }
    json!({"status": answer.status, "headers": headers, "body": serde_json::from_str::<Value>(&text).unwrap()})
}

/// Our ids, in the order in which they stand there: UUIDs, wherever they are.
fn ids(value: &Value) -> Vec<String> {
    let text = value.to_string();
    let mut found: Vec<String> = Vec::new();
    let is_id = |candidate: &str| {
        uuid::Uuid::try_parse(candidate).is_ok() && candidate.matches('-').count() == 4
    };
    for start in 0..text.len().saturating_sub(36) {
        if let Some(candidate) = text.get(start..start + 36)
            && is_id(candidate)
            && !found.iter().any(|known| known == candidate)
        {
            found.push(candidate.to_owned());
        }
    }
    found
}

fn assert_snapshot(name: &str, value: &Value) {
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_json_snapshot!(name, value);
    });
}

entra_test! {
    async fn create_and_list(entra: Entra) {
        let more = json!({"displayName": "Ana Ruiz", "emails": [{"value": "ana@contoso.com", "type": "work", "primary": "True"}],
            "phoneNumbers": [{"value": "+34 600", "type": "mobile"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": "m1"}});
        let mut body = user("ana@contoso.com");
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let created = entra.post(&body).await;
        assert_snapshot("create", &shown(&created, &entra));
        entra.app.advance(1_500);
        entra.create_with("ben@contoso.com", json!({"active": false, "roles": []})).await;
        assert_snapshot("list", &shown(&entra.get("/Users").await, &entra));
        assert_snapshot("list_empty", &shown(&entra.filter("userName eq \"nobody\"").await, &entra));
    }

    async fn discovery_under_both_policies(entra: Entra) {
        assert_snapshot("service_provider_config", &shown(&entra.get("/ServiceProviderConfig").await, &entra));
        assert_snapshot("resource_types", &shown(&entra.get("/ResourceTypes").await, &entra));
        assert_snapshot("schemas_strict_names", &shown(&entra.get("/Schemas").await, &entra));
        entra.policy("missing_names", "accept").await;
        entra.policy("missing_role", "reject").await;
        assert_snapshot("schemas_strict_roles", &shown(&entra.get("/Schemas").await, &entra));
    }

    async fn errors_of_every_reason_that_is_easy_to_cause(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let one = format!("/Users/{id}");
        let patch = |operation: Value| json!({"Operations": [operation]});
        let with = |name: &str, value: Value| {
            let mut body = user("new@contoso.com");
            body[name] = value;
            body
        };
        let mut answers = Vec::new();
        for (method, path, body) in [
            ("POST", "/Users", user("ANA@contoso.com")),
            ("POST", "/Users", with("userName", json!(null))),
            ("POST", "/Users", with("userName", json!(" "))),
            ("POST", "/Users", with("name", json!({"familyName": "R"}))),
            ("POST", "/Users", with("name", json!({"givenName": "A"}))),
            ("POST", "/Users", with("roles", json!([{"value": "Boss"}]))),
            ("POST", "/Users", with("title", json!(7))),
            ("POST", "/Users", with("title", json!("x".repeat(20_000)))),
            ("POST", "/Users", with("title", json!("a\u{0}"))),
            ("POST", "/Users", with("emails", (0..1_001).map(|index| json!({"value": index.to_string()})).collect())),
            ("POST", "/Users", json!([])),
            ("PATCH", &one, patch(json!({"op": "replace", "path": "active", "value": null}))),
            ("PATCH", &one, patch(json!({"op": "replace", "path": "id", "value": "x"}))),
            ("PATCH", &one, patch(json!({"op": "remove", "path": "userName"}))),
            ("PATCH", &one, patch(json!({"op": "move"}))),
            ("PATCH", &one, patch(json!({"op": "add", "path": "a b", "value": 1}))),
            ("PATCH", &one, patch(json!({"op": "remove"}))),
            ("PATCH", &one, patch(json!({"op": "add", "path": "title"}))),
            ("PATCH", &one, patch(json!({"op": "add", "path": "ims[type ne \"a\"].value", "value": "x"}))),
            ("PATCH", &one, json!({"Operations": 1})),
            ("PATCH", &one, json!({"schemas": ["urn:x"], "Operations": []})),
            ("PATCH", &one, json!({"Operations": vec![json!({"op": "add", "path": "title", "value": "x"}); 1_001]})),
            ("GET", "/Users?filter=userName+eq", Value::Null),
            ("GET", "/Users?filter=colour+eq+%22red%22", Value::Null),
            ("GET", "/Users?filter=userName+is+%22x%22", Value::Null),
            ("GET", "/Users?filter=active+eq+%22x%22", Value::Null),
            ("GET", &format!("/Users?filter={}", "x".repeat(9_000)), Value::Null),
            ("GET", &format!("/Users?filter={}", "(".repeat(40)), Value::Null),
            ("GET", "/Users?sortBy=colour", Value::Null),
            ("GET", "/Users?sortOrder=up", Value::Null),
            ("GET", "/Users?count=x", Value::Null),
            ("GET", "/Users?startIndex=x", Value::Null),
            ("GET", "/Users?attributes=a&excludedAttributes=b", Value::Null),
            ("POST", "/.search", json!({"attributes": 1})),
            ("GET", "/Schemas?filter=id+pr", Value::Null),
            ("GET", "/Users/nobody", Value::Null),
            ("GET", "/Schemas/x", Value::Null),
            ("GET", "/ResourceTypes/x", Value::Null),
            ("GET", "/elsewhere", Value::Null),
            ("GET", "/Groups", Value::Null),
            ("PUT", "/Users", Value::Null),
            ("GET", "/Me", Value::Null),
            ("POST", "/Bulk", json!({})),
        ] {
            answers.push(entra.send(method, path, (!body.is_null()).then_some(&body)).await);
        }
        let json_type = ("content-type", "application/json");
        answers.push(entra.with("POST", "/Users", json_type, "").await);
        answers.push(entra.with("POST", "/Users", json_type, "{").await);
        answers.push(entra.with("POST", "/Users", json_type, &" ".repeat(1_100_000)).await);
        answers.push(entra.with("POST", "/Users", ("content-type", "text/plain"), "x").await);
        answers.push(entra.with("DELETE", &one, ("if-match", "W/\"9\""), "").await);
        let not_utf8 = entra.request("POST", "/Users").body(Body::from(&b"\xff"[..])).unwrap();
        answers.push(entra.app.send(not_utf8).await);
        let other_version = axum::http::Request::get("/scim/contoso/v1/Users")
            .header("authorization", format!("Bearer {}", entra.token)).body(Body::empty()).unwrap();
        answers.push(entra.app.send(other_version).await);
        entra.policy("missing_role", "reject").await;
        answers.push(entra.post(&with("roles", json!([]))).await);
        for state in ["off", "paused"] {
            entra.policy("state", state).await;
            answers.push(entra.get("/Users").await);
        }
        for header in [None, Some("Basic x"), Some("Bearer rhp_x")] {
            let mut request = axum::http::Request::get("/scim/contoso/v2/Users");
            if let Some(value) = header {
                request = request.header("authorization", value);
            }
            answers.push(entra.app.send(request.body(Body::empty()).unwrap()).await);
        }
        entra.app.execute(sql("UPDATE tokens SET expires_at = created_at")).await;
        answers.push(entra.get("/Users").await);
        entra.app.execute(sql("UPDATE tokens SET revoked_at = created_at")).await;
        answers.push(entra.get("/Users").await);
        let mut by_reason = std::collections::BTreeMap::new();
        for answer in &answers {
            let reason = entra.entry(answer).await.reason.unwrap();
            let shown = shown(answer, &entra);
            assert!(by_reason.insert(reason.clone(), shown).is_none(), "{reason} twice");
        }
        assert_snapshot("errors", &json!(by_reason));
    }
}
