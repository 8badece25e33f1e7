//! The parts after the one that the server has drawn: one after the other, until the last one or until it is stopped.

use std::time::Duration;

use leptos::html::Button;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

use super::{Tried, ended, tone, verdict_text};
use crate::api::issues::dry_run_issue;
use crate::components::callout::Callout;
use crate::components::icon::Tone;
use crate::components::live::spaced;
use crate::components::progress::Progress;
use crate::model::error::AppError;
use crate::model::issue_dry_run::{DryRunTally, IssueDryRun};

/// Screen readers are told how far it has come at most once in this time.
const TOLD: Duration = Duration::from_secs(10);

/// Where the run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// As the server has drawn it.
    Drawn,
    GoingOn,
    Stopped,
    Failed(AppError),
    Over,
}

thread_local! {
    /// Where the run of this page stands: islands share nothing else. Only the browser has one.
    static RUN: ArcRwSignal<Option<(Stage, DryRunTally)>> = ArcRwSignal::new(None);
}

/// Where the run of this page stands, for an effect of another island.
pub(super) fn follow_rest() -> Option<(Stage, DryRunTally)> {
    RUN.with(ArcRwSignal::clone).get()
}

/// `next` is the address of the next part, for who has no scripts.
#[island]
pub(super) fn Rest(slug: String, id: String, first: IssueDryRun, next: String) -> impl IntoView {
    let organization = format!("/organizations/{slug}");
    let issue = StoredValue::new((slug, id));
    let run = RwSignal::new(first);
    let stage = RwSignal::new(Stage::Drawn);
    let tally = Signal::derive(move || run.with(|run| run.tally));
    // A stopped run may still wait for an answer: it counts, and is not asked for twice.
    let is_asking = StoredValue::new(false);
    let go_on = move || {
        stage.set(Stage::GoingOn);
        if is_asking.get_value() {
            return;
        }
        is_asking.set_value(true);
        spawn_local(async move {
            while stage.with_untracked(|stage| *stage == Stage::GoingOn) {
                let (slug, id) = issue.get_value();
                let after = run.with_untracked(|run| run.next.clone());
                match dry_run_issue(slug, id, after).await {
                    Ok(part) => run.update(|run| run.add(part)),
                    Err(error) => stage.set(Stage::Failed(error)),
                }
                if run.with_untracked(|run| run.next.is_none()) {
                    stage.set(Stage::Over);
                }
            }
            is_asking.set_value(false);
        });
    };
    Effect::new(move |_| go_on());
    Effect::new(move |_| {
        let now = (stage.get(), tally.get());
        RUN.with(ArcRwSignal::clone).set(Some(now));
    });
    let said = RwSignal::new(String::new());
    let tell = spaced(TOLD, move || {
        if stage.with_untracked(|stage| *stage == Stage::GoingOn) {
            said.set(tally.get_untracked().so_far());
        }
    });
    Effect::new(move |_| {
        let tally = tally.get();
        match stage.get() {
            Stage::GoingOn => tell(),
            Stage::Stopped | Stage::Over => said.set(format!("{}.", tally.verdict())),
            // That is an alert.
            Stage::Drawn | Stage::Failed(_) => {}
        }
    });

    let button = NodeRef::<Button>::new();
    Effect::new(move |_| {
        // The button goes: whoever has pressed it is not sent to the top of the page.
        if stage.get() == Stage::Over
            && let Some(button) = button.get_untracked()
            && document().active_element().as_ref() == Some(button.as_ref())
            && let Some(heading) = document().get_element_by_id("dry-run-heading")
            && let Ok(heading) = heading.dyn_into::<HtmlElement>()
        {
            // Focus is a courtesy: without it nothing is wrong.
            let _ = heading.focus();
        }
    });
    let press = move |_| {
        if stage.with_untracked(|stage| *stage == Stage::GoingOn) {
            stage.set(Stage::Stopped);
        } else {
            go_on();
        }
    };
    let label = move || match stage.get() {
        Stage::Drawn | Stage::GoingOn | Stage::Over => "Stop",
        Stage::Stopped => "Go on",
        Stage::Failed(_) => "Try again",
    };

    let users = Memo::new(move |_| run.with(|run| run.users.clone()));
    let above = move || match stage.get() {
        Stage::Drawn => drawn(tally.get_untracked(), &next).into_any(),
        Stage::GoingOn => ().into_any(),
        Stage::Stopped | Stage::Over => ended(tally.get()).into_any(),
        Stage::Failed(error) => failed(error).into_any(),
    };
    view! {
        {above}
        <div class="progress-row needs-scripts" hidden=move || stage.get() == Stage::Over>
            <Progress
                value=Signal::derive(move || tally.get().tried)
                max=Signal::derive(move || tally.get().all())
                label=Signal::derive(move || tally.get().so_far())
            >
                <span>{move || tally.get().so_far()}</span>
            </Progress>
            <button type="button" class="btn" node_ref=button on:click=press>{label}</button>
        </div>
        <p class="visually-hidden" role="status">{move || said.get()}</p>
        <Tried organization users tally/>
    }
}

/// The verdict about one part, with the way to the next.
fn drawn(tally: DryRunTally, next: &str) -> impl IntoView + use<> {
    let next = next.to_owned();
    let action =
        move || view! { <a class="btn" rel="next" href=next.clone()>"Try the next users"</a> };
    view! {
        <div class="without-scripts">
            <Callout tone=tone(tally) action>{verdict_text(tally)}</Callout>
        </div>
    }
}

fn failed(error: AppError) -> impl IntoView {
    let text = match error {
        AppError::Unavailable { reference } => view! {
            <p>
                <b>"The next users could not be tried."</b>
                " What was tried until here stays. Try again, or give support the reference "
                <code>{reference}</code> "."
            </p>
        }
        .into_any(),
        AppError::SignedOut => view! {
            <p>
                <b>"Your session has ended."</b>
                " Sign in again in another tab, then try again here. What was tried until here stays."
            </p>
        }
        .into_any(),
        other => view! { <p>{other.to_string()}</p> }.into_any(),
    };
    view! { <Callout tone=Tone::Fail alert=true>{text}</Callout> }
}
