//! One item of a list beside it. It has an address of its own, so it opens without scripts.

use leptos::ev::KeyboardEvent;
use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FocusOptions, HtmlElement};

/// The frame, named by what has the id `drawer-heading`. When it opens, what has the class `drawer-body` is given
/// the focus; as long as that is within, the keys that its links name in `aria-keyshortcuts` follow them.
#[island]
pub fn Drawer(children: Children) -> impl IntoView {
    let drawer = NodeRef::<Dialog>::new();
    let find = move |selector: &str| -> Option<HtmlElement> {
        let found = drawer.get_untracked()?.query_selector(selector).ok()??;
        found.dyn_into().ok()
    };
    Effect::new(move |_| {
        drawer.track();
        if let Some(body) = find(".drawer-body") {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            // Without focus the keys are not heard, which the links make up for.
            let _ = body.focus_with_options(&options);
        }
    });
    let pressed = move |event: KeyboardEvent| {
        let key = event.key();
        let is_ours = matches!(key.as_str(), "Escape" | "[" | "]");
        if !is_ours || event.ctrl_key() || event.meta_key() || event.default_prevented() {
            return;
        }
        if let Some(link) = find(&format!("a[aria-keyshortcuts=\"{key}\"]")) {
            event.prevent_default();
            link.click();
        }
    };
    view! {
        <dialog class="drawer" open node_ref=drawer aria-labelledby="drawer-heading" on:keydown=pressed>
            {children()}
        </dialog>
    }
}
