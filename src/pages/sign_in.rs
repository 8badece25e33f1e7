//! `/sign-in`: posts to the plain route of the same address.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::entrance::{Entrance, sign_in_error};
use crate::components::field::{Field, FieldKind};
use crate::model::account::SignInError;
use crate::model::error::FieldError;

/// Where one signs in.
#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let error = sign_in_error(&query);
    let errors = match error {
        Some(SignInError::Credentials) => vec![FieldError {
            field: "password".to_owned(),
            message: "Type the password again.".to_owned(),
        }],
        _ => Vec::new(),
    };
    let error = error.map(SignInError::message);
    let next = query.get("next").unwrap_or_default();
    view! {
        <Title text="Sign in"/>
        <Entrance
            title="Sign in"
            lead="See what Microsoft Entra ID provisions into Rhombus, and fix what fails."
            error
        >
            <form method="post" action="/sign-in">
                <input type="hidden" name="next" value=next/>
                <Field name="email" label="Email address" kind=FieldKind::Email autofocus=true/>
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
