//! What is wrong with an organization's connection, found in the same facts as its health. [`super::health_watch`]
//! keeps it in `problems`, where whoever tells people reads it.

use super::health::{self, CurrentToken, Facts};
use crate::model::organization::ProvisioningState;
use crate::server::clock::{DAY, Millis};

/// Days before a token's end at which it is spoken of.
pub const THRESHOLDS: [i64; 4] = [30, 14, 7, 1];

/// What can be wrong with a whole connection, beside the issues of single users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// Entra's requests get 401.
    Refused,
    /// Entra is likely to quarantine the connection soon.
    QuarantineRisk,
    /// Entra has probably quarantined it.
    Quarantined,
    /// Entra has called before, and has not for longer than the organization's limit.
    Silent,
    /// Users wait for a decision whom the accidental-deletion guard holds.
    GuardHolding,
    /// An Admin has paused provisioning.
    Paused,
    /// Support has turned provisioning off.
    Off,
    /// The valid token that lives longest is near its end, and nobody has made a successor.
    TokenExpiring,
    /// No token is valid any more, and Entra has called before.
    TokenExpired,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Refused,
        Self::QuarantineRisk,
        Self::Quarantined,
        Self::Silent,
        Self::GuardHolding,
        Self::Paused,
        Self::Off,
        Self::TokenExpiring,
        Self::TokenExpired,
    ];

    /// The kind that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::QuarantineRisk => "quarantine_risk",
            Self::Quarantined => "quarantined",
            Self::Silent => "silent",
            Self::GuardHolding => "guard_holding",
            Self::Paused => "paused",
            Self::Off => "off",
            Self::TokenExpiring => "token_expiring",
            Self::TokenExpired => "token_expired",
        }
    }
}

/// A problem that there is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub kind: ProblemKind,
    /// "" where the organization has only one of the kind.
    pub subject: String,
    pub began_at: Millis,
    /// A phrase for people.
    pub detail: String,
}

impl Found {
    fn new(kind: ProblemKind, began_at: Millis, detail: impl Into<String>) -> Self {
        Self {
            kind,
            subject: String::new(),
            began_at,
            detail: detail.into(),
        }
    }

    /// Whether a problem that is open goes on while there is this one: as a token nears its end, the thresholds that it
    /// has passed stay passed.
    pub fn keeps(&self, kind: &str, subject: &str) -> bool {
        let token = |subject: &str| subject.split(':').next().map(str::to_owned);
        self.kind.as_str() == kind
            && (self.subject == subject
                || self.kind == ProblemKind::TokenExpiring
                    && token(&self.subject) == token(subject))
    }
}

/// All problems that these facts show.
pub fn present(facts: &Facts, now: Millis) -> Vec<Found> {
    match facts.state {
        // Never turned on is no problem yet.
        ProvisioningState::Off if facts.last_accepted_at.is_none() => Vec::new(),
        ProvisioningState::Off => vec![Found::new(
            ProblemKind::Off,
            facts.state_changed_at,
            "Rhombus support has turned provisioning off",
        )],
        ProvisioningState::Paused => {
            let paused = Found::new(
                ProblemKind::Paused,
                facts.state_changed_at,
                "an administrator has paused provisioning",
            );
            std::iter::once(paused)
                .chain(of_token(facts, now))
                .collect()
        }
        ProvisioningState::On => connection(facts, now)
            .into_iter()
            .chain(holding(facts))
            .chain(of_token(facts, now))
            .collect(),
    }
}

/// At most one, besides those that quarantine has of its own.
fn connection(facts: &Facts, now: Millis) -> Vec<Found> {
    let mut found = Vec::new();
    let quarantined = health::quarantined_since(&facts.thinned, now);
    let refused = facts.refused(now);
    if let Some(refusal) = refused {
        let (cause, _, _) = health::cause(refusal);
        found.push(Found::new(ProblemKind::Refused, refusal.since, cause));
    }
    if let Some(since) = quarantined {
        found.push(Found::new(
            ProblemKind::Quarantined,
            since,
            "Entra calls only once a day, as it does in quarantine",
        ));
    } else if let Some(danger) = health::danger(facts).filter(|danger| danger.is_near) {
        found.push(Found::new(ProblemKind::QuarantineRisk, now, danger.text));
    }
    if let Some(since) = facts.silent_since(now)
        && refused.is_none()
        && quarantined.is_none()
    {
        found.push(Found::new(
            ProblemKind::Silent,
            since,
            "Entra has not called, which it does every 40 minutes",
        ));
    }
    found
}

fn holding(facts: &Facts) -> Option<Found> {
    let held = facts.held?;
    let users = health::people(held.users);
    Some(Found::new(
        ProblemKind::GuardHolding,
        held.since,
        format!(
            "the accidental-deletion guard holds {users}, who keep their access until somebody decides"
        ),
    ))
}

fn of_token(facts: &Facts, now: Millis) -> Option<Found> {
    let token = facts.token.as_ref()?;
    if token.expires_at > now {
        expiring(facts.expiring(now)?, now)
    } else {
        // It was used, or else nobody misses it.
        facts.last_accepted_at?;
        Some(Found {
            subject: token.id.clone(),
            ..Found::new(
                ProblemKind::TokenExpired,
                token.expires_at,
                format!("the token '{}' expired, and no other is valid", token.name),
            )
        })
    }
}

/// Of a token that nobody has made a successor for; of thresholds that it had when it was made, none is passed.
fn expiring(token: &CurrentToken, now: Millis) -> Option<Found> {
    if token.has_successor {
        return None;
    }
    let left = token.expires_at - now;
    let life = token.expires_at - token.created_at;
    let days = THRESHOLDS
        .into_iter()
        .filter(|days| left <= days * DAY && life > days * DAY)
        .min()?;
    let unit = if days == 1 { "day" } else { "days" };
    Some(Found {
        subject: format!("{}:{days}", token.id),
        ..Found::new(
            ProblemKind::TokenExpiring,
            token.expires_at - days * DAY,
            format!("the token '{}' expires within {days} {unit}", token.name),
        )
    })
}
