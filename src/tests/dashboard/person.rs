//! Somebody at a browser.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::auth::session;
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::accounts::{self, Invitee};
use rhombus_provisioning::server::services::organizations;
use rhombus_provisioning::server::services::sign_in::SignedIn;
use rhombus_provisioning::server::store::sql::sql;
use tower_sessions::Session;

use crate::support::app::{Answer, TestApp};

pub const PASSWORD: &str = "seven quiet herons";

/// An account with [`PASSWORD`]; without a slug one of Support. Answers its id.
pub async fn account(app: &TestApp, email: &str, role: AccountRole, slug: Option<&str>) -> String {
    let organization = match slug {
        Some(slug) => organizations::find(&app.app, slug).await.unwrap(),
        None => None,
    };
    let allowed = Allowed::command_line(Permission::ManageAccounts, organization);
    let invitee = Invitee {
        email: email.to_owned(),
        name: String::new(),
        role,
    };
    accounts::create_with_password(&app.app, &allowed, invitee, &Secret::new(PASSWORD))
        .await
        .unwrap();
    let found: Vec<(String,)> = app
        .rows(sql("SELECT id FROM accounts WHERE email = $1").bind(email))
        .await;
    found[0].0.clone()
}

/// A new session of an account, as the cookie that a browser sends.
pub async fn cookie(app: &TestApp, account_id: &str) -> String {
    let session = Session::new(None, Arc::new(session::Store::new(&app.app)), None);
    let signed_in = SignedIn {
        account_id: account_id.to_owned(),
    };
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    session::start(&session, &signed_in, "192.0.2.1", agent)
        .await
        .unwrap();
    format!("{}={}", session::COOKIE, session.id().unwrap())
}

/// Opens an address.
pub async fn open(app: &TestApp, cookie: &str, address: &str) -> Answer {
    // Server functions answer whoever accepts HTML with a way back instead of the error.
    let accept = if address.starts_with("/api/") {
        "application/json"
    } else {
        "text/html"
    };
    let request = Request::get(address)
        .header("accept", accept)
        .header("cookie", cookie)
        .body(Body::empty());
    app.send(request.unwrap()).await
}

/// The start tag of the element with this id; "" where there is none.
pub fn tag<'a>(page: &'a str, id: &str) -> &'a str {
    let Some(at) = page.find(&format!(" id=\"{id}\"")) else {
        return "";
    };
    let start = page[..at].rfind('<').unwrap_or_default();
    page[start..].split('>').next().unwrap_or_default()
}

/// Sends a form from a page of ours.
pub async fn post(app: &TestApp, cookie: &str, address: &str, form: &str) -> Answer {
    let request = Request::post(address)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie)
        .body(Body::from(form.to_owned()));
    app.send(request.unwrap()).await
}
