//! `organizations`.

use std::collections::{BTreeSet, HashMap};

use sqlx::FromRow;

use super::Tx;
use super::dialect::Dialect;
use super::keyset::{From, prefix_range, push_list};
use super::sql::{Builder, Connection, sql};
use crate::model::organization::{MissingNames, MissingRole, ProvisioningState, UnknownRole};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// An organization as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub state: ProvisioningState,
    pub state_changed_at: Millis,
    pub policies: Policies,
    /// How many users Entra is to provision, as an Admin says.
    pub expected_users: Option<i64>,
    pub created_at: Millis,
}

/// What the organization decides about incomplete users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policies {
    pub missing_names: MissingNames,
    pub missing_role: MissingRole,
    pub unknown_role: UnknownRole,
}

impl Policies {
    /// From the texts of the three columns.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a text that this program does not write.
    pub fn from_columns(
        missing_names: &str,
        missing_role: &str,
        unknown_role: &str,
    ) -> Result<Self, StoreError> {
        let corrupt = |text: &str| StoreError::Corrupt(format!("policy {text:?}"));
        Ok(Self {
            missing_names: MissingNames::parse(missing_names)
                .ok_or_else(|| corrupt(missing_names))?,
            missing_role: MissingRole::parse(missing_role).ok_or_else(|| corrupt(missing_role))?,
            unknown_role: UnknownRole::parse(unknown_role).ok_or_else(|| corrupt(unknown_role))?,
        })
    }
}

#[derive(FromRow)]
struct Row {
    id: String,
    slug: String,
    name: String,
    #[sqlx(try_from = "String")]
    state: ProvisioningState,
    state_changed_at: i64,
    missing_names: String,
    missing_role: String,
    unknown_role: String,
    expected_users: Option<i64>,
    created_at: i64,
}

impl TryFrom<Row> for Organization {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            state: row.state,
            policies: Policies::from_columns(
                &row.missing_names,
                &row.missing_role,
                &row.unknown_role,
            )?,
            id: row.id,
            slug: row.slug,
            name: row.name,
            state_changed_at: row.state_changed_at,
            expected_users: row.expected_users,
            created_at: row.created_at,
        })
    }
}

/// The organization of a slug.
pub async fn find(
    connection: &mut Connection<'_>,
    slug: &str,
) -> Result<Option<Organization>, StoreError> {
    let row: Option<Row> = connection
        .fetch_optional(
            sql(
                "SELECT id, slug, name, state, state_changed_at, missing_names, missing_role, unknown_role, \
                 expected_users, created_at \
                 FROM organizations WHERE slug = $1",
            )
            .bind(slug),
        )
        .await?;
    row.map(Organization::try_from).transpose()
}

/// The ids of the organizations with these slugs, by slug; one that is nobody's is not among them.
pub async fn ids_of(
    connection: &mut Connection<'_>,
    slugs: BTreeSet<&str>,
) -> Result<HashMap<String, String>, StoreError> {
    if slugs.is_empty() {
        return Ok(HashMap::new());
    }
    let mut statement = Builder::new("SELECT slug, id FROM organizations WHERE ");
    push_list(&mut statement, "slug IN (", slugs);
    let found: Vec<(String, String)> = connection.fetch_all(statement.finish()).await?;
    Ok(found.into_iter().collect())
}

/// Locks an organization: whoever else does so waits until this transaction ends. Those who add to it, such as users, do
/// not.
pub async fn lock(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    // SQLite's one writer is the lock.
    if tx.dialect() == Dialect::Postgres {
        lock_existing(tx, id).await?;
    }
    Ok(())
}

/// The same; `false` if it is gone.
pub async fn lock_existing(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    let mut statement = Builder::new("SELECT id FROM organizations WHERE id = ");
    let lock = tx.for_no_key_update();
    statement.bind(id).push(lock);
    let found: Option<(String,)> = tx.fetch_optional(statement.finish_repeated()).await?;
    Ok(found.is_some())
}

/// The organization of an id, locked for a change.
pub async fn find_for_update(
    tx: &mut Tx<'_>,
    id: &str,
) -> Result<Option<Organization>, StoreError> {
    let mut statement = Builder::new(
        "SELECT id, slug, name, state, state_changed_at, missing_names, missing_role, unknown_role, expected_users, \
         created_at FROM organizations WHERE id = ",
    );
    statement.bind(id).push(tx.for_update());
    let row: Option<Row> = tx.fetch_optional(statement.finish()).await?;
    row.map(Organization::try_from).transpose()
}

