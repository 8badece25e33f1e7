#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::server::scim::schema::ENTERPRISE_USER;

fn created(body: Value) -> (Value, Vec<Remark>) {
    let mut remarks = Vec::new();
    let user = User::from_create(&body, &mut remarks).unwrap();
    (serde_json::to_value(user).unwrap(), remarks)
}

/// The stored document of a body that must leave no remark.
fn stored(body: Value) -> Value {
    let (document, remarks) = created(body);
    assert_eq!(remarks, Vec::new());
    document
}

fn refused(body: Value) -> (Reason, Option<String>) {
    let error = User::from_create(&body, &mut Vec::new()).unwrap_err();
    (error.reason, error.attribute)
}

fn codes(remarks: &[Remark]) -> Vec<(&str, &str)> {
    remarks
        .iter()
        .map(|remark| {
            (
                remark.reason.code(),
                remark.attribute.as_deref().unwrap_or_default(),
            )
        })
        .collect()
}

#[test]
fn the_create_body_of_entra_is_stored_as_sent() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
        "externalId": "0a21f0f2", "userName": "Ana@Contoso.com", "active": true,
        "name": {"formatted": "Ana Ruiz", "givenName": "Ana", "familyName": "Ruiz"},
        "meta": {"resourceType": "User"}, "id": "mine",
        "roles": [{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "ADMIN"}]
    });
    assert_eq!(
        stored(body).to_string(),
        json!({
            "externalId": "0a21f0f2",
            "userName": "Ana@Contoso.com",
            "name": {"formatted": "Ana Ruiz", "familyName": "Ruiz", "givenName": "Ana"},
            "active": true,
            "roles": [{"value": "ADMIN", "type": "WindowsAzureActiveDirectoryRole", "primary": true}],
        })
        .to_string()
    );
}

#[test]
fn e2_booleans_as_strings() {
    let body = json!({
        "userName": "u", "active": "False", "title": "True",
        "roles": [{"value": "A", "primary": "True"}], "emails": [{"value": "e", "primary": "false"}],
    });
    assert_eq!(
        stored(body),
        json!({
            "userName": "u", "active": false, "title": "True",
            "roles": [{"value": "A", "primary": true}], "emails": [{"value": "e", "primary": false}],
        })
    );
    let error = refused(json!({"userName": "u", "active": "no"}));
    assert_eq!(error, (Reason::ValueWrongType, Some("active".into())));
}

#[test]
fn e36_null_and_empty_are_unassigned() {
    let body = json!({
        "userName": "u", "title": null, "nickName": "", "addresses": null, "emails": [],
        "name": {"givenName": null, "familyName": ""}, "active": null, "locale": [],
        "phoneNumbers": [{"type": "work", "value": null}, null, {}],
        "roles": [], (ENTERPRISE_USER): {"department": null, "manager": {"value": ""}},
    });
    assert_eq!(stored(body), json!({"userName": "u"}));
}

#[test]
fn e42_names_in_any_case() {
    let body = json!({
        "UserName": "u", "ACTIVE": true, "Name": {"GivenName": "A"},
        (ENTERPRISE_USER.to_uppercase()): {"Department": "D"},
    });
    assert_eq!(
        stored(body),
        json!({
            "userName": "u", "active": true, "name": {"givenName": "A"},
            (ENTERPRISE_USER): {"department": "D"},
        })
    );
}

#[test]
fn e47_e38_unknown_attributes_are_ignored_with_a_remark() {
    let (document, remarks) = created(json!({
        "userName": "u", "foo": 1, "urn:ietf:params:scim:schemas:extension:x:2.0:User": {"a": 1},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": {"department": "D"},
        "addresses": [{"primary": true, "country": "ES"}], "groups": [{"value": "g"}],
        "emails.value": "x", "a b": "x",
    }));
    let expected = json!({"userName": "u", "addresses": [{"country": "ES"}]});
    assert_eq!(document, expected);
    let names: Vec<&str> = codes(&remarks)
        .into_iter()
        .map(|(code, name)| {
            assert_eq!(code, "attribute_ignored");
            name
        })
        .collect();
    assert_eq!(
        names,
        [
            "foo",
            "urn:ietf:params:scim:schemas:extension:x:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
            "addresses.primary",
            "groups",
            "emails.value",
            "a b",
        ]
    );
    let listed = "emails.value was left out: it is a part of each value of emails.";
    assert!(remarks[5].text.starts_with(listed), "{}", remarks[5].text);
}

