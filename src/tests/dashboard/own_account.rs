//! One's own password, sessions and theme, and the link that an invitation shows.

use rhombus_provisioning::model::account::AccountRole;

use super::person::{PASSWORD, account, cookie, open, post};
use crate::db_test;
use crate::support::app::TestApp;

const NEXT: &str = "eight+loud+herons";

fn form(current: &str, password: &str, again: &str) -> String {
    let current = current.replace(' ', "+");
    format!("current={current}&password={password}&password_again={again}")
}

async fn is_signed_in(app: &TestApp, cookie: &str) -> bool {
    open(app, cookie, "/account").await.status == 200
}

/// The themes whose buttons are pressed.
fn pressed_themes(page: &str) -> Vec<&str> {
    page.split("<button")
        .filter_map(|rest| rest.split_once('>'))
        .map(|(button, _)| button)
        .filter(|button| {
            button.contains("name=\"theme\"") && button.contains("aria-pressed=\"true\"")
        })
        .filter_map(|button| button.split_once("value=\""))
        .filter_map(|(_, rest)| rest.split_once('"'))
        .map(|(theme, _)| theme)
        .collect()
}

/// The start tag of the callout of this tone; "" where there is none.
fn callout<'a>(page: &'a str, tone: &str) -> &'a str {
    let class = format!("callout-{tone}\"");
    page.split('<')
        .filter_map(|rest| rest.split('>').next())
        .find(|tag| tag.contains(&class))
        .unwrap_or_default()
}

