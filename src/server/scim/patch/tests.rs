#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::{MAX_OPERATIONS, PatchRequest};
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{MAX_ELEMENTS, MAX_KEY_BYTES, Remark, User};
use crate::server::scim::schema::{ENTERPRISE_USER, PATCH_OP, USER};

pub(super) fn stored(body: &Value) -> User {
    User::from_create(body, &mut Vec::new()).unwrap()
}

pub(super) fn user(body: &Value) -> Value {
    serde_json::to_value(stored(body)).unwrap()
}

pub(super) fn apply(
    body: &Value,
    operations: &Value,
    remarks: &mut Vec<Remark>,
) -> Result<Value, ScimError> {
    let before = stored(body);
    let request = json!({"schemas": [PATCH_OP], "Operations": operations});
    let after = PatchRequest::parse(&request)?.apply(&before, remarks)?;
    let document = serde_json::to_value(&after).unwrap();
    // Whatever a PATCH makes is as canonical as what a POST makes.
    let again = serde_json::to_value(stored(&document)).unwrap();
    assert_eq!(again.to_string(), document.to_string());
    Ok(document)
}

/// The document after a PATCH that must leave no remark.
pub(super) fn patched(body: &Value, operations: Value) -> Value {
    let mut remarks = Vec::new();
    let after = apply(body, &operations, &mut remarks).unwrap();
    assert_eq!(remarks, Vec::new());
    after
}

/// The document after a PATCH, and the attributes that were remarked upon.
pub(super) fn remarked(body: &Value, operations: Value) -> (Value, Vec<String>) {
    let mut remarks = Vec::new();
    let after = apply(body, &operations, &mut remarks).unwrap();
    let names = remarks.into_iter().filter_map(|remark| remark.attribute);
    (after, names.collect())
}

pub(super) fn refused(body: &Value, operations: Value) -> (Reason, Option<String>) {
    let error = apply(body, &operations, &mut Vec::new()).unwrap_err();
    (error.reason, error.attribute)
}

pub(super) fn body() -> Value {
    json!({
        "userName": "u", "active": true, "name": {"givenName": "A", "familyName": "B"},
        "emails": [
            {"value": "a", "type": "work", "primary": true}, {"value": "b", "type": "home"},
        ],
    })
}

pub(super) fn one(op: &str, path: &str, value: Value) -> Value {
    json!([{"op": op, "path": path, "value": value}])
}

fn reason(operations: Value) -> Reason {
    refused(&body(), operations).0
}

#[test]
fn rfc7644_3_5_2_requests_are_checked() {
    let parse = |body: Value| PatchRequest::parse(&body).unwrap_err().reason;
    assert_eq!(parse(json!([])), Reason::BodyNotObject);
    assert_eq!(parse(json!({})), Reason::PatchOperationsMissing);
    assert_eq!(
        parse(json!({"Operations": {}})),
        Reason::PatchOperationsMissing
    );
    assert_eq!(
        parse(json!({"schemas": [USER], "Operations": []})),
        Reason::SchemasWrong
    );
    for operation in [json!({}), json!(1), json!({"op": 1}), json!({"op": "move"})] {
        assert_eq!(reason(json!([operation])), Reason::PatchOpUnknown);
    }
    assert_eq!(
        reason(json!([{"op": "remove"}])),
        Reason::PatchRemoveWithoutPath
    );
    assert_eq!(
        reason(json!([{"op": "remove", "path": ""}])),
        Reason::PatchRemoveWithoutPath
    );
    for operation in [
        json!({"op": "Remove", "path": USER}),
        json!({"op": "remove", "path": USER.to_uppercase(), "value": {"title": "x"}}),
    ] {
        let error = apply(&body(), &json!([operation]), &mut Vec::new()).unwrap_err();
        assert_eq!(error.reason, Reason::PatchRemoveWithoutPath);
        let words = "Operation 1 removes the whole core schema";
        assert!(error.detail.starts_with(words), "{}", error.detail);
    }
    let error = apply(&body(), &one("add", USER, json!("x")), &mut Vec::new()).unwrap_err();
    assert_eq!(error.reason, Reason::PatchValueMissing);
    assert!(!error.detail.contains("has no path"), "{}", error.detail);
    assert_eq!(reason(json!([{"op": "add"}])), Reason::PatchValueMissing);
    assert_eq!(
        reason(json!([{"op": "add", "path": "title"}])),
        Reason::PatchValueMissing
    );
    for value in [json!(null), json!("x"), json!([]), json!(1)] {
        assert_eq!(
            reason(json!([{"op": "add", "value": value}])),
            Reason::PatchValueMissing
        );
    }
    assert_eq!(
        reason(json!([{"op": "add", "path": 1, "value": 1}])),
        Reason::PatchPathMalformed
    );
}

