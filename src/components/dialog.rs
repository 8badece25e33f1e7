//! A question that must be answered before going on. It has an address of its own, so it opens without scripts;
//! what lies behind it is inert.

use leptos::prelude::*;

/// `foot` holds the two answers.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    #[prop(into)] foot: ViewFn,
    children: Children,
) -> impl IntoView {
    view! {
        <dialog class="dialog" open aria-modal="true" aria-labelledby="dialog-heading">
            <div class="dialog-head"><h1 id="dialog-heading">{title}</h1></div>
            <div class="dialog-body">{children()}</div>
            <div class="dialog-foot">{foot.run()}</div>
        </dialog>
    }
}
