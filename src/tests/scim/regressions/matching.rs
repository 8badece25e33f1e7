//! Filters, matching and uniqueness.

use rhombus_provisioning::model::log::LogFilter;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::services::log_search;
use serde_json::json;

use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

/// An empty list, as Entra's probe wants it.
#[track_caller]
fn is_empty_list(answer: &Answer) {
    let empty = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    });
    assert_eq!(answer.is(200), empty);
}

/// The entry's line in the list; its own page says the same.
async fn summary_of(entra: &Entra<'_>, id: &str) -> String {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: entra.slug.clone(),
    };
    let allowed = Allowed::command_line(Permission::ReadLogs, Some(organization));
    let filter = LogFilter {
        request_id: Some(id.to_owned()),
        ..LogFilter::default()
    };
    let app = &entra.app.app;
    let mut page = log_search::list(app, &allowed, &filter).await.unwrap().page;
    let detail = log_search::detail(app, &allowed, id).await.unwrap();
    let row = page.items.swap_remove(0);
    assert_eq!(detail.row.summary, row.summary);
    row.summary
}

entra_test! {
    async fn e20_external_id_and_unquoted_values(entra: Entra) {
        entra.create_with("ana@contoso.com", json!({"externalId": "jyoung"})).await;
        entra.create_with("ben@contoso.com", json!({"externalId": "JYoung"})).await;
        assert_eq!(entra.found("externalId eq \"jyoung\"").await, ["ana@contoso.com"]);
        assert_eq!(entra.found("externalId eq jyoung").await, ["ana@contoso.com"]);
        assert_eq!(entra.found("externalId eq \"JYOUNG\"").await, [""; 0]);
        assert_eq!(entra.found("userName eq ben@contoso.com").await, ["ben@contoso.com"]);
        entra.filter("externalId ne jyoung").await.is_error(400, "invalidFilter");
    }

    async fn e21_filters_on_emails_are_never_unfiltered_lists(entra: Entra) {
        let work = json!({"emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "h@x"}]});
        entra.create_with("ana", work).await;
        entra.create_with("ben", json!({"emails": [{"type": "home", "value": "a@x"}]})).await;
        entra.create("eve").await;
        for (filter, expected) in [
            ("emails.value eq \"A@x\"", vec!["ana", "ben"]),
            ("emails eq \"a@x\"", vec!["ana", "ben"]),
            ("emails[type eq \"work\"].value eq \"a@x\"", vec!["ana"]),
            ("emails[type eq \"work\" and value eq \"a@x\"]", vec!["ana"]),
            ("emails[type eq \"work\"].value eq \"h@x\"", vec![]),
            ("emails.value eq \"nobody\"", vec![]),
        ] {
            assert_eq!(entra.found(filter).await, expected, "{filter}");
        }
        for filter in ["emails.color eq \"a\"", "mail eq \"a@x\"", "emails[type eq \"work\"].color eq \"a\""] {
            entra.filter(filter).await.is_error(400, "invalidFilter");
        }
    }

    async fn e22_no_match_is_an_empty_list(entra: Entra) {
        for filter in ["userName eq \"nobody\"", "id eq \"nobody\"", "externalId eq \"x\"", "active eq false"] {
            is_empty_list(&entra.filter(filter).await);
        }
        entra.get("/Users/nobody").await.is_error(404, "");
    }

    async fn e28_conflicts_are_409_uniqueness_by_user_name(entra: Entra) {
        let id = entra.create_with("ana@contoso.com", json!({"emails": [{"value": "a@x"}]})).await;
        for taken in ["ana@contoso.com", "Ana@Contoso.COM"] {
            let answer = entra.post(&user(taken)).await;
            let detail = answer.is_error(409, "uniqueness");
            assert!(detail.contains("userName") && detail.contains(&id), "{detail}");
            let entry = entra.entry(&answer).await;
            assert_eq!(entry.reason.as_deref(), Some("user_name_taken"));
            assert_eq!(entry.attribute.as_deref(), Some("userName"));
        }
        // Nothing else is unique: not the address, not the externalId.
        let same = json!({"emails": [{"value": "a@x"}], "externalId": "ext-ana@contoso.com"});
        let other = entra.create_with("ben@contoso.com", same).await;
        entra.change(&other, "Replace", "userName", json!("ANA@contoso.com")).await.is_error(409, "uniqueness");
        // The own name in another case is no conflict.
        let user = entra.change(&id, "Replace", "userName", json!("ANA@contoso.com")).await.is(200);
        assert_eq!(user["userName"], "ANA@contoso.com");
        assert_eq!(entra.users().await, 2);
    }

    async fn e29_user_name_is_unique_and_found_in_any_case(entra: Entra) {
        entra.create("Ünal.Straße@contoso.com").await;
        for name in ["ünal.straße@contoso.com", "ÜNAL.STRAßE@CONTOSO.COM", "U\u{308}nal.Straße@contoso.com"] {
            assert_eq!(entra.found(&format!("userName eq \"{name}\"")).await, ["Ünal.Straße@contoso.com"]);
            entra.post(&user(name)).await.is_error(409, "uniqueness");
        }
        // Greek's final sigma is a matter of case too.
        entra.create_with("Οδυσσευς", json!({"displayName": "ΟΔΥΣΣΕΥΣ", "title": "ΟΔΥΣΣΕΥΣ"})).await;
        entra.post(&user("ΟΔΥΣΣΕΥΣ")).await.is_error(409, "uniqueness");
        for filter in ["userName eq \"οδυσσευσ\"", "displayName sw \"ΟΔΥΣ\"", "title sw \"οδυς\"", "title co \"ΣΣΕΥΣ\""] {
            assert_eq!(entra.found(filter).await, ["Οδυσσευς"], "{filter}");
        }
    }

    async fn e30_filter_and_uniqueness_see_the_same_users(entra: Entra) {
        for (name, active) in [("ana", true), ("ben", false)] {
            entra.create_with(name, json!({"active": active})).await;
            assert_eq!(entra.found(&format!("userName eq \"{name}\"")).await, [name]);
            entra.post(&user(name)).await.is_error(409, "uniqueness");
        }
        let gone = entra.create("eve").await;
        entra.delete(&gone).await.is(204);
        assert_eq!(entra.found("userName eq \"eve\"").await, [""; 0]);
        assert_ne!(entra.create("eve").await, gone);
    }

    async fn e31_inactive_users_are_read_and_found(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        assert_eq!(entra.user(&id).await["active"], false);
        for filter in ["userName eq \"ana@contoso.com\"", "active eq false", "externalId eq \"ext-ana@contoso.com\""] {
            assert_eq!(entra.found(filter).await, ["ana@contoso.com"], "{filter}");
        }
        assert_eq!(entra.get("/Users").await.is(200)["totalResults"], 1);
        let user = entra.change(&id, "Replace", "active", json!("True")).await.is(200);
        assert_eq!(user["active"], true);
    }

    async fn e50_probes_are_recognized(entra: Entra) {
        let guid = "c5f6a0f2-4ba4-4f5e-9d34-3f06a1dbbd0e";
        for name in [guid.to_owned(), format!("AzureAD_Test-{guid}")] {
            let answer = entra.filter(&format!("userName eq \"{name}\"")).await;
            is_empty_list(&answer);
            assert_eq!(entra.entry(&answer).await.action, "test_connection");
        }
        let answer = entra.filter("userName eq \"ana@contoso.com\"").await;
        assert_eq!(entra.entry(&answer).await.action, "match");
        // A user with such a name is a match like any other.
        entra.create(guid).await;
        let answer = entra.filter(&format!("userName eq \"{guid}\"")).await;
        assert_eq!(answer.is(200)["totalResults"], 1);
        assert_eq!(entra.entry(&answer).await.action, "match");
    }

    async fn e50_probes_of_whatever_attribute_is_matched_by(entra: Entra) {
        let guid = "c5f6a0f2-4ba4-4f5e-9d34-3f06a1dbbd0e";
        for (attribute, action) in [
            ("emails[type eq \"work\"].value", "test_connection"),
            ("emails", "test_connection"),
            ("phoneNumbers.value", "test_connection"),
            ("displayName", "test_connection"),
            ("employeeNumber", "test_connection"),
            ("active eq true and userName", "test_connection"),
            // These are GUIDs in earnest.
            ("id", "match"),
            ("externalId", "match"),
            ("manager", "match"),
            // Nobody is matched by these.
            ("title", "list"),
            ("emails.display", "list"),
        ] {
            let answer = entra.filter(&format!("{attribute} eq \"{guid}\"")).await;
            is_empty_list(&answer);
            assert_eq!(entra.entry(&answer).await.action, action, "{attribute}");
        }
    }

    async fn a_match_is_by_what_tells_people_apart(entra: Entra) {
        let shared = json!({"emails": [{"type": "work", "value": "team@x"}], "externalId": "e1"});
        let id = entra.create_with("ana", shared.clone()).await;
        entra.create_with("ben", shared).await;
        for (filter, action, summary) in [
            ("userName eq \"ANA\"", "match", "Found Ana Ruiz"),
            ("userName eq \"ana\" and active eq true", "match", "Found Ana Ruiz"),
            (&format!("id eq \"{id}\" and manager eq \"{id}\""), "match", "No user fits"),
            ("userName eq \"eve\"", "match", "No user fits"),
            ("externalId eq \"e2\"", "match", "No user fits"),
            ("externalId eq \"e1\"", "match", "2 users fit"),
            ("emails[type eq \"work\"].value eq \"TEAM@x\"", "match", "2 users fit"),
            ("active eq true", "list", "Listed users"),
            ("emails[type eq \"work\"]", "list", "Listed users"),
            ("userName eq \"ana\" or userName eq \"ben\"", "list", "Listed users"),
            ("userName ne \"ana\"", "list", "Listed users"),
        ] {
            let answer = entra.filter(filter).await;
            answer.is(200);
            let entry = entra.entry(&answer).await;
            assert_eq!((entry.action.as_str(), entry.reason), (action, None), "{filter}");
            assert_eq!(summary_of(&entra, &entry.id).await, summary, "{filter}");
        }
    }
}
