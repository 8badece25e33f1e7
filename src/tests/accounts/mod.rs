//! Organizations, tokens, accounts, sessions, and the command line beside the server.

mod audit_pages;
mod command_line;
mod limits;
mod links;
mod mailed_links;
mod races;
mod sessions;
mod states;
mod token_life;
mod user_access;

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::Clock;
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::accounts::{self, Invitee};
use rhombus_provisioning::server::services::organizations::{self, NewOrganization};
use rhombus_provisioning::server::store::audit;
use rhombus_provisioning::server::store::sql::sql;

use crate::support::app::{START, settings};
use crate::support::db::TestDb;

const PASSWORD: &str = "seven quiet herons";

fn app_on(db: &TestDb) -> App {
    App::new(db.db.clone(), Clock::mock(START), settings(&db.url))
}

/// An organization, with everything at its default.
async fn organization(app: &App, slug: &str) {
    let allowed = Allowed::command_line(Permission::CreateOrganization, None);
    let new = NewOrganization {
        slug: slug.to_owned(),
        name: format!("{slug} Ltd"),
        ..NewOrganization::default()
    };
    organizations::create(app, &allowed, new).await.unwrap();
}

/// Proof of permission in an organization.
async fn allowed(app: &App, permission: Permission, slug: &str) -> Allowed {
    let organization = organizations::find(app, slug).await.unwrap();
    Allowed::command_line(permission, Some(organization.unwrap()))
}

/// An account that can sign in with [`PASSWORD`].
async fn account(app: &App, email: &str, role: AccountRole, slug: Option<&str>) {
    let allowed = match slug {
        Some(slug) => allowed(app, Permission::ManageAccounts, slug).await,
        None => Allowed::command_line(Permission::ManageAccounts, None),
    };
    let invitee = Invitee {
        email: email.to_owned(),
        name: String::new(),
        role,
    };
    let password = Secret::new(PASSWORD);
    accounts::create_with_password(app, &allowed, invitee, &password)
        .await
        .unwrap();
}

/// What the audit log holds, latest first.
async fn audited(app: &App) -> Vec<audit::Entry> {
    let mut connection = app.db.read().await.unwrap();
    let all = sql("SELECT * FROM audit_log ORDER BY occurred_at DESC, id DESC");
    connection.fetch_all(all).await.unwrap()
}

/// The actions in the audit log, sorted: on a standing clock entries have no order in time.
async fn actions(app: &App) -> Vec<String> {
    let mut actions: Vec<String> = audited(app)
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    actions.sort();
    actions
}
