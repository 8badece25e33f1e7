//! Invitations and reset links by mail, and *Forgot your password?*.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use rhombus_provisioning::model::account::{AccountRole, LinkPurpose, SignInError};
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{Clock, HOUR, MINUTE};
use rhombus_provisioning::server::error::{ServiceError, StoreError};
use rhombus_provisioning::server::http;
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::account_links::{self, Acceptance};
use rhombus_provisioning::server::services::accounts::{self, AccountQuery, Invitee};
use rhombus_provisioning::server::services::forgotten_passwords::ask;
use rhombus_provisioning::server::services::outbox;
use rhombus_provisioning::server::services::sign_in::{AccessError, sign_in};
use rhombus_provisioning::server::store::sql::sql;
use sqlx::FromRow;
use tower::ServiceExt;

use super::{PASSWORD, account, allowed, app_on, audited, organization};
use crate::db_test;
use crate::support::app::{START, settings};
use crate::support::db::TestDb;
use crate::support::smtp::{Received, SmtpServer, Ways};

const DANA: &str = "dana@contoso.com";

#[derive(Debug, FromRow)]
struct Row {
    kind: String,
    state: String,
    address: String,
    body: Option<String>,
}

/// The application with a mail server.
async fn mailing(db: &TestDb) -> (App, SmtpServer) {
    let server = SmtpServer::start(Ways::default()).await;
    let mut settings = settings(&db.url);
    settings.smtp = server.settings().smtp;
    let app = App::new(db.db.clone(), Clock::mock(START), settings);
    organization(&app, "contoso").await;
    (app, server)
}

async fn outbox_rows(app: &App) -> Vec<Row> {
    let mut connection = app.db.read().await.unwrap();
    let all = sql("SELECT kind, state, address, body FROM outbox ORDER BY created_at, id");
    connection.fetch_all(all).await.unwrap()
}

/// The secret of the link in a mail.
fn secret(mail: &Received, purpose: LinkPurpose) -> String {
    let start = format!("https://provisioning.test{}/", purpose.path());
    let text = mail.part("text/plain");
    let (_, rest) = text.split_once(&start).expect("a link in the text");
    rest.split_whitespace().next().unwrap().to_owned()
}

fn form(password: &str) -> Acceptance {
    Acceptance {
        email: String::new(),
        name: "Dana".to_owned(),
        password: Secret::new(password),
        password_again: Secret::new(password),
    }
}

fn dana() -> Invitee {
    Invitee {
        email: DANA.to_owned(),
        name: String::new(),
        role: AccountRole::Admin,
    }
}

