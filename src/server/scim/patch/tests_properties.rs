//! Properties of PATCH, on whatever operations are thrown at it.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::PatchRequest;
use super::tests::{apply, body, one, stored};
use crate::server::scim::schema::{ENTERPRISE_USER, USER};

/// Operations on different attributes, as Entra sends them.
fn entra_operations() -> impl Strategy<Value = Value> {
    let text = proptest::sample::select(vec!["", "a", "B", "work", "ADMIN", "viewer"]);
    let texts = proptest::collection::vec(text, 12);
    let chosen = proptest::sample::subsequence((0..12_usize).collect::<Vec<_>>(), 0..12);
    let words = proptest::collection::vec(
        proptest::sample::select(vec!["Add", "Replace", "add", "replace", "Remove"]),
        12,
    );
    (texts, chosen.prop_shuffle(), words).prop_map(|(texts, chosen, words)| {
        let operation = |index: usize| {
            let (text, word) = (texts[index], words[index]);
            let pair = json!([{"value": text, "type": "home"}, {"value": "other"}]);
            let (path, value) = match index {
                0 => ("title", json!(text)),
                1 => ("name.givenName", json!(text)),
                2 => (r#"emails[type eq "work"].value"#, json!(text)),
                3 => (r#"roles[primary eq "True"].value"#, json!(text)),
                4 => (r#"roles[primary eq "True"].type"#, json!(text)),
                5 => ("manager", json!([{"value": text}])),
                6 => ("phoneNumbers", pair),
                7 => ("addresses", json!([{"type": "work", "country": text}])),
                8 => ("entitlements", json!({"value": text, "primary": "True"})),
                9 => (
                    r#"photos[type eq "photo" and primary eq true]"#,
                    json!({"value": text}),
                ),
                10 => ("externalId", json!(text)),
                _ => ("ims.value", json!(text)),
            };
            json!({"op": word, "path": path, "value": value})
        };
        chosen.into_iter().map(operation).collect()
    })
}

proptest! {
    #[test]
    fn a_patch_applied_twice_changes_nothing_more(operations in entra_operations()) {
        let body = json!({
            "userName": "u", "emails": ["x"], "roles": [{"value": "old", "display": "Old"}],
            "entitlements": [{"value": "b", "primary": true}],
        });
        let once = apply(&body, &operations, &mut Vec::new()).unwrap();
        let twice = apply(&once, &operations, &mut Vec::new()).unwrap();
        prop_assert_eq!(once.to_string(), twice.to_string());
    }

    #[test]
    fn a_failing_operation_leaves_the_user_untouched(operations in entra_operations()) {
        let before = stored(&body());
        let mut operations = operations;
        if let Some(list) = operations.as_array_mut() {
            list.push(json!({"op": "replace", "path": "active", "value": "maybe"}));
        }
        let request = PatchRequest::parse(&json!({"Operations": operations})).unwrap();
        prop_assert!(request.apply(&before, &mut Vec::new()).is_err());
        prop_assert_eq!(before, stored(&body()));
    }

    #[test]
    fn any_path_is_safe(path in "\\PC{0,60}") {
        let _ = apply(&body(), &one("add", &path, json!("x")), &mut Vec::new());
    }

    #[test]
    fn any_mix_of_path_tokens_is_safe(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "emails", "[", "]", "type", " eq ", "\"work\"", ".value", ".", "\"", "\\", "roles",
            "primary", "\u{e9}", USER, ":", ENTERPRISE_USER, " and ", "name", "active",
        ]), 0..10)) {
        for op in ["add", "remove", "replace"] {
            let _ = apply(&body(), &one(op, &words.concat(), json!("x")), &mut Vec::new());
        }
    }

    #[test]
    fn any_body_is_safe(request in any_request()) {
        if let Ok(request) = PatchRequest::parse(&request) {
            let _ = request.apply(&stored(&body()), &mut Vec::new());
        }
    }
}

fn any_request() -> impl Strategy<Value = Value> {
    use crate::server::scim::resource::any_json;
    let path = proptest::sample::select(vec![
        "emails",
        "roles",
        "name",
        "active",
        "userName",
        r#"emails[type eq "work"]"#,
        "manager",
        r#"roles[primary eq "True"].value"#,
        "emails.value",
        ENTERPRISE_USER,
        USER,
        "schemas",
        "",
    ]);
    let op = proptest::sample::select(vec!["add", "Replace", "remove"]);
    let operation = (op, path, any_json())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}));
    prop_oneof![
        3 => proptest::collection::vec(operation, 0..6).prop_map(|list| json!({"Operations": list})),
        1 => any_json(),
    ]
}
