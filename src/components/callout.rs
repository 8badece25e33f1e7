//! A state that the reader must know about: what, why, what next.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};

/// `action` is a link or button beside the text. What is `announced` is said when it appears: a failure at once, anything
/// else when nothing is being said.
#[component]
pub fn Callout(
    tone: Tone,
    #[prop(optional)] announced: bool,
    #[prop(optional, into)] action: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    let role = match tone {
        Tone::Fail => "alert",
        Tone::Ok | Tone::Warn | Tone::Skip | Tone::Off | Tone::Wait | Tone::Live => "status",
    };
    view! {
        <div class=format!("callout callout-{}", tone.class()) role=announced.then_some(role)>
            <Glyph tone/>
            <div>{children()}</div>
            {action.map(|action| action.run())}
        </div>
    }
}
