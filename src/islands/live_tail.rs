//! New entries, shown as they come or only counted.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::UrlSearchParams;

use crate::api::logs::count_newer_logs;
use crate::components::live::{LiveState, spaced, use_live};
use crate::components::region::{self, Address};
use crate::model::page::{Count, count};
use crate::model::zone::ReaderZone;

/// Rows come in at most once in this time.
const SHOWN: Duration = Duration::from_secs(1);
/// Screen readers are told of a new number at most once in this time.
const COUNTED: Duration = Duration::from_secs(10);
/// Scrolled down by more than this, somebody reads.
const TOP: f64 = 60.0;

/// Shows new entries while somebody looks at the top of the first page, and only says how many there are while
/// somebody reads: rows do not move under the pointer.
#[island]
pub fn LiveTail(#[prop(into)] slug: String, zone: ReaderZone) -> impl IntoView {
    let live = use_live(format!("/organizations/{slug}/live"), zone);
    let (follows, set_follows) = signal(true);
    let (waiting, set_waiting) = signal(None::<Count>);
    let say = spaced(COUNTED, move || {
        let (slug, query) = (slug.clone(), first_page());
        spawn_local(async move {
            if let Ok(newer) = count_newer_logs(slug, query, newest()).await {
                set_waiting.set(Some(newer).filter(|newer| *newer != Count::Exactly(0)));
            }
        });
    });
    let follows_at_rest = move || follows.get_untracked() && is_at_rest();
    let instead = say.clone();
    let show = spaced(SHOWN, move || {
        // Somebody may have begun to read since it was asked for.
        if follows_at_rest() {
            set_waiting.set(None);
            region::show(region::here(), Address::Stays);
        } else {
            instead();
        }
    });
    Effect::new(move |_| {
        if live.hints.get() == 0 {
            return;
        }
        if follows_at_rest() {
            show();
        } else {
            say();
        }
    });
    let newer = move || {
        waiting.get().map(|newer| {
            let words = match newer {
                Count::Exactly(1) => "1 new entry. ".to_owned(),
                newer => format!("{} new entries. ", count(newer)),
            };
            let path = window().location().pathname().unwrap_or_default();
            let href = path + &first_page();
            view! { {words} <a href=href>"Show them"</a> }
        })
    };
    view! {
        <span class="small needs-scripts" role="status">{newer}</span>
        <LiveState live/>
        <label class="switch needs-scripts">
            <input
                type="checkbox"
                role="switch"
                checked
                prop:checked=move || follows.get()
                on:change=move |event| set_follows.set(event_target_checked(&event))
            />
            "Live tail"
        </label>
    }
}

/// What in the query string leads away from the top of the list.
const PLACES: [&str; 3] = ["after", "before", "entry"];

fn query() -> Option<UrlSearchParams> {
    let search = window().location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()
}

/// The query string of the list's first page, without an entry in the drawer.
fn first_page() -> String {
    let query = query().map_or_else(String::new, |query| {
        PLACES.iter().for_each(|name| query.delete(name));
        String::from(query.to_string())
    });
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}

/// The cursor of the newest entry that the page shows, which the list leaves in the page.
fn newest() -> String {
    let marker = document().query_selector("[data-newest]").ok().flatten();
    marker
        .and_then(|marker| marker.get_attribute("data-newest"))
        .unwrap_or_default()
}

/// Nobody reads: the top of the first page is seen, and neither pointer nor focus is on the list or a menu.
fn is_at_rest() -> bool {
    const READING: &str = ".table-wrap:hover, .table-wrap:focus-within, .menu:hover, details[name=filter][open], dialog[open]";
    let is_first = query().is_some_and(|query| !PLACES.iter().any(|name| query.has(name)));
    let is_at_top = window().scroll_y().is_ok_and(|y| y < TOP);
    is_first && is_at_top && matches!(document().query_selector(READING), Ok(None))
}
