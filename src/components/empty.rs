//! Why there is nothing, and what to do about it.

use leptos::prelude::*;

/// The picture above the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyArt {
    /// Entra and Rhombus, not connected yet.
    Waiting,
    /// Rows with a gap: nothing matches, nothing there.
    Rows,
}

/// Children are at most two links or buttons.
#[component]
pub fn Empty(
    art: EmptyArt,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    /// Whether this is the page's own heading.
    #[prop(optional)]
    page: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let art = match art {
        EmptyArt::Waiting => view! {
            <svg class="empty-art" viewBox="0 0 104 72" aria-hidden="true">
                <path class="art-line" d="M30 36h44" stroke-dasharray="3 5"></path>
                <path class="art-fill" d="M22 18 40 36 22 54 4 36z"></path>
                <path class="art-mark" d="M82 18 100 36 82 54 64 36z"></path>
            </svg>
        }
        .into_any(),
        EmptyArt::Rows => view! {
            <svg class="empty-art" viewBox="0 0 104 72" aria-hidden="true">
                <path class="art-fill" d="M20 16h64v10H20zM20 32h64v10H20zM20 48h40v10H20z"></path>
                <path class="art-mark" d="M80 40 94 54 80 68 66 54z"></path>
            </svg>
        }
        .into_any(),
    };
    view! {
        <div class="empty">
            {art}
            {if page { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() }}
            <p>{text}</p>
            {children.map(|children| view! { <div class="row">{children()}</div> })}
        </div>
    }
}
