//! Keys that do something by themselves: `/` searches, `g` and a letter go to a page, `j` and `k` move in a list.
//! They can be switched off, for those who speak to their computer (WCAG 2.1.4); the browser remembers it.

use std::cell::Cell;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement, Storage};

use super::region;

const OFF: &str = "single-keys-off";

/// How long `g` waits for its letter, in milliseconds.
const PATIENCE: f64 = 1_500.0;

fn memory() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Whether single keys do anything. Only for the browser.
pub fn are_on() -> bool {
    memory().is_none_or(|memory| matches!(memory.get_item(OFF), Ok(None) | Err(_)))
}

/// Switches them.
pub fn switch(on: bool) {
    if let Some(memory) = memory() {
        // A browser that refuses to remember keeps them as they are.
        let _ = if on {
            memory.remove_item(OFF)
        } else {
            memory.set_item(OFF, "1")
        };
    }
}

/// Whether the keys were pressed in order to search.
pub fn asks_for_search(event: &KeyboardEvent) -> bool {
    let is_control_k = (event.ctrl_key() || event.meta_key())
        && !event.alt_key()
        && !event.shift_key()
        && event.key() == "k";
    is_control_k || (event.key() == "/" && is_single(event))
}

/// Pressed alone, outside of a field, while single keys are on.
fn is_single(event: &KeyboardEvent) -> bool {
    let is_writing = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| {
            target
                .closest("input, textarea, select, dialog, [contenteditable]")
                .is_ok_and(|field| field.is_some())
        });
    !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !is_writing && are_on()
}

/// Follows Esc out of a question that stands over the page, as out of a dialog that scripts have opened.
pub fn leave_question(event: &KeyboardEvent) {
    if event.key() != "Escape" || event.is_composing() || event.default_prevented() {
        return;
    }
    let stay = document().query_selector("dialog.dialog[open] a[aria-keyshortcuts=Escape]");
    if let Some(stay) = stay.ok().flatten()
        && let Ok(stay) = stay.dyn_into::<HtmlElement>()
    {
        event.prevent_default();
        stay.click();
    }
}

/// Does what a single key means on a page of the organization `slug`.
pub fn follow(event: &KeyboardEvent, slug: Option<&str>) {
    thread_local! {
        static G_PRESSED_AT: Cell<f64> = const { Cell::new(f64::MIN) };
    }
    let key = event.key();
    if key.chars().count() != 1 || !is_single(event) {
        return;
    }
    let now = event.time_stamp();
    let after_g = now - G_PRESSED_AT.replace(f64::MIN) < PATIENCE;
    match (after_g, key.as_str()) {
        (false, "g") => G_PRESSED_AT.set(now),
        (false, "j") => move_focus(1),
        (false, "k") => move_focus(-1),
        (true, letter) => {
            let path = match letter {
                "o" => "",
                "i" => "/issues",
                "l" => "/logs",
                "u" => "/users",
                "t" => "/tokens",
                _ => return,
            };
            if let Some(slug) = slug {
                region::open(&format!("/organizations/{slug}{path}"));
            }
        }
        (false, _) => {}
    }
}

/// To the next or the previous row of the page's list.
fn move_focus(by: i32) {
    let Ok(rows) = document().query_selector_all("main .row-link") else {
        return;
    };
    let rows: Vec<HtmlElement> = (0..rows.length())
        .filter_map(|at| rows.item(at)?.dyn_into().ok())
        .collect();
    let focused = document().active_element();
    let current = rows.iter().position(|row| {
        focused
            .as_ref()
            .is_some_and(|focused| row.is_same_node(Some(focused)))
    });
    let next = match (current, by) {
        (None, _) => Some(0),
        (Some(at), 1..) => Some(at + 1),
        (Some(at), _) => at.checked_sub(1),
    };
    if let Some(row) = next.and_then(|next| rows.get(next)) {
        let _ = row.focus();
    }
}
