//! The search in the top bar: a form that leads to a page of results, and with scripts a dialog that shows them as
//! one types (`/` or Ctrl-K).

use std::time::Duration;

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::icon::{Icon, IconName};
use super::{region, shortcuts};
use crate::api::search::search;
use crate::model::error::AppError;
use crate::model::search::{Found, FoundGroup, Hit, shown};

/// How long typing must rest before the server is asked.
const PAUSE: Duration = Duration::from_millis(150);

const PLACEHOLDER: &str = "Search user, request ID or token";

/// `slug` names the organization that the page is about.
#[island]
pub fn CommandSearch(slug: Option<String>) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let bar = NodeRef::<Input>::new();
    let field = NodeRef::<Input>::new();
    let (found, set_found) = signal(Found::default());
    let (said, set_said) = signal("");
    let (at, set_at) = signal(0_usize);
    let (is_open, set_open) = signal(false);
    let asked = StoredValue::new(0_u32);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let here = StoredValue::new(slug.clone());

    // The answer to an older question is dropped.
    let ask = move |text: String| {
        let number = asked.with_value(|asked| asked.wrapping_add(1));
        asked.set_value(number);
        let text = shown(&text).to_owned();
        spawn_local(async move {
            let answer = search(text, here.get_value()).await;
            if asked.try_get_value() != Some(number) {
                return;
            }
            set_at.set(0);
            match answer {
                Ok(answer) => {
                    set_said.set(if answer.groups.is_empty() {
                        "Nothing begins like this. Names, userNames and request IDs are found by their beginning, other IDs as a whole."
                    } else {
                        ""
                    });
                    set_found.set(answer);
                }
                Err(AppError::SignedOut) => region::open("/search"),
                Err(_) => {
                    set_found.set(Found::default());
                    set_said.set("The search did not answer. Type on to try again.");
                }
            }
        });
    };
    let ask_soon = move |text: String| {
        let next = set_timeout_with_handle(move || ask(text), PAUSE).ok();
        let earlier = waiting.try_update_value(|waiting| std::mem::replace(waiting, next));
        if let Some(earlier) = earlier.flatten() {
            earlier.clear();
        }
    };
    // With what has been typed into the bar, which may have been before this script came.
    let open = move |text: String| {
        let (Some(dialog), Some(field)) = (dialog.get_untracked(), field.get_untracked()) else {
            return;
        };
        if !dialog.open() {
            field.set_value(&text);
            if dialog.show_modal().is_ok() {
                set_open.set(true);
                // The typed text stays; the caret goes behind it.
                let _ = field.focus();
                ask(text);
            }
        }
    };
    let open_from_bar = move || {
        if let Some(bar) = bar.get_untracked() {
            let text = bar.value();
            bar.set_value("");
            open(text);
        }
    };
    Effect::new(move |_| {
        let place = here.get_value();
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if shortcuts::asks_for_search(&event) {
                event.prevent_default();
                open(String::new());
            } else {
                shortcuts::follow(&event, place.as_deref());
            }
        });
        on_cleanup(move || listener.remove());
    });

    let all = move || {
        found.with(|found| {
            found
                .groups
                .iter()
                .map(|group| group.hits.len())
                .sum::<usize>()
        })
    };
    let chosen = move || {
        found.with(|found| {
            let mut hits = found.groups.iter().flat_map(|group| &group.hits);
            hits.nth(at.get()).map(|hit| hit.href.clone())
        })
    };
    let go = move |event: SubmitEvent| {
        if let Some(href) = chosen() {
            event.prevent_default();
            region::open(&href);
        }
    };
    let move_on = move |event: KeyboardEvent| {
        let count = all();
        let next = match event.key().as_str() {
            _ if count == 0 => return,
            "ArrowDown" => (at.get() + 1) % count,
            "ArrowUp" => (at.get() + count - 1) % count,
            _ => return,
        };
        event.prevent_default();
        set_at.set(next);
    };
    let place = slug.map(|slug| view! { <input type="hidden" name="in" value=slug/> });
    view! {
        <form class="search" role="search" action="/search" on:click=move |_| open_from_bar()>
            <label for="search-all">
                <Icon name=IconName::Search/>
                <span class="visually-hidden">{PLACEHOLDER}</span>
            </label>
            <input
                id="search-all"
                name="q"
                type="search"
                autocomplete="off"
                placeholder=PLACEHOLDER
                node_ref=bar
                on:input=move |_| open_from_bar()
            />
            {place.clone()}
            <kbd class="needs-scripts" aria-hidden="true">"/"</kbd>
        </form>
        <dialog
            class="dialog command"
            node_ref=dialog
            aria-label="Search"
            on:close=move |_| set_open.set(false)
        >
            <form role="search" action="/search" on:submit=go>
                <div class="command-field">
                    <Icon name=IconName::Search/>
                    <input
                        node_ref=field
                        name="q"
                        type="text"
                        role="combobox"
                        aria-label=PLACEHOLDER
                        aria-autocomplete="list"
                        aria-controls="command-list"
                        aria-expanded=move || (is_open.get() && all() > 0).to_string()
                        aria-activedescendant=move || (all() > 0).then(|| option_id(at.get()))
                        autocomplete="off"
                        spellcheck="false"
                        placeholder=PLACEHOLDER
                        on:input=move |event| ask_soon(event_target_value(&event))
                        on:keydown=move_on
                    />
                    {place}
                    <button
                        type="button"
                        class="btn btn-plain btn-icon"
                        aria-label="Close search"
                        on:click=move |_| {
                            if let Some(dialog) = dialog.get() {
                                dialog.close();
                            }
                        }
                    >
                        <Icon name=IconName::X/>
                    </button>
                </div>
            </form>
            <div class="command-list" id="command-list" role="listbox" aria-label="Results">
                {move || groups(found.get(), at)}
            </div>
            <div role="status">
                {move || {
                    let said = said.get();
                    (!said.is_empty()).then(|| view! { <p class="command-said">{said}</p> })
                }}
            </div>
            <div class="command-foot">
                <span><kbd>"↑"</kbd> <kbd>"↓"</kbd> " choose"</span>
                <span><kbd>"Enter"</kbd> " open"</span>
                <span><kbd>"Esc"</kbd> " close"</span>
                <label class="switch">
                    <input
                        type="checkbox"
                        role="switch"
                        prop:checked=move || is_open.get() && shortcuts::are_on()
                        on:change=|event| shortcuts::switch(event_target_checked(&event))
                    />
                    "Single-key shortcuts"
                </label>
            </div>
        </dialog>
    }
}

