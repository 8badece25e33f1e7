//! The shape of what is being loaded.

use leptos::prelude::*;

/// Grey rows where a list is about to stand.
#[component]
pub fn Skeleton() -> impl IntoView {
    let row = || {
        view! {
            <li>
                <div class="person">
                    <span class="skeleton skeleton-round"></span>
                    <span class="stack-tight"><span class="skeleton skeleton-short"></span></span>
                </div>
                <span class="skeleton skeleton-mid"></span>
            </li>
        }
    };
    view! {
        <div class="card" aria-busy="true" aria-label="Loading">
            <ul class="list">{row()} {row()} {row()}</ul>
        </div>
    }
}
