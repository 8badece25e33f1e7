//! Forgetting a deleted user: the tombstone, the history, and what log entries say about the person.

use sqlx::FromRow;

use super::keyset::{Order, TimeCursor, push_comparison, push_list, push_page};
use super::sql::{Builder, Connection, sql};
use super::{Tx, user_blocks};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Entries that one question looks at: each is read whole.
const WINDOW: i64 = 20_000;

/// What a deleted user is known by.
#[derive(Debug, Clone, FromRow)]
pub struct Tombstone {
    pub id: String,
    pub user_name: String,
    pub user_name_key: String,
    pub external_id: Option<String>,
    pub deleted_at: Millis,
    /// Whether somebody has the userName or the `externalId` again.
    pub has_successor: bool,
}

/// What log entries may know a person by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The key of a userName.
    UserName(String),
    ExternalId(String),
}

impl Known {
    fn column(&self) -> &'static str {
        match self {
            Self::UserName(_) => "user_name_key",
            Self::ExternalId(_) => "external_id",
        }
    }

    fn value(&self) -> &str {
        match self {
            Self::UserName(value) | Self::ExternalId(value) => value,
        }
    }
}

/// A name that was the user's. Entries later than `until` may be about somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub known: Known,
    pub until: Millis,
}

/// The tombstone of the user with this id.
pub async fn find(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<Tombstone>, StoreError> {
    connection
        .fetch_optional(
            sql(
                "SELECT d.id, d.user_name, d.user_name_key, d.external_id, d.deleted_at, \
                 (EXISTS (SELECT 1 FROM users u WHERE u.organization_id = d.organization_id \
                  AND u.user_name_key = d.user_name_key) \
                  OR EXISTS (SELECT 1 FROM users u WHERE u.organization_id = d.organization_id \
                  AND u.external_id = d.external_id)) AS has_successor \
                 FROM deleted_users d WHERE d.id = $1 AND d.organization_id = $2",
            )
            .bind(id)
            .bind(organization_id),
        )
        .await
}

/// The changes of the user's userName or `externalId`, each as stored with its time, oldest first.
pub async fn find_renames(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Vec<(Millis, String)>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT changed_at, changes FROM user_changes WHERE organization_id = $1 AND user_id = $2 \
                 AND (changes LIKE '%\"userName\"%' OR changes LIKE '%\"externalId\"%') ORDER BY changed_at, id",
            )
            .bind(organization_id)
            .bind(id),
        )
        .await
}

/// Whether somebody is known by this now.
pub async fn is_held(
    connection: &mut Connection<'_>,
    organization_id: &str,
    known: &Known,
) -> Result<bool, StoreError> {
    let mut statement =
        Builder::new("SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = ");
    statement.bind(organization_id).push(" AND ");
    statement
        .push(known.column())
        .push(" = ")
        .bind(known.value());
    statement.push(" LIMIT 1) found");
    Ok(connection.fetch_count(statement.finish()).await? > 0)
}

/// Of an entry in the log.
const PLACE: (&str, &str) = ("l.occurred_at", "l.id");

/// A stretch of the log that was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Of the entries about the user.
    pub ids: Vec<String>,
    /// The last entry that was looked at; `None` where the log ends.
    pub end: Option<TimeCursor>,
}

/// Looks for entries about the user in the next [`WINDOW`] of the log after `after`. Entries without a user are its own if
/// they carry one of its `names`: refused creates, lookups that found nobody.
pub async fn find_entries(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
    names: &[Name],
    after: Option<&TimeCursor>,
) -> Result<Stretch, StoreError> {
    let mut statement = Builder::new("SELECT l.occurred_at, l.id FROM provisioning_logs l WHERE ");
    statement.push("l.organization_id = ").bind(organization_id);
    let order = Order::EarliestFirst;
    push_page(&mut statement, PLACE, order, after, false, 1);
    statement.push(" OFFSET ").bind(WINDOW - 1);
    let end: Option<(Millis, String)> = connection.fetch_optional(statement.finish()).await?;
    let end = end.map(|(at, id)| TimeCursor { at, id });

    let mut statement = Builder::new("SELECT l.id FROM provisioning_logs l WHERE ");
    statement.push("l.organization_id = ").bind(organization_id);
    let bounds = [(">", after), ("<=", end.as_ref())];
    for (comparison, bound) in bounds {
        if let Some(bound) = bound {
            push_comparison(&mut statement, PLACE, comparison, bound);
        }
    }
    statement.push(" AND (l.user_id = ").bind(id);
    statement.push(" OR (l.user_id IS NULL AND (");
    for name in names {
        statement.push("(l.").push(name.known.column());
        statement.push(" = ").bind(name.known.value());
        statement.push(" AND l.occurred_at <= ").bind(name.until);
        statement.push(") OR ");
    }
    // Whoever asks for several users gets them whole. Counted, so that PostgreSQL reads these payloads and not all of them.
    statement.push(
        "((l.action = 'list' OR l.action = 'match' AND l.user_name IS NULL) AND (SELECT count(*) FROM provisioning_log_payloads p \
         WHERE p.log_id = l.id AND p.response_body LIKE ",
    );
    statement.bind(format!("%{id}%")).push(") > 0))))");
    let found: Vec<(String,)> = connection.fetch_all(statement.finish()).await?;
    Ok(Stretch {
        ids: found.into_iter().map(|(id,)| id).collect(),
        end,
    })
}

/// Takes out of these entries whatever may name a person: names, texts that quote values, payloads. What, when,
/// how it ended and the id stay.
pub async fn clear_entries(
    tx: &mut Tx<'_>,
    organization_id: &str,
    ids: &[String],
) -> Result<(), StoreError> {
    let ids = || ids.iter().map(String::as_str);
    let mut statement = Builder::new(
        "UPDATE provisioning_logs SET user_name = NULL, user_name_key = NULL, external_id = NULL, label = NULL, \
         label_key = NULL, detail = NULL, remarks = NULL, steps = '[]' WHERE organization_id = ",
    );
    statement.bind(organization_id);
    push_list(&mut statement, " AND id IN (", ids());
    tx.execute(statement.finish()).await?;
    let mut statement =
        Builder::new("DELETE FROM provisioning_log_payloads WHERE organization_id = ");
    statement.bind(organization_id);
    push_list(&mut statement, " AND log_id IN (", ids());
    tx.execute(statement.finish()).await?;
    Ok(())
}

/// Removes the history and the tombstone; `false` when somebody else has. A block stays, without names.
pub async fn delete(tx: &mut Tx<'_>, organization_id: &str, id: &str) -> Result<bool, StoreError> {
    let deleted = tx
        .execute(
            sql("DELETE FROM deleted_users WHERE id = $1 AND organization_id = $2")
                .bind(id)
                .bind(organization_id),
        )
        .await?;
    if deleted == 0 {
        return Ok(false);
    }
    tx.execute(
        sql("DELETE FROM user_changes WHERE organization_id = $1 AND user_id = $2")
            .bind(organization_id)
            .bind(id),
    )
    .await?;
    user_blocks::veil(tx, organization_id, id).await?;
    Ok(true)
}
