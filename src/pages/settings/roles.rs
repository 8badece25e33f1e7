//! The catalogue of roles, and what of it to type into Entra.

use leptos::prelude::*;

use crate::components::badge::{Badge, Status};
use crate::components::callout::Callout;
use crate::components::copy::CopyIcon;
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::steps::MenuPath;
use crate::components::table::Table;
use crate::model::page::{Count, count, counted_up_to, number};
use crate::model::role::{RoleCatalogue, RoleRow};
use crate::model::user::UserFilter;

#[component]
pub(super) fn RolesSection(
    path: String,
    catalogue: RoleCatalogue,
    users: String,
    may_change: bool,
) -> impl IntoView {
    let RoleCatalogue { roles, total, .. } = catalogue;
    let shown = roles.len();
    let rest = (u64::try_from(shown).unwrap_or_default() < total).then(|| {
        view! {
            <p class="hint">
                {format!(
                    "The first {shown} of {} roles. Delete roles that nobody has to see the others.",
                    number(total),
                )}
            </p>
        }
    });
    let unreviewed = roles.iter().filter(|role| !role.is_reviewed).count();
    let unreviewed = (unreviewed > 0).then(|| view! { <Unreviewed roles=unreviewed/> });
    let values = values(&roles);
    let add = may_change.then(|| {
        let new = format!("{path}/roles/new");
        view! { <div><a class="btn" href=new><Icon name=IconName::Plus/> "Add role"</a></div> }
    });
    let last = shown.saturating_sub(1);
    let rows = roles
        .into_iter()
        .enumerate()
        .map(|(index, role)| {
            let ends = (index == 0, index == last);
            let (path, users) = (path.clone(), users.clone());
            view! { <Row path role users ends may_change/> }
        })
        .collect_view();
    view! {
        <section class="section" id="roles" aria-labelledby="roles-heading">
            <header>
                <h2 id="roles-heading">"Roles"</h2>
                <p>
                    "The value of the app role in Entra decides the role in Rhombus, in upper or lower case. The order goes from most to least privilege: when Entra sends several roles and marks none as primary, the lowest decides. Another order or default role leaves users stored already as they are until Entra next changes their roles."
                </p>
            </header>
            <div class="stack">
                {unreviewed}
                <Table caption="Roles, most privilege first">
                    <thead>
                        <tr>
                            <th scope="col">"App role value"</th>
                            <th scope="col">"Rhombus role"</th>
                            <th scope="col" class="num">"Users"</th>
                            {may_change
                                .then(|| {
                                    view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }
                                })}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
                {rest}
                {add}
                {values}
            </div>
        </section>
    }
}

#[component]
fn Unreviewed(roles: usize) -> impl IntoView {
    let text = if roles == 1 {
        "1 role came from Entra and waits for a review.".to_owned()
    } else {
        format!("{roles} roles came from Entra and wait for a review.")
    };
    view! {
        <Callout tone=Tone::Warn>
            <p><b>{text}</b> " Until then its users have no rights in Rhombus."</p>
        </Callout>
    }
}

/// What to type into Entra. Roles that nobody has reviewed are there: that is where they came from.
fn values(roles: &[RoleRow]) -> impl IntoView + use<> {
    let values = roles
        .iter()
        .filter(|role| role.is_reviewed)
        .map(|role| view! { <Value role=role.clone()/> })
        .collect_view();
    view! {
        <section class="block" aria-labelledby="values-heading">
            <h3 id="values-heading">"Values to type into Entra"</h3>
            <div class="stack">
                <p class="soft small">
                    "Under "
                    <MenuPath parts=&["App registrations", "Rhombus Systems", "App roles"]/>
                    ", create one app role for each role that you use, with exactly this "
                    <b>"Value"</b> ":"
                </p>
                <ul class="stack-tight small">{values}</ul>
            </div>
        </section>
    }
}

#[component]
fn Value(role: RoleRow) -> impl IntoView {
    view! {
        <li class="row">
            <code>{role.value.clone()}</code>
            <CopyIcon text=role.value.clone() what=format!("role value {}", role.value)/>
            <span class="soft">{role.display_name}</span>
        </li>
    }
}

/// `ends` says whether it is the first or the last of the list.
#[component]
fn Row(
    path: String,
    role: RoleRow,
    users: String,
    ends: (bool, bool),
    may_change: bool,
) -> impl IntoView {
    let page = format!("{path}/roles/{}", role.id);
    let mapped = (!role.mapped_values.is_empty()).then(|| {
        view! { <small>"Also " {role.mapped_values.join(", ")}</small> }
    });
    let default = role
        .is_default
        .then(|| view! { " " <Badge label="Default"/> });
    let unreviewed = (!role.is_reviewed).then(|| {
        let label = format!("Mark {} as reviewed", role.display_name);
        let review = may_change.then(|| {
            view! {
                <form method="post" action=format!("{page}/review")>
                    <button class="btn btn-small" aria-label=label>"Mark as reviewed"</button>
                </form>
            }
        });
        view! { <div class="row"><Status tone=Tone::Warn label="Not reviewed"/> {review}</div> }
    });
    let description =
        (!role.description.is_empty()).then(|| view! { <small>{role.description}</small> });
    let have = match role.users {
        Count::Exactly(0) => view! { "0" }.into_any(),
        users_of => {
            let filter = UserFilter {
                roles: vec![role.id.clone()],
                descending: true,
                ..UserFilter::default()
            };
            let label = format!(
                "{} with the role {}",
                counted_up_to(users_of, "user", "users"),
                role.display_name
            );
            view! { <a href=filter.href(&users) aria-label=label>{count(users_of)}</a> }.into_any()
        }
    };
    let actions = may_change.then(|| {
        let name = role.display_name.clone();
        let (is_first, is_last) = ends;
        view! {
            <td class="at-full at-last">
                <div class="row row-actions">
                    <Move page=page.clone() to="up" name=name.clone() disabled=is_first/>
                    <Move page=page.clone() to="down" name=name.clone() disabled=is_last/>
                    <a class="btn btn-small" href=page.clone() aria-label=format!("Edit {name}")>"Edit"</a>
                </div>
            </td>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <code>{role.value}</code>
                {mapped}
            </th>
            <td class="at-full at-later">
                <b>{role.display_name}</b>
                {default}
                {description}
                {unreviewed}
            </td>
            <td class="num at-end" data-label="Users">{have}</td>
            {actions}
        </tr>
    }
}

#[component]
fn Move(page: String, to: &'static str, name: String, disabled: bool) -> impl IntoView {
    let icon = if to == "up" {
        IconName::Up
    } else {
        IconName::Down
    };
    view! {
        <form method="post" action=format!("{page}/{to}")>
            <button
                class="btn btn-small btn-icon"
                aria-label=format!("Move {name} {to}")
                disabled=disabled
            >
                <Icon name=icon/>
            </button>
        </form>
    }
}
