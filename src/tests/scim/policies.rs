//! What Rhombus asks of a user beyond SCIM, by the organization's policies (product, Users).

use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::entra::{Entra, user, user_names};

const ROLE: &str = "roles[primary eq \"True\"].value";

/// What the service made of a user's role.
#[derive(Debug, sqlx::FromRow)]
struct Decided {
    role_value: Option<String>,
    role_state: String,
    /// The catalogue's role that decides.
    role: Option<String>,
}

async fn decided(entra: &Entra<'_>, id: &str) -> (Option<String>, String, Option<String>) {
    let statement = sql(
        "SELECT u.role_value, u.role_state, r.value AS role FROM users u LEFT JOIN roles r ON r.id = u.role_id WHERE u.id = $1",
    );
    let rows: Vec<Decided> = entra.app.rows(statement.bind(id)).await;
    let Decided {
        role_value,
        role_state,
        role,
    } = rows.into_iter().next().unwrap();
    (role_value, role_state, role)
}

fn known(sent: Option<&str>, state: &str, role: &str) -> (Option<String>, String, Option<String>) {
    (
        sent.map(str::to_owned),
        state.to_owned(),
        Some(role.to_owned()),
    )
}

/// The catalogue in its order; a star marks what nobody has reviewed.
async fn catalogue(entra: &Entra<'_>) -> Vec<String> {
    let statement =
        sql("SELECT value, is_reviewed FROM roles WHERE organization_id = $1 ORDER BY position");
    let rows: Vec<(String, bool)> = entra.app.rows(statement.bind(&entra.organization_id)).await;
    let marked =
        |(value, reviewed): (String, bool)| if reviewed { value } else { format!("{value}*") };
    rows.into_iter().map(marked).collect()
}

