//! Showing what has to be loaded: a skeleton at first, the old content while the next is on its way, and
//! what went wrong in its place.

use leptos::prelude::*;

use super::problem::Problem;
use super::skeleton::Skeleton;
use crate::model::error::AppError;

/// `body` awaits its resources and draws them; its error is drawn by [`Problem`].
///
/// This stands for an `ErrorBoundary`: server functions are the only source of errors on a page, and unlike a
/// boundary it knows the error's kind while the status code of the answer can still be set.
pub fn load<Body, Loading>(body: Body) -> impl IntoView
where
    Body: Fn() -> Loading + Send + Sync + 'static,
    Loading: Future<Output = Result<AnyView, AppError>> + Send + 'static,
{
    view! {
        <Transition fallback=Skeleton>
            {move || {
                let body = body();
                Suspend::new(async move {
                    match body.await {
                        Ok(view) => view,
                        Err(error) => view! { <Problem error/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}
