//! `/organizations/{slug}/logs`: what did Entra send, what did we answer, why?

mod drawer;
mod filters;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use self::drawer::{EntryDrawer, Shown};
use self::filters::LogFilters;
use crate::api::logs::{describe_log_filter, glance_at_log, list_logs};
use crate::api::tokens::list_tokens;
use crate::components::badge::{LogStatus, Status};
use crate::components::diff::DiffLine;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::load::load;
use crate::components::page::{OrganizationSheet, PageHead, Width, in_organization};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::table::{Dash, Table};
use crate::components::time::{ExactTime, TimeOfDay, duration};
use crate::islands::live_tail::LiveTail;
use crate::model::error::AppError;
use crate::model::frame::Frame;
use crate::model::log::{
    self, CycleSummary, LogDetail, LogFilter, LogFilterWords, LogPage, LogRow,
};
use crate::model::page::{Count, count, counted_up_to};
use crate::model::token::TokenRow;

/// The provisioning log of an organization; the entry that the address names stands in a drawer.
#[component]
pub fn LogsPage() -> impl IntoView {
    let loaded = Loaded::at_address();
    in_organization(move |frame: Frame| {
        let path = frame.href("/logs");
        let slug = frame.organization.slug.clone();
        let zone = frame.me.zone.clone();
        let results = results(loaded, &frame);
        let drawer = drawer(loaded, &frame);
        let bar = bar(loaded, &frame);
        let actions = move || {
            let export = export(loaded, path.clone());
            view! {
                <LiveTail slug=slug.clone() zone=zone.clone()/>
                <Region name="export">{export}</Region>
            }
        };
        view! {
            <OrganizationSheet frame title="Logs" width=Width::Wide>
                <PageHead
                    title="Provisioning logs"
                    lead="Every request from Entra and what Rhombus answered. Lookups are hidden until asked for."
                    actions
                />
                {bar}
                <Region name="results">{results}</Region>
                {drawer}
            </OrganizationSheet>
        }
    })
}

/// What the page's parts are drawn from.
#[derive(Clone, Copy)]
struct Loaded {
    filter: Memo<LogFilter>,
    logs: Resource<Result<LogPage, AppError>>,
    words: Resource<Result<LogFilterWords, AppError>>,
    tokens: Resource<Result<Vec<TokenRow>, AppError>>,
    /// The entry in the drawer.
    shown: Resource<Result<Option<(Shown, LogDetail)>, AppError>>,
}

impl Loaded {
    /// What the page's address asks for.
    fn at_address() -> Self {
        let params = use_params_map();
        let query = use_query_map();
        let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
        let filter =
            Memo::new(move |_| query.with(|query| LogFilter::from_pairs(query.into_iter())));
        let asked = Memo::new(move |_| query.with(|query| query.get("entry")));
        let logs = Resource::new(
            move || (slug.get(), filter.get()),
            |(slug, filter)| list_logs(slug, filter),
        );
        let words = Resource::new(
            move || (slug.get(), filter.get()),
            |(slug, filter)| describe_log_filter(slug, filter),
        );
        let tokens = Resource::new(move || slug.get(), list_tokens);
        let shown = Resource::new(
            move || (slug.get(), asked.get()),
            move |(slug, asked)| async move {
                let Some(asked) = asked else {
                    return Ok::<_, AppError>(None);
                };
                let Some(shown) = Shown::of(&logs.await?.page, &asked) else {
                    return Ok(None);
                };
                let log = glance_at_log(slug, shown.id.clone()).await?;
                Ok(Some((shown, log)))
            },
        );
        Self {
            filter,
            logs,
            words,
            tokens,
            shown,
        }
    }
}

/// The entries.
fn results(loaded: Loaded, frame: &Frame) -> impl IntoView + use<> {
    let (path, organization) = (frame.href("/logs"), frame.href(""));
    let zone = frame.me.zone.clone();
    load(move || {
        let (path, organization) = (path.clone(), organization.clone());
        let zone = zone.shown();
        async move {
            let (page, shown) = (loaded.logs.await?, loaded.shown.await?);
            let shown = shown.map(|(shown, _)| shown.id);
            let filter = loaded.filter.get_untracked();
            Ok(view! { <LogTable path organization filter page shown zone/> }.into_any())
        }
    })
}

