//! Who is told of failures: recipients and their links, what is told when, and what becomes of each mail.

mod delivery;
mod erased;
mod recipients;
mod sample;
mod telling;

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::clock::MINUTE;
use rhombus_provisioning::server::services::notifications::pass::{self, Told};
use rhombus_provisioning::server::services::{health_watch, outbox};
use rhombus_provisioning::server::store::sql::sql;

use super::person::{account, cookie, post};
use crate::support::app::{Answer, TestApp};
use crate::support::db::TestDb;
use crate::support::entra::Entra;
use crate::support::smtp::{Received, SmtpServer, Ways};

const PAGE: &str = "/organizations/contoso/notifications";
const DANA: &str = "dana@contoso.com";

/// A deployment that sends by a server of the test.
struct Post {
    app: TestApp,
    server: SmtpServer,
}

impl Post {
    async fn new(db: TestDb) -> Self {
        let server = SmtpServer::start(Ways::default()).await;
        let app = TestApp::mailing(db, &server).await;
        Self { app, server }
    }

    /// What has arrived, by its subject, since the last look.
    fn subjects(&self, seen: usize) -> Vec<String> {
        let received = self.server.received();
        received[seen..]
            .iter()
            .map(|mail| mail.header("Subject"))
            .collect()
    }

    fn count(&self) -> usize {
        self.server.received().len()
    }

    /// Somebody at a browser.
    async fn person(&self, role: AccountRole) -> String {
        let email = format!("{}@people.example", role.as_str());
        let slug = (role != AccountRole::Support).then_some("contoso");
        let id = account(&self.app, &email, role, slug).await;
        cookie(&self.app, &id).await
    }

    /// Sends whatever is due.
    async fn deliver(&self) -> usize {
        outbox::send_due(&self.app.app).await.unwrap()
    }

    /// What the job does once a minute, and the one that sends.
    async fn minute(&self) -> Told {
        self.app.advance(MINUTE);
        let told = self.tell().await;
        self.deliver().await;
        told
    }

    async fn tell(&self) -> Told {
        self.app.flush().await;
        health_watch::run(&self.app.app).await.unwrap();
        pass::run(&self.app.app).await.unwrap()
    }

    /// A recipient who has confirmed the address; answers how many mails there are then.
    async fn recipient(&self, admin: &str, address: &str) -> usize {
        add(&self.app, admin, address).await;
        self.deliver().await;
        let link = link(self.server.received().last().unwrap(), "/verify/");
        let used = press(&self.app, &link).await;
        assert_eq!(used.status, 303, "{}", used.text);
        self.count()
    }
}

/// The form by which a recipient is added.
async fn add(app: &TestApp, cookie: &str, address: &str) -> Answer {
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("address", address)
        .finish();
    post(app, cookie, &format!("{PAGE}/recipients"), &form).await
}

/// The path of the link in a mail that begins like this.
#[track_caller]
fn link(mail: &Received, begin: &str) -> String {
    let text = mail.part("text/plain");
    let whole = format!("https://provisioning.test{begin}");
    let (_, rest) = text
        .split_once(&whole)
        .unwrap_or_else(|| panic!("no {begin} in {text}"));
    let token = rest.split_whitespace().next().unwrap();
    format!("{begin}{token}")
}

/// Opens a page without a session, as whoever has a link does.
async fn look(app: &TestApp, path: &str) -> Answer {
    let request = Request::get(path)
        .header("accept", "text/html")
        .body(Body::empty());
    app.send(request.unwrap()).await
}

/// Presses the button of the page behind a link.
async fn press(app: &TestApp, path: &str) -> Answer {
    post(app, "", path, "").await
}

async fn states(app: &TestApp) -> Vec<(String, String)> {
    let all = sql("SELECT address, state FROM notification_recipients ORDER BY created_at, id");
    app.rows(all).await
}

/// Settings as the form sends them with everything checked.
const SETTINGS: &str = "send=on&new_issue=on&refused=on&quarantine=on&silent=on&guard_holding=on&token_expiring=on\
     &stopped=on&still_failing=on&recovered=on&digest_hours=24&quiet_from=&quiet_until=&zone=UTC&silence_hours=2";

async fn change(app: &TestApp, cookie: &str, from: &str, to: &str) -> Answer {
    assert!(SETTINGS.contains(from), "{from}");
    post(app, cookie, PAGE, &SETTINGS.replace(from, to)).await
}

/// A create that is refused for its role.
async fn refused_role(entra: &Entra<'_>, user_name: &str, role: &str) {
    let mut body = crate::support::entra::user(user_name);
    body["roles"][0]["value"] = role.into();
    let answer = entra.post(&body).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
}
