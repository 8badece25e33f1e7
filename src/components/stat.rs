//! Single figures in a row.

use leptos::prelude::*;

/// Wrap [`Stat`]s.
#[component]
pub fn Stats(children: Children) -> impl IntoView {
    view! { <dl class="stats">{children()}</dl> }
}

/// `note` stands below the figure: "in 7 days".
#[component]
pub fn Stat(name: &'static str, #[prop(into)] value: String, note: &'static str) -> impl IntoView {
    view! {
        <div class="stat">
            <dt>{name}</dt>
            <dd>{value} " " <small>{note}</small></dd>
        </div>
    }
}
