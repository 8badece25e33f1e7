//! Every attribute with every operator, held against a plain reading of RFC 7644 table 3.

use serde_json::{Value, json};

use super::ENT;
use crate::entra_test;

const TEXTS: &[&str] = &[
    "userName",
    "externalId",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "name.formatted",
    "name.familyName",
    "name.givenName",
    "name.middleName",
    "name.honorificPrefix",
    "name.honorificSuffix",
    "emails.value",
    "emails.display",
    "emails.type",
    "phoneNumbers.value",
    "phoneNumbers.display",
    "phoneNumbers.type",
    "ims.value",
    "ims.display",
    "ims.type",
    "photos.value",
    "photos.display",
    "photos.type",
    "addresses.formatted",
    "addresses.streetAddress",
    "addresses.locality",
    "addresses.region",
    "addresses.postalCode",
    "addresses.country",
    "addresses.type",
    "entitlements.value",
    "entitlements.display",
    "entitlements.type",
    "roles.value",
    "roles.display",
    "roles.type",
    "x509Certificates.display",
    "x509Certificates.type",
    "ENT:employeeNumber",
    "ENT:costCenter",
    "ENT:organization",
    "ENT:division",
    "ENT:department",
    "ENT:manager.value",
    "ENT:manager.$ref",
];

/// RFC 7643 2.3.7: compared with regard to case.
const REFERENCES: &[&str] = &["profileUrl", "photos.value", "ENT:manager.$ref"];

/// One attribute of each way in which values are stored gets every operator; the others show that they are found.
const IN_FULL: &[&str] = &[
    "userName",
    "externalId",
    "name.givenName",
    "title",
    "name.formatted",
    "emails.value",
    "ENT:department",
    "ENT:manager.value",
];

/// Attributes of which a user has several.
const LISTS: &[&str] = &[
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
];

/// A user whose every text attribute is `value` and the attribute's name.
fn filled(value: &str) -> Value {
    let mut user = json!({});
    for path in TEXTS {
        let (home, path) = match path.strip_prefix("ENT:") {
            Some(path) => (&mut user[ENT], path),
            None => (&mut user, *path),
        };
        let text = json!(text(value, path));
        match path.split_once('.') {
            None => home[path] = text,
            Some((list, part)) if LISTS.contains(&list) => {
                if home[list].is_null() {
                    home[list] = json!([{}]);
                }
                home[list][0][part] = text;
            }
            Some((complex, part)) => home[complex][part] = text,
        }
    }
    user
}

fn text(value: &str, path: &str) -> String {
    format!("{value} {}", path.rsplit([':', '.']).next().unwrap())
}

