//! A state that the reader must know about: what, why, what next.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};

/// `action` is a link or button beside the text. `alert` announces it when it appears.
#[component]
pub fn Callout(
    tone: Tone,
    #[prop(optional)] alert: bool,
    #[prop(optional, into)] action: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class=format!("callout callout-{}", tone.class()) role=alert.then_some("alert")>
            <Glyph tone/>
            <div>{children()}</div>
            {action.map(|action| action.run())}
        </div>
    }
}
