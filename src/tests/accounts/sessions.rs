//! Signing in through the router, as a browser without scripts does.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Parts;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::audit::words;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::auth::{guards, session};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::secret;
use rhombus_provisioning::server::services::account_links;
use rhombus_provisioning::server::services::accounts::{self, AccountQuery};
use rhombus_provisioning::server::store::sql::sql;
use tower_sessions::Session;

use super::{PASSWORD, account, allowed, audited, organization};
use crate::db_test;
use crate::support::app::{Answer, TestApp};
use crate::support::db::long_reads;

/// Posts a form from our own page.
pub(super) async fn post(app: &TestApp, path: &str, cookie: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("user-agent", "Firefox")
        .header("cookie", cookie)
        .body(Body::from(form.to_owned()))
        .unwrap();
    app.send(request).await
}

pub(super) async fn sign_in(app: &TestApp, email: &str) -> String {
    let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
    let answer = post(app, "/sign-in", "", &form).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/");
    cookie(&answer)
}

/// The session cookie, as the browser sends it back.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap_or_default().to_owned()
}

/// What a request with that cookie carries, as the session layer makes it.
fn head(app: &TestApp, cookie: &str) -> Parts {
    let id = cookie
        .strip_prefix("rhombus_session=")
        .and_then(|id| id.parse().ok());
    let store = session::Store::new(&app.app);
    let mut head = Request::new(()).into_parts().0;
    let session = Session::new(id, std::sync::Arc::new(store), None);
    head.extensions.insert(session);
    head
}

async fn may(
    app: &TestApp,
    cookie: &str,
    permission: Permission,
    slug: Option<&str>,
) -> Result<Allowed, ServiceError> {
    guards::require_in(&app.app, &head(app, cookie), permission, slug).await
}

pub(super) async fn is_signed_in(app: &TestApp, cookie: &str) -> bool {
    guards::signed_in(&app.app, &head(app, cookie).extensions)
        .await
        .unwrap()
        .is_some()
}

