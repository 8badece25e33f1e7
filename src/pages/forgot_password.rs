//! `/forgot-password`: a link for a new password by mail. The answer is the same whether there is such an account or not.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::links::sends_mail;
use crate::components::callout::Callout;
use crate::components::entrance::{Entrance, form_error};
use crate::components::field::{Field, FieldKind};
use crate::components::form::{field_errors, form_answer, typed};
use crate::components::icon::Tone;
use crate::components::load::load_page;
use crate::model::form::FormAnswer;

/// Asking for a link that sets a new password.
#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    let is_asked = use_query_map().get_untracked().get("asked").is_some();
    let answer = form_answer();
    let is_sent = Resource::new(|| (), |()| sends_mail());
    load_page(move || {
        let answer = answer.clone();
        async move {
            let is_sent = is_sent.await?;
            Ok(if is_asked {
                view! { <Asked is_sent/> }.into_any()
            } else {
                view! { <Ask is_sent answer/> }.into_any()
            })
        }
    })
}

#[component]
fn Ask(is_sent: bool, answer: Option<FormAnswer>) -> impl IntoView {
    // The sentence stands at its field, or above the form.
    let errors = field_errors(answer.as_ref());
    let error = form_error(answer.as_ref());
    let email = typed(answer.as_ref(), "email");
    view! {
        <Title text="Forgot your password?"/>
        <Entrance
            title="Forgot your password?"
            lead="Enter the email address that you sign in with. A link for a new password goes there."
            error
        >
            {(!is_sent).then(|| view! { <NoMail/> })}
            <form method="post" action="/forgot-password">
                <Field
                    name="email"
                    label="Email address"
                    kind=FieldKind::Email
                    value=email
                    autofocus=true
                    errors
                />
                <button class="btn btn-primary btn-block">"Send the link"</button>
            </form>
            <p class="small"><a href="/sign-in">"Back to sign in"</a></p>
        </Entrance>
    }
}

#[component]
fn Asked(is_sent: bool) -> impl IntoView {
    view! {
        <Title text="Look into your mail"/>
        <Entrance
            title="Look into your mail"
            lead="If there is an account with this address, a link for a new password is on its way. It works once, for an hour."
        >
            {if is_sent {
                view! {
                    <p class="small muted">
                        "Nothing after a few minutes? Look into the spam folder, check the address, or ask an administrator of your organization for a link."
                    </p>
                }
                    .into_any()
            } else {
                view! { <NoMail/> }.into_any()
            }}
            <p><a class="btn btn-block" href="/sign-in">"Back to sign in"</a></p>
        </Entrance>
    }
}

/// For a deployment without a mail server.
#[component]
fn NoMail() -> impl IntoView {
    view! {
        <Callout tone=Tone::Warn>
            <p>
                "Mail of this service stays in its data folder. Ask whoever runs it for the link, or an administrator of your organization for a new one."
            </p>
        </Callout>
    }
}
