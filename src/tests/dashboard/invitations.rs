//! What the page says of a link that goes by mail, and of an address that mail could not go to.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::clock::{Clock, HOUR};
use rhombus_provisioning::server::http;
use rhombus_provisioning::server::store::sql::sql;

use super::person::{account, cookie, open, post, tag};
use crate::db_test;
use crate::support::app::{START, TestApp, settings};
use crate::support::smtp::{SmtpServer, Ways};

const ACCOUNTS: &str = "/organizations/contoso/accounts";

db_test! {
    async fn the_page_says_whether_the_link_goes_by_mail(db: TestDb) {
        let server = SmtpServer::start(Ways::default()).await;
        let mut settings = settings(&db.url);
        settings.smtp = server.settings().smtp;
        let app = App::new(db.db.clone(), Clock::mock(START), settings);
        let app = TestApp { router: http::router(app.clone()), app, db };
        app.entra("contoso").await;
        let dana = account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let dana = cookie(&app, &dana).await;

        let answer = post(&app, &dana, ACCOUNTS, "email=vera%40contoso.com&role=viewer").await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("on its way by email to vera@contoso.com as well"), "{}", answer.text);
        let written: Vec<(String, String)> = app.rows(sql("SELECT kind, address FROM outbox")).await;
        assert_eq!(written, [("invitation".to_owned(), "vera@contoso.com".to_owned())]);

        for (typed, reason) in [
            ("Vera+%3Cvera%40contoso.com%3E", "without a name and without"),
            ("vera%40contoso", "is not whole"),
            ("vera%40contoso.com%2Cdana%40contoso.com", "one address at a time"),
        ] {
            let answer = post(&app, &dana, ACCOUNTS, &format!("email={typed}&role=viewer")).await;
            assert_eq!(answer.status, 422);
            assert!(answer.text.contains(reason), "{typed}: {}", answer.text);
        }
        let written: Vec<(String,)> = app.rows(sql("SELECT kind FROM outbox")).await;
        assert_eq!(written.len(), 1);
    }

    async fn nobodys_mailbox_is_filled_with_links_that_others_make(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let dana = account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let dana = cookie(&app, &dana).await;
        let invite = async |address: &str| post(&app, &dana, ACCOUNTS, &format!("email={address}&role=viewer")).await;
        for _ in 0..9 {
            assert_eq!(invite("vera%40contoso.com").await.status, 200);
        }
        let vera: Vec<(String,)> = app.rows(sql("SELECT id FROM accounts WHERE email = 'vera@contoso.com'")).await;
        let link = format!("{ACCOUNTS}/{}/link", vera[0].0);
        let last = post(&app, &dana, &link, "").await;
        assert_eq!(last.status, 200);
        let (_, last) = last.text.split_once("https://provisioning.test/invitation/").unwrap();
        let last: String = last.chars().take_while(char::is_ascii_alphanumeric).collect();

        for refused in [invite("Vera%40contoso.com").await, post(&app, &dana, &link, "").await] {
            assert_eq!(refused.status, 409, "{}", refused.text);
            assert!(refused.text.contains("has been sent 10 links within an hour"), "{}", refused.text);
        }
        assert_eq!(invite("omar%40contoso.com").await.status, 200);
        let written: Vec<(String,)> = app.rows(sql("SELECT id FROM outbox WHERE address = 'vera@contoso.com'")).await;
        assert_eq!(written.len(), 10);
        assert_eq!(open(&app, "", &format!("/invitation/{last}")).await.status, 200, "a refusal ends no link");
        app.advance(HOUR);
        assert_eq!(invite("vera%40contoso.com").await.status, 200);
    }

    async fn a_refused_acceptance_keeps_the_name_and_no_password(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let dana = account(&app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let dana = cookie(&app, &dana).await;
        let invited = post(&app, &dana, ACCOUNTS, "email=vera%40contoso.com&role=viewer").await.text;
        let (_, link) = invited.split_once("https://provisioning.test/invitation/").unwrap();
        let secret: String = link.chars().take_while(char::is_ascii_alphanumeric).collect();
        let path = format!("/invitation/{secret}");
        let invited = open(&app, "", &path).await;
        assert!(tag(&invited.text, "name").contains("value=\"vera\""), "{}", invited.text);

        let form = |again: &str| format!("name=Vera+Lind&password=lantern+orbit+velvet&password_again={again}");
        let refused = post(&app, "", &path, &form("another")).await;
        assert_eq!((refused.status, refused.header("location")), (422, ""));
        assert!(refused.text.contains("The two passwords differ."), "{}", refused.text);
        assert!(tag(&refused.text, "name").contains("value=\"Vera Lind\""), "{}", refused.text);
        assert!(!refused.text.contains("lantern"), "{}", refused.text);

        let accepted = post(&app, "", &path, &form("lantern+orbit+velvet")).await;
        assert_eq!((accepted.status, accepted.header("location")), (303, "/"));
        let again = post(&app, "", &path, &form("lantern+orbit+velvet")).await;
        assert_eq!((again.status, again.header("location")), (303, path.as_str()));
        assert_eq!(open(&app, "", &path).await.status, 404);
    }
}
