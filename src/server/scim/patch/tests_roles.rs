//! Roles as Entra's three mapping expressions send them.

use serde_json::{Value, json};

use super::tests::{patched, remarked, user};

const PRIMARY: &str = r#"roles[primary eq "True"].value"#;
const KIND: &str = "WindowsAzureActiveDirectoryRole";

fn op(op: &str, path: &str, value: Value) -> Value {
    json!({"op": op, "path": path, "value": value})
}

#[test]
fn e7_shape_a_sets_the_primary_role() {
    for word in ["Add", "Replace", "add", "replace"] {
        let operations = json!([op(word, PRIMARY, json!("EDITOR"))]);
        let none = patched(&json!({"userName": "u"}), operations.clone());
        let role = json!([{"value": "EDITOR", "primary": true}]);
        assert_eq!(none["roles"], role, "{word} on no role");
        for primary in [json!(true), json!("True"), json!(false), json!(null)] {
            let body = json!({"userName": "u", "roles": [
                {"value": "ADMIN", "display": "Admin", "type": KIND, "primary": primary}]});
            let one = patched(&body, operations.clone());
            let role = json!([{"value": "EDITOR", "type": KIND, "primary": true}]);
            assert_eq!(one["roles"], role, "{word} on primary {primary}");
        }
    }
}

