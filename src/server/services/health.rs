//! How an organization's provisioning is. Decided here, from facts alone, so that the overview's first line, the
//! list of organizations and the problems that people are told of say the same.

mod risk;
#[cfg(test)]
mod tests;

pub use risk::{Danger, Worst, danger, may_be_thinned, quarantined_since};

use crate::model::health::{Health, HealthState, NextStep, Risk};
use crate::model::organization::ProvisioningState;
use crate::model::page::{Count, number};
use crate::server::clock::{DAY, HOUR, MINUTE, Millis};
use crate::server::scim::reason::Reason;
use crate::server::services::moments::Moments;

/// Without a request for this long Entra is silent, unless the organization says otherwise: three cycles missed.
pub const SILENCE: Millis = 2 * HOUR;
/// From the beginning of one of Entra's cycles to that of the next.
pub const INTERVAL: Millis = 40 * MINUTE;
/// Once Entra is connected, callers that nobody knows count only when its own call is overdue: anybody can send a
/// wrong token.
const OVERDUE: Millis = INTERVAL + 5 * MINUTE;
/// A token that expires within this is spoken of.
const EXPIRES_SOON: Millis = 30 * DAY;
/// A token that expires within this is a risk.
const EXPIRES_NOW: Millis = 7 * DAY;

/// What is decided from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub state: ProvisioningState,
    pub state_changed_at: Millis,
    pub has_tokens: bool,
    pub has_valid_token: bool,
    /// The one that Entra uses.
    pub token: Option<CurrentToken>,
    /// The last request of any kind.
    pub last_contact_at: Option<Millis>,
    /// The last request whose token was good.
    pub last_accepted_at: Option<Millis>,
    pub refusal: Option<Refusal>,
    /// Without a request for longer than this Entra is silent.
    pub silence: Millis,
    /// Requests are heard without a break since then: what came before and failed to reach the service is no silence.
    pub heard_since: Millis,
    /// When the cycles of Entra's last four weeks began, newest first, where the latest may be a day apart.
    pub thinned: Vec<Millis>,
    /// The cycle of the last day with the most failures, where there were many.
    pub worst: Option<Worst>,
    /// The latest request asked for an address that does not exist.
    pub is_lost: bool,
    /// Of requests that got past their token.
    pub open_issues: u64,
    /// Whom those are about.
    pub affected_users: Count,
    /// Whom the accidental-deletion guard holds until somebody decides.
    pub held: Option<Held>,
    /// All users, where they were counted.
    pub users: Option<Count>,
    /// The initial cycle runs, where that was looked at.
    pub is_first_cycle: bool,
}

/// Users who would have lost access beside too many others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub users: Count,
    pub since: Millis,
}

/// The valid token that was used last, or else lives longest; where none is valid, the one that expired last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentToken {
    pub id: String,
    pub name: String,
    pub created_at: Millis,
    pub expires_at: Millis,
    /// Another one was made to take over.
    pub has_successor: bool,
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

impl Facts {
    /// The refusal that says something about Entra itself.
    pub fn refused(&self, now: Millis) -> Option<&Refusal> {
        let accepted_lately = |refusal: &&Refusal| match (refusal.reason, self.last_accepted_at) {
            (Reason::TokenExpired | Reason::TokenRevoked, _) | (_, None) => true,
            (_, Some(accepted)) => now - accepted > OVERDUE,
        };
        self.refusal.as_ref().filter(accepted_lately)
    }

    /// Since when Entra has been silent.
    pub fn silent_since(&self, now: Millis) -> Option<Millis> {
        let heard = self.last_accepted_at?;
        // While it was paused or off, or the service was down, nothing could be expected of it.
        let since = heard.max(self.state_changed_at).max(self.heard_since) + self.silence;
        (now > since).then_some(since)
    }

    /// The valid token that expires soon and is to be replaced.
    pub fn expiring(&self, now: Millis) -> Option<&CurrentToken> {
        self.token
            .as_ref()
            .filter(|token| token.expires_at > now && token.expires_at - now <= EXPIRES_SOON)
    }
}