#[test]
fn rfc7644_3_5_2_malformed_paths() {
    for path in [
        "name.",
        "a b",
        "emails[",
        r#"emails[type eq "work"]value"#,
        r#"emails[type eq "work"]."#,
        r#"emails[type eq "work""#,
        r#"emails.value[type eq "x"]"#,
        "name.givenName.x",
        "[]",
        r#"emails[type eq "wo]rk"#,
        "emails[type[value]]",
        "emails[0]",
        "emails[0].value",
        "emails[ 12 ].value",
        "emails[-1].value",
        "unknown[0].value",
        "emails.0.value",
        "/emails/0/value",
    ] {
        let found = reason(one("add", path, json!("x")));
        assert_eq!(found, Reason::PatchPathMalformed, "{path}");
    }
    let index = apply(
        &body(),
        &one("add", "emails[0].value", json!("x")),
        &mut Vec::new(),
    )
    .unwrap_err();
    assert!(
        index.detail.contains(r#"emails[type eq "work"].value"#) && index.detail.contains("index"),
        "{}",
        index.detail
    );
    for path in [
        "emails[]",
        "emails[type]",
        r#"emails[type eq "x" and]"#,
        "emails[0 eq 1]",
    ] {
        let error = apply(&body(), &one("add", path, json!("x")), &mut Vec::new()).unwrap_err();
        assert_eq!(error.reason, Reason::FilterMalformed, "{path}");
        let named = format!("in the path '{path}'.");
        assert!(error.detail.ends_with(&named), "{}", error.detail);
    }
    let found = reason(one("add", r#"title[value eq "x"]"#, json!("x")));
    assert_eq!(found, Reason::FilterOperatorUnsupported);
    let bracket = patched(
        &body(),
        one("add", r#"emails[type eq "]\""].value"#, json!("x")),
    );
    assert_eq!(bracket["emails"][2], json!({"value": "x", "type": "]\""}));
}

#[test]
fn rfc7644_3_5_2_read_only_is_refused() {
    for (path, attribute) in [
        ("id", "id"),
        ("meta", "meta"),
        ("meta.created", "meta.created"),
        ("groups", "groups"),
        (r#"groups[value eq "1"].display"#, "groups.display"),
    ] {
        for op in ["add", "replace", "remove"] {
            let (reason, name) = refused(&body(), one(op, path, json!("x")));
            assert_eq!(
                (reason, name.as_deref()),
                (Reason::AttributeReadOnly, Some(attribute))
            );
        }
    }
    let display = format!("{ENTERPRISE_USER}:manager.displayName");
    assert_eq!(
        reason(one("add", &display, json!("x"))),
        Reason::AttributeReadOnly
    );
    assert_eq!(
        patched(&body(), one("add", "schemas", json!([ENTERPRISE_USER]))),
        user(&body())
    );
}

#[test]
fn rfc7644_3_5_2_2_required_attributes_stay() {
    for name in ["userName", "active"] {
        let removed = refused(&body(), json!([{"op": "remove", "path": name}]));
        assert_eq!(
            removed,
            (Reason::AttributeRequiredRemoved, Some(name.to_owned()))
        );
    }
    for value in [json!(null), json!(""), json!([])] {
        assert_eq!(
            reason(one("replace", "userName", value.clone())),
            Reason::UserNameMissing
        );
        assert_eq!(
            reason(one("replace", "active", value.clone())),
            Reason::ActiveValueMissing
        );
        let pathless = json!([{"op": "replace", "value": {"active": value}}]);
        assert_eq!(reason(pathless), Reason::ActiveValueMissing);
    }
    assert_eq!(
        reason(one("replace", "userName", json!(" "))),
        Reason::UserNameInvalid
    );
}

#[test]
fn wrong_types_are_refused_by_name() {
    for (path, value, attribute) in [
        ("title", json!(5), "title"),
        ("active", json!("maybe"), "active"),
        ("name", json!("Ana"), "name"),
        ("name.givenName", json!({"a": 1}), "name.givenName"),
        (
            r#"emails[type eq "work"].value"#,
            json!(true),
            "emails.value",
        ),
        (r#"emails[type eq "work"]"#, json!(5), "emails"),
        ("emails", json!([{"value": 1}]), "emails.value"),
        ("emails", json!([{"foo": 1}]), "emails"),
    ] {
        let found = refused(&body(), one("replace", path, value));
        assert_eq!(
            found,
            (Reason::ValueWrongType, Some(attribute.to_owned())),
            "{path}"
        );
    }
    let nul = refused(&body(), one("add", "title", json!("\u{0}")));
    assert_eq!(nul.0, Reason::NulCharacter);
}

#[test]
fn rfc7644_3_5_2_1_add() {
    let after = patched(&body(), one("add", "name", json!({"givenName": "C"})));
    assert_eq!(after["name"], json!({"familyName": "B", "givenName": "C"}));
    let same = patched(
        &body(),
        one("add", "emails", json!([{"value": "A", "type": "work"}])),
    );
    assert_eq!(same["emails"].as_array().unwrap().len(), 2);
    let same = patched(&body(), one("add", "emails", json!([{"value": "a"}])));
    assert_eq!(same, user(&body()));
    let more = patched(
        &body(),
        one("add", "emails", json!([{"value": "a", "type": "other"}])),
    );
    assert_eq!(more["emails"][2], json!({"value": "a", "type": "other"}));
}

#[test]
fn rfc7644_3_5_2_3_replace() {
    let after = patched(&body(), one("replace", "name", json!({"givenName": "C"})));
    assert_eq!(after["name"], json!({"familyName": "B", "givenName": "C"}));
    let list = patched(&body(), one("replace", "emails", json!([{"value": "z"}])));
    assert_eq!(list["emails"], json!([{"value": "z"}]));
    let absent = patched(&body(), one("replace", "title", json!("T")));
    assert_eq!(absent["title"], "T");
    let all = patched(
        &body(),
        one("replace", "emails[value pr].display", json!("x")),
    );
    assert_eq!(all["emails"][0]["display"], "x");
    assert_eq!(all["emails"][1]["display"], "x");
    let merged = patched(
        &body(),
        one(
            "replace",
            r#"emails[type eq "home"]"#,
            json!({"value": "z"}),
        ),
    );
    assert_eq!(merged["emails"][1], json!({"value": "z", "type": "home"}));
    let gone = patched(
        &body(),
        one("replace", r#"emails[type eq "home"]"#, json!(null)),
    );
    assert_eq!(gone["emails"].as_array().unwrap().len(), 1);
}

#[test]
fn rfc7644_3_5_2_2_remove() {
    let remove = |path: &str| patched(&body(), json!([{"op": "remove", "path": path}]));
    assert_eq!(remove("emails").get("emails"), None);
    assert_eq!(remove("title"), user(&body()));
    assert_eq!(remove("name.givenName")["name"], json!({"familyName": "B"}));
    assert_eq!(remove("name").get("name"), None);
    // An element emptied down to type and primary goes.
    let after = remove(r#"emails[type eq "work"].value"#);
    assert_eq!(after["emails"], json!([{"value": "b", "type": "home"}]));
    assert_eq!(remove("emails.value").get("emails"), None);
    assert_eq!(remove("emails.type")["emails"][1], json!({"value": "b"}));
}

#[test]
fn e40_setting_one_primary_resets_the_others() {
    let expected = json!([
        {"value": "a", "type": "work", "primary": false},
        {"value": "b", "type": "home", "primary": true},
    ]);
    for operations in [
        one(
            "replace",
            r#"emails[type eq "home"].primary"#,
            json!("True"),
        ),
        one("add", r#"emails[value eq "b"]"#, json!({"primary": true})),
        one(
            "add",
            "emails",
            json!([{"value": "b", "type": "home", "primary": true}]),
        ),
    ] {
        assert_eq!(patched(&body(), operations)["emails"], expected);
    }
    let added = patched(
        &body(),
        one("add", "emails", json!({"value": "c", "primary": true})),
    );
    assert_eq!(added["emails"][0]["primary"], false);
    // The first of the list may be the last that was set.
    let first = json!({"userName": "u", "emails": ["a", {"value": "b", "primary": true}]});
    let after = patched(
        &first,
        one("replace", r#"emails[value eq "a"].primary"#, json!(true)),
    );
    let expected = json!([{"value": "a", "primary": true}, {"value": "b", "primary": false}]);
    assert_eq!(after["emails"], expected);
}

#[test]
fn rfc7644_3_5_2_3_no_target_without_a_plain_filter() {
    for filter in [
        r#"type sw "mob""#,
        r#"type eq "mobile" or type eq "fax""#,
        "not (value pr)",
    ] {
        let path = format!("phoneNumbers[{filter}].value");
        let (reason, name) = refused(&body(), one("replace", &path, json!("1")));
        let expected = (Reason::PatchValuePathNoTarget, Some("phoneNumbers.value"));
        assert_eq!((reason, name.as_deref()), expected, "{filter}");
        assert_eq!(
            patched(&body(), one("replace", &path, json!(""))),
            user(&body())
        );
        assert_eq!(
            patched(&body(), one("remove", &path, json!(null))),
            user(&body())
        );
    }
    let both = r#"emails[type eq "other" and primary eq "True"].value"#;
    let after = patched(&body(), one("add", both, json!("c")));
    assert_eq!(
        after["emails"][2],
        json!({"value": "c", "type": "other", "primary": true})
    );
    assert_eq!(after["emails"][0]["primary"], false);
}

#[test]
fn value_paths_on_single_complex_attributes() {
    let path = |filter: &str| format!("name[{filter}].middleName");
    let after = patched(
        &body(),
        one("add", &path(r#"givenName eq "a""#), json!("M")),
    );
    assert_eq!(after["name"]["middleName"], "M");
    let found = reason(one("add", &path(r#"givenName eq "z""#), json!("M")));
    assert_eq!(found, Reason::PatchValuePathNoTarget);
}

#[test]
fn e46_what_a_filter_demands_is_checked_like_what_is_sent() {
    let nobody = json!({"userName": "u"});
    for (attribute, demanded, part) in [
        ("name", "givenName", "familyName"),
        ("roles", "value", "display"),
    ] {
        let add = |bytes: usize| {
            let text = "x".repeat(bytes);
            let path = format!("{attribute}[{demanded} eq \"{text}\"].{part}");
            one("add", &path, json!("y"))
        };
        let name = format!("{attribute}.{demanded}");
        let found = refused(&nobody, add(MAX_KEY_BYTES + 1));
        assert_eq!(found, (Reason::ValueTooLong, Some(name)));
        let after = patched(&nobody, add(MAX_KEY_BYTES));
        assert!(after.get(attribute).is_some());
    }
    let manager = |part: &str| format!("{ENTERPRISE_USER}:manager{part}");
    let path = manager(r#"[displayName eq "Boss"].value"#);
    let (after, names) = remarked(&nobody, one("Add", &path, json!("7")));
    assert_eq!(after[ENTERPRISE_USER], json!({"manager": {"value": "7"}}));
    assert_eq!(names, [manager(".displayName")]);
}

#[test]
fn another_manager_has_another_address() {
    let body = json!({"userName": "u", (ENTERPRISE_USER): {
        "manager": {"value": "1", "$ref": "https://x/Users/1"}}});
    let path = |filter: &str| format!("{ENTERPRISE_USER}:manager[{filter}].value");
    for filter in [r#"value eq "1""#, r#"$ref ew "/1""#] {
        let after = patched(&body, one("replace", &path(filter), json!("2")));
        assert_eq!(after[ENTERPRISE_USER], json!({"manager": {"value": "2"}}));
        let same = patched(&body, one("replace", &path(filter), json!("1")));
        assert_eq!(same, user(&body));
        let none = patched(&body, json!([{"op": "remove", "path": path(filter)}]));
        assert_eq!(none, json!({"userName": "u"}));
    }
}

#[test]
fn rfc7644_3_5_2_operations_see_those_before_and_fail_together() {
    let operations = json!([
        {"op": "add", "path": "title", "value": "T"},
        {"op": "remove", "path": "title"},
        {"op": "add", "path": r#"emails[type eq "other"].value"#, "value": "c"},
        {"op": "add", "path": r#"emails[value eq "c"].display"#, "value": "C"},
    ]);
    let after = patched(&body(), operations);
    assert_eq!(after.get("title"), None);
    assert_eq!(
        after["emails"][2],
        json!({"value": "c", "display": "C", "type": "other"})
    );

    let before = stored(&body());
    let request = PatchRequest::parse(&json!({"Operations": [
        {"op": "replace", "path": "active", "value": false},
        {"op": "replace", "path": "title", "value": 5},
    ]}));
    assert!(request.unwrap().apply(&before, &mut Vec::new()).is_err());
    assert_eq!(before, stored(&body()));
}

#[test]
fn bounds_hold() {
    let many = |count: usize, operation: Value| Value::from(vec![operation; count]);
    let title = json!({"op": "add", "path": "title", "value": "x"});
    patched(&body(), many(MAX_OPERATIONS, title.clone()));
    assert_eq!(
        reason(many(MAX_OPERATIONS + 1, title)),
        Reason::PatchTooManyOperations
    );
    let terms = vec!["value pr"; 128].join(" or ");
    let wide = json!({"op": "add", "path": format!("emails[{terms}].display"), "value": "x"});
    assert_eq!(reason(many(20, wide)), Reason::PatchTooManyOperations);
    let list: Vec<String> = (0..MAX_ELEMENTS).map(|n| n.to_string()).collect();
    let full = json!([
        {"op": "replace", "path": "emails", "value": list},
        {"op": "add", "path": "emails", "value": "another"},
    ]);
    assert_eq!(reason(full), Reason::TooManyValues);
}