db_test! {
    async fn signing_in_starts_a_session_that_the_database_cannot_give_away(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let answer = post(&app, "/sign-in", "", "email=sam@rhombus.example&password=wrong&next=/organizations").await;
        assert_eq!((answer.status, answer.header("location")), (422, ""));
        assert_eq!(answer.header("set-cookie"), "");

        let form = format!("email=sam@rhombus.example&password={PASSWORD}&next=//evil.example/");
        let answer = post(&app, "/sign-in", "rhombus_session=AAAAAAAAAAAAAAAAAAAAAA", &form).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"));
        let set = answer.header("set-cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=604800"] {
            assert!(set.contains(part), "{part} in {set}");
        }
        let cookie = cookie(&answer);
        assert_ne!(cookie, "rhombus_session=AAAAAAAAAAAAAAAAAAAAAA");
        assert!(is_signed_in(&app, &cookie).await);

        let secret = cookie.strip_prefix("rhombus_session=").unwrap();
        let stored: Vec<(String, String, String)> = app.app.db.read().await.unwrap()
            .fetch_all(sql("SELECT id, data, user_agent FROM sessions")).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!((stored[0].0.as_str(), stored[0].2.as_str()), (secret::hash(secret).as_str(), "Firefox"));
        assert!(!stored[0].1.contains(secret));

        let answer = post(&app, "/sign-out", &cookie, "").await;
        assert_eq!(answer.header("location"), "/sign-in");
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
        assert!(!is_signed_in(&app, &cookie).await);
    }

    async fn signing_out_is_an_entry_of_whoever_was_signed_in(db: TestDb) {
        let app = TestApp::new(db).await;
        organization(&app.app, "contoso").await;
        account(&app.app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let (here, there) = (sign_in(&app, "vera@contoso.com").await, sign_in(&app, "vera@contoso.com").await);
        post(&app, "/sign-out", &here, "").await;
        // Once more, and by somebody who was never signed in.
        post(&app, "/sign-out", &here, "").await;
        post(&app, "/sign-out", "", "").await;
        assert!(is_signed_in(&app, &there).await, "elsewhere nothing has ended");
        let entries = audited(&app.app).await;
        let mut outs = entries.iter().filter(|entry| entry.action == "account.sign_out");
        let (out, more) = (outs.next().unwrap(), outs.next());
        assert!(more.is_none(), "{entries:?}");
        let sign_in = entries.iter().find(|entry| entry.action == "account.sign_in").unwrap();
        assert_eq!((&out.actor_kind, &out.actor_id, &out.actor_name), (&sign_in.actor_kind, &sign_in.actor_id, &sign_in.actor_name));
        assert_eq!((&out.organization_id, &out.address), (&sign_in.organization_id, &sign_in.address));
        assert_eq!((&out.target_id, &out.target_name), (&sign_in.target_id, &sign_in.target_name));
        assert_eq!(words("account.sign_out"), "Signed out as");
    }

    async fn other_sites_cannot_post(db: TestDb) {
        let app = TestApp::new(db).await;
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-none", "")] {
            let request = Request::post("/sign-out").header(name, value).body(Body::empty()).unwrap();
            assert_eq!(app.send(request).await.status, 403, "{name}");
        }
    }

    async fn sessions_end_after_twelve_idle_hours_or_seven_days(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        let idle = sign_in(&app, "sam@rhombus.example").await;
        app.app.clock.advance(hours(11));
        assert!(is_signed_in(&app, &idle).await);
        app.app.clock.advance(hours(12));
        assert!(!is_signed_in(&app, &idle).await);

        let busy = sign_in(&app, "sam@rhombus.example").await;
        for _ in 0..15 {
            app.app.clock.advance(hours(11));
            assert!(is_signed_in(&app, &busy).await);
        }
        app.app.clock.advance(hours(3));
        assert!(!is_signed_in(&app, &busy).await, "seven days are over");
    }

    async fn people_are_known_and_sign_in_while_long_reads_take_all_that_they_may(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let before = sign_in(&app, "sam@rhombus.example").await;
        let busy = long_reads(&app.app.db).await;
        assert!(is_signed_in(&app, &before).await);
        let meanwhile = sign_in(&app, "sam@rhombus.example").await;
        assert!(may(&app, &meanwhile, Permission::ListOrganizations, None).await.is_ok());
        drop(busy);
    }

    async fn a_deactivated_account_is_out_at_once(db: TestDb) {
        let app = TestApp::new(db).await;
        organization(&app.app, "contoso").await;
        account(&app.app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let cookie = sign_in(&app, "vera@contoso.com").await;
        assert!(is_signed_in(&app, &cookie).await);
        let read = allowed(&app.app, Permission::ReadAccounts, "contoso").await;
        let id = accounts::list(&app.app, &read, &AccountQuery::default()).await.unwrap().page.items.remove(0).id;
        let manage = allowed(&app.app, Permission::ManageAccounts, "contoso").await;
        accounts::deactivate(&app.app, &manage, &id).await.unwrap();
        assert!(!is_signed_in(&app, &cookie).await);
        let form = format!("email=vera@contoso.com&password={PASSWORD}");
        let answer = post(&app, "/sign-in", "", &form).await;
        assert_eq!((answer.status, answer.header("location")), (422, ""));
    }

    async fn a_request_asks_once_who_is_signed_in_and_the_next_one_anew(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let cookie = sign_in(&app, "sam@rhombus.example").await;
        let (request, visitor) = (head(&app, &cookie), guards::Visitor::default());
        let found = visitor.account(&app.app, &request.extensions).await.unwrap();
        assert_eq!(found.map(|account| account.email).as_deref(), Some("sam@rhombus.example"));
        app.execute(sql("UPDATE accounts SET deactivated_at = 1")).await;
        let found = visitor.account(&app.app, &request.extensions).await.unwrap();
        assert!(found.is_some(), "asked already");
        let next = guards::Visitor::default();
        assert_eq!(next.account(&app.app, &head(&app, &cookie).extensions).await.unwrap(), None);
    }

    async fn guards_keep_organizations_apart(db: TestDb) {
        let app = TestApp::new(db).await;
        organization(&app.app, "contoso").await;
        organization(&app.app, "fabrikam").await;
        account(&app.app, "sam@rhombus.example", AccountRole::Support, None).await;
        account(&app.app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        account(&app.app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let support = sign_in(&app, "sam@rhombus.example").await;
        let admin = sign_in(&app, "dana@contoso.com").await;
        let viewer = sign_in(&app, "vera@contoso.com").await;

        let signed_out = may(&app, "", Permission::ReadUsers, Some("contoso")).await;
        assert!(matches!(signed_out, Err(ServiceError::SignedOut)));
        for cookie in [&admin, &viewer] {
            for slug in ["fabrikam", "nobody"] {
                for permission in [Permission::ReadUsers, Permission::ManageTokens] {
                    let foreign = may(&app, cookie, permission, Some(slug)).await;
                    assert!(matches!(foreign, Err(ServiceError::NotFound { .. })), "{slug}");
                }
            }
            let all = may(&app, cookie, Permission::ListOrganizations, None).await;
            assert!(matches!(all, Err(ServiceError::Forbidden)));
            let own = may(&app, cookie, Permission::ReadUsers, None).await.unwrap();
            assert_eq!(own.organization().unwrap().slug, "contoso");
        }
        let tokens = Permission::ManageTokens;
        assert!(may(&app, &admin, tokens, Some("contoso")).await.is_ok());
        for cookie in [&viewer, &support] {
            let refused = may(&app, cookie, tokens, Some("contoso")).await;
            assert!(matches!(refused, Err(ServiceError::Forbidden)));
        }
        let anywhere = may(&app, &support, Permission::ReadUsers, Some("fabrikam")).await.unwrap();
        assert_eq!(anywhere.actor().name(), "sam");
        let unknown = may(&app, &support, Permission::ReadUsers, Some("nobody")).await;
        assert!(matches!(unknown, Err(ServiceError::NotFound { .. })));
    }

    async fn the_first_start_form_signs_in(db: TestDb) {
        let app = TestApp::new(db).await;
        let link = account_links::first_start(&app.app).await.unwrap().unwrap();
        let path = link.strip_prefix("https://provisioning.test").unwrap();
        let form = "email=sam@rhombus.example&name=&password=lantern&password_again=lantern";
        let answer = post(&app, path, "", form).await;
        assert_eq!((answer.status, answer.header("location")), (422, ""));
        assert!(answer.text.contains("Enter your name."), "{}", answer.text);
        assert!(answer.text.contains("value=\"sam@rhombus.example\""), "{}", answer.text);
        assert!(!answer.text.contains("lantern"), "{}", answer.text);
        let form = format!("email=sam@rhombus.example&name=Sam&password={PASSWORD}&password_again={PASSWORD}");
        let answer = post(&app, path, "", &form).await;
        assert_eq!(answer.header("location"), "/");
        assert!(is_signed_in(&app, &cookie(&answer)).await);
    }

    async fn health_is_told(db: TestDb) {
        let app = TestApp::new(db).await;
        let ask = async |path: &str| app.send(Request::get(path).body(Body::empty()).unwrap()).await.status;
        assert_eq!((ask("/healthz").await, ask("/readyz").await), (200, 200));
        let busy = long_reads(&app.app.db).await;
        assert_eq!(ask("/readyz").await, 200, "long reads leave it ready");
        drop(busy);
        app.app.shutdown.cancel();
        assert_eq!((ask("/healthz").await, ask("/readyz").await), (200, 503));
    }
}
