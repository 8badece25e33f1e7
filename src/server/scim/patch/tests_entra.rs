//! What Entra sends (both dialects), and where other servers broke on it.

#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::tests::{apply, patched, refused, remarked, user};
use super::{Dialect, PatchRequest};
use crate::server::scim::reason::Reason;
use crate::server::scim::schema::{ENTERPRISE_USER, PATCH_OP, USER};

fn op(op: &str, path: &str, value: Value) -> Value {
    json!({"op": op, "path": path, "value": value})
}

fn dialect(operations: Value) -> Dialect {
    PatchRequest::parse(&json!({"Operations": operations}))
        .unwrap()
        .dialect
}

#[test]
fn e1_e2_disable_in_both_dialects() {
    let body = json!({"userName": "u", "active": true});
    for value in [json!("False"), json!("false"), json!(false)] {
        for word in ["Replace", "replace", "Add", "add", "REPLACE"] {
            let after = patched(&body, json!([op(word, "active", value.clone())]));
            assert_eq!(after["active"], false, "{word} {value}");
            let after = patched(&body, json!([{"op": word, "value": {"active": value}}]));
            assert_eq!(after["active"], false, "{word} {value} without path");
        }
    }
}

#[test]
fn the_dialect_is_a_hint() {
    assert_eq!(
        dialect(json!([op("Add", "title", json!("x"))])),
        Dialect::Verbose
    );
    assert_eq!(
        dialect(json!([op("add", "title", json!("x"))])),
        Dialect::Compliant
    );
    let both = json!([
        op("add", "title", json!("x")),
        op("Add", "title", json!("x"))
    ]);
    assert_eq!(dialect(both), Dialect::Unknown);
    assert_eq!(dialect(json!([])), Dialect::Unknown);
}

#[test]
fn e32_reactivation() {
    let body = json!({"userName": "u", "active": false, "roles": [{"value": "A"}]});
    let after = patched(&body, json!([op("Replace", "active", json!("True"))]));
    assert_eq!(
        after,
        json!({"userName": "u", "active": true, "roles": [{"value": "A"}]})
    );
}

#[test]
fn e3_add_of_a_single_value_sets_it() {
    let body = json!({"userName": "u", "nickName": "Bob"});
    for word in ["Add", "add"] {
        let after = patched(&body, json!([op(word, "nickName", json!("Babs"))]));
        assert_eq!(after["nickName"], "Babs");
    }
}

