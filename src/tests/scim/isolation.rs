//! Organizations never see or touch each other's users.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::db_test;
use crate::support::app::TestApp;
use crate::support::entra::{Entra, user, user_names};

const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn state(entra: &Entra<'_>, id: &str) -> (Value, usize, usize) {
    (
        entra.user(id).await,
        entra.history(id).await.len(),
        entra.users().await,
    )
}

db_test! {
    async fn every_verb_with_a_foreign_id_is_the_404_of_no_id_at_all(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let foreign = fabrikam.create("ana").await;
        contoso.create("ana").await;
        let before = state(&fabrikam, &foreign).await;
        let patch = json!({"Operations": [{"op": "Replace", "path": "active", "value": "False"}]});
        for (method, body) in [("GET", None), ("PUT", Some(user("ana"))), ("PATCH", Some(patch)), ("DELETE", None)] {
            let answer = contoso.send(method, &format!("/Users/{foreign}"), body.as_ref()).await;
            let detail = answer.is_error(404, "");
            let nobody = foreign.replace(&foreign[30..], "000000");
            let other = contoso.send(method, &format!("/Users/{nobody}"), body.as_ref()).await.is_error(404, "");
            assert_eq!(detail.replace(&foreign, "ID"), other.replace(&nobody, "ID"), "{method}");
            assert_eq!(answer.header("etag"), "");
            let entry = contoso.entry(&answer).await;
            assert_eq!((entry.user_name, entry.label), (None, None), "{method}: the entry names nobody");
        }
        for tag in ["*", "W/\"1\""] {
            contoso.with("DELETE", &format!("/Users/{foreign}"), ("if-match", tag), "").await.is_error(404, "");
        }
        assert_eq!(state(&fabrikam, &foreign).await, before);
    }

    async fn foreign_tokens_open_nothing(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let id = fabrikam.create("ana").await;
        let before = state(&fabrikam, &id).await;
        let thief = Entra::new(&app, "fabrikam", fabrikam.organization_id.clone(), contoso.token.clone());
        for (method, path, body) in [
            ("GET", "/Users".to_owned(), None),
            ("GET", format!("/Users/{id}"), None),
            ("POST", "/Users".to_owned(), Some(user("eve"))),
            ("POST", "/.search".to_owned(), Some(json!({}))),
            ("PUT", format!("/Users/{id}"), Some(user("eve"))),
            ("PATCH", format!("/Users/{id}"), Some(json!({"Operations": []}))),
            ("DELETE", format!("/Users/{id}"), None),
            ("GET", "/Schemas".to_owned(), None),
            ("GET", "/ResourceTypes".to_owned(), None),
            ("GET", "/Me".to_owned(), None),
            ("GET", "".to_owned(), None),
        ] {
            thief.send(method, &path, body.as_ref()).await.is_error(401, "");
        }
        assert_eq!(state(&fabrikam, &id).await, before);
        // The address decides, however it is written.
        for uri in ["/scim/fabrikam/v2/Users", "/scim//fabrikam/Users", "/scim/contoso/../fabrikam/v2/Users", "/scim/contoso%2F..%2Ffabrikam/v2/Users"] {
            let request = Request::get(uri).header("authorization", format!("Bearer {}", contoso.token));
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            assert!([401, 404].contains(&answer.status), "{uri}: {}", answer.text);
            assert!(!answer.text.contains("ana"), "{uri}");
        }
    }

    async fn filters_lists_and_searches_see_the_own_users_only(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let more = json!({"externalId": "shared", "title": "secret", "emails": [{"type": "work", "value": "a@x"}],
            "displayName": "Hidden", (ENT): {"department": "D", "manager": {"value": "m"}}});
        let foreign = fabrikam.create_with("foreign", more.clone()).await;
        contoso.create_with("own", json!({"externalId": "mine"})).await;
        for filter in [
            format!("id eq \"{foreign}\""),
            format!("meta.location eq \"https://provisioning.test/scim/fabrikam/v2/Users/{foreign}\""),
            format!("meta.location eq \"https://provisioning.test/scim/contoso/v2/Users/{foreign}\""),
            "userName eq \"foreign\"".to_owned(),
            "userName sw \"f\"".to_owned(),
            "externalId eq \"shared\"".to_owned(),
            "title eq \"secret\"".to_owned(),
            "displayName co \"idd\"".to_owned(),
            "emails[type eq \"work\"].value eq \"a@x\"".to_owned(),
            "emails[not (type eq \"home\")]".to_owned(),
            "emails pr".to_owned(),
            format!("{ENT}:department eq \"D\""),
            format!("schemas eq \"{ENT}\""),
            "manager pr and not (userName eq \"own\")".to_owned(),
            "title pr or emails pr or externalId eq \"shared\"".to_owned(),
        ] {
            assert_eq!(contoso.found(&filter).await, [""; 0], "{filter}");
            assert!(!fabrikam.found(&filter).await.is_empty() || filter.contains("/contoso/") , "{filter}");
        }
        for filter in ["not (title eq \"secret\")", "emails ne \"a@x\"", "id pr", "active eq true", "title eq null"] {
            assert_eq!(contoso.found(filter).await, ["own"], "{filter}");
        }
        for query in ["", "?sortBy=userName", "?sortBy=emails", "?sortBy=title&sortOrder=descending", "?count=1"] {
            let list = contoso.get(&format!("/Users{query}")).await.is(200);
            assert_eq!((user_names(&list), &list["totalResults"]), (vec!["own".to_owned()], &json!(1)), "{query}");
        }
        let search = contoso.send("POST", "/.search", Some(&json!({"filter": "userName pr"}))).await.is(200);
        assert_eq!(user_names(&search), ["own"]);
    }

    async fn the_same_names_live_side_by_side(db: TestDb) {
        let app = TestApp::new(db).await;
        let contoso = app.entra("contoso").await;
        let fabrikam = app.entra("fabrikam").await;
        let mut ids = Vec::new();
        for entra in [&contoso, &fabrikam] {
            let answer = entra.post(&user("ana@example.com")).await;
            let location = answer.is(201)["meta"]["location"].as_str().unwrap().to_owned();
            assert!(location.contains(&format!("/scim/{}/v2/", entra.slug)), "{location}");
            ids.push(answer.id());
        }
        assert_ne!(ids[0], ids[1]);
        contoso.policy("unknown_role", "accept").await;
        contoso.policy("missing_names", "accept").await;
        let role = json!("Boss");
        contoso.change(&ids[0], "Replace", "roles[primary eq \"True\"].value", role.clone()).await.is(200);
        // Policies and catalogue are each organization's own.
        let refused = fabrikam.change(&ids[1], "Replace", "roles[primary eq \"True\"].value", role).await;
        assert!(!refused.is_error(400, "invalidValue").contains("Boss,"));
        fabrikam.post(&json!({"userName": "x"})).await.is_error(400, "invalidValue");
        contoso.change(&ids[0], "Replace", "active", json!("False")).await.is(200);
        contoso.delete(&ids[0]).await.is(204);
        assert_eq!(fabrikam.user(&ids[1]).await["active"], true);
        let logs = [contoso.log().await, fabrikam.log().await];
        assert_eq!((logs[0].len(), logs[1].len()), (4, 4));
        assert!(logs[0].iter().all(|entry| entry.user_id.as_ref() != Some(&ids[1])));
        assert!(logs[0].iter().all(|entry| logs[1].iter().all(|other| other.cycle_id != entry.cycle_id)));
    }
}
