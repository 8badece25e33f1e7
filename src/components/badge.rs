//! Badges state facts; a status is a glyph and its word.

use leptos::prelude::*;

use super::icon::{Glyph, Icon, IconName, Tone};
use crate::model::account::AccountState;
use crate::model::health::{HealthState, Risk};
use crate::model::log;
use crate::model::notification::{DeliveryState, RecipientState};
use crate::model::organization::ProvisioningState;
use crate::model::token::TokenState;

/// A glyph and its word, with an optional code in small type ("400 invalidValue").
#[component]
pub fn Status(
    tone: Tone,
    #[prop(into)] label: String,
    #[prop(optional_no_strip)] code: Option<String>,
) -> impl IntoView {
    view! {
        <span class=format!(
            "status status-{}",
            tone.class(),
        )>
            <Glyph tone/> {label} {code.map(|code| view! { " " <code>{code}</code> })}
        </span>
    }
}

/// The status of a log entry, with the HTTP status as its `code`.
#[component]
pub fn LogStatus(
    status: log::Status,
    #[prop(optional_no_strip)] code: Option<String>,
) -> impl IntoView {
    view! { <Status tone=log_tone(status) label=status.label() code/> }
}

/// How a status of the log looks.
pub fn log_tone(status: log::Status) -> Tone {
    match status {
        log::Status::Success => Tone::Ok,
        log::Status::Failure => Tone::Fail,
        log::Status::Skipped => Tone::Skip,
        log::Status::Warning => Tone::Warn,
    }
}

/// Whether provisioning is on, off or paused.
#[component]
pub fn ProvisioningStatus(state: ProvisioningState) -> impl IntoView {
    let tone = match state {
        ProvisioningState::On => Tone::Ok,
        ProvisioningState::Off | ProvisioningState::Paused => Tone::Off,
    };
    view! { <Status tone label=state.label()/> }
}

/// How the health of an organization looks.
pub fn health_tone(state: HealthState) -> Tone {
    match state {
        HealthState::Healthy => Tone::Ok,
        HealthState::Refused | HealthState::AtRisk | HealthState::Quarantined => Tone::Fail,
        HealthState::Failing | HealthState::Silent | HealthState::Holding => Tone::Warn,
        HealthState::Waiting => Tone::Wait,
        HealthState::Off | HealthState::Paused => Tone::Off,
    }
}

/// How near quarantine is: bars, and the word for them.
#[component]
pub fn QuarantineRisk(risk: Risk) -> impl IntoView {
    view! {
        <span class="risk" data-level=risk.level().to_string()>
            <span class="risk-bars" aria-hidden="true"><i></i><i></i><i></i><i></i></span>
            {risk.label()}
        </span>
    }
}

/// A state of health and its phrase, as a cell of a list.
#[component]
pub fn HealthCell(state: HealthState, #[prop(into)] phrase: String) -> impl IntoView {
    view! {
        <span class="health-cell">
            <Status tone=health_tone(state) label=state.label()/>
            <span>{phrase}</span>
        </span>
    }
}

/// `used` tells a token that works from one that works and has been seen.
#[component]
pub fn TokenStatus(state: TokenState, used: bool) -> impl IntoView {
    let (tone, label) = match (state, used) {
        (TokenState::Active, true) => (Tone::Ok, "Active"),
        (TokenState::Active | TokenState::Expiring, false) => (Tone::Wait, "Never used"),
        (TokenState::Expiring, true) => (Tone::Warn, "Expiring"),
        (TokenState::Expired, _) => (Tone::Off, "Expired"),
        (TokenState::Revoked, _) => (Tone::Off, "Revoked"),
    };
    view! { <Status tone label/> }
}

/// Whether somebody can sign in to the dashboard.
#[component]
pub fn AccountStatus(state: AccountState) -> impl IntoView {
    let (tone, label) = match state {
        AccountState::Active => (Tone::Ok, "Active"),
        AccountState::Invited => (Tone::Wait, "Invited"),
        AccountState::Deactivated => (Tone::Off, "Deactivated"),
    };
    view! { <Status tone label/> }
}

/// Whether a provisioned person may sign in.
#[component]
pub fn UserStatus(active: bool, blocked: bool, #[prop(optional)] deleted: bool) -> impl IntoView {
    let (tone, label) = match (deleted, blocked, active) {
        (true, _, _) => (Tone::Off, "Deleted"),
        (false, true, _) => (Tone::Warn, "Blocked"),
        (false, false, true) => (Tone::Ok, "Active"),
        (false, false, false) => (Tone::Off, "Inactive"),
    };
    view! { <Status tone label/> }
}

/// Whether a recipient's address has been confirmed.
#[component]
pub fn RecipientStatus(state: RecipientState) -> impl IntoView {
    let (tone, label) = match state {
        RecipientState::Verified => (Tone::Ok, "Verified"),
        RecipientState::Unverified => (Tone::Warn, "Not verified"),
        RecipientState::Unsubscribed => (Tone::Off, "Unsubscribed"),
    };
    view! { <Status tone label/> }
}

/// What has become of a mail.
#[component]
pub fn DeliveryStatus(state: DeliveryState) -> impl IntoView {
    let (tone, label) = match state {
        DeliveryState::Waiting => (Tone::Wait, "Waits".to_owned()),
        DeliveryState::Delayed(next) => (Tone::Warn, format!("Delayed, again {}", next.relative)),
        DeliveryState::Sent => (Tone::Ok, "Delivered".to_owned()),
        DeliveryState::Filed => (Tone::Ok, "Written to a file".to_owned()),
        DeliveryState::Failed => (Tone::Fail, "Not delivered".to_owned()),
        DeliveryState::Dropped => (Tone::Off, "Taken back".to_owned()),
    };
    view! { <Status tone label/> }
}

/// A short fact, framed; with a lock for what Entra owns.
#[component]
pub fn Badge(
    #[prop(optional)] icon: Option<IconName>,
    #[prop(into)] label: String,
) -> impl IntoView {
    view! { <span class="badge badge-line">{icon.map(|name| view! { <Icon name/> })} {label}</span> }
}
