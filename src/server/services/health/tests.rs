#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::tz::TimeZone;

use super::*;
use crate::model::health::NEEDS_HELP_BELOW;
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
        token: Some(CurrentToken {
            id: "t1".to_owned(),
            name: "Entra".to_owned(),
            created_at: NOW - 300 * DAY,
            expires_at: NOW + 65 * DAY,
            has_successor: false,
        }),
        last_contact_at: Some(NOW - 12 * MINUTE),
        last_accepted_at: Some(NOW - 12 * MINUTE),
        refusal: None,
        silence: SILENCE,
        heard_since: 0,
        thinned: Vec::new(),
        worst: None,
        is_lost: false,
        open_issues: 0,
        affected_users: Count::Exactly(0),
        held: None,
        users: Some(Count::Exactly(214)),
        is_first_cycle: false,
    }
}

fn refused_for(reason: Reason, token: Option<&str>) -> Option<Refusal> {
    Some(Refusal {
        since: NOW - 16 * MINUTE,
        reason,
        token: token.map(str::to_owned),
    })
}

fn expires_in(life: Millis) -> Option<CurrentToken> {
    let token = facts().token?;
    Some(CurrentToken {
        expires_at: NOW + life,
        ..token
    })
}

fn worst(failures: u64, changes: u64) -> Option<Worst> {
    Some(Worst { failures, changes })
}

