//! What the list of users is narrowed by: tabs for the state, a form for the rest, a chip for each that is on.

use leptos::prelude::*;

use crate::components::filter_bar::{
    Chip, Chips, FilterBar, FilterMenu, FilterOption, SearchField,
};
use crate::components::region::Region;
use crate::components::tabs::{Tab, Tabs};
use crate::model::page::count;
use crate::model::user::{RoleChoice, RoleState, UserCounts, UserFilter, UserSort, UserState};
use crate::model::user_query::SPANS;

/// The states that users are listed by, each with its number.
#[component]
pub fn StateTabs(path: String, filter: UserFilter, counts: UserCounts) -> impl IntoView {
    let tab = |label, state, has_failures, n| {
        let mut target = UserFilter {
            state,
            has_failures,
            ..filter.clone()
        };
        // A tombstone has no role.
        if state == Some(UserState::Deleted) {
            (target.roles, target.role_state) = (Vec::new(), None);
        }
        Tab {
            label,
            href: target.href(&path),
            count: Some(count(n)),
            current: filter.state == state && filter.has_failures == has_failures,
        }
    };
    let state = |state, n| tab(state_label(state), Some(state), false, n);
    let tabs = vec![
        tab("All", None, false, counts.all),
        state(UserState::Active, counts.active),
        state(UserState::Inactive, counts.inactive),
        state(UserState::Blocked, counts.blocked),
        tab("With errors", None, true, counts.with_errors),
        state(UserState::Deleted, counts.deleted),
    ];
    view! { <Tabs label="Users" tabs/> }
}

fn state_label(state: UserState) -> &'static str {
    match state {
        UserState::Active => "Active",
        UserState::Inactive => "Inactive",
        UserState::Blocked => "Blocked",
        UserState::Deleted => "Deleted",
    }
}

const ROLE_STATES: [RoleState; 4] = [
    RoleState::Known,
    RoleState::Defaulted,
    RoleState::Unreviewed,
    RoleState::Missing,
];

fn role_state_label(state: RoleState) -> &'static str {
    match state {
        RoleState::Known => "Sent by Entra",
        RoleState::Defaulted => "Default role: missing or unknown",
        RoleState::Unreviewed => "Not reviewed yet",
        RoleState::Missing => "No role",
    }
}

/// Search, filters and the chips of those that are on. What the tabs and the headings say is kept.
#[component]
pub fn UserFilters(path: String, filter: UserFilter, roles: Vec<RoleChoice>) -> impl IntoView {
    let chips = chips(&filter, &roles, &path);
    let kept = UserFilter {
        state: filter.state,
        has_failures: filter.has_failures,
        sort: filter.sort,
        descending: filter.descending,
        ..UserFilter::default()
    };
    let kept = kept
        .to_pairs()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let has_roles = filter.state != Some(UserState::Deleted);
    let by_role = has_roles.then(|| {
        let options: Vec<(String, String)> =
            roles.into_iter().map(|role| (role.id, role.name)).collect();
        let states = ROLE_STATES
            .map(|state| FilterOption {
                value: state.as_str(),
                label: role_state_label(state),
            })
            .to_vec();
        let chosen: Vec<String> = filter
            .role_state
            .map(|state| state.as_str().to_owned())
            .into_iter()
            .collect();
        view! {
            <FilterMenu label="Role" name="role" options chosen=filter.roles/>
            <FilterMenu label="Role from" name="role_state" single=true options=states chosen/>
        }
    });
    let spans = SPANS
        .map(|(value, label)| FilterOption { value, label })
        .to_vec();
    let within: Vec<String> = filter.within.into_iter().collect();
    let clear = path.clone();
    view! {
        <FilterBar action=path label="Filter users">
            <SearchField placeholder="Name, userName or ID" value=filter.text/>
            {by_role}
            <FilterMenu label="Last change" name="within" single=true options=spans chosen=within/>
            {kept}
        </FilterBar>
        <Region name="chips"><Chips chips clear/></Region>
    }
}

fn chips(filter: &UserFilter, roles: &[RoleChoice], path: &str) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |name, value: &str, take_away: &dyn Fn(&mut UserFilter)| {
        let mut without = filter.clone();
        take_away(&mut without);
        chips.push(Chip {
            name,
            value: value.to_owned(),
            without: without.href(path),
        });
    };
    if !filter.text.is_empty() {
        add("Search", &filter.text, &|without| without.text.clear());
    }
    if let Some(state) = filter.state {
        add("State", state_label(state), &|without| without.state = None);
    }
    if filter.has_failures {
        add("Last request", "refused", &|without| {
            without.has_failures = false;
        });
    }
    for id in &filter.roles {
        let name = roles.iter().find(|role| role.id == *id);
        let name = name.map_or("no longer in the catalogue", |role| role.name.as_str());
        add("Role", name, &|without| {
            without.roles.retain(|other| other != id)
        });
    }
    if let Some(state) = filter.role_state {
        add("Role from", role_state_label(state), &|without| {
            without.role_state = None;
        });
    }
    if let Some(within) = &filter.within {
        let label = SPANS.iter().find(|(span, _)| span == within);
        let label = label.map_or("", |(_, label)| *label);
        add("Last change", label, &|without| without.within = None);
    }
    chips
}

/// What a second click on a heading asks for: the other way round; times begin with the newest.
pub fn sorted_by(filter: &UserFilter, by: UserSort) -> UserFilter {
    let descending = if filter.sort == by {
        !filter.descending
    } else {
        by == UserSort::Changed
    };
    UserFilter {
        sort: by,
        descending,
        ..filter.clone()
    }
}
