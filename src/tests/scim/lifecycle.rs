//! A user's life as Entra drives it (entra-client 5, 7, 9, 10, 11, 13).

use serde_json::json;

use crate::db_test;
use crate::support::app::TestApp;
use crate::support::entra::user;

db_test! {
    async fn entra_provisions_a_user_end_to_end(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;

        let probe = entra.filter("userName eq \"a3c2f1de-0000-4000-8000-000000000001\"").await;
        assert_eq!(probe.status, 200);
        assert_eq!(
            probe.json(),
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
            })
        );

        let created = entra.post(&user("ana@contoso.com")).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let resource = created.json();
        let id = resource["id"].as_str().unwrap().to_owned();
        assert_eq!(created.header("location"), resource["meta"]["location"].as_str().unwrap());
        assert_eq!(created.header("etag"), "W/\"1\"");
        assert_eq!(resource["roles"][0]["value"], "admin");

        let found = entra.filter("userName eq \"ANA@contoso.com\"").await.json();
        assert_eq!(found["totalResults"], 1);
        assert_eq!(found["Resources"][0]["id"], json!(id));

        let again = entra.post(&user("Ana@Contoso.com")).await;
        assert_eq!(again.status, 409);
        assert_eq!(again.json()["scimType"], "uniqueness");

        let disabled = entra
            .patch(&id, json!([{"op": "Replace", "path": "active", "value": "False"}]))
            .await;
        assert_eq!(disabled.status, 200, "{}", disabled.text);
        assert_eq!(disabled.json()["active"], json!(false));

        let role = entra
            .patch(&id, json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "viewer"}]))
            .await;
        assert_eq!(role.status, 200, "{}", role.text);
        assert_eq!(role.json()["roles"].as_array().unwrap().len(), 1);

        let enabled = entra.patch(&id, json!([{"op": "replace", "value": {"active": true}}])).await;
        assert_eq!(enabled.json()["active"], json!(true));
        let same = entra.patch(&id, json!([{"op": "replace", "value": {"active": true}}])).await;
        assert_eq!(same.json()["meta"]["version"], enabled.json()["meta"]["version"]);

        let deleted = entra.send("DELETE", &format!("/Users/{id}"), None).await;
        assert_eq!(deleted.status, 204);
        assert_eq!(entra.get(&format!("/Users/{id}")).await.status, 404);
        assert_eq!(entra.post(&user("ana@contoso.com")).await.status, 201);

        let actions: Vec<(String, String)> = entra
            .log()
            .await
            .into_iter()
            .map(|entry| (entry.action, entry.status))
            .collect();
        let expected = [
            ("test_connection", "success"),
            ("create", "success"),
            ("match", "success"),
            ("create", "failure"),
            ("disable", "success"),
            ("update", "success"),
            ("enable", "success"),
            ("update", "skipped"),
            ("delete", "success"),
            ("read", "failure"),
            ("create", "success"),
        ];
        for (action, status) in expected {
            assert!(
                actions.contains(&(action.to_owned(), status.to_owned())),
                "{action} {status} is missing in {actions:?}"
            );
        }
        assert_eq!(actions.len(), expected.len());
    }
}