/// Adds an organization; `false` when its slug is taken. `name_key` is the normalized twin of the name.
pub async fn insert(
    tx: &mut Tx<'_>,
    organization: &Organization,
    name_key: &str,
) -> Result<bool, StoreError> {
    let inserted = tx
        .execute(
            sql(
                "INSERT INTO organizations (id, slug, name, name_key, state, state_changed_at, missing_names, \
                 missing_role, unknown_role, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (slug) DO NOTHING",
            )
            .bind(&organization.id)
            .bind(&organization.slug)
            .bind(&organization.name)
            .bind(name_key)
            .bind(organization.state.as_str())
            .bind(organization.state_changed_at)
            .bind(organization.policies.missing_names.as_str())
            .bind(organization.policies.missing_role.as_str())
            .bind(organization.policies.unknown_role.as_str())
            .bind(organization.created_at)
            .bind(organization.created_at),
        )
        .await?;
    Ok(inserted == 1)
}

/// Sets name, policies and the users that are expected, as they stand in `organization`.
pub async fn update_settings(
    tx: &mut Tx<'_>,
    organization: &Organization,
    name_key: &str,
    now: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "UPDATE organizations SET name = $1, name_key = $2, missing_names = $3, missing_role = $4, \
             unknown_role = $5, expected_users = $6, updated_at = $7 WHERE id = $8",
        )
        .bind(&organization.name)
        .bind(name_key)
        .bind(organization.policies.missing_names.as_str())
        .bind(organization.policies.missing_role.as_str())
        .bind(organization.policies.unknown_role.as_str())
        .bind(organization.expected_users)
        .bind(now)
        .bind(&organization.id),
    )
    .await?;
    Ok(())
}

/// Turns provisioning on or off, or pauses it.
pub async fn update_state(
    tx: &mut Tx<'_>,
    id: &str,
    state: ProvisioningState,
    now: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE organizations SET state = $1, state_changed_at = $2, updated_at = $2 WHERE id = $3")
            .bind(state.as_str())
            .bind(now)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Which organizations a list is about.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// A normalized beginning of name or slug.
    pub prefix: String,
    pub state: Option<ProvisioningState>,
    /// Only with an order of health below this.
    pub health_below: Option<u8>,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Name,
    /// Who needs help most, then by name.
    Health,
}

/// The ids and slugs of the next `limit` organizations in this order, or against it; a page before the cursor is read
/// towards the beginning.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search,
    from: &From,
    (order, descending): (Order, bool),
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let downwards = from.is_back() != descending;
    let (comparison, direction) = if downwards {
        (") < (", " DESC")
    } else {
        (") > (", "")
    };
    let columns = match order {
        Order::Name => "name_key, slug",
        Order::Health => "health_order, name_key, slug",
    };
    let mut statement = Builder::new("SELECT id, slug FROM organizations WHERE 1 = 1");
    push_search(&mut statement, search);
    if let From::After(slug) | From::Before(slug) = from {
        statement.push(" AND (").push(columns).push(comparison);
        statement.push("SELECT ").push(columns);
        statement
            .push(" FROM organizations WHERE slug = ")
            .bind(slug)
            .push(")");
    }
    statement.push(" ORDER BY ");
    if order == Order::Health {
        statement.push("health_order").push(direction).push(", ");
    }
    statement.push("name_key").push(direction);
    statement.push(", slug").push(direction);
    statement.push(" LIMIT ").bind(limit);
    connection.fetch_all(statement.finish()).await
}

/// How many organizations match; counting stops at `limit`.
pub async fn count(
    connection: &mut Connection<'_>,
    search: &Search,
    limit: i64,
) -> Result<i64, StoreError> {
    let mut statement =
        Builder::new("SELECT count(*) FROM (SELECT 1 FROM organizations WHERE 1 = 1");
    push_search(&mut statement, search);
    statement.push(" LIMIT ").bind(limit).push(") counted");
    connection.fetch_count(statement.finish()).await
}

/// Names and slugs that begin with the prefix, as ranges of two indexes: key columns sort by code point.
fn push_search(statement: &mut Builder, search: &Search) {
    if let Some(state) = search.state {
        statement.push(" AND state = ").bind(state.as_str());
    }
    if let Some(order) = search.health_below {
        statement
            .push(" AND health_order < ")
            .bind(i64::from(order));
    }
    if search.prefix.is_empty() {
        return;
    }
    let (start, end) = prefix_range(&search.prefix);
    statement
        .push(" AND ((name_key >= ")
        .bind(&start)
        .push(" AND name_key < ")
        .bind(&end)
        .push(") OR (slug >= ")
        .bind(&start)
        .push(" AND slug < ")
        .bind(&end)
        .push("))");
}
