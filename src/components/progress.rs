//! How much of something is used up, or done.

use leptos::prelude::*;

/// `label` says the bar in words; children stand above it, at its two ends.
#[component]
pub fn Progress(
    #[prop(into)] value: Signal<u64>,
    #[prop(into)] max: Signal<u64>,
    #[prop(into)] label: Signal<String>,
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
                value=move || value.get().min(max.get()).to_string()
                max=move || max.get().to_string()
                aria-label=move || label.get()
            ></progress>
        </div>
    }
}
