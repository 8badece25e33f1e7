//! The way to the users whom the accidental-deletion guard holds.

use leptos::prelude::*;

/// What the page is for: a decision, or only a look.
pub fn held_label(may_decide: bool) -> &'static str {
    if may_decide {
        "Decide"
    } else {
        "See who is held"
    }
}

/// The way to the users whom the guard holds; the page's one primary action for whoever may decide.
#[component]
pub fn HeldLink(href: String, may_decide: bool) -> impl IntoView {
    let class = if may_decide { "btn btn-primary" } else { "btn" };
    view! { <a class=class href=href>{held_label(may_decide)}</a> }
}
