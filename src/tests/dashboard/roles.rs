//! The role catalogue, changed by its forms, and what Entra is answered then.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::page::Count;
use rhombus_provisioning::model::role::RoleRow;
use rhombus_provisioning::model::user::RoleState;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::services::{audit_search, organizations, roles, user_directory};
use serde_json::{Value, json};

use super::person::{account, cookie, open, post};
use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

const SETTINGS: &str = "/organizations/contoso/settings";

async fn allowed(entra: &Entra<'_>, permission: Permission) -> Allowed {
    let organization = organizations::find(&entra.app.app, "contoso")
        .await
        .unwrap();
    Allowed::command_line(permission, organization)
}

async fn catalogue(entra: &Entra<'_>) -> Vec<RoleRow> {
    let allowed = allowed(entra, Permission::ReadOrganization).await;
    let catalogue = roles::list(&entra.app.app, &allowed).await.unwrap();
    assert_eq!(
        catalogue.total,
        u64::try_from(catalogue.roles.len()).unwrap()
    );
    catalogue.roles
}

async fn values(entra: &Entra<'_>) -> Vec<String> {
    let roles = catalogue(entra).await.into_iter();
    roles.map(|role| role.value).collect()
}

async fn role(entra: &Entra<'_>, value: &str) -> RoleRow {
    let roles = catalogue(entra).await.into_iter();
    roles.into_iter().find(|role| role.value == value).unwrap()
}

/// An Admin at a browser.
struct Admin<'a> {
    entra: &'a Entra<'a>,
    cookie: String,
}

impl<'a> Admin<'a> {
    async fn of(entra: &'a Entra<'a>) -> Self {
        let slug = Some("contoso");
        let id = account(entra.app, "dana@contoso.com", AccountRole::Admin, slug).await;
        let cookie = cookie(entra.app, &id).await;
        Self { entra, cookie }
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        post(
            self.entra.app,
            &self.cookie,
            &format!("{SETTINGS}{path}"),
            form,
        )
        .await
    }

    async fn open(&self, path: &str) -> Answer {
        open(self.entra.app, &self.cookie, &format!("{SETTINGS}{path}")).await
    }

    async fn add(&self, value: &str, name: &str, mapped: &str) -> Answer {
        let form = format!("value={value}&display_name={name}&description=&mapped_values={mapped}");
        self.post("/roles/new", &form).await
    }

    async fn edit(&self, value: &str, name: &str, mapped: &str) -> Answer {
        let id = role(self.entra, value).await.id;
        let form = format!("display_name={name}&description=Leads&mapped_values={mapped}");
        self.post(&format!("/roles/{id}"), &form).await
    }

    /// Presses a button of a role.
    async fn press(&self, value: &str, button: &str) -> Answer {
        let id = role(self.entra, value).await.id;
        self.post(&format!("/roles/{id}/{button}"), "").await
    }
}

#[track_caller]
fn is_done(answer: &Answer) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), format!("{SETTINGS}#roles"));
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status);
    let text = answer.text.replace("&amp;", "&").replace("&#x27;", "'");
    assert!(text.contains(words), "{words}: {text}");
}

/// The audit entries about roles, oldest first: action, target, changes.
async fn audited(entra: &Entra<'_>) -> Vec<(String, String, Vec<String>)> {
    let allowed = allowed(entra, Permission::ReadAudit).await;
    let filter = rhombus_provisioning::model::audit::AuditFilter {
        target: Some("role".to_owned()),
        ..Default::default()
    };
    let mut rows = audit_search::list(&entra.app.app, &allowed, &filter)
        .await
        .unwrap()
        .page
        .items;
    rows.reverse();
    let changes = |row: &rhombus_provisioning::model::audit::AuditRow| {
        let shown = row.changes.iter().map(|change| {
            let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "{}: {} > {}",
                change.attribute,
                side(&change.old),
                side(&change.new)
            )
        });
        shown.collect()
    };
    rows.into_iter()
        .map(|row| (row.action.clone(), row.target_name.clone(), changes(&row)))
        .collect()
}

fn sent(value: &str) -> Value {
    json!({"roles": [{"value": value, "primary": true}]})
}

