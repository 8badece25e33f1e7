//! Keyset paging: to the page before and the page after, never to a number.

use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// Links are absent at either end; children say how many there are.
#[component]
pub fn Pager(
    previous: Option<String>,
    next: Option<String>,
    #[prop(default = "Previous")] previous_label: &'static str,
    #[prop(default = "Next")] next_label: &'static str,
    children: Children,
) -> impl IntoView {
    let has_pages = previous.is_some() || next.is_some();
    let disabled = |href: &Option<String>| href.is_none().then_some("true");
    view! {
        <div class="pager">
            <p>{children()}</p>
            {has_pages
                .then(|| {
                    view! {
                        <nav aria-label="Pages">
                            <a
                                class="btn"
                                rel="prev"
                                aria-disabled=disabled(&previous)
                                href=previous
                            >
                                <Icon name=IconName::Left/>
                                {previous_label}
                            </a>
                            <a class="btn" rel="next" aria-disabled=disabled(&next) href=next>
                                {next_label}
                                <Icon name=IconName::Right/>
                            </a>
                        </nav>
                    }
                })}
        </div>
    }
}
