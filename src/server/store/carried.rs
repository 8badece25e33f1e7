//! How many users carry what Entra maps: each count by an index, and no further than [`COUNT_LIMIT`] and one.

use sqlx::FromRow;

use super::keyset::COUNT_LIMIT;
use super::sql::{Connection, sql};
use crate::server::error::StoreError;

/// Users, up to [`COUNT_LIMIT`] and one each.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Carried {
    pub everyone: i64,
    pub without_given_name: i64,
    pub without_family_name: i64,
    pub without_role: i64,
    pub with_external_id: i64,
    pub with_work_email: i64,
    pub with_title: i64,
    pub with_department: i64,
}

/// Counts them in one organization.
///
/// # Errors
/// [`StoreError::Corrupt`] when the database answers nothing.
pub async fn count(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Carried, StoreError> {
    // A user has at most one title, department and, as Entra maps it, work address: each is a row.
    let counted: Option<Carried> = connection
        .fetch_optional(
            sql(
                "SELECT (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = $1 LIMIT $2) c) AS everyone, \
                 (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = $1 \
                  AND given_name_key IS NULL LIMIT $2) c) AS without_given_name, \
                 (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = $1 \
                  AND family_name_key IS NULL LIMIT $2) c) AS without_family_name, \
                 (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = $1 \
                  AND role_state <> 'known' AND role_state IN ('defaulted', 'missing') LIMIT $2) c) AS without_role, \
                 (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = $1 \
                  AND external_id >= '' LIMIT $2) c) AS with_external_id, \
                 (SELECT count(*) FROM (SELECT 1 FROM user_values WHERE organization_id = $1 \
                  AND attribute = 'emails' AND sub = 'type' AND match_key = 'work' LIMIT $2) c) AS with_work_email, \
                 (SELECT count(*) FROM (SELECT 1 FROM user_values WHERE organization_id = $1 \
                  AND attribute = 'title' AND sub = '' LIMIT $2) c) AS with_title, \
                 (SELECT count(*) FROM (SELECT 1 FROM user_values WHERE organization_id = $1 \
                  AND attribute = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department' \
                  AND sub = '' LIMIT $2) c) AS with_department",
            )
            .bind(organization_id)
            .bind(COUNT_LIMIT + 1),
        )
        .await?;
    counted.ok_or_else(|| StoreError::Corrupt("counts of users".to_owned()))
}
