//! `attributes` and `excludedAttributes` (RFC 7644 3.4.2.5, 3.9).

use serde_json::{Value, json};

use super::{CORE, ENT};
use crate::entra_test;
use crate::support::entra::user;

fn names(resource: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = resource
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

entra_test! {
    async fn rfc7644_3_9_every_answer_with_a_user_takes_them(entra: Entra) {
        let id = entra.create_with("ana", json!({(ENT): {"department": "D", "division": "E"}})).await;
        let resources = [
            entra.get(&format!("/Users/{id}?attributes=userName")).await.is(200),
            entra.get("/Users?attributes=userName").await.is(200)["Resources"][0].clone(),
            entra.send("POST", "/Users?attributes=userName", Some(&user("ben"))).await.is(201),
            entra.send("PUT", &format!("/Users/{id}?attributes=userName"), Some(&user("ana"))).await.is(200),
            entra.send("PATCH", &format!("/Users/{id}?attributes=userName"),
                Some(&json!({"Operations": [{"op": "add", "path": "title", "value": "x"}]}))).await.is(200),
            entra.send("POST", "/.search", Some(&json!({"attributes": ["userName"]}))).await.is(200)["Resources"][1].clone(),
        ];
        for resource in resources {
            assert_eq!(names(&resource), ["id", "schemas", "userName"]);
        }
    }

    async fn rfc7644_3_9_selected_and_excluded(entra: Entra) {
        let more = json!({"emails": [{"value": "a@x", "type": "work"}], (ENT): {"department": "D", "division": "E"}});
        let id = entra.create_with("ana", more).await;
        let whole = entra.user(&id).await;
        for (query, expected) in [
            ("attributes=id", vec!["id", "schemas"]),
            ("attributes=ID,USERNAME", vec!["id", "schemas", "userName"]),
            ("attributes=nothing", vec!["id", "schemas"]),
            ("attributes=password", vec!["id", "schemas"]),
            ("attributes=name.givenName", vec!["id", "name", "schemas"]),
            ("attributes=meta", vec!["id", "meta", "schemas"]),
            ("attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName", vec!["id", "schemas", "userName"]),
            ("excludedAttributes=id,schemas,members", names(&whole)),
            ("excludedAttributes=meta,roles,name,emails,externalId", vec!["active", "id", "schemas", ENT, "userName"]),
            ("attributes=", names(&whole)),
        ] {
            let resource = entra.get(&format!("/Users/{id}?{query}")).await.is(200);
            assert_eq!(names(&resource), expected, "{query}");
            assert_eq!(resource["schemas"], json!([CORE, ENT]));
        }
        let part = entra.get(&format!("/Users/{id}?attributes=name.givenName,emails.value,{ENT}:division")).await.is(200);
        assert_eq!(part["name"], json!({"givenName": "Ana"}));
        assert_eq!(part["emails"], json!([{"value": "a@x"}]));
        assert_eq!(part[ENT], json!({"division": "E"}));
        let rest = entra.get(&format!("/Users/{id}?excludedAttributes=name.givenName,{ENT}:division,emails.type")).await.is(200);
        assert_eq!(rest["name"], json!({"formatted": "Ana Ruiz", "familyName": "Ruiz"}));
        assert_eq!(rest["emails"], json!([{"value": "a@x"}]));
        assert_eq!(rest[ENT], json!({"department": "D"}));
        let extension = entra.get(&format!("/Users/{id}?attributes={ENT}")).await.is(200);
        assert_eq!(extension[ENT], whole[ENT]);
    }

    async fn entra_calls_the_display_of_a_role_display_name(entra: Entra) {
        let id = entra.create_with("ana", json!({"roles": [{"value": "admin", "displayName": "Admin", "primary": true}]})).await;
        let only = entra.get(&format!("/Users/{id}?attributes=roles.displayName")).await.is(200);
        assert_eq!(only["roles"], json!([{"display": "Admin"}]));
        let rest = entra.get(&format!("/Users/{id}?excludedAttributes=roles.displayName")).await.is(200);
        assert_eq!(rest["roles"], json!([{"value": "admin", "primary": true}]));
        for filter in ["roles[displayName eq \"admin\"]", "roles[primary eq \"True\"].displayName eq \"Admin\"", "roles.displayName sw \"Ad\""] {
            assert_eq!(entra.found(filter).await, ["ana"], "{filter}");
        }
        let answer = entra.change(&id, "Replace", "roles.displayName", json!("Administrator")).await;
        assert_eq!(answer.is(200)["roles"][0]["display"], "Administrator");
        assert_eq!(entra.entry(&answer).await.status, "success");
    }

    async fn both_at_once_are_refused_before_anything_happens(entra: Entra) {
        let id = entra.create("ana").await;
        let both = "attributes=userName&excludedAttributes=name";
        let patch = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
        for (method, path, body) in [
            ("GET", "/Users".to_owned(), None),
            ("GET", format!("/Users/{id}"), None),
            ("POST", "/Users".to_owned(), Some(user("ben"))),
            ("PUT", format!("/Users/{id}"), Some(user("eve"))),
            ("PATCH", format!("/Users/{id}"), Some(patch)),
        ] {
            let answer = entra.send(method, &format!("{path}?{both}"), body.as_ref()).await;
            assert_eq!(answer.status, 400, "{method}");
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("projection_conflict"));
        }
        assert_eq!(entra.users().await, 1);
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
    }
}
