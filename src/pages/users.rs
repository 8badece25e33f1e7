//! `/organizations/{slug}/users`: is everybody there, and right?

mod filters;

use filters::{StateTabs, UserFilters, sorted_by};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::users::{count_users, list_role_choices, list_users};
use crate::components::avatar::Person;
use crate::components::badge::UserStatus;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::icon::{Glyph, Tone};
use crate::components::load::load;
use crate::components::page::{OrganizationSheet, PageHead, Width, in_organization};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::table::{Dash, SortHeader, Sorted, Table};
use crate::components::time::Time;
use crate::model::frame::Frame;
use crate::model::page::{Page, counted_up_to};
use crate::model::user::{RoleState, UserFilter, UserRow, UserSort, UserState};

/// The users of an organization.
#[component]
pub fn UsersPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let filter = Memo::new(move |_| query.with(|query| UserFilter::from_pairs(query.into_iter())));
    let users = Resource::new(
        move || (slug.get(), filter.get()),
        |(slug, filter)| list_users(slug, filter),
    );
    let counts = Resource::new(move || slug.get(), count_users);
    let roles = Resource::new(move || slug.get(), list_role_choices);
    in_organization(move |frame: Frame| {
        let path = frame.href("/users");
        let organization = frame.href("");
        let (tabs_path, bar_path) = (path.clone(), path.clone());
        view! {
            <OrganizationSheet frame title="Users" width=Width::Wide>
                <PageHead
                    title="Users"
                    lead="Managed by Microsoft Entra ID. Change people there; edits made here would be overwritten."
                />
                <Region name="tabs">
                    {load(move || {
                        let (path, filter) = (tabs_path.clone(), filter.get());
                        async move {
                            let counts = counts.await?;
                            Ok(view! { <StateTabs path filter counts/> }.into_any())
                        }
                    })}
                </Region>
                {load(move || {
                    let (path, filter) = (bar_path.clone(), filter.get());
                    async move {
                        let roles = roles.await?;
                        Ok(view! { <UserFilters path filter roles/> }.into_any())
                    }
                })}
                <Region name="results">
                    {load(move || {
                        let (path, organization, filter) = (path.clone(), organization.clone(), filter.get());
                        async move {
                            let page = users.await?;
                            Ok(view! { <UserTable path organization filter page/> }.into_any())
                        }
                    })}
                </Region>
            </OrganizationSheet>
        }
    })
}

#[component]
fn UserTable(
    path: String,
    organization: String,
    filter: UserFilter,
    page: Page<UserRow>,
) -> impl IntoView {
    if page.items.is_empty() {
        return view! { <NoUsers path organization filter/> }.into_any();
    }
    let (sort, is_descending) = (filter.sort, filter.descending);
    let sorted = move |by| match (sort == by, is_descending) {
        (false, _) => Sorted::No,
        (true, false) => Sorted::Ascending,
        (true, true) => Sorted::Descending,
    };
    let header = |label, by| {
        let href = sorted_by(&filter, by).href(&path);
        view! { <SortHeader label sorted=sorted(by) href/> }.into_any()
    };
    // Tombstones are kept by the time of their deletion alone.
    let is_deleted = filter.state == Some(UserState::Deleted);
    let headers = if is_deleted {
        let by_time = UserFilter {
            sort: UserSort::Changed,
            descending: !is_descending,
            ..filter.clone()
        };
        let sorted = if is_descending {
            Sorted::Descending
        } else {
            Sorted::Ascending
        };
        view! {
            <th scope="col">"Name"</th>
            <th scope="col">"Role"</th>
            <th scope="col">"Status"</th>
            <SortHeader label="Deleted" sorted href=by_time.href(&path)/>
        }
        .into_any()
    } else {
        view! {
            {header("Name", UserSort::Name)}
            {header("Role", UserSort::Role)}
            {header("Status", UserSort::Status)}
            {header("Last change", UserSort::Changed)}
        }
        .into_any()
    };
    let turn = |cursor: Option<String>, newer| {
        cursor.map(|cursor| filter.page_href(&path, &cursor, newer))
    };
    let (previous, next) = (turn(page.previous, true), turn(page.next, false));
    let total = counted_up_to(page.total, "user", "users");
    let rows = page
        .items
        .into_iter()
        .map(|row| view! { <Row organization=organization.clone() row is_deleted/> })
        .collect_view();
    view! {
        <Table caption="Users">
            <thead>
                <tr>
                    {headers}
                    <th scope="col">"Last error"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next>{total}</Pager>
    }
    .into_any()
}

#[component]
fn Row(organization: String, row: UserRow, is_deleted: bool) -> impl IntoView {
    let role_note = match row.role_state {
        RoleState::Known | RoleState::Missing => None,
        RoleState::Defaulted => Some("default"),
        RoleState::Unreviewed => Some("not reviewed"),
    };
    let role = match row.role {
        Some(role) => role.into_any(),
        None => view! { <Dash/> }.into_any(),
    };
    let (failure_class, failure) = match row.last_failure {
        Some(failure) => (
            "soft at-full",
            view! {
                <span class="issue-cell above">
                    <Glyph tone=Tone::Fail/>
                    <a class="table-clamp" href=format!("{organization}/logs/{}", failure.log_id)>
                        {failure.title}
                    </a>
                </span>
            }
            .into_any(),
        ),
        None => ("soft at-hide", view! { <Dash/> }.into_any()),
    };
    view! {
        <tr>
            <td class="col-person">
                <Person name=row.label detail=row.user_name href=format!("{organization}/users/{}", row.id)/>
            </td>
            <td class="at-hide col-role">{role} {role_note.map(|note| view! { <small>{note}</small> })}</td>
            <td class="at-end"><UserStatus active=row.active blocked=row.blocked deleted=is_deleted/></td>
            <td class="nowrap soft" data-label=if is_deleted { "Deleted" } else { "Changed" }><Time moment=row.changed/></td>
            <td class=failure_class>{failure}</td>
        </tr>
    }
}

/// "Nothing yet" and "nothing matches" are two states.
#[component]
fn NoUsers(path: String, organization: String, filter: UserFilter) -> impl IntoView {
    let empty = if filter.is_narrowed() {
        view! {
            <Empty
                art=EmptyArt::Rows
                title="No users match these filters"
                text="A search finds names and userNames by their beginning, and ids as a whole."
            >
                <a class="btn" href=path>"Clear filters"</a>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty
                art=EmptyArt::Waiting
                title="No users yet"
                text="The initial cycle has not started. Set Provisioning Status to On in Entra, or try one user with Provision on demand."
            >
                <a class="btn" href=organization>"See the steps"</a>
            </Empty>
        }
        .into_any()
    };
    view! { <div class="card">{empty}</div> }
}
