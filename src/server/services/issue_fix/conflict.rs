//! Who has the userNames that Entra wants for others, and what was decided about them.

use super::Reader;
use crate::model::issue_fix::{Decided, Holder, NameConflict};
use crate::model::take_over::Decision;
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::resource::{User, case_key};
use crate::server::services::issues::name_of;
use crate::server::services::provisioning::{may_be_taken_over, may_give_up_name};
use crate::server::store::issues::{self, CountedUser, Issue};
use crate::server::store::sql::Connection;
use crate::server::store::take_overs::{self, TakeOver};
use crate::server::store::users::{self, StoredUser};

/// Conflicts of one issue that are shown.
const SHOWN: i64 = 20;

impl Reader<'_> {
    /// The conflicts of the issue's first users, one for each name.
    pub(super) async fn conflicts(
        &self,
        connection: &mut Connection<'_>,
        issue: &Issue,
    ) -> Result<Vec<NameConflict>, ServiceError> {
        let wanting = issues::users(connection, &issue.id, None, false, SHOWN).await?;
        let mut found: Vec<(String, CountedUser, Option<StoredUser>)> = Vec::new();
        for user in wanting {
            let Some(user_name) = wanted(&user) else {
                continue;
            };
            let key = case_key(&user_name);
            if found.iter().any(|(other, ..)| case_key(other) == key) {
                continue;
            }
            let holder = users::find_by_user_name(connection, &self.organization.id, &key).await?;
            found.push((user_name, user, holder));
        }
        let ids: Vec<&str> = found
            .iter()
            .filter_map(|(_, _, holder)| holder.as_ref())
            .map(|holder| holder.id.as_str())
            .collect();
        let decided = take_overs::list(connection, &self.organization.id, &ids).await?;
        found
            .into_iter()
            .map(|(user_name, user, holder)| {
                let holder = holder
                    // Who has it may be whom it is wanted for, by now.
                    .filter(|holder| Some(&holder.id) != user.user_id.as_ref())
                    .map(|holder| self.holder(holder, user.user_id.is_some(), &decided))
                    .transpose()?;
                Ok(NameConflict {
                    wanted_by: name_of(&user),
                    wanted_by_id: user.user_id,
                    user_name,
                    holder,
                })
            })
            .collect()
    }

    fn holder(
        &self,
        user: StoredUser,
        is_rename: bool,
        decided: &[TakeOver],
    ) -> Result<Holder, ServiceError> {
        let key = case_key(&user.user_name);
        let decision = decided
            .iter()
            .find(|decided| decided.user_id == user.id && decided.user_name_key == key)
            .and_then(|decided| self.decided(decided));
        let may_yield = if is_rename {
            may_give_up_name(&user)
        } else {
            may_be_taken_over(&user)
        };
        let document: User = serde_json::from_str(&user.document).map_err(StoreError::from)?;
        Ok(Holder {
            name: document.display_label(),
            is_active: user.active,
            is_managed: user.external_id.is_some(),
            last_change: self.moments.moment(user.updated_at),
            may_yield,
            // What was allowed does not hold for somebody who has come back since.
            decision: decision.filter(|decided| may_yield || decided.decision == Decision::Kept),
            id: user.id,
        })
    }

    /// What still holds: a decision that was used, or that is too old to be, is none.
    fn decided(&self, decided: &TakeOver) -> Option<Decided> {
        let is_over = decided.used_at.is_some()
            || decided
                .expires_at
                .is_some_and(|until| until <= self.moments.now());
        (!is_over).then(|| Decided {
            decision: decided.decision,
            by: decided.decided_by.clone(),
            at: self.moments.moment(decided.decided_at),
            until: decided.expires_at.map(|until| self.moments.moment(until)),
        })
    }
}

/// The name that was refused; of a create it is also what the user is known by.
fn wanted(user: &CountedUser) -> Option<String> {
    let of_create = user.user_name.clone().filter(|_| user.user_id.is_none());
    user.value.clone().or(of_create)
}