/// Cycles a day apart, the latest three hours ago.
fn daily(days: i64) -> Vec<Millis> {
    (0..days).map(|day| NOW - 3 * HOUR - day * DAY).collect()
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
            "Entra last called 12 min ago and all 214 users are in sync.",
            NextStep::Nothing,
        ),
        (
            Facts {
                users: Some(Count::Exactly(0)),
                ..facts()
            },
            HealthState::Healthy,
            "Entra last called 12 min ago and has sent no users yet.",
            NextStep::Nothing,
        ),
        (
            Facts {
                users: Some(Count::MoreThan(10_000)),
                ..facts()
            },
            HealthState::Healthy,
            "Entra last called 12 min ago and all of more than 10,000 users are in sync.",
            NextStep::Nothing,
        ),
        (
            Facts {
                token: expires_in(6 * DAY),
                ..facts()
            },
            HealthState::Healthy,
            "Entra last called 12 min ago and all 214 users are in sync. The token 'Entra' expires in 6 days. Rotate \
             it in time.",
            NextStep::RotateToken,
        ),
        (
            Facts {
                users: Some(Count::Exactly(12)),
                is_first_cycle: true,
                ..facts()
            },
            HealthState::Healthy,
            "Entra last called 12 min ago: the initial cycle is running and has brought 12 users so far.",
            NextStep::Nothing,
        ),
        (
            Facts {
                // What is held fails, too.
                open_issues: 1,
                affected_users: Count::Exactly(24),
                held: Some(Held {
                    users: Count::Exactly(24),
                    since: NOW - 16 * MINUTE,
                }),
                ..facts()
            },
            HealthState::Holding,
            "The accidental-deletion guard holds 24 users since 09:14: too many would have lost access in one cycle. \
             Allow it, or keep holding.",
            NextStep::SeeHeld,
        ),
        (
            Facts {
                open_issues: 3,
                affected_users: Count::Exactly(5),
                ..facts()
            },
            HealthState::Failing,
            "Entra last called 12 min ago, but 3 open issues keep 5 users from being up to date.",
            NextStep::SeeIssues,
        ),
        (
            Facts {
                open_issues: 1,
                affected_users: Count::MoreThan(10_000),
                ..facts()
            },
            HealthState::Failing,
            "Entra last called 12 min ago, but 1 open issue keeps more than 10,000 users from being up to date.",
            NextStep::SeeIssues,
        ),
        (
            Facts {
                open_issues: 1,
                ..facts()
            },
            HealthState::Failing,
            "Entra last called 12 min ago, but there is 1 open issue.",
            NextStep::SeeIssues,
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
        (
            Facts {
                worst: worst(5_210, 8_500),
                ..facts()
            },
            HealthState::AtRisk,
            "Entra may put the application into quarantine: 38 % of 13,710 changes failed in one cycle; the limit is \
             40 % from 5,000 failures on. Put the issues right that most users have.",
            NextStep::SeeIssues,
        ),
        (
            Facts {
                worst: worst(31_000, 900_000),
                ..facts()
            },
            HealthState::AtRisk,
            "Entra may put the application into quarantine: 31,000 changes failed in one cycle; the limit is 40,000. \
             Put the issues right that most users have.",
            NextStep::SeeIssues,
        ),
        (
            Facts {
                is_lost: true,
                ..facts()
            },
            HealthState::AtRisk,
            "Entra may put the application into quarantine: its latest call asked for an address that does not exist, \
             which it takes for a service that does not know SCIM. Compare the Tenant URL in Admin Credentials with \
             the one here.",
            NextStep::SeeFailures,
        ),
        (
            Facts {
                last_accepted_at: Some(NOW - 3 * HOUR),
                thinned: daily(10),
                ..facts()
            },
            HealthState::Quarantined,
            "Entra calls only once a day since 14 Nov, so it has probably put the application into quarantine. See in \
             Entra why, put it right and press Restart provisioning. 19 days are left of the four weeks until Entra \
             disables provisioning.",
            NextStep::SeeIssues,
        ),
        (
            Facts {
                has_valid_token: false,
                refusal: refused_for(Reason::TokenExpired, Some("Entra")),
                thinned: daily(28),
                ..facts()
            },
            HealthState::Quarantined,
            "Entra calls only once a day since 27 Oct, so it has probably put the application into quarantine: the \
             token 'Entra' expired. Create a new one and paste it into Admin Credentials. 1 day is left of the four \
             weeks until Entra disables provisioning.",
            NextStep::CreateToken,
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

#[test]
fn risk_grows_as_a_limit_comes_nearer() {
    let risk = |facts: Facts| decide(&facts, &utc()).risk;
    for (failures, changes, expected) in [
        (2_400, 100, Risk::Low),
        (2_600, 100_000, Risk::Low),
        (2_600, 8_000, Risk::Elevated),
        (4_999, 0, Risk::Elevated),
        (5_000, 12_000, Risk::Elevated),
        (5_000, 11_000, Risk::High),
        (20_000, 900_000, Risk::Elevated),
        (30_000, 900_000, Risk::High),
    ] {
        let facts = Facts {
            worst: worst(failures, changes),
            ..facts()
        };
        assert_eq!(risk(facts), expected, "{failures} of {changes}");
    }
    let token = |life| Facts {
        token: expires_in(life),
        ..facts()
    };
    assert_eq!(risk(token(31 * DAY)), Risk::Low);
    assert_eq!(risk(token(30 * DAY)), Risk::Low);
    assert_eq!(risk(token(7 * DAY)), Risk::Elevated);
}

#[test]
fn what_needs_help_stands_before_what_does_not() {
    let order = |facts: Facts| decide(&facts, &utc()).order();
    let failing = Facts {
        open_issues: 1,
        ..facts()
    };
    let expiring = Facts {
        token: expires_in(20 * DAY),
        ..facts()
    };
    let waiting = Facts {
        last_accepted_at: None,
        ..facts()
    };
    let orders = [
        order(failing),
        order(expiring),
        order(waiting),
        order(facts()),
    ];
    assert_eq!(orders, [4, 5, 6, 7]);
    assert_eq!(
        orders.map(|order| order < NEEDS_HELP_BELOW),
        [true, true, false, false]
    );
}

#[test]
fn a_clock_that_jumps_makes_nobody_silent() {
    let down = Facts {
        last_accepted_at: Some(NOW - 5 * HOUR),
        heard_since: NOW - HOUR,
        ..facts()
    };
    assert_eq!(decide(&down, &utc()).state, HealthState::Healthy);
    let ahead = Facts {
        last_accepted_at: Some(NOW + 30 * DAY),
        ..facts()
    };
    assert_eq!(decide(&ahead, &utc()).state, HealthState::Healthy);
}

#[test]
fn a_single_pause_of_a_day_is_no_quarantine() {
    let hours = |hours: &[i64]| {
        hours
            .iter()
            .map(|hour| NOW - hour * HOUR)
            .collect::<Vec<_>>()
    };
    for (starts, since) in [
        (hours(&[1, 25, 26]), None),
        (hours(&[1, 25, 49]), Some(NOW - 49 * HOUR)),
        (hours(&[1, 25, 49, 50]), Some(NOW - 49 * HOUR)),
        // A day overdue: silent.
        (hours(&[31, 55, 79]), None),
        (hours(&[1]), None),
    ] {
        let facts = Facts {
            thinned: starts.clone(),
            ..facts()
        };
        assert_eq!(quarantined_since(&facts.thinned, NOW), since, "{starts:?}");
    }
}
