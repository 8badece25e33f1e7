//! What users may be, and their way in, out and back.

use serde_json::json;

use super::ENT;
use crate::entra_test;
use crate::support::entra::user;

entra_test! {
    async fn e32_reactivation_in_both_dialects(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        for enable in [
            json!([{"op": "Replace", "path": "active", "value": "True"}]),
            json!([{"op": "replace", "value": {"active": true}}]),
            json!([{"op": "add", "path": "active", "value": true}]),
        ] {
            entra.change(&id, "Replace", "active", json!("False")).await.is(200);
            let answer = entra.patch(&id, enable).await;
            assert_eq!(answer.is(200)["active"], true);
            assert_eq!(entra.entry(&answer).await.action, "enable");
        }
    }

    async fn e33_and_e34_post_with_active(entra: Entra) {
        for (name, active, expected) in [
            ("a", json!(false), false),
            ("b", json!("False"), false),
            ("c", json!(true), true),
        ] {
            let id = entra.create_with(name, json!({"active": active})).await;
            assert_eq!(entra.user(&id).await["active"], expected, "{name}");
        }
        let mut without = user("d");
        without.as_object_mut().unwrap().remove("active");
        assert_eq!(entra.post(&without).await.is(201)["active"], true);
        assert_eq!(entra.found("active eq false").await, ["a", "b"]);
    }

    async fn e35_disabling_takes_effect_before_the_answer(entra: Entra) {
        #[derive(sqlx::FromRow)]
        struct Row {
            active: bool,
            role_value: Option<String>,
        }
        let id = entra.create("ana@contoso.com").await;
        let answer = entra.change(&id, "Replace", "active", json!("False")).await;
        assert_eq!(answer.is(200)["active"], false);
        let statement = rhombus_provisioning::server::store::sql::sql("SELECT active, role_value FROM users WHERE id = $1");
        let rows: Vec<Row> = entra.app.rows(statement.bind(&id)).await;
        assert!(!rows[0].active);
        assert_eq!(rows[0].role_value.as_deref(), Some("admin"), "the role stays");
    }

    async fn e37_and_e39_schemas_are_exact(entra: Entra) {
        let schemas = entra.get("/Schemas").await.is(200);
        let user = &schemas["Resources"][0];
        assert_eq!(user["id"], "urn:ietf:params:scim:schemas:core:2.0:User");
        let attributes = user["attributes"].as_array().unwrap();
        let find = |name: &str| attributes.iter().find(|attribute| attribute["name"] == name).unwrap();
        // Every attribute that is advertised can be sent and comes back.
        for (name, value) in [
            ("emails", json!([{"value": "a@x", "display": "D", "type": "work", "primary": true}])),
            ("phoneNumbers", json!([{"value": "+1", "display": "D", "type": "fax", "primary": true}])),
            ("ims", json!([{"value": "a", "display": "D", "type": "xmpp", "primary": true}])),
            ("photos", json!([{"value": "https://x/p", "display": "D", "type": "photo", "primary": true}])),
            ("entitlements", json!([{"value": "a", "display": "D", "type": "t", "primary": true}])),
            ("x509Certificates", json!([{"value": "TUlJ", "display": "D", "type": "t", "primary": true}])),
            ("addresses", json!([{"formatted": "F", "streetAddress": "S", "locality": "L", "region": "R",
                "postalCode": "P", "country": "C", "type": "work"}])),
        ] {
            let subs = find(name)["subAttributes"].as_array().unwrap();
            let mut advertised: Vec<&str> = subs.iter().map(|sub| sub["name"].as_str().unwrap()).collect();
            let mut sent: Vec<&str> = value[0].as_object().unwrap().keys().map(String::as_str).collect();
            advertised.sort_unstable();
            sent.sort_unstable();
            assert_eq!(advertised, sent, "{name}");
            if let Some(primary) = subs.iter().find(|sub| sub["name"] == "primary") {
                assert_eq!(primary["type"], "boolean", "{name}");
            }
            let id = entra.create_with(name, json!({name: value})).await;
            assert_eq!(entra.user(&id).await[name], value);
        }
    }

    async fn e38_and_e47_unknown_attributes_are_ignored_with_a_remark(entra: Entra) {
        let mut body = user("ana@contoso.com");
        body["favouriteColour"] = json!("red");
        body["addresses"] = json!([{"type": "work", "country": "ES", "primary": true}]);
        body["urn:ietf:params:scim:schemas:extension:Custom:2.0:User"] = json!({"shoeSize": 42});
        let answer = entra.post(&body).await;
        let created = answer.is(201);
        assert_eq!(created["addresses"], json!([{"country": "ES", "type": "work"}]));
        assert!(!answer.text.contains("red") && !answer.text.contains("shoeSize"), "{}", answer.text);
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.status.as_str(), entry.reason.as_deref()), ("warning", Some("attribute_ignored")));
        assert_eq!(entry.remark_codes(), ["attribute_ignored"; 3]);
        let remarks = entry.remarks.unwrap();
        for name in ["favouriteColour", "addresses.primary", "Custom"] {
            assert!(remarks.contains(name), "{name} is not named in {remarks}");
        }
        let id = created["id"].as_str().unwrap();
        let patched = entra
            .patch(id, json!([
                {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:Custom:2.0:User:shoeSize", "value": "42"},
                {"op": "Add", "path": "groups2[type eq \"a\"].value", "value": "b"},
                {"op": "Replace", "path": "title", "value": "Dr"},
            ]))
            .await;
        assert_eq!(patched.is(200)["title"], "Dr");
        assert_eq!(entra.entry(&patched).await.remark_codes(), ["attribute_ignored"; 2]);
    }

    async fn e42_attribute_names_in_any_case(entra: Entra) {
        let body = json!({"Schemas": [], "UserName": "ana", "Active": false, "NAME": {"GivenName": "Ana", "familyname": "Ruiz"},
            "Emails": [{"VALUE": "a@x", "Type": "work", "Primary": true}], "Roles": [{"Value": "viewer", "Primary": "True"}],
            "URN:ietf:params:scim:schemas:extension:enterprise:2.0:user": {"Department": "D"}});
        let created = entra.post(&body).await.is(201);
        assert_eq!(created["userName"], "ana");
        assert_eq!(created["active"], false);
        assert_eq!(created["name"], json!({"familyName": "Ruiz", "givenName": "Ana"}));
        assert_eq!(created["emails"], json!([{"value": "a@x", "type": "work", "primary": true}]));
        assert_eq!(created["roles"], json!([{"value": "viewer", "primary": true}]));
        assert_eq!(created[ENT], json!({"department": "D"}));
        let id = created["id"].as_str().unwrap();
        let user = entra.change(id, "Replace", "NAME.GIVENNAME", json!("Anna")).await.is(200);
        assert_eq!(user["name"]["givenName"], "Anna");
        assert_eq!(entra.found("USERNAME EQ \"ANA\" AND Emails[TYPE eq \"work\"].VALUE eq \"A@X\"").await, ["ana"]);
        let view = entra.get(&format!("/Users/{id}?ATTRIBUTES=UserName")).await.is(200);
        assert_eq!(view["userName"], "ana");
        assert_eq!(view.get("active"), None);
    }

    async fn e49_nothing_is_required_that_the_mapping_does_not_send(entra: Entra) {
        let mapped = json!({"userName": "ana@contoso.com", "active": true,
            "name": {"givenName": "Ana", "familyName": "Ruiz"},
            "roles": [{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "admin"}]});
        let answer = entra.post(&mapped).await;
        let created = answer.is(201);
        assert_eq!(entra.entry(&answer).await.status, "success");
        for absent in ["externalId", "emails", "displayName"] {
            assert_eq!(created.get(absent), None);
        }
        // On-demand provisioning sends no role: the default role with a warning.
        let demanded = entra.post(&json!({"userName": "b", "name": {"givenName": "B", "familyName": "B"}})).await;
        demanded.is(201);
        assert_eq!(entra.entry(&demanded).await.remark_codes(), ["default_role_used"]);
        let nameless = entra.post(&json!({"active": true})).await;
        assert!(nameless.is_error(400, "invalidValue").contains("userName"));
    }
}
