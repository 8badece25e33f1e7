//! How many users may lose access at once.

use leptos::prelude::*;

use crate::components::field::{Choice, Field};
use crate::components::form::typed_or;
use crate::model::error::FieldError;
use crate::model::form::FormAnswer;
use crate::model::page::{counted_up_to, number};
use crate::model::settings::GuardSetting;

#[component]
pub(super) fn GuardSection(
    /// Of the settings.
    path: String,
    /// Of the users who are held.
    held_path: String,
    guard: GuardSetting,
    answer: Option<FormAnswer>,
    errors: Vec<FieldError>,
    may_change: bool,
) -> impl IntoView {
    let shown = |name: &str, stored: &str| typed_or(answer.as_ref(), name, stored);
    let chosen = shown("guard", if guard.limit.is_some() { "on" } else { "off" });
    let stored = guard.limit.unwrap_or(guard.suggested).to_string();
    let limit = shown("removal_limit", &stored);
    let hint = format!(
        "Suggested: {}, a tenth of the active users and at least 20.",
        number(guard.suggested)
    );
    let has_held = guard.held != crate::model::page::Count::Exactly(0);
    let held = has_held.then(|| {
        let users = counted_up_to(guard.held, "user is held", "users are held");
        view! { <p class="small"><a href=held_path>{users}</a></p> }
    });
    let off = if has_held {
        "Whoever is held loses access with Entra’s next try."
    } else {
        "Entra can take away everybody’s access in one cycle."
    };
    let fields = view! {
        <fieldset class="fieldset" disabled=!may_change>
            <legend>"When many users lose access in one cycle"</legend>
            <div class="stack">
            <div class="stack-tight">
                <Choice name="guard" value="off" label="Let Entra do it" detail=off checked=chosen == "off"/>
                <Choice
                    name="guard"
                    value="on"
                    label="Hold those above the limit"
                    detail="Entra gets 503 for them, they keep their access, and an administrator decides."
                    checked=chosen == "on"
                />
            </div>
            <Field name="removal_limit" label="Users in one cycle at most" value=limit hint errors optional=true/>
            </div>
        </fieldset>
    };
    let save = may_change
        .then(|| view! { <div><button class="btn btn-primary">"Save guard"</button></div> });
    view! {
        <section class="section" id="guard" aria-labelledby="guard-heading">
            <header>
                <h2 id="guard-heading">"Accidental-deletion guard"</h2>
                <p>
                    "A changed scope in Entra can deactivate or delete hundreds of users at once. Entra has a threshold of its own; this one holds whatever its setting."
                </p>
                {held}
            </header>
            <form class="stack" method="post" action=format!("{path}/guard")>{fields} {save}</form>
        </section>
    }
}
