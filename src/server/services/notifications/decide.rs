//! What is to be told now, decided from facts alone: the first mail of a cause at once, then one digest in an interval
//! for all that goes on and was not told within it, and one mail of all that is over.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::notification::{Event, MAILS_AN_HOUR, NotificationSettings, Quiet};
use crate::server::clock::{DAY, HOUR, Millis};
use crate::server::scim::reason::Reason;
use crate::server::services::problems::{ProblemKind, THRESHOLDS};
use crate::server::store::notifications::CauseKind;

/// What has been mailed about comes again within this: then it waits, so that what flaps does not mail each time.
pub const AGAIN: Millis = HOUR;
/// Mails are counted over this time.
pub const COUNTED: Millis = HOUR;

/// What a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Issue(Reason),
    Problem(ProblemKind),
}

impl What {
    /// The event that its first mail is; `None` for what is summed up only: requests that were carried out with a
    /// remark.
    fn event(self) -> Option<Event> {
        Some(match self {
            Self::Issue(reason) if reason.is_remark() => return None,
            Self::Issue(_) => Event::NewIssue,
            Self::Problem(kind) => match kind {
                ProblemKind::Refused => Event::Refused,
                ProblemKind::QuarantineRisk | ProblemKind::Quarantined => Event::Quarantine,
                ProblemKind::Silent => Event::Silent,
                ProblemKind::GuardHolding => Event::GuardHolding,
                ProblemKind::Paused | ProblemKind::Off => Event::Stopped,
                ProblemKind::TokenExpiring | ProblemKind::TokenExpired => Event::TokenExpiring,
            },
        })
    }

    /// Whether it is summed up while it goes on. A token that nears its end is told at each threshold instead.
    pub fn goes_on(self) -> bool {
        self != Self::Problem(ProblemKind::TokenExpiring)
    }

    /// Which of the two it is.
    pub fn kind(self) -> CauseKind {
        match self {
            Self::Issue(_) => CauseKind::Issue,
            Self::Problem(_) => CauseKind::Problem,
        }
    }
}

/// Something open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub what: What,
    pub id: String,
    /// Of an issue; 0 for a problem.
    pub opened_at: Millis,
    /// What it is when it comes again.
    pub repeats: String,
    /// When it was there to be told.
    pub noticed_at: Millis,
    pub mark: Mark,
}

/// What has been decided about something open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    None,
    /// There was no first mail about it.
    PassedOver,
    Mailed(Millis),
}

/// Something that was marked and is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    pub kind: CauseKind,
    /// `None` for an issue, and for what is gone.
    pub problem: Option<ProblemKind>,
    pub id: String,
    pub opened_at: Millis,
    /// Of a problem: a token's id and threshold.
    pub subject: String,
    pub began_at: Millis,
    pub first_mail_at: Option<Millis>,
    /// When it was resolved, or ended; `None` for what somebody has set aside, or what is gone.
    pub ended_at: Option<Millis>,
}

/// What is known of an organization.
#[derive(Debug)]
pub struct Situation<'s> {
    pub settings: &'s NotificationSettings,
    /// Of the quiet hours.
    pub zone: TimeZone,
    pub on_since: Millis,
    /// When each of the recipients was verified; nobody is told of what was there before.
    pub verified: &'s [Millis],
    pub digest_at: Option<Millis>,
    /// What was mailed lately, and when it first was.
    pub mailed: &'s [(String, Millis)],
    /// Mails that somebody has been written within the last hour.
    pub sent: usize,
    pub open: &'s [Open],
    pub over: &'s [Over],
    pub now: Millis,
}

impl Situation<'_> {
    fn is_open(&self, kind: ProblemKind) -> bool {
        self.open
            .iter()
            .any(|open| open.what == What::Problem(kind))
    }
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decision<'s> {
    /// First mails.
    pub first: Vec<&'s Open>,
    /// Marked without a mail.
    pub passed: Vec<&'s Open>,
    /// What one mail tells to be over.
    pub over: Vec<&'s Over>,
    /// Closed without a mail.
    pub closed: Vec<&'s Over>,
    pub digest: Digest<'s>,
}

