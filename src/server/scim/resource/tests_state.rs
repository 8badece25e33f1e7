//! What a user in canonical form says about itself.

#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::server::scim::schema::ENTERPRISE_USER;

fn user(mut body: Value) -> User {
    let members = body.as_object_mut().unwrap();
    members.entry("userName").or_insert("u".into());
    User::from_create(&body, &mut Vec::new()).unwrap()
}

#[test]
fn roles_are_read() {
    let ana = user(json!({"roles": [
        {"value": "a", "display": "A", "type": "W"}, {"value": "b", "primary": true},
    ]}));
    assert_eq!(ana.role_values(), ["a", "b"]);
    assert_eq!(ana.primary_role(), Some("b"));
    assert_eq!(user(json!({})).primary_role(), None);
    // A list of bare values.
    let several = user(json!({"roles": ["a", "b"]}));
    assert_eq!(
        (several.role_values(), several.primary_role()),
        (vec!["a", "b"], None)
    );
}

#[test]
fn values_are_read_set_and_kept() {
    let before = user(json!({"name": {"givenName": "A", "familyName": "B"}, "active": true}));
    let mut after = user(json!({"title": "T"}));
    let given = AttributePath::parse("name.givenName").unwrap();
    let name = AttributePath::parse("name").unwrap();
    after.set(&given, before.get(&given).cloned());
    assert_eq!(after.given_name(), Some("A"));
    after.set(&given, None);
    assert_eq!(after.get(&name), None);
    after.set(&name, before.get(&name).cloned());
    assert_eq!(after.family_name(), Some("B"));
    after.set_active(false);
    assert_eq!(after.active(), Some(false));
    let names = serde_json::to_string(&after).unwrap();
    assert!(names.find("name\":{").unwrap() < names.find("title").unwrap());
    let emails = user(json!({"emails": [{"value": "a"}, {"value": "b", "primary": true}]}));
    let value = AttributePath::parse("emails.value").unwrap();
    assert_eq!(emails.get(&value), Some(&json!("b")));
}

#[test]
fn labels_fall_back() {
    let label = |body: Value| user(body).display_label();
    assert_eq!(
        label(json!({"displayName": "D", "name": {"formatted": "F"}})),
        "D"
    );
    assert_eq!(
        label(json!({"name": {"formatted": "F", "givenName": "A"}})),
        "A"
    );
    assert_eq!(label(json!({"name": {"formatted": "F"}})), "F");
    assert_eq!(
        label(json!({"name": {"givenName": "A", "familyName": "B"}})),
        "A B"
    );
    assert_eq!(label(json!({"name": {"familyName": "B"}})), "B");
    assert_eq!(label(json!({})), "u");
}

#[test]
fn the_resource_has_what_the_service_owns() {
    let ana = user(json!({"externalId": "e", (ENTERPRISE_USER): {"department": "D"}}));
    let meta = Meta {
        id: "1",
        created: 0,
        last_modified: 1_500,
        version: 3,
        location: "https://h/scim/c/v2/Users/1",
    };
    assert_eq!(
        ana.into_json(&meta).to_string(),
        json!({
            "schemas": [schema::USER, ENTERPRISE_USER],
            "id": "1",
            "externalId": "e",
            "meta": {
                "resourceType": "User",
                "created": "1970-01-01T00:00:00.000Z",
                "lastModified": "1970-01-01T00:00:01.500Z",
                "location": "https://h/scim/c/v2/Users/1",
                "version": "W/\"3\"",
            },
            "userName": "u",
            (ENTERPRISE_USER): {"department": "D"},
        })
        .to_string()
    );
}

#[test]
fn changes_name_leaves_and_the_primary_role() {
    let before = user(json!({
        "active": true, "name": {"givenName": "A", "familyName": "B"}, "title": "T",
        "roles": [{"value": "viewer", "primary": true, "display": "V"}], "emails": ["a"],
        (ENTERPRISE_USER): {"manager": {"value": "1"}},
    }));
    let after = user(json!({
        "active": false, "name": {"givenName": "A", "familyName": "C"}, "externalId": "e",
        "roles": [{"value": "admin", "primary": true}], "emails": ["a", "b"],
        (ENTERPRISE_USER): {"department": "D", "manager": {"value": "2"}},
    }));
    let change = |attribute: &str, old: Value, new: Value| {
        let side = |value: Value| (!value.is_null()).then_some(value);
        Change {
            attribute: attribute.to_owned(),
            old: side(old),
            new: side(new),
        }
    };
    let department = format!("{ENTERPRISE_USER}:department");
    let manager = format!("{ENTERPRISE_USER}:manager.value");
    let expected = vec![
        change("externalId", json!(null), json!("e")),
        change("name.familyName", json!("B"), json!("C")),
        change("title", json!("T"), json!(null)),
        change("active", json!(true), json!(false)),
        change("emails", json!(null), json!([{"value": "b"}])),
        change(PRIMARY_ROLE, json!("viewer"), json!("admin")),
        change(
            r#"roles[primary eq "True"].display"#,
            json!("V"),
            json!(null),
        ),
        change(&department, json!(null), json!("D")),
        change(&manager, json!("1"), json!("2")),
    ];
    assert_eq!(after.changes_from(&before), expected);
    assert_eq!(after.changes_from(&after), Vec::new());
    let several = user(json!({"roles": ["a", "b"]}));
    let roles = change(
        "roles",
        json!(null),
        json!([{"value": "a"}, {"value": "b"}]),
    );
    assert_eq!(several.changes_from(&user(json!({}))), [roles]);
}

#[test]
fn filter_values_leave_out_columns_and_write_out_primary() {
    let ana = user(json!({
        "userName": "U", "externalId": "E", "active": true, "displayName": "D", "title": "Boss",
        "name": {"givenName": "A", "middleName": "Éa"},
        "emails": [{"value": "X@y", "type": "work"}, {"value": "z", "primary": true}],
        (ENTERPRISE_USER): {"department": "Dep", "manager": {"value": "M"}},
    }));
    let rows: Vec<String> = ana
        .filter_values()
        .iter()
        .map(|row| {
            format!("{}|{}|{}|{}", row.attribute, row.sub, row.element, row.key)
                .replace(ENTERPRISE_USER, "ENT")
        })
        .collect();
    assert_eq!(
        rows,
        [
            "name|middleName|0|éa",
            "title||0|boss",
            "emails||0|",
            "emails|value|0|x@y",
            "emails|type|0|work",
            "emails|primary|0|false",
            "emails||1|",
            "emails|value|1|z",
            "emails|primary|1|true",
            "ENT:department||0|dep",
            "ENT:manager|value|0|m",
            "schemas||1|ENT",
        ]
    );
}

#[test]
fn e29_case_keys() {
    assert_eq!(case_key("ANA@Contoso.COM"), "ana@contoso.com");
    assert_eq!(case_key("E\u{301}"), case_key("\u{e9}"));
    assert_eq!(case_key(" a "), " a ");
    assert_ne!(case_key("stra\u{df}e"), case_key("strasse"));
    for text in ["ΟΔΥΣΣΕΥΣ", "οδυσσευς", "οδυσσευσ", "Οδυσσευς"] {
        assert_eq!(case_key(text), "οδυσσευσ");
        assert!(case_key(text).starts_with(&case_key("ΟΔΥΣ")));
    }
}
