//! How much of something is used up.

use leptos::prelude::*;

/// `label` says the bar in words; children stand above it, at its two ends.
#[component]
pub fn Progress(
    value: u64,
    max: u64,
    #[prop(into)] label: String,
    #[prop(optional)] warns: bool,
    children: Children,
) -> impl IntoView {
    let class = if warns {
        "progress-warn"
    } else {
        "progress-plain"
    };
    view! {
        <div class="progress">
            <div>{children()}</div>
            <progress
                class=class
                value=value.min(max).to_string()
                max=max.to_string()
                aria-label=label
            ></progress>
        </div>
    }
}
