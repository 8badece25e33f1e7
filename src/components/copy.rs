//! Copying to the clipboard: the one thing that needs scripts, so it is hidden without them.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::icon::{Icon, IconName};

/// How long a button says that it has copied.
const SAID: Duration = Duration::from_secs(2);

/// What became of pressing the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    NotYet,
    Done,
    /// Refused, or impossible on a page that came unencrypted: the text has to be selected by hand.
    Failed,
}

impl Copied {
    /// What is said to those who do not see the button.
    fn said(self, what: &str) -> String {
        match self {
            Self::NotYet => String::new(),
            Self::Done => format!("Copied: {what}"),
            Self::Failed => format!("Not copied: {what}. Select it and copy it by hand."),
        }
    }
}

/// Tries to copy, and says what became of it: a secret that is shown once must not be taken for copied.
fn copier(text: String) -> (ReadSignal<Copied>, impl Fn() + Clone) {
    let (copied, set_copied) = signal(Copied::NotYet);
    let copy = move || {
        let clipboard = window().navigator().clipboard();
        // Browsers have none for pages that came unencrypted.
        let is_there = !AsRef::<JsValue>::as_ref(&clipboard).is_undefined();
        let writing = is_there.then(|| clipboard.write_text(&text));
        spawn_local(async move {
            let is_written = match writing {
                Some(writing) => JsFuture::from(writing).await.is_ok(),
                None => false,
            };
            if !is_written {
                set_copied.try_set(Copied::Failed);
                return;
            }
            set_copied.try_set(Copied::Done);
            set_timeout(
                move || {
                    set_copied.try_set(Copied::NotYet);
                },
                SAID,
            );
        });
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
    let name = format!("Copy {what}");
    let word = move || match copied.get() {
        Copied::NotYet => "Copy",
        Copied::Done => "Copied",
        Copied::Failed => "Not copied",
    };
    view! {
        <button type="button" class=class aria-label=name on:click=move |_| copy()>
            <Icon name=IconName::Copy/>
            <span>{word}</span>
        </button>
        // Beside the button, whose name hides what stands in it.
        <span class="visually-hidden" role="status">{move || copied.get().said(&what)}</span>
    }
}

/// Only the icon, beside a value in running text.
#[island]
pub fn CopyIcon(#[prop(into)] text: String, #[prop(into)] what: String) -> impl IntoView {
    let (copied, copy) = copier(text);
    let name = format!("Copy {what}");
    let icon = move || {
        let name = match copied.get() {
            Copied::NotYet => IconName::Copy,
            Copied::Done => IconName::Check,
            Copied::Failed => IconName::X,
        };
        view! { <Icon name/> }
    };
    view! {
        <button type="button" class="copy needs-scripts" aria-label=name on:click=move |_| copy()>
            {icon}
        </button>
        <span class="visually-hidden" role="status">{move || copied.get().said(&what)}</span>
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