#[test]
fn remarks_are_bounded_and_free_of_control_characters() {
    let mut body = json!({"userName": "u", "x\u{0}": 1});
    for index in 0..10_000 {
        body[format!("x{index}")] = json!(1);
    }
    let (_, mut remarks) = created(body);
    assert_eq!(remarks.len(), MAX_REMARKS);
    assert_eq!(remarks[0].attribute.as_deref(), Some("x\u{fffd}"));
    assert!(!remarks[0].text.contains('\0'));
    // However many they are, what is remarked about the user has its place.
    for reason in [Reason::RoleUnreviewed, Reason::AttributeIgnored] {
        let remark = Remark::new(reason, "").on("roles");
        remark.push_to(&mut remarks);
    }
    assert_eq!(remarks.len(), MAX_REMARKS + 1);
    assert_eq!(remarks[MAX_REMARKS].reason, Reason::RoleUnreviewed);
}

#[test]
fn passwords_are_discarded() {
    let (document, remarks) = created(json!({"userName": "u", "password": "secret-1"}));
    assert_eq!(document, json!({"userName": "u"}));
    assert_eq!(codes(&remarks), [("password_discarded", "password")]);
    assert!(!format!("{remarks:?}").contains("secret-1"));
}

#[test]
fn single_values_in_lists_and_lists_without_brackets() {
    let body = json!({
        "userName": [{"value": "u"}], "title": [{"$ref": null, "value": "T"}], "locale": ["es"],
        "emails": {"value": "e"}, "phoneNumbers": ["1", "2"], "ims": "i",
        "name": [{"givenName": "A"}],
    });
    assert_eq!(
        stored(body),
        json!({
            "userName": "u", "title": "T", "locale": "es", "name": {"givenName": "A"},
            "emails": [{"value": "e"}], "phoneNumbers": [{"value": "1"}, {"value": "2"}],
            "ims": [{"value": "i"}],
        })
    );
}

#[test]
fn e11_manager_as_a_string() {
    let expected = json!({"userName": "u", (ENTERPRISE_USER): {"manager": {"value": "7"}}});
    for manager in [
        json!("7"),
        json!({"value": "7", "displayName": "Boss"}),
        json!([{"$ref": null, "value": "7"}]),
    ] {
        assert_eq!(
            stored(json!({"userName": "u", (ENTERPRISE_USER): {"manager": manager}})),
            expected
        );
        assert_eq!(
            stored(json!({"userName": "u", "manager": manager})),
            expected
        );
    }
}

#[test]
fn e8_roles_as_json_in_a_string() {
    let text = r#"{"id":"06b0","value":"ADMIN","displayName":"Admin"}"#;
    let expected = json!({"value": "ADMIN", "display": "Admin"});
    for roles in [json!([{"value": text}]), json!([text]), json!(text)] {
        let document = stored(json!({"userName": "u", "roles": roles}));
        assert_eq!(document["roles"], json!([expected]));
    }
    let document = stored(json!({"userName": "u", "roles": [{
        "primary": "True", "type": "W", "value": text, "displayName": "old",
    }]}));
    let merged = json!([{"value": "ADMIN", "display": "Admin", "type": "W", "primary": true}]);
    assert_eq!(document["roles"], merged);
    let odd = stored(json!({"userName": "u", "roles": ["{not json"], "title": text}));
    assert_eq!(odd["roles"], json!([{"value": "{not json"}]));
    assert_eq!(odd["title"], text);
}

