//! `/search?q=`: where is it? What the top bar's search finds, on a page of its own.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::search::search;
use crate::components::command_search::FoundList;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::load::load_page;
use crate::components::page::{Crumb, MeResource, PageHead, Sheet, Width};
use crate::model::account::AccountRole;
use crate::model::search::shown;

/// What the command search finds, as a page for when scripts are off.
#[component]
pub fn SearchPage() -> impl IntoView {
    let MeResource(me) = expect_context();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let text = query.get("q").unwrap_or_default();
            (shown(&text).to_owned(), query.get("in"))
        })
    });
    let found = Resource::new(move || asked.get(), |(text, slug)| search(text, slug));
    load_page(move || {
        let (text, slug) = asked.get();
        async move {
            let (me, found) = (me.await?, found.await?);
            let slug = me.organization.map(|own| own.slug).or(slug);
            let lead = if slug.is_some() && me.role != AccountRole::Support {
                "Users, log entries, tokens and pages of your organization."
            } else {
                "Users, log entries and tokens of every organization."
            };
            let place = slug.map(|slug| view! { <input type="hidden" name="in" value=slug/> });
            let results = if found.groups.is_empty() {
                view! {
                    <div class="card">
                        <Empty
                            art=EmptyArt::Rows
                            title="Nothing begins like this"
                            text="Names, userNames and request IDs are found by their beginning, other IDs as a whole. A user whom Rhombus refused to create stands in the log alone."
                        />
                    </div>
                }
                .into_any()
            } else {
                view! { <div class="stack"><FoundList found/></div> }.into_any()
            };
            Ok(view! {
                <Sheet title="Search" crumbs=vec![Crumb::here("Search")] width=Width::Narrow>
                    <PageHead title="Search" lead/>
                    <form class="filters" role="search" aria-label="Search everything" action="/search">
                        <label class="search">
                            <span class="visually-hidden">"Name, userName, ID, request ID or token prefix"</span>
                            <input
                                type="search"
                                name="q"
                                value=text
                                autocomplete="off"
                                placeholder="Name, userName, ID, request ID or token prefix"
                            />
                        </label>
                        {place}
                        <button class="btn btn-primary">"Search"</button>
                    </form>
                    {results}
                </Sheet>
            }
            .into_any())
        }
    })
}
