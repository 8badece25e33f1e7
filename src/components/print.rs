//! Printing the page that is shown.

use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// Opens the browser's print dialog.
#[island]
pub fn PrintButton(#[prop(into)] label: String) -> impl IntoView {
    let print = move |_| {
        // A browser that does not print leaves the page as it is.
        let _ = window().print();
    };
    view! {
        <button type="button" class="btn needs-scripts" on:click=print>
            <Icon name=IconName::Print/>
            {label}
        </button>
    }
}
