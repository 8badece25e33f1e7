//! PATCH in Entra's dialects.

use serde_json::{Value, json};

use super::{CORE, ENT};
use crate::entra_test;

entra_test! {
    async fn e01_op_in_any_case(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        for (op, path, value) in [
            ("Add", "nickName", "An"),
            ("REPLACE", "nickName", "Ann"),
            ("replace", "title", "Dr"),
            ("aDD", "displayName", "Ana R."),
        ] {
            let user = entra.change(&id, op, path, json!(value)).await.is(200);
            assert_eq!(user[path], value, "{op}");
        }
        for (op, path) in [("Remove", "nickName"), ("remove", "title"), ("REMOVE", "displayName")] {
            let user = entra.patch(&id, json!([{"op": op, "path": path}])).await.is(200);
            assert_eq!(user.get(path), None, "{op}");
        }
        let names = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "operations": [{"OP": "Replace", "Path": "ACTIVE", "VALUE": "False"}]});
        let disabled = entra.send("PATCH", &format!("/Users/{id}"), Some(&names)).await.is(200);
        assert_eq!(disabled["active"], false);
    }

    async fn e02_booleans_as_text_become_booleans(entra: Entra) {
        for (index, (sent, stored)) in [("False", false), ("false", false), ("TRUE", true), ("True", true)]
            .into_iter()
            .enumerate()
        {
            let mails = json!([{"type": "work", "value": "a@b.c", "primary": sent}]);
            let more = json!({"active": sent, "emails": mails});
            let id = entra.create_with(&format!("u{index}"), more).await;
            let user = entra.user(&id).await;
            assert_eq!((&user["active"], &user["emails"][0]["primary"]), (&json!(stored), &json!(stored)));
            let user = entra.change(&id, "Replace", "active", json!("false")).await.is(200);
            assert_eq!(user["active"], json!(false));
            let user = entra.patch(&id, json!([{"op": "replace", "value": {"active": sent}}])).await.is(200);
            assert_eq!(user["active"], json!(stored));
            let path = "emails[type eq \"work\"].primary";
            let user = entra.change(&id, "Replace", path, json!(sent)).await.is(200);
            assert_eq!(user["emails"][0]["primary"], json!(stored));
        }
        assert_eq!(entra.found("active eq true").await, ["u2", "u3"]);
        // Text attributes are left alone.
        let id = entra.create_with("u9", json!({"title": "False"})).await;
        assert_eq!(entra.user(&id).await["title"], json!("False"));
    }

    async fn e03_add_is_replace_for_single_values(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let user = entra.change(&id, "Add", "active", json!(false)).await.is(200);
        assert_eq!(user["active"], false);
        let user = entra.change(&id, "add", "userName", json!("ana2@contoso.com")).await.is(200);
        assert_eq!(user["userName"], "ana2@contoso.com");
        let user = entra.change(&id, "add", "name.givenName", json!("Anna")).await.is(200);
        assert_eq!(user["name"], json!({"formatted": "Ana Ruiz", "givenName": "Anna", "familyName": "Ruiz"}));
    }

    async fn e04_dotted_and_urn_keys_of_a_value_without_path(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let value = json!({
            "displayName": "B", "name.givenName": "K", "name.familyName": "U",
            (format!("{ENT}:employeeNumber")): "7", (format!("{CORE}:title")): "Dr",
            (ENT): {"department": "R&D"}, "name": {"middleName": "M"},
        });
        let user = entra.patch(&id, json!([{"op": "replace", "value": value}])).await.is(200);
        let name = json!({"formatted": "Ana Ruiz", "familyName": "U", "givenName": "K", "middleName": "M"});
        assert_eq!(user["name"], name);
        assert_eq!(user[ENT], json!({"employeeNumber": "7", "department": "R&D"}));
        assert_eq!((&user["displayName"], &user["title"]), (&json!("B"), &json!("Dr")));
        assert!(user.as_object().unwrap().keys().all(|key| !key.contains('.') || key == ENT), "{user}");
    }

    async fn e05_value_path_on_emails(entra: Entra) {
        let mails = json!([{"type": "work", "value": "w@x"}, {"type": "home", "value": "h@x"}]);
        let id = entra.create_with("ana@contoso.com", json!({"emails": mails})).await;
        let path = "emails[type eq \"work\"].value";
        let user = entra.change(&id, "Replace", path, json!("new@x")).await.is(200);
        assert_eq!(
            user["emails"],
            json!([{"value": "new@x", "type": "work"}, {"value": "h@x", "type": "home"}])
        );
        let user = entra.patch(&id, json!([{"op": "Remove", "path": "emails[type eq \"home\"]"}])).await.is(200);
        assert_eq!(user["emails"], json!([{"value": "new@x", "type": "work"}]));
        // Nothing to remove is no error.
        let again = entra.patch(&id, json!([{"op": "Remove", "path": "emails[type eq \"home\"]"}])).await.is(200);
        assert_eq!(again, user);
    }

    async fn e06_value_path_creates_what_is_missing(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        for (op, path, value, attribute, expected) in [
            ("Add", "emails[type eq \"work\"].value", "a@x", "emails", json!([{"value": "a@x", "type": "work"}])),
            ("Replace", "phoneNumbers[type eq \"mobile\"].value", "+1", "phoneNumbers",
                json!([{"value": "+1", "type": "mobile"}])),
            ("Replace", "addresses[type eq \"work\"].country", "ES", "addresses",
                json!([{"country": "ES", "type": "work"}])),
            ("Add", "addresses[type eq \"work\"].locality", "Lugo", "addresses",
                json!([{"locality": "Lugo", "country": "ES", "type": "work"}])),
            ("add", "emails[type eq \"home\" and primary eq true].value", "h@x", "emails",
                json!([{"value": "a@x", "type": "work"}, {"value": "h@x", "type": "home", "primary": true}])),
        ] {
            let user = entra.change(&id, op, path, json!(value)).await.is(200);
            assert_eq!(user[attribute], expected, "{path}");
        }
        // A filter that does not say what the element looks like cannot make one.
        let refused = entra.change(&id, "replace", "ims[type ne \"x\"].value", json!("v")).await;
        refused.is_error(400, "noTarget");
    }

    async fn e07_primary_role_in_all_of_entras_shapes(entra: Entra) {
        let id = entra.create_with("ana@contoso.com", json!({"roles": []})).await;
        assert_eq!(entra.user(&id).await.get("roles"), None);
        let path = "roles[primary eq \"True\"].value";
        for (op, value) in [("Add", "admin"), ("Replace", "viewer"), ("Add", "super_admin")] {
            let user = entra.change(&id, op, path, json!(value)).await.is(200);
            assert_eq!(user["roles"], json!([{"value": value, "primary": true}]), "{op}");
        }
        let user = entra
            .patch(&id, json!([
                {"op": "Replace", "path": path, "value": "admin"},
                {"op": "Replace", "path": "roles[primary eq \"True\"].display", "value": "Admin"},
                {"op": "Replace", "path": "roles[primary eq \"True\"].type", "value": "WindowsAzureActiveDirectoryRole"},
            ]))
            .await
            .is(200);
        let role = json!([{"value": "admin", "display": "Admin", "type": "WindowsAzureActiveDirectoryRole", "primary": true}]);
        assert_eq!(user["roles"], role);
        // A role from POST has a type, the PATCH has none: the role changes, and there is still one.
        let id = entra.create("ben@contoso.com").await;
        let user = entra.change(&id, "Add", path, json!("viewer")).await.is(200);
        let role = json!([{"value": "viewer", "type": "WindowsAzureActiveDirectoryRole", "primary": true}]);
        assert_eq!(user["roles"], role);
    }

    async fn e08_roles_as_json_in_a_string(entra: Entra) {
        let id = entra.create_with("ana@contoso.com", json!({"roles": []})).await;
        let role = |value: &str| json!({"id": "06b07648", "value": value, "displayName": value.to_uppercase()}).to_string();
        let user = entra.change(&id, "Add", "roles", json!([{"value": role("admin")}])).await.is(200);
        assert_eq!(user["roles"], json!([{"value": "admin", "display": "ADMIN", "primary": true}]));
        // One element for a user with one role sets it; several are appended.
        let user = entra.change(&id, "Add", "roles", json!([{"value": role("viewer")}])).await.is(200);
        assert_eq!(user["roles"], json!([{"value": "viewer", "display": "VIEWER", "primary": true}]));
        let two = json!([{"value": role("admin")}, {"value": role("super_admin")}]);
        let user = entra.change(&id, "Add", "roles", two).await.is(200);
        let values: Vec<&Value> = user["roles"].as_array().unwrap().iter().map(|role| &role["value"]).collect();
        assert_eq!(values, ["viewer", "admin", "super_admin"]);
        assert!(!user["roles"].to_string().contains("06b07648"));
    }

    async fn e09_complex_role_mapping_only_adds(entra: Entra) {
        let complex = |values: &[&str]| -> Value {
            values.iter().map(|value| json!({"primary": false, "value": value, "displayName": value})).collect()
        };
        let id = entra.create_with("ana@contoso.com", json!({"roles": complex(&["admin", "viewer"])})).await;
        // Entra took "admin" away, but AppRoleAssignmentsComplex can only add what is left.
        let user = entra.change(&id, "Add", "roles", complex(&["viewer"])).await.is(200);
        assert_eq!(user["roles"].as_array().unwrap().len(), 2);
        assert_eq!(user["roles"][0]["value"], "admin");
        // AssertiveAppRoleAssignmentsComplex replaces: what Entra lacks is gone.
        let user = entra.change(&id, "replace", "roles", complex(&["viewer"])).await.is(200);
        assert_eq!(user["roles"], json!([{"value": "viewer", "display": "viewer", "primary": false}]));
    }

    async fn e10_core_paths_with_their_urn(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let user = entra.change(&id, "Replace", &format!("{CORE}:displayName"), json!("A")).await.is(200);
        assert_eq!(user["displayName"], "A");
        let user = entra.change(&id, "Replace", &format!("{CORE}:name.givenName"), json!("B")).await.is(200);
        assert_eq!(user["name"]["givenName"], "B");
        let path = format!("{CORE}:emails[type eq \"work\"].value");
        let user = entra.change(&id, "Add", &path, json!("c@x")).await.is(200);
        assert_eq!(user["emails"], json!([{"value": "c@x", "type": "work"}]));
        // Zulip's mapping: an attribute that users do not have is left out, with a remark.
        let odd = entra.change(&id, "Replace", &format!("{CORE}:role"), json!("x")).await;
        assert_eq!(odd.is(200), user);
        let entry = entra.entry(&odd).await;
        assert_eq!((entry.status.as_str(), entry.reason.as_deref()), ("warning", Some("attribute_ignored")));
    }

    async fn e11_manager_in_all_shapes(entra: Entra) {
        let boss = entra.create("boss@contoso.com").await;
        let id = entra.create("ana@contoso.com").await;
        let full = json!([{"$ref": format!("https://x/Users/{boss}"), "value": boss}]);
        let path = format!("{ENT}:manager");
        for (op, path, value) in [
            ("Add", path.as_str(), json!(boss)),
            ("Add", path.as_str(), json!({"value": boss})),
            ("Replace", "manager", full),
            ("Add", "manager", json!([{"$ref": null, "value": boss}])),
            ("Replace", &format!("{ENT}:manager.value"), json!(boss)),
        ] {
            let user = entra.change(&id, op, path, value).await.is(200);
            assert_eq!(user[ENT]["manager"]["value"], json!(boss), "{op} {path}");
            assert_eq!(user["schemas"], json!([CORE, ENT]));
            let cleared = entra.patch(&id, json!([{"op": "Remove", "path": path}])).await.is(200);
            assert_eq!(cleared["schemas"], json!([CORE]), "{path}");
            assert_eq!(cleared.get(ENT), None);
        }
        for nothing in [json!(""), json!({"value": ""}), json!(null), json!([])] {
            entra.change(&id, "Add", &path, json!(boss)).await.is(200);
            let user = entra.change(&id, "Replace", &path, nothing.clone()).await.is(200);
            assert_eq!(user.get(ENT), None, "{nothing}");
        }
        let posted = entra.create_with("ben@contoso.com", json!({(ENT): {"manager": boss}})).await;
        assert_eq!(entra.user(&posted).await[ENT], json!({"manager": {"value": boss}}));
    }

    async fn e12_the_extension_as_path(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let user = entra
            .change(&id, "Add", ENT, json!({"department": "R&D", "costCenter": "7", "manager": {"value": "m"}}))
            .await
            .is(200);
        assert_eq!(user[ENT], json!({"costCenter": "7", "department": "R&D", "manager": {"value": "m"}}));
        let user = entra.change(&id, "Replace", &format!("{ENT}:department"), json!("Sales")).await.is(200);
        assert_eq!(user[ENT], json!({"costCenter": "7", "department": "Sales", "manager": {"value": "m"}}));
        let user = entra.patch(&id, json!([{"op": "Remove", "path": format!("{ENT}:manager.value")}])).await.is(200);
        assert_eq!(user[ENT], json!({"costCenter": "7", "department": "Sales"}));
        let user = entra.patch(&id, json!([{"op": "Remove", "path": ENT}])).await.is(200);
        assert_eq!(user.get(ENT), None);
        assert_eq!(user["schemas"], json!([CORE]));
    }

    async fn e13_external_id_beside_others_without_path(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let value = json!({"externalId": "new", "displayName": "A", "name": {"givenName": "B"}, "active": "False"});
        let user = entra.patch(&id, json!([{"op": "replace", "value": value}])).await.is(200);
        assert_eq!(
            [&user["externalId"], &user["displayName"], &user["name"]["givenName"], &user["active"]],
            [&json!("new"), &json!("A"), &json!("B"), &json!(false)]
        );
    }

    async fn e14_rename_and_disable_in_one_request(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        entra.create("taken@contoso.com").await;
        let both = |name: &str| json!([
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "Replace", "path": "userName", "value": name},
        ]);
        // All or nothing.
        let before = entra.user(&id).await;
        entra.patch(&id, both("Taken@contoso.com")).await.is_error(409, "uniqueness");
        assert_eq!(entra.user(&id).await, before);
        let after = entra.patch(&id, both("deleted-ana@contoso.com")).await;
        assert_eq!(after.is(200)["active"], false);
        assert_eq!(after.json()["userName"], "deleted-ana@contoso.com");
        assert_eq!(entra.entry(&after).await.action, "disable");
        let flat = json!([{"op": "replace", "value": {"userName": "ana@contoso.com", "active": true}}]);
        let back = entra.patch(&id, flat).await;
        assert_eq!((&back.is(200)["active"], entra.entry(&back).await.action.as_str()), (&json!(true), "enable"));
    }

    async fn e27_both_dialects_whatever_the_flag_says(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        for flag in ["", "?aadOptscim062020", "?aadOptscim062020=", "?AzureAdScimPatch2017&x=y"] {
            for (operations, active) in [
                (json!([{"op": "Replace", "path": "active", "value": "False"}]), false),
                (json!([{"op": "replace", "value": {"active": true}}]), true),
                (json!([{"op": "replace", "path": "active", "value": false}]), false),
                (json!([{"op": "Add", "path": "active", "value": "True"}]), true),
            ] {
                let body = json!({"Operations": operations});
                let answer = entra.send("PATCH", &format!("/Users/{id}{flag}"), Some(&body)).await;
                assert_eq!(answer.is(200)["active"], active, "{flag} {operations}");
            }
        }
    }

    async fn e36_null_is_unassigned(entra: Entra) {
        let nulls = json!({"title": null, "addresses": null, "emails": [{"value": null, "type": "work"}], "nickName": "",
            "phoneNumbers": [], "name": {"givenName": "Ana", "familyName": "Ruiz", "middleName": null},
            (ENT): {"manager": null, "department": null}, "externalId": null, "active": null});
        let id = entra.create_with("ana@contoso.com", nulls).await;
        let user = entra.user(&id).await;
        for absent in ["title", "addresses", "emails", "nickName", "phoneNumbers", ENT, "externalId"] {
            assert_eq!(user.get(absent), None, "{absent}");
        }
        assert_eq!(user["name"], json!({"familyName": "Ruiz", "givenName": "Ana"}));
        assert_eq!(user["active"], true);
        assert_eq!(user["schemas"], json!([CORE]));
        for clear in [json!(null), json!(""), json!([])] {
            entra.change(&id, "Add", "title", json!("Dr")).await.is(200);
            let user = entra.change(&id, "Replace", "title", clear.clone()).await.is(200);
            assert_eq!(user.get("title"), None, "{clear}");
        }
    }

    async fn e40_setting_a_primary_resets_the_others(entra: Entra) {
        let mails = json!([{"type": "work", "value": "w@x", "primary": true}, {"type": "home", "value": "h@x"}]);
        let id = entra.create_with("ana@contoso.com", json!({"emails": mails})).await;
        let primaries = |user: Value| -> Vec<String> {
            let mails = user["emails"].as_array().unwrap().iter();
            mails.filter(|mail| mail["primary"] == true).map(|mail| mail["value"].as_str().unwrap().to_owned()).collect()
        };
        let user = entra.change(&id, "Replace", "emails[type eq \"home\"].primary", json!("True")).await.is(200);
        assert_eq!(primaries(user), ["h@x"]);
        let third = json!([{"type": "other", "value": "o@x", "primary": true}]);
        let user = entra.change(&id, "Add", "emails", third).await.is(200);
        assert_eq!(primaries(user), ["o@x"]);
        let two = json!([{"value": "1@x", "primary": true}, {"value": "2@x", "primary": "True"}]);
        let answer = entra.change(&id, "Replace", "emails", two).await;
        assert_eq!(primaries(answer.is(200)), ["2@x"]);
        assert_eq!(entra.entry(&answer).await.remark_codes(), ["primary_repeated"]);
    }

    async fn e41_parts_of_a_new_element_come_in_any_order(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let user = entra
            .patch(&id, json!([
                {"op": "Add", "path": "roles[primary eq \"True\"].display", "value": "Viewer"},
                {"op": "Add", "path": "emails[type eq \"work\"].primary", "value": "True"},
                {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@x"},
                {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "viewer"},
            ]))
            .await
            .is(200);
        assert_eq!(user["emails"], json!([{"value": "a@x", "type": "work", "primary": true}]));
        assert_eq!(user["roles"].as_array().unwrap().len(), 1);
        assert_eq!((&user["roles"][0]["value"], &user["roles"][0]["display"]), (&json!("viewer"), &json!("Viewer")));
        // One bad operation undoes the element that the first one made.
        let before = entra.user(&id).await;
        let refused = entra
            .patch(&id, json!([
                {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"},
                {"op": "Replace", "path": "active", "value": "maybe"},
            ]))
            .await;
        refused.is_error(400, "invalidValue");
        assert_eq!(entra.user(&id).await, before);
    }
}
