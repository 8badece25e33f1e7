//! `/organizations/{slug}/audit` and `/audit`: who did what, when and from where?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::audit::{list_all_audit, list_audit};
use crate::components::diff::{Diff, DiffLine};
use crate::components::empty::{Empty, EmptyArt};
use crate::components::filter_bar::{Chip, Chips, FilterBar, FilterMenu, FilterOption};
use crate::components::load::load;
use crate::components::page::{
    Crumb, OrganizationSheet, PageHead, Sheet, Width, for_support, in_organization,
};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::table::{Dash, Table};
use crate::components::time::Time;
use crate::model::audit::{ACTIONS, AuditFilter, AuditPage as EntryPage, AuditRow, TARGETS, words};
use crate::model::error::AppError;
use crate::model::frame::Frame;
use crate::model::log::AttributeChange;
use crate::model::log_query::SPANS;
use crate::model::page::{counted, counted_up_to};

const TITLE: &str = "Audit";

/// Who changed what in an organization.
#[component]
pub fn AuditPage() -> impl IntoView {
    let params = use_params_map();
    let filter = use_filter();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let entries = Resource::new(
        move || (slug.get(), filter.get()),
        |(slug, filter)| list_audit(slug, filter),
    );
    in_organization(move |frame: Frame| {
        let path = frame.href("/audit");
        let bundles = (!frame.is_viewer()).then(|| frame.href("/support-bundles"));
        view! {
            <OrganizationSheet frame title=TITLE width=Width::Wide>
                <Head
                    path=path.clone()
                    filter
                    lead="What people changed and looked at in this organization. Entries cannot be changed."
                    bundles
                />
                {filters(path.clone(), filter, entries)}
                {results(path, filter, entries, false)}
            </OrganizationSheet>
        }
    })
}

/// For Support: all organizations, and what concerns the whole deployment.
#[component]
pub fn AllAuditPage() -> impl IntoView {
    let filter = use_filter();
    let entries = Resource::new(move || filter.get(), list_all_audit);
    for_support(move |_| {
        let path = "/audit".to_owned();
        view! {
            <Sheet title=TITLE crumbs=vec![Crumb::here(TITLE)] width=Width::Wide>
                <Head
                    path=path.clone()
                    filter
                    lead="What people changed and looked at, in all organizations. Entries cannot be changed."
                />
                {filters(path.clone(), filter, entries)}
                {results(path, filter, entries, true)}
            </Sheet>
        }
    })
}

fn results(
    path: String,
    filter: Memo<AuditFilter>,
    entries: Resource<Result<EntryPage, AppError>>,
    is_all: bool,
) -> impl IntoView {
    view! {
        <Region name="results">
            {load(move || {
                let path = path.clone();
                async move {
                    let found = entries.await?;
                    let filter = filter.get_untracked();
                    Ok(view! { <Entries path filter found is_all/> }.into_any())
                }
            })}
        </Region>
    }
}

fn use_filter() -> Memo<AuditFilter> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| AuditFilter::from_pairs(query.into_iter())))
}

#[component]
fn Head(
    path: String,
    filter: Memo<AuditFilter>,
    lead: &'static str,
    /// The links to support bundles, for those who may see them.
    #[prop(optional_no_strip)]
    bundles: Option<String>,
) -> impl IntoView {
    let actions = move || {
        let file = |format| filter.with(|filter| filter.export_href(&path, format));
        let bundles = bundles.clone();
        view! {
            {bundles.map(|href| view! { <a class="btn" href=href>"Support bundle links"</a> })}
            <a class="btn" href=file("csv") download="">"Export CSV"</a>
            <a class="btn" href=file("ndjson") download="">"Export NDJSON"</a>
        }
    };
    view! { <PageHead title=TITLE lead actions/> }
}

