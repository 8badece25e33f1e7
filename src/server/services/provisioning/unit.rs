//! One change under way: the transaction, the exchange that becomes its entry, and the steps that creating,
//! changing and deleting share.

use super::policy::{self, Role};
use super::{Loaded, Refusal, UserRequest, gone_already, not_found};
use crate::model::log::{Action, StepKind};
use crate::model::organization::UnknownRole;
use crate::model::user::ChangeKind;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Change, User, case_key};
use crate::server::services::recording::Exchange;
use crate::server::store::dialect::Dialect;
use crate::server::store::users::{self, NewChange, StoredUser};
use crate::server::store::{Tx, organizations, role_catalogue};

/// What a step of a change works with.
pub(super) struct Unit<'t, 'c> {
    pub(super) tx: &'t mut Tx<'c>,
    pub(super) exchange: &'t mut Exchange,
    pub(super) request: &'t UserRequest,
    pub(super) now: Millis,
}

/// What a user becomes, checked and ready to store.
pub(super) struct Next {
    pub(super) user: User,
    pub(super) role: Role,
    pub(super) changes: Vec<Change>,
}

impl Unit<'_, '_> {
    /// The user with this id, whom nobody else changes until this is done.
    pub(super) async fn load_locked(&mut self, id: &str) -> Result<Loaded, Refusal> {
        let organization_id = &self.request.caller.organization_id;
        let stored = users::find_locked(self.tx, organization_id, id)
            .await?
            .ok_or_else(|| match self.exchange.action {
                Action::Delete => gone_already(id),
                _ => not_found(id),
            })?;
        let loaded = Loaded::new(stored)?;
        self.not_before(&loaded.stored);
        loaded.name_in(self.exchange);
        self.request.check_version(loaded.stored.version)?;
        self.exchange.done(
            StepKind::Match,
            format!("Matched by id to {}.", loaded.user.display_label()),
        );
        Ok(loaded)
    }

    /// Puts the time of this change after the user's last one, which may have begun later and got the row first, or come
    /// from a computer whose clock is ahead.
    pub(super) fn not_before(&mut self, stored: &StoredUser) {
        if self.now < stored.updated_at {
            self.now = stored.updated_at + 1;
        }
    }

    /// The role by the organization's catalogue and policies. A value new to the catalogue is decided under a
    /// lock, so that it is added once.
    pub(super) async fn decide_role(
        &mut self,
        user: &mut User,
        before: Option<&Loaded>,
    ) -> Result<Role, Refusal> {
        let before = before.map(|before| (&before.user, &before.stored));
        let caller = &self.request.caller;
        let remarks = &mut self.exchange.remarks;
        let noted = remarks.len();
        // Whoever locks the organization does so before its roles, as those who edit roles do. Who is to be created
        // inactive may take over somebody who is active.
        let may_lose_access =
            user.active() == Some(false) && before.is_none_or(|(_, stored)| stored.active);
        let mut locks = caller.removal_limit.is_some() && may_lose_access;
        let is_shared = self.tx.dialect() == Dialect::Postgres;
        if !locks && is_shared && caller.unknown_role == UnknownRole::Accept {
            let catalogue = role_catalogue::list(self.tx, &caller.organization_id).await?;
            locks = policy::brings_new_roles(user, &catalogue);
        }
        if locks {
            // Users come before their organization, as with whoever changes one: this may end with the holder of the
            // userName, taken over or gone.
            let key = case_key(user.user_name().unwrap_or_default());
            if before.is_none_or(|(_, stored)| case_key(&stored.user_name) != key) {
                users::hold_by_user_name(self.tx, &caller.organization_id, &key).await?;
            }
            organizations::lock(self.tx, &caller.organization_id).await?;
        }
        let catalogue = role_catalogue::list_to_assign(self.tx, &caller.organization_id).await?;
        let role = policy::decide_role(user, before, caller, &catalogue, self.now, remarks)?;
        if role.unreviewed.is_empty() {
            return Ok(role);
        }
        organizations::lock(self.tx, &caller.organization_id).await?;
        // Somebody may have added it meanwhile: then there is nothing to remark upon.
        remarks.truncate(noted);
        let catalogue = role_catalogue::list_to_assign(self.tx, &caller.organization_id).await?;
        let role = policy::decide_role(user, before, caller, &catalogue, self.now, remarks)?;
        Ok(role)
    }

