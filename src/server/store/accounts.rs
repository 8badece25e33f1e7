//! `accounts` and `account_links`: people who sign in, and the links that let them set a password.

use sqlx::FromRow;

use super::Tx;
use super::keyset::From;
use super::sql::{Builder, Connection, sql};
use crate::model::account::{AccountRole, LinkPurpose};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// An account as it is kept, with the organization that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: AccountRole,
    pub organization: Option<AccountOrganization>,
    /// argon2id in the PHC format; `None` until the invitation is accepted.
    pub password_hash: Option<String>,
    /// IANA's name of the zone that was chosen.
    pub time_zone: Option<String>,
    pub last_sign_in_at: Option<Millis>,
    pub deactivated_at: Option<Millis>,
}

/// The one organization of an Admin or Viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOrganization {
    pub id: String,
    pub slug: String,
    pub name: String,
}

#[derive(FromRow)]
struct Row {
    id: String,
    email: String,
    name: String,
    role: String,
    organization_id: Option<String>,
    organization_slug: Option<String>,
    organization_name: Option<String>,
    password_hash: Option<String>,
    time_zone: Option<String>,
    last_sign_in_at: Option<i64>,
    deactivated_at: Option<i64>,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let organization = match (
            row.organization_id,
            row.organization_slug,
            row.organization_name,
        ) {
            (Some(id), Some(slug), Some(name)) => Some(AccountOrganization { id, slug, name }),
            _ => None,
        };
        Ok(Self {
            role: AccountRole::parse(&row.role)
                .ok_or_else(|| StoreError::Corrupt(format!("account role {:?}", row.role)))?,
            id: row.id,
            email: row.email,
            name: row.name,
            organization,
            password_hash: row.password_hash,
            time_zone: row.time_zone,
            last_sign_in_at: row.last_sign_in_at,
            deactivated_at: row.deactivated_at,
        })
    }
}

const SELECT: &str = "SELECT a.id, a.email, a.name, a.role, a.organization_id, o.slug AS organization_slug, \
     o.name AS organization_name, a.password_hash, a.time_zone, a.last_sign_in_at, a.deactivated_at \
     FROM accounts a LEFT JOIN organizations o ON o.id = a.organization_id";

/// The account of an id, deactivated or not.
pub async fn find(
    connection: &mut Connection<'_>,
    id: &str,
) -> Result<Option<Account>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push(" WHERE a.id = ").bind(id);
    let row: Option<Row> = connection.fetch_optional(statement.finish()).await?;
    row.map(Account::try_from).transpose()
}

/// The account of a normalized e-mail address, deactivated or not.
pub async fn find_by_email(
    connection: &mut Connection<'_>,
    email_key: &str,
) -> Result<Option<Account>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push(" WHERE a.email_key = ").bind(email_key);
    let row: Option<Row> = connection.fetch_optional(statement.finish()).await?;
    row.map(Account::try_from).transpose()
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub id: String,
    pub email: String,
    pub email_key: String,
    pub name: String,
    pub role: AccountRole,
    pub organization_id: Option<String>,
    pub password_hash: Option<String>,
    pub created_at: Millis,
}

/// Adds an account; `false` when its e-mail address has one.
pub async fn insert(tx: &mut Tx<'_>, account: &NewAccount) -> Result<bool, StoreError> {
    let inserted = tx
        .execute(
            sql(
                "INSERT INTO accounts (id, email, email_key, name, role, organization_id, password_hash, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email_key) DO NOTHING",
            )
            .bind(&account.id)
            .bind(&account.email)
            .bind(&account.email_key)
            .bind(&account.name)
            .bind(account.role.as_str())
            .bind(account.organization_id.as_deref())
            .bind(account.password_hash.as_deref())
            .bind(account.created_at),
        )
        .await?;
    Ok(inserted == 1)
}

/// Makes an account that nobody can sign in with one that is invited anew: active, in that role, without a password.
/// `false` when somebody can sign in with it by now.
pub async fn reinvite(
    tx: &mut Tx<'_>,
    id: &str,
    name: &str,
    role: AccountRole,
) -> Result<bool, StoreError> {
    let invited = tx
        .execute(
            sql(
                "UPDATE accounts SET name = $1, role = $2, password_hash = NULL, deactivated_at = NULL \
                 WHERE id = $3 AND (password_hash IS NULL OR deactivated_at IS NOT NULL)",
            )
            .bind(name)
            .bind(role.as_str())
            .bind(id),
        )
        .await?;
    Ok(invited == 1)
}