/// One entry, beside the others.
fn drawer(loaded: Loaded, frame: &Frame) -> impl IntoView + use<> {
    let (path, organization) = (frame.href("/logs"), frame.href(""));
    let may_read_payloads = frame.is_admin() || frame.is_support();
    load(move || {
        let (path, organization) = (path.clone(), organization.clone());
        async move {
            let filter = loaded.filter.get_untracked();
            Ok(loaded
                .shown
                .await?
                .map(|(shown, log)| {
                    view! { <EntryDrawer path organization filter shown log may_read_payloads/> }
                })
                .into_any())
        }
    })
}

/// The filters.
fn bar(loaded: Loaded, frame: &Frame) -> impl IntoView + use<> {
    let (path, zone) = (frame.href("/logs"), frame.me.zone.clone());
    load(move || {
        let (path, zone) = (path.clone(), zone.clone());
        async move {
            let (tokens, words) = (loaded.tokens.await?, loaded.words.await?);
            // Where the entries cannot be shown, they can still be narrowed down.
            let issue = match words.filter.issue_id {
                Some(_) => loaded.logs.await.ok().and_then(|logs| logs.issue),
                None => None,
            };
            Ok(view! { <LogFilters path words issue zone tokens/> }.into_any())
        }
    })
}

/// The files of what the filters let through.
fn export(loaded: Loaded, path: String) -> impl IntoView {
    load(move || {
        let path = path.clone();
        async move {
            let total = loaded.logs.await?.page.total;
            let filter = loaded.filter.get_untracked();
            Ok(view! { <ExportMenu path filter total/> }.into_any())
        }
    })
}

/// Everything that the filters let through, on whatever page.
#[component]
fn ExportMenu(path: String, filter: LogFilter, total: Count) -> impl IntoView {
    let all = LogFilter {
        cursor: None,
        newer: false,
        ..filter
    };
    if total == Count::Exactly(0) {
        return ().into_any();
    }
    let file = |extension| all.href(&format!("{path}/export.{extension}"));
    view! {
        <details class="btn-menu">
            <summary class="btn">
                <Icon name=IconName::Download/>
                {format!("Export {}", count(total))}
            </summary>
            <div class="menu">
                <a href=file("csv") download>"CSV, for spreadsheets"</a>
                <a href=file("ndjson") download>"NDJSON, for programs"</a>
            </div>
        </details>
    }
    .into_any()
}

const COLUMNS: u8 = 7;

#[component]
fn LogTable(
    path: String,
    organization: String,
    filter: LogFilter,
    page: LogPage,
    /// The entry in the drawer.
    shown: Option<String>,
    /// Of the times.
    zone: String,
) -> impl IntoView {
    let LogPage {
        page,
        cycles,
        searched_back_to,
        newest,
        kept_days,
        payloads_kept_days,
        issue: _,
    } = page;
    if page.items.is_empty() && searched_back_to.is_none() {
        return view! { <NoLogs path organization filter/> }.into_any();
    }
    let turn = |cursor: Option<String>, newer| {
        cursor.map(|cursor| filter.page_href(&path, &cursor, newer))
    };
    let (previous, next) = (turn(page.previous, true), turn(page.next, false));
    let groups = by_cycle(page.items)
        .into_iter()
        .map(|(cycle, rows)| {
            let heading = cycles
                .iter()
                .find(|summary| summary.cycle_id == cycle)
                .map(|summary| view! { <CycleHeading cycle=summary.clone()/> });
            let rows = rows
                .into_iter()
                .map(|row| {
                    // The page that opens with the drawer stays at the row.
                    let href = format!("{}#{}", filter.entry_href(&path, &row.id), row.id);
                    let selected = shown.as_ref() == Some(&row.id);
                    view! { <Row href row selected/> }
                })
                .collect_view();
            view! { <tbody>{heading} {rows}</tbody> }
        })
        .collect_view();
    let note = match searched_back_to {
        Some(moment) if next.is_some() => view! {
            "Searched back to " <ExactTime moment/> ". Go on with Older."
        }
        .into_any(),
        _ => format!(
            "Times in {zone}. Entries are kept for {kept_days} days, request bodies for {payloads_kept_days}."
        )
        .into_any(),
    };
    view! {
        <span hidden data-newest=newest></span>
        <Table caption=format!("Provisioning logs, newest first, grouped by cycle. Times in {zone}.")>
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Action"</th>
                    <th scope="col">"Identity"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col">"Reason"</th>
                    <th scope="col" class="col-wide">"Token"</th>
                    <th scope="col" class="num col-wide">"Duration"</th>
                </tr>
            </thead>
            {groups}
        </Table>
        <Pager previous next previous_label="Newer" next_label="Older">{note}</Pager>
    }
    .into_any()
}