/// Ana without some attributes, with others instead.
fn ana(changes: Value) -> Value {
    let mut body = user("ana");
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn role(value: &str) -> Value {
    json!([{"value": value, "primary": true}])
}

entra_test! {
    async fn missing_names_reject_names_attribute_and_mapping(entra: Entra) {
        let (given, family) = (["name.givenName", "givenName"], ["name.familyName", "surname"]);
        for (name, named, reason) in [
            (json!({"familyName": "Ruiz"}), vec![given], "given_name_missing"),
            (json!({"givenName": "Ana"}), vec![family], "family_name_missing"),
            // Both at once, so that nobody goes round twice.
            (json!({}), vec![given, family], "given_name_missing"),
        ] {
            let answer = entra.post(&ana(json!({"name": name}))).await;
            let detail = answer.is_error(400, "invalidValue");
            for word in named.iter().flatten().chain(&["Mappings"]) {
                assert!(detail.contains(word), "{word} is not in {detail}");
            }
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some(reason));
        }
        let id = entra.create("ana").await;
        // Missing or emptied is invalidValue (product, Users); removed is mutability (RFC 7644 3.5.2.2), since /Schemas
        // says that both are required.
        for (operation, scim_type, named) in [
            (json!({"op": "remove", "path": "name"}), "mutability", "name.givenName and name.familyName are required"),
            (json!({"op": "remove", "path": "name.familyName"}), "mutability", "name.familyName is required"),
            (json!({"op": "Remove", "path": "name[givenName eq \"Ana\"].givenName"}), "mutability", "name.givenName is required"),
            (json!({"op": "replace", "path": "name.givenName", "value": ""}), "invalidValue", "name.givenName is required"),
            (json!({"op": "replace", "value": {"name.givenName": null}}), "invalidValue", "name.givenName is required"),
        ] {
            let detail = entra.patch(&id, json!([operation])).await.is_error(400, scim_type);
            assert!(detail.starts_with(named), "{operation}: {detail}");
        }
        // What else the request removes is not to blame, and what is sent anew is not missing.
        let operations = [json!({"op": "remove", "path": "name.formatted"}), json!({"op": "replace", "path": "name.givenName", "value": ""})];
        entra.patch(&id, json!(operations)).await.is_error(400, "invalidValue");
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
    }

    async fn missing_names_accept_warns(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        let answer = entra.post(&ana(json!({"name": null}))).await;
        assert_eq!(answer.is(201).get("name"), None);
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.status.as_str(), entry.http_status), ("warning", 201));
        assert_eq!(entry.remark_codes(), ["names_missing"; 2]);
        let id = answer.id();
        entra.change(&id, "Add", "name.givenName", json!("Ana")).await.is(200);
        let answer = entra.patch(&id, json!([{"op": "remove", "path": "name.givenName"}])).await;
        assert_eq!(answer.is(200).get("name"), None);
        assert_eq!(entra.entry(&answer).await.remark_codes(), ["names_missing"]);
    }

    async fn missing_role_default_is_the_least_privilege_with_a_warning(entra: Entra) {
        for (name, roles) in [("none", json!(null)), ("empty", json!([])), ("hollow", json!([{"primary": true}]))] {
            let mut body = user(name);
            body["roles"] = roles;
            let answer = entra.post(&body).await;
            assert_eq!(answer.is(201).get("roles"), None, "SCIM answers what Entra sent");
            let entry = entra.entry(&answer).await;
            assert_eq!(entry.status, "warning");
            assert!(entry.remark_codes().contains(&"default_role_used".to_owned()));
            assert_eq!(decided(&entra, &answer.id()).await, known(None, "defaulted", "viewer"));
        }
    }

    async fn missing_role_reject_lists_the_values(entra: Entra) {
        entra.policy("missing_role", "reject").await;
        let answer = entra.post(&ana(json!({"roles": []}))).await;
        let detail = answer.is_error(400, "invalidValue");
        for word in ["super_admin, admin, viewer", ROLE, "SingleAppRoleAssignment"] {
            assert!(detail.contains(word), "{detail}");
        }
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.reason.as_deref(), entry.attribute.as_deref()), (Some("role_missing"), Some(ROLE)));
        let id = entra.create("ana").await;
        // Removed, it is mutability (RFC 7644 3.5.2.2), since /Schemas says that it is required.
        for path in ["roles", "roles.value", ROLE, "roles[primary eq \"True\"]"] {
            let answer = entra.patch(&id, json!([{"op": "remove", "path": path}])).await;
            assert!(answer.is_error(400, "mutability").contains("A role is required"), "{path}");
            assert_eq!(entra.entry(&answer).await.attribute.as_deref(), Some(ROLE));
        }
        entra.change(&id, "replace", "roles", json!([])).await.is_error(400, "invalidValue");
        // On a user who has a role, a request that does not touch it is not asked for one.
        entra.change(&id, "replace", "title", json!("x")).await.is(200);
        assert_eq!(decided(&entra, &id).await, known(Some("admin"), "known", "admin"));
    }

    async fn unknown_role_reject_lists_the_values_and_stores_nothing(entra: Entra) {
        let answer = entra.post(&ana(json!({"roles": role("Boss")}))).await;
        let detail = answer.is_error(400, "invalidValue");
        assert!(detail.contains("'Boss'") && detail.contains("super_admin, admin, viewer"), "{detail}");
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.reason.as_deref(), entry.attribute.as_deref()), (Some("role_unknown"), Some(ROLE)));
        assert_eq!(entra.users().await, 0);
        let id = entra.create("ana").await;
        for operation in [
            json!({"op": "Add", "path": ROLE, "value": "Boss"}),
            json!({"op": "replace", "path": "roles", "value": [{"value": "admin", "primary": true}, {"value": "Boss"}]}),
            json!({"op": "add", "path": "roles", "value": [{"value": "Boss"}]}),
        ] {
            let operations = json!([{"op": "replace", "path": "title", "value": "x"}, operation]);
            entra.patch(&id, operations).await.is_error(400, "invalidValue");
        }
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
        assert_eq!(catalogue(&entra).await, ["super_admin", "admin", "viewer"]);
    }

    async fn unknown_role_default_keeps_what_entra_sent(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let answer = entra.post(&ana(json!({"roles": role("Boss")}))).await;
        assert_eq!(answer.is(201)["roles"][0]["value"], "Boss");
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.status.as_str(), entry.remark_codes()), ("warning", vec!["unknown_role_replaced".to_owned()]));
        let id = answer.id();
        assert_eq!(decided(&entra, &id).await, known(Some("Boss"), "defaulted", "viewer"));
        assert_eq!(entra.found(&format!("{ROLE} eq \"boss\"")).await, ["ana"]);
        entra.change(&id, "Add", ROLE, json!("admin")).await.is(200);
        assert_eq!(decided(&entra, &id).await, known(Some("admin"), "known", "admin"));
        assert_eq!(catalogue(&entra).await, ["super_admin", "admin", "viewer"]);
    }

    async fn unknown_role_accept_adds_to_the_catalogue_unreviewed(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        let answer = entra.post(&ana(json!({"roles": role("Boss")}))).await;
        answer.is(201);
        assert_eq!(entra.entry(&answer).await.remark_codes(), ["role_unreviewed"]);
        assert_eq!(decided(&entra, &answer.id()).await, known(Some("Boss"), "unreviewed", "Boss"));
        assert_eq!(catalogue(&entra).await, ["super_admin", "admin", "viewer", "Boss*"]);
        // Known from then on, in any case; the next new ones are added too, also beside a known primary role.
        let mut body = user("ben");
        body["roles"] = json!([{"value": "BOSS"}, {"value": "admin", "primary": true}, {"value": "Helper"}, {"value": "Guest"}]);
        let answer = entra.post(&body).await;
        answer.is(201);
        assert_eq!(decided(&entra, &answer.id()).await, known(Some("admin"), "known", "admin"));
        assert_eq!(catalogue(&entra).await, ["super_admin", "admin", "viewer", "Boss*", "Helper*", "Guest*"]);
        // A refused request adds nothing.
        body["roles"] = role("Never");
        entra.post(&body).await.is_error(409, "uniqueness");
        assert_eq!(catalogue(&entra).await.len(), 6);
    }

    async fn role_values_match_without_case_and_through_the_mapping(entra: Entra) {
        entra.app.execute(
            sql("INSERT INTO role_values (organization_id, value_key, value, role_id) \
                 SELECT organization_id, 'msiam_admin', 'MSIAM_Admin', id FROM roles WHERE organization_id = $1 AND value = 'admin'")
                .bind(&entra.organization_id),
        ).await;
        for (name, sent, role_value) in [("a", "ADMIN", "admin"), ("b", "msiam_ADMIN", "admin"), ("c", "Viewer", "viewer")] {
            let mut body = user(name);
            body["roles"] = role(sent);
            let answer = entra.post(&body).await;
            assert_eq!(answer.is(201)["roles"][0]["value"], sent, "stored and answered as sent");
            assert_eq!(entra.entry(&answer).await.status, "success");
            assert_eq!(decided(&entra, &answer.id()).await, known(Some(sent), "known", role_value));
        }
        let refused = entra.post(&ana(json!({"roles": role("x")}))).await.is_error(400, "invalidValue");
        assert!(refused.contains("MSIAM_Admin"), "{refused}");
        let schema = entra.get("/Schemas").await;
        assert!(schema.text.contains("MSIAM_Admin"));
    }

    async fn the_primary_role_decides_else_the_lowest(entra: Entra) {
        for (name, roles, decides) in [
            ("a", json!([{"value": "viewer"}, {"value": "admin", "primary": true}]), "admin"),
            ("b", json!([{"value": "super_admin"}, {"value": "admin"}]), "admin"),
            ("c", json!([{"value": "viewer", "primary": false}, {"value": "super_admin", "primary": false}]), "viewer"),
            ("d", json!([{"value": "super_admin"}]), "super_admin"),
        ] {
            let id = entra.create_with(name, json!({"roles": roles})).await;
            assert_eq!(decided(&entra, &id).await, known(Some(decides), "known", decides), "{name}");
        }
    }

    async fn policies_never_stand_in_the_way_of_taking_access_away(entra: Entra) {
        entra.policy("missing_role", "reject").await;
        let off = json!({"op": "Replace", "path": "active", "value": "False"});
        for (index, (operation, remark)) in [
            (json!({"op": "Add", "path": ROLE, "value": "Boss"}), "value_kept"),
            (json!({"op": "remove", "path": "roles"}), "value_kept"),
            (json!({"op": "replace", "path": "roles", "value": []}), "value_kept"),
            (json!({"op": "remove", "path": "name"}), "value_kept"),
            (json!({"op": "replace", "path": "name.givenName", "value": " "}), "value_kept"),
        ]
        .into_iter()
        .enumerate()
        {
            // In either order, and on a user who is inactive already.
            for (round, operations) in [json!([off, operation]), json!([operation, off])].into_iter().enumerate() {
                let name = format!("user{index}{round}");
                let id = entra.create(&name).await;
                let before = entra.user(&id).await;
                let answer = entra.patch(&id, operations).await;
                let after = answer.is(200);
                assert_eq!(after["active"], false, "{operation}");
                assert_eq!(after["roles"], before["roles"], "{operation}: the old role is kept");
                assert_eq!(after["name"]["givenName"], "Ana", "{operation}");
                assert_eq!(after["name"]["familyName"], "Ruiz", "{operation}");
                let entry = entra.entry(&answer).await;
                assert_eq!((entry.action.as_str(), entry.status.as_str()), ("disable", "warning"));
                assert!(entry.remark_codes().contains(&remark.to_owned()), "{operation}: {:?}", entry.remark_codes());
                assert_eq!(decided(&entra, &id).await, known(Some("admin"), "known", "admin"));
                let again = entra.patch(&id, json!([operation])).await.is(200);
                assert_eq!(again["roles"], before["roles"], "{operation} on an inactive user");
            }
        }
        // PUT likewise, and a new user that is inactive from the start.
        let id = entra.create("ana").await;
        let answer = entra.put(&id, &json!({"userName": "ana", "active": false, "roles": role("Boss")})).await;
        let after = answer.is(200);
        assert_eq!(after["name"], json!({"familyName": "Ruiz", "givenName": "Ana"}));
        assert_eq!(after["roles"][0]["value"], "admin");
        let inactive = entra.post(&json!({"userName": "eve", "active": "False", "roles": role("Boss")})).await;
        inactive.is(201);
        assert_eq!(entra.entry(&inactive).await.status, "warning");
        entra.post(&json!({"userName": "eva", "active": false})).await.is(201);
        // Given access again, the policies hold again.
        let id = entra.create("zoe").await;
        entra.patch(&id, json!([off])).await.is(200);
        let back = json!([{"op": "replace", "path": "active", "value": true}, {"op": "Add", "path": ROLE, "value": "Boss"}]);
        entra.patch(&id, back).await.is_error(400, "invalidValue");
        assert_eq!(entra.user(&id).await["active"], false);
    }

    async fn a_name_or_role_that_cannot_be_stored_never_keeps_access(entra: Entra) {
        let long = "x".repeat(20_000);
        let many: Vec<Value> = (0..1_001).map(|at| json!({"value": format!("r{at}")})).collect();
        let off = json!({"op": "Replace", "path": "active", "value": "False"});
        for (index, operation) in [
            json!({"op": "replace", "path": "name.givenName", "value": 5}),
            json!({"op": "replace", "path": "name.familyName", "value": long}),
            json!({"op": "replace", "path": "name.givenName", "value": "A\u{0}"}),
            json!({"op": "replace", "path": "name", "value": "Ana"}),
            json!({"op": "replace", "value": {"name": {"givenName": 7}, "roles": 5}}),
            json!({"op": "Add", "path": ROLE, "value": true}),
            json!({"op": "Add", "path": ROLE, "value": long}),
            json!({"op": "Add", "path": ROLE, "value": "{\"id\":\"a\"}"}),
            json!({"op": "replace", "path": "roles", "value": [{"value": "a\u{0}"}]}),
            json!({"op": "add", "path": "roles", "value": many}),
            json!({"op": "replace", "path": "roles[type sw \"x\"].value", "value": "admin"}),
            // What cannot be read: a filter without its bracket or of a wrong value, a path too long, no value.
            json!({"op": "Add", "path": "roles[primary eq \"True\".value", "value": "admin"}),
            json!({"op": "Add", "path": "roles[primary eq \"Yes\"].value", "value": "admin"}),
            json!({"op": "Replace", "path": "name.given.name", "value": "Ana"}),
            json!({"op": "Replace", "path": "name.familyName"}),
        ]
        .into_iter()
        .enumerate()
        {
            for (round, operations) in [json!([off, operation]), json!([operation, off])].into_iter().enumerate() {
                let id = entra.create(&format!("user{index}{round}")).await;
                let before = entra.user(&id).await;
                let alone = entra.patch(&id, json!([operation])).await;
                assert_eq!(alone.status, 400, "{operation}: {}", alone.text);
                let answer = entra.patch(&id, operations).await;
                let after = answer.is(200);
                assert_eq!(after["active"], false, "{operation}");
                assert_eq!((&after["name"], &after["roles"]), (&before["name"], &before["roles"]), "{operation}");
                let entry = entra.entry(&answer).await;
                assert_eq!((entry.action.as_str(), entry.status.as_str()), ("disable", "warning"));
                assert!(entry.remark_codes().contains(&"value_kept".to_owned()), "{operation}: {:?}", entry.remark_codes());
                assert_eq!(decided(&entra, &id).await, known(Some("admin"), "known", "admin"));
                entra.patch(&id, json!([operation])).await.is(200);
                let back = json!([{"op": "replace", "path": "active", "value": true}, operation]);
                assert_eq!(entra.patch(&id, back).await.status, 400, "{operation}");
            }
        }
        // PUT likewise, also when only the stored user says that it is inactive.
        let id = entra.create("ana").await;
        let before = entra.user(&id).await;
        for body in [
            json!({"userName": "ana", "active": false, "name": {"givenName": 5}, "roles": [{"value": "a\u{0}"}]}),
            json!({"userName": "ana", "name": long, "roles": 7}),
        ] {
            let answer = entra.put(&id, &body).await;
            let after = answer.is(200);
            assert_eq!((&after["name"], &after["roles"]), (&before["name"], &before["roles"]));
            assert!(entra.entry(&answer).await.remark_codes().contains(&"value_kept".to_owned()));
        }
        entra.put(&id, &json!({"userName": "ana", "active": true, "name": 5, "roles": role("admin")})).await.is_error(400, "invalidValue");
        // A user that is inactive from the start has nothing to keep.
        let made = entra.post(&json!({"userName": "eve", "active": false, "name": {"givenName": 5}, "roles": 7})).await;
        assert_eq!((made.is(201).get("name"), made.json().get("roles")), (None, None));
        assert_eq!(entra.entry(&made).await.status, "warning");
        // Other attributes are no reason to let anything pass.
        let id = entra.create("zoe").await;
        let title = json!({"op": "replace", "path": "title", "value": 5});
        entra.patch(&id, json!([off, title])).await.is_error(400, "invalidValue");
    }

    async fn a_part_that_cannot_be_stored_leaves_the_rest_of_the_name(entra: Entra) {
        let name = json!({"formatted": "x".repeat(16_000), "familyName": "Ruiz", "givenName": "Ana", "honorificPrefix": "Dr."});
        let off = json!({"op": "Replace", "path": "active", "value": "False"});
        let terms = vec!["formatted eq \"y\""; 128].join(" or ");
        for (index, (operations, status)) in [
            (vec![json!({"op": "Add", "path": "name[givenName eq \"z\"].middleName", "value": "M"})], 400),
            (vec![json!({"op": "Add", "path": "name[givenName co \"z\"].middleName", "value": "M"})], 400),
            (vec![json!({"op": "remove", "path": format!("name[{terms}].middleName")}); 3], 413),
        ]
        .into_iter()
        .enumerate()
        {
            let id = entra.create_with(&format!("user{index}"), json!({"name": name})).await;
            assert_eq!(entra.patch(&id, json!(operations)).await.status, status, "row {index}");
            let mut with_off = vec![off.clone()];
            with_off.extend(operations.clone());
            // The same again goes to an inactive user.
            for operations in [with_off, operations] {
                let answer = entra.patch(&id, json!(operations)).await;
                let after = answer.is(200);
                assert_eq!((&after["active"], &after["name"]), (&json!(false), &name), "row {index}");
                assert_eq!(entra.entry(&answer).await.remark_codes(), ["attribute_ignored"]);
            }
        }
    }

    async fn a_role_in_json_without_a_value_is_refused(entra: Entra) {
        let id = entra.create("eve").await;
        for text in ["{\"id\":\"a\"}", "{\"id\":\"a\",\"value\":null,\"displayName\":\"msiam_access\"}", "{}"] {
            let answers = [
                entra.post(&ana(json!({"roles": role(text)}))).await,
                entra.post(&ana(json!({"roles": [text]}))).await,
                entra.change(&id, "Add", ROLE, json!(text)).await,
                entra.change(&id, "Add", "roles", json!([{"value": text}])).await,
                entra.change(&id, "replace", "roles", json!([{"value": text}])).await,
            ];
            for answer in &answers {
                let detail = answer.is_error(400, "invalidValue");
                assert!(detail.contains("roles.value") && detail.contains("app role"), "{detail}");
            }
        }
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
    }

    async fn a_role_that_counts_as_the_default_may_come_again_in_another_case(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let id = entra.create_with("odd", json!({"roles": role("Boss")})).await;
        entra.policy("unknown_role", "reject").await;
        entra.change(&id, "Add", ROLE, json!("BOSS")).await.is(200);
        assert_eq!(decided(&entra, &id).await, known(Some("BOSS"), "defaulted", "viewer"));
        entra.change(&id, "Add", ROLE, json!("Bosses")).await.is_error(400, "invalidValue");
    }

    async fn patch_checks_only_what_it_touches(entra: Entra) {
        for (policy, lenient) in [("missing_names", "accept"), ("unknown_role", "default"), ("missing_role", "default")] {
            entra.policy(policy, lenient).await;
        }
        let bare = entra.post(&json!({"userName": "bare"})).await.id();
        let odd = entra.create_with("odd", json!({"name": null, "roles": role("Boss")})).await;
        for policy in ["missing_names", "unknown_role", "missing_role"] {
            entra.policy(policy, "reject").await;
        }
        for id in [&bare, &odd] {
            entra.change(id, "replace", "title", json!("x")).await.is(200);
            entra.change(id, "Replace", "active", json!("False")).await.is(200);
            entra.change(id, "Replace", "active", json!("True")).await.is(200);
            entra.change(id, "Replace", "userName", json!(format!("{id}@x"))).await.is(200);
            entra.change(id, "Replace", "name.middleName", json!("M")).await.is(200);
        }
        entra.change(&odd, "Replace", ROLE, json!("Other")).await.is_error(400, "invalidValue");
        assert_eq!(decided(&entra, &odd).await, known(Some("Boss"), "defaulted", "viewer"));
    }

    async fn put_is_held_to_all_policies(entra: Entra) {
        let nameless = entra.post(&json!({"userName": "ana", "active": false})).await.id();
        let detail = entra.put(&nameless, &json!({"userName": "ana", "active": true})).await.is_error(400, "invalidValue");
        assert!(detail.contains("name.givenName"), "{detail}");
        let bare = entra.post(&user("eve")).await;
        let whole = |active: bool| json!({"userName": "eve", "active": active, "name": {"givenName": "E", "familyName": "V"}});
        let replaced = entra.put(&bare.id(), &whole(true)).await;
        replaced.is(200);
        assert_eq!(entra.entry(&replaced).await.remark_codes(), ["default_role_used"]);
        entra.policy("missing_role", "reject").await;
        entra.put(&bare.id(), &whole(true)).await.is_error(400, "invalidValue");
        entra.put(&bare.id(), &whole(false)).await.is(200);
    }

    async fn a_role_new_to_the_catalogue_is_the_lowest_from_the_first(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        let roles = json!([{"value": "admin"}, {"value": "newcomer"}]);
        for name in ["first", "second"] {
            let id = entra.create_with(name, json!({"roles": roles})).await;
            assert_eq!(decided(&entra, &id).await, known(Some("newcomer"), "unreviewed", "newcomer"));
        }
    }

    async fn a_user_is_bounded_as_a_whole(entra: Entra) {
        let id = entra.create("ana").await;
        let mails = |n: usize| -> Vec<Value> {
            (0..n).map(|at| json!({"value": format!("{at}@x"), "display": "d".repeat(15_000)})).collect()
        };
        entra.change(&id, "add", "emails", json!(mails(30))).await.is(200);
        let answer = entra.change(&id, "replace", "emails", json!(mails(40))).await;
        let detail = answer.is_error(400, "invalidValue");
        for word in ["KB of them in emails", "512 KB", "Remove or narrow its mapping in Provisioning, Mappings."] {
            assert!(detail.contains(word), "{word} is not in {detail}");
        }
        assert_eq!(entra.entry(&answer).await.attribute.as_deref(), Some("emails"));
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
    }

    async fn a_list_is_bounded_in_bytes_and_its_next_page_goes_on(entra: Entra) {
        let mails: Vec<Value> = (0..30).map(|at| json!({"value": format!("{at}@x"), "display": "x".repeat(15_000)})).collect();
        for at in 0..12 {
            entra.create_with(&format!("ana{at:02}"), json!({"emails": mails})).await;
        }
        let page = |start: usize| format!("/Users?sortBy=userName&count=12&startIndex={start}");
        let first = entra.get(&page(1)).await.is(200);
        assert_eq!((&first["totalResults"], &first["itemsPerPage"]), (&json!(12), &json!(10)));
        let rest = entra.get(&page(11)).await.is(200);
        assert_eq!((&rest["totalResults"], &rest["startIndex"], &rest["itemsPerPage"]), (&json!(12), &json!(11), &json!(2)));
        assert_eq!(user_names(&rest), ["ana10", "ana11"]);
    }

    async fn a_catalogue_takes_in_so_many_roles_and_waits_for_a_review(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        let roles: Vec<Value> = (0..199).map(|at| json!({"value": format!("role-{at}")})).collect();
        let id = entra.create_with("ana", json!({"roles": roles})).await;
        entra.create_with("ben", json!({"roles": role("the-last")})).await;
        let detail = entra.post(&ana(json!({"userName": "cem", "roles": role("one-more")}))).await.is_error(400, "invalidValue");
        assert!(detail.contains("200") && detail.contains("Settings, Roles"), "{detail}");
        // Roles that are known already go on, and access is taken away as ever.
        entra.create_with("dee", json!({"roles": role("role-7")})).await;
        let off = json!([{"op": "Replace", "path": "active", "value": "False"}, {"op": "Add", "path": ROLE, "value": "one-more"}]);
        entra.patch(&id, off).await.is(200);
        assert_eq!(catalogue(&entra).await.len(), 203);
    }

    async fn what_paths_are_tried_on_is_bounded(entra: Entra) {
        let mails: Vec<Value> = (0..30).map(|at| json!({"value": format!("{at}@x"), "display": "x".repeat(15_000)})).collect();
        let id = entra.create_with("ana", json!({"emails": mails})).await;
        let terms = |count: usize| {
            json!(vec![json!({"op": "remove", "path": "emails[display co \"y\" or display eq \"x\"]"}); count])
        };
        entra.patch(&id, terms(4)).await.is(200);
        let detail = entra.patch(&id, terms(5)).await.is_error(413, "");
        assert!(detail.contains("values"), "{detail}");
    }
}
