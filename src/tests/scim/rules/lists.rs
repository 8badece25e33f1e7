//! Lists, index paging and `.search` (RFC 7644 3.4.2, 3.4.2.4, 3.4.3).

use std::collections::HashSet;

use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::entra::{Entra, user_names};

/// A user as stored, as far as lists far in are asked for it.
#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    external_id: Option<String>,
    active: bool,
}

async fn create_many(entra: &Entra<'_>, count: usize) {
    for index in 0..count {
        entra.create(&format!("user{index:03}")).await;
    }
}

/// totalResults, startIndex, itemsPerPage, and how many there are.
fn figures(list: &Value) -> (i64, i64, i64, usize) {
    let number = |name: &str| list[name].as_i64().unwrap();
    let shown = list["Resources"].as_array().unwrap().len();
    (
        number("totalResults"),
        number("startIndex"),
        number("itemsPerPage"),
        shown,
    )
}

entra_test! {
    async fn rfc7644_3_4_2_4_pages(entra: Entra) {
        create_many(&entra, 12).await;
        for (query, expected) in [
            ("", (12, 1, 12, 12)),
            ("?startIndex=1&count=5", (12, 1, 5, 5)),
            ("?startIndex=6&count=5", (12, 6, 5, 5)),
            ("?startIndex=11&count=5", (12, 11, 2, 2)),
            ("?startIndex=13&count=5", (12, 13, 0, 0)),
            ("?startIndex=1000000", (12, 1_000_000, 0, 0)),
            ("?startIndex=0&count=5", (12, 1, 5, 5)),
            ("?startIndex=-3&count=5", (12, 1, 5, 5)),
            ("?count=0", (12, 1, 0, 0)),
            ("?count=-1", (12, 1, 0, 0)),
            ("?count=12", (12, 1, 12, 12)),
            ("?count=99999999999999999999", (12, 1, 12, 12)),
            ("?startIndex=9223372036854775807", (12, i64::MAX, 0, 0)),
            ("?STARTINDEX=12&Count=5", (12, 12, 1, 1)),
            ("?startIndex=&count=", (12, 1, 12, 12)),
            ("?filter=userName+sw+%22user00%22&count=4&startIndex=9", (10, 9, 2, 2)),
            ("?filter=userName+eq+%22user003%22", (1, 1, 1, 1)),
            ("?filter=userName+eq+%22user003%22&startIndex=2", (1, 2, 0, 0)),
            ("?filter=userName+eq+%22user003%22&count=0", (1, 1, 0, 0)),
            ("?unknown=1&aadOptscim062020", (12, 1, 12, 12)),
        ] {
            let list = entra.get(&format!("/Users{query}")).await.is(200);
            assert_eq!(list["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
            assert_eq!(figures(&list), expected, "{query}");
        }
        for query in ["count=a", "count=1.5", "count=1e3", "startIndex=x", "startIndex=1%202", "count=--1"] {
            entra.get(&format!("/Users?{query}")).await.is_error(400, "invalidValue");
        }
    }

    async fn rfc7644_3_4_2_4_pages_are_stable_and_complete(entra: Entra) {
        create_many(&entra, 23).await;
        for order in ["", "&sortBy=active", "&sortBy=name.familyName&sortOrder=descending", "&filter=active+eq+true"] {
            let mut seen = Vec::new();
            for page in 0..5 {
                let query = format!("/Users?count=5&startIndex={}{order}", page * 5 + 1);
                seen.extend(user_names(&entra.get(&query).await.is(200)));
            }
            let distinct: HashSet<&String> = seen.iter().collect();
            assert_eq!((seen.len(), distinct.len()), (23, 23), "{order}");
        }
    }

    /// Past 20,000 users a list is no longer walked user by user.
    async fn rfc7644_3_4_2_4_pages_far_into_a_list(entra: Entra) {
        let id = entra.create("ana").await;
        let copies = "INSERT INTO users (id, organization_id, user_name, user_name_key, external_id, active, label, label_key, \
             role_state, version, created_at, updated_at, document) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24000) \
             SELECT id || '-' || (100000 + i), organization_id, user_name || i, user_name_key || i, \
             CASE WHEN i % 8 = 0 THEN NULL ELSE external_id || i END, CASE WHEN i % 7 = 0 THEN NOT active ELSE active END, \
             label, label_key, role_state, version, created_at, updated_at - i % 1000, document FROM users, n WHERE id = $1";
        entra.app.execute(sql(copies).bind(&id)).await;
        let counted = "UPDATE user_counts SET users = users + 24000 WHERE organization_id = $1";
        entra.app.execute(sql(counted).bind(&entra.organization_id)).await;
        assert_eq!(entra.users().await, 24_001);

        let users: Vec<Stored> = entra.app.rows(sql("SELECT id, external_id, active FROM users ORDER BY id")).await;
        type Holds<'a> = &'a dyn Fn(&Stored) -> bool;
        let cases: &[(&str, Holds<'_>)] = &[
            ("active eq true", &|user| user.active),
            ("not (active eq false)", &|user| user.active),
            ("externalId pr", &|user| user.external_id.is_some()),
            ("externalId pr or active eq true", &|user| user.external_id.is_some() || user.active),
        ];
        for (filter, holds) in cases {
            let expected: Vec<&str> = users.iter().filter(|user| holds(user)).map(|user| user.id.as_str()).collect();
            for start in [20_001, expected.len() - 2] {
                let filter = filter.replace(' ', "+");
                let list = entra.get(&format!("/Users?filter={filter}&startIndex={start}&count=5")).await.is(200);
                assert_eq!(list["totalResults"], expected.len(), "{filter}");
                let resources = list["Resources"].as_array().unwrap();
                let ids: Vec<&str> = resources.iter().map(|user| user["id"].as_str().unwrap()).collect();
                let page: Vec<&str> = expected.iter().copied().skip(start - 1).take(5).collect();
                assert_eq!(ids, page, "{filter} from {start}");
            }
        }
    }

    async fn rfc7644_3_4_2_4_default_page_and_its_limit(entra: Entra) {
        create_many(&entra, 101).await;
        let list = entra.get("/Users").await.is(200);
        assert_eq!(figures(&list), (101, 1, 100, 100));
        let config = entra.get("/ServiceProviderConfig").await.is(200);
        assert_eq!(config["pagination"]["defaultPageSize"], 100);
        assert_eq!(config["filter"]["maxResults"], 1_000);
        assert_eq!(figures(&entra.get("/Users?count=5000").await.is(200)), (101, 1, 101, 101));
    }

    async fn rfc7644_3_4_2_1_the_root_lists_users(entra: Entra) {
        create_many(&entra, 2).await;
        let all = entra.get("/Users").await.is(200);
        assert_eq!(entra.get("").await.is(200), all);
        assert_eq!(entra.get("/?count=1&startIndex=2").await.is(200)["totalResults"], 2);
        let found = entra.get("?filter=userName+eq+%22user001%22").await.is(200);
        assert_eq!(user_names(&found), ["user001"]);
    }

    async fn rfc7644_3_4_2_1_at_the_root_an_unknown_attribute_has_no_value(entra: Entra) {
        create_many(&entra, 2).await;
        for (filter, total) in [
            ("members pr", 0), ("colour eq \"red\"", 0), ("colour gt 5", 0), ("colour eq null", 2), ("colour ne null", 0),
            ("colour ne \"red\"", 2), ("colour ne true", 2), ("not (members pr)", 2), ("urn:x:2.0:Thing:size eq 5", 0),
            ("members[value eq \"1\" and not (type eq \"User\")]", 0), ("members[value eq \"1\"].display ne \"x\"", 0),
            ("emails.colour pr", 0), ("roles[colour pr]", 0), ("roles[not (colour pr)]", 2), ("roles[value pr].colour ne \"red\"", 2),
            ("password pr", 0), ("password sw \"a\"", 0),
            ("userName eq \"user001\" or members pr", 1), ("userName eq \"user001\" and members pr", 0),
        ] {
            let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish();
            assert_eq!(entra.get(&format!("?{query}")).await.is(200)["totalResults"], total, "{filter}");
            let body = json!({"filter": filter});
            assert_eq!(entra.send("POST", "/.search", Some(&body)).await.is(200)["totalResults"], total, "{filter}");
            entra.filter(filter).await.is_error(400, "invalidFilter");
            entra.send("POST", "/Users/.search", Some(&body)).await.is_error(400, "invalidFilter");
        }
        for filter in ["members", "members eq", "members xx 1", "members[value eq]", "members[value eq \"1\"", "a b c", "mem/bers pr"] {
            entra.send("POST", "/.search", Some(&json!({"filter": filter}))).await.is_error(400, "invalidFilter");
        }
    }

    async fn rfc7644_3_4_3_search_answers_like_get(entra: Entra) {
        create_many(&entra, 7).await;
        for (query, search) in [
            ("", json!({})),
            ("?filter=userName+eq+%22USER003%22", json!({"filter": "userName eq \"USER003\""})),
            ("?startIndex=3&count=2&sortBy=userName&sortOrder=descending",
                json!({"startIndex": 3, "count": 2, "sortBy": "userName", "sortOrder": "descending"})),
            ("?startIndex=3&count=2", json!({"startIndex": "3", "count": "2"})),
            ("?attributes=userName,name.givenName", json!({"attributes": ["userName", "name.givenName"]})),
            ("?excludedAttributes=roles", json!({"excludedAttributes": "roles"})),
            ("?count=0", json!({"COUNT": 0, "filter": null})),
        ] {
            let expected = entra.get(&format!("/Users{query}")).await.is(200);
            let mut body = search;
            body["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]);
            for path in ["/Users/.search", "/.search", "/Users/.search/"] {
                assert_eq!(entra.send("POST", path, Some(&body)).await.is(200), expected, "{path} {body}");
            }
        }
        for (body, scim_type) in [
            (json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}), "invalidSyntax"),
            (json!({"filter": "a b c"}), "invalidFilter"),
            (json!({"count": "many"}), "invalidValue"),
            (json!({"count": [1]}), "invalidValue"),
            (json!({"attributes": [1]}), "invalidValue"),
            (json!([1]), "invalidSyntax"),
        ] {
            let answer = entra.send("POST", "/Users/.search", Some(&body)).await;
            answer.is_error(400, scim_type);
        }
        let get = entra.get("/Users/.search").await;
        get.is_error(405, "");
        assert_eq!(get.header("allow"), "POST");
    }

    async fn entra_7_the_reference_check(entra: Entra) {
        let boss = entra.create("boss").await;
        let ent = super::super::ENT;
        let id = entra.create_with("ana", json!({(ent): {"manager": {"value": boss}}})).await;
        for (manager, total) in [(boss.as_str(), 1), ("other", 0)] {
            for attribute in ["manager", &format!("{ent}:manager"), "manager.value"] {
                let filter = format!("id eq \"{id}\" and {attribute} eq \"{manager}\"");
                let query: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("filter", &filter)
                    .append_pair("attributes", "id")
                    .finish();
                let list = entra.get(&format!("/Users?{query}")).await.is(200);
                assert_eq!(list["totalResults"], total, "{filter}");
                if total == 1 {
                    let schemas = json!([super::super::CORE, ent]);
                    assert_eq!(list["Resources"], json!([{"schemas": schemas, "id": id}]));
                }
            }
        }
    }
}
