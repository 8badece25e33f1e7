//! Terms that `and`, `or` and `not` combine select what they select alone, combined as sets; and the conditions of a value
//! path hold for one element.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ENT;
use crate::entra_test;
use crate::support::entra::Entra;

/// Of every way in which terms are looked for.
const TERMS: &[&str] = &[
    "title eq \"Director\"",
    "title sw \"d\"",
    "title pr",
    "nickName eq \"Bo\"",
    "displayName eq \"Ana Ruiz\"",
    "name.familyName eq \"Ruiz\"",
    "name pr",
    "externalId eq \"e3\"",
    "userName co \"1\"",
    "active eq true",
    "emails pr",
    "emails.value pr",
    "emails.value eq \"a@x\"",
    "emails[type eq \"work\"]",
    "emails[type eq \"work\" and value eq \"a@x\"]",
    "emails[type ne \"work\"]",
    "schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
];

fn users() -> impl Iterator<Item = Value> {
    (0..16_u32).map(|number| {
        let has = |bit: u32| number & bit != 0;
        let mut user = json!({
            "userName": format!("user-{number}"),
            "externalId": format!("e{number}"),
            "active": number % 3 != 0,
            "roles": [{"value": "viewer", "primary": true}],
        });
        if has(1) {
            user["title"] = json!(if has(2) { "Director" } else { "dean" });
        }
        if has(2) {
            user["displayName"] = json!(if has(8) { "Ana Ruiz" } else { "Ana Ruiz-Lee" });
        }
        if has(4) {
            user["nickName"] = json!("Bo");
            user["name"] =
                json!({"givenName": "Ana", "familyName": if has(1) { "Ruiz" } else { "Lee" }});
        } else if has(8) {
            user["name"] = json!({"formatted": "Ana"});
        }
        if number % 3 == 1 {
            user[ENT] = json!({"department": "D", "costCenter": "C"});
        }
        user["emails"] = match number % 5 {
            0 => json!([]),
            1 => json!([{"type": "work", "value": "a@x"}]),
            2 => json!([{"type": "home", "value": "a@x"}, {"type": "work", "value": "b@x"}]),
            3 => json!([{"type": "home"}, {"type": "work", "value": "a@x"}, {"value": "c@x"}]),
            _ => json!([{"type": "home", "display": "none"}]),
        };
        user
    })
}

/// The ids that a filter finds, in the order in which they are listed. Pages of three must list the same.
async fn found(entra: &Entra<'_>, filter: &str) -> Vec<String> {
    let ids = |list: &Value| -> Vec<String> {
        let resources = list["Resources"].as_array().unwrap();
        let id = |user: &Value| user["id"].as_str().unwrap().to_owned();
        resources.iter().map(id).collect()
    };
    let all = entra.filter(filter).await.is(200);
    let listed = ids(&all);
    assert_eq!(all["totalResults"], json!(listed.len()), "{filter}");
    let start = listed.len() / 2 + 1;
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("filter", filter)
        .append_pair("startIndex", &start.to_string())
        .append_pair("count", "3")
        .finish();
    let page = entra.get(&format!("/Users?{query}")).await.is(200);
    let rest: Vec<String> = listed.iter().skip(start - 1).take(3).cloned().collect();
    assert_eq!(ids(&page), rest, "{filter}");
    listed
}

entra_test! {
    async fn rfc7644_3_4_2_2_terms_combine_as_sets(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        for user in users() {
            entra.post(&user).await.is(201);
        }
        let set = |ids: Vec<String>| -> BTreeSet<String> { ids.into_iter().collect() };
        let everybody = set(found(&entra, "id pr").await);
        assert_eq!(everybody.len(), 16);
        let mut alone = Vec::new();
        for term in TERMS {
            let ids = set(found(&entra, term).await);
            assert!(!ids.is_empty() && ids.len() < 16, "{term} tells nobody apart");
            let others = set(found(&entra, &format!("not ({term})")).await);
            assert_eq!(others, &everybody - &ids, "not ({term})");
            alone.push((term, ids));
        }
        for (one, first) in &alone {
            for (other, second) in &alone {
                for (filter, expected) in [
                    (format!("{one} and {other}"), first & second),
                    (format!("{one} or {other}"), first | second),
                    (format!("{one} and not ({other})"), first - second),
                    (format!("not ({one}) and not ({other})"), &(&everybody - first) - second),
                    (format!("not ({one} or {other})"), &(&everybody - first) - second),
                ] {
                    let ids = found(&entra, &filter).await;
                    assert!(ids.is_sorted(), "{filter}");
                    assert_eq!(set(ids), expected, "{filter}");
                }
            }
        }
    }

    async fn rfc7644_3_4_2_2_conditions_of_a_value_path_hold_for_one_element(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        for user in users() {
            entra.post(&user).await.is(201);
        }
        let has = |email: &Value, part: &str, value: &str| email[part] == json!(value);
        type Holds<'a> = &'a dyn Fn(&Value) -> bool;
        let cases: &[(&str, Holds<'_>)] = &[
            ("type eq \"work\" and value eq \"a@x\"", &|email| has(email, "type", "work") && has(email, "value", "a@x")),
            ("not (type eq \"work\")", &|email| !has(email, "type", "work")),
            ("value ne \"a@x\" and type eq \"work\"", &|email| !has(email, "value", "a@x") && has(email, "type", "work")),
            ("not (type eq \"home\") and not (value eq \"a@x\")", &|email| !has(email, "type", "home") && !has(email, "value", "a@x")),
            ("type eq \"home\" and type eq \"work\"", &|_| false),
        ];
        for (filter, holds) in cases {
            let expected = users().filter(|user| user["emails"].as_array().unwrap().iter().any(holds)).count();
            let ids = found(&entra, &format!("emails[{filter}]")).await;
            assert_eq!(ids.len(), expected, "{filter}");
            let others = found(&entra, &format!("not (emails[{filter}])")).await;
            assert_eq!(others.len(), 16 - expected, "{filter}");
        }
    }
}
