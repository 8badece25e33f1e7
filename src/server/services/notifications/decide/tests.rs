use super::*;
use crate::server::clock::MINUTE;
use crate::server::zone;

/// Monday, 23 November 2026, 09:00 UTC.
const NOW: Millis = 1_795_424_400_000;

fn issue(id: &str, age: Millis, mark: Mark) -> Open {
    Open {
        what: What::Issue(Reason::RoleUnknown),
        id: id.to_owned(),
        opened_at: NOW - age,
        repeats: id.to_owned(),
        noticed_at: NOW - age,
        mark,
    }
}

fn problem(kind: ProblemKind, age: Millis, mark: Mark) -> Open {
    Open {
        what: What::Problem(kind),
        opened_at: 0,
        repeats: kind.as_str().to_owned(),
        ..issue(kind.as_str(), age, mark)
    }
}

fn ended(kind: ProblemKind) -> Over {
    Over {
        kind: CauseKind::Problem,
        problem: Some(kind),
        id: kind.as_str().to_owned(),
        opened_at: 0,
        subject: String::new(),
        began_at: NOW - DAY,
        first_mail_at: Some(NOW - DAY),
        ended_at: Some(NOW),
    }
}

fn expiring(token: &str, days: i64, ended_at: Millis) -> Over {
    Over {
        id: format!("{token}:{days}"),
        subject: format!("{token}:{days}"),
        began_at: NOW - days * DAY,
        ended_at: Some(ended_at),
        ..ended(ProblemKind::TokenExpiring)
    }
}

/// A situation with one recipient who was verified long ago.
struct Case {
    settings: NotificationSettings,
    zone: TimeZone,
    on_since: Millis,
    verified: Vec<Millis>,
    digest_at: Option<Millis>,
    mailed: Vec<(String, Millis)>,
    sent: usize,
    open: Vec<Open>,
    over: Vec<Over>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            settings: NotificationSettings::default(),
            zone: TimeZone::UTC,
            on_since: 0,
            verified: vec![NOW - 100 * DAY],
            digest_at: None,
            mailed: Vec::new(),
            sent: 0,
            open: Vec::new(),
            over: Vec::new(),
        }
    }
}

impl Case {
    fn without(mut self, event: Event) -> Self {
        self.settings.events_off.push(event);
        self
    }

    /// "first a b; passed c; over d; closed e; digest", what there is of it.
    fn decided(&self) -> String {
        let decision = decide(&Situation {
            settings: &self.settings,
            zone: self.zone.clone(),
            on_since: self.on_since,
            verified: &self.verified,
            digest_at: self.digest_at,
            mailed: &self.mailed,
            sent: self.sent,
            open: &self.open,
            over: &self.over,
            now: NOW,
        });
        let ids = |open: &[&Open]| open.iter().map(|open| open.id.clone()).collect::<Vec<_>>();
        let over = |over: &[&Over]| over.iter().map(|over| over.id.clone()).collect::<Vec<_>>();
        let digest = match decision.digest {
            Digest::No => Vec::new(),
            Digest::Of { open, since } => {
                let hours = (NOW - since) / HOUR;
                vec![format!("of {} after {hours} h", ids(&open).join(" "))]
            }
            Digest::Restart => vec!["restarts".to_owned()],
        };
        [
            ("first", ids(&decision.first)),
            ("passed", ids(&decision.passed)),
            ("over", over(&decision.over)),
            ("closed", over(&decision.closed)),
            ("digest", digest),
        ]
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(word, ids)| format!("{word} {}", ids.join(" ")))
        .collect::<Vec<_>>()
        .join("; ")
    }
}

fn open(open: Vec<Open>) -> Case {
    Case {
        open,
        ..Case::default()
    }
}

fn over(over: Vec<Over>) -> Case {
    Case {
        over,
        ..Case::default()
    }
}

#[test]
fn nothing_new_is_nothing_to_tell() {
    assert_eq!(Case::default().decided(), "");
    let told = issue("a", HOUR, Mark::Mailed(NOW - HOUR));
    assert_eq!(open(vec![told]).decided(), "");
}