/// Whether a digest is written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Digest<'s> {
    #[default]
    No,
    /// Of what goes on, part of it unheard of since then.
    Of { open: Vec<&'s Open>, since: Millis },
    /// None, but from now on the interval counts: a clock that was ahead has noted the last one.
    Restart,
}

impl Decision<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Decision::default()
    }
}

/// Decides.
#[must_use]
pub fn decide<'s>(situation: &Situation<'s>) -> Decision<'s> {
    let mut decision = Decision::default();
    let mut left = MAILS_AN_HOUR.saturating_sub(situation.sent);
    // What is beyond the limit relies on the digest, so that nothing takes its place.
    let due = due(situation);
    let digest_since = match due {
        Due::Since(since) if left > 0 => {
            left -= 1;
            Some(since)
        }
        Due::No | Due::Since(_) | Due::Restart => None,
    };
    // What is wrong with the connection comes before single issues.
    let (problems, issues): (Vec<&Open>, Vec<&Open>) = situation
        .open
        .iter()
        .filter(|open| open.mark == Mark::None)
        .partition(|open| matches!(open.what, What::Problem(_)));
    for open in problems.into_iter().chain(issues) {
        match first(situation, open, left) {
            First::Mail => {
                left -= 1;
                decision.first.push(open);
            }
            First::Pass => decision.passed.push(open),
            First::Wait => {}
        }
    }
    let mut tokens: Vec<&str> = Vec::new();
    for over in situation.over {
        let token = over.subject.split(':').next().unwrap_or_default();
        let is_token = over.problem == Some(ProblemKind::TokenExpiring);
        let is_told = is_worth_telling(situation, over) && !(is_token && tokens.contains(&token));
        if !is_told {
            decision.closed.push(over);
        } else if left > 0 {
            if is_token {
                tokens.push(token);
            }
            decision.over.push(over);
        }
        // Else it waits until there is room for the mail.
    }
    decision.digest = match (digest_since, due) {
        (Some(since), _) => Digest::Of {
            open: in_digest(situation, &decision.passed),
            since,
        },
        (None, Due::Restart) => Digest::Restart,
        (None, Due::No | Due::Since(_)) => Digest::No,
    };
    decision
}

enum First {
    Mail,
    /// The digest has it.
    Pass,
    /// Decided later.
    Wait,
}

fn first(situation: &Situation<'_>, open: &Open, left: usize) -> First {
    let settings = situation.settings;
    let has_listeners = situation.on_since <= open.noticed_at
        && situation.verified.iter().any(|at| *at <= open.noticed_at);
    let is_told = open.what.event().is_some_and(|event| settings.tells(event));
    if !has_listeners || !is_told {
        return First::Pass;
    }
    // Without a valid token Entra cannot but be refused: that has been said, and is said anew if it stays so.
    let is_known = open.what == What::Problem(ProblemKind::Refused)
        && situation.is_open(ProblemKind::TokenExpired)
        && settings.tells(Event::TokenExpiring);
    let flaps = situation
        .mailed
        .iter()
        .any(|(repeats, at)| *repeats == open.repeats && *at > situation.now - AGAIN);
    if flaps || is_known {
        return First::Wait;
    }
    if left > 0 {
        First::Mail
    } else if settings.tells(Event::StillFailing) && open.what.goes_on() {
        First::Pass
    } else {
        First::Wait
    }
}

