//! `support_bundles`: what stands behind the links that support hands out. Of a link only its SHA-256 is here.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A link that is about to be made.
#[derive(Debug, Clone)]
pub struct NewBundle {
    pub id: String,
    pub organization_id: String,
    pub hash: String,
    /// "log_entry", "issue", "user".
    pub subject: &'static str,
    pub subject_id: String,
    pub title: String,
    pub is_anonymous: bool,
    pub created_at: Millis,
    pub created_by: String,
    pub expires_at: Millis,
    /// The whole bundle as JSON.
    pub document: String,
}

/// Keeps it; false if its id is taken, which means that the form has been sent before.
pub async fn insert(tx: &mut Tx<'_>, bundle: &NewBundle) -> Result<bool, StoreError> {
    let statement = sql(
        "INSERT INTO support_bundles (id, organization_id, hash, subject, subject_id, title, is_anonymous, created_at, \
         created_by, expires_at, opened, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(&bundle.id)
    .bind(&bundle.organization_id)
    .bind(&bundle.hash)
    .bind(bundle.subject)
    .bind(&bundle.subject_id)
    .bind(&bundle.title)
    .bind(bundle.is_anonymous)
    .bind(bundle.created_at)
    .bind(&bundle.created_by)
    .bind(bundle.expires_at)
    .bind(&bundle.document);
    Ok(tx.execute(statement).await? > 0)
}

/// A link that works, without what it shows.
#[derive(Debug, Clone, FromRow)]
pub struct LiveBundle {
    pub id: String,
    pub subject: String,
    pub subject_id: String,
    pub title: String,
    pub is_anonymous: bool,
    pub created_at: Millis,
    pub created_by: String,
    pub expires_at: Millis,
    pub opened: i64,
    pub last_opened_at: Option<Millis>,
}

/// The organization's links that work at `now`, newest first. There are few: see [`count_live`].
pub async fn list_live(
    connection: &mut Connection<'_>,
    organization_id: &str,
    now: Millis,
) -> Result<Vec<LiveBundle>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT id, subject, subject_id, title, is_anonymous, created_at, created_by, expires_at, opened, \
                 last_opened_at FROM support_bundles WHERE organization_id = $1 AND expires_at > $2 \
                 ORDER BY created_at DESC, id DESC",
            )
            .bind(organization_id)
            .bind(now),
        )
        .await
}

/// How many links of the organization work at `now`; making one is refused beyond a hundred.
pub async fn count_live(
    connection: &mut Connection<'_>,
    organization_id: &str,
    now: Millis,
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql("SELECT count(*) FROM support_bundles WHERE organization_id = $1 AND expires_at > $2")
                .bind(organization_id)
                .bind(now),
        )
        .await
}

/// What a link shows, and whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct OpenedBundle {
    pub id: String,
    pub organization_id: String,
    pub subject: String,
    pub subject_id: String,
    pub document: String,
}

/// The bundle behind a link, while the link works.
pub async fn find_live(
    connection: &mut Connection<'_>,
    hash: &str,
    now: Millis,
) -> Result<Option<OpenedBundle>, StoreError> {
    connection
        .fetch_optional(
            sql(
                "SELECT id, organization_id, subject, subject_id, document FROM support_bundles \
                 WHERE hash = $1 AND expires_at > $2",
            )
            .bind(hash)
            .bind(now),
        )
        .await
}

/// Counts an opening; false if the link has been revoked meanwhile.
pub async fn opened(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<bool, StoreError> {
    let statement =
        sql("UPDATE support_bundles SET opened = opened + 1, last_opened_at = $2 WHERE id = $1");
    Ok(tx.execute(statement.bind(id).bind(now)).await? > 0)
}

/// Subject and its id of a link of the organization that works, for its end.
pub async fn find_subject(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
    now: Millis,
) -> Result<Option<(String, String)>, StoreError> {
    connection
        .fetch_optional(
            sql("SELECT subject, subject_id FROM support_bundles WHERE id = $1 AND organization_id = $2 \
                 AND expires_at > $3")
            .bind(id)
            .bind(organization_id)
            .bind(now),
        )
        .await
}

/// Ends a link at once, and forgets what it showed.
pub async fn delete(tx: &mut Tx<'_>, organization_id: &str, id: &str) -> Result<(), StoreError> {
    let statement = sql("DELETE FROM support_bundles WHERE id = $1 AND organization_id = $2");
    tx.execute(statement.bind(id).bind(organization_id)).await?;
    Ok(())
}

/// The links that tell about a person, by their ids: those with the user's id in them. Bundles without personal data have
/// no ids.
pub async fn find_of_user(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_id: &str,
) -> Result<Vec<String>, StoreError> {
    // Ids are hexadecimal digits and hyphens: nothing in them stands for anything else.
    let statement = sql(
        "SELECT id FROM support_bundles WHERE organization_id = $1 AND NOT is_anonymous AND document LIKE $2",
    );
    let statement = statement.bind(organization_id);
    let found: Vec<(String,)> = connection
        .fetch_all(statement.bind(format!("%{user_id}%")))
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
