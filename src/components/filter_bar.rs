//! Filters live in the address: a GET form to set them, chips to take them away.
//!
//! With scripts the results follow the text as it is typed, and a switch needs no button.

use std::time::Duration;

use leptos::ev::{Event, SubmitEvent};
use leptos::html::Form;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlFormElement, HtmlInputElement, UrlSearchParams};

use super::icon::{Icon, IconName};
use super::region::{self, Address};

/// How long typing must rest before the results follow.
const PAUSE: Duration = Duration::from_millis(200);

/// `action` is the list's own path; what the filters act on stands in a `Region`.
#[island]
pub fn FilterBar(
    #[prop(into)] action: String,
    /// "Filter users".
    #[prop(into)]
    label: String,
    children: Children,
) -> impl IntoView {
    let path = StoredValue::new(action.clone());
    let bar = NodeRef::<Form>::new();
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let address = move |form: &HtmlFormElement| path.with_value(|path| filtered(path, form));
    let wait_for = move |next: Option<TimeoutHandle>| {
        let earlier = waiting.try_update_value(|waiting| std::mem::replace(waiting, next));
        if let Some(earlier) = earlier.flatten() {
            earlier.clear();
        }
    };
    let submit = move |event: SubmitEvent| {
        if let Some(address) = address(&event_target(&event)) {
            event.prevent_default();
            wait_for(None);
            region::open(&address);
        }
    };
    let typed = move |event: Event| {
        let input = event_target::<HtmlInputElement>(&event);
        let form = input.form().filter(|_| input.type_() == "search");
        if let Some(address) = form.and_then(|form| address(&form)) {
            let show = move || region::show(address.clone(), Address::Follows);
            wait_for(set_timeout_with_handle(show, PAUSE).ok());
        }
    };
    let switched = move |event: Event| {
        let input = event_target::<HtmlInputElement>(&event);
        let form = input
            .form()
            .filter(|_| input.matches("[role=switch]").unwrap_or(false));
        if let Some(address) = form.and_then(|form| address(&form)) {
            region::open(&address);
        }
    };
    // Typed or switched before this script had come: what stands in the form counts.
    Effect::new(move |_| {
        let form = bar.get().filter(differs);
        if let Some(address) = form.and_then(|form| address(&form)) {
            region::show(address, Address::Follows);
        }
    });
    view! {
        // Without "off", going back would bring the boxes of the page left behind.
        <form
            node_ref=bar
            class="filters"
            role="search"
            aria-label=label
            action=action
            autocomplete="off"
            on:submit=submit
            on:input=typed
            on:change=switched
        >
            {children()}
            <button class="visually-hidden">"Apply filters"</button>
        </form>
    }
}

/// Whether a search or a switch stands otherwise than the server has drawn it.
fn differs(form: &HtmlFormElement) -> bool {
    let elements = form.elements();
    (0..elements.length())
        .filter_map(|at| elements.item(at)?.dyn_into::<HtmlInputElement>().ok())
        .any(|input| match input.type_().as_str() {
            "search" => input.value() != input.default_value(),
            "checkbox" => {
                input.matches("[role=switch]").unwrap_or(false)
                    && input.checked() != input.default_checked()
            }
            _ => false,
        })
}

/// The form's address without what was left blank: one worth sharing.
fn filtered(path: &str, form: &HtmlFormElement) -> Option<String> {
    let data = FormData::new_with_form(form).ok()?;
    let is_blank = |name: &str| {
        data.get(name)
            .as_string()
            .is_none_or(|value| value.is_empty())
    };
    // What explains other fields says nothing without them.
    let explaining = form.query_selector_all("[data-with]").ok()?;
    for input in (0..explaining.length()).filter_map(|at| explaining.item(at)) {
        let input: HtmlInputElement = input.dyn_into().ok()?;
        let explained = input.get_attribute("data-with").unwrap_or_default();
        if explained.split(' ').all(is_blank) {
            data.delete(&input.name());
        }
    }
    let query = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    let query = String::from(query.to_string());
    let filled: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.ends_with('='))
        .collect();
    Some(if filled.iter().all(|pair| pair.is_empty()) {
        path.to_owned()
    } else {
        format!("{path}?{}", filled.join("&"))
    })
}