db_test! {
    async fn another_password_ends_the_other_sessions(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let (here, there) = (cookie(&app, &sam).await, cookie(&app, &sam).await);
        for (form, text) in [
            (form("wrong", NEXT, NEXT), "This is not your current password."),
            (form(PASSWORD, NEXT, "another"), "The two passwords differ."),
            (form(PASSWORD, "short", "short"), "Choose a password of 12 characters or more."),
        ] {
            let answer = post(&app, &here, "/account", &form).await;
            assert_eq!(answer.status, 422);
            assert!(answer.text.contains(text), "{text}");
        }
        assert!(is_signed_in(&app, &there).await);
        let answer = post(&app, &here, "/account", &form(PASSWORD, NEXT, NEXT)).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/account?done=password"));
        assert!(is_signed_in(&app, &here).await);
        assert!(!is_signed_in(&app, &there).await);
        let answer = post(&app, "", "/sign-in", &format!("email=sam@rhombus.example&password={NEXT}")).await;
        assert_eq!(answer.header("location"), "/");
    }

    async fn what_is_refused_interrupts_and_what_is_done_does_not(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let here = cookie(&app, &sam).await;
        let done = open(&app, &here, "/account?done=password").await.text;
        assert!(callout(&done, "ok").contains("role=\"status\""), "{done}");
        let refused = post(&app, &here, "/account", &form("wrong", NEXT, NEXT)).await.text;
        assert!(callout(&refused, "fail").contains("role=\"alert\""), "{refused}");
    }

    async fn guesses_at_the_current_password_are_limited(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let here = cookie(&app, &sam).await;
        for _ in 0..10 {
            assert_eq!(post(&app, &here, "/account", &form("wrong", NEXT, NEXT)).await.status, 422);
        }
        let answer = post(&app, &here, "/account", &form(PASSWORD, NEXT, NEXT)).await;
        assert_eq!(answer.status, 409);
        assert!(answer.text.contains("Too many attempts."));
    }

    async fn a_new_password_that_is_refused_is_no_guess_at_the_current_one(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let here = cookie(&app, &sam).await;
        for _ in 0..10 {
            for form in [form(PASSWORD, NEXT, "another"), form(PASSWORD, "short", "short")] {
                assert_eq!(post(&app, &here, "/account", &form).await.status, 422);
            }
        }
        let answer = post(&app, &here, "/account", &form(PASSWORD, NEXT, NEXT)).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
    }

    async fn sessions_are_listed_and_end(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let kim = account(&app, "kim@rhombus.example", AccountRole::Support, None).await;
        let (here, there, third) = (cookie(&app, &sam).await, cookie(&app, &sam).await, cookie(&app, &sam).await);
        let foreign = cookie(&app, &kim).await;
        let stored = |cookie: &str| {
            let id = cookie.split_once('=').unwrap().1;
            rhombus_provisioning::server::secret::hash(id)
        };
        let page = open(&app, &here, "/account").await.text;
        assert!(page.contains("Firefox on Linux") && page.contains("This browser"));
        for end in [&there, &third] {
            assert!(page.contains(&format!("/account/sessions/{}", stored(end))));
        }
        assert!(!page.contains(&stored(&foreign)));

        post(&app, &here, &format!("/account/sessions/{}", stored(&foreign)), "").await;
        assert!(is_signed_in(&app, &foreign).await, "another's session stays");
        post(&app, &here, &format!("/account/sessions/{}", stored(&there)), "").await;
        assert!(!is_signed_in(&app, &there).await);
        assert!(is_signed_in(&app, &third).await);
        let answer = post(&app, &here, "/account/sessions", "").await;
        assert_eq!(answer.header("location"), "/account?done=other-sessions");
        assert!(!is_signed_in(&app, &third).await);
        assert!(is_signed_in(&app, &here).await && is_signed_in(&app, &foreign).await);
    }

    async fn the_chosen_theme_is_pressed_in_the_menu_and_on_the_page(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let here = cookie(&app, &sam).await;
        for (kept, chosen) in [("", "system"), ("light", "light"), ("dark", "dark"), ("unknown", "system")] {
            let page = open(&app, &format!("{here}; theme={kept}"), "/account").await.text;
            assert_eq!(pressed_themes(&page), [chosen; 2], "{kept}");
        }
    }

    async fn support_invites_the_first_admin_and_nobody_else(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let sam = cookie(&app, &sam).await;
        let path = "/organizations/contoso/accounts";
        let offer = "href=\"/organizations/contoso/accounts#invite\"";
        assert!(open(&app, &sam, "/organizations/contoso").await.text.contains(offer));
        assert!(open(&app, &sam, path).await.text.contains("id=\"invite\""));
        let viewer = post(&app, &sam, path, "email=vera%40contoso.com&role=viewer").await;
        assert_eq!(viewer.status, 403);
        let first = post(&app, &sam, path, "email=dana%40contoso.com&role=admin").await;
        assert_eq!(first.status, 200);
        assert!(first.text.contains("https://provisioning.test/invitation/"));
        assert_eq!(first.header("cache-control"), "no-store");

        account(&app, "ana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let second = post(&app, &sam, path, "email=kim%40contoso.com&role=admin").await;
        assert_eq!(second.status, 409);
        assert!(!open(&app, &sam, path).await.text.contains("Invite the first Admin"));
        assert!(!open(&app, &sam, "/organizations/contoso").await.text.contains(offer));
    }

    async fn the_last_one_stays_and_the_page_says_why(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let dana = account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        for (id, path) in [(dana, "/organizations/contoso/accounts"), (sam, "/accounts")] {
            let here = cookie(&app, &id).await;
            let page = open(&app, &here, &format!("{path}/{id}/deactivate")).await;
            assert!(page.text.contains("This is the "), "{}", page.text);
            let refused = post(&app, &here, &format!("{path}/{id}/deactivate"), "").await;
            assert_eq!(refused.status, 409);
            assert!(is_signed_in(&app, &here).await);
        }
    }

    async fn support_accounts_are_apart_from_those_of_organizations(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let dana = account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let kim = account(&app, "kim@rhombus.example", AccountRole::Support, None).await;
        let here = cookie(&app, &sam).await;
        let list = open(&app, &here, "/accounts").await.text;
        assert!(list.contains("kim@rhombus.example") && !list.contains("dana@contoso.com"));
        for act in ["link", "deactivate"] {
            let foreign = post(&app, &here, &format!("/accounts/{dana}/{act}"), "").await;
            assert_eq!(foreign.status, 404);
        }
        let invited = post(&app, &here, "/accounts", "email=new%40rhombus.example").await;
        assert!(invited.text.contains("https://provisioning.test/invitation/"));
        let there = cookie(&app, &kim).await;
        let ended = post(&app, &here, &format!("/accounts/{kim}/deactivate"), "").await;
        assert_eq!(ended.header("location"), "/accounts");
        assert!(!is_signed_in(&app, &there).await);
    }
}
