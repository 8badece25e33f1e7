//! "What five servers answer to the same requests": ours passes every row.

use serde_json::json;

use super::{CORE, ENT};
use crate::entra_test;
use crate::support::entra::user;

entra_test! {
    async fn every_patch_row_has_the_right_result(entra: Entra) {
        let rows = [
            ("active False", json!({"op": "Replace", "path": "active", "value": "False"}), "/active", json!(false)),
            ("work address that exists",
                json!({"op": "Add", "path": "emails[type eq \"work\"].value", "value": "new@x"}),
                "/emails", json!([{"value": "new@x", "type": "work", "primary": true}])),
            ("mobile number that is absent",
                json!({"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+34"}),
                "/phoneNumbers", json!([{"value": "+34", "type": "mobile"}])),
            ("primary role that is absent",
                json!({"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin"}),
                "/roles", json!([{"value": "admin", "primary": true}])),
            ("flat keys", json!({"op": "replace", "value": {"name.givenName": "Anna", "active": "False"}}),
                "/name/givenName", json!("Anna")),
            ("flat keys, active", json!({"op": "replace", "value": {"name.givenName": "Anna", "active": "False"}}),
                "/active", json!(false)),
            ("department", json!({"op": "Add", "path": format!("{ENT}:department"), "value": "D"}),
                &format!("/{ENT}"), json!({"department": "D"})),
            ("manager as text", json!({"op": "Add", "path": format!("{ENT}:manager"), "value": "123"}),
                &format!("/{ENT}"), json!({"manager": {"value": "123"}})),
            ("core path with its URN", json!({"op": "Replace", "path": format!("{CORE}:displayName"), "value": "A"}),
                "/displayName", json!("A")),
        ];
        for (row, operation, pointer, expected) in rows {
            let mails = json!([{"value": "a@x", "type": "work", "primary": true}]);
            let id = entra.create_with(row, json!({"roles": [], "emails": mails})).await;
            let answered = entra.patch(&id, json!([operation])).await.is(200);
            assert_eq!(answered.pointer(pointer), Some(&expected), "{row}");
            let stored = entra.user(&id).await;
            assert_eq!(stored, answered, "{row}");
            let mut names: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
            names.retain(|name| name.contains([':', '.']) && *name != ENT);
            assert_eq!(names, [""; 0], "{row}: no literal keys");
        }
    }

    async fn every_filter_and_create_row_has_the_right_result(entra: Entra) {
        let mails = json!([{"value": "X", "type": "work"}]);
        entra.create_with("a@b.c", json!({"emails": mails})).await;
        for filter in ["userName eq \"A@B.C\"", "userName eq a@b.c", "emails[type eq \"work\"].value eq \"x\""] {
            assert_eq!(entra.found(filter).await, ["a@b.c"], "{filter}");
        }
        entra.post(&user("A@b.C")).await.is_error(409, "uniqueness");
        let mut nulls = user("null@b.c");
        nulls["name"]["middleName"] = json!(null);
        nulls["emails"] = json!([{"value": "n@x", "type": "work", "display": null}]);
        let answer = entra.post(&nulls).await;
        let created = answer.is(201);
        assert_eq!(created["emails"], json!([{"value": "n@x", "type": "work"}]));
        assert!(!answer.text.contains("null,") && !answer.text.contains(":null"), "{}", answer.text);
    }
}
