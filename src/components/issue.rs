//! An issue in a list: what is wrong, for how many, since when.

use leptos::prelude::*;

use super::badge::{Badge, Status};
use super::icon::{Glyph, Tone};
use super::table::{Dash, Table};
use super::time::Time;
use crate::model::issue::{CHART_DAYS, IssueRow, IssueState};
use crate::model::page::{counted, number};

/// A refusal, or a remark on what was carried out.
pub fn issue_tone(row: &IssueRow) -> Tone {
    match (row.state.is_open(), row.is_failure()) {
        (false, _) => Tone::Skip,
        (true, true) => Tone::Fail,
        (true, false) => Tone::Warn,
    }
}

/// The state of an issue, coloured by how bad it is while it is open.
#[component]
pub fn IssueStatus(row: IssueRow) -> impl IntoView {
    let (tone, label) = match row.state {
        IssueState::Open if row.reopened > 0 => (issue_tone(&row), "Reopened"),
        IssueState::Open => (issue_tone(&row), "Open"),
        IssueState::Acknowledged => (Tone::Wait, "Acknowledged"),
        IssueState::Resolved => (Tone::Ok, "Resolved"),
        IssueState::Ignored => (Tone::Skip, "Ignored"),
    };
    view! { <Status tone label/> }
}

/// Events of the last days, for the eye; the number stands in its name.
#[component]
pub fn Spark(days: Vec<u64>) -> impl IntoView {
    const HEIGHT: u64 = 22;
    const LEAST: u64 = 2;
    let events = days.iter().sum();
    let most = days.iter().copied().max().unwrap_or_default().max(1);
    let label = format!(
        "{} in {CHART_DAYS} days",
        counted(events, "event", "events")
    );
    let bars = days
        .into_iter()
        .zip(0_u64..)
        .map(|(events, index)| {
            let height = LEAST + events * (HEIGHT - LEAST) / most;
            view! {
                <rect
                    class=(events > 0).then_some("hot")
                    x=(index * 6).to_string()
                    y=(HEIGHT - height).to_string()
                    width="4"
                    height=height.to_string()
                    rx="1"
                ></rect>
            }
        })
        .collect_view();
    view! {
        <svg class="spark" viewBox="0 0 84 22" preserveAspectRatio="none" role="img" aria-label=label>
            {bars}
        </svg>
    }
}

/// `is_all` adds the organization, as a link to its issues alone.
#[component]
pub fn IssueTable(
    rows: Vec<IssueRow>,
    #[prop(into)] caption: String,
    #[prop(optional)] is_all: bool,
) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| view! { <Row row is_all/> })
        .collect_view();
    view! {
        <Table caption>
            <thead>
                <tr>
                    <th scope="col">"Problem"</th>
                    {is_all.then(|| view! { <th scope="col">"Organization"</th> })}
                    <th scope="col" class="num">"Affected users"</th>
                    <th scope="col" class="num">"Events"</th>
                    <th scope="col" class="col-wide">"Last 14 days"</th>
                    <th scope="col" class="col-wide">"First seen"</th>
                    <th scope="col">"Last seen"</th>
                    <th scope="col">"Status"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
}

#[component]
fn Row(row: IssueRow, is_all: bool) -> impl IntoView {
    let href = row.href();
    let organization = is_all.then(|| {
        let href = format!("/issues?organization={}", row.organization.slug);
        view! {
            <td class="at-full" data-label="Organization">
                <a class="above" href=href>{row.organization.name.clone()}</a>
            </td>
        }
    });
    let users = match row.users {
        0 => view! { <Dash/> }.into_any(),
        users => number(users).into_any(),
    };
    let assignee = row
        .assignee
        .clone()
        .map(|name| view! { <small>{name}</small> });
    view! {
        <tr>
            <td class="at-full col-main">
                <div class="issue-line">
                    <Glyph tone=issue_tone(&row)/>
                    <div>
                        <a class="row-link" href=href>{row.title.clone()}</a>
                        <p>{row.happened.clone()}</p>
                        <p class="tags">
                            <Badge label=row.action.label()/>
                            {row.code.clone().map(|code| view! { " " <Badge label=code/> })}
                            {row.attribute.clone().map(|name| view! { " " <Badge label=name/> })}
                        </p>
                    </div>
                </div>
            </td>
            {organization}
            <td class="num" data-label="Users">{users}</td>
            <td class="num at-end" data-label="Events">{number(row.events)}</td>
            <td class="col-wide at-hide"><Spark days=row.days.clone()/></td>
            <td class="nowrap soft col-wide at-hide"><Time moment=row.first_seen.clone()/></td>
            <td class="nowrap soft" data-label="Last seen"><Time moment=row.last_seen.clone()/></td>
            <td class="at-end"><IssueStatus row/> {assignee}</td>
        </tr>
    }
}

/// A few issues as links, for a card.
#[component]
pub fn IssueLinks(rows: Vec<IssueRow>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| {
            let users = (row.users > 0).then(|| {
                view! { <span class="muted push nowrap">{counted(row.users, "user", "users")}</span> }
            });
            view! {
                <li>
                    <a class="row" href=format!("{}#fix-here", row.href())>
                        <Glyph tone=issue_tone(&row)/>
                        <span class="row-main">{row.title.clone()}</span>
                        {users}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="list small">{rows}</ul> }
}
