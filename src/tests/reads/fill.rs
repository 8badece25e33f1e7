//! Rows as the write side leaves them.

use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::clock::{Clock, MINUTE, Millis};
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::ids;
use rhombus_provisioning::server::scim::resource::case_key;
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::sql::{Sql, sql};

/// 23 Nov 2026, 09:13:58.412 UTC.
pub const NOW: Millis = 1_795_425_238_412;

pub const CONTOSO: &str = "org-contoso";
pub const FABRIKAM: &str = "org-fabrikam";

pub fn app(db: Db) -> App {
    let settings = crate::support::app::settings("");
    App::new(db, Clock::mock(NOW), settings)
}

pub fn allowed(permission: Permission, id: &str) -> Allowed {
    let slug = id.trim_start_matches("org-").to_owned();
    let organization = OrganizationRef {
        id: id.to_owned(),
        name: slug.clone(),
        slug,
    };
    Allowed::command_line(permission, Some(organization))
}

pub async fn run(app: &App, statements: Vec<Sql>) {
    app.db
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                for statement in statements {
                    tx.execute(statement).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
}

/// An app with two organizations, each with the roles `{id}-admin` and `{id}-viewer`.
pub async fn two_organizations(db: Db) -> App {
    let app = app(db);
    let mut statements = Vec::new();
    for id in [CONTOSO, FABRIKAM] {
        statements.push(
            sql(
                "INSERT INTO organizations (id, slug, name, name_key, state, state_changed_at, missing_names, \
                 missing_role, unknown_role, created_at, updated_at) \
                 VALUES ($1, $1, $1, $1, 'on', 0, 'reject', 'default', 'reject', 0, 0)",
            )
            .bind(id),
        );
        for (position, value, name) in [(1, "admin", "Administrator"), (2, "viewer", "Viewer")] {
            statements.push(
                sql(
                    "INSERT INTO roles (id, organization_id, value, display_name, description, \
                     position, is_default, is_reviewed, created_at) \
                     VALUES ($1, $2, $3, $4, '', $5, $6, TRUE, 0)",
                )
                .bind(format!("{id}-{value}"))
                .bind(id)
                .bind(value)
                .bind(name)
                .bind(i64::from(position))
                .bind(value == "viewer"),
            );
        }
    }
    run(&app, statements).await;
    app
}

/// A user, to be changed where a test cares.
#[derive(Clone)]
pub struct User {
    pub organization: &'static str,
    pub id: String,
    pub user_name: String,
    pub given_name: &'static str,
    pub family_name: &'static str,
    pub label: String,
    pub external_id: Option<&'static str>,
    pub active: bool,
    pub blocked_at: Option<Millis>,
    pub role: Option<&'static str>,
    pub role_state: &'static str,
    pub updated_at: Millis,
    pub document: String,
}

pub fn user(given_name: &'static str, family_name: &'static str) -> User {
    let user_name = format!("{given_name}.{family_name}@contoso.com");
    User {
        organization: CONTOSO,
        id: format!("u-{given_name}"),
        document: serde_json::json!({"userName": user_name}).to_string(),
        user_name,
        given_name,
        family_name,
        label: format!("{given_name} {family_name}"),
        external_id: None,
        active: true,
        blocked_at: None,
        role: Some("viewer"),
        role_state: "known",
        updated_at: NOW - MINUTE,
    }
}

impl User {
    pub fn insert(&self) -> Sql {
        let User { organization, .. } = self;
        sql(
            "INSERT INTO users (id, organization_id, user_name, user_name_key, external_id, active, \
             given_name, given_name_key, family_name, family_name_key, label, label_key, role_id, role_value, \
             role_state, blocked_at, version, created_at, updated_at, document) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 3, 0, $17, $18)",
        )
        .bind(&self.id)
        .bind(*organization)
        .bind(&self.user_name)
        .bind(case_key(&self.user_name))
        .bind(self.external_id)
        .bind(self.active)
        .bind(self.given_name)
        .bind(case_key(self.given_name))
        .bind(self.family_name)
        .bind(case_key(self.family_name))
        .bind(&self.label)
        .bind(case_key(&self.label))
        .bind(self.role.map(|role| format!("{organization}-{role}")))
        .bind(self.role)
        .bind(self.role_state)
        .bind(self.blocked_at)
        .bind(self.updated_at)
        .bind(&self.document)
    }
}

/// A log entry, to be changed where a test cares.
#[derive(Clone)]
pub struct Entry {
    pub organization: &'static str,
    pub id: String,
    pub occurred_at: Millis,
    pub cycle_id: String,
    pub action: &'static str,
    pub status: &'static str,
    pub reason: Option<&'static str>,
    pub detail: Option<&'static str>,
    pub user_id: Option<&'static str>,
    pub user_name: Option<&'static str>,
    pub label: Option<&'static str>,
    pub external_id: Option<&'static str>,
}

/// A change of `action` that succeeded `ago`.
pub fn entry(action: &'static str, ago: Millis) -> Entry {
    let id = ids::new_request_id(NOW - ago);
    Entry {
        organization: CONTOSO,
        cycle_id: id.clone(),
        id,
        occurred_at: NOW - ago,
        action,
        status: "success",
        reason: None,
        detail: None,
        user_id: None,
        user_name: None,
        label: None,
        external_id: None,
    }
}

impl Entry {
    pub fn about(self, user_id: &'static str, label: &'static str) -> Self {
        Self {
            user_id: Some(user_id),
            label: Some(label),
            ..self
        }
    }

    pub fn failed(self, reason: &'static str, detail: &'static str) -> Self {
        Self {
            status: "failure",
            reason: Some(reason),
            detail: Some(detail),
            ..self
        }
    }

    pub fn insert(&self) -> Sql {
        let is_lookup = matches!(
            self.action,
            "match" | "read" | "list" | "test_connection" | "discover"
        );
        sql(
            "INSERT INTO provisioning_logs (id, organization_id, occurred_at, cycle_id, action, status, \
             is_lookup, method, path, http_status, reason, detail, user_id, user_name, user_name_key, \
             external_id, label, label_key, token_prefix, address, duration_us, steps, remarks) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'PATCH', '/Users', $8, $9, $10, $11, $12, $13, $14, $15, \
             $16, 'rhp_AbCd1234', '192.0.2.7', 7000, $17, NULL)",
        )
        .bind(&self.id)
        .bind(self.organization)
        .bind(self.occurred_at)
        .bind(&self.cycle_id)
        .bind(self.action)
        .bind(self.status)
        .bind(is_lookup)
        .bind(if self.status == "failure" { 400 } else { 200 })
        .bind(self.reason)
        .bind(self.detail)
        .bind(self.user_id)
        .bind(self.user_name)
        .bind(self.user_name.map(case_key))
        .bind(self.external_id)
        .bind(self.label)
        .bind(self.label.map(case_key))
        .bind(r#"[{"kind":"authenticate","outcome":"done","duration_us":300,"text":"The token is valid."}]"#)
    }

    pub fn change(&self, changes: &str) -> Sql {
        change(
            self.user_id.unwrap_or("u"),
            self.occurred_at,
            Some(&self.id),
            changes,
        )
    }

    pub fn payload(&self, refused: Option<&str>) -> Sql {
        sql(
            "INSERT INTO provisioning_log_payloads (log_id, organization_id, occurred_at, query, \
             request_headers, request_body, response_body, refused_changes, is_cut) \
             VALUES ($1, $2, $3, NULL, '[[\"content-type\",\"application/scim+json\"]]', '{}', '{}', $4, FALSE)",
        )
        .bind(&self.id)
        .bind(self.organization)
        .bind(self.occurred_at)
        .bind(refused)
    }
}

pub fn change(user_id: &str, at: Millis, log_id: Option<&str>, changes: &str) -> Sql {
    sql(
        "INSERT INTO user_changes (id, organization_id, user_id, log_id, changed_at, kind, actor_kind, \
         actor_id, actor_name, version, changes) \
         VALUES ($1, $2, $3, $4, $5, 'updated', 'token', 't', 'Entra (rhp_AbCd1234)', 2, $6)",
    )
    .bind(ids::new_id(at))
    .bind(CONTOSO)
    .bind(user_id)
    .bind(log_id)
    .bind(at)
    .bind(changes)
}

pub fn tombstone(id: &str, user_name: &str, deleted_at: Millis) -> Sql {
    sql(
        "INSERT INTO deleted_users (id, organization_id, user_name, user_name_key, external_id, label, \
         version, created_at, deleted_at, log_id, document) \
         VALUES ($1, $2, $3, $4, NULL, $3, 5, 0, $5, 'req', $6)",
    )
    .bind(id)
    .bind(CONTOSO)
    .bind(user_name)
    .bind(case_key(user_name))
    .bind(deleted_at)
    .bind(serde_json::json!({"userName": user_name}).to_string())
}

/// `count` copies of `user`, each with an id, a userName and a time of its own.
pub fn many_users(user: &User, count: i64) -> Vec<Sql> {
    vec![
        user.insert(),
        sql(
            "INSERT INTO users (id, organization_id, user_name, user_name_key, active, given_name_key, \
             family_name_key, label, label_key, role_id, role_value, role_state, version, created_at, \
             updated_at, document) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
             SELECT id || i, organization_id, user_name || i, user_name_key || i, active, given_name_key, \
             family_name_key, label, label_key, role_id, role_value, role_state, version, created_at, \
             updated_at - i, document FROM users, n WHERE id = $1",
        )
        .bind(&user.id)
        .bind(count),
    ]
}

/// `count` copies of `entry`, each a millisecond older than the one before.
pub fn many_entries(entry: &Entry, count: i64) -> Vec<Sql> {
    vec![
        entry.insert(),
        sql(
            "INSERT INTO provisioning_logs (id, organization_id, occurred_at, cycle_id, action, status, \
             is_lookup, method, path, http_status, address, duration_us, steps) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
             SELECT id || i, organization_id, occurred_at - i, cycle_id, action, status, \
             is_lookup, method, path, http_status, address, duration_us, steps \
             FROM provisioning_logs, n WHERE id = $1",
        )
        .bind(&entry.id)
        .bind(count),
    ]
}
