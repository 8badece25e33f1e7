//! `/sign-in`: posts to the plain route of the same address.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::entrance::{Entrance, form_error};
use crate::components::field::{Field, FieldKind};
use crate::components::form::{field_errors, form_answer, typed};

/// Where one signs in.
#[component]
pub fn SignInPage() -> impl IntoView {
    let answer = form_answer();
    let next = use_query_map()
        .get_untracked()
        .get("next")
        .unwrap_or_default();
    let errors = field_errors(answer.as_ref());
    let email = typed(answer.as_ref(), "email");
    let error = form_error(answer.as_ref());
    // Where the password is to be typed again, it has the focus.
    let is_first = errors.is_empty();
    view! {
        <Title text="Sign in"/>
        <Entrance
            title="Sign in"
            lead="See what Microsoft Entra ID provisions into Rhombus, and fix what fails."
            error
        >
            <form method="post" action="/sign-in">
                <input type="hidden" name="next" value=next/>
                <Field
                    name="email"
                    label="Email address"
                    kind=FieldKind::Email
                    value=email
                    autofocus=is_first
                />
                <Field name="password" label="Password" kind=FieldKind::Password errors/>
                <button class="btn btn-primary btn-block">"Sign in"</button>
            </form>
            <p class="small">
                <a href="/forgot-password">"Forgot your password?"</a>
            </p>
            <p class="small muted">
                "No account? An administrator of your organization can add you under Accounts."
            </p>
        </Entrance>
    }
}
