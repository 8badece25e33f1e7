//! The settings page: what it shows to whom, and the forms that change the organization.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::organization::{MissingNames, MissingRole, UnknownRole};
use rhombus_provisioning::model::page::Count;
use rhombus_provisioning::model::settings::Settings;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::services::{organizations, settings};
use serde_json::json;

use super::person::{account, cookie, open, post, tag};
use crate::entra_test;
use crate::support::entra::Entra;

const PAGE: &str = "/organizations/contoso/settings";

async fn person(entra: &Entra<'_>, email: &str, role: AccountRole) -> String {
    let slug = (role != AccountRole::Support).then_some("contoso");
    let id = account(entra.app, email, role, slug).await;
    cookie(entra.app, &id).await
}

async fn allowed(entra: &Entra<'_>) -> Allowed {
    let organization = organizations::find(&entra.app.app, "contoso")
        .await
        .unwrap();
    Allowed::command_line(Permission::ReadOrganization, organization)
}

async fn shown(entra: &Entra<'_>) -> Settings {
    settings::get(&entra.app.app, &allowed(entra).await)
        .await
        .unwrap()
}

entra_test! {
    async fn an_admin_pauses_and_resumes_and_entra_is_told(entra: Entra) {
        let admin = person(&entra, "dana@contoso.com", AccountRole::Admin).await;
        let asked = open(entra.app, &admin, &format!("{PAGE}/pause")).await;
        assert!(asked.text.contains("may show quarantine meanwhile"), "{}", asked.text);
        entra.filter("userName eq \"ana\"").await.is(200);

        let paused = post(entra.app, &admin, &format!("{PAGE}/pause"), "").await;
        assert_eq!((paused.status, paused.header("location")), (303, PAGE));
        assert_eq!(entra.filter("userName eq \"ana\"").await.status, 503);
        let page = open(entra.app, &admin, PAGE).await.text;
        assert!(page.contains("Resume provisioning") && page.contains("for up to four weeks"));

        let resumed = post(entra.app, &admin, &format!("{PAGE}/resume"), "").await;
        assert_eq!(resumed.status, 303);
        entra.filter("userName eq \"ana\"").await.is(200);

        entra.policy("state", "off").await;
        for act in ["pause", "resume"] {
            let refused = post(entra.app, &admin, &format!("{PAGE}/{act}"), "").await;
            assert_eq!(refused.status, 409);
            assert!(refused.text.contains("Ask Rhombus support to turn it on."));
            assert!(refused.text.contains("Provisioning Status"), "on the page itself");
        }
    }

    async fn name_and_policies_are_saved_apart(entra: Entra) {
        let admin = person(&entra, "dana@contoso.com", AccountRole::Admin).await;
        let policies = "missing_names=accept&missing_role=reject&unknown_role=accept";
        assert_eq!(post(entra.app, &admin, PAGE, policies).await.status, 303);
        assert_eq!(post(entra.app, &admin, PAGE, "name=Contoso+Group").await.status, 303);
        let detail = organizations::get(&entra.app.app, &allowed(&entra).await).await.unwrap();
        assert_eq!(detail.name, "Contoso Group");
        assert_eq!(
            (detail.missing_names, detail.missing_role, detail.unknown_role),
            (MissingNames::Accept, MissingRole::Reject, UnknownRole::Accept)
        );
        let long = "x".repeat(101);
        let refused = post(entra.app, &admin, PAGE, &format!("name={long}")).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("id=\"name-error\"") && refused.text.contains(&long), "what was typed stays");
        assert!(tag(&refused.text, "name").contains(" autofocus"), "one goes on where it was wrong");
        assert!(!tag(&open(entra.app, &admin, PAGE).await.text, "name").contains(" autofocus"));
    }

    async fn readers_see_everything_and_change_nothing(entra: Entra) {
        for (email, role) in [
            ("vera@contoso.com", AccountRole::Viewer),
            ("sam@rhombus.example", AccountRole::Support),
        ] {
            let reader = person(&entra, email, role).await;
            let page = open(entra.app, &reader, PAGE).await.text;
            for words in ["Tenant URL", "super_admin", "Values to type into Entra", "90 days", "2 years"] {
                assert!(page.contains(words), "{role:?} {words}");
            }
            for words in ["Pause provisioning", "Save changes", "Save name", "Add role", "Edit Viewer", "Move Viewer"] {
                assert!(!page.contains(words), "{role:?} {words}");
            }
        }
    }

    async fn the_mapping_says_what_users_carry(entra: Entra) {
        let carried = shown(&entra).await.carried;
        assert_eq!((carried.everyone, carried.without_given_name), (Count::Exactly(0), Count::Exactly(0)));
        entra.policy("missing_names", "accept").await;
        const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        entra.create("ana").await;
        entra.create_with("tom", json!({
            "name": {"familyName": "Lind"}, "roles": [], "title": "Engineer",
            "emails": [{"type": "work", "value": "tom@contoso.com"}, {"type": "home", "value": "tom@home.example"}],
        })).await;
        let mut eve = json!({"name": {"givenName": "Eve"}, "externalId": null, "title": ""});
        eve[ENTERPRISE] = json!({"department": "Sales"});
        entra.create_with("eve", eve).await;
        let other = entra.app.entra("fabrikam").await;
        other.create_with("zoe", json!({"title": "Elsewhere"})).await;
        let one = Count::Exactly(1);
        let carried = shown(&entra).await.carried;
        assert_eq!(carried.everyone, Count::Exactly(3));
        assert_eq!((carried.without_given_name, carried.without_family_name, carried.without_role), (one, one, one));
        assert_eq!((carried.with_work_email, carried.with_title, carried.with_department), (one, one, one));
        assert_eq!(carried.with_external_id, Count::Exactly(2));

        let reader = person(&entra, "vera@contoso.com", AccountRole::Viewer).await;
        let page = open(entra.app, &reader, PAGE).await.text;
        assert!(page.contains("1 without") && page.contains("2 of 3"), "{page}");
        assert!(page.contains("role_state=defaulted"), "the users without a role are one click away");
        assert!(page.contains("No, with a warning"), "required as the policy enforces it");
    }
}

entra_test! {
    async fn an_admin_says_how_many_users_are_expected(entra: Entra) {
        let admin = person(&entra, "dana@contoso.com", AccountRole::Admin).await;
        let expected = || async {
            let detail = organizations::get(&entra.app.app, &allowed(&entra).await).await.unwrap();
            detail.expected_users
        };
        for (typed, kept) in [("1%2C200", Some(1_200)), ("", None), ("1.000", Some(1_000)), ("30", Some(30))] {
            let saved = post(entra.app, &admin, PAGE, &format!("expected_users={typed}")).await;
            assert_eq!((saved.status, expected().await), (303, kept), "{typed}");
        }
        for typed in ["0", "many", "-5", "2.5", "10000001"] {
            let refused = post(entra.app, &admin, PAGE, &format!("expected_users={typed}")).await;
            assert_eq!((refused.status, expected().await), (422, Some(30)), "{typed}");
            assert!(refused.text.contains("Type a whole number of users"), "{typed}");
        }
        // Other forms of the page leave it alone.
        post(entra.app, &admin, PAGE, "missing_names=accept").await;
        assert_eq!(expected().await, Some(30));
    }
}