#[track_caller]
fn refused(outcome: Result<(), AccessError>) -> SignInError {
    match outcome {
        Err(AccessError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Posts the form: where it leads.
async fn posted(app: &App, email: &str) -> (u16, String) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("email", email)
        .finish();
    let request = Request::post("/forgot-password")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .unwrap();
    let answer = http::router(app.clone()).oneshot(request).await.unwrap();
    let location = answer.headers().get("location");
    let location = location.map_or("", |location| location.to_str().unwrap());
    (answer.status().as_u16(), location.to_owned())
}

async fn page(app: &App, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = http::router(app.clone()).oneshot(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

db_test! {
    async fn an_invitation_goes_by_mail_with_the_account(db: TestDb) {
        let (app, server) = mailing(&db).await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        let link = accounts::invite(&app, &may, dana()).await.unwrap();
        assert!(link.is_mailed);
        let rows = outbox_rows(&app).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].kind.as_str(), rows[0].state.as_str(), rows[0].address.as_str()), ("invitation", "waiting", DANA));
        let sealed = rows[0].body.clone().unwrap();
        assert!(!sealed.contains("invitation") && !sealed.contains("https"), "{sealed}");

        assert_eq!(outbox::send_due(&app).await.unwrap(), 1);
        let mail = server.received().remove(0);
        assert_eq!(mail.header("Subject"), "Your invitation to Rhombus Provisioning: contoso Ltd");
        assert_eq!(mail.header("List-Unsubscribe"), "");
        assert!(link.url.ends_with(&secret(&mail, LinkPurpose::Invitation)));
        let rows = outbox_rows(&app).await;
        assert_eq!((rows[0].state.as_str(), &rows[0].body), ("sent", &None), "the link is forgotten");

        // Who has accepted cannot be invited again, and gets no mail for the attempt.
        let invitation = LinkPurpose::Invitation;
        account_links::accept(&app, invitation, &secret(&mail, invitation), form(PASSWORD), "192.0.2.1").await.unwrap();
        assert!(matches!(accounts::invite(&app, &may, dana()).await, Err(ServiceError::Conflict { .. })));
        assert_eq!(outbox_rows(&app).await.len(), 1);
    }

    async fn a_reset_link_goes_by_mail_too(db: TestDb) {
        let (app, server) = mailing(&db).await;
        account(&app, DANA, AccountRole::Admin, Some("contoso")).await;
        let everywhere = Allowed::command_line(Permission::ManageAccounts, None);
        let link = accounts::reset(&app, &everywhere, DANA).await.unwrap();
        assert!(link.is_mailed);
        outbox::send_due(&app).await.unwrap();
        let mail = server.received().remove(0);
        assert!(link.url.ends_with(&secret(&mail, LinkPurpose::Reset)));
        assert!(mail.part("text/plain").starts_with("Your account\n"));
    }

    async fn times_are_those_of_the_accounts_organization(db: TestDb) {
        let (app, server) = mailing(&db).await;
        organization(&app, "fabrikam").await;
        let settings = "INSERT INTO notification_settings (organization_id, is_on, on_since, events_off, digest_hours, zone, \
                        silence_minutes) SELECT id, TRUE, 0, '[]', 24, 'Europe/Berlin', 120 FROM organizations WHERE slug = 'fabrikam'";
        app.db.write::<_, StoreError, _>(move |tx| Box::pin(async move { tx.execute(sql(settings)).await })).await.unwrap();
        let may = allowed(&app, Permission::ManageAccounts, "fabrikam").await;
        let invited = Invitee { email: "ana@fabrikam.com".to_owned(), ..dana() };
        accounts::invite(&app, &may, invited).await.unwrap();
        account(&app, "eve@fabrikam.com", AccountRole::Admin, Some("fabrikam")).await;
        let everywhere = Allowed::command_line(Permission::ManageAccounts, None);
        accounts::reset(&app, &everywhere, "eve@fabrikam.com").await.unwrap();
        ask(&app, "eve@fabrikam.com", "192.0.2.1").await.unwrap();
        // Where none is chosen, and in no organization.
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        accounts::invite(&app, &may, dana()).await.unwrap();
        account(&app, "help@rhombus.example", AccountRole::Support, None).await;
        ask(&app, "help@rhombus.example", "192.0.2.1").await.unwrap();
        outbox::send_due(&app).await.unwrap();
        let mut times: Vec<(String, String)> = server.received().iter().map(|mail| {
            let text = mail.part("text/plain").replace('\n', " ");
            let (_, time) = text.split_once("The link works once, until ").unwrap();
            (mail.header("To"), time.split('.').next().unwrap().to_owned())
        }).collect();
        times.sort();
        let expected = [
            ("ana@fabrikam.com", "30 Nov 2026, 10:00 CET"),
            (DANA, "30 Nov 2026, 09:00 UTC"),
            ("eve@fabrikam.com", "23 Nov 2026, 11:00 CET"),
            ("eve@fabrikam.com", "23 Nov 2026, 11:00 CET"),
            ("help@rhombus.example", "23 Nov 2026, 10:00 UTC"),
        ];
        assert_eq!(times, expected.map(|(to, time)| (to.to_owned(), time.to_owned())));
    }

    async fn without_a_mail_server_nobody_is_told_that_mail_is_on_its_way(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        assert!(!accounts::invite(&app, &may, dana()).await.unwrap().is_mailed);
        assert_eq!(outbox_rows(&app).await.len(), 1, "it is written into the data folder");
        assert!(page(&app, "/forgot-password").await.contains("stays in its data folder"));
        assert!(page(&app, "/forgot-password?asked").await.contains("stays in its data folder"));
    }

    async fn who_forgot_the_password_gets_a_link_and_nobody_learns_who_has_an_account(db: TestDb) {
        let (app, server) = mailing(&db).await;
        account(&app, DANA, AccountRole::Admin, Some("contoso")).await;
        assert!(!page(&app, "/forgot-password").await.contains("data folder"));
        assert!(page(&app, "/sign-in").await.contains("href=\"/forgot-password\""));
        let asked = (303, "/forgot-password?asked".to_owned());
        assert_eq!(posted(&app, " Dana@Contoso.com ").await, asked);
        assert_eq!(posted(&app, "nobody@contoso.com").await, asked);
        assert_eq!(posted(&app, "no address").await, (422, String::new()));
        let rows = outbox_rows(&app).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].kind.as_str(), rows[0].address.as_str()), ("reset", DANA), "not as it was typed");

        outbox::send_due(&app).await.unwrap();
        let link = secret(&server.received()[0], LinkPurpose::Reset);
        assert!(sign_in(&app, DANA, &Secret::new(PASSWORD), "192.0.2.1").await.is_ok(), "until it is used");
        account_links::accept(&app, LinkPurpose::Reset, &link, form("eight loud herons"), "192.0.2.1").await.unwrap();
        assert!(sign_in(&app, DANA, &Secret::new("eight loud herons"), "192.0.2.1").await.is_ok());
        assert!(sign_in(&app, DANA, &Secret::new(PASSWORD), "192.0.2.1").await.is_err());

        let asked: Vec<(String, String)> = audited(&app)
            .await
            .into_iter()
            .filter(|entry| entry.action == "account.ask_reset")
            .map(|entry| (entry.target_name, entry.after.unwrap_or_default()))
            .collect();
        assert_eq!(asked.len(), 2);
        assert!(asked.contains(&(DANA.to_owned(), r#"{"outcome":"mailed"}"#.to_owned())), "{asked:?}");
        assert!(asked.contains(&("Unknown account".to_owned(), r#"{"outcome":"unknown"}"#.to_owned())), "{asked:?}");
    }

    async fn asking_takes_no_link_away_and_fills_no_mailbox(db: TestDb) {
        let (app, _server) = mailing(&db).await;
        account(&app, DANA, AccountRole::Admin, Some("contoso")).await;
        let everywhere = Allowed::command_line(Permission::ManageAccounts, None);
        let given = accounts::reset(&app, &everywhere, DANA).await.unwrap().url;
        for _ in 0..3 {
            ask(&app, DANA, "192.0.2.1").await.unwrap();
        }
        assert_eq!(refused(ask(&app, DANA, "192.0.2.2").await), SignInError::TooMany { minutes: 15 });
        // Not the same as failing to sign in.
        assert!(sign_in(&app, DANA, &Secret::new(PASSWORD), "192.0.2.1").await.is_ok());
        let given = given.rsplit('/').next().unwrap();
        assert!(account_links::find_link(&app, LinkPurpose::Reset, given).await.unwrap().is_some());
        for _ in 0..4 {
            app.clock.advance(std::time::Duration::from_millis((16 * MINUTE).unsigned_abs()));
            ask(&app, DANA, "192.0.2.1").await.unwrap();
        }
        assert_eq!(outbox_rows(&app).await.len(), 5, "in a day, the one that was made for the person counted");

        app.clock.advance(std::time::Duration::from_millis((25 * HOUR).unsigned_abs()));
        for host in 0..20 {
            ask(&app, &format!("person{host}@contoso.com"), "2001:db8::1").await.unwrap();
        }
        let elsewhere = ask(&app, "another@contoso.com", "2001:db8::2").await;
        assert!(matches!(refused(elsewhere), SignInError::TooMany { .. }));
    }

    async fn the_invited_get_their_invitation_and_the_deactivated_nothing(db: TestDb) {
        let (app, server) = mailing(&db).await;
        account(&app, "ana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let may = allowed(&app, Permission::ManageAccounts, "contoso").await;
        let first = accounts::invite(&app, &may, dana()).await.unwrap().url;
        ask(&app, DANA, "192.0.2.1").await.unwrap();
        outbox::send_due(&app).await.unwrap();
        let mut secrets: Vec<String> = server.received().iter().map(|mail| secret(mail, LinkPurpose::Invitation)).collect();
        secrets.dedup();
        assert_eq!(secrets.len(), 2);
        assert!(secrets.iter().any(|secret| first.ends_with(secret.as_str())));
        for secret in &secrets {
            assert!(account_links::find_link(&app, LinkPurpose::Invitation, secret).await.unwrap().is_some());
        }
        let read = allowed(&app, Permission::ReadAccounts, "contoso").await;
        let list = accounts::list(&app, &read, &AccountQuery::default()).await.unwrap().page.items;
        let id = &list.iter().find(|row| row.email == DANA).unwrap().id;
        accounts::deactivate(&app, &may, id).await.unwrap();
        ask(&app, DANA, "192.0.2.1").await.unwrap();
        assert_eq!(outbox_rows(&app).await.len(), 2);
    }
}