#[test]
fn several_attributes_without_the_flag() {
    let body = json!({"userName": "u", "name": {"givenName": "A", "middleName": "M"}});
    let after = patched(
        &body,
        json!([
            op("Replace", "displayName", json!("B")),
            op("Replace", "name.givenName", json!("K")),
            op("Replace", "name.familyName", json!("U")),
            op("Replace", r#"emails[type eq "work"].value"#, json!("k@u")),
            op(
                "Replace",
                &format!("{ENTERPRISE_USER}:employeeNumber"),
                json!("7")
            ),
        ]),
    );
    assert_eq!(
        after,
        json!({
            "userName": "u", "displayName": "B",
            "name": {"givenName": "K", "familyName": "U", "middleName": "M"},
            "emails": [{"value": "k@u", "type": "work"}],
            (ENTERPRISE_USER): {"employeeNumber": "7"},
        })
    );
}

#[test]
fn e4_e13_several_attributes_with_the_flag() {
    let body = json!({"userName": "u", "name": {"givenName": "A", "middleName": "M"}});
    let expected = json!({
        "userName": "u", "externalId": "e", "displayName": "B", "active": false,
        "name": {"givenName": "K", "familyName": "U", "middleName": "M"},
        (ENTERPRISE_USER): {"employeeNumber": "7"},
    });
    let number = format!("{ENTERPRISE_USER}:employeeNumber");
    for value in [
        json!({"displayName": "B", "name.givenName": "K", "name.familyName": "U", "active": "False",
               (number): "7", "externalId": "e"}),
        json!({"displayName": "B", "name": {"givenName": "K", "familyName": "U"}, "active": false,
               (ENTERPRISE_USER): {"employeeNumber": "7"}, "externalId": "e",
               "id": "x", "meta": {"version": "1"}, "schemas": [USER]}),
        json!({"DisplayName": "B", (format!("{USER}:name.givenName")): "K", "externalid": "e",
               (USER): {"name": {"familyName": "U"}, "id": "x"}, "ACTIVE": "false",
               (ENTERPRISE_USER.to_lowercase()): {"EmployeeNumber": "7"}}),
    ] {
        for word in ["replace", "add", "Replace"] {
            let after = patched(&body, json!([{"op": word, "value": value}]));
            assert_eq!(after, expected, "{word} {value}");
        }
    }
}

#[test]
fn value_paths_as_keys_of_a_value_without_path() {
    let body = json!({"userName": "u"});
    let value = json!({r#"emails[type eq "work"].value"#: "w@x", "displayName": "D"});
    let after = patched(&body, json!([{"op": "replace", "value": value}]));
    let emails = json!([{"value": "w@x", "type": "work"}]);
    assert_eq!(
        after,
        json!({"userName": "u", "displayName": "D", "emails": emails})
    );
}

#[test]
fn e5_e6_a_value_path_creates_its_element() {
    for (path, attribute, kind) in [
        (r#"emails[type eq "work"].value"#, "emails", "work"),
        (
            r#"phoneNumbers[type eq "mobile"].value"#,
            "phoneNumbers",
            "mobile",
        ),
    ] {
        for word in ["Add", "Replace"] {
            let after = patched(
                &json!({"userName": "u"}),
                json!([op(word, path, json!("x"))]),
            );
            assert_eq!(after[attribute], json!([{"value": "x", "type": kind}]));
            let body = json!({"userName": "u", (attribute): [
                {"value": "a", "type": "other"}, {"value": "b", "type": kind}]});
            let after = patched(&body, json!([op(word, path, json!("x"))]));
            let expected = json!([{"value": "a", "type": "other"}, {"value": "x", "type": kind}]);
            assert_eq!(after[attribute], expected);
        }
    }
    let path = |part: &str| format!(r#"addresses[type eq "work"].{part}"#);
    let after = patched(
        &json!({"userName": "u"}),
        json!([
            op("Add", &path("streetAddress"), json!("1 Main St")),
            op("Add", &path("country"), json!("ES")),
        ]),
    );
    let address = json!([{"streetAddress": "1 Main St", "country": "ES", "type": "work"}]);
    assert_eq!(after["addresses"], address);
}

#[test]
fn e14_a_missing_element_does_not_sink_the_deactivation() {
    let body = json!({"userName": "u", "active": true});
    let after = patched(
        &body,
        json!([
            op("Replace", r#"emails[type eq "work"].value"#, json!("new@x")),
            op("Replace", "userName", json!("new@x")),
            op("Replace", "active", json!("False")),
        ]),
    );
    assert_eq!(after["active"], false);
    assert_eq!(after["userName"], "new@x");
}

#[test]
fn e10_core_urn_in_a_path() {
    let body = json!({"userName": "u"});
    let after = patched(
        &body,
        json!([op(
            "Replace",
            &format!("{USER}:name.familyName"),
            json!("R")
        )]),
    );
    assert_eq!(after["name"], json!({"familyName": "R"}));
    let (after, names) = remarked(
        &body,
        json!([op("Add", &format!("{USER}:role"), json!("x"))]),
    );
    assert_eq!(after, body);
    assert_eq!(names, [format!("{USER}:role")]);
}

#[test]
fn e12_the_extension_by_its_urn() {
    let body = json!({"userName": "u", (ENTERPRISE_USER): {"department": "D", "division": "V"}});
    let value = json!({"department": "E", "costCenter": "9"});
    let expected = json!({"costCenter": "9", "division": "V", "department": "E"});
    for word in ["Add", "Replace"] {
        let after = patched(&body, json!([op(word, ENTERPRISE_USER, value.clone())]));
        assert_eq!(after[ENTERPRISE_USER], expected);
    }
    let path = format!("{ENTERPRISE_USER}:department");
    let after = patched(&body, json!([op("Replace", &path, json!("F"))]));
    assert_eq!(after[ENTERPRISE_USER]["department"], "F");
    let removed = patched(&body, json!([{"op": "Remove", "path": ENTERPRISE_USER}]));
    assert_eq!(removed, json!({"userName": "u"}));
    let cleared = patched(&body, json!([op("Replace", ENTERPRISE_USER, json!(null))]));
    assert_eq!(cleared, json!({"userName": "u"}));
    // In a list of its own, as everything of the core schema may stand.
    let wrapped = json!([{"department": "E"}]);
    let expected = json!({"department": "E", "division": "V"});
    for operation in [
        op("Add", ENTERPRISE_USER, wrapped.clone()),
        json!({"op": "replace", "value": {(ENTERPRISE_USER): wrapped}}),
        json!({"op": "add", "value": [{(ENTERPRISE_USER): [{"department": "E"}]}]}),
    ] {
        let after = patched(&body, json!([operation]));
        assert_eq!(after[ENTERPRISE_USER], expected);
    }
    let titled = op("Add", "", json!([{(USER): [{"title": "x"}]}]));
    assert_eq!(patched(&body, json!([titled]))["title"], "x");
    for several in [json!([{}, {}]), json!(["x"])] {
        let refused = refused(&body, json!([op("Add", ENTERPRISE_USER, several)]));
        assert_eq!(refused.0, Reason::ValueWrongType);
    }
    let same = patched(&body, json!([op("Replace", ENTERPRISE_USER, json!([{}]))]));
    assert_eq!(same, body);
    let same = patched(&body, json!([op("Add", ENTERPRISE_USER, json!({}))]));
    assert_eq!(same, body);
}

#[test]
fn e11_manager_in_every_form() {
    let urn = format!("{ENTERPRISE_USER}:manager");
    let reference = "https://h/scim/c/v2/Users/7";
    let set = [
        (
            op("Add", "manager", json!([{"$ref": reference, "value": "7"}])),
            Some(reference),
        ),
        (op("Add", &urn, json!("7")), None),
        (op("Replace", &urn, json!({"value": "7"})), None),
        (op("add", &format!("{urn}.value"), json!("7")), None),
        (
            json!({"op": "replace", "value": {(urn.clone()): "7"}}),
            None,
        ),
        (
            json!({"op": "replace", "value": {(ENTERPRISE_USER): {"manager": "7"}}}),
            None,
        ),
    ];
    let other = json!({"userName": "u", (ENTERPRISE_USER): {"manager": {
        "value": "1", "$ref": "https://h/scim/c/v2/Users/1"}}});
    for (operation, reference) in set {
        for body in [json!({"userName": "u"}), other.clone()] {
            let after = patched(&body, json!([operation]));
            let manager = &after[ENTERPRISE_USER]["manager"];
            assert_eq!(manager["value"], "7", "{operation}");
            let stored = manager.get("$ref").and_then(Value::as_str);
            assert_eq!(stored, reference, "{operation}");
        }
    }
    for operation in [
        op("Replace", &urn, json!("")),
        op("Replace", &urn, json!({"value": ""})),
        op("Replace", &urn, json!(null)),
        op("Replace", "manager", json!([{"$ref": null, "value": null}])),
        op("Replace", &format!("{urn}.value"), json!("")),
        json!({"op": "Remove", "path": urn}),
        op("Remove", "manager", json!("1")),
        json!({"op": "remove", "path": format!("{urn}.value")}),
    ] {
        let after = patched(&other, json!([operation]));
        assert_eq!(after, json!({"userName": "u"}), "{operation}");
    }
}

#[test]
fn e15_remove_takes_only_what_is_listed() {
    let body = json!({"userName": "u", "emails": [
        {"value": "a", "type": "work"}, {"value": "b", "type": "home"}, {"value": "c"}]});
    let remove = |value: Value| json!([op("Remove", "emails", value)]);
    let after = patched(
        &body,
        remove(json!([{"value": "A"}, {"value": "b", "type": "work"}])),
    );
    assert_eq!(
        after["emails"],
        json!([{"value": "b", "type": "home"}, {"value": "c"}])
    );
    let after = patched(&body, remove(json!([{"type": "home"}])));
    assert_eq!(after["emails"].as_array().unwrap().len(), 2);
    let nothing = patched(&body, remove(json!([{"value": "z"}])));
    assert_eq!(nothing, body);
    assert_eq!(patched(&body, remove(json!([]))), body);
    for value in [
        json!([{"foo": "a"}]),
        json!([1]),
        json!(true),
        json!([["a"]]),
    ] {
        let (reason, attribute) = refused(&body, remove(value.clone()));
        assert_eq!(reason, Reason::ValueWrongType, "{value}");
        assert_eq!(attribute.as_deref(), Some("emails"));
    }
    for value in [json!(null), json!("")] {
        assert_eq!(patched(&body, remove(value)), json!({"userName": "u"}));
    }
}

#[test]
fn e16_remove_by_filter_removes() {
    let body = json!({"userName": "u", "emails": [{"value": "a"}, {"value": "b"}]});
    let remove = |path: &str| json!([{"op": "remove", "path": path}]);
    let after = patched(&body, remove(r#"emails[value eq "A"]"#));
    assert_eq!(after["emails"], json!([{"value": "b"}]));
    assert_eq!(patched(&body, remove(r#"emails[value eq "z"]"#)), body);
    let superfluous = json!([op("Remove", r#"emails[value eq "a"]"#, json!("x"))]);
    assert_eq!(
        patched(&body, superfluous)["emails"],
        json!([{"value": "b"}])
    );
}

#[test]
fn null_update_clears() {
    let body = json!({"userName": "u", "title": "T", "emails": ["e"], "name": {"givenName": "A",
        "familyName": "B"}, (ENTERPRISE_USER): {"department": "D"}});
    let department = format!("{ENTERPRISE_USER}:department");
    for value in [json!(""), json!(null), json!([])] {
        for word in ["Replace", "add"] {
            let after = patched(
                &body,
                json!([
                    op(word, "title", value.clone()),
                    op(word, "name.givenName", value.clone()),
                    {"op": word, "value": {(department.clone()): value.clone()}},
                ]),
            );
            let expected = json!({"userName": "u", "emails": [{"value": "e"}],
                "name": {"familyName": "B"}});
            assert_eq!(after, expected, "{word} {value}");
        }
        let after = patched(&body, json!([op("Replace", "emails", value.clone())]));
        assert_eq!(after.get("emails"), None, "{value}");
        let after = patched(&body, json!([op("Add", "emails", value)]));
        assert_eq!(after["emails"], json!([{"value": "e"}]));
    }
}

#[test]
fn single_value_in_a_list() {
    let body = json!({"userName": "u"});
    for value in [
        json!([{"value": "x"}]),
        json!([{"$ref": null, "value": "x"}]),
    ] {
        let after = patched(&body, json!([op("Replace", "title", value)]));
        assert_eq!(after["title"], "x");
    }
}

#[test]
fn empty_operations_change_nothing() {
    let body = json!({"userName": "u", "title": "T"});
    assert_eq!(patched(&body, json!([])), body);
    let request = json!({"schemas": [PATCH_OP], "operations": []});
    assert!(PatchRequest::parse(&request).unwrap().operations.is_empty());
}

#[test]
fn e47_unknown_attributes_do_not_sink_the_rest() {
    let body = json!({"userName": "u", "active": true});
    let custom = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User:badge";
    let (after, names) = remarked(
        &body,
        json!([
            op("Add", "foo", json!("x")),
            op("Add", custom, json!("7")),
            op("Add", r#"addresses[primary eq true].country"#, json!("ES")),
            op("Add", r#"members[value eq "1"].display"#, json!("x")),
            op("Add", "emails.foo", json!("x")),
            op("Replace", "password", json!("secret")),
            {"op": "Remove", "path": "bar"},
            {"op": "replace", "value": {"baz": 1, "emails[": "x", "groups": [{"value": "g"}]}},
            op("Replace", "active", json!("False")),
        ]),
    );
    assert_eq!(after, json!({"userName": "u", "active": false}));
    assert_eq!(
        names,
        [
            "foo",
            custom,
            "addresses.primary",
            "members[…].display",
            "emails.foo",
            "password",
            "bar",
            "baz",
            "emails[…]",
            "groups",
        ]
    );
}

#[test]
fn no_value_of_a_filter_is_in_the_name_of_what_was_left_out() {
    let body = json!({"userName": "u", "active": true});
    for (path, name) in [
        (r#"emails[value eq "ana@x"].colour"#, "emails.colour"),
        (r#"EMAILS[colour eq "ana@x"].value"#, "emails.colour"),
        (r#"badges[value eq "ana@x"].value"#, "badges[…].value"),
        (r#"badges[value eq "].ana@x"]"#, "badges[…]"),
        (r#"emails[value eq "ana@x"].a[b eq "ana@x"]"#, "emails.a[…]"),
    ] {
        for operation in [
            op("Add", path, json!("x")),
            json!({"op": "add", "value": {path: "x"}}),
        ] {
            let mut remarks = Vec::new();
            apply(&body, &json!([operation]), &mut remarks).unwrap();
            assert_eq!(remarks.len(), 1, "{path}");
            assert_eq!(remarks[0].attribute.as_deref(), Some(name));
            assert!(!remarks[0].text.contains("ana"), "{}", remarks[0].text);
        }
    }
    for (path, name) in [
        (r#"emails[value eq "ana@x""#, "emails[…]"),
        (r#"emails[value eq "ana@x"]value"#, "emails[…]"),
        ("emails[12].value", "emails[…].value"),
    ] {
        let found = refused(&body, json!([op("Add", path, json!("x"))]));
        assert_eq!(found, (Reason::PatchPathMalformed, Some(name.to_owned())));
    }
}

#[test]
fn no_password_is_none_discarded() {
    let body = json!({"userName": "u"});
    for operation in [
        json!({"op": "replace", "value": {"password": null}}),
        op("Replace", "password", json!("")),
        json!({"op": "Remove", "path": "password"}),
    ] {
        assert_eq!(patched(&body, json!([operation])), body);
    }
}

#[test]
fn the_verbatim_value_stays() {
    let body = user(&json!({"userName": "u", "title": "a"}));
    assert_eq!(body["title"], "a");
    let after = patched(&body, json!([op("Replace", "title", json!(" True "))]));
    assert_eq!(after["title"], " True ");
}
