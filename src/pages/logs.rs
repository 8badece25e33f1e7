//! `/organizations/{slug}/logs`: what did Entra send, what did we answer, why?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::logs::list_logs;
use crate::components::badge::{LogStatus, Status};
use crate::components::diff::DiffLine;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::filter_bar::{
    Chip, Chips, FilterBar, FilterMenu, FilterOption, FilterSwitch, SearchField,
};
use crate::components::icon::Tone;
use crate::components::load::load;
use crate::components::page::{OrganizationSheet, PageHead, Width, in_organization};
use crate::components::pager::{Pager, counted};
use crate::components::region::Region;
use crate::components::table::{Dash, Table};
use crate::components::time::{ExactTime, TimeOfDay, duration};
use crate::model::frame::Frame;
use crate::model::log::{self, Action, CycleSummary, LogFilter, LogPage, LogRow};
use crate::model::log_query::SPANS;

#[component]
pub fn LogsPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let filter = Memo::new(move |_| query.with(|query| LogFilter::from_pairs(query.into_iter())));
    let logs = Resource::new(
        move || (slug.get(), filter.get()),
        |(slug, filter)| list_logs(slug, filter),
    );
    in_organization(move |frame: Frame| {
        let path = frame.href("/logs");
        let bar_path = path.clone();
        let organization = frame.href("");
        view! {
            <OrganizationSheet frame title="Logs" width=Width::Wide>
                <PageHead
                    title="Provisioning logs"
                    lead="Every request from Entra and what Rhombus answered. Lookups are hidden until asked for."
                />
                <LogFilters path=bar_path filter/>
                <Region name="results">
                    {load(move || {
                        let (path, organization) = (path.clone(), organization.clone());
                        async move {
                            let page = logs.await?;
                            Ok(view! { <LogTable path organization filter=filter.get_untracked() page/> }.into_any())
                        }
                    })}
                </Region>
            </OrganizationSheet>
        }
    })
}

