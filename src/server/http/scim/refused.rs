//! Callers without a good token: how many of them the log records.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::server::clock::{MINUTE, Millis};

/// Entries of refused callers that one organization's log gets in a minute; the rest is counted.
const A_MINUTE: u32 = 60;
/// Organizations that are watched in one minute: only existing ones are, so this is a formality.
const WATCHED: usize = 100_000;

/// Bounds what is recorded, never who is let in: many of Entra's customers share its addresses.
#[derive(Clone, Default)]
pub(super) struct Limiter(Arc<Mutex<Minute>>);

#[derive(Default)]
struct Minute {
    number: Millis,
    recorded: HashMap<String, u32>,
}

impl Limiter {
    /// Whether a refused call of this organization is recorded at `now`; else it is only counted.
    pub(super) fn records(&self, organization_id: &str, now: Millis) -> bool {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.div_euclid(MINUTE);
        if minute.number != number {
            minute.number = number;
            minute.recorded.clear();
        }
        if minute.recorded.len() >= WATCHED {
            return false;
        }
        let recorded = minute
            .recorded
            .entry(organization_id.to_owned())
            .or_default();
        *recorded += 1;
        *recorded <= A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_a_minute_and_organization_are_recorded() {
        let limiter = Limiter::default();
        let recorded = |organization: &str, now| {
            (0..100)
                .filter(|_| limiter.records(organization, now))
                .count()
        };
        assert_eq!(recorded("a", 0), 60);
        assert_eq!(recorded("b", 1), 60);
        assert_eq!(recorded("a", MINUTE), 60);
    }
}