#[test]
fn flattened_names_and_urns_in_a_body() {
    let body = json!({
        "userName": "u", "name.givenName": "A", "name": {"familyName": "B"},
        (format!("{ENTERPRISE_USER}:department")): "D",
        (format!("{}:title", schema::USER)): "T", (schema::USER): {"nickName": "N"},
    });
    assert_eq!(
        stored(body),
        json!({
            "userName": "u", "name": {"givenName": "A", "familyName": "B"}, "title": "T",
            "nickName": "N", (ENTERPRISE_USER): {"department": "D"},
        })
    );
}

#[test]
fn a_repeated_attribute_is_remarked_upon_and_the_last_wins() {
    let (document, remarks) = created(json!({"userName": "u", "title": "a", "TITLE": "b"}));
    assert_eq!(document["title"], "b");
    assert_eq!(codes(&remarks), [("attribute_repeated", "title")]);
}

#[test]
fn e40_one_primary_at_most() {
    let (document, remarks) = created(json!({"userName": "u", "emails": [
        {"value": "a", "primary": true}, {"value": "b", "primary": "True"}, {"value": "c"},
    ]}));
    let expected = json!([
        {"value": "a", "primary": false}, {"value": "b", "primary": true}, {"value": "c"},
    ]);
    assert_eq!(document["emails"], expected);
    assert_eq!(codes(&remarks), [("primary_repeated", "emails")]);
}

#[test]
fn rfc7643_2_4_a_pair_of_type_and_value_stands_once() {
    let body = json!({
        "userName": "u",
        "emails": [
            {"value": "A@b", "type": "work"}, {"value": "a@b", "type": "home"},
            {"value": "a@B", "type": "Work", "display": "x"},
        ],
        "roles": [{"value": "admin", "primary": true}, {"value": "ADMIN", "type": "W"}],
        "addresses": [{"country": "ES", "type": "work"}, {"type": "work", "country": "ES"}],
    });
    let document = stored(body);
    assert_eq!(
        document["emails"],
        json!([
            {"value": "a@B", "display": "x", "type": "Work"}, {"value": "a@b", "type": "home"},
        ])
    );
    let role = json!([{"value": "ADMIN", "type": "W", "primary": true}]);
    assert_eq!(document["roles"], role);
    assert_eq!(
        document["addresses"],
        json!([{"country": "ES", "type": "work"}])
    );
}

#[test]
fn wrong_values_are_refused_by_name() {
    let wrong = |body: Value, name: &str| {
        assert_eq!(
            refused(body),
            (Reason::ValueWrongType, Some(name.to_owned()))
        );
    };
    wrong(json!({"userName": 5}), "userName");
    wrong(json!({"userName": "u", "title": true}), "title");
    wrong(json!({"userName": "u", "title": {"a": 1}}), "title");
    wrong(json!({"userName": "u", "title": ["a", "b"]}), "title");
    wrong(json!({"userName": "u", "name": "Ana"}), "name");
    wrong(
        json!({"userName": "u", "name": {"givenName": 1}}),
        "name.givenName",
    );
    wrong(
        json!({"userName": "u", "emails": [{"value": 1}]}),
        "emails.value",
    );
    wrong(json!({"userName": "u", "emails": [[]]}), "emails");
    wrong(json!({"userName": "u", "emails": 1}), "emails");
    wrong(json!({"userName": "u", "addresses": ["x"]}), "addresses");
    wrong(json!({"userName": "u", "active": 1}), "active");
    for text in ["not base64 !!", "QUJDR", "QU-_", "QUJD\nQUJD", "Q===", "="] {
        wrong(
            json!({"userName": "u", "x509Certificates": [{"value": text}]}),
            "x509Certificates.value",
        );
    }
    for text in ["QUJD", "QUI=", "QUI", "QQ==", "QQ", "+/+/"] {
        let body = json!({"userName": "u", "x509Certificates": [{"value": text}]});
        assert_eq!(stored(body.clone()), body);
    }
    wrong(
        json!({"userName": "u", (ENTERPRISE_USER): "x"}),
        ENTERPRISE_USER,
    );
    let department = format!("{ENTERPRISE_USER}:department");
    wrong(
        json!({"userName": "u", (ENTERPRISE_USER): {"department": 1}}),
        &department,
    );
}

