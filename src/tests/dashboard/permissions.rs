//! Who may open and do what: one table of every page, server function and form. A route without a row fails, and so
//! does a row without a route.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::http::dashboard::page_routes;
use rhombus_provisioning::server::services::organizations;
use rhombus_provisioning::server::services::tokens::{self, NewToken};
use rhombus_provisioning::server::store::sql::sql;

use super::person::{account, cookie, open, post};
use crate::support::app::{Answer, TestApp};
use crate::support::db::TestDb;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done, or refused for another reason than who asks.
    Allowed,
    SignIn,
    Forbidden,
    /// The organization does not exist for who asks.
    NotFound,
}
use Outcome::{Allowed as Yes, Forbidden as No, NotFound as Gone, SignIn as Out};

/// The columns: nobody, Viewer, Admin of another organization, Admin, Support.
type Row = (&'static str, [Outcome; 5]);

const ANYBODY: [Outcome; 5] = [Yes, Yes, Yes, Yes, Yes];
const SIGNED_IN: [Outcome; 5] = [Out, Yes, Yes, Yes, Yes];
/// Everybody of the organization, and Support.
const READERS: [Outcome; 5] = [Out, Yes, Gone, Yes, Yes];
const ADMIN: [Outcome; 5] = [Out, No, Gone, Yes, No];
const ADMIN_OR_SUPPORT: [Outcome; 5] = [Out, No, Gone, Yes, Yes];
/// Support, in an organization.
const SUPPORT: [Outcome; 5] = [Out, No, Gone, No, Yes];
/// Support, in the whole deployment.
const SUPPORT_EVERYWHERE: [Outcome; 5] = [Out, No, No, No, Yes];

const TABLE: &[Row] = &[
    // Pages.
    ("GET /", SIGNED_IN),
    ("GET /sign-in", ANYBODY),
    ("GET /first-start/{secret}", ANYBODY),
    ("GET /invitation/{secret}", ANYBODY),
    ("GET /reset/{secret}", ANYBODY),
    ("GET /forgot-password", ANYBODY),
    ("GET /verify/{token}", ANYBODY),
    ("GET /unsubscribe/{token}", ANYBODY),
    ("GET /account", SIGNED_IN),
    ("GET /accounts", SUPPORT_EVERYWHERE),
    ("GET /accounts/{id}", SUPPORT_EVERYWHERE),
    ("GET /accounts/{id}/link", SUPPORT_EVERYWHERE),
    ("GET /accounts/{id}/deactivate", SUPPORT_EVERYWHERE),
    ("GET /organizations", SUPPORT_EVERYWHERE),
    ("GET /organizations/{slug}", READERS),
    ("GET /organizations/{slug}/users", READERS),
    ("GET /organizations/{slug}/users/{id}", READERS),
    ("GET /organizations/{slug}/users/{id}/block", ADMIN),
    ("GET /organizations/{slug}/users/{id}/unblock", ADMIN),
    ("GET /organizations/{slug}/users/{id}/erase", ADMIN),
    ("GET /organizations/{slug}/held", READERS),
    ("GET /organizations/{slug}/issues", READERS),
    ("GET /organizations/{slug}/issues/{id}", READERS),
    ("GET /issues", SUPPORT_EVERYWHERE),
    ("GET /organizations/{slug}/logs", READERS),
    ("GET /organizations/{slug}/logs/{id}", READERS),
    ("GET /organizations/{slug}/logs/export.csv", READERS),
    ("GET /organizations/{slug}/logs/export.ndjson", READERS),
    ("GET /organizations/{slug}/audit", READERS),
    ("GET /organizations/{slug}/audit/export", READERS),
    (
        "GET /organizations/{slug}/support-bundles",
        ADMIN_OR_SUPPORT,
    ),
    (
        "GET /organizations/{slug}/support-bundles/new",
        ADMIN_OR_SUPPORT,
    ),
    ("GET /support-bundles/{secret}", ANYBODY),
    ("GET /support-bundles/{secret}/json", ANYBODY),
    ("GET /audit", SUPPORT_EVERYWHERE),
    ("GET /audit/export", SUPPORT_EVERYWHERE),
    ("GET /search", SIGNED_IN),
    ("GET /organizations/{slug}/tokens", READERS),
    ("GET /organizations/{slug}/tokens/{id}/rotate", READERS),
    ("GET /organizations/{slug}/tokens/{id}/revoke", ADMIN),
    ("GET /organizations/{slug}/notifications", READERS),
    ("GET /organizations/{slug}/notifications/sample", READERS),
    ("GET /organizations/{slug}/settings", READERS),
    ("GET /organizations/{slug}/settings/pause", ADMIN),
    ("GET /organizations/{slug}/settings/roles/new", ADMIN),
    ("GET /organizations/{slug}/settings/roles/{id}", ADMIN),
    (
        "GET /organizations/{slug}/settings/roles/{id}/delete",
        ADMIN,
    ),
    ("GET /organizations/{slug}/accounts", READERS),
    ("GET /organizations/{slug}/accounts/{id}", READERS),
    ("GET /organizations/{slug}/accounts/{id}/link", ADMIN),
    ("GET /organizations/{slug}/accounts/{id}/deactivate", ADMIN),
    // Server functions.
    ("GET /api/me", SIGNED_IN),
    ("GET /api/frame", READERS),
    ("GET /api/links/get", ANYBODY),
    ("GET /api/links/mail", ANYBODY),
    ("GET /api/organizations/list", SUPPORT_EVERYWHERE),
    ("GET /api/overview", READERS),
    ("GET /api/users/list", READERS),
    ("GET /api/users/counts", READERS),
    ("GET /api/users/get", READERS),
    ("GET /api/users/history", READERS),
    ("GET /api/users/roles", READERS),
    ("GET /api/guard/get", READERS),
    ("GET /api/issues/list", READERS),
    ("GET /api/issues/counts", READERS),
    ("GET /api/issues/list_all", SUPPORT_EVERYWHERE),
    ("GET /api/issues/count_all", SUPPORT_EVERYWHERE),
    ("GET /api/issues/dry_run", ADMIN_OR_SUPPORT),
    ("GET /api/issues/fix", READERS),
    ("GET /api/issues/get", READERS),
    ("GET /api/issues/of_user", READERS),
    ("GET /api/support_bundles/form", ADMIN_OR_SUPPORT),
    ("GET /api/support_bundles/list", ADMIN_OR_SUPPORT),
    ("GET /api/audit/list", READERS),
    ("GET /api/audit/list_all", SUPPORT_EVERYWHERE),
    ("GET /api/search", SIGNED_IN),
    ("GET /api/logs/count_newer", READERS),
    ("GET /api/logs/filter", READERS),
    ("GET /api/logs/glance", READERS),
    ("GET /api/logs/list", READERS),
    ("GET /api/logs/dry_run", ADMIN_OR_SUPPORT),
    ("GET /api/logs/get", READERS),
    ("GET /api/logs/of_user", READERS),
    ("GET /api/logs/neighbours", READERS),
    ("GET /api/tokens/list", READERS),
    ("GET /api/tokens/form", ADMIN),
    ("GET /api/notifications/get", READERS),
    ("GET /api/notifications/link", ANYBODY),
    ("GET /api/settings/get", READERS),
    ("GET /api/settings/role", READERS),
    ("GET /api/accounts/list", READERS),
    ("GET /api/accounts/get", READERS),
    ("GET /api/own_account/sessions", SIGNED_IN),
    ("GET /api/own_account/time_zone", SIGNED_IN),
    // Forms.
    ("POST /sign-in", ANYBODY),
    // Whoever is signed out already is sent to sign in, like whoever signs out.
    ("POST /sign-out", SIGNED_IN),
    ("POST /first-start/{secret}", ANYBODY),
    ("POST /invitation/{secret}", ANYBODY),
    ("POST /reset/{secret}", ANYBODY),
    ("POST /forgot-password", ANYBODY),
    ("POST /verify/{token}", ANYBODY),
    ("POST /unsubscribe/{token}", ANYBODY),
    ("POST /theme", ANYBODY),
    ("POST /account", SIGNED_IN),
    ("POST /account/time-zone", SIGNED_IN),
    ("POST /account/sessions", SIGNED_IN),
    ("POST /account/sessions/{id}", SIGNED_IN),
    ("POST /accounts", SUPPORT_EVERYWHERE),
    ("POST /accounts/{id}/link", SUPPORT_EVERYWHERE),
    ("POST /accounts/{id}/deactivate", SUPPORT_EVERYWHERE),
    ("POST /organizations", SUPPORT_EVERYWHERE),
    ("POST /organizations/{slug}", ADMIN),
    ("POST /organizations/{slug}/enable", SUPPORT),
    ("POST /organizations/{slug}/disable", SUPPORT),
    ("POST /organizations/{slug}/users/{id}/block", ADMIN),
    ("POST /organizations/{slug}/users/{id}/unblock", ADMIN),
    ("POST /organizations/{slug}/users/{id}/erase", ADMIN),
    ("POST /organizations/{slug}/held", ADMIN),
    ("POST /organizations/{slug}/settings/guard", ADMIN),
    ("POST /organizations/{slug}/issues/{id}", ADMIN_OR_SUPPORT),
    // What its buttons may do is in `issue_fix`.
    (
        "POST /organizations/{slug}/issues/{id}/fix",
        ADMIN_OR_SUPPORT,
    ),
    (
        "POST /organizations/{slug}/support-bundles/new",
        ADMIN_OR_SUPPORT,
    ),
    (
        "POST /organizations/{slug}/support-bundles/{id}/revoke",
        ADMIN_OR_SUPPORT,
    ),
    ("POST /organizations/{slug}/tokens", ADMIN),
    ("POST /organizations/{slug}/tokens/{id}/rotate", ADMIN),
    ("POST /organizations/{slug}/tokens/{id}/revoke", ADMIN),
    ("POST /organizations/{slug}/notifications", ADMIN),
    ("POST /organizations/{slug}/notifications/test", ADMIN),
    ("POST /organizations/{slug}/notifications/recipients", ADMIN),
    (
        "POST /organizations/{slug}/notifications/recipients/{id}",
        ADMIN,
    ),
    (
        "POST /organizations/{slug}/notifications/recipients/{id}/remove",
        ADMIN,
    ),
    ("POST /organizations/{slug}/notifications/mails/{id}", ADMIN),
    ("POST /organizations/{slug}/settings", ADMIN),
    ("POST /organizations/{slug}/settings/pause", ADMIN),
    ("POST /organizations/{slug}/settings/resume", ADMIN),
    ("POST /organizations/{slug}/settings/roles/new", ADMIN),
    ("POST /organizations/{slug}/settings/roles/{id}", ADMIN),
    (
        "POST /organizations/{slug}/settings/roles/{id}/default",
        ADMIN,
    ),
    (
        "POST /organizations/{slug}/settings/roles/{id}/review",
        ADMIN,
    ),
    ("POST /organizations/{slug}/settings/roles/{id}/up", ADMIN),
    ("POST /organizations/{slug}/settings/roles/{id}/down", ADMIN),
    (
        "POST /organizations/{slug}/settings/roles/{id}/delete",
        ADMIN,
    ),
    // Support may invite the first Admin; there is one already.
    ("POST /organizations/{slug}/accounts", ADMIN_OR_SUPPORT),
    ("POST /organizations/{slug}/accounts/{id}", ADMIN),
    ("POST /organizations/{slug}/accounts/{id}/link", ADMIN),
    ("POST /organizations/{slug}/accounts/{id}/deactivate", ADMIN),
];

/// Every field that any form or server function asks for.
const FIELDS: &str = "slug=contoso&id=unknown&user_id=unknown&secret=unknown&purpose=invitation\
     &name=Test&email=new%40contoso.com&role=admin&state=on&once=one-time&days=30&overlap=1h\
     &current=wrong&password=wrong&password_again=wrong&theme=dark&reason=Test&user_name=unknown&q=unknown\
     &text=unknown&newest=unknown&value=test&display_name=Test&description=&mapped_values=&expected_users=100&do=resolve\
     &decision=kept&guard=off&link=verify&token=unknown&address=new%40contoso.com";

/// Routes that are no concern of permissions: files of the program; and streams without end (`reads::live` opens them).
const FREE: &[&str] = &[
    "GET /pkg/{hash}/{*file}",
    "GET /organizations/{slug}/live",
    "GET /live",
];

#[tokio::test]
async fn every_route_is_open_to_those_in_the_table_and_to_nobody_else() {
    let routes = routes();
    let rows: BTreeSet<String> = TABLE.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(rows.len(), TABLE.len(), "a route has two rows");
    let without_row: Vec<_> = routes.difference(&rows).collect();
    assert!(
        without_row.is_empty(),
        "routes without a row: {without_row:#?}"
    );
    let without_route: Vec<_> = rows.difference(&routes).collect();
    assert!(
        without_route.is_empty(),
        "rows without a route: {without_route:#?}"
    );

    let app = TestApp::new(TestDb::sqlite().await).await;
    app.entra("contoso").await;
    app.entra("fabrikam").await;
    let contoso = Some("contoso");
    let viewer = account(&app, "vera@contoso.com", AccountRole::Viewer, contoso).await;
    let stranger = account(
        &app,
        "ana@fabrikam.com",
        AccountRole::Admin,
        Some("fabrikam"),
    )
    .await;
    let admin = account(&app, "dana@contoso.com", AccountRole::Admin, contoso).await;
    let support = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
    let token = token(&app).await;

    let mut wrong = Vec::new();
    for (route, expected) in TABLE {
        let people = [
            None,
            Some(&viewer),
            Some(&stranger),
            Some(&admin),
            Some(&support),
        ];
        for (person, expected) in people.into_iter().zip(expected) {
            let cookie = match person {
                Some(id) => cookie(&app, id).await,
                None => String::new(),
            };
            let address = address(route, &viewer, &support, &token);
            let answer = match route.split_once(' ') {
                Some(("POST", _)) => post(&app, &cookie, &address, FIELDS).await,
                _ => open(&app, &cookie, &address).await,
            };
            let outcome = outcome(&answer);
            if outcome != Ok(*expected) {
                let who = person.map_or("nobody", |id| {
                    let names = [
                        (&viewer, "Viewer"),
                        (&stranger, "stranger"),
                        (&admin, "Admin"),
                    ];
                    let name = names.iter().find(|(other, _)| *other == id);
                    name.map_or("Support", |(_, name)| *name)
                });
                wrong.push(format!("{route} for {who}: {outcome:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A token of contoso, so that the questions about it can be asked.
async fn token(app: &TestApp) -> String {
    let organization = organizations::find(&app.app, "contoso").await.unwrap();
    let allowed = Allowed::command_line(Permission::ManageTokens, organization);
    let new = NewToken {
        name: "Permissions".to_owned(),
        ..NewToken::default()
    };
    let prefix = tokens::create(&app.app, &allowed, new)
        .await
        .unwrap()
        .prefix;
    let found: Vec<(String,)> = app
        .rows(sql("SELECT id FROM tokens WHERE prefix = $1").bind(prefix))
        .await;
    found[0].0.clone()
}

/// The address of a route, with things that exist for pages and with unknown ones for forms, which would change them.
fn address(route: &str, viewer: &str, support: &str, token: &str) -> String {
    let (method, path) = route.split_once(' ').unwrap();
    if path.starts_with("/api/") {
        return format!("{path}?{FIELDS}");
    }
    let id = match method {
        "POST" => "unknown",
        _ if path.contains("/tokens/") => token,
        _ if path.starts_with("/accounts/") => support,
        _ if path.contains("/accounts/") => viewer,
        _ => "unknown",
    };
    path.replace("{slug}", "contoso")
        .replace("{secret}", "unknown")
        .replace("{token}", "unknown")
        .replace("{id}", id)
}

fn outcome(answer: &Answer) -> Result<Outcome, String> {
    let is_of_organization = answer.text.contains("This organization does not exist")
        || answer.text.contains(r#""what":"organization""#);
    match answer.status {
        302 | 303 if answer.header("location").starts_with("/sign-in?next=") => Ok(Out),
        302 | 303
            if answer.header("location") == "/sign-in"
                && !answer.headers.contains_key("set-cookie") =>
        {
            Ok(Out)
        }
        401 => Ok(Out),
        403 => Ok(No),
        404 if is_of_organization => Ok(Gone),
        200..=499 if answer.status != 400 => Ok(Yes),
        status => Err(format!("{status} {}", answer.text)),
    }
}

/// "METHOD /path" of every page and server function as the router gets them, and of every plain route in the sources.
fn routes() -> BTreeSet<String> {
    let pages = page_routes().into_iter().map(|page| {
        let parts = page
            .path()
            .split('/')
            .map(|part| match part.strip_prefix(':') {
                Some(name) => format!("{{{name}}}"),
                None => part.to_owned(),
            });
        let path = parts.collect::<Vec<_>>().join("/");
        format!("GET {}", if path.is_empty() { "/" } else { &path })
    });
    let functions =
        leptos::server_fn::axum::server_fn_paths().map(|(path, method)| format!("{method} {path}"));
    let mut routes: BTreeSet<String> = pages.chain(functions).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/http");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".rs") && !["health.rs", "metrics.rs"].contains(&name.as_str()) {
            routes.extend(plain_routes(&fs::read_to_string(path).unwrap()));
        }
    }
    FREE.iter().for_each(|route| {
        routes.remove(*route);
    });
    routes
}

/// What stands in `.route("/path", method(`.
fn plain_routes(source: &str) -> Vec<String> {
    let calls = source.split(".route(").skip(1);
    calls
        .filter_map(|call| {
            let (_, rest) = call.split_once('"')?;
            let (path, rest) = rest.split_once('"')?;
            let (method, _) = rest.split_once('(')?;
            let method = method.trim_start_matches(',').trim().rsplit(':').next()?;
            Some(format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}
