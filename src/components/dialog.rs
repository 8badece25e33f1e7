//! A question that must be answered before going on. It has an address of its own, so it opens without scripts;
//! what lies around it is inert (`components::page`: `asks`).

use leptos::prelude::*;

/// `stay` names the answer that changes nothing, `back` is the page that it leads to; Esc gives it too
/// (`components::shortcuts`). `act` is the other answer, if there is one. The focus is on the first field, else on `stay`.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    stay: &'static str,
    back: String,
    #[prop(optional, into)] act: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    view! {
        <dialog class="dialog" open aria-modal="true" aria-labelledby="dialog-heading">
            <div class="dialog-head"><h2 id="dialog-heading">{title}</h2></div>
            <div class="dialog-body">{children()}</div>
            <div class="dialog-foot">
                <a class="btn" href=back autofocus=true aria-keyshortcuts="Escape">{stay}</a>
                {act.map(|act| act.run())}
            </div>
        </dialog>
    }
}