fn options(choices: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<FilterOption> {
    choices
        .into_iter()
        .map(|(value, label)| FilterOption { value, label })
        .collect()
}

#[component]
fn LogFilters(path: String, filter: Memo<LogFilter>) -> impl IntoView {
    let search = Signal::derive(move || filter.with(|filter| filter.text.clone()));
    let within =
        Signal::derive(move || filter.with(|filter| filter.within.clone().into_iter().collect()));
    let statuses = Signal::derive(move || {
        filter.with(|filter| {
            filter
                .statuses
                .iter()
                .map(|status| status.as_str().to_owned())
                .collect()
        })
    });
    let actions = Signal::derive(move || {
        filter.with(|filter| {
            filter
                .actions
                .iter()
                .map(|action| action.as_str().to_owned())
                .collect()
        })
    });
    let lookups = Signal::derive(move || filter.with(|filter| filter.lookups));
    // What no control shows is kept when another filter changes; a chip takes it away.
    let kept = move || {
        filter.with(|filter| {
            let LogFilter {
                reason,
                token_prefix,
                user_id,
                cycle_id,
                ..
            } = filter;
            [
                ("reason", reason),
                ("token", token_prefix),
                ("user", user_id),
                ("cycle", cycle_id),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
        })
    };
    let clear = path.clone();
    let chips_path = path.clone();
    let chips = Signal::derive(move || filter.with(|filter| chips(filter, &chips_path)));
    view! {
        <FilterBar action=path label="Filter logs">
            <SearchField placeholder="Name, userName or ID" value=search/>
            <FilterMenu label="Date" name="within" single=true options=options(SPANS) chosen=within/>
            <FilterMenu
                label="Status"
                name="status"
                options=options(log::Status::ALL.map(|status| (status.as_str(), status.label())))
                chosen=statuses
            />
            <FilterMenu
                label="Action"
                name="action"
                options=options(Action::ALL.map(|action| (action.as_str(), action.label())))
                chosen=actions
            />
            <FilterSwitch label="Show lookups" name="lookups" on=lookups/>
            {kept}
        </FilterBar>
        <Region name="chips"><Chips chips clear/></Region>
    }
}

fn chips(filter: &LogFilter, path: &str) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |name, value: &str, without: LogFilter| {
        chips.push(Chip {
            name,
            value: value.to_owned(),
            without: without.href(path),
        });
    };
    if !filter.text.is_empty() {
        chip(
            "Search",
            &filter.text,
            LogFilter {
                text: String::new(),
                ..filter.clone()
            },
        );
    }
    if let Some((_, label)) = SPANS
        .iter()
        .find(|(span, _)| filter.within.as_deref() == Some(*span))
    {
        chip(
            "Date",
            label,
            LogFilter {
                within: None,
                ..filter.clone()
            },
        );
    }
    for status in &filter.statuses {
        let statuses = filter
            .statuses
            .iter()
            .copied()
            .filter(|other| other != status)
            .collect();
        chip(
            "Status",
            status.label(),
            LogFilter {
                statuses,
                ..filter.clone()
            },
        );
    }
    for action in &filter.actions {
        let actions = filter
            .actions
            .iter()
            .copied()
            .filter(|other| other != action)
            .collect();
        chip(
            "Action",
            action.label(),
            LogFilter {
                actions,
                ..filter.clone()
            },
        );
    }
    if let Some(reason) = &filter.reason {
        chip(
            "Reason",
            reason,
            LogFilter {
                reason: None,
                ..filter.clone()
            },
        );
    }
    if let Some(prefix) = &filter.token_prefix {
        chip(
            "Token",
            prefix,
            LogFilter {
                token_prefix: None,
                ..filter.clone()
            },
        );
    }
    if let Some(id) = &filter.user_id {
        chip(
            "User",
            id,
            LogFilter {
                user_id: None,
                ..filter.clone()
            },
        );
    }
    if filter.cycle_id.is_some() {
        chip(
            "Cycle",
            "one",
            LogFilter {
                cycle_id: None,
                ..filter.clone()
            },
        );
    }
    chips
}

const COLUMNS: u8 = 7;

#[component]
fn LogTable(path: String, organization: String, filter: LogFilter, page: LogPage) -> impl IntoView {
    let LogPage {
        page,
        cycles,
        searched_back_to,
    } = page;
    if page.items.is_empty() && searched_back_to.is_none() {
        return view! { <NoLogs path organization filter/> }.into_any();
    }
    let turn = |cursor: Option<String>, newer| {
        cursor.map(|cursor| filter.page_href(&path, &cursor, newer))
    };
    let (previous, next) = (turn(page.previous, true), turn(page.next, false));
    let mut groups: Vec<(String, Vec<LogRow>)> = Vec::new();
    for row in page.items {
        match groups.last_mut() {
            Some((cycle, rows)) if *cycle == row.cycle_id => rows.push(row),
            _ => groups.push((row.cycle_id.clone(), vec![row])),
        }
    }
    let groups = groups
        .into_iter()
        .map(|(cycle, rows)| {
            let heading = cycles
                .iter()
                .find(|summary| summary.cycle_id == cycle)
                .map(|summary| view! { <CycleHeading cycle=summary.clone()/> });
            let rows = rows
                .into_iter()
                .map(|row| view! { <Row organization=organization.clone() row/> })
                .collect_view();
            view! { <tbody>{heading} {rows}</tbody> }
        })
        .collect_view();
    let note = match searched_back_to {
        Some(moment) if next.is_some() => view! {
            "Searched back to " <ExactTime moment/> ". Go on with Older."
        }
        .into_any(),
        _ => "Times in UTC.".into_any(),
    };
    view! {
        <Table caption="Provisioning logs, newest first, grouped by cycle. Times in UTC.">
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
    let failures = (cycle.failures > 0).then(|| {
        view! { <Status tone=Tone::Fail label=counted(cycle.failures, "failure", "failures")/> }
    });
    view! {
        <tr class="table-group">
            <th scope="rowgroup" colspan=COLUMNS class="at-full">
                <div class="row">
                    {when} <span>{counted(cycle.changes, "change", "changes")}</span> {failures}
                </div>
            </th>
        </tr>
    }
}

#[component]
fn Row(organization: String, row: LogRow) -> impl IntoView {
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
        <tr>
            <td class="nowrap muted at-end"><TimeOfDay moment=row.occurred/></td>
            <td class="at-end at-later soft">{row.action.label()}</td>
            <td class="col-user at-first">
                <a class="row-link truncate" href=format!("{organization}/logs/{}", row.id) title=row.identity.clone()>
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
