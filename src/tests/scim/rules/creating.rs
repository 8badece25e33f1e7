//! POST, PUT and DELETE; common attributes (RFC 7643 2 to 4, RFC 7644 3.3, 3.5.1, 3.6).

use serde_json::json;

use super::{CORE, ENT};
use crate::entra_test;
use crate::support::entra::user;

entra_test! {
    async fn rfc7644_3_3_create_answers_201_with_location_and_the_whole_user(entra: Entra) {
        let answer = entra.post(&user("Ana@contoso.com")).await;
        let created = answer.is(201);
        let id = answer.id();
        let location = format!("https://provisioning.test/scim/contoso/v2/Users/{id}");
        assert_eq!(answer.header("location"), location);
        assert_eq!(answer.header("etag"), "W/\"1\"");
        assert_eq!(
            created,
            json!({
                "schemas": [CORE], "id": id, "externalId": "ext-Ana@contoso.com",
                "meta": {"resourceType": "User", "created": "2026-11-23T09:00:00.000Z",
                    "lastModified": "2026-11-23T09:00:00.000Z", "location": location, "version": "W/\"1\""},
                "userName": "Ana@contoso.com",
                "name": {"formatted": "Ana Ruiz", "familyName": "Ruiz", "givenName": "Ana"}, "active": true,
                "roles": [{"value": "admin", "type": "WindowsAzureActiveDirectoryRole", "primary": true}],
            })
        );
        let read = entra.get(&format!("/Users/{id}")).await;
        assert_eq!(read.is(200), created);
        assert_eq!(read.header("content-location"), location);
        assert_eq!(read.header("cache-control"), "no-store");
    }

    async fn rfc7643_3_1_id_and_meta_of_the_client_are_ignored(entra: Entra) {
        let mut body = user("ana");
        body["id"] = json!("mine");
        body["meta"] = json!({"resourceType": "Group", "created": "2001-01-01T00:00:00Z", "version": "W/\"99\"", "location": "x"});
        body["groups"] = json!([{"value": "g"}]);
        let created = entra.post(&body).await.is(201);
        assert_ne!(created["id"], "mine");
        assert_eq!(created["meta"]["resourceType"], "User");
        assert_eq!(created["meta"]["version"], "W/\"1\"");
        assert_eq!(created["meta"]["created"], "2026-11-23T09:00:00.000Z");
        assert_eq!(created.get("groups"), None);
        let id = created["id"].as_str().unwrap();
        let replaced = entra.put(id, &body).await.is(200);
        assert_eq!((&replaced["id"], &replaced["meta"]), (&created["id"], &created["meta"]));
    }

    async fn rfc7643_3_schemas_are_those_with_data(entra: Entra) {
        // Both are named, one is used; a wrong one is no reason to refuse.
        for (name, schemas, more, expected) in [
            ("a", json!([CORE, ENT]), json!({}), json!([CORE])),
            ("b", json!([CORE]), json!({(ENT): {"department": "D"}}), json!([CORE, ENT])),
            ("c", json!([]), json!({(ENT): {}}), json!([CORE])),
            ("d", json!(["urn:ietf:params:scim:schemas:core:2.0User"]), json!({}), json!([CORE])),
            ("e", json!([CORE, CORE]), json!({(format!("{ENT}:department")): "D"}), json!([CORE, ENT])),
        ] {
            let mut body = user(name);
            body["schemas"] = schemas;
            for (key, value) in more.as_object().unwrap() {
                body[key] = value.clone();
            }
            assert_eq!(entra.post(&body).await.is(201)["schemas"], expected, "{name}");
        }
    }

    async fn rfc7643_2_values_stand_as_sent(entra: Entra) {
        let more = json!({"displayName": "  Ünï  ", "title": "<b>&\"'\\ 😀", "timezone": "Europe/Madrid",
            "profileUrl": "HTTPS://X/Y", "locale": "es-ES", "externalId": "MiXed"});
        let id = entra.create_with("Ana@Contoso.com", more.clone()).await;
        let stored = entra.user(&id).await;
        for (name, value) in more.as_object().unwrap() {
            assert_eq!(&stored[name], value);
        }
        assert_eq!(stored["userName"], "Ana@Contoso.com");
    }

    async fn rfc7643_2_4_a_type_and_value_pair_stands_once(entra: Entra) {
        let mails = json!([
            {"type": "work", "value": "a@x"}, {"type": "WORK", "value": "A@x", "display": "D"}, {"type": "home", "value": "a@x"},
        ]);
        let id = entra.create_with("ana", json!({"emails": mails})).await;
        assert_eq!(entra.user(&id).await["emails"].as_array().unwrap().len(), 2);
    }

    async fn rfc7643_4_1_1_a_password_is_discarded(entra: Entra) {
        let mut body = user("ana");
        body["password"] = json!("t1meMa$heen");
        let answer = entra.post(&body).await;
        assert_eq!(answer.is(201).get("password"), None);
        assert_eq!(entra.entry(&answer).await.remark_codes(), ["password_discarded"]);
        let id = answer.id();
        let changed = entra.change(&id, "Replace", "password", json!("t1meMa$heen")).await;
        assert_eq!(changed.is(200)["meta"]["version"], "W/\"1\"");
        assert_eq!(entra.entry(&changed).await.remark_codes(), ["password_discarded"]);
        let emptied = entra.patch(&id, json!([{"op": "replace", "value": {"password": null}}])).await;
        emptied.is(200);
        let entry = entra.entry(&emptied).await;
        assert_eq!((entry.status.as_str(), entry.remark_codes()), ("skipped", vec![]));
        let documents: Vec<(String,)> = entra.app.rows(rhombus_provisioning::server::store::sql::sql(
            "SELECT document FROM users UNION ALL SELECT request_body FROM provisioning_log_payloads")).await;
        assert!(documents.len() >= 3);
        assert!(documents.iter().all(|(document,)| !document.contains("t1me")), "{documents:?}");
    }

    async fn rfc7643_2_5_required_attributes_must_have_a_value(entra: Entra) {
        for (change, attribute) in [
            (json!({"userName": null}), "userName"),
            (json!({"userName": ""}), "userName"),
            (json!({"userName": "  "}), "userName"),
            (json!({"userName": []}), "userName"),
            (json!({"name": null}), "name.givenName"),
            (json!({"name": {"givenName": "A", "familyName": ""}}), "name.familyName"),
            (json!({"name": {"givenName": " ", "familyName": "B"}}), "name.givenName"),
        ] {
            let mut body = user("ana");
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let answer = entra.post(&body).await;
            let detail = answer.is_error(400, "invalidValue");
            assert!(detail.contains(attribute), "{detail}");
            assert_eq!(entra.entry(&answer).await.attribute.as_deref(), Some(attribute));
        }
        assert_eq!(entra.users().await, 0);
    }

    async fn rfc7644_3_5_1_put_replaces(entra: Entra) {
        let more = json!({"title": "Dr", "emails": [{"value": "a@x"}], (ENT): {"department": "D"}});
        let id = entra.create_with("ana", more).await;
        let created = entra.user(&id).await;
        entra.app.advance(1_000);
        let body = json!({"userName": "Anna", "name": {"givenName": "Anna", "familyName": "R"}, "nickName": "A",
            "emails": null, "roles": [{"value": "viewer", "primary": true}]});
        let answer = entra.put(&id, &body).await;
        let replaced = answer.is(200);
        for gone in ["title", "emails", ENT, "externalId"] {
            assert_eq!(replaced.get(gone), None, "{gone}");
        }
        assert_eq!(replaced["name"], json!({"familyName": "R", "givenName": "Anna"}));
        assert_eq!(replaced["roles"], json!([{"value": "viewer", "primary": true}]));
        assert_eq!(replaced["schemas"], json!([CORE]));
        assert_eq!(replaced["meta"]["created"], created["meta"]["created"]);
        assert_eq!(replaced["meta"]["lastModified"], "2026-11-23T09:00:01.000Z");
        assert_eq!(answer.header("etag"), "W/\"2\"");
        assert_eq!(answer.header("content-location"), created["meta"]["location"].as_str().unwrap());
        assert_eq!(entra.user(&id).await, replaced);
        assert_eq!(entra.found("title pr").await, [""; 0]);
        // The same once more changes nothing.
        entra.app.advance(1_000);
        let same = entra.put(&id, &body).await;
        assert_eq!(same.is(200), replaced);
        assert_eq!(entra.entry(&same).await.status, "skipped");
    }

    async fn rfc7644_3_5_1_put_keeps_active_and_never_creates(entra: Entra) {
        let id = entra.create_with("ana", json!({"active": false})).await;
        let mut body = user("ana");
        body.as_object_mut().unwrap().remove("active");
        assert_eq!(entra.put(&id, &body).await.is(200)["active"], false);
        body["active"] = json!(null);
        assert_eq!(entra.put(&id, &body).await.is(200)["active"], false);
        body["active"] = json!(true);
        assert_eq!(entra.put(&id, &body).await.is(200)["active"], true);
        entra.put("nobody", &user("ben")).await.is_error(404, "");
        // Whether there is such a user comes before what is wrong with the body.
        for (method, body) in [("PUT", json!({})), ("PUT", json!({"userName": 5})), ("PATCH", json!({})), ("PATCH", json!({"Operations": [{"op": "x"}]}))] {
            let answer = entra.send(method, "/Users/nobody", Some(&body)).await;
            answer.is_error(404, "");
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("user_not_found"));
        }
        entra.with("PATCH", "/Users/nobody", ("if-match", "?"), "{}").await.is_error(404, "");
        assert_eq!(entra.users().await, 1);
        // What is required stays required, and userName unique.
        entra.create("ben").await;
        entra.put(&id, &user("BEN")).await.is_error(409, "uniqueness");
        entra.put(&id, &json!({"title": "x"})).await.is_error(400, "invalidValue");
        entra.put(&id, &json!({"userName": "ana"})).await.is_error(400, "invalidValue");
        assert_eq!(entra.user(&id).await["userName"], "ana");
    }

    async fn rfc7644_3_5_1_put_without_roles_follows_the_policy(entra: Entra) {
        let id = entra.create("ana").await;
        let mut body = user("ana");
        body["roles"] = json!([]);
        let answer = entra.put(&id, &body).await;
        assert_eq!(answer.is(200).get("roles"), None);
        assert_eq!(entra.entry(&answer).await.remark_codes(), ["default_role_used"]);
        entra.put(&id, &user("ana")).await.is(200);
        entra.policy("missing_role", "reject").await;
        assert!(entra.put(&id, &body).await.is_error(400, "invalidValue").contains("viewer"));
        assert_eq!(entra.user(&id).await["roles"][0]["value"], "admin");
    }

    async fn rfc7644_3_6_delete_is_final(entra: Entra) {
        let id = entra.create_with("ana", json!({"emails": [{"value": "a@x"}]})).await;
        let deleted = entra.delete(&id).await;
        assert_eq!((deleted.status, deleted.text.as_str(), deleted.header("content-type")), (204, "", ""));
        assert!(deleted.header("x-request-id").starts_with("req_"));
        entra.get(&format!("/Users/{id}")).await.is_error(404, "");
        entra.put(&id, &user("ana")).await.is_error(404, "");
        entra.change(&id, "Replace", "active", json!(true)).await.is_error(404, "");
        entra.delete(&id).await.is_error(404, "");
        for filter in ["userName eq \"ana\"", "emails.value eq \"a@x\"", "active eq true", &format!("id eq \"{id}\"")] {
            assert_eq!(entra.found(filter).await, [""; 0], "{filter}");
        }
        assert_eq!(entra.get("/Users").await.is(200)["totalResults"], 0);
        let again = entra.create("ana").await;
        assert_ne!(again, id);
        assert_eq!(entra.history(&id).await.last().unwrap().kind, "deleted");
    }

    async fn a_404_says_what_ends_it(entra: Entra) {
        let id = entra.create("ana").await;
        entra.delete(&id).await.is(204);
        // Links to ids survive a plain restart (entra-client 6 and 13).
        for answer in [
            entra.get(&format!("/Users/{id}")).await,
            entra.put(&id, &user("ana")).await,
            entra.change(&id, "Replace", "title", json!("x")).await,
            entra.send("PATCH", &format!("/Users/{id}"), Some(&json!({}))).await,
        ] {
            let detail = answer.is_error(404, "");
            for word in ["Microsoft Graph with resetScope Full", "objectConnections", &format!("'{id}'")] {
                assert!(detail.contains(word), "{word} is not in {detail}");
            }
        }
        let detail = entra.delete(&id).await.is_error(404, "");
        assert!(detail.contains("It is gone already; nothing has to be done.") && !detail.contains("Graph"), "{detail}");
        for answer in [entra.get("/Users/a%1Bb").await, entra.delete("a%1Bb").await] {
            let detail = answer.is_error(404, "");
            assert!(detail.contains("'a\u{FFFD}b'"), "{detail:?}");
        }
    }
}
