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

/// A run over the affected users of an issue.
#[derive(Clone, Copy)]
struct Run {
    /// The organization's slug and the issue's id.
    issue: StoredValue<(String, String)>,
    /// What was tried so far.
    tried: RwSignal<IssueDryRun>,
    tally: Signal<DryRunTally>,
    stage: RwSignal<Stage>,
    /// A stopped run may still wait for an answer: it counts, and is not asked for twice.
    is_asking: StoredValue<bool>,
}

impl Run {
    fn new(slug: String, id: String, first: IssueDryRun) -> Self {
        let tried = RwSignal::new(first);
        Self {
            issue: StoredValue::new((slug, id)),
            tried,
            tally: Signal::derive(move || tried.with(|tried| tried.tally)),
            stage: RwSignal::new(Stage::Drawn),
            is_asking: StoredValue::new(false),
        }
    }

    fn goes_on(self) -> bool {
        self.stage.with_untracked(|stage| *stage == Stage::GoingOn)
    }

    /// Asks for part after part.
    fn go_on(self) {
        self.stage.set(Stage::GoingOn);
        if self.is_asking.get_value() {
            return;
        }
        self.is_asking.set_value(true);
        spawn_local(async move {
            while self.goes_on() {
                let (slug, id) = self.issue.get_value();
                let after = self.tried.with_untracked(|tried| tried.next.clone());
                match dry_run_issue(slug, id, after).await {
                    Ok(part) => self.tried.update(|tried| tried.add(part)),
                    Err(error) => self.stage.set(Stage::Failed(error)),
                }
                if self.tried.with_untracked(|tried| tried.next.is_none()) {
                    self.stage.set(Stage::Over);
                }
            }
            self.is_asking.set_value(false);
        });
    }

    /// What its button does.
    fn press(self) {
        if self.goes_on() {
            self.stage.set(Stage::Stopped);
        } else {
            self.go_on();
        }
    }
}

/// `next` is the address of the next part, for who has no scripts.
#[island]
pub(super) fn Rest(slug: String, id: String, first: IssueDryRun, next: String) -> impl IntoView {
    let organization = format!("/organizations/{slug}");
    let run = Run::new(slug, id, first);
    let Run { stage, tally, .. } = run;
    Effect::new(move |_| run.go_on());
    Effect::new(move |_| {
        let now = (stage.get(), tally.get());
        RUN.with(ArcRwSignal::clone).set(Some(now));
    });
    let said = said(run);
    let button = NodeRef::<Button>::new();
    keep_focus(stage, button);
    let label = move || match stage.get() {
        Stage::Drawn | Stage::GoingOn | Stage::Over => "Stop",
        Stage::Stopped => "Go on",
        Stage::Failed(_) => "Try again",
    };
    let users = Memo::new(move |_| run.tried.with(|tried| tried.users.clone()));
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
            <button type="button" class="btn" node_ref=button on:click=move |_| run.press()>
                {label}
            </button>
        </div>
        <p class="visually-hidden" role="status">{move || said.get()}</p>
        <Tried organization users tally/>
    }
}

/// What screen readers are told while it goes on and when it has ended.
fn said(run: Run) -> RwSignal<String> {
    let said = RwSignal::new(String::new());
    let tell = spaced(TOLD, move || {
        if run.goes_on() {
            said.set(run.tally.get_untracked().so_far());
        }
    });
    Effect::new(move |_| {
        let tally = run.tally.get();
        match run.stage.get() {
            Stage::GoingOn => tell(),
            Stage::Stopped | Stage::Over => said.set(format!("{}.", tally.verdict())),
            // That is an alert.
            Stage::Drawn | Stage::Failed(_) => {}
        }
    });
    said
}

/// The button goes at the end: whoever has pressed it is not sent to the top of the page.
fn keep_focus(stage: RwSignal<Stage>, button: NodeRef<Button>) {
    Effect::new(move |_| {
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
    view! { <Callout tone=Tone::Fail announced=true>{text}</Callout> }
}
