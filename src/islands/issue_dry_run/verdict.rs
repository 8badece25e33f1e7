//! What the dry run comes to, beside its button on the card that puts things right.

use leptos::prelude::*;

use super::rest::{Stage, follow_rest};
use super::tone;
use crate::components::badge::Status;
use crate::components::icon::Tone;
use crate::model::issue_dry_run::{DryRunTally, IssueDryRun};

/// Follows the parts that the browser goes on with, if there are more.
#[component]
pub fn Verdict(dry_run: Option<IssueDryRun>) -> impl IntoView {
    match dry_run {
        Some(IssueDryRun { tally, next, .. }) if tally.tried > 0 => {
            let status = match next {
                None => view! { <span role="status">{status(&Stage::Over, tally)}</span> }.into_any(),
                Some(_) => view! { <VerdictSoFar first=tally/> }.into_any(),
            };
            view! { {status} <a href="#dry-run">"Details"</a> }.into_any()
        }
        _ => {
            view! { <span class="muted">"Tries their latest requests again. Nothing is stored."</span> }
                .into_any()
        }
    }
}

fn status(stage: &Stage, tally: DryRunTally) -> impl IntoView + use<> {
    let (tone, label) = match stage {
        Stage::Drawn | Stage::Stopped | Stage::Over => (tone(tally), tally.verdict()),
        Stage::GoingOn => (Tone::Wait, tally.so_far()),
        Stage::Failed(_) => (Tone::Warn, tally.so_far()),
    };
    view! { <Status tone label/> }
}

/// It is announced beside the bar.
#[island]
fn VerdictSoFar(first: DryRunTally) -> impl IntoView {
    let (shown, set_shown) = signal((Stage::Drawn, first));
    Effect::new(move |_| {
        if let Some(now) = follow_rest() {
            set_shown.set(now);
        }
    });
    view! {
        <span>
            {move || {
                let (stage, tally) = shown.get();
                status(&stage, tally)
            }}
        </span>
    }
}
