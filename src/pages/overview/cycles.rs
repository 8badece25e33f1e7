//! The card of the cycles: the one that runs or ran last, and those before it.

use leptos::prelude::*;

use crate::components::cycle::CycleStrip;
use crate::components::icon::{Glyph, Tone};
use crate::components::progress::Progress;
use crate::components::time::Time;
use crate::model::cycle::{CycleProgress, Cycles, LatestCycle};
use crate::model::frame::Frame;
use crate::model::page::{counted, number};

/// Nothing until there is a cycle.
#[component]
pub fn CycleCard(frame: Frame, cycles: Cycles) -> impl IntoView {
    let latest = cycles.latest?;
    let logs = frame.href("/logs");
    let since = cycles.since.unwrap_or_default();
    let settings = frame.is_admin().then(|| frame.href("/settings#expected"));
    Some(view! {
        <section class="card" id="cycle" aria-labelledby="cycle-heading">
            <div class="cycle">
                <div><Latest latest settings/></div>
                <div>
                    <h2 class="visually-hidden">"Last cycles"</h2>
                    <CycleStrip cycles=cycles.past logs since/>
                </div>
            </div>
        </section>
    })
}

#[component]
fn Latest(latest: LatestCycle, settings: Option<String>) -> impl IntoView {
    let changes = counted(latest.changes, "change", "changes");
    let failed = match latest.failures {
        0 => String::new(),
        n => format!(", {} failed", number(n)),
    };
    let figures = format!("{changes}{failed}");
    if !latest.is_running {
        let title = if latest.is_initial {
            "Initial cycle finished"
        } else {
            "Last cycle"
        };
        return view! {
            <h2 id="cycle-heading">{title}</h2>
            <p>
                "Began " <Time moment=latest.started/> ", its last request came "
                <Time moment=latest.ended/> ". It brought " {figures} "."
            </p>
            <p class="muted">"Inferred: a cycle ends when Entra has not called for 5 minutes."</p>
        }
        .into_any();
    }
    let title = if latest.is_initial {
        "Initial cycle in progress"
    } else {
        "Cycle in progress"
    };
    let asks = latest.is_initial && latest.progress.is_none();
    let progress = latest
        .progress
        .map(|progress| view! { <Estimate progress/> });
    let asks = settings.filter(|_| asks).map(|settings| {
        view! {
            <p>
                <a href=settings>"Say how many users you expect"</a>
                " to see how far it is."
            </p>
        }
    });
    view! {
        <h2 id="cycle-heading"><Glyph tone=Tone::Live/> {title}</h2>
        <p>
            "Began " <Time moment=latest.started/> ". So far " {figures} ", "
            {counted(latest.users, "user", "users")} " seen."
        </p>
        {progress}
        {asks}
    }
    .into_any()
}

#[component]
fn Estimate(progress: CycleProgress) -> impl IntoView {
    let CycleProgress {
        users,
        expected,
        is_usual,
        users_a_minute,
        ends,
    } = progress;
    let said = if is_usual {
        format!(
            "About {}\u{a0}% of a usual cycle",
            (users * 100 / expected.max(1)).min(100)
        )
    } else {
        format!("{} of {} users", number(users), number(expected))
    };
    let pace = users_a_minute.map(|rate| format!("{} a minute", number(rate)));
    let ends = ends.map(|ends| format!("done {ends}"));
    let estimated: Vec<String> = [pace, ends, Some("estimated".to_owned())]
        .into_iter()
        .flatten()
        .collect();
    let label = format!("Progress of the cycle, estimated: {said}");
    view! {
        <Progress value=users max=expected label>
            <span>{said}</span>
            <span class="muted">{estimated.join(", ")}</span>
        </Progress>
    }
}
