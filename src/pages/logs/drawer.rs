//! One entry beside the list: enough to go on, and the way to all of it.

use leptos::prelude::*;

use crate::components::badge::LogStatus;
use crate::components::card::{Fact, Facts};
use crate::components::copy::CopyIcon;
use crate::components::diff::Diff;
use crate::components::drawer::Drawer;
use crate::components::dry_run::DryRunLink;
use crate::components::icon::{Icon, IconName};
use crate::components::log_entry::{StepList, headline, log_fix};
use crate::components::time::{Time, duration};
use crate::model::log::{LogDetail, LogFilter, LogRow, Status};
use crate::model::page::Page;
use crate::model::query::href;

/// In the place of an id: where the drawer goes on when it leaves a page.
const FIRST: &str = "first";
const LAST: &str = "last";

/// An entry of the page, and what stands before and after it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Shown {
    pub(super) id: String,
    newer: Option<Neighbour>,
    older: Option<Neighbour>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
enum Neighbour {
    Entry(String),
    /// On the page with this cursor.
    Page(String),
}

impl Shown {
    /// The entry that the address asks for; `None` when the page does not have it.
    pub(super) fn of(page: &Page<LogRow>, asked: &str) -> Option<Self> {
        let last = page.items.len().checked_sub(1)?;
        let at = match asked {
            FIRST => 0,
            LAST => last,
            id => page.items.iter().position(|row| row.id == id)?,
        };
        let entry = |at: usize| {
            page.items
                .get(at)
                .map(|row| Neighbour::Entry(row.id.clone()))
        };
        let beyond = |cursor: &Option<String>| cursor.clone().map(Neighbour::Page);
        Some(Self {
            id: page.items[at].id.clone(),
            newer: at
                .checked_sub(1)
                .and_then(entry)
                .or_else(|| beyond(&page.previous)),
            older: entry(at + 1).or_else(|| beyond(&page.next)),
        })
    }
}

#[component]
pub(super) fn EntryDrawer(
    path: String,
    organization: String,
    filter: LogFilter,
    shown: Shown,
    log: LogDetail,
    /// Whoever may not see what was sent cannot try it again either.
    may_read_payloads: bool,
) -> impl IntoView {
    let id = shown.id.clone();
    let whole = format!("{path}/{id}");
    let request = format!("{whole}#request");
    let code = Some(log.code());
    let fix = log_fix(&organization, &log);
    let facts = facts(&log);
    let refused = log.row.status == Status::Failure;
    let has_changes = !log.changes.is_empty();
    let changes = has_changes.then(|| {
        view! {
            <section class="stack" id="drawer-changes">
                <h3>"Changes"</h3>
                <Diff changes=log.changes.clone() refused/>
            </section>
        }
    });
    // Only a refusal makes one wonder.
    let again = (refused && may_read_payloads)
        .then(|| view! { <DryRunLink page=whole.clone() label="Dry-run again"/> });
    let user = log.user_id.clone().map(
        |id| view! { <a class="btn" href=format!("{organization}/users/{id}")>"Open user"</a> },
    );
    view! {
        <Drawer>
            <Bar path filter shown/>
            <div class="drawer-head">
                <div class="row">
                    <LogStatus status=log.row.status code/>
                    <span class="muted small"><Time moment=log.row.occurred.clone()/></span>
                </div>
                <h2 id="drawer-heading">{headline(&log)}</h2>
                <p class="small muted">
                    <code>{id.clone()}</code>
                    " "
                    <CopyIcon text=id.clone() what="request ID"/>
                </p>
            </div>
            <nav class="tabs" aria-label="Log entry">
                <a href="#drawer-summary" aria-current="true">"Summary"</a>
                <a href="#drawer-steps">"Steps"</a>
                {has_changes.then(|| view! { <a href="#drawer-changes">"Changes"</a> })}
                <a href=request>"Request and response"</a>
            </nav>
            <div class="drawer-body" tabindex="0" role="region" aria-label="Log entry">
                <section class="stack" id="drawer-summary">
                    {fix}
                    {facts}
                </section>
                {changes}
                <section class="stack" id="drawer-steps">
                    <h3>"Steps"</h3>
                    <StepList steps=log.steps remarks=log.remarks/>
                </section>
            </div>
            <div class="drawer-foot">
                <a class="btn btn-primary" href=whole.clone()>
                    <Icon name=IconName::Ext/>
                    "Open whole entry"
                </a>
                {again}
                {user}
            </div>
        </Drawer>
    }
}

/// To the entries before and after this one, and back to the list alone.
#[component]
fn Bar(path: String, filter: LogFilter, shown: Shown) -> impl IntoView {
    let beside = |neighbour: Neighbour, newer: bool| match neighbour {
        Neighbour::Entry(id) => format!("{}#{id}", filter.entry_href(&path, &id)),
        Neighbour::Page(cursor) => {
            let page = LogFilter {
                cursor: Some(cursor),
                newer,
                ..filter.clone()
            };
            page.entry_href(&path, if newer { LAST } else { FIRST })
        }
    };
    let close = format!("{}#{}", href(&path, &filter.to_pairs()), shown.id);
    let newer = shown.newer.map(|newer| beside(newer, true));
    let older = shown.older.map(|older| beside(older, false));
    view! {
        <div class="drawer-bar">
            <span>"Log entry"</span>
            <span class="push"></span>
            {turn(newer, "[", "Newer entry", IconName::Up)}
            {turn(older, "]", "Older entry", IconName::Down)}
            {turn(Some(close), "Escape", "Close", IconName::X)}
        </div>
    }
}

/// Without an address it is no link of itself.
fn turn(
    href: Option<String>,
    key: &'static str,
    label: &'static str,
    icon: IconName,
) -> impl IntoView {
    let (role, disabled) = href.is_none().then_some(("link", "true")).unzip();
    view! {
        <a
            class="btn btn-plain btn-icon"
            href=href
            role=role
            aria-label=label
            aria-disabled=disabled
            aria-keyshortcuts=key
        >
            <Icon name=icon/>
        </a>
    }
}

fn facts(log: &LogDetail) -> impl IntoView + use<> {
    let row = &log.row;
    let action = row.action.label();
    let identity = match &row.user_name {
        Some(user_name) if *user_name != row.identity => format!("{}, {user_name}", row.identity),
        _ => row.identity.clone(),
    };
    // The list's line is shortened; here is room for all of it.
    let result = log
        .detail
        .clone()
        .filter(|_| row.status == Status::Failure)
        .unwrap_or_else(|| row.summary.clone());
    let duration = duration(row.duration_us);
    view! {
        <Facts>
            <Fact name="Action">{action}</Fact>
            <Fact name="Identity">{identity}</Fact>
            <Fact name="Result">{result}</Fact>
            <Fact name="Duration">{duration}</Fact>
        </Facts>
    }
}