/// Rows that stand together, each with the id of their cycle.
fn by_cycle(rows: Vec<LogRow>) -> Vec<(String, Vec<LogRow>)> {
    let mut groups: Vec<(String, Vec<LogRow>)> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some((cycle, rows)) if *cycle == row.cycle_id => rows.push(row),
            _ => groups.push((row.cycle_id.clone(), vec![row])),
        }
    }
    groups
}

/// Cycles are inferred: a run of requests without a gap above five minutes.
#[component]
fn CycleHeading(cycle: CycleSummary) -> impl IntoView {
    let when = match cycle.ended {
        None => view! { <b>"Current cycle"</b> <span>"started " <TimeOfDay moment=cycle.started/></span> }.into_any(),
        Some(ended) => view! {
            <b>"Cycle of " <ExactTime moment=cycle.started/></b>
            <span>"ended " <TimeOfDay moment=ended/></span>
        }
        .into_any(),
    };
    let failures = (!matches!(cycle.failures, Count::Exactly(0) | Count::MoreThan(0))).then(|| {
        view! { <Status tone=Tone::Fail label=counted_up_to(cycle.failures, "failure", "failures")/> }
    });
    view! {
        <tr class="table-group">
            <th scope="rowgroup" colspan=COLUMNS class="at-full">
                <div class="row">
                    {when} <span>{counted_up_to(cycle.changes, "change", "changes")}</span> {failures}
                </div>
            </th>
        </tr>
    }
}

#[component]
fn Row(href: String, row: LogRow, selected: bool) -> impl IntoView {
    // Where nothing names a person, the first line says what kind of call it was.
    let detail = row
        .user_name
        .filter(|user_name| *user_name != row.identity)
        .map(|user_name| view! { <small class="truncate" title=user_name.clone()>{user_name.clone()}</small> });
    let token = match row.token_prefix {
        Some(prefix) => prefix.into_any(),
        None => view! { <Dash/> }.into_any(),
    };
    let changes = if row.status == log::Status::Success {
        row.changes
    } else {
        Vec::new()
    };
    view! {
        <tr id=row.id aria-selected=selected.then_some("true")>
            <td class="nowrap muted at-end"><TimeOfDay moment=row.occurred/></td>
            <td class="at-end at-later soft">{row.action.label()}</td>
            <td class="col-user at-first">
                <a class="row-link truncate" href=href title=row.identity.clone()>
                    {row.identity.clone()}
                </a>
                {detail}
            </td>
            <td><LogStatus status=row.status code=Some(row.http_status.to_string())/></td>
            <td class="table-reason at-full at-last"><DiffLine changes otherwise=row.summary/></td>
            <td class="col-wide mono muted at-hide">{token}</td>
            <td class="num muted col-wide at-hide">{duration(row.duration_us)}</td>
        </tr>
    }
}

/// "Nothing yet" and "nothing matches" are two states.
#[component]
fn NoLogs(path: String, organization: String, filter: LogFilter) -> impl IntoView {
    let empty = if filter.is_narrowed() {
        view! {
            <Empty
                art=EmptyArt::Rows
                title="No entries match these filters"
                text="A search finds names and userNames by their beginning, and ids as a whole."
            >
                <a class="btn" href=path>"Clear filters"</a>
            </Empty>
        }
        .into_any()
    } else if filter.lookups {
        view! {
            <Empty
                art=EmptyArt::Waiting
                title="Waiting for Entra"
                text="Entra has not called yet. Press Test Connection under Enterprise applications › Rhombus Systems › Provisioning."
            >
                <a class="btn btn-primary" href=organization>"Continue setup"</a>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty
                art=EmptyArt::Waiting
                title="No changes yet"
                text="Entra may have looked things up, but it has not asked for any change."
            >
                <a class="btn" href=LogFilter { lookups: true, ..LogFilter::default() }.href(&path)>"Show lookups"</a>
            </Empty>
        }
        .into_any()
    };
    view! { <div class="card">{empty}</div> }
}
