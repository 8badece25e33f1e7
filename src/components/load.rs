//! Showing what has to be loaded: a skeleton at first, the old content while the next is on its way, and
//! what went wrong in its place.
//!
//! This stands for an `ErrorBoundary`: server functions are the only source of errors on a page, and unlike a
//! boundary it knows the error's kind while the status code of the answer can still be set.

use leptos::prelude::*;

use super::page::{Crumb, Sheet};
use super::problem::Problem;
use super::skeleton::Skeleton;
use crate::model::error::AppError;

/// A part of a page: `body` awaits its resources and draws them.
pub fn load<Body, Loading>(body: Body) -> impl IntoView
where
    Body: Fn() -> Loading + Send + Sync + 'static,
    Loading: Future<Output = Result<AnyView, AppError>> + Send + 'static,
{
    load_or(
        body,
        || view! { <Skeleton/> }.into_any(),
        |error| view! { <Problem error/> }.into_any(),
    )
}

/// A whole page: what went wrong stands on a sheet of its own.
pub fn load_page<Body, Loading>(body: Body) -> impl IntoView
where
    Body: Fn() -> Loading + Send + Sync + 'static,
    Loading: Future<Output = Result<AnyView, AppError>> + Send + 'static,
{
    let loading = || {
        view! { <div class="sheet"><main class="page" id="main"><Skeleton/></main></div> }
            .into_any()
    };
    load_or(body, loading, |error| {
        let title = error.title();
        view! {
            <Sheet title crumbs=vec![Crumb::here(title)]>
                <Problem error page=true/>
            </Sheet>
        }
        .into_any()
    })
}

fn load_or<Body, Loading>(
    body: Body,
    loading: fn() -> AnyView,
    failed: fn(AppError) -> AnyView,
) -> impl IntoView
where
    Body: Fn() -> Loading + Send + Sync + 'static,
    Loading: Future<Output = Result<AnyView, AppError>> + Send + 'static,
{
    view! {
        <Transition fallback=loading>
            {move || {
                let body = body();
                Suspend::new(async move { body.await.unwrap_or_else(failed) })
            }}
        </Transition>
    }
}
