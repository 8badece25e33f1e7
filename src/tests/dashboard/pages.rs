//! What every page owes its readers: a title that says what it is about, names for what is pressed, a word for nothing.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::clock::{Clock, DAY};
use rhombus_provisioning::server::jobs::retention;
use rhombus_provisioning::server::store::sql::sql;
use rhombus_provisioning::server::{App, http};
use tower::ServiceExt;

use super::person::{account, cookie, open, tag};
use crate::support::app::{START, settings};
use crate::support::entra::{Entra, user};
use crate::{db_test, entra_test};

const HOME: &str = "/organizations/contoso";

async fn page(entra: &Entra<'_>, cookie: &str, address: &str) -> String {
    let answer = open(entra.app, cookie, address).await;
    assert_eq!(answer.status, 200, "{address}: {}", answer.text);
    answer.text
}

async fn admin(entra: &Entra<'_>) -> String {
    let role = AccountRole::Admin;
    let id = account(entra.app, "dana@contoso.com", role, Some("contoso")).await;
    cookie(entra.app, &id).await
}

entra_test! {
    async fn the_title_of_a_log_entry_says_what_happened(entra: Entra) {
        let created = entra.post(&user("ana")).await;
        let id = created.header("x-request-id");
        let page = page(&entra, &admin(&entra).await, &format!("{HOME}/logs/{id}")).await;
        assert!(page.contains("<title>Create of Ana Ruiz "), "{page}");
        assert!(page.contains(&format!("aria-current=\"page\">{id}<")), "{page}");
    }

    async fn what_is_pressed_is_named_by_what_it_is_for(entra: Entra) {
        let admin = admin(&entra).await;
        let tokens = page(&entra, &admin, &format!("{HOME}/tokens")).await;
        for act in ["Rotate", "Revoke"] {
            assert!(tokens.contains(&format!("aria-label=\"{act} ")), "{act}: {tokens}");
        }
        let logs = page(&entra, &admin, &format!("{HOME}/logs")).await;
        assert!(logs.contains("role=\"group\" aria-label=\"Status\""), "{logs}");
    }

    async fn a_page_has_one_first_heading_also_beside_a_question(entra: Entra) {
        let user = entra.create("ana").await;
        let vera = account(entra.app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let vera_signed_in = cookie(entra.app, &vera).await;
        let admin = admin(&entra).await;
        let tokens: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM tokens")).await;
        let token = format!("tokens/{}", tokens[0].0);
        let account = format!("accounts/{vera}");
        for (cookie, address, status) in [
            (&admin, "tokens".to_owned(), 200),
            (&admin, format!("{token}/rotate"), 200),
            (&admin, format!("{token}/revoke"), 200),
            (&admin, "tokens/unknown/rotate".to_owned(), 404),
            (&admin, "tokens/unknown/revoke".to_owned(), 404),
            (&vera_signed_in, format!("{token}/rotate"), 200),
            (&vera_signed_in, format!("{token}/revoke"), 403),
            (&admin, account.clone(), 200),
            (&admin, format!("{account}/link"), 200),
            (&admin, format!("{account}/deactivate"), 200),
            (&vera_signed_in, format!("{account}/deactivate"), 403),
            (&admin, format!("users/{user}/block"), 200),
            (&admin, "settings/pause".to_owned(), 200),
        ] {
            let page = open(entra.app, cookie, &format!("{HOME}/{address}")).await;
            assert_eq!(page.status, status, "{address}: {}", page.text);
            assert_eq!(page.text.matches("<h1").count(), 1, "{address}: {}", page.text);
        }
    }

    async fn a_page_that_cannot_be_loaded_has_a_first_heading_too(entra: Entra) {
        let admin = admin(&entra).await;
        entra.app.execute(sql("ALTER TABLE tokens RENAME TO tokens_gone")).await;
        let page = open(entra.app, &admin, &format!("{HOME}/tokens")).await;
        assert_eq!(page.status, 503, "{}", page.text);
        assert_eq!(page.text.matches("<h1").count(), 1, "{}", page.text);
    }

    async fn beside_a_question_nothing_else_can_be_pressed(entra: Entra) {
        let user = entra.create("ana").await;
        let vera = account(entra.app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let admin = admin(&entra).await;
        let tokens: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM tokens")).await;
        let asks = |page: &str| {
            let bar = page.split('<').find(|tag| tag.contains("class=\"topbar\"")).unwrap();
            (tag(page, "nav").contains("inert"), bar.contains("inert"))
        };
        for address in [
            format!("tokens/{}/revoke", tokens[0].0),
            format!("accounts/{vera}/deactivate"),
            format!("users/{user}/block"),
            "settings/pause".to_owned(),
        ] {
            let question = page(&entra, &admin, &format!("{HOME}/{address}")).await;
            assert_eq!(asks(&question), (true, true), "{address}: {question}");
            let (behind, _) = address.rsplit_once('/').unwrap();
            let behind = behind.split_once("tokens/").map_or(behind, |_| "tokens");
            let behind = page(&entra, &admin, &format!("{HOME}/{behind}")).await;
            assert_eq!(asks(&behind), (false, false), "{address}: {behind}");
        }
    }

    async fn an_address_that_leads_nowhere_offers_the_search_to_who_is_signed_in(entra: Entra) {
        let admin = admin(&entra).await;
        for address in ["/nowhere".to_owned(), format!("{HOME}/nowhere")] {
            let inside = open(entra.app, &admin, &address).await;
            assert_eq!(inside.status, 404, "{address}");
            for part in ["This page does not exist", "action=\"/search\"", "href=\"/organizations/contoso/logs\""] {
                assert!(inside.text.contains(part), "{part}: {}", inside.text);
            }
            let outside = open(entra.app, "", &address).await;
            assert_eq!(outside.status, 404, "{address}");
            assert!(outside.text.contains("This page does not exist"), "{}", outside.text);
            assert!(!outside.text.contains("action=\"/search\""), "{}", outside.text);
            for page in [inside.text, outside.text] {
                assert_eq!(page.matches("<h1").count(), 1, "{page}");
            }
        }
    }

    async fn the_table_of_roles_says_what_the_permissions_say(entra: Entra) {
        use Permission::*;
        let page = page(&entra, &admin(&entra).await, &format!("{HOME}/accounts")).await;
        let row = |label: &str| {
            let row = page.split("<tr>").find(|row| row.contains(label));
            let row = row.unwrap_or_else(|| panic!("{label}: {page}"));
            row.split("</tr>").next().unwrap()
        };
        let roles = [AccountRole::Viewer, AccountRole::Admin, AccountRole::Support];
        for (label, permissions) in [
            ("See logs, issues and users", vec![ReadLogs, ReadIssues, ReadUsers]),
            (
                "See tokens, settings, accounts and the audit log",
                vec![ReadTokens, ReadOrganization, ReadNotifications, ReadAccounts, ReadAudit],
            ),
            ("See request and response bodies", vec![ReadPayloads]),
            ("Make support bundles", vec![ReadPayloads]),
            ("Add notes, resolve or ignore issues", vec![ManageIssues]),
            ("Create, rotate and revoke tokens", vec![ManageTokens]),
            (
                "Change settings, roles and notifications",
                vec![ManageOrganization, ManageGuard, ManageRoles, ManageNotifications],
            ),
            ("Block and erase users", vec![BlockUsers, EraseUsers]),
            ("Pause and resume provisioning", vec![PauseProvisioning]),
            ("Turn provisioning on and off", vec![SwitchProvisioning]),
        ] {
            let said: Vec<bool> = row(label).split("<td").skip(1).map(|cell| !cell.contains(">No<")).collect();
            for permission in permissions {
                let granted = roles.map(|role| permission.granted_to(role));
                assert_eq!(said, granted, "{label}: {permission:?}");
            }
        }
        assert!(row("Manage accounts").contains("First Admin"), "{page}");
        assert!(InviteFirstAdmin.granted_to(AccountRole::Support) && !ManageAccounts.granted_to(AccountRole::Support));
    }

    async fn the_accounts_lead_to_the_users_that_they_are_not(entra: Entra) {
        let page = page(&entra, &admin(&entra).await, &format!("{HOME}/accounts")).await;
        let (_, rest) = page.split_once("Users that Entra provisions are under ").unwrap();
        let link = format!("<a href=\"{HOME}/users\">Users</a>.");
        assert!(rest.replace("<!>", "").starts_with(&link), "{page}");
    }

    async fn a_user_without_log_entries_has_a_word_for_it(entra: Entra) {
        let id = entra.create("ana").await;
        entra.app.advance(91 * DAY);
        retention::run_once(&entra.app.app).await.unwrap();
        let page = page(&entra, &admin(&entra).await, &format!("{HOME}/users/{id}")).await;
        assert!(page.contains("Entra has asked for nothing about this user"), "{page}");
    }

    async fn what_cannot_be_read_of_a_question_is_no_failure_of_the_service(entra: Entra) {
        for address in [
            "/api/users/get?slug=contoso&id[x]=y",
            "/api/logs/list?slug=contoso&filter=x",
            "/api/users/history",
        ] {
            let answer = open(entra.app, "", address).await;
            assert_eq!(answer.status, 409, "{address}: {}", answer.text);
            assert!(answer.text.contains("Load it again"), "{address}: {}", answer.text);
        }
    }

    async fn a_name_that_may_be_typed_may_be_kept(entra: Entra) {
        let sam = account(entra.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let page = page(&entra, &cookie(entra.app, &sam).await, "/organizations").await;
        assert!(tag(&page, "name").contains("maxlength=\"100\""), "{page}");
    }
}

db_test! {
    async fn browsers_stay_with_https_where_it_is_spoken(db: TestDb) {
        let mut settings = settings(&db.url);
        for (public_url, expected) in [
            ("https://provisioning.test", "max-age=31536000"),
            ("http://provisioning.test", ""),
        ] {
            settings.public_url = public_url.to_owned();
            let app = App::new(db.db.clone(), Clock::mock(START), settings.clone());
            let router = http::router(app);
            for address in ["/sign-in", "/nothing", "/pkg/1/nothing.css", "/organizations"] {
                let request = Request::get(address).body(Body::empty()).unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                let header = answer.headers().get("strict-transport-security");
                let header = header.map_or("", |value| value.to_str().unwrap());
                assert_eq!(header, expected, "{public_url}{address}");
            }
        }
    }
}
