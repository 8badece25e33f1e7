//! How an organization's provisioning is. Decided here, from facts alone, so that the overview's first line, the
//! list of organizations and whoever asks next say the same.

use crate::model::health::{Health, HealthState, NextStep};
use crate::model::organization::ProvisioningState;
use crate::model::page::{Count, number};
use crate::server::clock::{HOUR, MINUTE, Millis};
use crate::server::scim::reason::Reason;
use crate::server::services::moments::Moments;

/// Without a request for this long Entra is silent: three cycles missed.
const SILENCE: Millis = 2 * HOUR;
/// Entra's cycles are 40 minutes apart. Once it is connected, callers that nobody knows count only when its own
/// call is overdue: anybody can send a wrong token.
const CYCLE: Millis = 45 * MINUTE;

/// What is decided from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub state: ProvisioningState,
    pub state_changed_at: Millis,
    pub has_tokens: bool,
    pub has_valid_token: bool,
    /// The last request of any kind.
    pub last_contact_at: Option<Millis>,
    /// The last request whose token was good.
    pub last_accepted_at: Option<Millis>,
    pub refusal: Option<Refusal>,
    /// Of the last 24 hours.
    pub failures: Count,
}

/// Requests refused for their token since the last one that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub since: Millis,
    /// Of the latest one.
    pub reason: Reason,
    /// The token's name, where the reason is about one of ours.
    pub token: Option<String>,
}

/// Decides, as of now, in the words of somebody who reads times in a zone.
#[must_use]
pub fn decide(facts: &Facts, moments: &Moments) -> Health {
    match facts.state {
        ProvisioningState::Off => health(
            HealthState::Off,
            "Provisioning is off: Entra’s calls are refused until Rhombus support turns it on.",
            format!("Since {}.", moments.clock(facts.state_changed_at)),
            NextStep::Nothing,
        ),
        ProvisioningState::Paused => {
            let since = moments.clock(facts.state_changed_at);
            health(
                HealthState::Paused,
                format!(
                    "Provisioning is paused since {since}. Entra tries again for up to four weeks, so nothing is lost."
                ),
                format!("Since {since}, by an administrator."),
                NextStep::Nothing,
            )
        }
        ProvisioningState::On => decide_on(facts, moments),
    }
}

fn decide_on(facts: &Facts, moments: &Moments) -> Health {
    if !facts.has_tokens {
        return health(
            HealthState::Waiting,
            "Create a Secret Token, so that Entra can call Rhombus.",
            "No Secret Token yet.",
            NextStep::CreateToken,
        );
    }
    if let Some(refusal) = facts
        .refusal
        .as_ref()
        .filter(|refusal| counts(refusal, facts, moments.now()))
    {
        return refused(refusal, moments);
    }
    if !facts.has_valid_token {
        return health(
            HealthState::Refused,
            "Entra cannot call Rhombus: no Secret Token is valid. Create one and paste it into Admin Credentials.",
            "No Secret Token is valid.",
            NextStep::CreateToken,
        );
    }
    let Some(accepted) = facts.last_accepted_at else {
        return health(
            HealthState::Waiting,
            "Waiting for Entra: paste the Tenant URL and the Secret Token, and press Test Connection.",
            "Waiting for Test Connection.",
            NextStep::Nothing,
        );
    };
    let called = moments.moment(accepted).relative;
    if moments.now() - accepted > SILENCE {
        return health(
            HealthState::Silent,
            format!(
                "Entra last called {called} and should call every 40 minutes. Check in Entra that provisioning is \
                 started and not in quarantine."
            ),
            format!("Last call {called}."),
            NextStep::Nothing,
        );
    }
    let failures = match facts.failures {
        Count::Exactly(0) => {
            return health(
                HealthState::Healthy,
                format!("Entra last called {called}, and nothing failed in the last 24 hours."),
                "On schedule; nothing failed.",
                NextStep::Nothing,
            );
        }
        Count::Exactly(1) => "1 request".to_owned(),
        Count::Exactly(n) => format!("{} requests", number(n)),
        Count::MoreThan(n) => format!("more than {} requests", number(n)),
    };
    health(
        HealthState::Failing,
        format!("Entra last called {called}, but {failures} failed in the last 24 hours."),
        format!("{} failed in 24 hours.", capitalized(&failures)),
        NextStep::SeeFailures,
    )
}

