//! What Rhombus does with incomplete users.

use leptos::prelude::*;

use crate::components::field::Choice;
use crate::model::form::FormAnswer;
use crate::model::organization::{MissingNames, MissingRole, OrganizationDetail, UnknownRole};

#[component]
pub(super) fn PoliciesSection(
    path: String,
    organization: OrganizationDetail,
    /// Display name.
    default_role: String,
    answer: Option<FormAnswer>,
    may_change: bool,
) -> impl IntoView {
    let chosen = |name: &str, stored: &str| {
        let typed = answer.as_ref().and_then(|answer| answer.value(name));
        typed.unwrap_or(stored).to_owned()
    };
    let names = chosen("missing_names", organization.missing_names.as_str());
    let missing = chosen("missing_role", organization.missing_role.as_str());
    let unknown = chosen("unknown_role", organization.unknown_role.as_str());
    let use_default = format!("Use the default role, {default_role}");
    let choice = |name, value: &'static str, chosen: &str, label: &str, detail: &str| {
        view! {
            <Choice name value label=label.to_owned() detail=detail.to_owned() checked=chosen == value/>
        }
    };
    let names = [
        choice(
            "missing_names",
            MissingNames::Reject.as_str(),
            &names,
            "Refuse the request",
            "Entra gets 400 with the attribute and the mapping to fix, and tries the user again in later cycles.",
        ),
        choice(
            "missing_names",
            MissingNames::Accept.as_str(),
            &names,
            "Accept with a warning",
            "The user is stored without the name and has access. The log says Warning.",
        ),
    ];
    let missing = [
        choice(
            "missing_role",
            MissingRole::Default.as_str(),
            &missing,
            &use_default,
            "The user is stored. The log says Warning. Provision on demand needs it, since it sends no role.",
        ),
        choice(
            "missing_role",
            MissingRole::Reject.as_str(),
            &missing,
            "Refuse the request",
            "Entra gets 400 with the list of values. Provision on demand always fails then.",
        ),
    ];
    let unknown = [
        choice(
            "unknown_role",
            UnknownRole::Reject.as_str(),
            &unknown,
            "Refuse the request",
            "Entra gets 400 with the list of values. No other change in the request arrives.",
        ),
        choice(
            "unknown_role",
            UnknownRole::Default.as_str(),
            &unknown,
            &use_default,
            "The user is stored. The log says Warning, and Entra reports success.",
        ),
        choice(
            "unknown_role",
            UnknownRole::Accept.as_str(),
            &unknown,
            "Add it to the roles as not reviewed",
            "The user is stored and has no rights until an administrator reviews the role below. While 200 roles wait for that, further ones are refused.",
        ),
    ];
    let save = may_change
        .then(|| view! { <div><button class="btn btn-primary">"Save changes"</button></div> });
    view! {
        <section class="section" id="policies" aria-labelledby="policies-heading">
            <header>
                <h2 id="policies-heading">"Incomplete users"</h2>
                <p>
                    "What Rhombus does when a user lacks what it requires. Taking access away is never refused: a user who becomes inactive keeps the old value, and the log says Warning."
                </p>
            </header>
            <form class="stack" method="post" action=path>
                <Policy legend="When a given name or family name is missing" may_change>
                    {names.into_iter().collect_view()}
                </Policy>
                <Policy legend="When Entra sends no role" may_change>
                    {missing.into_iter().collect_view()}
                </Policy>
                <Policy legend="When Entra sends an unknown role" may_change>
                    {unknown.into_iter().collect_view()}
                </Policy>
                {save}
            </form>
        </section>
    }
}

#[component]
fn Policy(legend: &'static str, may_change: bool, children: Children) -> impl IntoView {
    view! {
        <fieldset class="fieldset" disabled=!may_change>
            <legend>{legend}</legend>
            <div class="stack-tight">{children()}</div>
        </fieldset>
    }
}