entra_test! {
    async fn values_and_mapped_values_are_one_namespace_without_case(entra: Entra) {
        let admin = Admin::of(&entra).await;
        is_done(&admin.add("Team.Lead", "Team+lead", "lead%0D%0ALEITUNG%0Alead").await);
        assert!(admin.open("/roles/new").await.text.contains("Users stored already follow at once."));
        let added = role(&entra, "Team.Lead").await;
        assert_eq!(added.mapped_values, ["lead", "LEITUNG"]);
        assert_eq!((added.is_default, added.is_reviewed, added.users), (false, true, Count::Exactly(0)));

        for (value, mapped, field, words) in [
            ("TEAM.LEAD", "", "value", "\u{201c}TEAM.LEAD\u{201d} already means the role Team lead."),
            ("Leitung", "", "value", "\u{201c}Leitung\u{201d} already means the role Team lead."),
            ("boss", "Viewer", "mapped_values", "\u{201c}Viewer\u{201d} already means the role Viewer."),
            ("boss", "Lead", "mapped_values", "\u{201c}Lead\u{201d} already means the role Team lead."),
            ("boss", "Boss", "mapped_values", "\u{201c}Boss\u{201d} is the role\u{2019}s own value"),
            ("big+boss", "", "value", "Entra allows no spaces"),
        ] {
            let refused = admin.add(value, "Kept+as+typed", mapped).await;
            is_refused(&refused, 422, words);
            assert!(refused.text.contains(&format!("id=\"{field}-error\"")), "{field}");
            assert!(refused.text.contains("value=\"Kept as typed\""), "what was typed stays");
        }
        is_refused(&admin.edit("Team.Lead", "Team+lead", "ADMIN").await, 422, "already means the role Admin");
        is_refused(&admin.edit("Team.Lead", "Team+lead", "team.LEAD").await, 422, "own value");
        assert_eq!(values(&entra).await, ["super_admin", "admin", "viewer", "Team.Lead"]);
        assert_eq!(role(&entra, "Team.Lead").await.mapped_values, ["lead", "LEITUNG"]);

        let ana = entra.create_with("ana", sent("leitung")).await;
        assert_eq!(entra.user(&ana).await["roles"][0]["value"], "leitung", "as Entra sent it");
        assert_eq!(role(&entra, "Team.Lead").await.users, Count::Exactly(1));
    }

    async fn a_role_that_is_taken_away_from_one_may_mean_another(entra: Entra) {
        let admin = Admin::of(&entra).await;
        is_done(&admin.edit("viewer", "Reader", "guest%0Aauditor").await);
        is_refused(&admin.edit("admin", "Admin", "Guest").await, 422, "already means the role Reader");
        is_done(&admin.edit("viewer", "Reader", "auditor").await);
        is_done(&admin.edit("admin", "Admin", "Guest").await);
        let tom = entra.create_with("tom", sent("GUEST")).await;
        assert_eq!(role(&entra, "admin").await.users, Count::Exactly(1), "{tom}");
    }

    async fn a_role_in_use_and_the_default_role_stay(entra: Entra) {
        let admin = Admin::of(&entra).await;
        is_refused(&admin.press("viewer", "delete").await, 409, "Viewer is the default role");
        let ana = entra.create("ana").await;
        entra.change(&ana, "Replace", "active", json!("False")).await.is(200);
        is_refused(&admin.press("admin", "delete").await, 409, "1 user has the role Admin, inactive ones included.");
        let id = role(&entra, "admin").await.id;
        let asked = admin.open(&format!("/roles/{id}/delete")).await;
        assert_eq!(asked.status, 200);
        assert!(asked.text.contains("Back to the role") && !asked.text.contains("Keep role"));

        entra.change(&ana, "Replace", "roles[primary eq \"True\"].value", json!("viewer")).await.is(200);
        let asked = admin.open(&format!("/roles/{id}/delete")).await;
        assert!(asked.text.contains("Keep role"), "{}", asked.text);
        is_done(&admin.press("admin", "delete").await);
        assert_eq!(values(&entra).await, ["super_admin", "viewer"]);
        entra.change(&ana, "Replace", "active", json!("True")).await.is(200);
        let refused = entra.change(&ana, "Replace", "roles[primary eq \"True\"].value", json!("admin")).await;
        assert!(refused.is_error(400, "invalidValue").contains("Accepted values: super_admin, viewer"));
        is_done(&admin.add("Admin", "Admin", "").await);
        assert_eq!(admin.open(&format!("/roles/{id}")).await.status, 404);
    }

    async fn the_default_moves_and_users_without_a_role_follow(entra: Entra) {
        let admin = Admin::of(&entra).await;
        let mut bea = user("bea");
        bea["roles"] = json!([]);
        let stored = entra.post(&bea).await.id();
        assert_eq!(role(&entra, "viewer").await.users, Count::Exactly(1));
        is_done(&admin.press("admin", "default").await);
        is_done(&admin.press("admin", "default").await);
        for (page, words) in [
            (String::new(), "Another order or default role leaves users stored already as they are"),
            (format!("/roles/{}", role(&entra, "viewer").await.id), "Users stored already keep theirs until Entra next changes"),
        ] {
            assert!(admin.open(&page).await.text.contains(words), "{words}");
        }
        let roles = catalogue(&entra).await;
        let defaults: Vec<_> = roles.iter().filter(|role| role.is_default).collect();
        assert_eq!(defaults.len(), 1);
        assert_eq!(defaults[0].value, "admin");
        entra.create_with("ana", json!({"roles": []})).await;
        assert_eq!(role(&entra, "admin").await.users, Count::Exactly(1));
        // As the role's page says: whoever is stored keeps the old one until Entra sends them again.
        assert_eq!(role(&entra, "viewer").await.users, Count::Exactly(1));
        is_refused(&admin.press("viewer", "delete").await, 409, "1 user has the role Viewer");
        entra.put(&stored, &bea).await.is(200);
        assert_eq!(role(&entra, "admin").await.users, Count::Exactly(2));
        is_done(&admin.press("viewer", "delete").await);
        is_refused(&admin.press("admin", "delete").await, 409, "Admin is the default role");
        assert_eq!(
            audited(&entra).await[0],
            ("role.set_default".to_owned(), "Admin".to_owned(), vec!["Default role: viewer > admin".to_owned()])
        );
    }

    async fn without_a_primary_role_the_lowest_of_the_new_order_decides(entra: Entra) {
        let admin = Admin::of(&entra).await;
        let both = json!({"roles": [{"value": "admin"}, {"value": "viewer"}]});
        entra.create_with("ana", both.clone()).await;
        assert_eq!(role(&entra, "viewer").await.users, Count::Exactly(1));

        is_done(&admin.press("viewer", "up").await);
        assert_eq!(values(&entra).await, ["super_admin", "viewer", "admin"]);
        entra.create_with("tom", both).await;
        assert_eq!(role(&entra, "admin").await.users, Count::Exactly(1));

        for (value, way, order) in [
            ("viewer", "up", ["viewer", "super_admin", "admin"]),
            ("viewer", "up", ["viewer", "super_admin", "admin"]),
            ("admin", "down", ["viewer", "super_admin", "admin"]),
            ("viewer", "down", ["super_admin", "viewer", "admin"]),
        ] {
            is_done(&admin.press(value, way).await);
            assert_eq!(values(&entra).await, order, "{value} {way}");
        }
        let entries = audited(&entra).await;
        let moves: Vec<_> = entries.into_iter().map(|(.., changes)| changes.concat()).collect();
        assert_eq!(moves, ["Position: 3 > 2", "Position: 2 > 1", "Position: 1 > 2"], "at an end nothing moves");
    }

    async fn a_role_that_entra_added_waits_for_its_review(entra: Entra) {
        let admin = Admin::of(&entra).await;
        entra.policy("unknown_role", "accept").await;
        let ana = entra.create_with("ana", sent("Operator")).await;
        assert!(!role(&entra, "Operator").await.is_reviewed);
        let page = admin.open("").await;
        assert!(page.text.contains("1 role came from Entra and waits for a review."));
        assert!(page.text.contains("Mark Operator as reviewed"));
        is_refused(&admin.press("Operator", "default").await, 409, "Nobody has reviewed Operator yet");

        let state = async |id: &str| {
            let allowed = allowed(&entra, Permission::ReadUsers).await;
            user_directory::detail(&entra.app.app, &allowed, id).await.unwrap().role_state
        };
        assert_eq!(state(&ana).await, RoleState::Unreviewed);
        is_done(&admin.press("Operator", "review").await);
        is_done(&admin.press("Operator", "review").await);
        assert!(role(&entra, "Operator").await.is_reviewed);
        assert_eq!(state(&ana).await, RoleState::Known, "users stored before count, too");
        let tom = entra.create_with("tom", sent("operator")).await;
        assert_eq!(state(&tom).await, RoleState::Known);
        assert!(!admin.open("").await.text.contains("a review."));
        is_done(&admin.press("Operator", "default").await);
        let acts: Vec<_> = audited(&entra).await.into_iter().map(|(action, ..)| action).collect();
        assert_eq!(acts, ["role.review", "role.set_default"]);
    }

    async fn every_change_is_one_audit_entry_with_before_and_after(entra: Entra) {
        let admin = Admin::of(&entra).await;
        is_done(&admin.add("lead", "Lead", "boss").await);
        is_done(&admin.edit("lead", "Lead", "boss").await);
        is_done(&admin.edit("lead", "Team+lead", "boss%0Achef").await);
        is_done(&admin.edit("lead", "Team+lead", "CHEF%0Aboss").await);
        is_done(&admin.edit("lead", "Team+lead", "CHEF%0Aboss").await);
        is_refused(&admin.edit("lead", "+", "").await, 422, "Enter a name.");
        is_done(&admin.press("lead", "delete").await);
        let entry = |action: &str, target: &str, changes: &[&str]| {
            let changes = changes.iter().map(|change| (*change).to_owned()).collect();
            (action.to_owned(), target.to_owned(), changes)
        };
        let expected = [
            entry("role.create", "Lead", &[
                "Description: - > ", "Display name: - > Lead", "Mapped values: - > boss", "Value: - > lead",
            ]),
            entry("role.set", "Lead", &["Description:  > Leads"]),
            entry("role.set", "Team lead", &["Display name: Lead > Team lead", "Mapped values: boss > boss, chef"]),
            entry("role.set", "Team lead", &["Mapped values: boss, chef > boss, CHEF"]),
            entry("role.delete", "Team lead", &[
                "Description: Leads > -", "Display name: Team lead > -", "Mapped values: boss, CHEF > -", "Value: lead > -",
            ]),
        ];
        let audited = audited(&entra).await;
        assert_eq!(audited.len(), expected.len(), "{audited:#?}");
        for entry in expected {
            assert!(audited.contains(&entry), "{entry:#?} in {audited:#?}");
        }
    }

    async fn a_value_with_a_comma_is_one_value(entra: Entra) {
        let admin = Admin::of(&entra).await;
        is_done(&admin.edit("viewer", "Viewer", "a%2C+b").await);
        assert_eq!(role(&entra, "viewer").await.mapped_values, ["a, b"]);
        is_done(&admin.edit("viewer", "Viewer", "a%0Ab").await);
        assert_eq!(role(&entra, "viewer").await.mapped_values, ["a", "b"]);
        let changes = vec!["Mapped values: \u{201c}a, b\u{201d} > a, b".to_owned()];
        let entry = ("role.set".to_owned(), "Viewer".to_owned(), changes);
        let audited = audited(&entra).await;
        assert!(audited.contains(&entry), "{audited:#?}");
    }

    async fn roles_of_another_organization_are_out_of_reach(entra: Entra) {
        let admin = Admin::of(&entra).await;
        let other = entra.app.entra("fabrikam").await;
        let theirs: Vec<(String,)> = entra
            .app
            .rows(
                rhombus_provisioning::server::store::sql::sql("SELECT id FROM roles WHERE organization_id = $1")
                    .bind(&other.organization_id),
            )
            .await;
        assert_eq!(theirs.len(), 3);
        for (id,) in &theirs {
            assert_eq!(admin.open(&format!("/roles/{id}")).await.status, 404);
            for button in ["default", "review", "up", "down", "delete"] {
                assert_eq!(admin.post(&format!("/roles/{id}/{button}"), "").await.status, 404, "{button}");
            }
            let form = "display_name=Mine&description=&mapped_values=";
            assert_eq!(admin.post(&format!("/roles/{id}"), form).await.status, 404);
        }
        is_done(&admin.add("fabrikam_role", "Ours", "").await);
        assert_eq!(values(&entra).await.len(), 4);
    }
}
