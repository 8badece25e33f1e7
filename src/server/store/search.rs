//! The search over users, log entries, tokens and organizations: a few prefix look-ups, each by an index, each
//! stopped after [`HITS`], in one organization or (for Support) in all.

use sqlx::FromRow;

use super::keyset::prefix_range;
use super::sql::{Builder, Connection};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Results of one kind at most.
pub const HITS: i64 = 8;

/// A user, deleted or not, and whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct FoundUser {
    pub id: String,
    pub label: String,
    pub user_name: String,
    pub active: bool,
    pub blocked_at: Option<Millis>,
    pub is_deleted: bool,
    pub slug: String,
    pub organization: String,
}

/// Users whose shown name or userName begins with `key`, or whose id or externalId is `text`; in one organization
/// also those whose given or family name does.
pub async fn users(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
    text: &str,
    key: &str,
) -> Result<Vec<FoundUser>, StoreError> {
    const PREFIXES: [(&str, &str, &str); 4] = [
        (
            " label_key >= ",
            " AND label_key < ",
            " ORDER BY label_key, id LIMIT ",
        ),
        (
            " user_name_key >= ",
            " AND user_name_key < ",
            " ORDER BY user_name_key, id LIMIT ",
        ),
        (
            " given_name_key >= ",
            " AND given_name_key < ",
            " ORDER BY given_name_key, id LIMIT ",
        ),
        (
            " family_name_key >= ",
            " AND family_name_key < ",
            " ORDER BY family_name_key, id LIMIT ",
        ),
    ];
    let (low, high) = prefix_range(key);
    // Over all organizations only the first two have an index.
    let prefixes = if organization_id.is_some() { 4 } else { 2 };
    let mut statement = Builder::new(
        "SELECT u.id, u.label, u.user_name, u.active, u.blocked_at, FALSE AS is_deleted, o.slug, \
         o.name AS organization FROM (",
    );
    for (from, to, order) in &PREFIXES[..prefixes] {
        statement.push("SELECT id FROM (SELECT id FROM users WHERE");
        push_scope(&mut statement, organization_id);
        statement.push(from).bind(&low).push(to).bind(&high);
        statement.push(order).bind(HITS);
        statement.push(") found UNION ");
    }
    statement.push("SELECT id FROM users WHERE");
    push_scope(&mut statement, organization_id);
    statement.push(" id = ").bind(text);
    statement.push(" UNION SELECT id FROM (SELECT id FROM users WHERE");
    push_scope(&mut statement, organization_id);
    statement.push(" external_id = ").bind(text);
    statement.push(" LIMIT ").bind(HITS);
    statement.push(
        ") found) c JOIN users u ON u.id = c.id JOIN organizations o ON o.id = u.organization_id \
         ORDER BY u.label_key, u.id LIMIT ",
    );
    statement.bind(HITS);
    connection.fetch_all(statement.finish()).await
}

/// As [`users`], of those that Entra has deleted: by userName and id.
pub async fn deleted_users(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
    text: &str,
    key: &str,
) -> Result<Vec<FoundUser>, StoreError> {
    let (low, high) = prefix_range(key);
    let mut statement = Builder::new(
        "SELECT u.id, u.label, u.user_name, FALSE AS active, u.blocked_at, TRUE AS is_deleted, o.slug, \
         o.name AS organization FROM (SELECT id FROM (SELECT id FROM deleted_users WHERE",
    );
    push_scope(&mut statement, organization_id);
    statement.push(" user_name_key >= ").bind(low);
    statement.push(" AND user_name_key < ").bind(high);
    statement
        .push(" ORDER BY user_name_key, id LIMIT ")
        .bind(HITS);
    statement.push(") found UNION SELECT id FROM deleted_users WHERE");
    push_scope(&mut statement, organization_id);
    statement.push(" id = ").bind(text);
    statement.push(
        ") c JOIN deleted_users u ON u.id = c.id JOIN organizations o ON o.id = u.organization_id \
         ORDER BY u.user_name_key, u.id LIMIT ",
    );
    statement.bind(HITS);
    connection.fetch_all(statement.finish()).await
}

/// A log entry and whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct FoundEntry {
    pub id: String,
    pub action: String,
    pub status: String,
    pub occurred_at: Millis,
    pub subject: Option<String>,
    pub slug: String,
    pub organization: String,
}

/// Log entries whose request id begins with `prefix`, which is long enough to be that of a few.
pub async fn entries(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
    prefix: &str,
) -> Result<Vec<FoundEntry>, StoreError> {
    let (low, high) = prefix_range(prefix);
    let mut statement = Builder::new(
        "SELECT l.id, l.action, l.status, l.occurred_at, COALESCE(l.label, l.user_name) AS subject, o.slug, \
         o.name AS organization FROM provisioning_logs l JOIN organizations o ON o.id = l.organization_id WHERE ",
    );
    // The id finds it; the organization is only tested.
    if let Some(id) = organization_id {
        statement.push("(l.organization_id || '') = ").bind(id);
        statement.push(" AND ");
    }
    statement.push("l.id >= ").bind(low);
    statement.push(" AND l.id < ").bind(high);
    statement.push(" ORDER BY l.id LIMIT ").bind(HITS);
    connection.fetch_all(statement.finish()).await
}

/// A token and whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct FoundToken {
    pub name: String,
    pub prefix: String,
    pub revoked_at: Option<Millis>,
    pub expires_at: Millis,
    pub slug: String,
    pub organization: String,
}

/// Tokens that are shown as something that begins with `prefix`.
pub async fn tokens(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
    prefix: &str,
) -> Result<Vec<FoundToken>, StoreError> {
    let (low, high) = prefix_range(prefix);
    let mut statement = Builder::new(
        "SELECT t.name, t.prefix, t.revoked_at, t.expires_at, o.slug, o.name AS organization FROM \
         (SELECT id FROM tokens WHERE",
    );
    push_scope(&mut statement, organization_id);
    statement.push(" prefix >= ").bind(low);
    statement.push(" AND prefix < ").bind(high);
    statement.push(" ORDER BY prefix, id LIMIT ").bind(HITS);
    statement.push(
        ") c JOIN tokens t ON t.id = c.id JOIN organizations o ON o.id = t.organization_id \
         ORDER BY t.prefix, t.id",
    );
    connection.fetch_all(statement.finish()).await
}

/// Slug and name of organizations whose name begins with `key` or whose slug does.
pub async fn organizations(
    connection: &mut Connection<'_>,
    key: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let (low, high) = prefix_range(key);
    let mut statement = Builder::new(
        "SELECT o.slug, o.name FROM (SELECT id FROM (SELECT id FROM organizations WHERE name_key >= ",
    );
    statement.bind(&low).push(" AND name_key < ").bind(&high);
    statement.push(" ORDER BY name_key, slug LIMIT ").bind(HITS);
    statement.push(") found UNION SELECT id FROM (SELECT id FROM organizations WHERE slug >= ");
    statement.bind(&low).push(" AND slug < ").bind(&high);
    statement.push(" ORDER BY slug LIMIT ").bind(HITS);
    statement
        .push(") found) c JOIN organizations o ON o.id = c.id ORDER BY o.name_key, o.slug LIMIT ");
    statement.bind(HITS);
    connection.fetch_all(statement.finish()).await
}

fn push_scope(statement: &mut Builder, organization_id: Option<&str>) {
    if let Some(id) = organization_id {
        statement.push(" organization_id = ").bind(id);
        statement.push(" AND");
    }
}