fn option_id(at: usize) -> String {
    format!("command-{at}")
}

/// Options are numbered through all groups.
fn groups(found: Found, at: ReadSignal<usize>) -> impl IntoView {
    let mut next = 0;
    found
        .groups
        .into_iter()
        .enumerate()
        .map(|(number, group)| {
            let first = next;
            next += group.hits.len();
            view! { <Group number group first at/> }
        })
        .collect_view()
}

#[component]
fn Group(number: usize, group: FoundGroup, first: usize, at: ReadSignal<usize>) -> impl IntoView {
    let id = format!("command-group-{number}");
    let options = (first..)
        .zip(group.hits)
        .map(|(place, hit)| {
            let Hit {
                title,
                detail,
                href,
            } = hit;
            view! {
                <a
                    class="command-hit"
                    id=option_id(place)
                    role="option"
                    tabindex="-1"
                    href=href
                    aria-selected=move || (at.get() == place).to_string()
                >
                    <b>{title}</b>
                    " "
                    <small>{detail}</small>
                </a>
            }
        })
        .collect_view();
    view! {
        <div role="group" aria-labelledby=id.clone()>
            <div class="command-group" id=id.clone() role="presentation">{group.label}</div>
            {options}
        </div>
    }
}

/// The same results as links on a page, for those without scripts.
#[component]
pub fn FoundList(found: Found) -> impl IntoView {
    found
        .groups
        .into_iter()
        .enumerate()
        .map(|(number, group)| {
            let id = format!("found-{number}");
            let hits = group
                .hits
                .into_iter()
                .map(|hit| {
                    view! {
                        <li>
                            <a class="command-hit" href=hit.href>
                                <b>{hit.title}</b>
                                " "
                                <small>{hit.detail}</small>
                            </a>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <section aria-labelledby=id.clone()>
                    <h2 class="command-group" id=id.clone()>{group.label}</h2>
                    <ul class="list">{hits}</ul>
                </section>
            }
        })
        .collect_view()
}