/// What RFC 7644 table 3 says, for a value and the operand.
fn holds(op: &str, value: Option<&str>, operand: &str, exact: bool) -> bool {
    let key = |text: &str| {
        if exact {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let operand = key(operand);
    let value = value.map(key);
    let value = value.as_deref();
    match op {
        "eq" => value == Some(operand.as_str()),
        "ne" => value != Some(operand.as_str()),
        "co" => value.is_some_and(|value| value.contains(&operand)),
        "sw" => value.is_some_and(|value| value.starts_with(&operand)),
        "ew" => value.is_some_and(|value| value.ends_with(&operand)),
        "gt" => value.is_some_and(|value| value > operand.as_str()),
        "ge" => value.is_some_and(|value| value >= operand.as_str()),
        "lt" => value.is_some_and(|value| value < operand.as_str()),
        "le" => value.is_some_and(|value| value <= operand.as_str()),
        _ => panic!("no operator {op}"),
    }
}

entra_test! {
    async fn rfc7644_table_3_every_operator_on_every_attribute(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        entra.policy("unknown_role", "accept").await;
        for value in ["Alpha_1", "beta%2"] {
            entra.post(&filled(value)).await.is(201);
        }
        entra.post(&json!({"userName": "nothing"})).await.is(201);
        for path in TEXTS {
            let name = path.replace("ENT", ENT);
            let exact = *path == "externalId" || REFERENCES.contains(path);
            let (first, second) = (text("Alpha_1", path), text("beta%2", path));
            let third = (*path == "userName").then_some("nothing");
            let users = [(first.as_str(), Some(first.as_str())), (second.as_str(), Some(second.as_str())), ("nothing", third)];
            let all = ["eq", "co", "ne", "sw", "ew", "gt", "ge", "lt", "le"];
            for op in if IN_FULL.contains(path) { &all[..] } else { &all[..2] } {
                let whole = first.to_uppercase();
                let operands: &[&str] = match *op {
                    "eq" if exact && !IN_FULL.contains(path) => &[&whole, &first],
                    "eq" if !IN_FULL.contains(path) => &[&whole],
                    "eq" | "ne" => &[&whole, "alpha", ""],
                    "co" => &["A_1", "%"],
                    "sw" => &["ALPHA_", "b", "%"],
                    "ew" => &[&whole[3..], "2"],
                    _ => &[&first, "b"],
                };
                for operand in operands {
                    let mut expected: Vec<&str> = users
                        .iter()
                        .filter(|(_, value)| holds(op, *value, operand, exact))
                        .map(|(user, _)| *user)
                        .collect();
                    for user in &mut expected {
                        *user = match *user {
                            user if user == first => "Alpha_1 userName",
                            user if user == second => "beta%2 userName",
                            other => other,
                        };
                    }
                    expected.sort_unstable();
                    let filter = format!("{name} {op} {}", json!(operand));
                    assert_eq!(entra.found(&filter).await, expected, "{filter}");
                    let mut others = vec!["Alpha_1 userName", "beta%2 userName", "nothing"];
                    others.retain(|user| !expected.contains(user));
                    let negated = format!("not ({filter})");
                    assert_eq!(entra.found(&negated).await, others, "{negated}");
                }
            }
            let mut present = vec!["Alpha_1 userName", "beta%2 userName"];
            present.extend(third);
            assert_eq!(entra.found(&format!("{name} pr")).await, present, "{name} pr");
        }
    }

    async fn rfc7644_3_4_2_2_binary_and_bare_attributes(entra: Entra) {
        let values = json!({"x509Certificates": [{"value": "TUlJQw=="}], "ims": [{"value": "i"}], "entitlements": [{"value": "e"}],
            "photos": [{"value": "https://x/p"}], "phoneNumbers": [{"value": "+1"}], (ENT): {"manager": {"value": "m"}}});
        entra.create_with("ana", values).await;
        entra.create("ben").await;
        for (attribute, value) in [("x509Certificates", "TUlJQw=="), ("ims", "i"), ("entitlements", "e"), ("photos", "https://x/p"),
            ("phoneNumbers", "+1"), ("manager", "m")]
        {
            assert_eq!(entra.found(&format!("{attribute} eq \"{value}\"")).await, ["ana"], "{attribute}");
            assert_eq!(entra.found(&format!("{attribute} ne \"{value}\"")).await, ["ben"], "{attribute}");
            assert_eq!(entra.found(&format!("{attribute}.value pr")).await, ["ana"], "{attribute}");
        }
        // RFC 7643 2.3.6: binary values are told apart by case, and are base64.
        let id = entra.create_with("eve", json!({"x509Certificates": [{"value": "QUJD"}, {"value": "qujd"}]})).await;
        for (filter, expected) in [("x509Certificates eq \"QUJD\"", vec!["eve"]), ("x509Certificates.value eq \"quJD\"", vec![]),
            ("x509Certificates[value eq \"qujd\"]", vec!["eve"]), ("x509Certificates[value eq \"QUjd\"]", vec![]),
            ("x509Certificates co \"UJ\"", vec!["eve"]), ("x509Certificates sw \"qUJ\"", vec![]), ("x509Certificates.value sw \"tulj\"", vec![])]
        {
            assert_eq!(entra.found(filter).await, expected, "{filter}");
        }
        let after = entra.patch(&id, json!([{"op": "remove", "path": "x509Certificates[value eq \"QUJD\"]"}])).await.is(200);
        assert_eq!(after["x509Certificates"], json!([{"value": "qujd"}]));
        for answer in [
            entra.change(&id, "add", "x509Certificates", json!("not base64 !!")).await,
            entra.change(&id, "add", "x509Certificates[value eq \"not base64 !!\"].display", json!("D")).await,
        ] {
            assert!(answer.is_error(400, "invalidValue").contains("x509Certificates.value must be text in base64"));
        }
        // RFC 7643 2.3.7: so are references.
        let id = entra.create_with("kim", json!({"photos": [{"value": "https://x/A"}, {"value": "https://x/a"}]})).await;
        assert_eq!(entra.user(&id).await["photos"], json!([{"value": "https://x/A"}, {"value": "https://x/a"}]));
        for (filter, expected) in [("photos eq \"https://x/A\"", vec!["kim"]), ("photos eq \"https://X/a\"", vec![]),
            ("photos[value ew \"/A\"]", vec!["kim"]), ("photos[value eq \"HTTPS://x/A\"]", vec![])]
        {
            assert_eq!(entra.found(filter).await, expected, "{filter}");
        }
        entra.change(&id, "add", "photos", json!([{"value": "https://x/B"}, {"value": "https://x/b"}])).await.is(200);
        entra.change(&id, "remove", "photos", json!([{"value": "https://x/A"}, {"value": "https://x/B"}])).await.is(200);
        let after = entra.patch(&id, json!([{"op": "remove", "path": "photos[value eq \"https://x/B\"]"}])).await.is(200);
        assert_eq!(after["photos"], json!([{"value": "https://x/a"}, {"value": "https://x/b"}]));
        for filter in ["x509Certificates gt \"a\"", "x509Certificates.value le \"a\"", "addresses eq \"a\""] {
            entra.filter(filter).await.is_error(400, "invalidFilter");
        }
    }
}
