//! The accidental-deletion guard: more users than the organization's limit do not lose access in one cycle without
//! somebody's word for it. A changed scoping filter in Entra takes out hundreds at once.

use super::Refusal;
use super::unit::Unit;
use crate::model::guard::Decision;
use crate::model::log::Action;
use crate::server::clock::Millis;
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::store::guard::{self, Hold, NewHold};
use crate::server::store::provisioning_logs;

/// How a deactivation or deletion got past the guard.
#[derive(Debug)]
pub(super) enum Passage {
    /// The guard is off.
    Unguarded,
    /// As one more of this cycle.
    Counted { cycle_id: String },
    /// By an Admin's word.
    Allowed,
}

impl Unit<'_, '_> {
    /// Lets a deactivation or deletion (`action`) of this user pass, or holds it.
    ///
    /// Users are counted once a cycle, whatever is done to them. Who is held stays held in later cycles too, until an
    /// Admin decides: else Entra's tries would take out as many again every 40 minutes.
    pub(super) async fn guard(
        &mut self,
        user_id: &str,
        action: Action,
    ) -> Result<Passage, Refusal> {
        let caller = &self.request.caller;
        // Nothing is asked where the guard is off.
        if caller.removal_limit.is_none() {
            return Ok(Passage::Unguarded);
        }
        let organization_id = &caller.organization_id;
        let Some(limit) = guard::limit_locked(self.tx, organization_id).await? else {
            return Ok(Passage::Unguarded);
        };
        let log_id = &self.exchange.request_id;
        match guard::find(self.tx, organization_id, user_id).await? {
            Some(hold) if is_allowed(&hold, self.now) => return Ok(Passage::Allowed),
            Some(_) => {}
            None => {
                let cycle =
                    provisioning_logs::current_cycle(self.tx, organization_id, self.now).await?;
                let cycle_id = cycle.unwrap_or_else(|| log_id.clone());
                let others =
                    guard::count_others(self.tx, organization_id, &cycle_id, user_id, limit)
                        .await?;
                if others < limit {
                    return Ok(Passage::Counted { cycle_id });
                }
            }
        }
        let hold = NewHold {
            organization_id,
            user_id,
            action: action.as_str(),
            now: self.now,
            log_id,
        };
        guard::hold(self.tx, &hold);
        let plural = if limit == 1 { "" } else { "s" };
        Err(ScimError::new(
            Reason::GuardHolding,
            format!(
                "The accidental-deletion guard holds this: more than {limit} user{plural} would lose access in one cycle. The \
                 user keeps access until an administrator opens Held users in Rhombus Provisioning and selects Allow. \
                 The next try then goes through."
            ),
        )
        .into())
    }

    /// Notes that a user has lost access, once that is sure.
    pub(super) fn passed(&mut self, user_id: &str, passage: &Passage) {
        let organization_id = &self.request.caller.organization_id;
        match passage {
            Passage::Unguarded => {}
            Passage::Counted { cycle_id } => {
                guard::count(self.tx, organization_id, cycle_id, user_id, self.now);
            }
            Passage::Allowed => guard::release(self.tx, organization_id, user_id),
        }
    }
}

fn is_allowed(hold: &Hold, now: Millis) -> bool {
    Decision::parse(&hold.decision) == Some(Decision::Allowed)
        && hold.allowed_until.is_some_and(|until| now < until)
}
