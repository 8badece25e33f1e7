//! Charts: SVG for the eye, with the same figures as a table. Sizes are attributes, so no style is inline.

use leptos::prelude::*;

use super::table::Dash;
use crate::model::overview::{Chart, Column};
use crate::model::page::{Count, count, number};

/// The drawing's own measures.
const WIDTH: u64 = 480;
/// Where successes end and failures begin.
const LINE: u64 = 92;
/// Heights of the tallest column above the line and below it.
const ABOVE: u64 = 82;
const BELOW: u64 = 25;
/// What there is can be seen, however little.
const LEAST: u64 = 4;

/// Changes over time: what succeeded above the line, what failed below it. `labelled_by` are the ids of what
/// says the same in words.
#[component]
pub fn ChangesChart(
    chart: Chart,
    labelled_by: &'static str,
    /// "Changes per hour".
    caption: String,
    /// "Hour".
    unit: &'static str,
) -> impl IntoView {
    let columns = chart.columns;
    let drawn = drawn(&columns);
    let axis = axis(&columns)
        .into_iter()
        .map(|label| view! { <span>{label}</span> })
        .collect_view();
    let line = |y: u64| {
        view! {
            <line
                class="chart-grid"
                x1="0"
                x2=WIDTH.to_string()
                y1=y.to_string()
                y2=y.to_string()
            ></line>
        }
    };
    view! {
        <div class="chart">
            <svg
                viewBox="0 0 480 120"
                preserveAspectRatio="none"
                role="img"
                aria-labelledby=labelled_by
            >
                {line(LINE - ABOVE)}
                {line(LINE - ABOVE / 2)}
                {line(LINE)}
                {drawn}
            </svg>
            <div class="chart-axis" aria-hidden="true">{axis}</div>
            <div class="row row-between">
                <div class="chart-key">
                    <span><i></i>"Succeeded, above the line"</span>
                    <span><i class="key-fail"></i>"Failed, below"</span>
                </div>
                <details class="chart-table">
                    <summary>"Show as table"</summary>
                    <Figures columns caption unit/>
                </details>
            </div>
        </div>
    }
}

/// Two rectangles for each column: up from the line and down from it.
fn drawn(columns: &[Column]) -> impl IntoView + use<> {
    let step = WIDTH / (columns.len() as u64).max(1);
    let width = (step * 3 / 4).min(40);
    let most = tallest(columns, |column| column.changes - column.failed);
    let most_failed = tallest(columns, |column| column.failed);
    columns
        .iter()
        .zip(0_u64..)
        .map(|(column, index)| {
            let x = (index * step + (step - width) / 2).to_string();
            let up = height(column.changes - column.failed, most, ABOVE);
            let down = height(column.failed, most_failed, BELOW);
            let bar = |class: &'static str, y: u64, height: u64| {
                (height > 0).then(|| {
                    view! {
                        <rect
                            class=class
                            x=x.clone()
                            y=y.to_string()
                            width=width.to_string()
                            height=height.to_string()
                            rx="2"
                        ></rect>
                    }
                })
            };
            view! {
                {bar("chart-bar", LINE - 1 - up, up)}
                {bar("chart-bar-fail", LINE + 2, down)}
            }
        })
        .collect_view()
}

/// The drawing's figures as a table.
#[component]
fn Figures(columns: Vec<Column>, caption: String, unit: &'static str) -> impl IntoView {
    let rows = columns
        .into_iter()
        .map(|column| {
            let figure = |n: u64| match n {
                0 => view! { <Dash/> }.into_any(),
                n => number(n).into_any(),
            };
            view! {
                <tr>
                    <th scope="row">{column.label}</th>
                    <td class="num">{figure(column.changes)}</td>
                    <td class="num">{figure(column.failed)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap table-bare">
            <table class="table table-keep table-compact">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{unit}</th>
                        <th scope="col" class="num">"Changes"</th>
                        <th scope="col" class="num">"Failed"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn tallest(columns: &[Column], value: impl Fn(&Column) -> u64) -> u64 {
    columns.iter().map(value).max().unwrap_or_default()
}

fn height(value: u64, most: u64, room: u64) -> u64 {
    if value == 0 {
        0
    } else {
        (value.saturating_mul(room) / most.max(1)).max(LEAST)
    }
}

/// Four labels at even distances, and where it ends.
fn axis(columns: &[Column]) -> Vec<String> {
    let every = columns.len().div_ceil(4).max(1);
    let mut labels: Vec<String> = columns
        .iter()
        .step_by(every)
        .map(|column| column.label.clone())
        .collect();
    labels.push("Now".to_owned());
    labels
}

/// What a bar of [`Bars`] says by its colour, beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarKind {
    Plain,
    Ok,
    Off,
    Fail,
}

/// A part of a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub name: String,
    pub href: String,
    pub count: Count,
    pub kind: BarKind,
}

/// Parts of `whole`, one below the other. Shares are left out where counting stopped at a limit.
#[component]
pub fn Bars(whole: Count, bars: Vec<Bar>) -> impl IntoView {
    let bars = bars
        .into_iter()
        .map(|bar| {
            let class = match bar.kind {
                BarKind::Plain => None,
                BarKind::Ok => Some("bar-ok"),
                BarKind::Off => Some("bar-off"),
                BarKind::Fail => Some("bar-fail"),
            };
            let share = share(bar.count, whole);
            let drawn = share.map(|share| {
                view! {
                    <svg aria-hidden="true">
                        <rect width=format!("{share}%") height="100%" rx="4" class=class></rect>
                    </svg>
                }
            });
            view! {
                <div>
                    <dt><a href=bar.href>{bar.name}</a></dt>
                    <dd>{drawn}</dd>
                    <dd>{count(bar.count)}</dd>
                    <dd>{share.map(|share| format!("{share}\u{a0}%"))}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="bars">{bars}</dl> }
}

/// Whole percent; what there is has at least one, and what is not all has at most 99.
fn share(part: Count, whole: Count) -> Option<u64> {
    let (Count::Exactly(part), Count::Exactly(whole)) = (part, whole) else {
        return None;
    };
    match (part, whole) {
        (_, 0) => None,
        (0, _) => Some(0),
        (part, whole) if part >= whole => Some(100),
        (part, whole) => Some((part * 100 / whole).clamp(1, 99)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_seen_and_nothing_is_not() {
        assert_eq!(height(0, 1000, ABOVE), 0);
        assert_eq!(height(1, 1000, ABOVE), LEAST);
        assert_eq!(height(1000, 1000, ABOVE), ABOVE);
        let exactly = Count::Exactly;
        assert_eq!(share(exactly(0), exactly(0)), None);
        assert_eq!(share(exactly(1), exactly(1_000)), Some(1));
        assert_eq!(share(exactly(999), exactly(1_000)), Some(99));
        assert_eq!(share(exactly(1_000), exactly(1_000)), Some(100));
        assert_eq!(share(exactly(5), Count::MoreThan(10_000)), None);
    }
}
