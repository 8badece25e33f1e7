//! A page, or a part of one, that could not be shown; and the status code that says so.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_location;

use super::callout::Callout;
use super::empty::{Empty, EmptyArt};
use super::icon::Tone;
use crate::model::error::AppError;

/// Sets the status code of the answer that is being rendered. The server provides it; the browser has none.
#[derive(Clone)]
pub struct AnswerStatus(Arc<dyn Fn(u16) + Send + Sync>);

impl AnswerStatus {
    /// `set` gets the status code and writes it into the answer.
    pub fn new(set: impl Fn(u16) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }
}

/// The answer's status code, where there is an answer.
pub fn answer_with(status: u16) {
    if let Some(AnswerStatus(set)) = use_context::<AnswerStatus>() {
        set(status);
    }
}

impl AppError {
    /// The HTTP status that tells the same.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Forbidden => 403,
            Self::NotFound { .. } => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } => 409,
            Self::Unavailable { .. } => 503,
        }
    }

    /// A page's title when this is all there is to show.
    pub fn title(&self) -> &'static str {
        match self {
            Self::SignedOut => "Sign in",
            Self::Forbidden => "Not allowed",
            Self::NotFound { .. } => "Not found",
            Self::Invalid { .. } | Self::Conflict { .. } => "Not done",
            Self::Unavailable { .. } => "Not available",
        }
    }
}

/// Says what happened and offers the way on; who is signed out is sent to sign in and back.
#[component]
pub fn Problem(
    error: AppError,
    /// Whether this is all of a page, whose own heading it has then.
    #[prop(optional)]
    page: bool,
) -> impl IntoView {
    if error == AppError::SignedOut {
        let location = use_location();
        let here =
            location.pathname.get_untracked() + &location.query.get_untracked().to_query_string();
        let next = crate::model::query::encode(&here);
        return view! { <Redirect path=format!("/sign-in?next={next}")/> }.into_any();
    }
    answer_with(error.status());
    let title = error.title();
    match error {
        AppError::NotFound { what } => view! {
            <div class="center">
                <Empty
                    art=EmptyArt::Rows
                    page
                    title=format!("This {what} does not exist")
                    text="The link may be old: log entries are deleted after a time, and users can be deleted in Entra."
                >
                    <a class="btn btn-primary" href="/">"Go to the start page"</a>
                </Empty>
            </div>
        }
        .into_any(),
        AppError::Forbidden => view! {
            <div class="center">
                <Empty
                    art=EmptyArt::Rows
                    page
                    title="Your account may not see this"
                    text="Ask an administrator of the organization, or sign in with another account."
                >
                    <a class="btn btn-primary" href="/">"Go to the start page"</a>
                </Empty>
            </div>
        }
        .into_any(),
        AppError::Unavailable { reference } => view! {
            <Callout tone=Tone::Fail announced=true action=|| view! { <a class="btn" href="">"Try again"</a> }>
                {heading("This could not be loaded", page)}
                <p>
                    "Entra’s calls are answered as usual. Try again, or give support the reference "
                    <code>{reference}</code> "."
                </p>
            </Callout>
        }
        .into_any(),
        other => view! {
            <Callout tone=Tone::Fail announced=true>
                {page.then(|| heading(title, page))}
                <p>{other.to_string()}</p>
            </Callout>
        }
        .into_any(),
    }
}

fn heading(text: &'static str, page: bool) -> AnyView {
    if page {
        view! { <h1>{text}</h1> }.into_any()
    } else {
        view! { <h2>{text}</h2> }.into_any()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_first_heading_and_a_part_of_one_has_none() {
        let text = String::new;
        let owner = Owner::new();
        for error in [
            AppError::Forbidden,
            AppError::NotFound { what: text() },
            AppError::Invalid { fields: Vec::new() },
            AppError::Conflict { message: text() },
            AppError::Unavailable { reference: text() },
        ] {
            for (page, headings) in [(true, 1), (false, 0)] {
                let drawn = owner.with(|| {
                    view! { <Problem error=error.clone() page/> }
                        .into_any()
                        .to_html()
                });
                assert_eq!(drawn.matches("<h1").count(), headings, "{error:?}: {drawn}");
            }
        }
    }
}