/// The text search of a filter bar, field name `q`.
#[component]
pub fn SearchField(
    placeholder: &'static str,
    #[prop(into)] value: Signal<String>,
) -> impl IntoView {
    view! {
        <label class="search">
            <Icon name=IconName::Search/>
            <span class="visually-hidden">{placeholder}</span>
            <input
                type="search"
                name="q"
                placeholder=placeholder
                autocomplete="off"
                value=move || value.get()
            />
        </label>
    }
}

/// One choice of a filter: what stands in the address, and its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterOption {
    pub value: &'static str,
    pub label: &'static str,
}

/// The choices of a filter, fixed or loaded: value and words.
#[derive(Debug, Clone, Default)]
pub struct FilterOptions(Vec<(String, String)>);

impl From<Vec<FilterOption>> for FilterOptions {
    fn from(options: Vec<FilterOption>) -> Self {
        let owned = |option: FilterOption| (option.value.to_owned(), option.label.to_owned());
        Self(options.into_iter().map(owned).collect())
    }
}

impl From<Vec<(String, String)>> for FilterOptions {
    fn from(options: Vec<(String, String)>) -> Self {
        Self(options)
    }
}

/// A drop-down of choices with field name `name`; `single` allows one only.
#[component]
pub fn FilterMenu(
    label: &'static str,
    name: &'static str,
    #[prop(into)] options: FilterOptions,
    #[prop(into)] chosen: Signal<Vec<String>>,
    #[prop(optional)] single: bool,
) -> impl IntoView {
    let on = Signal::derive(move || chosen.with(|chosen| !chosen.is_empty()));
    let kind = if single { "radio" } else { "checkbox" };
    let options = options
        .0
        .into_iter()
        .map(|(value, label)| {
            let is_chosen = chosen.with(|chosen| chosen.contains(&value));
            view! {
                <label>
                    <input type=kind name=name value=value checked=is_chosen/>
                    {label}
                </label>
            }
        })
        .collect_view();
    view! { <FilterBox label on>{options}</FilterBox> }
}

/// A drop-down with whatever chooses in it; `on` says that something is chosen.
#[component]
pub fn FilterBox(
    label: &'static str,
    #[prop(into)] on: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let class = move || {
        if on.get() {
            "filter filter-on"
        } else {
            "filter"
        }
    };
    view! {
        <details class=class name="filter">
            <summary>{label} <Icon name=IconName::Down/></summary>
            <div class="menu" role="group" aria-label=label>
                {children()} <button class="btn btn-block">"Apply"</button>
            </div>
        </details>
    }
}

/// An on/off filter: present in the address as `name=1` or not at all.
#[component]
pub fn FilterSwitch(
    label: &'static str,
    name: &'static str,
    #[prop(into)] on: Signal<bool>,
) -> impl IntoView {
    view! {
        <label class="switch">
            <input
                type="checkbox"
                role="switch"
                name=name
                value="1"
                checked=move || on.get()
            />
            {label}
        </label>
    }
}

/// A filter that is on; `without` is the address without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    pub name: &'static str,
    pub value: String,
    pub without: String,
}

/// Nothing when there are no chips.
#[component]
pub fn Chips(
    #[prop(into)] chips: Signal<Vec<Chip>>,
    /// The address without any filter.
    #[prop(into)]
    clear: String,
) -> impl IntoView {
    move || {
        let chips = chips.get();
        let clear = clear.clone();
        (!chips.is_empty()).then(|| {
            let chips = chips
                .into_iter()
                .map(|chip| {
                    let remove = format!("Remove filter {}: {}", chip.name, chip.value);
                    view! {
                        <span class="chip">
                            {chip.name} ": " <b>{chip.value}</b>
                            <a href=chip.without aria-label=remove><Icon name=IconName::X/></a>
                        </span>
                    }
                })
                .collect_view();
            view! { <div class="chips">{chips} <a class="small" href=clear>"Clear filters"</a></div> }
        })
    }
}