#[test]
fn what_is_new_is_told_at_once_the_connection_first() {
    let new = vec![
        issue("a", MINUTE, Mark::None),
        problem(ProblemKind::Refused, MINUTE, Mark::None),
    ];
    assert_eq!(open(new).decided(), "first refused a");
}

#[test]
fn each_event_can_be_left_out() {
    for (event, kind) in [
        (Event::Refused, ProblemKind::Refused),
        (Event::Quarantine, ProblemKind::QuarantineRisk),
        (Event::Quarantine, ProblemKind::Quarantined),
        (Event::Silent, ProblemKind::Silent),
        (Event::GuardHolding, ProblemKind::GuardHolding),
        (Event::Stopped, ProblemKind::Paused),
        (Event::Stopped, ProblemKind::Off),
        (Event::TokenExpiring, ProblemKind::TokenExpiring),
        (Event::TokenExpiring, ProblemKind::TokenExpired),
    ] {
        let case = || open(vec![problem(kind, 0, Mark::None)]);
        assert_eq!(case().decided(), format!("first {}", kind.as_str()));
        let left_out = case().without(event).decided();
        assert_eq!(left_out, format!("passed {}", kind.as_str()));
    }
    let case = open(vec![issue("a", 0, Mark::None)]).without(Event::NewIssue);
    assert_eq!(case.decided(), "passed a");
}

#[test]
fn remarks_are_for_the_digest() {
    let remark = Open {
        what: What::Issue(Reason::AttributeIgnored),
        ..issue("a", 0, Mark::None)
    };
    assert_eq!(open(vec![remark]).decided(), "passed a");
    let later = Open {
        what: What::Issue(Reason::AttributeIgnored),
        ..issue("a", DAY, Mark::PassedOver)
    };
    assert_eq!(open(vec![later]).decided(), "digest of a after 24 h");
}

#[test]
fn nobody_hears_of_what_was_there_before() {
    let old = || issue("a", HOUR, Mark::None);
    let mut verified_later = open(vec![old()]);
    verified_later.verified = vec![NOW - MINUTE];
    assert_eq!(verified_later.decided(), "passed a");
    let mut turned_on_later = open(vec![old()]);
    turned_on_later.on_since = NOW - MINUTE;
    assert_eq!(turned_on_later.decided(), "passed a");
    let mut one_of_two = open(vec![old()]);
    one_of_two.verified.push(NOW - MINUTE);
    assert_eq!(one_of_two.decided(), "first a");
}

#[test]
fn a_digest_follows_when_something_was_not_heard_of_for_the_interval() {
    let goes_on = || issue("a", 3 * DAY, Mark::Mailed(NOW - 3 * DAY));
    assert_eq!(open(vec![goes_on()]).decided(), "digest of a after 72 h");
    let mut yesterday = open(vec![goes_on()]);
    yesterday.digest_at = Some(NOW - DAY + MINUTE);
    assert_eq!(yesterday.decided(), "");
    yesterday.digest_at = Some(NOW - DAY);
    assert_eq!(yesterday.decided(), "digest of a after 24 h");
    yesterday.settings.digest_hours = 72;
    assert_eq!(yesterday.decided(), "");
    // What is mailed now, or was within the interval, is no news again.
    let lately = || issue("b", HOUR, Mark::Mailed(NOW - DAY + MINUTE));
    let both = vec![goes_on(), lately(), issue("c", MINUTE, Mark::None)];
    assert_eq!(open(both).decided(), "first c; digest of a after 72 h");
    assert_eq!(open(vec![lately()]).decided(), "");
    // What nobody was mailed about comes with the next digest.
    let passed_over = issue("b", HOUR, Mark::PassedOver);
    let remark = Open {
        what: What::Issue(Reason::AttributeIgnored),
        ..issue("c", MINUTE, Mark::None)
    };
    let three = vec![goes_on(), passed_over, remark];
    assert_eq!(
        open(three).decided(),
        "passed c; digest of a b c after 72 h"
    );
    let mut after_an_outage = open(vec![issue("a", 3 * DAY, Mark::None)]);
    after_an_outage.digest_at = Some(NOW - 9 * DAY);
    assert_eq!(after_an_outage.decided(), "first a");
    let without = open(vec![goes_on()]).without(Event::StillFailing);
    assert_eq!(without.decided(), "");
    let expiring = problem(
        ProblemKind::TokenExpiring,
        3 * DAY,
        Mark::Mailed(NOW - 3 * DAY),
    );
    assert_eq!(open(vec![expiring]).decided(), "");
}

