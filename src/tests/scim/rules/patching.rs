//! PATCH by RFC 7644 3.5.2; Entra's forms are among the regressions.

use serde_json::{Value, json};

use super::{CORE, ENT};
use crate::entra_test;

/// An operation that refuses, with the `scimType` and a word that the text must have.
const REFUSED: &[(&str, &str, &str)] = &[
    (r#"{"op":"remove"}"#, "noTarget", "path"),
    (
        r#"{"op":"remove","path":"userName"}"#,
        "mutability",
        "userName",
    ),
    (r#"{"op":"remove","path":"active"}"#, "mutability", "active"),
    (
        r#"{"op":"replace","path":"id","value":"x"}"#,
        "mutability",
        "id",
    ),
    (
        r#"{"op":"add","path":"meta.version","value":"x"}"#,
        "mutability",
        "meta.version",
    ),
    (r#"{"op":"remove","path":"groups"}"#, "mutability", "groups"),
    (
        r#"{"op":"replace","path":"manager.displayName","value":"x"}"#,
        "mutability",
        "displayName",
    ),
    (
        r#"{"op":"replace","path":"active","value":"perhaps"}"#,
        "invalidValue",
        "active",
    ),
    (
        r#"{"op":"replace","path":"active","value":1}"#,
        "invalidValue",
        "active",
    ),
    (
        r#"{"op":"replace","path":"active","value":null}"#,
        "invalidValue",
        "active",
    ),
    (
        r#"{"op":"replace","path":"userName","value":""}"#,
        "invalidValue",
        "userName",
    ),
    (
        r#"{"op":"replace","path":"userName","value":{"a":1}}"#,
        "invalidValue",
        "userName",
    ),
    (
        r#"{"op":"replace","path":"name","value":"Ana"}"#,
        "invalidValue",
        "name",
    ),
    (
        r#"{"op":"replace","path":"name.givenName","value":7}"#,
        "invalidValue",
        "name.givenName",
    ),
    (
        r#"{"op":"replace","path":"emails","value":[1]}"#,
        "invalidValue",
        "emails",
    ),
    (
        r#"{"op":"replace","path":"title","value":["a","b"]}"#,
        "invalidValue",
        "title",
    ),
    (r#"{"op":"add","path":"title"}"#, "invalidValue", "value"),
    (r#"{"op":"add","value":"x"}"#, "invalidValue", "path"),
    (
        r#"{"op":"move","path":"title","value":"x"}"#,
        "invalidSyntax",
        "move",
    ),
    (
        r#"{"op":7,"path":"title","value":"x"}"#,
        "invalidSyntax",
        "op",
    ),
    (r#"{"path":"title","value":"x"}"#, "invalidSyntax", "op"),
    (
        r#"{"op":"add","path":"na me","value":"x"}"#,
        "invalidPath",
        "na me",
    ),
    (
        r#"{"op":"add","path":"emails[type eq \"a\"","value":"x"}"#,
        "invalidPath",
        "emails",
    ),
    (
        r#"{"op":"add","path":"emails[type eq \"a\"].","value":"x"}"#,
        "invalidPath",
        "emails",
    ),
    (
        r#"{"op":"add","path":"emails[type eq \"a\"]x","value":"x"}"#,
        "invalidPath",
        "emails",
    ),
    (
        r#"{"op":"add","path":"name..givenName","value":"x"}"#,
        "invalidPath",
        "name",
    ),
    (
        r#"{"op":"add","path":7,"value":"x"}"#,
        "invalidPath",
        "path",
    ),
    (
        r#"{"op":"add","path":"emails[type xx \"a\"].value","value":"x"}"#,
        "invalidFilter",
        "xx",
    ),
    (
        r#"{"op":"add","path":"emails[type].value","value":"x"}"#,
        "invalidFilter",
        "operator",
    ),
    (
        r#"{"op":"add","path":"emails[].value","value":"x"}"#,
        "invalidFilter",
        "attribute",
    ),
    (
        r#"{"op":"add","path":"title[a eq \"b\"]","value":"x"}"#,
        "invalidFilter",
        "title",
    ),
    (
        r#"{"op":"replace","path":"ims[type co \"x\"].value","value":"x"}"#,
        "noTarget",
        "ims",
    ),
];

entra_test! {
    async fn rfc7644_3_5_2_refusals_name_the_cause_and_change_nothing(entra: Entra) {
        let id = entra.create("ana").await;
        let before = entra.user(&id).await;
        for (operation, scim_type, word) in REFUSED {
            let operation: Value = serde_json::from_str(operation).unwrap();
            let answer = entra
                .patch(&id, json!([{"op": "replace", "path": "nickName", "value": "first"}, operation]))
                .await;
            let detail = answer.is_error(400, scim_type);
            assert!(detail.contains(word), "{operation}: {detail}");
            let entry = entra.entry(&answer).await;
            assert_eq!((entry.action.as_str(), entry.status.as_str()), ("update", "failure"));
            assert_eq!(entry.scim_type.as_deref(), Some(*scim_type));
        }
        assert_eq!(entra.user(&id).await, before);
        assert_eq!(entra.history(&id).await.len(), 1);
    }

    async fn rfc7644_3_5_2_operations_apply_in_order(entra: Entra) {
        let id = entra.create("ana").await;
        let user = entra
            .patch(&id, json!([
                {"op": "add", "path": "emails", "value": [{"type": "work", "value": "1@x"}]},
                {"op": "add", "path": "emails", "value": {"type": "home", "value": "2@x"}},
                {"op": "replace", "path": "emails[type eq \"home\"].value", "value": "3@x"},
                {"op": "remove", "path": "emails[value eq \"1@x\"]"},
                {"op": "add", "path": "title", "value": "a"},
                {"op": "replace", "path": "title", "value": "b"},
            ]))
            .await
            .is(200);
        assert_eq!(user["emails"], json!([{"value": "3@x", "type": "home"}]));
        assert_eq!(user["title"], "b");
        assert_eq!(user["meta"]["version"], "W/\"2\"", "one request is one version");
    }

    async fn rfc7644_3_5_2_1_add(entra: Entra) {
        let id = entra.create("ana").await;
        let work = json!([{"value": "1@x", "type": "work"}]);
        let rows = [
            ("multi-valued, absent", "emails", work.clone(), "/emails", work.clone()),
            ("multi-valued, appended", "emails", json!([{"value": "2@x"}]), "/emails",
                json!([{"value": "1@x", "type": "work"}, {"value": "2@x"}])),
            ("identical value", "emails", work, "/emails",
                json!([{"value": "1@x", "type": "work"}, {"value": "2@x"}])),
            ("complex: merged", "name", json!({"middleName": "M"}), "/name",
                json!({"formatted": "Ana Ruiz", "familyName": "Ruiz", "givenName": "Ana", "middleName": "M"})),
            ("single: set", "title", json!("Dr"), "/title", json!("Dr")),
            ("single: replaced", "title", json!("Prof"), "/title", json!("Prof")),
            ("extension", &format!("{ENT}:division"), json!("D"), &format!("/{ENT}"), json!({"division": "D"})),
        ];
        for (row, path, value, pointer, expected) in rows {
            let user = entra.change(&id, "add", path, value).await.is(200);
            assert_eq!(user.pointer(pointer), Some(&expected), "{row}");
        }
        assert_eq!(entra.user(&id).await["schemas"], json!([CORE, ENT]));
    }

    async fn rfc7644_3_5_2_2_remove(entra: Entra) {
        let more = json!({"title": "Dr", "emails": [{"value": "1@x", "type": "work"}, {"value": "2@x", "type": "home", "display": "H"},
            {"value": "3@x", "type": "other"}], "ims": [{"value": "i"}], (ENT): {"department": "D"}});
        let id = entra.create_with("ana", more).await;
        let rows = [
            ("title", "/title", Value::Null),
            ("name.formatted", "/name", json!({"familyName": "Ruiz", "givenName": "Ana"})),
            ("emails[type eq \"home\"].display", "/emails/1", json!({"value": "2@x", "type": "home"})),
            ("emails[type eq \"work\" or type eq \"other\"]", "/emails", json!([{"value": "2@x", "type": "home"}])),
            ("emails[type eq \"none\"]", "/emails", json!([{"value": "2@x", "type": "home"}])),
            ("emails[type eq \"home\"].value", "/emails", Value::Null),
            ("ims", "/ims", Value::Null),
            ("ims", "/ims", Value::Null),
            (&format!("{ENT}:department"), &format!("/{ENT}"), Value::Null),
        ];
        for (path, pointer, expected) in rows {
            let user = entra.patch(&id, json!([{"op": "remove", "path": path}])).await.is(200);
            assert_eq!(user.pointer(pointer).unwrap_or(&Value::Null), &expected, "{path}");
        }
        assert_eq!(entra.found("emails pr or title pr").await, [""; 0]);
        // A list of what to remove removes that and no more; what is malformed never clears.
        entra.change(&id, "add", "ims", json!([{"value": "a"}, {"value": "b"}])).await.is(200);
        let user = entra.change(&id, "Remove", "ims", json!([{"value": "a"}])).await.is(200);
        assert_eq!(user["ims"], json!([{"value": "b"}]));
        entra.change(&id, "Remove", "ims", json!([{"id": "b"}])).await.is_error(400, "invalidValue");
        assert_eq!(entra.user(&id).await["ims"], json!([{"value": "b"}]));
    }

    async fn rfc7644_3_5_2_3_replace(entra: Entra) {
        let more = json!({"emails": [{"value": "1@x", "type": "work"}, {"value": "2@x", "type": "work"}, {"value": "3@x"}]});
        let id = entra.create_with("ana", more).await;
        let rows = [
            ("all that match", "emails[type eq \"work\"].display", json!("W"), "/emails",
                json!([{"value": "1@x", "display": "W", "type": "work"}, {"value": "2@x", "display": "W", "type": "work"},
                    {"value": "3@x"}])),
            ("a whole element: unnamed parts stay", "emails[value eq \"3@x\"]", json!({"type": "home"}), "/emails/2",
                json!({"value": "3@x", "type": "home"})),
            ("the whole list", "emails", json!([{"value": "4@x"}]), "/emails", json!([{"value": "4@x"}])),
            ("complex: unnamed parts stay", "name", json!({"givenName": "Anna"}), "/name",
                json!({"formatted": "Ana Ruiz", "familyName": "Ruiz", "givenName": "Anna"})),
            ("absent: as add", "nickName", json!("An"), "/nickName", json!("An")),
            ("nothing: unassigned", "emails", json!([]), "/emails", Value::Null),
        ];
        for (row, path, value, pointer, expected) in rows {
            let user = entra.change(&id, "replace", path, value).await.is(200);
            assert_eq!(user.pointer(pointer).unwrap_or(&Value::Null), &expected, "{row}");
        }
        let flat = json!([{"op": "replace", "value": {"title": "T", "id": "x", "meta": {}, "schemas": ["y"]}}]);
        let user = entra.patch(&id, flat).await.is(200);
        assert_eq!((&user["title"], &user["id"]), (&json!("T"), &json!(id)));
    }

    async fn rfc7644_3_5_2_nothing_to_change_keeps_the_version(entra: Entra) {
        let id = entra.create_with("ana", json!({"emails": [{"value": "1@x", "type": "work"}]})).await;
        let before = entra.user(&id).await;
        entra.app.advance(60_000);
        for operations in [
            json!([]),
            json!([{"op": "replace", "path": "active", "value": "True"}]),
            json!([{"op": "add", "path": "emails", "value": [{"value": "1@x", "type": "work"}]}]),
            json!([{"op": "remove", "path": "title"}]),
            json!([{"op": "replace", "value": {"userName": "ana", "name": {"givenName": "Ana"}}}]),
            json!([{"op": "add", "path": "title", "value": "x"}, {"op": "remove", "path": "title"}]),
        ] {
            let answer = entra.patch(&id, operations.clone()).await;
            assert_eq!(answer.is(200), before, "{operations}");
            assert_eq!(answer.header("etag"), "W/\"1\"");
            let entry = entra.entry(&answer).await;
            assert_eq!((entry.action.as_str(), entry.status.as_str()), ("update", "skipped"), "{operations}");
        }
        assert_eq!(entra.history(&id).await.len(), 1);
        let changed = entra.change(&id, "replace", "title", json!("x")).await.is(200);
        assert_eq!(changed["meta"]["lastModified"], "2026-11-23T09:01:00.000Z");
        assert_eq!(changed["meta"]["created"], before["meta"]["created"]);
    }

    async fn rfc7644_3_5_2_body_and_limits(entra: Entra) {
        let id = entra.create("ana").await;
        let path = format!("/Users/{id}");
        let wrong = json!({"schemas": [CORE], "Operations": [{"op": "add", "path": "title", "value": "x"}]});
        entra.send("PATCH", &path, Some(&wrong)).await.is_error(400, "invalidSyntax");
        entra.send("PATCH", &path, Some(&json!({"title": "x"}))).await.is_error(400, "invalidSyntax");
        let operation = json!({"op": "add", "path": "title", "value": "x"});
        let many: Vec<&Value> = std::iter::repeat_n(&operation, 1_000).collect();
        assert_eq!(entra.patch(&id, json!(many)).await.is(200)["title"], "x");
        let many: Vec<&Value> = std::iter::repeat_n(&operation, 1_001).collect();
        entra.patch(&id, json!(many)).await.is_error(413, "");
        entra.patch("nobody", json!([operation])).await.is_error(404, "");
    }
}
