//! Stored users by the role values that Entra gave them, for when the catalogue gives these another meaning.

use std::collections::{BTreeMap, HashSet};

use super::Tx;
use super::keyset::push_list;
use super::sql::{Builder, Connection};
use super::user_filter::match_key;
use super::user_lists::PAGE_BYTES;
use super::users::{self, NewChange, StoredUser};
use crate::server::error::StoreError;

/// Whom a change of the catalogue may give another role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holders {
    /// Users with one of these values, by their keys, as the one that decides or beside others.
    OfValues(Vec<String>),
    /// Users with this role, noted as one that nobody has reviewed.
    OfUnreviewed(String),
}

/// The ids of the next `limit` of them after `after`, in order.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
    holders: &Holders,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut statement = match holders {
        Holders::OfValues(keys) => {
            let mut statement = Builder::new(
                "SELECT DISTINCT v.user_id FROM user_values v WHERE v.attribute = 'roles' AND v.sub = 'value' \
                 AND v.organization_id = ",
            );
            statement.bind(organization_id);
            let keys: Vec<String> = keys.iter().map(|key| match_key(key)).collect();
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let keys = keys.iter().map(String::as_str);
            push_list(&mut statement, " AND v.match_key IN (", keys);
            statement.push(" AND v.user_id > ").bind(after);
            statement.push(" ORDER BY v.user_id LIMIT ");
            statement
        }
        Holders::OfUnreviewed(role_id) => {
            let mut statement = Builder::new("SELECT u.id FROM users u WHERE u.organization_id = ");
            statement.bind(organization_id);
            statement
                .push(
                    " AND u.role_state <> 'known' AND u.role_state = 'unreviewed' AND u.role_id = ",
                )
                .bind(role_id);
            statement.push(" AND u.id > ").bind(after);
            statement.push(" ORDER BY u.id LIMIT ");
            statement
        }
    };
    statement.bind(limit);
    let found: Vec<(String,)> = connection.fetch_all(statement.finish()).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What [`lock`] found of some users.
#[derive(Debug)]
pub struct Locked {
    pub users: Vec<StoredUser>,
    /// How many of the ids it looked at, which are the first ones.
    pub looked_at: usize,
    /// Those among them that nobody has any more, or another change holds.
    pub passed_over: Vec<String>,
}

/// The users with these ids, which are in order, locked until the transaction ends; no more after the one whose document
/// brings them to [`PAGE_BYTES`]. Whom another change holds is waited for when it is the only one: that change may want
/// one of the others, in any order, and would wait for this one.
pub async fn lock(
    tx: &mut Tx<'_>,
    organization_id: &str,
    ids: &[String],
) -> Result<Locked, StoreError> {
    if ids.is_empty() {
        return Ok(Locked {
            users: Vec::new(),
            looked_at: 0,
            passed_over: Vec::new(),
        });
    }
    let mut statement = Builder::new(concat!(
        "SELECT ",
        users::columns!(),
        " FROM users u WHERE u.organization_id = "
    ));
    statement.bind(organization_id);
    let listed = ids.iter().map(String::as_str);
    push_list(&mut statement, " AND u.id IN (", listed);
    let locking = if ids.len() == 1 {
        tx.for_update()
    } else {
        tx.skip_locked()
    };
    statement.push(" ORDER BY u.id").push(locking);
    let mut bytes = 0;
    let users = tx
        .fetch_until(statement.finish(), |user: &StoredUser| {
            bytes += user.document.len();
            bytes >= PAGE_BYTES
        })
        .await?;
    let looked_at = match users.last() {
        Some(last) if bytes >= PAGE_BYTES => ids.iter().filter(|id| **id <= last.id).count(),
        _ => ids.len(),
    };
    let found: HashSet<&str> = users.iter().map(|user| user.id.as_str()).collect();
    let passed_over = ids
        .iter()
        .take(looked_at)
        .filter(|id| !found.contains(id.as_str()))
        .cloned()
        .collect();
    Ok(Locked {
        users,
        looked_at,
        passed_over,
    })
}

/// The role that a user is given, as the columns hold it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    pub role_id: Option<String>,
    pub role_value: Option<String>,
    pub role_state: &'static str,
}

/// Gives users, by their ids, their roles, with what their history says of it.
pub async fn give(
    tx: &mut Tx<'_>,
    organization_id: &str,
    given: BTreeMap<Given, Vec<&str>>,
    history: Vec<NewChange<'_>>,
) -> Result<(), StoreError> {
    for (role, ids) in given {
        let mut statement = Builder::new("UPDATE users SET role_id = ");
        statement
            .bind(role.role_id)
            .push(", role_value = ")
            .bind(role.role_value);
        statement.push(", role_state = ").bind(role.role_state);
        statement
            .push(" WHERE organization_id = ")
            .bind(organization_id);
        push_list(&mut statement, " AND id IN (", ids);
        tx.execute(statement.finish()).await?;
    }
    users::insert_changes(tx, organization_id, history).await
}
