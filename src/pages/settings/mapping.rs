//! The attribute mapping as Entra's tutorial shows it, with what users really carry.

use leptos::prelude::*;

use crate::components::badge::Status;
use crate::components::icon::Tone;
use crate::components::steps::MenuPath;
use crate::components::table::{Dash, Table};
use crate::model::mapping;
use crate::model::organization::{MissingNames, MissingRole, OrganizationDetail};
use crate::model::settings::{Carried, Share};
use crate::model::user::{RoleState, UserFilter};

/// What Rhombus does without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    /// Not required, since this stands in.
    Instead(&'static str),
    Stored,
}

struct Row {
    attribute: &'static str,
    kind: &'static str,
    need: Need,
    share: Share,
}

#[component]
pub(super) fn MappingSection(
    organization: OrganizationDetail,
    carried: Carried,
    users: String,
) -> impl IntoView {
    let rows = rows(&organization, &carried);
    let defaulted = UserFilter {
        role_state: Some(RoleState::Defaulted),
        descending: true,
        ..UserFilter::default()
    }
    .href(&users);
    let rows = rows
        .into_iter()
        .map(|row| view! { <MappingRow row defaulted=defaulted.clone()/> })
        .collect_view();
    view! {
        <section class="section" id="mapping" aria-labelledby="mapping-heading">
            <header>
                <h2 id="mapping-heading">"Attribute mapping"</h2>
                <p>
                    "Compare with "
                    <MenuPath parts=&["Provisioning", "Mappings", "Provision Microsoft Entra ID Users"]/>
                    " in Entra. Every other attribute of /Schemas is stored too, except password; what is not listed there is left \
                     out with a warning."
                </p>
            </header>
            <Table caption="Attribute mapping">
                <thead>
                    <tr>
                        <th scope="col">"Rhombus attribute and type"</th>
                        <th scope="col">"Microsoft Entra attribute"</th>
                        <th scope="col">"Required"</th>
                        <th scope="col">"Users with a value"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
}

/// What Rhombus asks for, and what users carry of it.
fn rows(organization: &OrganizationDetail, carried: &Carried) -> [Row; 9] {
    let names = match organization.missing_names {
        MissingNames::Reject => Need::Required,
        MissingNames::Accept => Need::Instead("No, with a warning"),
    };
    let role = match organization.missing_role {
        MissingRole::Reject => Need::Required,
        MissingRole::Default => Need::Instead("No, default role instead"),
    };
    let text = |attribute, need, share| Row {
        attribute,
        kind: "String",
        need,
        share,
    };
    let everyone = carried.with(carried.everyone);
    [
        text("userName", Need::Required, everyone.clone()),
        Row {
            attribute: "active",
            kind: "Boolean",
            need: Need::Instead("No, counts as true"),
            share: everyone,
        },
        text(
            "name.givenName",
            names,
            carried.without(carried.without_given_name),
        ),
        text(
            "name.familyName",
            names,
            carried.without(carried.without_family_name),
        ),
        text(
            "roles[primary eq \"True\"].value",
            role,
            carried.without(carried.without_role),
        ),
        text(
            "externalId",
            Need::Stored,
            carried.with(carried.with_external_id),
        ),
        text(
            "emails[type eq \"work\"].value",
            Need::Stored,
            carried.with(carried.with_work_email),
        ),
        text("title", Need::Stored, carried.with(carried.with_title)),
        text(
            "department",
            Need::Stored,
            carried.with(carried.with_department),
        ),
    ]
}

#[component]
fn MappingRow(row: Row, defaulted: String) -> impl IntoView {
    let source = mapping::source(row.attribute).unwrap_or_default();
    let kind = if row.attribute == "userName" {
        format!("{}, matching precedence 1", row.kind)
    } else {
        row.kind.to_owned()
    };
    let need = match row.need {
        Need::Required => view! { "Yes" }.into_any(),
        Need::Instead(instead) => view! { <span class="soft">{instead}</span> }.into_any(),
        Need::Stored => view! { <Dash/> }.into_any(),
    };
    let is_role = row.attribute.starts_with("roles");
    let share = match row.share {
        Share::Nobody => view! { <Dash/> }.into_any(),
        Share::All => view! { <Status tone=Tone::Ok label="All"/> }.into_any(),
        Share::None if row.need == Need::Stored => {
            view! { <span class="muted">"None"</span> }.into_any()
        }
        Share::None => view! { <Status tone=Tone::Warn label="None"/> }.into_any(),
        Share::Some(text) if is_role => {
            view! { <a href=defaulted><Status tone=Tone::Warn label=text/></a> }.into_any()
        }
        Share::Some(text) if row.need == Need::Stored => text.into_any(),
        Share::Some(text) => view! { <Status tone=Tone::Warn label=text/> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="at-full">
                <code>{row.attribute}</code>
                <small>{kind}</small>
            </th>
            <td class="at-full" data-label="From"><code>{source}</code></td>
            <td data-label="Required">{need}</td>
            <td class="at-end" data-label="Users">{share}</td>
        </tr>
    }
}
