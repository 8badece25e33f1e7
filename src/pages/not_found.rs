//! Every address that leads nowhere: what to do instead. Who is signed in has the navigation and the search beside it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::frame::get_me;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::page::{Crumb, MeResource, Sheet};
use crate::components::problem::{Problem, answer_with};
use crate::model::form::FormAnswer;

const TITLE: &str = "Not found";

/// What answers an address that leads nowhere; or why a form that posts there was refused, since it has no page
/// of its own.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    if let Some(FormAnswer::Refused { error, .. }) = use_context() {
        let title = error.title();
        return view! {
            <Title text=title/>
            <main class="page center" id="main"><Problem error page=true/></main>
        }
        .into_any();
    }
    answer_with(404);
    let me = Resource::new(|| (), |()| get_me());
    provide_context(MeResource(me));
    let page = move || {
        Suspend::new(async move {
            match me.await {
                Ok(me) => {
                    let logs = me
                        .organization
                        .map(|own| format!("/organizations/{}/logs", own.slug));
                    view! {
                        <div class="app">
                            <Sheet title=TITLE crumbs=vec![Crumb::here(TITLE)]>
                                <div class="center"><Nothing logs/></div>
                            </Sheet>
                        </div>
                    }
                    .into_any()
                }
                // Nobody is signed in, or that cannot be told now.
                Err(_) => view! {
                    <Title text=TITLE/>
                    <main class="page center" id="main"><Nothing logs=None/></main>
                }
                .into_any(),
            }
        })
    };
    view! { <Transition>{page}</Transition> }.into_any()
}

/// `logs` are those of the reader's own organization.
#[component]
fn Nothing(logs: Option<String>) -> impl IntoView {
    let logs = logs.map(|logs| view! { <a class="btn" href=logs>"Search logs"</a> });
    view! {
        <Empty
            art=EmptyArt::Rows
            page=true
            title="This page does not exist"
            text="The link may be old: log entries are deleted after a time, and users can be deleted in Entra."
        >
            <a class="btn btn-primary" href="/">"Go to the start page"</a>
            {logs}
        </Empty>
    }
}
