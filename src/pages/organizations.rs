//! `/organizations`: all customers, for Support.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::organizations::list_organizations;
use crate::components::avatar::{AvatarKind, Person};
use crate::components::badge::{HealthCell, ProvisioningStatus, QuarantineRisk};
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::field::{Choice, Field};
use crate::components::filter_bar::{
    Chip, Chips, FilterBar, FilterMenu, FilterOption, FilterSwitch, SearchField,
};
use crate::components::form::{Refusal, field_errors, form_answer, typed};
use crate::components::icon::Tone;
use crate::components::live::Following;
use crate::components::load::load;
use crate::components::page::{Crumb, PageHead, Sheet, Width, for_support};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::table::{Dash, SortHeader, Sorted, Table};
use crate::components::time::Time;
use crate::model::form::FormAnswer;
use crate::model::organization::{
    OrganizationPage, OrganizationQuery, OrganizationRow, OrganizationSort, ProvisioningState,
};
use crate::model::page::{count, counted_up_to, number};

const PATH: &str = "/organizations";

/// Every organization, those first that need help, for Support.
#[component]
pub fn OrganizationsPage() -> impl IntoView {
    let answer = form_answer();
    let query = use_query_map();
    let query = Memo::new(move |_| query.with(|query| OrganizationQuery::from_pairs(query)));
    let organizations = Resource::new(move || query.get(), list_organizations);
    for_support(move |me| {
        let answer = answer.clone();
        view! {
            <Sheet title="Organizations" crumbs=vec![Crumb::here("Organizations")] width=Width::Wide>
                <PageHead
                    title="Organizations"
                    lead="Sorted by what needs help first. Health is worked out every minute from Entra’s own calls."
                    actions=|| view! { <a class="btn btn-primary" href="#new">"Create organization"</a> }
                />
                <Filters query/>
                <Region name="results">
                    {load(move || async move {
                        let found = organizations.await?;
                        Ok(view! { <OrganizationTable found query=query.get_untracked()/> }.into_any())
                    })}
                </Region>
                <Following stream="/live" zone=me.zone/>
                <NewOrganization answer/>
            </Sheet>
        }
    })
}

#[component]
fn Filters(query: Memo<OrganizationQuery>) -> impl IntoView {
    let states: Vec<FilterOption> = ProvisioningState::ALL
        .into_iter()
        .map(|state| FilterOption {
            value: state.as_str(),
            label: state.label(),
        })
        .collect();
    let search = Signal::derive(move || query.with(|query| query.search.clone()));
    let state = Signal::derive(move || {
        query.with(|query| {
            query
                .state
                .iter()
                .map(|state| state.as_str().to_owned())
                .collect::<Vec<_>>()
        })
    });
    let needs_help = Signal::derive(move || query.with(|query| query.needs_help));
    let chips = Signal::derive(move || {
        query.with(|query| {
            let mut chips = Vec::new();
            if let Some(state) = query.state {
                chips.push(Chip {
                    name: "Provisioning status",
                    value: state.label().to_owned(),
                    without: query.with(|query| query.state = None).href(PATH),
                });
            }
            chips
        })
    });
    let (sort, order) = query.with_untracked(|query| (query.sort, query.descending));
    let sort = (sort != OrganizationSort::default()).then(|| {
        view! { <input type="hidden" name="sort" value=sort.as_str()/> }
    });
    let order = order.then(|| view! { <input type="hidden" name="order" value="descending"/> });
    view! {
        <FilterBar action=PATH label="Filter organizations">
            <SearchField placeholder="Name or slug" value=search/>
            <FilterMenu
                label="Provisioning status"
                name="state"
                options=states
                chosen=state
                single=true
            />
            <FilterSwitch label="Needs help" name="needs_help" on=needs_help/>
            {sort}
            {order}
        </FilterBar>
        <Chips chips clear=PATH/>
    }
}

