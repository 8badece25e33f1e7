//! The frame of the pages before one is signed in.

use leptos::prelude::*;
use leptos_meta::Title;

use super::callout::Callout;
use super::field::{Field, FieldKind};
use super::form::{field_errors, typed};
use super::icon::{Brand, Tone};
use super::problem::answer_with;
use crate::model::account::{LinkDetails, LinkPurpose};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;

/// `error` is a sentence of ours, never text from the address.
#[component]
pub fn Entrance(
    title: &'static str,
    #[prop(into)] lead: String,
    #[prop(optional_no_strip)] error: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="sign-in">
            <main id="main">
                <Brand/>
                <div>
                    <h1>{title}</h1>
                    <p class="soft">{lead}</p>
                </div>
                {error
                    .map(|error| {
                        view! {
                            <Callout tone=Tone::Fail announced=true>
                                <p><b>{error}</b></p>
                            </Callout>
                        }
                    })}
                {children()}
            </main>
            <Lattice/>
        </div>
    }
}

/// People as rhombi: most are quietly right, one waits for a look, one is arriving.
#[component]
fn Lattice() -> impl IntoView {
    const QUIET: &str = "m-14 50 9 9 18-20";
    let people: [(&str, &str, &str, i32, i32); 9] = [
        ("lit", "lit-sign sign-none", QUIET, 384, 48),
        ("lit", "lit-sign sign-none", QUIET, 336, 96),
        ("lit lit-ok", "lit-sign sign-ok", QUIET, 432, 96),
        ("lit", "lit-sign sign-none", QUIET, 288, 144),
        ("lit", "lit-sign sign-none", QUIET, 384, 144),
        ("lit", "lit-sign sign-none", QUIET, 480, 144),
        (
            "lit lit-warn",
            "lit-sign sign-warn",
            "M0 34v18M0 61v.1",
            336,
            192,
        ),
        ("lit", "lit-sign sign-none", QUIET, 432, 192),
        (
            "lit lit-live",
            "lit-sign sign-live",
            "M-14 48h.1M0 48h.1M14 48h.1",
            384,
            240,
        ),
    ];
    let people = people
        .into_iter()
        .map(|(class, sign_class, sign, x, y)| {
            view! {
                <g transform=format!("translate({x} {y})")>
                    <path class=class d="M0 0l48 48-48 48-48-48z"></path>
                    <path class=sign_class d=sign></path>
                </g>
            }
        })
        .collect_view();
    view! {
        <aside aria-hidden="true">
            <svg class="lattice" viewBox="96 -24 576 640" preserveAspectRatio="xMidYMid slice">
                <defs>
                    <pattern id="lattice" width="96" height="96" patternUnits="userSpaceOnUse">
                        <path d="M48 0 96 48 48 96 0 48z"></path>
                    </pattern>
                    <linearGradient id="fade" x2="0" y2="1">
                        <stop offset=".55" stop-opacity="0"></stop>
                        <stop offset=".85"></stop>
                    </linearGradient>
                </defs>
                <rect x="-400" y="-400" width="1600" height="1600" fill="url(#lattice)"></rect>
                <rect x="-400" y="-24" width="1600" height="640" fill="url(#fade)"></rect>
                {people}
            </svg>
            <p>"One sentence tells you whether provisioning is healthy. The next one tells you what to do."</p>
        </aside>
    }
}

/// The form behind a link that lets one choose a password: whose it is, or the fields to say so.
#[component]
pub fn PasswordForm(
    details: LinkDetails,
    action: String,
    submit: &'static str,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    let own_name = match answer {
        Some(_) => typed(answer.as_ref(), "name"),
        None => details.name,
    };
    let email = match details.email {
        // Password managers want to know whose password it is.
        Some(email) => view! {
            <input class="visually-hidden" type="email" name="username" autocomplete="username" value=email readonly tabindex="-1" aria-hidden="true"/>
        }
        .into_any(),
        None => {
            let email = typed(answer.as_ref(), "email");
            view! {
                <Field
                    name="email"
                    label="Email address"
                    kind=FieldKind::Email
                    value=email
                    errors=errors.clone()
                />
            }
            .into_any()
        }
    };
    let name = (details.purpose != LinkPurpose::Reset).then(|| {
        view! {
            <Field
                name="name"
                label="Your name"
                autocomplete="name"
                value=own_name
                maxlength=100
                hint="As colleagues see it in the audit log."
                errors=errors.clone()
            />
        }
    });
    view! {
        <form method="post" action=action>
            {name} {email}
            <Field
                name="password"
                label="Password"
                kind=FieldKind::NewPassword
                minlength=12
                maxlength=128
                hint="12 characters or more. A few unrelated words are good."
                errors=errors.clone()
            />
            <Field
                name="password_again"
                label="Password again"
                kind=FieldKind::NewPassword
                minlength=12
                maxlength=128
                errors
            />
            <button class="btn btn-primary btn-block">{submit}</button>
        </form>
    }
}

/// What a link that is used up or was never ours leads to.
#[component]
pub fn DeadLink() -> impl IntoView {
    answer_with(404);
    view! {
        <Title text="This link no longer works"/>
        <Entrance
            title="This link no longer works"
            lead="It has been used or has expired. Ask whoever sent it for a new one."
        >
            <p><a class="btn btn-block" href="/sign-in">"Go to sign in"</a></p>
        </Entrance>
    }
}

/// Why a form was refused as a whole; what belongs to a field stands below it.
pub fn form_error(answer: Option<&FormAnswer>) -> Option<String> {
    match answer {
        Some(FormAnswer::Refused {
            error: AppError::Invalid { fields },
            ..
        }) => fields
            .iter()
            .find(|error| error.field.is_empty())
            .map(|error| error.message.clone()),
        Some(FormAnswer::Refused { error, .. }) => Some(error.to_string()),
        _ => None,
    }
}
