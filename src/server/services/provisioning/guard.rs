//! The accidental-deletion guard: more users than the organization's limit do not lose access in one cycle without
//! somebody's word for it. A changed scoping filter in Entra takes out hundreds at once.

use super::Refusal;
use super::unit::Unit;
use crate::model::guard::Decision;
use crate::model::log::Action;
use crate::model::user::ChangeKind;
use crate::server::error::StoreError;
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::store::guard::{self, Facts, NewHold};
use crate::server::store::provisioning_logs::CYCLE_GAP;

/// How a deactivation or deletion got past the guard.
#[derive(Debug)]
pub(super) enum Passage {
    /// The guard is off, or nobody loses access.
    Unguarded,
    /// As one more of this cycle.
    OneMore { cycle_id: String, others: i64 },
    /// As one of this cycle already: users are counted once.
    Counted,
    /// By an Admin's word.
    Allowed,
}

impl Passage {
    /// The cycle in which the user is counted now.
    pub(super) fn counted_in(&self) -> Option<String> {
        match self {
            Self::OneMore { cycle_id, .. } => Some(cycle_id.clone()),
            Self::Unguarded | Self::Counted | Self::Allowed => None,
        }
    }
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
        let facts = guard::look_locked(self.tx, organization_id, user_id).await?;
        let Some(facts) = facts else {
            return Ok(Passage::Unguarded);
        };
        let Some(limit) = facts.limit else {
            return Ok(Passage::Unguarded);
        };
        let decision = facts.decision()?;
        let is_in_time = facts.allowed_until.is_some_and(|until| self.now < until);
        if decision == Some(Decision::Allowed) && is_in_time {
            return Ok(Passage::Allowed);
        }
        if decision.is_none() {
            let cycle_id = self.cycle_of(&facts).await?;
            let is_counted_cycle = cycle_id == facts.counted_cycle;
            if is_counted_cycle && cycle_id == facts.user_cycle {
                return Ok(Passage::Counted);
            }
            let others = if is_counted_cycle { facts.count } else { 0 };
            if others < limit {
                return Ok(Passage::OneMore { cycle_id, others });
            }
        }
        let hold = NewHold {
            organization_id,
            user_id,
            action,
            now: self.now,
            log_id: &self.exchange.request_id,
        };
        guard::hold(self.tx, &hold);
        let plural = if limit == 1 { "" } else { "s" };
        Err(ScimError::new(
            Reason::GuardHolding,
            format!(
                "The accidental-deletion guard holds this: more than {limit} user{plural} would be deactivated or deleted in \
                 one cycle. The user stays as it is until an administrator opens Held users in Rhombus Provisioning and \
                 selects Allow. The next try then goes through."
            ),
        )
        .into())
    }

    /// As [`Self::guard`], of a change: one that deactivates nobody passes.
    pub(super) async fn guard_change(
        &mut self,
        user_id: &str,
        kind: ChangeKind,
    ) -> Result<Passage, Refusal> {
        match kind {
            ChangeKind::Disabled => self.guard(user_id, Action::Disable).await,
            _ => Ok(Passage::Unguarded),
        }
    }

    /// Notes that a user has lost access, once that is sure.
    pub(super) fn passed(&mut self, user_id: &str, passage: &Passage) {
        let organization_id = &self.request.caller.organization_id;
        match passage {
            Passage::Unguarded | Passage::Counted => {}
            Passage::OneMore { cycle_id, others } => {
                guard::count(self.tx, organization_id, cycle_id, *others, self.now);
            }
            Passage::Allowed => guard::release(self.tx, organization_id, user_id),
        }
    }

    /// Notes that Entra says a user to be active, once that is sure: nobody waits for a removal that it no longer wants.
    pub(super) fn wanted(&mut self, user_id: &str) {
        let caller = &self.request.caller;
        // Nobody is held where the guard is off.
        if caller.removal_limit.is_some() {
            guard::end_waiting(self.tx, &caller.organization_id, user_id, self.now);
        }
    }

    /// The cycle that this request belongs to.
    async fn cycle_of(&mut self, facts: &Facts) -> Result<String, StoreError> {
        // Whoever was counted a moment ago may not be in the log yet as this transaction sees it.
        if (self.now - facts.counted_at).abs() <= CYCLE_GAP {
            return Ok(facts.counted_cycle.clone());
        }
        let organization_id = &self.request.caller.organization_id;
        let running = guard::running_cycle(self.tx, organization_id, self.now).await?;
        Ok(running.unwrap_or_else(|| self.exchange.request_id.clone()))
    }
}
