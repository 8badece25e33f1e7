//! Somebody who has signed in and asks for plain routes.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::accounts::{self, Invitee};
use rhombus_provisioning::server::services::organizations;

use crate::support::app::TestApp;

const PASSWORD: &str = "seven quiet herons";

/// A Viewer of the organization, signed in: the session cookie.
pub async fn viewer(app: &TestApp, slug: &str) -> String {
    let organization = organizations::find(&app.app, slug).await.unwrap();
    let allowed = Allowed::command_line(Permission::ManageAccounts, organization);
    signed_in(
        app,
        &allowed,
        &format!("vera@{slug}.example"),
        AccountRole::Viewer,
    )
    .await
}

/// Somebody of Support, signed in: the session cookie.
pub async fn support(app: &TestApp) -> String {
    let allowed = Allowed::command_line(Permission::ManageSupportAccounts, None);
    signed_in(app, &allowed, "sam@rhombus.example", AccountRole::Support).await
}

async fn signed_in(app: &TestApp, allowed: &Allowed, email: &str, role: AccountRole) -> String {
    let invitee = Invitee {
        email: email.to_owned(),
        name: "Vera".to_owned(),
        role,
    };
    accounts::create_with_password(&app.app, allowed, invitee, &Secret::new(PASSWORD))
        .await
        .unwrap();
    let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
    let request = Request::post("/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let answer = app.send(request).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap();
    cookie.to_owned()
}
