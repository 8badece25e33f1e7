//! Filters live in the address: a GET form to set them, chips to take them away.
//!
//! The form stays where it is while results change, so its state is given as functions.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::web_sys::{FormData, HtmlFormElement, HtmlInputElement, UrlSearchParams};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::icon::{Icon, IconName};

/// `action` is the list's own path.
#[component]
pub fn FilterBar(
    #[prop(into)] action: String,
    /// "Filter users".
    label: &'static str,
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let path = action.clone();
    let submit = move |event: SubmitEvent| {
        let form = event_target::<HtmlFormElement>(&event);
        if let Some(query) = filled_in(&form) {
            event.prevent_default();
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{path}?{query}"), options);
        }
    };
    view! {
        // Without "off", going back would bring the boxes of the page left behind.
        <form
            class="filters"
            role="search"
            aria-label=label
            action=action
            autocomplete="off"
            on:submit=submit
        >
            {children()}
            <button class="visually-hidden">"Apply filters"</button>
        </form>
    }
}

/// The form's query string without what was left blank, for an address worth sharing.
fn filled_in(form: &HtmlFormElement) -> Option<String> {
    let data = FormData::new_with_form(form).ok()?;
    let query = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    let query = String::from(query.to_string());
    let filled = query.split('&').filter(|pair| !pair.ends_with('='));
    Some(filled.collect::<Vec<_>>().join("&"))
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
                value=value.get_untracked()
                prop:value=move || value.get()
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

/// A drop-down of choices with field name `name`; `single` allows one only.
#[component]
pub fn FilterMenu(
    label: &'static str,
    name: &'static str,
    #[prop(into)] options: Vec<FilterOption>,
    #[prop(into)] chosen: Signal<Vec<String>>,
    #[prop(optional)] single: bool,
) -> impl IntoView {
    let class = move || {
        if chosen.with(Vec::is_empty) {
            "filter"
        } else {
            "filter filter-on"
        }
    };
    let kind = if single { "radio" } else { "checkbox" };
    let options = options
        .into_iter()
        .map(|option| {
            let is_chosen =
                move || chosen.with(|chosen| chosen.iter().any(|value| value == option.value));
            view! {
                <label>
                    <input
                        type=kind
                        name=name
                        value=option.value
                        checked=untrack(is_chosen)
                        prop:checked=is_chosen
                    />
                    {option.label}
                </label>
            }
        })
        .collect_view();
    view! {
        <details class=class name="filter">
            <summary>{label} <Icon name=IconName::Down/></summary>
            <div class="menu">{options} <button class="btn btn-block">"Apply"</button></div>
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
                checked=on.get_untracked()
                prop:checked=move || on.get()
                on:change=|event| {
                    if let Some(form) = event_target::<HtmlInputElement>(&event).form() {
                        let _ = form.request_submit();
                    }
                }
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
