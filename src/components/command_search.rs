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

/// What the search's parts share.
#[derive(Clone, Copy)]
struct Search {
    bar: NodeRef<Input>,
    dialog: NodeRef<Dialog>,
    field: NodeRef<Input>,
    found: RwSignal<Found>,
    /// The text that was asked for it.
    answered: StoredValue<String>,
    /// What is said where nothing is found.
    said: RwSignal<&'static str>,
    /// The option that Enter opens.
    at: RwSignal<usize>,
    is_open: RwSignal<bool>,
    /// The number of the latest question.
    asked: StoredValue<u32>,
    /// Until typing has rested.
    waiting: StoredValue<Option<TimeoutHandle>>,
    /// The slug of the organization that the page is about.
    here: StoredValue<Option<String>>,
}

impl Search {
    fn new(here: Option<String>) -> Self {
        Self {
            bar: NodeRef::new(),
            dialog: NodeRef::new(),
            field: NodeRef::new(),
            found: RwSignal::new(Found::default()),
            answered: StoredValue::new(String::new()),
            said: RwSignal::new(""),
            at: RwSignal::new(0),
            is_open: RwSignal::new(false),
            asked: StoredValue::new(0),
            waiting: StoredValue::new(None),
            here: StoredValue::new(here),
        }
    }

    /// The answer to an older question is dropped.
    fn ask(self, text: &str) {
        let number = self.asked.with_value(|asked| asked.wrapping_add(1));
        self.asked.set_value(number);
        let text = shown(text).to_owned();
        spawn_local(async move {
            let answer = search(text.clone(), self.here.get_value()).await;
            if self.asked.try_get_value() == Some(number) {
                self.answered.set_value(text);
                self.show(answer);
            }
        });
    }

    fn ask_soon(self, text: String) {
        let next = set_timeout_with_handle(move || self.ask(&text), PAUSE).ok();
        let earlier = self
            .waiting
            .try_update_value(|waiting| std::mem::replace(waiting, next));
        if let Some(earlier) = earlier.flatten() {
            earlier.clear();
        }
    }

    fn show(self, answer: Result<Found, AppError>) {
        self.at.set(0);
        match answer {
            Ok(answer) => {
                self.said.set(if answer.groups.is_empty() {
                    "Nothing begins like this. Names, userNames and request IDs are found by their beginning, other IDs as a whole."
                } else {
                    ""
                });
                self.found.set(answer);
            }
            Err(AppError::SignedOut) => region::open("/search"),
            Err(_) => {
                self.found.set(Found::default());
                self.said
                    .set("The search did not answer. Type on to try again.");
            }
        }
    }

    fn open(self, text: &str) {
        let (Some(dialog), Some(field)) = (self.dialog.get_untracked(), self.field.get_untracked())
        else {
            return;
        };
        if !dialog.open() {
            field.set_value(text);
            if dialog.show_modal().is_ok() {
                self.is_open.set(true);
                // The typed text stays; the caret goes behind it.
                let _ = field.focus();
                self.ask(text);
            }
        }
    }

    /// With what has been typed into the bar, which may have been before this script came.
    fn open_from_bar(self) {
        if let Some(bar) = self.bar.get_untracked() {
            let text = bar.value();
            bar.set_value("");
            self.open(&text);
        }
    }

    fn close(self) {
        if let Some(dialog) = self.dialog.get() {
            dialog.close();
        }
    }

    /// How many options there are in all groups.
    fn count(self) -> usize {
        self.found.with(|found| {
            found
                .groups
                .iter()
                .map(|group| group.hits.len())
                .sum::<usize>()
        })
    }

    /// Opens the chosen option; without one, or before there is an answer to what was typed last, the form leads to the
    /// page of results.
    fn go(self, event: &SubmitEvent) {
        let typed = self.field.get_untracked().map(|field| field.value());
        let is_answered = self
            .answered
            .with_value(|answered| typed.is_some_and(|typed| shown(&typed) == answered.as_str()));
        if !is_answered {
            return;
        }
        let chosen = self.found.with(|found| {
            let mut hits = found.groups.iter().flat_map(|group| &group.hits);
            hits.nth(self.at.get()).map(|hit| hit.href.clone())
        });
        if let Some(href) = chosen {
            event.prevent_default();
            region::open(&href);
        }
    }

    fn move_on(self, event: &KeyboardEvent) {
        let count = self.count();
        let next = match event.key().as_str() {
            _ if count == 0 => return,
            "ArrowDown" => (self.at.get() + 1) % count,
            "ArrowUp" => (self.at.get() + count - 1) % count,
            _ => return,
        };
        event.prevent_default();
        self.at.set(next);
    }

    /// Opens at `/` or Ctrl-K, and follows the other keys, wherever the page has the focus.
    fn listen(self) {
        let place = self.here.get_value();
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if shortcuts::asks_for_search(&event) {
                event.prevent_default();
                self.open("");
            } else {
                // Its own dialog closes by itself.
                if !self.is_open.get_untracked() {
                    shortcuts::leave_question(&event);
                }
                shortcuts::follow(&event, place.as_deref());
            }
        });
        on_cleanup(move || listener.remove());
    }
}

/// `slug` names the organization that the page is about.
#[island]
pub fn CommandSearch(slug: Option<String>) -> impl IntoView {
    let search = Search::new(slug.clone());
    Effect::new(move |_| search.listen());
    let place = slug.map(|slug| view! { <input type="hidden" name="in" value=slug/> });
    view! {
        <form class="search" role="search" action="/search" on:click=move |_| search.open_from_bar()>
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
                node_ref=search.bar
                on:input=move |_| search.open_from_bar()
            />
            {place.clone()}
            <kbd class="needs-scripts" aria-hidden="true">"/"</kbd>
        </form>
        <dialog
            class="dialog command"
            node_ref=search.dialog
            aria-label="Search"
            on:close=move |_| search.is_open.set(false)
        >
            <form role="search" action="/search" on:submit=move |event| search.go(&event)>
                <div class="command-field">
                    <Icon name=IconName::Search/>
                    <Field search/>
                    {place}
                    <button
                        type="button"
                        class="btn btn-plain btn-icon"
                        aria-label="Close search"
                        on:click=move |_| search.close()
                    >
                        <Icon name=IconName::X/>
                    </button>
                </div>
            </form>
            <div class="command-list" id="command-list" role="listbox" aria-label="Results">
                {move || groups(search.found.get(), search.at.read_only())}
            </div>
            <div role="status">
                {move || {
                    let said = search.said.get();
                    (!said.is_empty()).then(|| view! { <p class="command-said">{said}</p> })
                }}
            </div>
            <Foot is_open=search.is_open.read_only()/>
        </dialog>
    }
}

/// The text that is searched for; it keeps the focus while the arrow keys go through the options.
#[component]
fn Field(search: Search) -> impl IntoView {
    view! {
        <input
            node_ref=search.field
            name="q"
            type="text"
            role="combobox"
            aria-label=PLACEHOLDER
            aria-autocomplete="list"
            aria-controls="command-list"
            aria-expanded=move || (search.is_open.get() && search.count() > 0).to_string()
            aria-activedescendant=move || {
                (search.count() > 0).then(|| option_id(search.at.get()))
            }
            autocomplete="off"
            spellcheck="false"
            placeholder=PLACEHOLDER
            on:input=move |event| search.ask_soon(event_target_value(&event))
            on:keydown=move |event| search.move_on(&event)
        />
    }
}

/// The keys, and whether single ones are shortcuts.
#[component]
fn Foot(is_open: ReadSignal<bool>) -> impl IntoView {
    view! {
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
