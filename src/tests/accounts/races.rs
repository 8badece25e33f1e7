//! Two who act at once: what one has read is not true any more when it writes.

use std::time::Duration;

use rhombus_provisioning::model::account::{AccountRole, LinkPurpose, SignInError};
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::error::{ServiceError, StoreError};
use rhombus_provisioning::server::ids;
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::account_links::{self, Acceptance};
use rhombus_provisioning::server::services::accounts::{self, Invitee};
use rhombus_provisioning::server::services::forgotten_passwords::ask;
use rhombus_provisioning::server::services::sign_in::{AccessError, SignedIn, sign_in};
use rhombus_provisioning::server::store::accounts::{self as store, NewAccount};
use rhombus_provisioning::server::store::dialect::Dialect;
use rhombus_provisioning::server::store::organizations;
use rhombus_provisioning::server::store::sql::sql;

use super::links::refused;
use super::{PASSWORD, account, allowed, app_on, audited, organization};
use crate::db_test;
use crate::support::app::START;
use crate::support::db::while_held;

/// Uses the link of an invitation or first start.
async fn accept(
    app: &App,
    purpose: LinkPurpose,
    url: &str,
    email: &str,
) -> Result<SignedIn, AccessError> {
    let form = Acceptance {
        email: email.to_owned(),
        name: "Sam".to_owned(),
        password: Secret::new(PASSWORD),
        password_again: Secret::new(PASSWORD),
    };
    let (_, secret) = url.rsplit_once('/').unwrap();
    account_links::accept(app, purpose, secret, form, "192.0.2.1").await
}

/// Runs `attempts` of `changes` changes up to the moment at which each has to wait for an account with one of these
/// addresses, which then does not come to be.
async fn side_by_side<T>(
    app: &App,
    emails: [&'static str; 2],
    attempts: impl Future<Output = T>,
) -> T {
    let nobody = |email: &'static str| NewAccount {
        id: ids::new_id(START),
        email: email.to_owned(),
        email_key: email.to_owned(),
        name: String::new(),
        role: AccountRole::Viewer,
        organization_id: None,
        password_hash: None,
        created_at: START,
    };
    let (outcome, held) = while_held(
        &app.db,
        2,
        move |tx| {
            Box::pin(async move {
                for email in emails {
                    store::insert(tx, &nobody(email)).await?;
                }
                Err(StoreError::Unavailable("as the test wants it".to_owned()))
            })
        },
        attempts,
    )
    .await;
    held.unwrap_err();
    outcome
}

/// Runs `attempt` up to the moment at which it has to wait for whoever is accepting the invitation of this account, and
/// then to its end.
async fn while_accepted<T>(app: &App, id: &str, attempt: impl Future<Output = T>) -> T {
    let id = id.to_owned();
    let (outcome, accepted) = while_held(
        &app.db,
        1,
        move |tx| Box::pin(async move { store::set_password(tx, &id, "Dana", "x").await }),
        attempt,
    )
    .await;
    accepted.unwrap();
    outcome
}