/// Whether something that is over was told, is well again, and that is news.
fn is_worth_telling(situation: &Situation<'_>, over: &Over) -> bool {
    let (Some(_), Some(ended_at)) = (over.first_mail_at, over.ended_at) else {
        return false;
    };
    if !situation.settings.tells(Event::Recovered) {
        return false;
    }
    let Some(problem) = over.problem else {
        return true;
    };
    let is_open = |kind| situation.is_open(kind);
    // A worse one has taken its place: that it is over is true of the words alone.
    match problem {
        ProblemKind::Off => !is_open(ProblemKind::Paused),
        ProblemKind::TokenExpiring => !is_open(ProblemKind::Off) && ended_at < expires_at(over),
        ProblemKind::TokenExpired => !is_open(ProblemKind::Off) && !is_open(ProblemKind::Refused),
        ProblemKind::Paused => !is_open(ProblemKind::Off),
        ProblemKind::Refused
        | ProblemKind::QuarantineRisk
        | ProblemKind::Quarantined
        | ProblemKind::Silent
        | ProblemKind::GuardHolding => {
            let worse: &[ProblemKind] = match problem {
                ProblemKind::QuarantineRisk => &[ProblemKind::Quarantined],
                ProblemKind::Silent => &[ProblemKind::Refused, ProblemKind::Quarantined],
                _ => &[],
            };
            let stopped = [ProblemKind::Off, ProblemKind::Paused];
            !stopped.iter().chain(worse).any(|kind| is_open(*kind))
        }
    }
}

/// When the token ends whose threshold a problem is: one that has ended was not replaced in time.
fn expires_at(over: &Over) -> Millis {
    let days = over.subject.rsplit(':').next();
    let days = days.and_then(|days| days.parse().ok());
    over.began_at + days.filter(|days| THRESHOLDS.contains(days)).unwrap_or(0) * DAY
}

/// Whether it is time for a digest.
#[derive(Clone, Copy)]
enum Due {
    No,
    /// Something that goes on has not been heard of since.
    Since(Millis),
    Restart,
}

fn due(situation: &Situation<'_>) -> Due {
    let settings = situation.settings;
    let now = situation.now;
    if situation.digest_at.is_some_and(|at| at > now + HOUR) {
        return Due::Restart;
    }
    if !settings.tells(Event::StillFailing) {
        return Due::No;
    }
    if settings
        .quiet
        .is_some_and(|quiet| is_quiet(quiet, &situation.zone, now))
    {
        return Due::No;
    }
    let Some(first_listener) = situation.verified.iter().min() else {
        return Due::No;
    };
    let since = situation
        .digest_at
        .unwrap_or_default()
        .max(situation.on_since)
        .max(*first_listener);
    // Since when the recipients have not heard of it. What is not decided yet has its first mail before it.
    let unheard = situation
        .open
        .iter()
        .filter(|open| open.what.goes_on())
        .filter_map(|open| match open.mark {
            Mark::None => None,
            Mark::Mailed(at) => Some(noted(at, now).max(since)),
            Mark::PassedOver => Some(noted(open.noticed_at, now).max(since)),
        })
        .min();
    match unheard {
        Some(unheard) if now - unheard >= interval(settings) => Due::Since(unheard),
        _ => Due::No,
    }
}

/// When something was noted; long ago by a clock that was ahead, which would keep it from being told.
fn noted(at: Millis, now: Millis) -> Millis {
    if at > now + HOUR { 0 } else { at }
}

fn interval(settings: &NotificationSettings) -> Millis {
    Millis::from(settings.digest_hours) * HOUR
}

/// What a digest has: all that goes on but what a mail has told within the interval, or will.
fn in_digest<'s>(situation: &Situation<'s>, passed: &[&'s Open]) -> Vec<&'s Open> {
    let told_since = situation.now - interval(situation.settings);
    situation
        .open
        .iter()
        .filter(|open| open.what.goes_on())
        .filter(|open| match open.mark {
            Mark::None => passed.contains(open),
            Mark::PassedOver => true,
            Mark::Mailed(at) => noted(at, situation.now) <= told_since,
        })
        .collect()
}

/// Whether no digest comes at this time of day.
fn is_quiet(quiet: Quiet, zone: &TimeZone, now: Millis) -> bool {
    let Ok(now) = Timestamp::from_millisecond(now) else {
        return false;
    };
    let time = now.to_zoned(zone.clone()).time();
    let minute = u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute()));
    let minute = minute.unwrap_or_default();
    if quiet.from <= quiet.until {
        (quiet.from..quiet.until).contains(&minute)
    } else {
        minute >= quiet.from || minute < quiet.until
    }
}

#[cfg(test)]
mod tests;
