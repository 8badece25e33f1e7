//! What Rhombus does with incomplete users.

use leptos::prelude::*;

use crate::components::field::Choice;
use crate::components::form::typed_or;
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
    let chosen = |name: &str, stored: &str| typed_or(answer.as_ref(), name, stored);
    let names = choices(
        "missing_names",
        &chosen("missing_names", organization.missing_names.as_str()),
        &for_missing_names(),
    );
    let use_default = format!("Use the default role, {default_role}");
    let missing = choices(
        "missing_role",
        &chosen("missing_role", organization.missing_role.as_str()),
        &for_missing_role(&use_default),
    );
    let unknown = choices(
        "unknown_role",
        &chosen("unknown_role", organization.unknown_role.as_str()),
        &for_unknown_role(&use_default),
    );
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
                    {names}
                </Policy>
                <Policy legend="When Entra sends no role" may_change>
                    {missing}
                </Policy>
                <Policy legend="When Entra sends an unknown role" may_change>
                    {unknown}
                </Policy>
                {save}
            </form>
        </section>
    }
}

/// What can be chosen: the value, the label and the consequence.
type Consequence<'a> = (&'static str, &'a str, &'static str);

fn for_missing_names() -> [Consequence<'static>; 2] {
    [
        (
            MissingNames::Reject.as_str(),
            "Refuse the request",
            "Entra gets 400 with the attribute and the mapping to fix, and tries the user again in later cycles.",
        ),
        (
            MissingNames::Accept.as_str(),
            "Accept with a warning",
            "The user is stored without the name and has access. The log says Warning.",
        ),
    ]
}

fn for_missing_role(use_default: &str) -> [Consequence<'_>; 2] {
    [
        (
            MissingRole::Default.as_str(),
            use_default,
            "The user is stored. The log says Warning. Provision on demand needs it, since it sends no role.",
        ),
        (
            MissingRole::Reject.as_str(),
            "Refuse the request",
            "Entra gets 400 with the list of values. Provision on demand always fails then.",
        ),
    ]
}

fn for_unknown_role(use_default: &str) -> [Consequence<'_>; 3] {
    [
        (
            UnknownRole::Reject.as_str(),
            "Refuse the request",
            "Entra gets 400 with the list of values. No other change in the request arrives.",
        ),
        (
            UnknownRole::Default.as_str(),
            use_default,
            "The user is stored. The log says Warning, and Entra reports success.",
        ),
        (
            UnknownRole::Accept.as_str(),
            "Add it to the roles as not reviewed",
            "The user is stored and has no rights until an administrator reviews the role below. While 200 roles wait for that, further ones are refused.",
        ),
    ]
}

/// The choices of one policy; `chosen` is the value that holds.
fn choices(name: &'static str, chosen: &str, options: &[Consequence<'_>]) -> impl IntoView + use<> {
    options
        .iter()
        .map(|&(value, label, detail)| {
            view! { <Choice name value label detail checked=chosen == value/> }
        })
        .collect_view()
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
