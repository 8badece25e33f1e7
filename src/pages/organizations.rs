//! `/organizations`: all customers, for Support.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::organizations::list_organizations;
use crate::components::avatar::{AvatarKind, Person};
use crate::components::badge::ProvisioningStatus;
use crate::components::card::Card;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::field::{Choice, Field};
use crate::components::filter_bar::{FilterBar, SearchField};
use crate::components::form::{Refusal, field_errors, form_answer};
use crate::components::load::load;
use crate::components::page::{Crumb, PageHead, Sheet, Width, for_support};
use crate::components::pager::{Pager, count, number};
use crate::components::region::Region;
use crate::components::table::{Dash, Table};
use crate::components::time::Time;
use crate::model::form::FormAnswer;
use crate::model::organization::OrganizationRow;
use crate::model::page::Page;
use crate::model::query::href;

const PATH: &str = "/organizations";

#[component]
pub fn OrganizationsPage() -> impl IntoView {
    let answer = form_answer();
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        query.with(|query| {
            (
                query.get("q").unwrap_or_default(),
                query.get("after"),
                query.get("before"),
            )
        })
    });
    let organizations = Resource::new(
        move || filter.get(),
        |(search, after, before)| list_organizations(search, after, before),
    );
    let search = Signal::derive(move || filter.with(|(search, ..)| search.clone()));
    for_support(move || {
        let answer = answer.clone();
        view! {
            <Sheet title="Organizations" crumbs=vec![Crumb::here("Organizations")] width=Width::Wide>
                <PageHead
                    title="Organizations"
                    lead="Every customer whose users Entra provisions."
                    actions=|| view! { <a class="btn btn-primary" href="#new">"Create organization"</a> }
                />
                <FilterBar action=PATH label="Filter organizations">
                    <SearchField placeholder="Name or slug" value=search/>
                </FilterBar>
                <Region name="results">
                    {load(move || async move {
                        let page = organizations.await?;
                        Ok(view! { <OrganizationTable page search=search.get_untracked()/> }.into_any())
                    })}
                </Region>
                <NewOrganization answer/>
            </Sheet>
        }
    })
}

#[component]
fn OrganizationTable(page: Page<OrganizationRow>, search: String) -> impl IntoView {
    if page.items.is_empty() {
        return if search.is_empty() {
            view! {
                <div class="card">
                    <Empty
                        art=EmptyArt::Waiting
                        title="No organizations yet"
                        text="Create the first one below, then invite its administrator."
                    />
                </div>
            }
            .into_any()
        } else {
            view! {
                <div class="card">
                    <Empty
                        art=EmptyArt::Rows
                        title="No organization matches"
                        text=format!("None begins with “{search}”.")
                    >
                        <a class="btn" href=PATH>"Clear the search"</a>
                    </Empty>
                </div>
            }
            .into_any()
        };
    }
    let turn = |name: &'static str, cursor: Option<String>| {
        let search = search.clone();
        cursor.map(|cursor| {
            let mut pairs = vec![(name, cursor)];
            if !search.is_empty() {
                pairs.insert(0, ("q", search));
            }
            href(PATH, &pairs)
        })
    };
    let (previous, next) = (turn("before", page.previous), turn("after", page.next));
    let total = count(page.total);
    let rows = page
        .items
        .into_iter()
        .map(|row| view! { <Row row/> })
        .collect_view();
    view! {
        <Table caption="Organizations by name">
            <thead>
                <tr>
                    <th scope="col">"Organization"</th>
                    <th scope="col">"Provisioning"</th>
                    <th scope="col">"Last contact"</th>
                    <th scope="col" class="num">"Failures, 24 h"</th>
                    <th scope="col" class="num">"Users"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next><b>{total}</b> " organizations"</Pager>
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
    let contact = match row.last_contact {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    view! {
        <tr>
            <td>
                <Person
                    name=row.name
                    detail=row.slug.clone()
                    href=format!("{PATH}/{}", row.slug)
                    kind=AvatarKind::Square
                />
            </td>
            <td class="at-end"><ProvisioningStatus state=row.state/></td>
            <td class="nowrap soft" data-label="Last contact">{contact}</td>
            <td class="num at-end" data-label="Failures">{failures}</td>
            <td class="num at-hide">{number(row.users)}</td>
        </tr>
    }
}

#[component]
fn NewOrganization(answer: Option<FormAnswer>) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    let value = |name| {
        answer
            .as_ref()
            .and_then(|answer| answer.value(name))
            .unwrap_or_default()
            .to_owned()
    };
    let (name, slug) = (value("name"), value("slug"));
    let is_off = value("state") == "off";
    view! {
        <Card id="new" title="Create organization" lined=true>
            <div class="card-body">
                <form class="stack" method="post" action=PATH>
                    <Refusal answer/>
                    <Field name="name" label="Name" value=name maxlength=200 errors=errors.clone()/>
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
