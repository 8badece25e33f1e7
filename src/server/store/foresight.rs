//! What changes ask before they write, asked for all changes of one SQLite transaction at once: each question is a trip
//! to SQLite's thread and back, which costs more than its answer. PostgreSQL has a transaction for each change, and
//! asks there.
//!
//! The answers stay true while the transaction lasts, because nobody else writes, but for what its own changes write:
//! every function that does so takes back what it makes untrue.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::FromRow;

use super::guard::{self, Facts};
use super::role_catalogue::{self, RoleValue};
use super::sql::{Connection, sql};
use super::users::{self, StoredUser};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// What a change is going to ask. It asks anew whatever was not foreseen.
#[derive(Debug, Clone, Default)]
pub struct Foresight {
    pub organization_id: String,
    /// The user whom it changes.
    pub user_id: Option<String>,
    /// The key of the userName that a new user gets.
    pub user_name_key: Option<String>,
    /// Whether it gives a role.
    pub roles: bool,
}

/// The answers.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// By id, with the organization.
    users: HashMap<String, (String, StoredUser)>,
    /// Organizations and keys of userNames that nobody has.
    free_names: HashSet<(String, String)>,
    /// By organization.
    roles: HashMap<String, Arc<[RoleValue]>>,
    /// What the accidental-deletion guard asks, by user.
    guard: HashMap<String, Facts>,
    /// What the guard has counted since, by organization: the cycle, how many, and when.
    counted: HashMap<String, (String, i64, Millis)>,
}

#[derive(FromRow)]
struct Found {
    organization_id: String,
    #[sqlx(flatten)]
    user: StoredUser,
    #[sqlx(flatten)]
    facts: Facts,
}

#[derive(FromRow)]
struct Taken {
    organization_id: String,
    user_name_key: String,
}

impl Foreseen {
    /// Asks what these changes are going to.
    pub(super) async fn ask(
        connection: &mut Connection<'_>,
        all: &[&Foresight],
    ) -> Result<Self, StoreError> {
        let mut foreseen = Self::default();
        let ids: Vec<&str> = all
            .iter()
            .filter_map(|foresight| foresight.user_id.as_deref())
            .collect();
        if !ids.is_empty() {
            const EACH: &str = concat!(
                "SELECT u.organization_id, ",
                users::columns!(),
                ", ",
                guard::facts!(),
                "u.id IN (SELECT value FROM json_each($1))"
            );
            let ids = serde_json::to_string(&ids)?;
            let found: Vec<Found> = connection.fetch_all(sql(EACH).bind(ids)).await?;
            for Found {
                organization_id,
                user,
                facts,
            } in found
            {
                foreseen.guard.insert(user.id.clone(), facts);
                let user = (organization_id, user);
                foreseen.users.insert(user.1.id.clone(), user);
            }
        }
        foreseen.free_names = all
            .iter()
            .filter_map(|foresight| {
                let key = foresight.user_name_key.clone()?;
                Some((foresight.organization_id.clone(), key))
            })
            .collect();
        if !foreseen.free_names.is_empty() {
            let names: Vec<_> = foreseen.free_names.iter().collect();
            let taken: Vec<Taken> = connection
                .fetch_all(
                    sql(
                        "SELECT u.organization_id, u.user_name_key FROM json_each($1) name \
                         JOIN users u ON u.organization_id = name.value ->> 0 AND u.user_name_key = name.value ->> 1",
                    )
                    .bind(serde_json::to_string(&names)?),
                )
                .await?;
            for Taken {
                organization_id,
                user_name_key,
            } in taken
            {
                foreseen.take_name(&organization_id, &user_name_key);
            }
        }
        for foresight in all.iter().filter(|foresight| foresight.roles) {
            let id = &foresight.organization_id;
            if !foreseen.roles.contains_key(id) {
                let roles = role_catalogue::list(connection, id).await?;
                foreseen.roles.insert(id.clone(), roles.into());
            }
        }
        Ok(foreseen)
    }

    /// The user, once: whoever asks is going to change it.
    pub(super) fn take_user(&mut self, organization_id: &str, id: &str) -> Option<StoredUser> {
        let (_, user) = self
            .users
            .remove(id)
            .filter(|(organization, _)| organization == organization_id)?;
        Some(user)
    }

    /// The catalogue of an organization.
    pub(super) fn roles(&self, organization_id: &str) -> Option<Arc<[RoleValue]>> {
        self.roles.get(organization_id).cloned()
    }

    /// What the guard asks about a user, once: whoever asks is going to change it. The user was looked for in the
    /// organization before.
    pub(super) fn take_facts(&mut self, organization_id: &str, user_id: &str) -> Option<Facts> {
        let mut facts = self.guard.remove(user_id)?;
        if let Some((cycle, count, at)) = self.counted.get(organization_id) {
            facts.counted_cycle.clone_from(cycle);
            facts.count = *count;
            facts.counted_at = *at;
        }
        Some(facts)
    }

    /// The guard has counted one more.
    pub(super) fn count(&mut self, organization_id: &str, cycle: &str, count: i64, at: Millis) {
        let counted = (cycle.to_owned(), count, at);
        self.counted.insert(organization_id.to_owned(), counted);
    }

    /// A change is undone, and with it what it has counted.
    pub(super) fn forget_guard(&mut self) {
        self.guard.clear();
        self.counted.clear();
    }

    /// A user changes.
    pub(super) fn forget_user(&mut self, id: &str) {
        self.users.remove(id);
        self.guard.remove(id);
    }

    /// Whether nobody has the userName, once: whoever asks is going to take it.
    pub(super) fn take_name(&mut self, organization_id: &str, key: &str) -> bool {
        let name = (organization_id.to_owned(), key.to_owned());
        self.free_names.remove(&name)
    }

    /// A catalogue changes.
    pub(super) fn forget_roles(&mut self, organization_id: &str) {
        self.roles.remove(organization_id);
    }
}
