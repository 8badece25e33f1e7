use std::time::Duration;

use rhombus_provisioning::model::account::{AccountRole, AccountState, LinkPurpose, SignInError};
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::account_links::{self, Acceptance};
use rhombus_provisioning::server::services::accounts::{self, AccountQuery, Invitee};
use rhombus_provisioning::server::services::sign_in::{AccessError, SignedIn, sign_in};

use super::{PASSWORD, account, allowed, app_on, organization};
use crate::db_test;

fn form(password: &str) -> Acceptance {
    Acceptance {
        email: "sam@rhombus.example".to_owned(),
        name: "Sam".to_owned(),
        password: Secret::new(password),
        password_again: Secret::new(password),
    }
}

/// Opens the link and sends the form.
async fn accept(
    app: &App,
    purpose: LinkPurpose,
    url: &str,
    form: Acceptance,
) -> Result<SignedIn, AccessError> {
    let start = format!("https://provisioning.test{}/", purpose.path());
    let secret = url.strip_prefix(&start).unwrap();
    account_links::accept(app, purpose, secret, form, "192.0.2.1").await
}

#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(outcome: Result<T, AccessError>) -> SignInError {
    match outcome {
        Err(AccessError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn may_sign_in(app: &App, email: &str, password: &str) -> bool {
    sign_in(app, email, &Secret::new(password), "192.0.2.1")
        .await
        .is_ok()
}

db_test! {
    async fn the_first_start_makes_one_support_account(db: TestDb) {
        let app = app_on(&db);
        let first = account_links::first_start(&app).await.unwrap().unwrap();
        let second = account_links::first_start(&app).await.unwrap().unwrap();
        assert_ne!(first, second, "printed anew at each start");
        let purpose = LinkPurpose::FirstStart;
        assert_eq!(refused(accept(&app, purpose, &first, form("short")).await), SignInError::PasswordShort);
        let differing = Acceptance { password_again: Secret::new("another one"), ..form(PASSWORD) };
        assert_eq!(refused(accept(&app, purpose, &first, differing).await), SignInError::PasswordsDiffer);
        let disguised = Acceptance { name: "Sam\u{202e}nimda".to_owned(), ..form(PASSWORD) };
        let disguised = accept(&app, purpose, &first, disguised).await;
        let says_why = |error: &AccessError| error.to_string().contains("one line");
        assert!(matches!(&disguised, Err(error @ AccessError::Failed(ServiceError::Invalid { field: "name", .. })) if says_why(error)), "{disguised:?}");
        accept(&app, purpose, &first, form(PASSWORD)).await.unwrap();
        assert!(may_sign_in(&app, "SAM@rhombus.example", PASSWORD).await);
        for link in [&first, &second] {
            assert_eq!(refused(accept(&app, purpose, link, form(PASSWORD)).await), SignInError::LinkInvalid);
        }
        assert_eq!(account_links::first_start(&app).await.unwrap(), None);
    }

    async fn the_first_start_link_ends_after_an_hour(db: TestDb) {
        let app = app_on(&db);
        let link = account_links::first_start(&app).await.unwrap().unwrap();
        app.clock.advance(Duration::from_secs(3_600));
        let late = accept(&app, LinkPurpose::FirstStart, &link, form(PASSWORD)).await;
        assert_eq!(refused(late), SignInError::LinkInvalid);
    }

    async fn an_invitation_works_once_and_a_newer_one_replaces_it(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        let dana = Invitee {
            email: "dana@contoso.com".to_owned(),
            name: String::new(),
            role: AccountRole::Admin,
        };
        let old = accounts::invite(&app, &may, dana.clone()).await.unwrap().url;
        let new = accounts::invite(&app, &may, dana.clone()).await.unwrap().url;
        let purpose = LinkPurpose::Invitation;
        assert_eq!(refused(accept(&app, purpose, &old, form(PASSWORD)).await), SignInError::LinkInvalid);
        let guessable = form("dana's password dana");
        assert_eq!(refused(accept(&app, purpose, &new, guessable).await), SignInError::PasswordCommon);
        accept(&app, purpose, &new, form(PASSWORD)).await.unwrap();
        assert_eq!(refused(accept(&app, purpose, &new, form(PASSWORD)).await), SignInError::LinkInvalid);
        assert!(may_sign_in(&app, "dana@contoso.com", PASSWORD).await);
        assert!(matches!(accounts::invite(&app, &may, dana).await, Err(ServiceError::Conflict { .. })));

        let read = allowed(&app, Permission::ReadAccounts, "contoso").await;
        let page = accounts::list(&app, &read, &AccountQuery::default()).await.unwrap().page;
        assert_eq!((page.items[0].name.as_str(), page.items[0].state), ("Sam", AccountState::Active));
        let entries = crate::accounts::audited(&app).await;
        let accepted = entries.iter().find(|entry| entry.action == "account.accept_invitation").unwrap();
        let told = (accepted.before.as_deref(), accepted.after.as_deref());
        let before = r#"{"name":"dana","state":"invited"}"#;
        assert_eq!(told, (Some(before), Some(r#"{"name":"Sam","state":"active"}"#)));
    }

    async fn a_reset_sets_another_password(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let everywhere = Allowed::command_line(Permission::ManageAccounts, None);
        let link = accounts::reset(&app, &everywhere, "Dana@contoso.com").await.unwrap().url;
        assert!(may_sign_in(&app, "dana@contoso.com", PASSWORD).await, "until it is used");
        accept(&app, LinkPurpose::Reset, &link, form("eight loud herons")).await.unwrap();
        assert!(!may_sign_in(&app, "dana@contoso.com", PASSWORD).await);
        assert!(may_sign_in(&app, "dana@contoso.com", "eight loud herons").await);
    }

    async fn the_last_one_stays(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        organization(&app, "fabrikam").await;
        account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        account(&app, "ana@fabrikam.com", AccountRole::Admin, Some("fabrikam")).await;
        let everywhere = Allowed::command_line(Permission::ManageAccounts, None);
        let read = Allowed::command_line(Permission::ReadAccounts, None);
        let list = accounts::list(&app, &read, &AccountQuery::default()).await.unwrap().page.items;
        let id = |email: &str| list.iter().find(|row| row.email == email).unwrap().id.clone();
        let (sam, dana) = (id("sam@rhombus.example"), id("dana@contoso.com"));
        let is_conflict = |outcome: Result<(), ServiceError>| matches!(outcome, Err(ServiceError::Conflict { .. }));

        let contoso = allowed(&app, Permission::ManageAccounts, "contoso").await;
        assert!(is_conflict(accounts::deactivate(&app, &everywhere, &sam).await));
        assert!(is_conflict(accounts::deactivate(&app, &contoso, &dana).await));
        assert!(is_conflict(accounts::change_role(&app, &contoso, &dana, AccountRole::Viewer).await));

        // Somebody who has been invited only cannot take over.
        let kim = Invitee {
            email: "kim@contoso.com".to_owned(),
            name: "Kim".to_owned(),
            role: AccountRole::Admin,
        };
        let link = accounts::invite(&app, &contoso, kim).await.unwrap().url;
        assert!(is_conflict(accounts::deactivate(&app, &contoso, &dana).await));
        accept(&app, LinkPurpose::Invitation, &link, form(PASSWORD)).await.unwrap();
        accounts::change_role(&app, &contoso, &dana, AccountRole::Viewer).await.unwrap();
        accounts::deactivate(&app, &contoso, &dana).await.unwrap();
        assert!(!may_sign_in(&app, "dana@contoso.com", PASSWORD).await);

        // What was and what is stands in the audit log, of whoever is invited back, too.
        let back = Invitee {
            email: "dana@contoso.com".to_owned(),
            name: "Dana".to_owned(),
            role: AccountRole::Admin,
        };
        accounts::invite(&app, &contoso, back).await.unwrap();
        let of_dana = crate::accounts::audited(&app).await.into_iter().filter(|entry| entry.target_id == dana);
        let mut told: Vec<_> = of_dana.map(|entry| (entry.action, entry.before, entry.after)).collect();
        told.sort();
        let has = |text: &Option<String>, part: &str| text.as_ref().is_some_and(|text| text.contains(part));
        let told_of = |action: &str, before: &str, after: &str| {
            told.iter().any(|told| told.0 == action && has(&told.1, before) && has(&told.2, after))
        };
        assert!(told_of("account.deactivate", r#""state":"active""#, r#""state":"deactivated""#), "{told:?}");
        assert!(told_of("account.create", r#""role":"viewer","state":"deactivated""#, r#""role":"admin","state":"invited""#), "{told:?}");

        let fabrikam = allowed(&app, Permission::ManageAccounts, "fabrikam").await;
        let foreign = accounts::deactivate(&app, &fabrikam, &dana).await;
        assert!(matches!(foreign, Err(ServiceError::NotFound { .. })));
        let promoted = accounts::change_role(&app, &contoso, &dana, AccountRole::Support).await;
        assert!(matches!(promoted, Err(ServiceError::Forbidden)));
    }

    async fn attempts_are_limited_by_account_and_window(db: TestDb) {
        let app = app_on(&db);
        account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let attempt = async |email: &str, password: &str| {
            sign_in(&app, email, &Secret::new(password), "192.0.2.1").await
        };
        for _ in 0..10 {
            assert_eq!(refused(attempt("sam@rhombus.example", "wrong").await), SignInError::Credentials);
        }
        let locked = refused(attempt("Sam@Rhombus.example", PASSWORD).await);
        assert_eq!(locked, SignInError::TooMany { minutes: 15 });
        assert_eq!(refused(attempt("nobody@rhombus.example", "x").await), SignInError::Credentials);
        app.clock.advance(Duration::from_secs(14 * 60 + 30));
        let locked = refused(attempt("sam@rhombus.example", PASSWORD).await);
        assert_eq!(locked, SignInError::TooMany { minutes: 1 });
        app.clock.advance(Duration::from_secs(30));
        attempt("sam@rhombus.example", PASSWORD).await.unwrap();
        let failed = crate::accounts::actions(&app).await;
        assert_eq!(failed.iter().filter(|action| *action == "account.sign_in_failed").count(), 11);
    }
}