#[test]
fn no_digest_comes_in_quiet_hours_and_first_mails_do() {
    let mut case = open(vec![
        issue("a", 3 * DAY, Mark::Mailed(NOW - 3 * DAY)),
        issue("b", MINUTE, Mark::None),
    ]);
    let minutes = |hour: u16, minute: u16| hour * 60 + minute;
    for (from, until, is_quiet) in [
        (minutes(9, 0), minutes(9, 1), true),
        (minutes(8, 0), minutes(9, 0), false),
        (minutes(22, 0), minutes(9, 30), true),
        (minutes(22, 0), minutes(6, 0), false),
    ] {
        case.settings.quiet = Some(Quiet { from, until });
        let expected = if is_quiet {
            "first b"
        } else {
            "first b; digest of a after 72 h"
        };
        assert_eq!(case.decided(), expected, "{from} to {until}");
    }
    // 09:00 UTC is 10:00 there.
    case.zone = zone::named("Europe/Berlin").unwrap_or(TimeZone::UTC);
    case.settings.quiet = Some(Quiet {
        from: minutes(10, 0),
        until: minutes(11, 0),
    });
    assert_eq!(case.decided(), "first b");
}

#[test]
fn beyond_the_limit_the_digest_tells_or_else_it_waits() {
    let many: Vec<Open> = (0..25)
        .map(|n| issue(&format!("i{n}"), MINUTE, Mark::None))
        .collect();
    let case = open(many);
    let decided = case.decided();
    let (first, passed) = decided.split_once("; ").unwrap_or_default();
    assert_eq!(first.split(' ').count() - 1, MAILS_AN_HOUR);
    assert_eq!(passed, "passed i20 i21 i22 i23 i24");
    let waits = case.without(Event::StillFailing).decided();
    assert_eq!(waits, first);
    let mut full = open(vec![problem(ProblemKind::Refused, 0, Mark::None)]);
    full.sent = MAILS_AN_HOUR;
    assert_eq!(full.decided(), "passed refused");
    let mut full = over(vec![ended(ProblemKind::Refused)]);
    full.sent = MAILS_AN_HOUR;
    assert_eq!(full.decided(), "");
}

#[test]
fn the_limit_is_for_digests_and_for_what_is_over_too() {
    let goes_on = || issue("a", 3 * DAY, Mark::Mailed(NOW - 3 * DAY));
    let case = |sent| Case {
        open: vec![goes_on(), issue("b", MINUTE, Mark::None)],
        sent,
        ..over(vec![
            ended(ProblemKind::Refused),
            ended(ProblemKind::Silent),
        ])
    };
    for (left, expected) in [
        (3, "first b; over refused silent; digest of a after 72 h"),
        (2, "first b; digest of a after 72 h"),
        // The digest has what there is no mail for.
        (1, "passed b; digest of a b after 72 h"),
        (0, "passed b"),
    ] {
        assert_eq!(case(MAILS_AN_HOUR - left).decided(), expected, "{left}");
    }
    assert_eq!(case(2 * MAILS_AN_HOUR).decided(), "passed b");
}

#[test]
fn a_refusal_that_follows_from_an_expired_token_is_told_when_it_outlasts_it() {
    let refused = || problem(ProblemKind::Refused, HOUR, Mark::None);
    let expired = problem(ProblemKind::TokenExpired, HOUR, Mark::Mailed(NOW - HOUR));
    assert_eq!(open(vec![refused(), expired]).decided(), "");
    let case = Case {
        open: vec![refused()],
        ..over(vec![ended(ProblemKind::TokenExpired)])
    };
    assert_eq!(case.decided(), "first refused; closed token_expired");
    // Where nobody is told of the token, the refusal is what they hear of.
    let untold = problem(ProblemKind::TokenExpired, HOUR, Mark::PassedOver);
    let case = open(vec![refused(), untold]).without(Event::TokenExpiring);
    assert_eq!(case.decided(), "first refused");
}