#[component]
fn OrganizationTable(found: OrganizationPage, query: OrganizationQuery) -> impl IntoView {
    let stopped = found.stopped_after.map(|limit| {
        view! {
            <Callout tone=Tone::Warn>
                <p>
                    {format!(
                        "More than {} organizations match. Contact and failures change by themselves, so only the first \
                         {0} by name were looked at. Search for the beginning of a name to narrow them.",
                        number(limit),
                    )}
                </p>
            </Callout>
        }
    });
    let page = found.page;
    if page.items.is_empty() {
        return view! {
            {stopped}
            <div class="card"><Nothing query/></div>
        }
        .into_any();
    }
    let turn = |after: Option<String>, before: Option<String>| {
        (after.is_some() || before.is_some()).then(|| {
            query
                .with(|query| (query.after, query.before) = (after, before))
                .href(PATH)
        })
    };
    let (previous, next) = (turn(None, page.previous), turn(page.next, None));
    let total = counted_up_to(page.total, "organization", "organizations");
    let rows = page
        .items
        .into_iter()
        .map(|row| view! { <Row row/> })
        .collect_view();
    let sorted = |sort: OrganizationSort, descending_first: bool| {
        let is_sorted = query.sort == sort;
        let descending = if is_sorted {
            !query.descending
        } else {
            descending_first
        };
        let href = query
            .with(|query| (query.sort, query.descending) = (sort, descending))
            .href(PATH);
        let sorted = match (is_sorted, query.descending) {
            (false, _) => Sorted::No,
            (true, false) => Sorted::Ascending,
            (true, true) => Sorted::Descending,
        };
        (sorted, href)
    };
    let (by_name, name_href) = sorted(OrganizationSort::Name, false);
    let (by_health, health_href) = sorted(OrganizationSort::Health, false);
    let (by_contact, contact_href) = sorted(OrganizationSort::LastContact, true);
    let (by_failures, failures_href) = sorted(OrganizationSort::Failures, true);
    view! {
        {stopped}
        <Table caption="Organizations">
            <thead>
                <tr>
                    <SortHeader label="Organization" sorted=by_name href=name_href/>
                    <SortHeader label="Health" sorted=by_health href=health_href/>
                    <th scope="col">"Quarantine risk"</th>
                    <th scope="col" class="col-double">"Provisioning"</th>
                    <SortHeader label="Last contact" sorted=by_contact href=contact_href/>
                    <SortHeader label="Failures, 24 h" sorted=by_failures href=failures_href class="num col-widest"/>
                    <th scope="col" class="num">"Open issues"</th>
                    <th scope="col" class="num col-widest">"Users"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next>{total}</Pager>
    }
    .into_any()
}

#[component]
fn Nothing(query: OrganizationQuery) -> impl IntoView {
    let clear = || view! { <a class="btn" href=PATH>"Show all organizations"</a> };
    if !query.search.is_empty() {
        let text = format!(
            "None begins with “{}” and passes the filters.",
            query.search
        );
        return view! {
            <Empty art=EmptyArt::Rows title="No organization matches" text>{clear()}</Empty>
        }
        .into_any();
    }
    if query.needs_help || query.state.is_some() {
        let text = if query.needs_help {
            "No issue is open, nobody is refused, no token expires soon, and Entra is on schedule everywhere."
        } else {
            "No organization is in this state."
        };
        return view! {
            <Empty art=EmptyArt::Rows title="No organization matches" text>{clear()}</Empty>
        }
        .into_any();
    }
    view! {
        <Empty
            art=EmptyArt::Waiting
            title="No organizations yet"
            text="Create the first one below, then invite its administrator."
        />
    }
    .into_any()
}

#[component]
fn Row(row: OrganizationRow) -> impl IntoView {
    let failures = if row.failures > 0 {
        number(row.failures).into_any()
    } else {
        view! { <Dash/> }.into_any()
    };
    let issues = match row.open_issues {
        0 => view! { <Dash/> }.into_any(),
        open => {
            let href = format!("{PATH}/{}/issues", row.slug);
            view! { <a class="above" href=href>{number(open)}</a> }.into_any()
        }
    };
    let contact = match row.last_contact {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    view! {
        <tr>
            <td class="col-user at-full at-first">
                <Person
                    name=row.name
                    detail=row.slug.clone()
                    href=format!("{PATH}/{}", row.slug)
                    kind=AvatarKind::Square
                />
            </td>
            <td class="col-health at-full"><HealthCell state=row.health.state phrase=row.health.phrase/></td>
            <td><QuarantineRisk risk=row.health.risk/></td>
            <td class="col-double at-end"><ProvisioningStatus state=row.state/></td>
            <td class="nowrap soft" data-label="Last contact">{contact}</td>
            <td class="num col-widest at-hide">{failures}</td>
            <td class="num at-end" data-label="Open issues">{issues}</td>
            <td class="num col-widest at-hide">{count(row.users)}</td>
        </tr>
    }
}

#[component]
fn NewOrganization(answer: Option<FormAnswer>) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    let typed = |field| typed(answer.as_ref(), field);
    let (name, slug) = (typed("name"), typed("slug"));
    let is_off = typed("state") == "off";
    view! {
        <Card id="new" title="Create organization" lined=true>
            <div class="card-body">
                <form class="stack" method="post" action=PATH>
                    <Refusal answer/>
                    <Field name="name" label="Name" value=name maxlength=100 errors=errors.clone()/>
                    <Field
                        name="slug"
                        label="Slug"
                        value=slug
                        minlength=3
                        maxlength=63
                        pattern="[a-z0-9][a-z0-9\\-]*[a-z0-9]"
                        hint="Stands in the Tenant URL and never changes: 3 to 63 of a to z, 0 to 9 and hyphen."
                        errors
                    />
                    <fieldset class="fieldset">
                        <legend>"Provisioning status"</legend>
                        <div class="stack-tight">
                            <Choice
                                name="state"
                                value="on"
                                label="On"
                                detail="Entra can provision as soon as its administrator has created a token."
                                checked=!is_off
                            />
                            <Choice
                                name="state"
                                value="off"
                                label="Off"
                                detail="Entra’s calls are refused until Support turns it on."
                                checked=is_off
                            />
                        </div>
                    </fieldset>
                    <div><button class="btn btn-primary">"Create organization"</button></div>
                </form>
            </div>
        </Card>
    }
}
