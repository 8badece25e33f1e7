//! `/organizations/{slug}`: how is it, and what does Entra need from me?
//!
//! Until Entra has connected, this is the page that says how to connect it. A form on it makes a token and is
//! answered with the page itself, showing the secret once: so no region that is loaded anew holds it.

mod cycles;
mod figures;
mod waiting;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use self::cycles::CycleCard;
use self::figures::{Changes, LatestFailures, TokenCard, Users};
use self::waiting::Waiting;
use crate::api::issues::list_issues;
use crate::api::overview::get_overview;
use crate::api::tokens::token_form_id;
use crate::components::badge::{ProvisioningStatus, QuarantineRisk, health_tone};
use crate::components::callout::Callout;
use crate::components::card::{Card, FactsLine, LineFact};
use crate::components::form::{Refusal, form_answer};
use crate::components::health::Health;
use crate::components::held::{HeldLink, held_label};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::issue::IssueLinks;
use crate::components::live::Following;
use crate::components::load::load_page;
use crate::components::page::{OrganizationSheet, in_organization};
use crate::components::region::Region;
use crate::components::stepper::{Checklist, Milestone};
use crate::components::time::Time;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::health::{HealthState, NextStep};
use crate::model::issue::{IssueFilter, IssueRow};
use crate::model::log::LogFilter;
use crate::model::organization::ProvisioningState;
use crate::model::overview::{Held, Overview, SetupStep};
use crate::model::page::{Count, counted_up_to};

/// Open issues that are shown.
const ISSUES: usize = 5;

/// How provisioning of an organization is, and until Entra has called, how to connect it.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let answer = form_answer();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let is_week =
        Memo::new(move |_| query.with(|query| query.get("period").as_deref() == Some("7d")));
    let overview = Resource::new(move || slug.get(), get_overview);
    let issues = Resource::new(
        move || slug.get(),
        |slug| list_issues(slug, IssueFilter::default()),
    );
    // Refused to whoever may not make tokens; the form is left out then.
    let once = Resource::new(move || slug.get(), token_form_id);
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            let is_week = is_week.get();
            async move {
                let overview = overview.await?;
                let issues = issues.await?.items;
                let once = once.await.ok();
                Ok(view! { <View frame overview issues once answer is_week/> }.into_any())
            }
        })
    })
}

#[component]
fn View(
    frame: Frame,
    overview: Overview,
    issues: Vec<IssueRow>,
    once: Option<String>,
    answer: Option<FormAnswer>,
    is_week: bool,
) -> impl IntoView {
    let switch = frame
        .is_support()
        .then(|| view! { <Switch frame=frame.clone()/> });
    // A secret is shown whatever has happened meanwhile: there is no second time.
    let shows_secret = matches!(answer, Some(FormAnswer::TokenCreated(_)));
    let body = if overview.is_connected && !shows_secret {
        view! {
            <Refusal answer/>
            <Connected frame=frame.clone() overview issues is_week/>
        }
        .into_any()
    } else {
        view! { <Waiting frame=frame.clone() overview once answer/> }.into_any()
    };
    view! {
        <OrganizationSheet frame title="Overview">
            {body}
            {switch}
        </OrganizationSheet>
    }
}

#[component]
fn Connected(
    frame: Frame,
    overview: Overview,
    issues: Vec<IssueRow>,
    is_week: bool,
) -> impl IntoView {
    let zone = frame.me.zone.clone();
    let stream = frame.href("/live");
    let sentence = view! { <Sentence frame=frame.clone() overview=overview.clone()/> };
    let open_issues = view! { <OpenIssues frame=frame.clone() issues/> };
    let logs = frame.href("/logs");
    let users = frame.href("/users");
    let home = frame.href("");
    let contact = match overview.last_contact.clone() {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => "Never".into_any(),
    };
    let token = match &overview.token {
        Some(token) => format!("expires {}", token.expires.relative),
        None if overview.has_tokens => "none is valid".to_owned(),
        None => "none yet".to_owned(),
    };
    let state = frame.organization.state;
    let next = match &overview.cycles.next {
        Some(next) => next.clone(),
        None => "–".to_owned(),
    };
    let risk = overview.health.risk;
    let cycle = view! { <CycleCard frame=frame.clone() cycles=overview.cycles/> };
    let setup = (!overview.setup.iter().all(|step| step.done))
        .then(|| view! { <Setup steps=overview.setup.clone()/> });
    // Where it is the first thing to do, the sentence says so.
    let held = overview
        .held
        .filter(|_| overview.health.next != NextStep::SeeHeld)
        .map(
            |held| view! { <HeldUsers held path=frame.href("/held") may_decide=frame.is_admin()/> },
        );
    view! {
        <Region name="health">
            {sentence}
            <FactsLine>
                <LineFact name="Last contact">{contact}</LineFact>
                <LineFact name="Next cycle expected">{next}</LineFact>
                <LineFact name="Quarantine risk, estimated"><QuarantineRisk risk/></LineFact>
                <LineFact name="Secret Token">{token}</LineFact>
                <LineFact name="Provisioning status"><ProvisioningStatus state/></LineFact>
            </FactsLine>
            {held}
        </Region>
        <Region name="cycle">{cycle}</Region>
        // Two columns, so that no card is stretched to the height of the one beside it.
        <div class="split">
            <div class="stack">
                <Region name="issues">{open_issues}</Region>
                <Region name="failures"><LatestFailures logs failures=overview.failures/></Region>
            </div>
            <div class="stack">
                <Changes home day=overview.day week=overview.week is_week zone=zone.clone()/>
                <Users path=users figures=overview.users/>
                <TokenCard frame token=overview.token/>
                <Region name="seen">{setup}</Region>
            </div>
        </div>
        <Following stream zone/>
    }
}