#[test]
fn bounds_and_nul() {
    let attribute = |name: &str, value: Value| refused(json!({"userName": "u", (name): value}));
    let title = Some("title".to_owned());
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    assert_eq!(
        attribute("title", json!(long)),
        (Reason::ValueTooLong, title.clone())
    );
    assert_eq!(
        attribute("title", json!("a\u{0}")),
        (Reason::NulCharacter, title)
    );
    let key = "x".repeat(MAX_KEY_BYTES + 1);
    let roles = (Reason::ValueTooLong, Some("roles.value".to_owned()));
    assert_eq!(attribute("roles", json!([{"value": key}])), roles);
    let many: Vec<Value> = (0..=MAX_ELEMENTS)
        .map(|n| json!({"value": n.to_string()}))
        .collect();
    let emails = (Reason::TooManyValues, Some("emails".to_owned()));
    assert_eq!(attribute("emails", json!(many)), emails);
    let fits = stored(json!({"userName": "x".repeat(MAX_KEY_BYTES)}));
    assert_eq!(fits["userName"].as_str().unwrap().len(), MAX_KEY_BYTES);
}

#[test]
fn user_name_is_needed() {
    let name = Some("userName".to_owned());
    assert_eq!(refused(json!({})), (Reason::UserNameMissing, name.clone()));
    assert_eq!(
        refused(json!({"userName": ""})),
        (Reason::UserNameMissing, name.clone())
    );
    assert_eq!(
        refused(json!({"userName": " \t"})),
        (Reason::UserNameInvalid, name)
    );
    assert_eq!(refused(json!([])), (Reason::BodyNotObject, None));
    assert_eq!(stored(json!({"userName": " ana "}))["userName"], " ana ");
}

#[test]
fn e49_only_user_name_is_needed_here() {
    assert_eq!(stored(json!({"userName": "u"})), json!({"userName": "u"}));
}

/// JSON that a client might send.
pub(in crate::server::scim) fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        proptest::sample::select(vec![
            "",
            "True",
            "work",
            "{\"value\":\"A\"}",
            "{",
            "x",
            "\u{0}"
        ])
        .prop_map(Value::from),
    ];
    let name = proptest::sample::select(vec![
        "userName",
        "USERNAME",
        "name",
        "givenName",
        "name.givenName",
        "emails",
        "roles",
        "value",
        "type",
        "primary",
        "display",
        "displayName",
        "active",
        "manager",
        "password",
        "groups",
        "schemas",
        "foo",
        "Operations",
        "op",
        "path",
        "emails[type eq \"work\"].value",
        ENTERPRISE_USER,
        schema::USER,
    ]);
    leaf.prop_recursive(4, 40, 5, move |part| {
        prop_oneof![
            proptest::collection::vec(part.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name.clone(), part), 0..6)
                .prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
    .boxed()
}

proptest! {
    #[test]
    fn any_body_is_safe_and_what_is_stored_is_canonical(mut body in any_json()) {
        if let Some(members) = body.as_object_mut() {
            members.insert("userName".into(), "u".into());
        }
        if let Ok(user) = User::from_create(&body, &mut Vec::new()) {
            let document = serde_json::to_value(&user).unwrap();
            let mut remarks = Vec::new();
            let again = User::from_create(&document, &mut remarks).unwrap();
            prop_assert_eq!(&remarks, &Vec::new());
            prop_assert_eq!(serde_json::to_string(&again).unwrap(), document.to_string());
            prop_assert!(!document.to_string().contains("null"));
            let _ = user.filter_values();
        }
    }

    #[test]
    fn a_case_key_is_its_own_key(text in "\\PC{0,20}") {
        prop_assert_eq!(case_key(&case_key(&text)), case_key(&text));
    }
}
