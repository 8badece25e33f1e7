//! Numbered instructions, and the way through Entra's menus.

use leptos::prelude::*;

/// Wrap [`Step`]s.
#[component]
pub fn Steps(children: Children) -> impl IntoView {
    view! { <ol class="steps">{children()}</ol> }
}

/// One step of instructions.
#[component]
pub fn Step(children: Children) -> impl IntoView {
    view! { <li><p>{children()}</p></li> }
}

/// "Enterprise applications › Rhombus Systems › Provisioning", in Entra's words.
#[component]
pub fn MenuPath(parts: &'static [&'static str]) -> impl IntoView {
    let parts = parts
        .iter()
        .map(|part| view! { <span>{*part}</span> })
        .collect_view();
    view! { <span class="path">{parts}</span> }
}
