//! Addresses, headers, bodies and methods.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entry, user};

/// 503 that tells nothing of what is inside.
fn is_unavailable(answer: &Answer) {
    let detail = answer.is_error(503, "");
    assert!(
        !detail.contains("_gone") && !detail.to_lowercase().contains("sql"),
        "{detail}"
    );
    assert_eq!(answer.header("retry-after"), "30");
}

/// The kinds of an entry's steps, with their outcomes.
fn steps(entry: &Entry) -> Vec<(String, String)> {
    let steps: Value = serde_json::from_str(&entry.steps).unwrap();
    let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let steps = steps.as_array().unwrap().iter();
    steps
        .map(|step| (text(step, "kind"), text(step, "outcome")))
        .collect()
}

entra_test! {
    async fn e23_test_connection_and_discovery_paths_answer(entra: Entra) {
        for path in ["", "/", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/ResourceTypes/User",
            "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "/Users", "/Users/"]
        {
            entra.get(path).await.is(200);
        }
        // The Tenant URL without its version, and with a slash at its end before Entra appends one.
        for uri in ["/scim/contoso", "/scim/contoso/", "/scim/contoso/Users", "/scim/contoso/v2//Users"] {
            let request = Request::builder().uri(uri).header("authorization", format!("Bearer {}", entra.token));
            let answer = entra.app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.is(200)["totalResults"], 0, "{uri}");
        }
    }

    async fn e24_accept_and_content_type_of_a_get_do_not_matter(entra: Entra) {
        for accept in ["application/scim+json", "application/json", "text/html", "*/*", "image/png", "", "nonsense"] {
            entra.with("GET", "/Users", ("accept", accept), "").await.is(200);
            entra.with("GET", "/Users", ("content-type", accept), "").await.is(200);
        }
        entra.with("DELETE", "/Users/x", ("content-type", "text/plain"), "").await.is_error(404, "");
    }

    async fn e25_json_by_any_of_its_names(entra: Entra) {
        for (index, name) in [
            "application/scim+json; charset=utf-8",
            "application/scim+json",
            "application/json",
            "application/json;charset=UTF-8",
            "Application/SCIM+JSON",
            "application/json; odata=verbose",
        ]
        .into_iter()
        .enumerate()
        {
            let body = user(&format!("user{index}")).to_string();
            let created = entra.with("POST", "/Users", ("content-type", name), &body).await;
            assert_eq!(created.is(201)["userName"], format!("user{index}"), "{name}");
        }
        // No type at all is taken as JSON, and an empty body with a type is no reason to fail a GET.
        let request = entra.request("POST", "/Users").body(Body::from(user("plain").to_string()));
        entra.app.send(request.unwrap()).await.is(201);
        for name in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let body = user("never").to_string();
            entra.with("POST", "/Users", ("content-type", name), &body).await.is_error(415, "");
        }
        assert_eq!(entra.users().await, 7);
    }

    async fn e26_no_user_agent_is_needed(entra: Entra) {
        let answer = entra.get("/Users").await;
        answer.is(200);
        assert_eq!(entra.entry(&answer).await.user_agent, None);
    }

    async fn e43_patch_put_and_delete_are_offered(entra: Entra) {
        let config = entra.get("/ServiceProviderConfig").await.is(200);
        assert_eq!(config["patch"]["supported"], true);
        let id = entra.create("ana").await;
        entra.put(&id, &user("ana")).await.is(200);
        entra.change(&id, "replace", "title", json!("Dr")).await.is(200);
        entra.delete(&id).await.is(204);
        for (method, path) in [("GET", "/Groups"), ("POST", "/Groups"), ("PATCH", "/Groups/1"), ("GET", "/Groups/1")] {
            let answer = entra.send(method, path, Some(&json!({}))).await;
            assert!(answer.is_error(404, "").contains("Groups"), "{method} {path}");
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("groups_not_offered"));
        }
        let types = entra.get("/ResourceTypes").await.is(200);
        assert_eq!((&types["totalResults"], &types["Resources"][0]["name"]), (&json!(1), &json!("User")));
    }

    async fn e44_bearer_pasted_twice_works_and_is_remarked(entra: Entra) {
        for header in ["Bearer Bearer TOKEN", "bearer  TOKEN ", "BEARER bearer TOKEN", "TOKEN"] {
            let value = header.replace("TOKEN", &entra.token);
            let request = Request::builder().uri("/scim/contoso/v2/Users").header("authorization", value);
            let answer = entra.app.send(request.body(Body::empty()).unwrap()).await;
            answer.is(200);
            let doubled = header.to_lowercase().matches("bearer").count() == 2;
            let entry = entra.entry(&answer).await;
            assert_eq!(entry.status, if doubled { "warning" } else { "success" }, "{header}");
            assert_eq!(entry.reason.as_deref(), doubled.then_some("bearer_doubled"));
        }
    }

    async fn e45_locations_come_from_the_public_address(entra: Entra) {
        let request = entra.request("POST", "/Users").header("host", "10.0.0.7:3000").header("x-forwarded-host", "evil.test");
        let answer = entra.app.send(request.body(Body::from(user("ana").to_string())).unwrap()).await;
        let created = answer.is(201);
        let location = format!("https://provisioning.test/scim/contoso/v2/Users/{}", answer.id());
        assert_eq!(answer.header("location"), location);
        assert_eq!(created["meta"]["location"], location);
        let found = entra.filter("userName eq \"ana\"").await.is(200);
        assert_eq!(found["Resources"][0]["meta"]["location"], location);
        let types = entra.get("/ResourceTypes/User").await.is(200);
        assert_eq!(types["meta"]["location"], "https://provisioning.test/scim/contoso/v2/ResourceTypes/User");
    }

    async fn e46_mistakes_of_the_client_are_4xx(entra: Entra) {
        let id = entra.create("ana").await;
        for body in ["", "{", "[]", "null", "\"x\"", "1", "{\"Operations\":1}", "{\"Operations\":[1]}", "{\"Operations\":[{}]}",
            "{\"Operations\":[{\"op\":\"move\"}]}", "{\"Operations\":[{\"op\":\"remove\"}]}",
            "{\"Operations\":[{\"op\":\"add\",\"path\":\"emails[\"}]}", "{\"schemas\":[\"x\"],\"Operations\":[]}",
            "{\"Operations\":[{\"op\":\"replace\",\"path\":\"name\",\"value\":7}]}", "{\"Operations\":[{\"op\":\"add\",\"value\":7}]}"]
        {
            let path = format!("/Users/{id}");
            let answer = entra.with("PATCH", &path, ("content-type", "application/scim+json"), body).await;
            assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        }
        for body in ["", "{", "[]", "7", "{}", "{\"userName\":7}", "{\"userName\":\"b\",\"name\":\"x\"}", "{\"userName\":[\"a\",\"b\"]}"] {
            let answer = entra.with("POST", "/Users", ("content-type", "application/json"), body).await;
            assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        }
        for query in ["count=a", "startIndex=1.5", "sortBy=colour", "sortOrder=up", "filter=(", "attributes=a&excludedAttributes=b"] {
            assert_eq!(entra.get(&format!("/Users?{query}")).await.status, 400, "{query}");
        }
        assert_eq!(entra.users().await, 1);
    }

    async fn e48_failures_of_the_service_are_scim_json_too(entra: Entra) {
        let id = entra.create("ana").await;
        // Nobody can be let in, and nobody's organization be asked for until later.
        entra.app.execute(sql("ALTER TABLE users RENAME TO users_gone")).await;
        let answers = [entra.get("/Users").await, entra.get(&format!("/Users/{id}")).await];
        entra.app.execute(sql("ALTER TABLE users_gone RENAME TO users")).await;
        for answer in &answers {
            is_unavailable(answer);
            let entry = entra.entry(answer).await;
            assert_eq!((entry.status.as_str(), entry.reason.as_deref()), ("failure", Some("database_unavailable")));
            assert!(entra.payload(answer).await.is_none(), "nobody was proved");
        }
        let read = entra.entry(&answers[1]).await;
        assert_eq!((read.action.as_str(), read.user_id.as_deref()), ("read", Some(id.as_str())));
        assert_eq!(steps(&read), [("store".to_owned(), "failed".to_owned())], "no token is accused");
        // On the way of a request that was let in.
        entra.app.execute(sql("ALTER TABLE user_values RENAME TO user_values_gone")).await;
        entra.app.execute(sql("ALTER TABLE user_changes RENAME TO user_changes_gone")).await;
        let answers = [
            entra.get("/Users?filter=emails.value%20eq%20%22ana%40contoso.com%22").await,
            entra.post(&user("ben")).await,
            entra.change(&id, "Replace", "active", json!("False")).await,
            entra.delete(&id).await,
        ];
        entra.app.execute(sql("ALTER TABLE user_changes_gone RENAME TO user_changes")).await;
        entra.app.execute(sql("ALTER TABLE user_values_gone RENAME TO user_values")).await;
        for answer in &answers {
            is_unavailable(answer);
            let entry = entra.entry(answer).await;
            assert_eq!((entry.status.as_str(), entry.reason.as_deref()), ("failure", Some("database_unavailable")));
        }
        // A failed change accuses neither the token nor what was sent, and says that nothing was changed.
        for (answer, action, user_id) in [(&answers[1], "create", None), (&answers[2], "update", Some(&id)), (&answers[3], "delete", Some(&id))] {
            let entry = entra.entry(answer).await;
            assert_eq!((entry.action.as_str(), entry.user_id.as_ref()), (action, user_id));
            let expected = [("authenticate", "done"), ("store", "failed")].map(|(kind, outcome)| (kind.to_owned(), outcome.to_owned()));
            assert_eq!(steps(&entry), expected);
            assert!(entry.steps.contains("Nothing was changed"), "{}", entry.steps);
        }
        assert_eq!(entra.user(&id).await["active"], true);
    }
}
