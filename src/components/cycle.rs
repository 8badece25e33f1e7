//! Cycles, one column each: its height says how much changed, a rhombus below it that something failed.

use leptos::prelude::*;

use crate::model::cycle::CycleColumn;
use crate::model::log::LogFilter;

/// Oldest first; each opens its entries in the log.
#[component]
pub fn CycleStrip(
    cycles: Vec<CycleColumn>,
    /// The address of the log.
    logs: String,
    /// How long ago the first one began.
    since: String,
) -> impl IntoView {
    let label = match cycles.len() {
        1 => "The first cycle".to_owned(),
        n => format!("Last {n} cycles, oldest first"),
    };
    let columns = cycles
        .into_iter()
        .map(|cycle| {
            let label = cycle.label();
            let title = label.clone();
            let filter = LogFilter {
                cycle_id: Some(cycle.id),
                // In a cycle without changes there is nothing else to see.
                lookups: cycle.changes == 0,
                ..LogFilter::default()
            };
            view! {
                <li
                    data-level=cycle.level.to_string()
                    data-fail=(cycle.failures > 0).then_some("true")
                    aria-current=cycle.is_running.then_some("true")
                >
                    <a href=filter.href(&logs) title=title>
                        <span class="visually-hidden">{label}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <ol class="cycles" aria-label=label>{columns}</ol>
        <div class="cycles-axis" aria-hidden="true">
            <span>{since}</span>
            <span class="chart-key">
                <span><i></i> "Changes"</span>
                <span><i class="key-fail"></i> "Failures"</span>
            </span>
            <span>"Now"</span>
        </div>
    }
}