#[test]
fn e6_display_and_type_hit_the_same_role() {
    let value = op("Add", PRIMARY, json!("EDITOR"));
    let display = op(
        "Add",
        r#"roles[primary eq "True"].display"#,
        json!("Editor"),
    );
    let kind = op("Add", r#"roles[primary eq "True"].type"#, json!(KIND));
    let role = json!([{"value": "EDITOR", "display": "Editor", "type": KIND, "primary": true}]);
    for body in [
        json!({"userName": "u"}),
        json!({"userName": "u", "roles": [{"value": "ADMIN", "display": "Admin", "primary": true}]}),
        json!({"userName": "u", "roles": [{"value": "ADMIN"}]}),
    ] {
        for operations in [
            json!([value, display, kind]),
            json!([display, kind, value]),
            json!([kind, value, display]),
        ] {
            assert_eq!(
                patched(&body, operations.clone())["roles"],
                role,
                "{operations}"
            );
        }
    }
}

#[test]
fn e8_shape_b_json_in_a_string() {
    let text = r#"{"id":"06b07648","value":"ADMIN","displayName":"Admin"}"#;
    for body in [
        json!({"userName": "u"}),
        json!({"userName": "u", "roles": [{"value": "VIEWER", "display": "Viewer"}]}),
        json!({"userName": "u", "roles": [{"value": "VIEWER", "primary": true}]}),
    ] {
        let after = patched(&body, json!([op("Add", "roles", json!([{"value": text}]))]));
        let role = json!([{"value": "ADMIN", "display": "Admin", "primary": true}]);
        assert_eq!(after["roles"], role);
        let after = patched(&body, json!([op("Add", PRIMARY, json!(text))]));
        assert_eq!(after["roles"], role);
    }
}

#[test]
fn e9_several_roles_are_appended_and_merged_by_value() {
    let body = json!({"userName": "u", "roles": [{"value": "A", "primary": true}]});
    let add = json!([op(
        "Add",
        "roles",
        json!([
        {"value": r#"{"value":"a"}"#, "primary": false}, {"value": "B", "primary": false, "type": KIND}])
    )]);
    let expected = json!([{"value": "a", "primary": true},
        {"value": "B", "type": KIND, "primary": false}]);
    let after = patched(&body, add.clone());
    assert_eq!(after["roles"], expected);
    assert_eq!(patched(&after, add)["roles"], expected);
    let third = patched(&after, json!([op("Add", "roles", json!([{"value": "C"}]))]));
    assert_eq!(third["roles"][2], json!({"value": "C"}));
}

#[test]
fn shape_c_replaces_all_roles() {
    let body = json!({"userName": "u", "roles": [{"value": "ADMIN", "primary": true}]});
    let roles = json!([{"primary": false, "type": KIND, "display": "User", "value": "USER"}]);
    let after = patched(&body, json!([op("replace", "roles", roles.clone())]));
    assert_eq!(after["roles"], roles);
}

#[test]
fn a_primary_role_among_several() {
    let add = |value: &str| json!([op("Add", PRIMARY, json!(value))]);
    let marked = json!({"userName": "u", "roles": [
        {"value": "A", "primary": true}, {"value": "B", "display": "b"}]});
    let expected = json!([{"value": "B", "display": "b", "primary": true}]);
    assert_eq!(patched(&marked, add("B"))["roles"], expected);
    let plain = json!({"userName": "u", "roles": ["A", "B"]});
    let expected = json!([{"value": "A"}, {"value": "b", "primary": true}]);
    assert_eq!(patched(&plain, add("b"))["roles"], expected);
    let expected = json!([{"value": "A"}, {"value": "B"}, {"value": "C", "primary": true}]);
    assert_eq!(patched(&plain, add("C"))["roles"], expected);
}

#[test]
fn listed_roles_are_removed_by_value_alone() {
    let body = json!({"userName": "u", "roles": [
        {"value": "A", "primary": true}, {"value": "B", "type": "other"}, {"value": "C"}]});
    let listed = json!([{"value": "a", "type": KIND}, {"value": "B", "type": KIND}]);
    let after = patched(&body, json!([op("Remove", "roles", listed)]));
    assert_eq!(after["roles"], json!([{"value": "C"}]));
    let only = json!({"userName": "u", "roles": [{"value": "A", "primary": true}]});
    let listed = json!([{"value": "A", "type": KIND}]);
    let after = patched(&only, json!([op("Remove", "roles", listed)]));
    assert_eq!(after, json!({"userName": "u"}));
}

#[test]
fn roles_value_without_a_filter_sets_the_primary_role() {
    let body = json!({"userName": "u", "roles": [{"value": "A"}]});
    let after = patched(&body, json!([op("replace", "roles.value", json!("B"))]));
    assert_eq!(after["roles"], json!([{"value": "B", "primary": true}]));
}

#[test]
fn the_only_role_is_the_primary_one() {
    let body = json!({"userName": "u", "roles": [{"value": "A", "primary": false}]});
    for operation in [
        json!({"op": "Remove", "path": r#"roles[primary eq "True"]"#}),
        json!({"op": "Remove", "path": PRIMARY}),
        op("Replace", PRIMARY, json!("")),
    ] {
        assert_eq!(patched(&body, json!([operation])), json!({"userName": "u"}));
    }
    let kind = json!([op("Add", r#"roles[primary eq "True"].type"#, json!(KIND))]);
    let role = json!([{"value": "A", "type": KIND, "primary": true}]);
    assert_eq!(patched(&body, kind)["roles"], role);
}

#[test]
fn display_name_is_display() {
    let body = json!({"userName": "u", "roles": [{"value": "A", "primary": true}]});
    for path in [
        "roles.displayName",
        r#"roles[primary eq "True"].displayName"#,
        r#"roles[not (displayName pr)].displayName"#,
    ] {
        let after = patched(&body, json!([op("Replace", path, json!("Admin"))]));
        let role = json!([{"value": "A", "display": "Admin", "primary": true}]);
        assert_eq!(after["roles"], role, "{path}");
    }
}

#[test]
fn a_display_name_goes_with_the_value_that_it_describes() {
    let body = json!({"userName": "u", "roles": [
        {"value": "A", "display": "Admin", "type": KIND, "primary": true}]});
    for operation in [
        json!({"op": "Remove", "path": PRIMARY}),
        json!({"op": "Remove", "path": "roles.value"}),
        op("Replace", PRIMARY, json!("")),
        op(
            "Replace",
            r#"roles[primary eq "True"]"#,
            json!({"value": null}),
        ),
    ] {
        assert_eq!(patched(&body, json!([operation])), json!({"userName": "u"}));
    }
    let kept = op("Replace", r#"roles[primary eq "True"].type"#, json!("t"));
    assert_eq!(
        patched(&body, json!([kept]))["roles"][0]["display"],
        "Admin"
    );
}

#[test]
fn a_filter_that_is_contradicted_does_not_demote() {
    let body = json!({"userName": "u", "roles": ["A", "B"]});
    let path = r#"roles[primary eq "True"].primary"#;
    assert_eq!(
        patched(&body, json!([op("Replace", path, json!(false))])),
        super::tests::user(&body)
    );
}

#[test]
fn an_element_that_is_not_kept_takes_no_primary_mark() {
    let body = json!({
        "userName": "u",
        "emails": [{"value": "a", "type": "work", "primary": true}, {"value": "b", "type": "home"}],
        "roles": [{"value": "ADMIN", "type": KIND, "primary": true}, {"value": "VIEWER"}],
    });
    let mark = op(
        "Replace",
        r#"emails[type eq "other"].primary"#,
        json!("True"),
    );
    for operation in [
        mark.clone(),
        op(
            "Add",
            "emails",
            json!([{"type": "other", "primary": true, "value": null}]),
        ),
        op("Replace", r#"roles[type eq "X"].primary"#, json!("True")),
    ] {
        assert_eq!(patched(&body, json!([operation])), user(&body));
    }
    let display = r#"roles[type eq "X" and primary eq "True"].display"#;
    let (after, names) = remarked(&body, json!([op("Add", display, json!("X"))]));
    assert_eq!((after, names), (user(&body), vec!["roles".to_owned()]));
    // With a value of its own it is the primary one; and the mark can be taken away.
    let value = op("Add", r#"emails[type eq "other"].value"#, json!("c"));
    let after = patched(&body, json!([mark, value]));
    assert_eq!(after["emails"][0]["primary"], false);
    assert_eq!(after["emails"][2]["primary"], true);
    let unmark = op(
        "Replace",
        r#"emails[type eq "work"].primary"#,
        json!("False"),
    );
    let after = patched(&body, json!([unmark]));
    assert_eq!(after["emails"][0]["primary"], false);
}
