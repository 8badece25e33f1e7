//! `tokens`: SCIM bearer tokens. Of the secret only its SHA-256 is here.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Builder, Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Token {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    /// `rhp_` and the next 8 characters: unique in the organization.
    pub prefix: String,
    pub created_at: Millis,
    /// Who made it, as shown.
    pub created_by: String,
    pub expires_at: Millis,
    pub revoked_at: Option<Millis>,
    pub revoked_by: Option<String>,
    /// The token that a rotation made to take over.
    pub successor_id: Option<String>,
    pub last_used_at: Option<Millis>,
    pub last_used_address: Option<String>,
    pub last_used_agent: Option<String>,
}

/// Notes a use. The caller asks for it at most once a minute, by [`LookupToken::last_used_at`].
pub async fn touch(
    tx: &mut Tx<'_>,
    token_id: &str,
    now: Millis,
    address: &str,
    agent: Option<&str>,
) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "UPDATE tokens SET last_used_at = $1, last_used_address = $2, last_used_agent = $3 \
             WHERE id = $4 AND (last_used_at IS NULL OR last_used_at < $1)",
        )
        .bind(now)
        .bind(address)
        .bind(agent)
        .bind(token_id),
    )
    .await?;
    Ok(())
}

/// Adds a token.
///
/// # Errors
/// [`StoreError::Conflict`] when the prefix or the hash is taken; the transaction can go on.
pub async fn insert(tx: &mut Tx<'_>, token: &Token, hash: &str) -> Result<(), StoreError> {
    tx.try_execute(
        sql(
            "INSERT INTO tokens (id, organization_id, name, prefix, hash, created_at, created_by, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&token.id)
        .bind(&token.organization_id)
        .bind(&token.name)
        .bind(&token.prefix)
        .bind(hash)
        .bind(token.created_at)
        .bind(&token.created_by)
        .bind(token.expires_at),
    )
    .await?;
    Ok(())
}

/// A token of the organization by id, locked for a change.
pub async fn find_for_update(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<Token>, StoreError> {
    let mut statement = Builder::new(
        "SELECT id, organization_id, name, prefix, created_at, created_by, expires_at, revoked_at, revoked_by, \
         successor_id, last_used_at, last_used_address, last_used_agent FROM tokens WHERE organization_id = ",
    );
    statement
        .bind(organization_id)
        .push(" AND id = ")
        .bind(id)
        .push(tx.for_update());
    tx.fetch_optional(statement.finish()).await
}

/// The id of the token with that prefix.
pub async fn find_id_by_prefix(
    connection: &mut Connection<'_>,
    organization_id: &str,
    prefix: &str,
) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = connection
        .fetch_optional(
            sql("SELECT id FROM tokens WHERE organization_id = $1 AND prefix = $2")
                .bind(organization_id)
                .bind(prefix),
        )
        .await?;
    Ok(row.map(|(id,)| id))
}

/// Whether any token of the organization was ever used.
pub async fn was_used(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<bool, StoreError> {
    let used = sql(
        "SELECT count(*) FROM (SELECT 1 FROM tokens WHERE organization_id = $1 \
         AND last_used_at IS NOT NULL LIMIT 1) used",
    );
    Ok(connection.fetch_count(used.bind(organization_id)).await? > 0)
}

/// Ends a token at `now`.
pub async fn revoke(
    tx: &mut Tx<'_>,
    id: &str,
    now: Millis,
    revoked_by: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE tokens SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND revoked_at IS NULL")
            .bind(now)
            .bind(revoked_by)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Names the successor of a token and lets it end at `expires_at`.
pub async fn hand_over(
    tx: &mut Tx<'_>,
    id: &str,
    successor_id: &str,
    expires_at: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE tokens SET successor_id = $1, expires_at = $2 WHERE id = $3")
            .bind(successor_id)
            .bind(expires_at)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// The tokens of an organization, latest first, at most `limit`.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
    limit: i64,
) -> Result<Vec<Token>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT id, organization_id, name, prefix, created_at, created_by, expires_at, revoked_at, revoked_by, \
                 successor_id, last_used_at, last_used_address, last_used_agent FROM tokens \
                 WHERE organization_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            )
            .bind(organization_id)
            .bind(limit),
        )
        .await
}

/// Requests of one token since some hour.
#[derive(Debug, Clone, FromRow)]
pub struct Usage {
    pub token_id: String,
    pub requests: i64,
    pub failures: i64,
}

/// What the organization's tokens were used for in the hours from `since` on.
pub async fn list_usage(
    connection: &mut Connection<'_>,
    organization_id: &str,
    since: Millis,
) -> Result<Vec<Usage>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT token_id, CAST(sum(entries + unrecorded) AS BIGINT) AS requests, \
                 CAST(sum(CASE WHEN status = 'failure' THEN entries + unrecorded ELSE 0 END) AS BIGINT) AS failures \
                 FROM provisioning_log_hours WHERE organization_id = $1 AND hour >= $2 AND token_id <> '' \
                 GROUP BY token_id",
            )
            .bind(organization_id)
            .bind(since),
        )
        .await
}
