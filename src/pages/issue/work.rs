//! What people do about an issue: forms that post to its own address.

use leptos::prelude::*;

use crate::components::card::Card;
use crate::components::field::{Field, TextArea};
use crate::components::form::{field_errors, typed};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::time::ExactTime;
use crate::components::timeline::{Event, Timeline};
use crate::model::form::FormAnswer;
use crate::model::issue::{IssueDetail, IssueEvent, IssueEventKind, IssueState};

/// What was typed, or else what is usual.
fn number(answer: Option<&FormAnswer>, field: &str, usual: &str) -> String {
    let typed = typed(answer, field);
    if typed.is_empty() {
        usual.to_owned()
    } else {
        typed
    }
}

/// The buttons beside the heading: what makes sense where the issue stands.
#[component]
pub fn Actions(here: String, state: IssueState, answer: Option<FormAnswer>) -> impl IntoView {
    let button = |act: &'static str, label: &'static str, class: &'static str| {
        view! {
            <form method="post" action=here.clone()>
                <button class=class name="do" value=act>{label}</button>
            </form>
        }
        .into_any()
    };
    let plain = "btn";
    let buttons = match state {
        IssueState::Open => vec![
            button("acknowledge", "Acknowledge", plain),
            button("resolve", "Resolve", "btn btn-primary"),
        ],
        IssueState::Acknowledged => vec![button("resolve", "Resolve", "btn btn-primary")],
        IssueState::Resolved | IssueState::Ignored => vec![button("reopen", "Reopen", plain)],
    };
    let errors = field_errors(answer.as_ref());
    let is_refused = errors
        .iter()
        .any(|error| ["days", "events"].contains(&error.field.as_str()));
    let days = number(answer.as_ref(), "days", "7");
    let events = number(answer.as_ref(), "events", "100");
    let ignore = state.is_open().then(|| {
        view! {
            <details class="disclose" open=is_refused>
                <summary class="btn">"Ignore" <Icon name=IconName::Down/></summary>
                <div class="stack">
                    <form class="stack-tight" method="post" action=here.clone()>
                        <Field
                            name="days"
                            label="Until it comes again after so many days"
                            value=days
                            errors=errors.clone()
                        />
                        <div><button class="btn" name="do" value="ignore_days">"Ignore for these days"</button></div>
                    </form>
                    <form class="stack-tight" method="post" action=here.clone()>
                        <Field
                            name="events"
                            label="Until so many more events"
                            value=events
                            errors
                        />
                        <div><button class="btn" name="do" value="ignore_events">"Ignore these events"</button></div>
                    </form>
                    <form class="stack-tight" method="post" action=here.clone()>
                        <p class="small soft">"For good: it goes on counting and does not come back by itself."</p>
                        <div><button class="btn" name="do" value="ignore">"Ignore for good"</button></div>
                    </form>
                </div>
            </details>
        }
    });
    view! { {buttons} {ignore} }
}

/// Whose it is, what was noted, and what happened.
#[component]
pub fn Aside(here: String, issue: IssueDetail, answer: Option<FormAnswer>) -> impl IntoView {
    let assign = issue.may_manage.then(|| {
        view! { <Assign here=here.clone() chosen=issue.assignee_id assignees=issue.assignees/> }
    });
    let errors = field_errors(answer.as_ref());
    let note = typed(answer.as_ref(), "note");
    let add = issue.may_manage.then(|| {
        view! {
            <form class="stack-tight" method="post" action=here>
                <TextArea
                    name="note"
                    label="Add a note"
                    value=note
                    errors
                    hint="Everybody who may see this issue reads it."
                />
                <div><button class="btn" name="do" value="note">"Add note"</button></div>
            </form>
        }
    });
    let events = issue
        .history
        .into_iter()
        .map(|event| view! { <Happened event/> })
        .collect_view();
    view! {
        <aside class="stack">
            {assign}
            <Card id="history" title="Notes and history">
                <div class="card-body stack">
                    {add}
                    <Timeline>{events}</Timeline>
                </div>
            </Card>
        </aside>
    }
}

#[component]
fn Assign(here: String, chosen: Option<String>, assignees: Vec<(String, String)>) -> impl IntoView {
    let is_nobody = chosen.is_none();
    let options = assignees
        .into_iter()
        .map(|(id, name)| {
            let selected = chosen.as_ref() == Some(&id);
            view! { <option value=id selected=selected>{name}</option> }
        })
        .collect_view();
    view! {
        <Card id="assign" title="Assigned to">
            <form class="card-body row" method="post" action=here>
                <label class="visually-hidden" for="assignee">"Assigned to"</label>
                <select class="select" id="assignee" name="assignee">
                    <option value="" selected=is_nobody>"Nobody"</option>
                    {options}
                </select>
                <button class="btn" name="do" value="assign">"Assign"</button>
            </form>
        </Card>
    }
}

#[component]
fn Happened(event: IssueEvent) -> impl IntoView {
    let tone = match event.kind {
        IssueEventKind::FirstSeen | IssueEventKind::CameBack => Tone::Fail,
        IssueEventKind::Resolved => Tone::Ok,
        IssueEventKind::Ignored => Tone::Skip,
        IssueEventKind::Reopened => Tone::Warn,
        IssueEventKind::Acknowledged | IssueEventKind::Assigned | IssueEventKind::Note => {
            Tone::Wait
        }
    };
    let title = match event.by {
        Some(by) => format!("{} by {by}", event.kind.label()),
        None => event.kind.label().to_owned(),
    };
    let moment = event.at;
    view! {
        <Event tone title aside=move || view! { <ExactTime moment=moment.clone()/> }>
            {(!event.text.is_empty()).then(|| view! { <p class="issue-note">{event.text}</p> })}
        </Event>
    }
}
