//! Navigation: a popover on small screens, a column on large ones, without scripts.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::avatar::{Avatar, AvatarKind};
use super::icon::{Brand, Icon, IconName};
use super::theme::ThemeChoice;
use crate::model::account::{AccountRole, Me, OrganizationLink};
use crate::model::page::{Count, count};

/// `organization` is the one that the pages are about, if they are about one. Beside a question all of it is `inert`.
#[component]
pub fn Nav(
    me: Me,
    organization: Option<OrganizationLink>,
    /// Of that organization, where they were counted.
    open_issues: Option<Count>,
    inert: bool,
) -> impl IntoView {
    let is_support = me.role == AccountRole::Support;
    let items = organization
        .clone()
        .map(|organization| view! { <OrganizationItems slug=organization.slug open_issues/> });
    view! {
        <nav class="nav" id="nav" popover aria-label="Main" inert=inert>
            <div class="nav-brand"><Brand/></div>
            <Switcher organization is_support/>
            {items}
            <div class="nav-foot"><MyMenu me/></div>
        </nav>
    }
}

#[component]
fn Switcher(organization: Option<OrganizationLink>, is_support: bool) -> impl IntoView {
    let all = || view! { <a href="/organizations"><Icon name=IconName::Building/> "All organizations"</a> };
    match (organization, is_support) {
        (Some(organization), true) => {
            let OrganizationLink { slug, name } = organization;
            view! {
                <details class="nav-org">
                    <summary>
                        <OrganizationName slug=slug.clone() name=name.clone()/>
                        <Icon name=IconName::UpDown/>
                        <span class="visually-hidden">"Switch organization"</span>
                    </summary>
                    <div class="menu">
                        {all()} <hr/> <a href=format!("/organizations/{slug}")>{name}</a>
                    </div>
                </details>
            }
            .into_any()
        }
        (Some(organization), false) => {
            let OrganizationLink { slug, name } = organization;
            let href = format!("/organizations/{slug}");
            view! {
                <div class="nav-org">
                    <a href=href><OrganizationName slug name/></a>
                </div>
            }
            .into_any()
        }
        (None, false) => ().into_any(),
        (None, true) => view! {
            <ul class="nav-list">
                <Item href="/organizations" exact=true icon=IconName::Building label="Organizations"/>
                <Item href="/issues" icon=IconName::Issue label="Issues"/>
                <Item href="/accounts" icon=IconName::Shield label="Support accounts"/>
                <Item href="/audit" icon=IconName::Clock label="Audit"/>
            </ul>
        }
        .into_any(),
    }
}

#[component]
fn OrganizationName(slug: String, name: String) -> impl IntoView {
    view! {
        <Avatar name=name.clone() kind=AvatarKind::Organization/>
        <span>
            <b class="truncate">{name}</b>
            <small class="truncate">{slug}</small>
        </span>
    }
}

#[component]
fn OrganizationItems(slug: String, open_issues: Option<Count>) -> impl IntoView {
    let path = |rest: &str| format!("/organizations/{slug}{rest}");
    view! {
        <div>
            <p class="nav-group" id="nav-monitor">"Monitor"</p>
            <ul class="nav-list" aria-labelledby="nav-monitor">
                <Item href=path("") exact=true icon=IconName::Pulse label="Overview"/>
                <Item href=path("/issues") icon=IconName::Issue label="Issues" number=open_issues/>
                <Item href=path("/logs") icon=IconName::Logs label="Logs"/>
                <Item href=path("/users") icon=IconName::Users label="Users"/>
            </ul>
        </div>
        <div>
            <p class="nav-group" id="nav-connect">"Connect"</p>
            <ul class="nav-list" aria-labelledby="nav-connect">
                <Item href=path("/tokens") icon=IconName::Key label="Tokens"/>
                <Item href=path("/notifications") icon=IconName::Bell label="Notifications"/>
                <Item href=path("/settings") icon=IconName::Sliders label="Settings"/>
            </ul>
        </div>
        <div>
            <p class="nav-group" id="nav-administer">"Administer"</p>
            <ul class="nav-list" aria-labelledby="nav-administer">
                <Item href=path("/accounts") icon=IconName::Shield label="Accounts"/>
                <Item href=path("/audit") icon=IconName::Clock label="Audit"/>
            </ul>
        </div>
    }
}

/// Marked as current on its own page, and unless `exact` on those below it.
#[component]
fn Item(
    #[prop(into)] href: String,
    icon: IconName,
    label: &'static str,
    #[prop(optional)] exact: bool,
    /// Of what is open there; none is not worth a sign.
    #[prop(optional_no_strip)]
    number: Option<Count>,
) -> impl IntoView {
    let number = number
        .filter(|number| *number != Count::Exactly(0))
        .map(|number| {
            view! {
                <span class="nav-count">
                    {count(number)} <span class="visually-hidden">" open"</span>
                </span>
            }
        });
    let here = use_location().pathname;
    let target = href.clone();
    let current = move || {
        let is_current = here.with(|here| {
            here.strip_prefix(target.as_str()).is_some_and(|rest| {
                rest.trim_end_matches('/').is_empty() || (!exact && rest.starts_with('/'))
            })
        });
        is_current.then_some("page")
    };
    view! {
        <li>
            <a class="nav-item" href=href aria-current=current><Icon name=icon/> {label} {number}</a>
        </li>
    }
}

#[component]
fn MyMenu(me: Me) -> impl IntoView {
    view! {
        <details class="nav-me">
            <summary>
                <Avatar name=me.name.clone()/>
                <span>
                    <span class="truncate">{me.name}</span>
                    <small>{me.role.label()}</small>
                </span>
                <Icon name=IconName::UpDown/>
            </summary>
            <div class="menu">
                <a href="/account"><Icon name=IconName::Users/> "Your account"</a>
                <hr/>
                <ThemeChoice/>
                <hr/>
                <form method="post" action="/sign-out">
                    <button><Icon name=IconName::Out/> "Sign out"</button>
                </form>
            </div>
        </details>
    }
}