/// Whether a refusal says something about Entra itself.
fn counts(refusal: &Refusal, facts: &Facts, now: Millis) -> bool {
    let is_ours = matches!(refusal.reason, Reason::TokenExpired | Reason::TokenRevoked);
    is_ours
        || facts
            .last_accepted_at
            .is_none_or(|accepted| now - accepted > CYCLE)
}

fn refused(refusal: &Refusal, moments: &Moments) -> Health {
    let since = moments.clock(refusal.since);
    let token = match &refusal.token {
        Some(name) => format!("the token '{name}'"),
        None => "its token".to_owned(),
    };
    let again = "Create a new one and paste it into Admin Credentials.";
    let (cause, step, next) = match refusal.reason {
        Reason::TokenExpired => (format!("{token} expired"), again, NextStep::CreateToken),
        Reason::TokenRevoked => (format!("{token} was revoked"), again, NextStep::CreateToken),
        Reason::TokenMissing => (
            "it sends no Secret Token".to_owned(),
            "Paste one into Admin Credentials.",
            NextStep::SeeFailures,
        ),
        Reason::TokenMalformed => (
            "what it sends is not a whole Secret Token".to_owned(),
            "Paste the bare value, whole, into Admin Credentials.",
            NextStep::SeeFailures,
        ),
        Reason::TokenWrongOrganization => (
            "its token belongs to another organization".to_owned(),
            "Paste Tenant URL and Secret Token of this one into Admin Credentials.",
            NextStep::SeeFailures,
        ),
        _ => (
            "its token is not known here".to_owned(),
            "Paste a valid Secret Token, whole, into Admin Credentials.",
            NextStep::SeeFailures,
        ),
    };
    health(
        HealthState::Refused,
        format!("Entra has been refused since {since}: {cause}. {step}"),
        format!("Since {since}: {cause}."),
        next,
    )
}