/// That the accidental-deletion guard waits for somebody's word.
#[component]
fn HeldUsers(held: Held, path: String, may_decide: bool) -> impl IntoView {
    let users = counted_up_to(held.users, "user", "users");
    let action = move || view! { <HeldLink href=path.clone() may_decide/> };
    view! {
        <Callout tone=Tone::Warn action>
            <p>
                <b>"The accidental-deletion guard holds " {users} "."</b>
                " More than the limit would have lost access in one cycle, first "
                <Time moment=held.since/> ". They keep it until an administrator decides."
            </p>
        </Callout>
    }
}

/// What is to be put right first.
#[component]
fn OpenIssues(frame: Frame, issues: Vec<IssueRow>) -> impl IntoView {
    if issues.is_empty() {
        return ().into_any();
    }
    let all = frame.href("/issues");
    let label = match frame.open_issues {
        // Only remarks, which are not counted.
        Count::Exactly(0) => "All issues".to_owned(),
        failures => counted_up_to(failures, "open issue", "open issues"),
    };
    let aside = move || view! { <a class="small" href=all.clone()>{label.clone()}</a> };
    let first = issues.into_iter().take(ISSUES).collect::<Vec<_>>();
    view! {
        <Card id="issues" title="Open issues" aside>
            <IssueLinks rows=first/>
        </Card>
    }
    .into_any()
}

/// The first line. What it offers is done on this page while Entra is awaited.
#[component]
fn Sentence(frame: Frame, overview: Overview) -> impl IntoView {
    let health = overview.health;
    let tone = match (health.state, overview.is_connected) {
        (HealthState::Waiting, _) => Tone::Live,
        (state, _) => health_tone(state),
    };
    let action = match health.next {
        NextStep::CreateToken if frame.is_admin() && overview.is_connected => {
            Some((frame.href("/tokens#create"), "Create token"))
        }
        NextStep::SeeFailures => {
            let failures = LogFilter::failures_of_a_day().href(&frame.href("/logs"));
            Some((failures, "See what failed"))
        }
        NextStep::SeeIssues => Some((frame.href("/issues"), "Review issues")),
        NextStep::SeeHeld => Some((frame.href("/held"), held_label(frame.is_admin()))),
        NextStep::RotateToken if frame.is_admin() => Some((frame.href("/tokens"), "Rotate token")),
        NextStep::Nothing if health.state == HealthState::Paused && frame.is_admin() => {
            Some((frame.href("/settings"), "Resume in Settings"))
        }
        NextStep::CreateToken | NextStep::RotateToken | NextStep::Nothing => None,
    };
    let action = move || {
        action
            .clone()
            .map(|(href, label)| view! { <a class="btn btn-primary" href=href>{label}</a> })
    };
    view! { <Health tone sentence=health.sentence action/> }
}

/// What is left to do before it is in use.
#[component]
fn Setup(steps: Vec<SetupStep>) -> impl IntoView {
    let done = steps.iter().filter(|step| step.done).count();
    let said = format!("{done} of {} done", steps.len());
    let aside = move || view! { <span class="small muted">{said.clone()}</span> };
    let steps = progress(&steps);
    view! {
        <Card id="setup" title="Setup" aside>
            <div class="card-body"><Checklist steps/></div>
        </Card>
    }
}

fn progress(steps: &[SetupStep]) -> Vec<Milestone> {
    steps
        .iter()
        .map(|step| Milestone {
            label: step.kind.label(),
            done: step.done,
        })
        .collect()
}

/// Support's switch. Turning off names what follows before it is done.
#[component]
fn Switch(frame: Frame) -> impl IntoView {
    let body = match frame.organization.state {
        ProvisioningState::Off => view! {
            <p class="soft">"Entra’s calls get 403 with a text that asks to turn to Rhombus support."</p>
            <form method="post" action=frame.href("/enable")>
                <button class="btn">"Turn provisioning on"</button>
            </form>
        }
        .into_any(),
        ProvisioningState::On | ProvisioningState::Paused => view! {
            <details class="disclose">
                <summary class="btn btn-danger">"Turn provisioning off" <Icon name=IconName::Down/></summary>
                <form class="stack-tight" method="post" action=frame.href("/disable")>
                    <p class="soft">
                        "Entra’s calls will get 403 at once, and Entra puts the application into quarantine. "
                        "Nobody’s access is taken away. It stays off until Support turns it on again."
                    </p>
                    <div><button class="btn btn-danger btn-primary">"Turn off"</button></div>
                </form>
            </details>
        }
        .into_any(),
    };
    view! { <Card id="switch" title="Provisioning"><div class="card-body">{body}</div></Card> }
}
