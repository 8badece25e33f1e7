//! `/organizations/{slug}/users`: is everybody there, and right?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::users::{count_users, list_users};
use crate::components::avatar::Person;
use crate::components::badge::UserStatus;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::filter_bar::{
    Chip, Chips, FilterBar, FilterMenu, FilterOption, SearchField,
};
use crate::components::icon::{Glyph, Tone};
use crate::components::load::load;
use crate::components::page::{OrganizationSheet, PageHead, Width, in_organization};
use crate::components::pager::{Pager, count};
use crate::components::region::Region;
use crate::components::table::{Dash, SortHeader, Sorted, Table};
use crate::components::tabs::{Tab, Tabs};
use crate::components::time::Time;
use crate::model::frame::Frame;
use crate::model::page::Page;
use crate::model::user::{RoleState, UserCounts, UserFilter, UserRow, UserSort, UserState};

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
    in_organization(move |frame: Frame| {
        let path = frame.href("/users");
        let logs = frame.href("");
        let bar_path = path.clone();
        let body_path = path.clone();
        view! {
            <OrganizationSheet frame title="Users" width=Width::Wide>
                <PageHead
                    title="Users"
                    lead="Managed by Microsoft Entra ID. Change people there; edits made here would be overwritten."
                />
                <Region name="tabs">
                    {load(move || {
                        let (path, filter) = (path.clone(), filter.get());
                        async move {
                            let counts = counts.await?;
                            Ok(view! { <StateTabs path filter counts/> }.into_any())
                        }
                    })}
                </Region>
                <UserFilters path=bar_path filter/>
                <Region name="results">
                    {load(move || {
                        let (path, organization) = (body_path.clone(), logs.clone());
                        async move {
                            let page = users.await?;
                            Ok(view! { <UserTable path organization filter=filter.get_untracked() page/> }.into_any())
                        }
                    })}
                </Region>
            </OrganizationSheet>
        }
    })
}

#[component]
fn StateTabs(path: String, filter: UserFilter, counts: UserCounts) -> impl IntoView {
    let tab = |label, state, has_failures, n| Tab {
        label,
        href: UserFilter {
            state,
            has_failures,
            ..filter.clone()
        }
        .href(&path),
        count: Some(count(n)),
        current: filter.state == state && filter.has_failures == has_failures,
    };
    let tabs = vec![
        tab("All", None, false, counts.all),
        tab("Active", Some(UserState::Active), false, counts.active),
        tab(
            "Inactive",
            Some(UserState::Inactive),
            false,
            counts.inactive,
        ),
        tab("With errors", None, true, counts.with_errors),
        tab("Deleted", Some(UserState::Deleted), false, counts.deleted),
    ];
    view! { <Tabs label="Users" tabs/> }
}

const ROLE_STATES: [(RoleState, FilterOption); 4] = [
    (
        RoleState::Known,
        FilterOption {
            value: "known",
            label: "Sent by Entra",
        },
    ),
    (
        RoleState::Defaulted,
        FilterOption {
            value: "defaulted",
            label: "Default role",
        },
    ),
    (
        RoleState::Unreviewed,
        FilterOption {
            value: "unreviewed",
            label: "Not reviewed yet",
        },
    ),
    (
        RoleState::Missing,
        FilterOption {
            value: "missing",
            label: "No role",
        },
    ),
];

fn role_state_label(state: RoleState) -> &'static str {
    ROLE_STATES
        .iter()
        .find(|(known, _)| *known == state)
        .map_or("", |(_, option)| option.label)
}

/// Search, filters and the chips of those that are on.
#[component]
fn UserFilters(path: String, filter: Memo<UserFilter>) -> impl IntoView {
    let search = Signal::derive(move || filter.with(|filter| filter.text.clone()));
    let role_states = Signal::derive(move || {
        filter.with(|filter| {
            filter
                .role_state
                .map(|state| state.as_str().to_owned())
                .into_iter()
                .collect()
        })
    });
    let kept = move || filter.with(|filter| filter.state.map(UserState::as_str));
    let has_failures = move || filter.with(|filter| filter.has_failures);
    let clear = path.clone();
    let chips_path = path.clone();
    let chips = Signal::derive(move || filter.with(|filter| chips(filter, &chips_path)));
    view! {
        <FilterBar action=path label="Filter users">
            <SearchField placeholder="Name, userName or ID" value=search/>
            <FilterMenu
                label="Role"
                name="role_state"
                single=true
                options=ROLE_STATES.map(|(_, option)| option).to_vec()
                chosen=role_states
            />
            {move || kept().map(|state| view! { <input type="hidden" name="state" value=state/> })}
            {move || has_failures().then(|| view! { <input type="hidden" name="failures" value="1"/> })}
        </FilterBar>
        <Region name="chips"><Chips chips clear/></Region>
    }
}

fn chips(filter: &UserFilter, path: &str) -> Vec<Chip> {
    let mut chips = Vec::new();
    if !filter.text.is_empty() {
        let without = UserFilter {
            text: String::new(),
            ..filter.clone()
        }
        .href(path);
        chips.push(Chip {
            name: "Search",
            value: filter.text.clone(),
            without,
        });
    }
    if let Some(state) = filter.role_state {
        let without = UserFilter {
            role_state: None,
            ..filter.clone()
        }
        .href(path);
        chips.push(Chip {
            name: "Role",
            value: role_state_label(state).to_owned(),
            without,
        });
    }
    for role in &filter.roles {
        let roles = filter
            .roles
            .iter()
            .filter(|other| *other != role)
            .cloned()
            .collect();
        let without = UserFilter {
            roles,
            ..filter.clone()
        }
        .href(path);
        chips.push(Chip {
            name: "Role",
            value: role.clone(),
            without,
        });
    }
    chips
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
    // A second click turns the order round; times begin with the newest.
    let sort_href = |by| {
        let descending = if sort == by {
            !is_descending
        } else {
            by == UserSort::Changed
        };
        UserFilter {
            sort: by,
            descending,
            ..filter.clone()
        }
        .href(&path)
    };
    let header = |label, by| view! { <SortHeader label sorted=sorted(by) href=sort_href(by)/> };
    let by_name = header("Name", UserSort::Name);
    let by_role = header("Role", UserSort::Role);
    let by_status = header("Status", UserSort::Status);
    let by_change = header("Last change", UserSort::Changed);
    let turn = |cursor: Option<String>, newer| {
        cursor.map(|cursor| filter.page_href(&path, &cursor, newer))
    };
    let (previous, next) = (turn(page.previous, true), turn(page.next, false));
    let total = count(page.total);
    let rows = page
        .items
        .into_iter()
        .map(|row| view! { <Row organization=organization.clone() row/> })
        .collect_view();
    view! {
        <Table caption="Users">
            <thead>
                <tr>
                    {by_name} {by_role} {by_status} {by_change}
                    <th scope="col">"Last error"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next><b>{total}</b> " users"</Pager>
    }
    .into_any()
}

#[component]
fn Row(organization: String, row: UserRow) -> impl IntoView {
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
            <td class="at-hide">{role} {role_note.map(|note| view! { <small>{note}</small> })}</td>
            <td class="at-end"><UserStatus active=row.active blocked=row.blocked/></td>
            <td class="nowrap soft" data-label="Changed"><Time moment=row.changed/></td>
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
