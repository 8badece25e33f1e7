//! Sorting (RFC 7644 3.4.2.3).

use serde_json::{Value, json};

use super::ENT;
use crate::entra_test;
use crate::support::entra::user_names;

entra_test! {
    async fn rfc7644_3_4_2_3_order_of_values(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        let rows = [
            ("c", json!({"title": "beta", "externalId": "B", "active": true, "name": {"familyName": "Zorn"},
                "emails": [{"value": "z@x"}, {"value": "a@x", "primary": true}], (ENT): {"department": "2"}})),
            ("A", json!({"title": "Alpha", "externalId": "a", "active": false, "name": {"familyName": "arp"},
                "emails": [{"value": "m@x"}, {"value": "b@x"}], (ENT): {"department": "10"}})),
            ("b", json!({"externalId": null, "name": {"givenName": "x"}, "emails": null})),
        ];
        for (name, more) in rows {
            entra.create_with(name, more).await;
            entra.app.advance(1_000);
        }
        for (sort_by, ascending) in [
            ("userName", ["A", "b", "c"]),
            ("USERNAME", ["A", "b", "c"]),
            // Without regard to case; those without the value last.
            ("title", ["A", "c", "b"]),
            ("name.familyName", ["A", "c", "b"]),
            // externalId is caseExact: "B" is before "a".
            ("externalId", ["c", "A", "b"]),
            // The primary value, else the first.
            ("emails", ["c", "A", "b"]),
            ("emails.value", ["c", "A", "b"]),
            (&format!("{ENT}:department"), ["A", "c", "b"]),
            ("meta.created", ["c", "A", "b"]),
            ("meta.lastModified", ["c", "A", "b"]),
            // The first value is everybody's, so that the ids decide.
            ("schemas", ["c", "A", "b"]),
        ] {
            let list = entra.get(&format!("/Users?sortBy={sort_by}")).await.is(200);
            assert_eq!(user_names(&list), ascending, "{sort_by}");
            let list = entra.get(&format!("/Users?sortBy={sort_by}&sortOrder=Descending")).await.is(200);
            let mut descending = ascending;
            descending.reverse();
            assert_eq!(user_names(&list), descending, "{sort_by} descending");
        }
        let list = entra.get("/Users?sortBy=active&filter=title+pr").await.is(200);
        assert_eq!(user_names(&list), ["A", "c"]);
        let list = entra.get("/Users?sortBy=title&sortOrder=descending&startIndex=2&count=1").await.is(200);
        assert_eq!(user_names(&list), ["c"]);
        // Without sortBy the order of creation; sortOrder alone says nothing.
        assert_eq!(user_names(&entra.get("/Users?sortOrder=descending").await.is(200)), ["c", "A", "b"]);
    }

    async fn rfc7644_3_4_2_3_refusals(entra: Entra) {
        entra.create("ana").await;
        for query in ["sortBy=colour", "sortBy=name", "sortBy=password", "sortBy=addresses", "sortBy=a%20b", "sortOrder=up&sortBy=userName"] {
            entra.get(&format!("/Users?{query}")).await.is_error(400, "invalidValue");
        }
        assert_eq!(entra.get("/ServiceProviderConfig").await.is(200)["sort"]["supported"], true);
    }

    /// Whether the users are few or most, looked up or walked: pages are parts of one list, in the order of the values.
    async fn rfc7644_3_4_2_3_pages_are_parts_of_one_list(entra: Entra) {
        for index in 0..14_usize {
            let title = ["beta", "Alpha", "gamma"].get(index % 5);
            let mut emails = vec![json!({"value": format!("{}@x", (index * 7) % 10), "type": "work"})];
            if index % 4 == 0 {
                emails.push(json!({"value": format!("{index}@a"), "primary": true}));
            }
            entra.create_with(&format!("user{index:02}"), json!({
                "title": title,
                "displayName": (index % 3 != 0).then(|| format!("Name {}", index % 6)),
                "emails": if index % 7 == 3 { json!(null) } else { json!(emails) },
                "externalId": (index % 2 == 0).then(|| format!("{}", (index * 5) % 14)),
                "active": index % 6 != 1,
            })).await;
        }
        let primary = |user: &Value| {
            let emails = user["emails"].as_array()?;
            let found = emails.iter().find(|email| email["primary"] == true).or(emails.first())?;
            Some(found["value"].as_str()?.to_owned())
        };
        for filter in ["", "userName sw \"user0\"", "userName eq \"user03\" or title pr", "not (title eq \"alpha\")",
            "emails.value ew \"@a\"", "title pr and emails pr", "active eq true", "emails[type eq \"work\" and value sw \"1\"]"] {
            for sort in ["title", "emails", "displayName", "externalId", "userName"] {
                for order in ["ascending", "descending"] {
                    let query = format!("/Users?filter={}&sortBy={sort}&sortOrder={order}", encoded(filter));
                    let whole = entra.get(&query).await.is(200);
                    let users = whole["Resources"].as_array().unwrap();
                    assert!(!users.is_empty() && whole["totalResults"] == users.len(), "{query}");
                    let mut expected: Vec<(bool, String, String)> = users.iter().map(|user| {
                        let value = match sort {
                            "emails" => primary(user),
                            _ => user[sort].as_str().map(str::to_lowercase),
                        };
                        (value.is_none(), value.unwrap_or_default(), user["id"].as_str().unwrap().to_owned())
                    }).collect();
                    let found: Vec<String> = expected.iter().map(|(_, _, id)| id.clone()).collect();
                    expected.sort();
                    if order == "descending" {
                        expected.reverse();
                    }
                    let expected: Vec<String> = expected.into_iter().map(|(_, _, id)| id).collect();
                    assert_eq!(found, expected, "{query}");
                    let mut parts = Vec::new();
                    for start in (1..=users.len()).step_by(3) {
                        let part = entra.get(&format!("{query}&startIndex={start}&count=3")).await.is(200);
                        assert_eq!(part["totalResults"], whole["totalResults"], "{query} from {start}");
                        let ids = part["Resources"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned());
                        parts.extend(ids.collect::<Vec<_>>());
                    }
                    assert_eq!(parts, found, "{query} in parts");
                }
            }
        }
    }
}

/// As a query's value.
fn encoded(filter: &str) -> String {
    filter
        .replace(' ', "+")
        .replace('"', "%22")
        .replace('@', "%40")
}