/// Decides, as of now, in the words of somebody who reads times in a zone.
#[must_use]
pub fn decide(facts: &Facts, moments: &Moments) -> Health {
    match facts.state {
        ProvisioningState::Off => health(
            HealthState::Off,
            Risk::NotRunning,
            "Provisioning is off: Entra’s calls are refused until Rhombus support turns it on.",
            format!("Since {}.", moments.clock(facts.state_changed_at)),
            NextStep::Nothing,
        ),
        ProvisioningState::Paused => {
            let since = moments.clock(facts.state_changed_at);
            health(
                HealthState::Paused,
                Risk::Elevated,
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
    let now = moments.now();
    if !facts.has_tokens {
        return health(
            HealthState::Waiting,
            Risk::NotRunning,
            "Create a Secret Token, so that Entra can call Rhombus.",
            "No Secret Token yet.",
            NextStep::CreateToken,
        );
    }
    let refusal = facts.refused(now);
    if let Some(since) = risk::quarantined_since(&facts.thinned, now) {
        return quarantined(since, refusal, moments);
    }
    if let Some(refusal) = refusal {
        return refused(refusal, moments);
    }
    if !facts.has_valid_token {
        return health(
            HealthState::Refused,
            Risk::High,
            "Entra cannot call Rhombus: no Secret Token is valid. Create one and paste it into Admin Credentials.",
            "No Secret Token is valid.",
            NextStep::CreateToken,
        );
    }
    let Some(accepted) = facts.last_accepted_at else {
        return health(
            HealthState::Waiting,
            Risk::NotRunning,
            "Waiting for Entra: paste the Tenant URL and the Secret Token, and press Test Connection.",
            "Waiting for Test Connection.",
            NextStep::Nothing,
        );
    };
    let called = moments.moment(accepted).relative;
    if facts.silent_since(now).is_some() {
        return health(
            HealthState::Silent,
            Risk::Elevated,
            format!(
                "Entra last called {called} and should call every 40 minutes. Check in Entra that provisioning is \
                 started and not in quarantine."
            ),
            format!("Last call {called}."),
            NextStep::Nothing,
        );
    }
    let danger = risk::danger(facts);
    if let Some(danger) = danger.as_ref().filter(|danger| danger.is_near) {
        return health(
            HealthState::AtRisk,
            Risk::High,
            format!(
                "Entra may put the application into quarantine: {}. {}",
                danger.text, danger.step
            ),
            format!("{}.", capitalized(&danger.text)),
            danger.next,
        );
    }
    let mut health = match (facts.held, facts.open_issues) {
        (Some(held), _) => holding(held, moments),
        (None, 0) => healthy(facts, &called),
        (None, open) => failing(open, facts.affected_users, &called),
    };
    if let Some(danger) = danger {
        health.risk = Risk::Elevated;
        health.phrase = format!("{} {}.", health.phrase, capitalized(&danger.text));
    }
    if let Some(token) = facts.expiring(now) {
        expires(&mut health, token, moments);
    }
    health
}

fn holding(held: Held, moments: &Moments) -> Health {
    let users = people(held.users);
    let since = moments.clock(held.since);
    health(
        HealthState::Holding,
        Risk::Low,
        format!(
            "The accidental-deletion guard holds {users} since {since}: too many would have lost access in one \
             cycle. Allow it, or keep holding."
        ),
        format!("The guard holds {users} since {since}."),
        NextStep::SeeHeld,
    )
}

/// So many users, in words.
pub fn people(users: Count) -> String {
    match users {
        Count::Exactly(1) => "1 user".to_owned(),
        Count::Exactly(n) => format!("{} users", number(n)),
        Count::MoreThan(n) => format!("more than {} users", number(n)),
    }
}

fn healthy(facts: &Facts, called: &str) -> Health {
    let sync = match facts.users {
        Some(Count::Exactly(0)) => " and has sent no users yet".to_owned(),
        Some(users) if facts.is_first_cycle => {
            format!(
                ": the initial cycle is running and has brought {} so far",
                people(users)
            )
        }
        Some(Count::Exactly(1)) => " and the one user is in sync".to_owned(),
        Some(Count::Exactly(n)) => format!(" and all {} users are in sync", number(n)),
        Some(Count::MoreThan(n)) => {
            format!(" and all of more than {} users are in sync", number(n))
        }
        None => " and no issue is open".to_owned(),
    };
    health(
        HealthState::Healthy,
        Risk::Low,
        format!("Entra last called {called}{sync}."),
        "On schedule; no open issues.",
        NextStep::Nothing,
    )
}

fn failing(open: u64, users: Count, called: &str) -> Health {
    let issues = match open {
        1 => "1 open issue".to_owned(),
        n => format!("{} open issues", number(n)),
    };
    let keeps = if open == 1 { "keeps" } else { "keep" };
    let about = match users {
        Count::Exactly(0) => {
            return health(
                HealthState::Failing,
                Risk::Low,
                format!(
                    "Entra last called {called}, but there {} {issues}.",
                    if open == 1 { "is" } else { "are" }
                ),
                format!("{}.", capitalized(&issues)),
                NextStep::SeeIssues,
            );
        }
        users => people(users),
    };
    health(
        HealthState::Failing,
        Risk::Low,
        format!("Entra last called {called}, but {issues} {keeps} {about} from being up to date."),
        format!(
            "{} {keeps} {about} from being up to date.",
            capitalized(&issues)
        ),
        NextStep::SeeIssues,
    )
}

/// Says of an organization that works that its token will not for long.
fn expires(health: &mut Health, token: &CurrentToken, moments: &Moments) {
    let when = moments.moment(token.expires_at).relative;
    health.token_expires = true;
    if moments.now() + EXPIRES_NOW >= token.expires_at {
        health.risk = health.risk.max(Risk::Elevated);
    }
    let (step, next) = if token.has_successor {
        (
            "Paste its successor into Admin Credentials.",
            NextStep::Nothing,
        )
    } else {
        ("Rotate it in time.", NextStep::RotateToken)
    };
    health.sentence = format!(
        "{} The token '{}' expires {when}. {step}",
        health.sentence, token.name
    );
    health.phrase = format!("{} The Secret Token expires {when}.", health.phrase);
    if health.next == NextStep::Nothing {
        health.next = next;
    }
}

/// Why Entra is refused, what to do, and where.
pub fn cause(refusal: &Refusal) -> (String, &'static str, NextStep) {
    let token = match &refusal.token {
        Some(name) => format!("the token '{name}'"),
        None => "its token".to_owned(),
    };
    let again = "Create a new one and paste it into Admin Credentials.";
    match refusal.reason {
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
    }
}

fn refused(refusal: &Refusal, moments: &Moments) -> Health {
    let since = moments.clock(refusal.since);
    let (cause, step, next) = cause(refusal);
    health(
        HealthState::Refused,
        Risk::High,
        format!("Entra has been refused since {since}: {cause}. {step}"),
        format!("Since {since}: {cause}."),
        next,
    )
}

fn quarantined(since: Millis, refusal: Option<&Refusal>, moments: &Moments) -> Health {
    let left = match risk::days_left(since, moments.now()) {
        0 => "Entra disables provisioning after four weeks of it, which is now".to_owned(),
        1 => "1 day is left of the four weeks until Entra disables provisioning".to_owned(),
        days => format!("{days} days are left of the four weeks until Entra disables provisioning"),
    };
    let began = moments.clock(since);
    let (sentence, why, next) = match refusal {
        Some(refusal) => {
            let (cause, step, next) = cause(refusal);
            (
                format!(
                    "Entra calls only once a day since {began}, so it has probably put the application into \
                     quarantine: {cause}. {step} {left}."
                ),
                format!("; {cause}"),
                next,
            )
        }
        None => (
            format!(
                "Entra calls only once a day since {began}, so it has probably put the application into quarantine. \
                 See in Entra why, put it right and press Restart provisioning. {left}."
            ),
            String::new(),
            NextStep::SeeIssues,
        ),
    };
    health(
        HealthState::Quarantined,
        Risk::Quarantine,
        sentence,
        format!("Probably in quarantine since {began}{why}."),
        next,
    )
}

fn health(
    state: HealthState,
    risk: Risk,
    sentence: impl Into<String>,
    phrase: impl Into<String>,
    next: NextStep,
) -> Health {
    Health {
        state,
        sentence: sentence.into(),
        phrase: phrase.into(),
        next,
        risk,
        token_expires: false,
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
