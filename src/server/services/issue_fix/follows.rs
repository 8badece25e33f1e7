//! What comes of a cure, and when: it is for Entra to try again.

use crate::model::issue_fix::Cure;
use crate::model::organization::ProvisioningState;
use crate::model::page::number;
use crate::server::services::cycles::{Next, Rhythm};
use crate::server::services::moments::Moments;

/// What tells when Entra will come again.
pub(super) struct Coming<'a> {
    pub(super) state: ProvisioningState,
    /// `None` where it has not called so far.
    pub(super) next: Option<Next>,
    pub(super) moments: &'a Moments,
}

impl Coming<'_> {
    /// In words, for so many affected users.
    pub(super) fn follows(&self, cure: &Cure, users: u64) -> String {
        match cure {
            Cure::Token(_) => {
                "Paste the new token into Provisioning › Admin Credentials in Entra, select Test Connection, then \
                 Save. From then on Entra’s calls are accepted, and this issue resolves itself."
                    .to_owned()
            }
            Cure::TurnOn { .. } => self.cycle(
                "is accepted, and this issue resolves itself. In Entra, provisioning must be started.",
            ),
            Cure::Guard { .. } => self.cycle_once_on(
                "tries whom you allow again, and they lose access then. Whoever is kept keeps it.",
            ),
            Cure::Roles(_)
            | Cure::MissingNames { .. }
            | Cure::MissingRole { .. }
            | Cure::Conflict(_) => {
                let whom = match users {
                    0 => {
                        return self.cycle_once_on(
                            "goes through. Provision on demand in Entra does it at once.",
                        );
                    }
                    1 => "the user".to_owned(),
                    users => format!("the {} users", number(users)),
                };
                self.cycle_once_on(&format!(
                    "tries {whom} again, and the issue resolves itself once that succeeds. Provision on demand in \
                     Entra does it at once."
                ))
            }
        }
    }

    /// What the next cycle does that is not refused as a whole.
    fn cycle_once_on(&self, does: &str) -> String {
        match self.state {
            ProvisioningState::On => self.cycle(does),
            ProvisioningState::Paused => {
                format!("Once provisioning is resumed, Entra’s next cycle {does}")
            }
            ProvisioningState::Off => {
                format!("Once Rhombus support turns provisioning on, Entra’s next cycle {does}")
            }
        }
    }

    fn cycle(&self, does: &str) -> String {
        let now = self.moments.now();
        let Some(next) = self.next else {
            return format!("Entra’s next cycle {does}");
        };
        if next.is_overdue(now) {
            let called = self.moments.moment(next.called_at).relative;
            return format!(
                "Entra last called {called}, and its next cycle is overdue: check in Entra that provisioning is \
                 started. The next cycle {does}"
            );
        }
        // One that is about to come is not expected in the past.
        let at = next.at.max(now);
        let day = self.moments.day(at);
        let on = if day == self.moments.day(now) {
            String::new()
        } else {
            format!("on {day} ")
        };
        let hour = self.moments.hour(at);
        let often = match next.rhythm {
            Rhythm::Usual => "",
            Rhythm::Daily => {
                " Entra calls about once a day now, so it has probably put provisioning into quarantine: Restart \
                 provisioning ends that."
            }
        };
        format!("Entra’s next cycle, expected {on}about {hour}, {does}{often}")
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::server::clock::{HOUR, MINUTE, Millis};

    /// 23 Nov 2026, 09:30 UTC.
    const NOW: Millis = 1_795_426_200_000;
    const CURE: Cure = Cure::MissingNames { is_rejected: true };

    fn follows(cure: &Cure, users: u64, state: ProvisioningState, next: Option<Next>) -> String {
        Coming {
            state,
            next,
            moments: &Moments::new(NOW, TimeZone::UTC),
        }
        .follows(cure, users)
    }

    fn expected(at: Millis, rhythm: Rhythm) -> Option<Next> {
        Some(Next {
            at,
            rhythm,
            called_at: NOW - 3 * HOUR,
        })
    }

    #[test]
    fn what_follows_names_whom_and_when() {
        let on = |users, next| follows(&CURE, users, ProvisioningState::On, next);
        let text = on(3, expected(NOW + 25 * MINUTE, Rhythm::Usual));
        assert!(
            text.starts_with("Entra’s next cycle, expected about 09:55, tries the 3 users again"),
            "{text}"
        );
        assert!(on(1, None).starts_with("Entra’s next cycle tries the user again"));
        assert!(on(0, None).starts_with("Entra’s next cycle goes through"));
        // Due, but not yet missed.
        let text = on(1, expected(NOW - 4 * MINUTE, Rhythm::Usual));
        assert!(text.contains("expected about 09:30, tries"), "{text}");
    }

    #[test]
    fn in_quarantine_a_day_may_pass() {
        let next = expected(NOW + 22 * HOUR, Rhythm::Daily);
        let text = follows(&CURE, 3, ProvisioningState::On, next);
        assert!(
            text.starts_with("Entra’s next cycle, expected on Tue 24 Nov about 07:30, tries the 3"),
            "{text}"
        );
        assert!(text.ends_with("Restart provisioning ends that."), "{text}");
    }

    #[test]
    fn nothing_is_expected_in_the_past_or_while_all_is_refused() {
        let next = expected(NOW - 2 * HOUR, Rhythm::Usual);
        let text = follows(&CURE, 2, ProvisioningState::On, next);
        assert!(
            text.starts_with("Entra last called 3 h ago, and its next cycle is overdue")
                && text.contains("The next cycle tries the 2 users again"),
            "{text}"
        );
        let next = expected(NOW + HOUR, Rhythm::Usual);
        let text = follows(&CURE, 2, ProvisioningState::Paused, next);
        assert!(
            text.starts_with("Once provisioning is resumed, Entra’s next cycle tries the 2 users"),
            "{text}"
        );
        let text = follows(&CURE, 2, ProvisioningState::Off, next);
        assert!(text.starts_with("Once Rhombus support turns"), "{text}");
        // Entra goes on calling meanwhile.
        let turn_on = Cure::TurnOn { is_off: true };
        let text = follows(&turn_on, 2, ProvisioningState::Off, next);
        assert!(text.starts_with("Entra’s next cycle, expected about 10:30, is accepted"));
    }
}
