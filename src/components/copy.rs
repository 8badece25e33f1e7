//! Copying to the clipboard: the one thing that needs scripts, so it is hidden without them.

use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// Tries to copy and says for two seconds that it did.
fn copier(text: String) -> (ReadSignal<bool>, impl Fn() + Clone) {
    let (copied, set_copied) = signal(false);
    let copy = move || {
        // The promise is dropped: a refused permission leaves the text selectable, as it is.
        let _ = window().navigator().clipboard().write_text(&text);
        set_copied.set(true);
        set_timeout(
            move || {
                set_copied.try_set(false);
            },
            std::time::Duration::from_secs(2),
        );
    };
    (copied, copy)
}

/// A labelled button: "Copy", then "Copied".
#[island]
pub fn CopyButton(
    #[prop(into)] text: String,
    /// What is copied: "Tenant URL".
    #[prop(into)]
    what: String,
    plain: bool,
) -> impl IntoView {
    let (copied, copy) = copier(text);
    let class = if plain {
        "btn btn-plain btn-small needs-scripts"
    } else {
        "btn needs-scripts"
    };
    view! {
        <button type="button" class=class aria-label=format!("Copy {what}") on:click=move |_| copy()>
            <Icon name=IconName::Copy/>
            <span aria-live="polite">{move || if copied.get() { "Copied" } else { "Copy" }}</span>
        </button>
    }
}

/// Only the icon, beside a value in running text.
#[island]
pub fn CopyIcon(#[prop(into)] text: String, #[prop(into)] what: String) -> impl IntoView {
    let (copied, copy) = copier(text);
    view! {
        <button
            type="button"
            class="copy needs-scripts"
            aria-label=format!("Copy {what}")
            on:click=move |_| copy()
        >
            <Icon name=IconName::Copy/>
            <span class="visually-hidden" aria-live="polite">
                {move || if copied.get() { "Copied" } else { "" }}
            </span>
        </button>
    }
}

/// A value to take to Entra, under Entra's own field name.
#[component]
pub fn CopyField(
    id: &'static str,
    label: &'static str,
    #[prop(into)] value: String,
    #[prop(optional)] secret: bool,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    let class = if secret {
        "copy-field copy-field-secret"
    } else {
        "copy-field"
    };
    view! {
        <div class="field">
            <span class="label" id=id>{label}</span>
            <div class=class role="group" aria-labelledby=id>
                <code tabindex="0">{value.clone()}</code>
                <CopyButton text=value what=label plain=false/>
            </div>
            {hint.map(|hint| view! { <p class="hint">{hint}</p> })}
        </div>
    }
}
