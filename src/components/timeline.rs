//! What happened, one below the other.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};

/// Wrap [`Event`]s.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// `aside` stands at the end of the heading line: a time, a duration.
#[component]
pub fn Event(
    tone: Tone,
    #[prop(into)] title: String,
    #[prop(into)] aside: ViewFn,
    /// Written in a lighter ink: it did not take place.
    #[prop(optional)]
    skipped: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <li>
            <Glyph tone/>
            <div>
                <div class="timeline-head">
                    <h3 class=skipped.then_some("timeline-skip")>{title}</h3>
                    <small>{aside.run()}</small>
                </div>
                {children()}
            </div>
        </li>
    }
}