fn health(
    state: HealthState,
    sentence: impl Into<String>,
    phrase: impl Into<String>,
    next: NextStep,
) -> Health {
    Health {
        state,
        sentence: sentence.into(),
        phrase: phrase.into(),
        next,
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::server::clock::DAY;
    use crate::server::zone;

    /// 23 Nov 2026, 09:30 UTC.
    const NOW: Millis = 1_795_426_200_000;

    fn utc() -> Moments {
        Moments::new(NOW, TimeZone::UTC)
    }

    fn facts() -> Facts {
        Facts {
            state: ProvisioningState::On,
            state_changed_at: NOW - 3 * DAY,
            has_tokens: true,
            has_valid_token: true,
            last_contact_at: Some(NOW - 12 * MINUTE),
            last_accepted_at: Some(NOW - 12 * MINUTE),
            refusal: None,
            failures: Count::Exactly(0),
        }
    }

    fn refused_for(reason: Reason, token: Option<&str>) -> Option<Refusal> {
        Some(Refusal {
            since: NOW - 16 * MINUTE,
            reason,
            token: token.map(str::to_owned),
        })
    }

    #[test]
    fn each_state_has_its_sentence_and_its_next_step() {
        let cases = [
            (
                Facts {
                    state: ProvisioningState::Off,
                    ..facts()
                },
                HealthState::Off,
                "Provisioning is off: Entra’s calls are refused until Rhombus support turns it on.",
                NextStep::Nothing,
            ),
            (
                Facts {
                    state: ProvisioningState::Paused,
                    ..facts()
                },
                HealthState::Paused,
                "Provisioning is paused since 20 Nov. Entra tries again for up to four weeks, so nothing is lost.",
                NextStep::Nothing,
            ),
            (
                Facts {
                    has_tokens: false,
                    has_valid_token: false,
                    ..facts()
                },
                HealthState::Waiting,
                "Create a Secret Token, so that Entra can call Rhombus.",
                NextStep::CreateToken,
            ),
            (
                Facts {
                    last_accepted_at: None,
                    ..facts()
                },
                HealthState::Waiting,
                "Waiting for Entra: paste the Tenant URL and the Secret Token, and press Test Connection.",
                NextStep::Nothing,
            ),
            (
                Facts {
                    has_valid_token: false,
                    ..facts()
                },
                HealthState::Refused,
                "Entra cannot call Rhombus: no Secret Token is valid. Create one and paste it into Admin Credentials.",
                NextStep::CreateToken,
            ),
            (
                Facts {
                    has_valid_token: false,
                    refusal: refused_for(Reason::TokenExpired, Some("Entra")),
                    ..facts()
                },
                HealthState::Refused,
                "Entra has been refused since 09:14: the token 'Entra' expired. Create a new one and paste it into \
                 Admin Credentials.",
                NextStep::CreateToken,
            ),
            (
                Facts {
                    last_accepted_at: None,
                    refusal: refused_for(Reason::TokenUnknown, None),
                    ..facts()
                },
                HealthState::Refused,
                "Entra has been refused since 09:14: its token is not known here. Paste a valid Secret Token, whole, \
                 into Admin Credentials.",
                NextStep::SeeFailures,
            ),
            (
                facts(),
                HealthState::Healthy,
                "Entra last called 12 min ago, and nothing failed in the last 24 hours.",
                NextStep::Nothing,
            ),
            (
                Facts {
                    failures: Count::Exactly(1),
                    ..facts()
                },
                HealthState::Failing,
                "Entra last called 12 min ago, but 1 request failed in the last 24 hours.",
                NextStep::SeeFailures,
            ),
            (
                Facts {
                    failures: Count::MoreThan(10_000),
                    ..facts()
                },
                HealthState::Failing,
                "Entra last called 12 min ago, but more than 10,000 requests failed in the last 24 hours.",
                NextStep::SeeFailures,
            ),
            (
                Facts {
                    last_accepted_at: Some(NOW - 3 * HOUR),
                    ..facts()
                },
                HealthState::Silent,
                "Entra last called 3 h ago and should call every 40 minutes. Check in Entra that provisioning is \
                 started and not in quarantine.",
                NextStep::Nothing,
            ),
        ];
        for (facts, state, sentence, next) in cases {
            let decided = decide(&facts, &utc());
            assert_eq!(decided.sentence, sentence);
            assert_eq!((decided.state, decided.next), (state, next), "{sentence}");
        }
    }

    #[test]
    fn a_stranger_with_a_wrong_token_says_nothing_about_entra_while_it_is_on_schedule() {
        let stranger = Facts {
            refusal: refused_for(Reason::TokenUnknown, None),
            ..facts()
        };
        assert_eq!(decide(&stranger, &utc()).state, HealthState::Healthy);
        let overdue = Facts {
            last_accepted_at: Some(NOW - HOUR),
            ..stranger
        };
        assert_eq!(decide(&overdue, &utc()).state, HealthState::Refused);
    }

    #[test]
    fn a_sentence_tells_the_time_of_whoever_reads_it() {
        let facts = Facts {
            state: ProvisioningState::Paused,
            state_changed_at: NOW - 10 * HOUR,
            ..facts()
        };
        let berlin = Moments::new(NOW, zone::named("Europe/Berlin").unwrap());
        assert_eq!(
            decide(&facts, &berlin).phrase,
            "Since 00:30, by an administrator."
        );
    }
}