/// Lets nobody else change an account until the transaction ends.
pub async fn hold(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    // Not FOR UPDATE: a new link's foreign key would wait for that.
    tx.execute(sql("UPDATE accounts SET password_hash = password_hash WHERE id = $1").bind(id))
        .await?;
    Ok(())
}

/// Whether an account is active, and has a password as `has_password` says. If so, that stays until the transaction ends.
pub async fn hold_if(tx: &mut Tx<'_>, id: &str, has_password: bool) -> Result<bool, StoreError> {
    let held = tx
        .execute(
            sql("UPDATE accounts SET password_hash = password_hash \
                 WHERE id = $1 AND (password_hash IS NOT NULL) = $2 AND deactivated_at IS NULL")
            .bind(id)
            .bind(has_password),
        )
        .await?;
    Ok(held == 1)
}

/// Sets name and password.
pub async fn set_password(
    tx: &mut Tx<'_>,
    id: &str,
    name: &str,
    password_hash: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE accounts SET name = $1, password_hash = $2 WHERE id = $3")
            .bind(name)
            .bind(password_hash)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Whether an active account has the password of this hash. If so, nobody gives it another one until the transaction ends.
pub async fn hold_password(
    tx: &mut Tx<'_>,
    id: &str,
    password_hash: &str,
) -> Result<bool, StoreError> {
    // Not FOR UPDATE: a new link's foreign key would wait for that.
    let held = tx
        .execute(
            sql("UPDATE accounts SET password_hash = password_hash \
                 WHERE id = $1 AND password_hash = $2 AND deactivated_at IS NULL")
            .bind(id)
            .bind(password_hash),
        )
        .await?;
    Ok(held == 1)
}

/// Gives an account another role. The caller has seen to it that a last Admin or Support account stays.
pub async fn set_role(tx: &mut Tx<'_>, id: &str, role: AccountRole) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE accounts SET role = $1 WHERE id = $2")
            .bind(role.as_str())
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Notes that an account may no longer sign in; an earlier time stays. Its sessions are for the caller to end.
pub async fn deactivate(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE accounts SET deactivated_at = $1 WHERE id = $2 AND deactivated_at IS NULL")
            .bind(now)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Notes when an account last signed in.
pub async fn note_sign_in(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE accounts SET last_sign_in_at = $1 WHERE id = $2")
            .bind(now)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Locks those accounts that could be somebody's last: whoever removes or demotes one has to wait for the
/// other who does the same, and then counts anew.
///
/// Answers the ids of the active accounts with that role, in that organization (Support has none); those that
/// have never set a password are left out, since nobody can sign in with them.
pub async fn lock_holders(
    tx: &mut Tx<'_>,
    role: AccountRole,
    organization_id: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let mut statement = Builder::new(
        "SELECT id FROM accounts WHERE deactivated_at IS NULL AND password_hash IS NOT NULL AND role = ",
    );
    statement.bind(role.as_str());
    match organization_id {
        Some(id) => statement.push(" AND organization_id = ").bind(id),
        None => statement.push(" AND organization_id IS NULL"),
    };
    statement.push(" ORDER BY id").push(tx.for_update());
    let rows: Vec<(String,)> = tx.fetch_all(statement.finish()).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many accounts have that role and are not deactivated, invited ones included; 2 means two or more.
pub async fn count_with_role(
    connection: &mut Connection<'_>,
    role: AccountRole,
    organization_id: Option<&str>,
) -> Result<i64, StoreError> {
    let mut statement = Builder::new(
        "SELECT count(*) FROM (SELECT 1 FROM accounts WHERE deactivated_at IS NULL AND role = ",
    );
    statement.bind(role.as_str());
    match organization_id {
        Some(id) => statement.push(" AND organization_id = ").bind(id),
        None => statement.push(" AND organization_id IS NULL"),
    };
    statement.push(" LIMIT 2) counted");
    connection.fetch_count(statement.finish()).await
}

/// Whether somebody besides the account `besides` has that role and can sign in: see [`lock_holders`].
pub async fn has_other_holder(
    connection: &mut Connection<'_>,
    role: AccountRole,
    organization_id: Option<&str>,
    besides: &str,
) -> Result<bool, StoreError> {
    let mut statement = Builder::new(
        "SELECT count(*) FROM (SELECT 1 FROM accounts WHERE deactivated_at IS NULL AND password_hash IS NOT NULL AND role = ",
    );
    statement
        .bind(role.as_str())
        .push(" AND id <> ")
        .bind(besides);
    match organization_id {
        Some(id) => statement.push(" AND organization_id = ").bind(id),
        None => statement.push(" AND organization_id IS NULL"),
    };
    statement.push(" LIMIT 1) counted");
    Ok(connection.fetch_count(statement.finish()).await? > 0)
}

/// Which accounts a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    All,
    /// Those that belong to no organization.
    Support,
    /// Those of an organization.
    Organization(&'a str),
}

impl Whose<'_> {
    fn push(self, statement: &mut Builder) {
        match self {
            Self::All => {}
            Self::Support => {
                statement.push(" AND organization_id IS NULL");
            }
            Self::Organization(id) => {
                statement.push(" AND organization_id = ").bind(id);
            }
        }
    }
}

/// At most `limit` accounts in the order of their e-mail addresses (against it for [`From::Before`]).
pub async fn list(
    connection: &mut Connection<'_>,
    whose: Whose<'_>,
    from: &From,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push(" WHERE 1 = 1");
    whose.push(&mut statement);
    match from {
        From::Start => statement.push(" ORDER BY a.email_key LIMIT "),
        From::After(key) => statement
            .push(" AND a.email_key > ")
            .bind(key)
            .push(" ORDER BY a.email_key LIMIT "),
        From::Before(key) => statement
            .push(" AND a.email_key < ")
            .bind(key)
            .push(" ORDER BY a.email_key DESC LIMIT "),
    };
    statement.bind(limit);
    let rows: Vec<Row> = connection.fetch_all(statement.finish()).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// How many accounts there are; counting stops at `limit`.
pub async fn count(
    connection: &mut Connection<'_>,
    whose: Whose<'_>,
    limit: i64,
) -> Result<i64, StoreError> {
    let mut statement = Builder::new("SELECT count(*) FROM (SELECT 1 FROM accounts WHERE 1 = 1");
    whose.push(&mut statement);
    statement.push(" LIMIT ").bind(limit).push(") counted");
    connection.fetch_count(statement.finish()).await
}

/// A link that is good: not used, not expired.
#[derive(Debug, Clone, FromRow)]
pub struct Link {
    /// `None` for the first start: that account is yet to be made.
    pub account_id: Option<String>,
    pub expires_at: Millis,
}

/// Keeps a link by the hash of its secret.
pub async fn insert_link(
    tx: &mut Tx<'_>,
    hash: &str,
    purpose: LinkPurpose,
    account_id: Option<&str>,
    now: Millis,
    expires_at: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "INSERT INTO account_links (hash, purpose, account_id, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(hash)
        .bind(purpose.as_str())
        .bind(account_id)
        .bind(now)
        .bind(expires_at),
    )
    .await?;
    Ok(())
}

/// Keeps the zone that the account reads times in; `None` for the browser's.
pub async fn set_time_zone(
    tx: &mut Tx<'_>,
    id: &str,
    time_zone: Option<&str>,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE accounts SET time_zone = $1 WHERE id = $2")
            .bind(time_zone)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// A good link, without using it.
pub async fn find_link(
    connection: &mut Connection<'_>,
    hash: &str,
    purpose: LinkPurpose,
    now: Millis,
) -> Result<Option<Link>, StoreError> {
    connection
        .fetch_optional(
            sql("SELECT account_id, expires_at FROM account_links \
                 WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3")
            .bind(hash)
            .bind(purpose.as_str())
            .bind(now),
        )
        .await
}

/// Uses a good link up; `None` when it is used, expired or unknown.
pub async fn use_link(
    tx: &mut Tx<'_>,
    hash: &str,
    purpose: LinkPurpose,
    now: Millis,
) -> Result<Option<Link>, StoreError> {
    tx.fetch_optional(
        sql("UPDATE account_links SET used_at = $1 \
             WHERE hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $1 \
             RETURNING account_id, expires_at")
        .bind(now)
        .bind(hash)
        .bind(purpose.as_str()),
    )
    .await
}

/// Uses up every link of an account, so that older ones die with a new one.
pub async fn use_links_of(
    tx: &mut Tx<'_>,
    account_id: &str,
    now: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE account_links SET used_at = $1 WHERE account_id = $2 AND used_at IS NULL")
            .bind(now)
            .bind(account_id),
    )
    .await?;
    Ok(())
}
