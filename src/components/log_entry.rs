//! Parts of one log entry, for its page and for the drawer beside the list.

use leptos::prelude::*;

use super::badge::{LogStatus, log_tone};
use super::callout::Callout;
use super::fix::Fix;
use super::icon::Tone;
use super::time::{Time, duration};
use super::timeline::{Event, Timeline};
use crate::model::log::{
    Action, LogDetail, LogRemark, LogRow, Status, Step, StepKind, StepOutcome,
};

/// Entries of one user, each a line that leads to it. `organization` is its path.
#[component]
pub fn LogEntryLinks(organization: String, rows: Vec<LogRow>) -> impl IntoView {
    let lines = rows
        .into_iter()
        .map(|row| {
            view! {
                <li>
                    <a class="row" href=format!("{organization}/logs/{}", row.id)>
                        <LogStatus status=row.status/>
                        <span>{row.action.label()}</span>
                        <span class="muted push"><Time moment=row.occurred/></span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="list small">{lines}</ul> }
}

/// "Update of Marcus Bell was refused".
pub fn headline(log: &LogDetail) -> String {
    let row = &log.row;
    let what = match row.action {
        Action::Create | Action::Update | Action::Delete | Action::Match | Action::Read => {
            format!("{} of {}", row.action.label(), row.identity)
        }
        Action::Disable => format!("Disabling {}", row.identity),
        Action::Enable => format!("Enabling {}", row.identity),
        Action::List
        | Action::TestConnection
        | Action::Discover
        | Action::Bulk
        | Action::Unknown => row.identity.clone(),
    };
    let end = match row.status {
        Status::Success => "succeeded",
        Status::Failure => "was refused",
        Status::Skipped => "changed nothing",
        Status::Warning => "succeeded, with remarks",
    };
    format!("{what} {end}")
}

/// What the catalogue says about it, if anything. `organization` is its path.
pub fn log_fix(organization: &str, log: &LogDetail) -> Option<impl IntoView + use<>> {
    let explanation = log.explanation.clone()?;
    let tone = log_tone(log.row.status);
    let card = log
        .issue
        .as_ref()
        .map(|id| format!("{organization}/issues/{id}#fix-here"));
    let organization = organization.to_owned();
    Some(view! { <Fix tone explanation organization card/> })
}

fn step_title(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Authenticate => "Sign in",
        StepKind::Parse => "Read the request",
        StepKind::Match => "Find the user",
        StepKind::Validate => "Check the values",
        StepKind::Apply => "Apply the change",
        StepKind::Store => "Store",
    }
}

/// What the service did, one step below the other, and what it remarked upon.
#[component]
pub fn StepList(steps: Vec<Step>, remarks: Vec<LogRemark>) -> impl IntoView {
    let steps = steps
        .into_iter()
        .map(|step| view! { <StepEvent step/> })
        .collect_view();
    let remarks = (!remarks.is_empty()).then(|| {
        let remarks = remarks
            .into_iter()
            .map(|remark| {
                view! { <p>{remark.text} {remark.attribute.map(|name| view! { " " <code>{name}</code> })}</p> }
            })
            .collect_view();
        view! {
            <Callout tone=Tone::Warn>
                <p><b>"Remarks"</b></p>
                {remarks}
            </Callout>
        }
    });
    view! {
        <Timeline>{steps}</Timeline>
        {remarks}
    }
}

#[component]
fn StepEvent(step: Step) -> impl IntoView {
    let (tone, aside) = match step.outcome {
        StepOutcome::Done => (Tone::Ok, duration(step.duration_us)),
        StepOutcome::Failed => (Tone::Fail, duration(step.duration_us)),
        StepOutcome::NotRun => (Tone::Skip, "not run".to_owned()),
    };
    view! {
        <Event
            tone
            title=step_title(step.kind)
            skipped=step.outcome == StepOutcome::NotRun
            aside=move || aside.clone()
        >
            <p>{step.text}</p>
        </Event>
    }
}
