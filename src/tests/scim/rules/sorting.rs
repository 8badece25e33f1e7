//! Sorting (RFC 7644 3.4.2.3).

use serde_json::json;

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
}
