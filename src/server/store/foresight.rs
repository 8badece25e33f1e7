//! What changes ask before they write, asked for all changes of one SQLite transaction at once: each question is a trip
//! to SQLite's thread and back, which costs more than its answer. PostgreSQL has a transaction for each change, and
//! asks there.
//!
//! The answers stay true while the transaction lasts, because nobody else writes, but for what its own changes write:
//! every function that does so takes back what it makes untrue.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::appended::Appended;
use super::guard::{self, Facts};
use super::role_catalogue::{self, RoleValue};
use super::sql::{Connection, Sql, sql};
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
    /// By organization: the cycle that entries of this transaction begin if none runs, while they wait to be written.
    waiting_cycles: HashMap<String, String>,
}

/// A row of any of the questions, which say in `answers` which of them it is of.
enum Answer {
    User(Box<Found>),
    Taken(Taken),
    Role(Role),
}

const USER: i64 = 0;
const TAKEN: i64 = 1;

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

#[derive(FromRow)]
struct Role {
    organization_id: String,
    #[sqlx(flatten)]
    value: RoleValue,
}

impl<'r, R: Row> FromRow<'r, R> for Answer
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Found: FromRow<'r, R>,
    Taken: FromRow<'r, R>,
    Role: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let answers: i64 = row.try_get("answers")?;
        Ok(match answers {
            USER => Self::User(Box::new(Found::from_row(row)?)),
            TAKEN => Self::Taken(Taken::from_row(row)?),
            _ => Self::Role(Role::from_row(row)?),
        })
    }
}

impl Foreseen {
    /// Asks what these changes are going to, in one trip.
    pub(super) async fn ask(
        connection: &mut Connection<'_>,
        all: &[&Foresight],
    ) -> Result<Self, StoreError> {
        let mut foreseen = Self {
            free_names: all
                .iter()
                .filter_map(|foresight| {
                    let key = foresight.user_name_key.clone()?;
                    Some((foresight.organization_id.clone(), key))
                })
                .collect(),
            ..Self::default()
        };
        let questions = foreseen.questions(all)?;
        if questions.is_empty() {
            return Ok(foreseen);
        }
        let mut roles: HashMap<String, Vec<RoleValue>> = HashMap::new();
        for answer in connection.fetch_all_of(questions).await? {
            match answer {
                Answer::User(found) => {
                    let Found {
                        organization_id,
                        user,
                        facts,
                    } = *found;
                    foreseen.guard.insert(user.id.clone(), facts);
                    foreseen
                        .users
                        .insert(user.id.clone(), (organization_id, user));
                }
                Answer::Taken(taken) => {
                    foreseen.take_name(&taken.organization_id, &taken.user_name_key);
                }
                Answer::Role(role) => roles
                    .entry(role.organization_id)
                    .or_default()
                    .push(role.value),
            }
        }
        let roles = roles.into_iter().map(|(id, roles)| (id, roles.into()));
        foreseen.roles.extend(roles);
        Ok(foreseen)
    }

    fn questions(&self, all: &[&Foresight]) -> Result<Vec<Sql>, StoreError> {
        let mut questions = Vec::new();
        let ids: Vec<&str> = all
            .iter()
            .filter_map(|foresight| foresight.user_id.as_deref())
            .collect();
        if !ids.is_empty() {
            const USERS: &str = concat!(
                "SELECT 0 AS answers, u.organization_id, ",
                users::columns!(),
                ", ",
                guard::facts!(),
                "u.id IN (SELECT value FROM json_each($1))"
            );
            questions.push(sql(USERS).bind(serde_json::to_string(&ids)?));
        }
        if !self.free_names.is_empty() {
            let names: Vec<_> = self.free_names.iter().collect();
            questions.push(
                sql(
                    "SELECT 1 AS answers, u.organization_id, u.user_name_key FROM json_each($1) name \
                     JOIN users u ON u.organization_id = name.value ->> 0 AND u.user_name_key = name.value ->> 1",
                )
                .bind(serde_json::to_string(&names)?),
            );
        }
        let organizations: BTreeSet<&str> = all
            .iter()
            .filter(|foresight| foresight.roles)
            .map(|foresight| foresight.organization_id.as_str())
            .collect();
        for organization_id in organizations {
            const ROLES: &str = concat!(
                "SELECT 2 AS answers, v.organization_id, ",
                role_catalogue::values!()
            );
            questions.push(sql(ROLES).bind(organization_id));
        }
        Ok(questions)
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

    /// A change has ended, and its entries wait to be written.
    pub(super) fn note_waiting(&mut self, appended: &Appended) {
        for entry in &appended.entries {
            if !self.waiting_cycles.contains_key(&entry.organization_id) {
                self.waiting_cycles
                    .insert(entry.organization_id.clone(), entry.id.clone());
            }
        }
    }

    /// The cycle of the organization's entries that wait to be written, if none runs.
    pub(super) fn waiting_cycle(&self, organization_id: &str) -> Option<String> {
        self.waiting_cycles.get(organization_id).cloned()
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