db_test! {
    async fn two_links_of_the_first_start_make_one_support_account(db: TestDb) {
        let app = app_on(&db);
        let first = account_links::first_start(&app).await.unwrap().unwrap();
        let second = account_links::first_start(&app).await.unwrap().unwrap();
        let emails = ["sam@rhombus.example", "kim@rhombus.example"];
        let purpose = LinkPurpose::FirstStart;
        let attempts = async {
            tokio::join!(accept(&app, purpose, &first, emails[0]), accept(&app, purpose, &second, emails[1]))
        };
        let (sam, kim) = side_by_side(&app, emails, attempts).await;
        let (made, late) = if sam.is_ok() { (sam, kim) } else { (kim, sam) };
        made.unwrap();
        assert_eq!(refused(late), SignInError::LinkInvalid);
        let mut connection = app.db.read().await.unwrap();
        let accounts = connection.fetch_count(sql("SELECT count(*) FROM accounts")).await.unwrap();
        assert_eq!(accounts, 1);
    }

    async fn an_invitation_takes_no_password_away(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let dana = store::find_by_email(&mut app.db.read().await.unwrap(), "dana@contoso.com").await.unwrap().unwrap();
        // Whoever invites anew has seen the account before its holder accepted.
        let reinvite = async || {
            let id = dana.id.clone();
            app.db.write::<_, StoreError, _>(move |tx| Box::pin(async move {
                store::reinvite(tx, &id, "Dana", AccountRole::Viewer).await
            })).await.unwrap()
        };
        assert!(!reinvite().await);
        let after = store::find(&mut app.db.read().await.unwrap(), &dana.id).await.unwrap().unwrap();
        assert_eq!(after, dana);
        for unused in ["UPDATE accounts SET password_hash = NULL", "UPDATE accounts SET password_hash = 'x', deactivated_at = 1"] {
            app.db.write::<_, StoreError, _>(move |tx| Box::pin(async move { tx.execute(sql(unused)).await })).await.unwrap();
            assert!(reinvite().await, "{unused}");
        }
    }

    async fn whoever_accepts_meanwhile_gets_no_new_invitation(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        let invitee = Invitee { email: "dana@contoso.com".to_owned(), name: String::new(), role: AccountRole::Admin };
        accounts::invite(&app, &may, invitee).await.unwrap();
        let dana = store::find_by_email(&mut app.db.read().await.unwrap(), "dana@contoso.com").await.unwrap().unwrap();
        let link = while_accepted(&app, &dana.id, accounts::reset_by_id(&app, &may, &dana.id)).await;
        assert!(matches!(link, Err(ServiceError::Conflict { .. })), "{link:?}");
        // An invitation lives for a week; what somebody with a password needs is good for an hour.
        let again = accounts::reset_by_id(&app, &may, &dana.id).await.unwrap();
        assert_eq!(again.purpose, LinkPurpose::Reset);
    }

    async fn whoever_accepts_and_asks_at_once_is_mailed_no_invitation(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        let invitee = Invitee { email: "dana@contoso.com".to_owned(), name: String::new(), role: AccountRole::Admin };
        accounts::invite(&app, &may, invitee).await.unwrap();
        let dana = store::find_by_email(&mut app.db.read().await.unwrap(), "dana@contoso.com").await.unwrap().unwrap();
        while_accepted(&app, &dana.id, ask(&app, "dana@contoso.com", "192.0.2.1")).await.unwrap();
        let mails = sql("SELECT count(*) FROM outbox WHERE kind = 'invitation'");
        assert_eq!(app.db.read().await.unwrap().fetch_count(mails).await.unwrap(), 1, "the first one");
        let outcome = audited(&app).await.into_iter().find(|entry| entry.action == "account.ask_reset").unwrap().after;
        // SQLite counts the asking behind the acceptance, and looks at the account afterwards.
        let expected = match app.db.dialect() {
            Dialect::Sqlite => r#"{"outcome":"mailed"}"#,
            Dialect::Postgres => r#"{"outcome":"changed"}"#,
        };
        assert_eq!(outcome.as_deref(), Some(expected));
    }

    async fn whoever_became_the_last_admin_meanwhile_stays(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        account(&app, "vic@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        let dana = store::find_by_email(&mut app.db.read().await.unwrap(), "dana@contoso.com").await.unwrap().unwrap();
        let vic = store::find_by_email(&mut app.db.read().await.unwrap(), "vic@contoso.com").await.unwrap().unwrap();
        let organization_id = vic.organization.as_ref().unwrap().id.clone();
        let (promoted, demoted) = (vic.id.clone(), dana.id.clone());
        let (deactivated, changed_places) = while_held(
            &app.db,
            1,
            move |tx| Box::pin(async move {
                organizations::lock(tx, &organization_id).await?;
                store::set_role(tx, &promoted, AccountRole::Admin).await?;
                store::set_role(tx, &demoted, AccountRole::Viewer).await
            }),
            accounts::deactivate(&app, &may, &vic.id),
        )
        .await;
        changed_places.unwrap();
        assert!(matches!(deactivated, Err(ServiceError::Conflict { .. })), "{deactivated:?}");
    }

    async fn inviting_and_accepting_at_once_leaves_a_way_in(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        for number in 0..5 {
            let email = format!("dana{number}@contoso.com");
            let invitee = Invitee { email: email.clone(), name: String::new(), role: AccountRole::Admin };
            let link = accounts::invite(&app, &may, invitee.clone()).await.unwrap().url;
            let again = async {
                // As long as hashing the password takes, more or less.
                tokio::time::sleep(Duration::from_millis(10 * number)).await;
                accounts::invite(&app, &may, invitee).await
            };
            let (accepted, invited) = tokio::join!(accept(&app, LinkPurpose::Invitation, &link, ""), again);
            match (accepted, invited) {
                (Ok(_), Err(ServiceError::Conflict { .. })) => {}
                (Err(AccessError::Refused(SignInError::LinkInvalid)), Ok(new)) => {
                    accept(&app, LinkPurpose::Invitation, &new.url, "").await.unwrap();
                }
                other => panic!("{other:?}"),
            }
            sign_in(&app, &email, &Secret::new(PASSWORD), "192.0.2.1").await.unwrap();
        }
    }
}
