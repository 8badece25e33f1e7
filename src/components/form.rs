//! Plain forms: they post to a plain route and are answered by a page.

use leptos::prelude::*;

use super::callout::Callout;
use super::icon::Tone;
use crate::model::error::{AppError, FieldError};
use crate::model::form::FormAnswer;

/// The address of the page that answers a form, which need not be the form's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAddress(pub String);

/// What the page being shown answers, if it answers a form. The server knows it, the browser reads it from the
/// page that it takes over; a page opened by a link answers nothing.
pub fn form_answer() -> Option<FormAnswer> {
    SharedValue::new(use_context::<FormAnswer>).into_inner()
}

/// The errors of single fields in a refused form.
pub fn field_errors(answer: Option<&FormAnswer>) -> Vec<FieldError> {
    match answer {
        Some(FormAnswer::Refused {
            error: AppError::Invalid { fields },
            ..
        }) => fields.clone(),
        _ => Vec::new(),
    }
}

/// What was typed into a field of the form that is answered; nothing before.
pub fn typed(answer: Option<&FormAnswer>, field: &str) -> String {
    typed_or(answer, field, "")
}

/// The same, but before that what is `stored`. A field that was emptied stays empty.
pub fn typed_or(answer: Option<&FormAnswer>, field: &str, stored: &str) -> String {
    answer
        .and_then(|answer| answer.value(field))
        .unwrap_or(stored)
        .to_owned()
}

/// Why a form was refused, above it.
#[component]
pub fn Refusal(answer: Option<FormAnswer>) -> impl IntoView {
    let text = match answer {
        Some(FormAnswer::Refused { error, .. }) => error.to_string(),
        Some(
            FormAnswer::TokenCreated(_)
            | FormAnswer::LinkCreated(_)
            | FormAnswer::BundleLinkCreated(_),
        )
        | None => {
            return ().into_any();
        }
    };
    view! {
        <Callout tone=Tone::Fail announced=true>
            <p>{text}</p>
        </Callout>
    }
    .into_any()
}