fn options(choices: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<FilterOption> {
    choices
        .into_iter()
        .map(|(value, label)| FilterOption { value, label })
        .collect()
}

/// Their chips name the actor, whom only the entries know.
fn filters(
    path: String,
    filter: Memo<AuditFilter>,
    entries: Resource<Result<EntryPage, AppError>>,
) -> impl IntoView {
    load(move || {
        let path = path.clone();
        async move {
            let actor_name = entries.await?.actor_name;
            let filter = filter.get_untracked();
            Ok(view! { <Filters path filter actor_name/> }.into_any())
        }
    })
}

#[component]
fn Filters(path: String, filter: AuditFilter, actor_name: Option<String>) -> impl IntoView {
    let chips = chips(&filter, actor_name, &path);
    let chosen = |value: Option<String>| value.into_iter().collect::<Vec<_>>();
    let within = chosen(filter.within);
    let action = chosen(filter.action);
    let target = chosen(filter.target);
    // Chosen by a name in the list: kept when another filter changes, taken away by its chip.
    let actor = filter
        .actor
        .map(|actor| view! { <input type="hidden" name="actor" value=actor/> });
    view! {
        <FilterBar action=path.clone() label="Filter audit">
            <FilterMenu label="Date" name="within" single=true options=options(SPANS) chosen=within/>
            <FilterMenu label="Action" name="action" single=true options=options(ACTIONS) chosen=action/>
            <FilterMenu label="Target" name="target" single=true options=options(TARGETS) chosen=target/>
            {actor}
        </FilterBar>
        <Region name="chips"><Chips chips clear=path/></Region>
    }
}

fn chips(filter: &AuditFilter, actor_name: Option<String>, path: &str) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |name, value: &Option<String>, label: &str, without: AuditFilter| {
        if value.is_some() {
            chips.push(Chip {
                name,
                value: label.to_owned(),
                without: without.href(path),
            });
        }
    };
    let known = |value: &Option<String>, table: &[(&'static str, &'static str)]| {
        let value = value.clone().unwrap_or_default();
        table
            .iter()
            .find(|(name, _)| *name == value)
            .map_or(value, |(_, label)| (*label).to_owned())
    };
    let all = || filter.clone();
    let name = actor_name.unwrap_or_else(|| "someone unknown".to_owned());
    chip(
        "By",
        &filter.actor,
        &name,
        AuditFilter {
            actor: None,
            ..all()
        },
    );
    let label = known(&filter.action, &ACTIONS);
    chip(
        "Action",
        &filter.action,
        &label,
        AuditFilter {
            action: None,
            ..all()
        },
    );
    let label = known(&filter.target, &TARGETS);
    chip(
        "Target",
        &filter.target,
        &label,
        AuditFilter {
            target: None,
            ..all()
        },
    );
    let label = known(&filter.within, &SPANS);
    chip(
        "Date",
        &filter.within,
        &label,
        AuditFilter {
            within: None,
            ..all()
        },
    );
    chips
}

#[component]
fn Entries(path: String, filter: AuditFilter, found: EntryPage, is_all: bool) -> impl IntoView {
    let EntryPage {
        page,
        kept_days,
        actor_name: _,
    } = found;
    if page.items.is_empty() {
        let empty = if filter.to_pairs().is_empty() {
            view! {
                <Empty
                    art=EmptyArt::Rows
                    title="No entries yet"
                    text="What people change from now on stands here."
                />
            }
            .into_any()
        } else {
            view! {
                <Empty art=EmptyArt::Rows title="No entry matches" text="Take a filter away to see more.">
                    <a class="btn" href=path>"Clear filters"</a>
                </Empty>
            }
            .into_any()
        };
        return view! { <div class="card">{empty}</div> }.into_any();
    }
    let turn =
        |cursor: Option<String>, newer| cursor.map(|cursor| filter.page_href(&path, cursor, newer));
    let (previous, next) = (turn(page.previous, true), turn(page.next, false));
    let total = counted_up_to(page.total, "entry", "entries");
    let kept = counted(kept_days.into(), "day", "days");
    let note = format!("{total}. Entries are kept for {kept}.");
    let rows = page
        .items
        .into_iter()
        .map(|row| view! { <Row path=path.clone() filter=filter.clone() row is_all/> })
        .collect_view();
    view! {
        <Table caption="Audit entries, newest first">
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    {is_all.then(|| view! { <th scope="col">"Organization"</th> })}
                    <th scope="col">"Who"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"Change"</th>
                    <th scope="col" class="col-wide">"Address"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next previous_label="Newer" next_label="Older">{note}</Pager>
    }
    .into_any()
}

#[component]
fn Row(path: String, filter: AuditFilter, row: AuditRow, is_all: bool) -> impl IntoView {
    let by_actor = AuditFilter {
        actor: Some(row.actor),
        ..filter
    }
    .href(&path);
    let organization = is_all.then(|| {
        let organization = match row.organization {
            Some(link) => {
                view! { <a href=format!("/organizations/{}/audit", link.slug)>{link.name}</a> }
                    .into_any()
            }
            None => view! { <span class="muted">"Deployment"</span> }.into_any(),
        };
        view! { <td class="at-full">{organization}</td> }
    });
    let address = if row.address.is_empty() {
        view! { <Dash/> }.into_any()
    } else {
        row.address.into_any()
    };
    view! {
        <tr>
            <td class="nowrap muted at-end"><Time moment=row.at/></td>
            {organization}
            <td class="at-first">
                <a href=by_actor><b>{row.actor_name}</b></a>
                <small>{row.actor_kind}</small>
            </td>
            <td class="at-full">{words(&row.action).to_owned()} " " <b>{row.target_name}</b></td>
            <td class="soft at-full"><Changes changes=row.changes/></td>
            <td class="col-wide muted mono at-hide">{address}</td>
        </tr>
    }
}

/// One change in a line; more, or one without an old value, behind a summary.
#[component]
fn Changes(changes: Vec<AttributeChange>) -> impl IntoView {
    match changes.as_slice() {
        [] => view! { <Dash/> }.into_any(),
        [
            AttributeChange {
                old: Some(_),
                new: Some(_),
                ..
            },
        ] => view! { <DiffLine changes otherwise=""/> }.into_any(),
        several => {
            let names: Vec<&str> = several
                .iter()
                .map(|change| change.attribute.as_str())
                .collect();
            let summary = names.join(", ");
            view! {
                <details>
                    <summary>{summary}</summary>
                    <Diff changes/>
                </details>
            }
            .into_any()
        }
    }
}