#[test]
fn what_comes_back_at_once_waits_an_hour() {
    let mut case = open(vec![issue("a", MINUTE, Mark::None)]);
    case.mailed = vec![("a".to_owned(), NOW - 59 * MINUTE)];
    assert_eq!(case.decided(), "");
    case.mailed = vec![("a".to_owned(), NOW - 60 * MINUTE), ("b".to_owned(), NOW)];
    assert_eq!(case.decided(), "first a");
}

#[test]
fn what_was_told_is_told_to_be_over_once() {
    let kinds = ProblemKind::ALL
        .into_iter()
        .filter(|kind| *kind != ProblemKind::TokenExpiring);
    for kind in kinds {
        assert_eq!(
            over(vec![ended(kind)]).decided(),
            format!("over {}", kind.as_str())
        );
    }
    let not_told = Over {
        first_mail_at: None,
        ..ended(ProblemKind::Refused)
    };
    assert_eq!(over(vec![not_told]).decided(), "closed refused");
    let set_aside = Over {
        ended_at: None,
        ..ended(ProblemKind::Refused)
    };
    assert_eq!(over(vec![set_aside]).decided(), "closed refused");
    let left_out = over(vec![ended(ProblemKind::Refused)]).without(Event::Recovered);
    assert_eq!(left_out.decided(), "closed refused");
}

#[test]
fn nothing_is_well_again_while_something_worse_is_open() {
    use ProblemKind::{
        GuardHolding, Off, Paused, QuarantineRisk, Quarantined, Refused, Silent, TokenExpired,
    };
    for (was, is) in [
        (Refused, Off),
        (Refused, Paused),
        (Silent, Refused),
        (Silent, Quarantined),
        (Silent, Paused),
        (QuarantineRisk, Quarantined),
        (GuardHolding, Off),
        (TokenExpired, Off),
        (TokenExpired, Refused),
        (Paused, Off),
        (Off, Paused),
    ] {
        let case = Case {
            open: vec![problem(is, HOUR, Mark::Mailed(NOW - HOUR))],
            ..over(vec![ended(was)])
        };
        assert_eq!(case.decided(), format!("closed {}", was.as_str()), "{is:?}");
    }
    let case = Case {
        open: vec![problem(Silent, HOUR, Mark::Mailed(NOW - HOUR))],
        ..over(vec![ended(TokenExpired)])
    };
    assert_eq!(case.decided(), "over token_expired");
}

#[test]
fn a_token_that_was_replaced_is_told_once_and_one_that_expired_is_not() {
    let both = vec![
        expiring("t", 30, NOW - DAY),
        expiring("t", 14, NOW - DAY),
        expiring("u", 7, NOW - DAY),
    ];
    assert_eq!(over(both).decided(), "over t:30 u:7; closed t:14");
    let expired = vec![expiring("t", 1, NOW), expiring("t", 7, NOW)];
    assert_eq!(over(expired).decided(), "closed t:1 t:7");
}

#[test]
fn a_clock_that_was_ahead_holds_nothing_up_for_longer_than_the_interval() {
    let mut case = open(vec![issue("a", 3 * DAY, Mark::Mailed(NOW - 3 * DAY))]);
    case.digest_at = Some(NOW + 30 * DAY);
    assert_eq!(case.decided(), "digest restarts");
    case.digest_at = Some(NOW);
    assert_eq!(case.decided(), "");
    let ahead = || issue("a", 3 * DAY, Mark::Mailed(NOW + 30 * DAY));
    let mut case = open(vec![ahead()]);
    case.digest_at = Some(NOW - DAY);
    assert_eq!(case.decided(), "digest of a after 24 h");
}