    /// What the history says where the roles stay and mean another role of the catalogue than before.
    pub(super) async fn role_change(
        &mut self,
        before: &Loaded,
        after: &User,
        role: &Role,
    ) -> Result<Option<Change>, StoreError> {
        let stored = &before.stored;
        let says_so_itself =
            role.value != stored.role_value && after.roles().ne(before.user.roles());
        if role.is_of(stored) || says_so_itself {
            return Ok(None);
        }
        let organization_id = &self.request.caller.organization_id;
        let catalogue = role_catalogue::list_to_assign(self.tx, organization_id).await?;
        Ok(Some(policy::role_change(stored, role, &catalogue)))
    }

    /// Adds to the user's history, and to the catalogue what is new there.
    pub(super) async fn keep_history(
        &mut self,
        user_id: &str,
        version: i64,
        kind: ChangeKind,
        next: &Next,
    ) -> Result<(), StoreError> {
        if let Some(rehearsal) = &self.exchange.rehearsal {
            rehearsal.would_change(&next.changes);
        }
        let caller = &self.request.caller;
        for role in &next.role.unreviewed {
            let key = case_key(&role.value);
            role_catalogue::add_unreviewed(
                self.tx,
                &caller.organization_id,
                &role.id,
                &role.value,
                &key,
                self.now,
            )
            .await?;
        }
        let actor = caller.token.actor();
        let change = NewChange {
            id: ids::new_id(self.now),
            user_id,
            log_id: Some(&self.exchange.request_id),
            changed_at: self.now,
            kind: kind.as_str(),
            actor_kind: actor.kind(),
            actor_id: actor.id(),
            actor_name: actor.name(),
            version,
            changes: serde_json::to_string(&next.changes)?,
        };
        users::insert_change(self.tx, &caller.organization_id, change);
        Ok(())
    }

    /// 409 for a userName that somebody in the organization has, naming who. `may_yield` tells who could give it up.
    pub(super) async fn taken(
        &mut self,
        user: &User,
        may_yield: fn(&StoredUser) -> bool,
    ) -> Result<ScimError, StoreError> {
        let user_name = user.user_name().unwrap_or_default();
        let organization_id = &self.request.caller.organization_id;
        let holder =
            users::find_by_user_name(self.tx, organization_id, &case_key(user_name)).await?;
        let may_yield = holder.as_ref().is_some_and(may_yield);
        let holder = holder.map_or_else(String::new, |holder| {
            let state = if holder.active { "active" } else { "inactive" };
            format!(" to the {state} user with the id {}", holder.id)
        });
        let or_here = if may_yield {
            " Or let an administrator decide in Rhombus Provisioning, under Issues, whether Entra takes that user over."
        } else {
            ""
        };
        let mut error = ScimError::new(
            Reason::UserNameTaken,
            format!(
                "userName {} already belongs{holder}. userName is unique without regard to case. Change the value \
                 in Entra, or delete the other user.{or_here}",
                quoted(user_name)
            ),
        )
        .on("userName");
        // Whole: the holder is found by it.
        error.value = Some(user_name.to_owned());
        Ok(error)
    }
}

/// The text of the step that checks the values.
pub(super) fn validated(role: &Role) -> String {
    role.value.as_ref().map_or_else(
        || "The values are accepted.".to_owned(),
        |value| format!("The values are accepted; the role is {}.", quoted(value)),
    )
}
