//! Taking over a userName: an Admin has decided that its holder gives it up. Entra takes the user over, or the name
//! becomes free for a rename. Nothing is asked unless there is such a conflict.

use serde_json::json;

use super::change::kind_of;
use super::columns::{check_size, columns, stored_columns};
use super::policy::Role;
use super::unit::{Next, Unit};
use super::{Answer, Loaded, Refusal};
use crate::model::log::StepKind;
use crate::model::user::ChangeKind;
use crate::server::error::StoreError;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Change, Remark, User, case_key};
use crate::server::store::issue_records::{self, Ended, Success, user_key};
use crate::server::store::users::{self, StoredUser, UserColumns};
use crate::server::store::{guard, take_overs, user_blocks};

/// Whether Entra may be let take this user over: it is inactive, or Entra does not manage it.
pub fn may_be_taken_over(user: &StoredUser) -> bool {
    !user.active || user.external_id.is_none()
}

/// Whether this user may be removed, so that another one gets its userName: nobody loses access by a rename.
pub fn may_give_up_name(user: &StoredUser) -> bool {
    !user.active
}

/// Somebody who gives up a userName.
struct Yielding {
    holder: Loaded,
    decided_by: String,
}

impl Unit<'_, '_> {
    /// Who has the userName and may give it up. Nobody else changes them, nor uses the decision, until this is done.
    async fn yielding(
        &mut self,
        user_name: &str,
        may: fn(&StoredUser) -> bool,
    ) -> Result<Option<Yielding>, StoreError> {
        let organization_id = &self.request.caller.organization_id;
        let key = case_key(user_name);
        let Some(found) = users::find_by_user_name(self.tx, organization_id, &key).await? else {
            return Ok(None);
        };
        let allowed =
            take_overs::allowed_by(self.tx, organization_id, &found.id, &key, self.now).await?;
        let Some(decided_by) = allowed else {
            return Ok(None);
        };
        // As it is now, and not when the decision was made.
        let holder = users::find_locked(self.tx, organization_id, &found.id).await?;
        let Some(holder) =
            holder.filter(|holder| case_key(&holder.user_name) == key && may(holder))
        else {
            return Ok(None);
        };
        self.not_before(&holder);
        Ok(Some(Yielding {
            holder: Loaded::new(holder)?,
            decided_by,
        }))
    }

    /// Makes whoever has the userName the user that was to be created: values as a PUT would set them, id and history
    /// as they were. `None` when nobody gives it up.
    pub(super) async fn take_over(&mut self, next: &mut Next) -> Result<Option<Answer>, Refusal> {
        let user_name = next.user.user_name().unwrap_or_default().to_owned();
        let Some(yielding) = self.yielding(&user_name, may_be_taken_over).await? else {
            return Ok(None);
        };
        let before = yielding.holder;
        let organization_id = &self.request.caller.organization_id;
        let id = before.stored.id.clone();
        let version = before.stored.version + 1;
        let old_row = stored_columns(&before);
        let mut row = columns(&next.user, &next.role)?;
        check_size(&row, old_row.document.len())?;
        let kind = kind_of(&before.stored, &next.user);
        // Who is not Entra's may be active: the Admin's word was that Entra gets them, not that they lose access.
        let passage = self.guard_change(&id, kind).await?;
        row.guard_cycle_id = passage.counted_in();
        if !take_overs::use_up(self.tx, organization_id, &id, self.now).await? {
            return Ok(None);
        }
        users::update(
            self.tx,
            organization_id,
            &id,
            version,
            self.now,
            old_row,
            row,
        )
        .await?;
        let external_id = next.user.external_id();
        user_blocks::inherit(
            self.tx,
            organization_id,
            &id,
            &case_key(&user_name),
            external_id,
        );
        let (old_values, values) = (before.user.filter_values(), next.user.filter_values());
        users::replace_values(self.tx, organization_id, &id, old_values, values);
        next.changes = next.user.changes_from(&before.user);
        self.keep_history(&id, version, kind, next).await?;
        self.passed(&id, &passage);
        // All of it was set anew.
        self.end_issues(Ended::Change {
            user: user_key(&id),
        });
        Remark::new(
            Reason::UserTakenOver,
            format!(
                "The userName belonged to an existing user, whom Entra was to take over: {} decided so. The id {id} and \
                 the history stay.",
                yielding.decided_by
            ),
        )
        .on("userName")
        .push_to(&mut self.exchange.remarks);
        self.exchange.subject.user_id = Some(id.clone());
        self.exchange.done(
            StepKind::Store,
            format!("User {id} was taken over as version {version}."),
        );
        let after = Loaded {
            stored: StoredUser {
                version,
                updated_at: self.now,
                ..before.stored
            },
            user: next.user.clone(),
        };
        Ok(Some(Answer {
            status: 201,
            ..self.answer(after, false)
        }))
    }

    /// Stores a user under a userName that somebody else has and gives up: the holder is deleted, as DELETE does.
    /// `false` when nobody gives it up. The Admin's word was about this deletion, so that the accidental-deletion guard
    /// neither holds nor counts it, as with what *Allow* lets pass.
    pub(super) async fn rename_over(
        &mut self,
        user: &User,
        (id, version): (&str, i64),
        (old_row, row): (UserColumns, UserColumns),
    ) -> Result<bool, StoreError> {
        let user_name = user.user_name().unwrap_or_default();
        let Some(yielding) = self.yielding(user_name, may_give_up_name).await? else {
            return Ok(false);
        };
        let holder = yielding.holder;
        let organization_id = &self.request.caller.organization_id;
        let holder_id = holder.stored.id.clone();
        if !take_overs::use_up(self.tx, organization_id, &holder_id, self.now).await? {
            return Ok(false);
        }
        let log_id = self.exchange.request_id.clone();
        users::delete_now(self.tx, organization_id, &holder_id, self.now, &log_id).await?;
        guard::release(self.tx, organization_id, &holder_id);
        let gone = Next {
            role: Role::unchanged(&holder.stored),
            changes: vec![Change {
                attribute: "userName".to_owned(),
                old: Some(json!(holder.stored.user_name)),
                new: None,
            }],
            user: holder.user,
        };
        let last = holder.stored.version + 1;
        self.keep_history(&holder_id, last, ChangeKind::Deleted, &gone)
            .await?;
        self.end_issues(Ended::Delete {
            user: user_key(&holder_id),
        });
        let stored = users::update(
            self.tx,
            organization_id,
            id,
            version,
            self.now,
            old_row,
            row,
        );
        match stored.await {
            Ok(()) => {}
            // Somebody else was quicker: the deletion goes with the refusal.
            Err(StoreError::Conflict { .. }) => {
                return Err(StoreError::Unavailable(
                    "the userName was taken again while it became free".to_owned(),
                ));
            }
            Err(error) => return Err(error),
        }
        Remark::new(
            Reason::UserTakenOver,
            format!(
                "The userName belonged to the inactive user with the id {holder_id}, who was deleted to make it free: {} \
                 decided so.",
                yielding.decided_by
            ),
        )
        .on("userName")
        .push_to(&mut self.exchange.remarks);
        Ok(true)
    }

    /// Ends what was wrong with a user beside the one whom the entry is about.
    fn end_issues(&mut self, ended: Ended) {
        let success = Success {
            organization_id: self.request.caller.organization_id.clone(),
            at: self.now,
            ended,
        };
        issue_records::record_with_change(self.tx, &[], Some(&success));
    }
}
