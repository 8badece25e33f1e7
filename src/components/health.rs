//! The first line of an overview: a rhombus, one sentence, at most one action.

use leptos::prelude::*;

use super::icon::Tone;

/// The first line of an overview: how it is, in one sentence, and at most one thing to do.
#[component]
pub fn Health(
    tone: Tone,
    #[prop(into)] sentence: String,
    #[prop(optional, into)] action: Option<ViewFn>,
) -> impl IntoView {
    let (class, sign) = match tone {
        Tone::Ok => ("health health-ok", "m18 26.5 5.5 5.5L34.5 21"),
        Tone::Fail => ("health health-fail", "m20 20 12 12m0-12-12 12"),
        Tone::Warn => ("health health-warn", "M26 17v11M26 34.5v.2"),
        Tone::Skip | Tone::Off => ("health health-off", "M22 19v14M30 19v14"),
        Tone::Wait | Tone::Live => ("health health-live", "M17 26h.1M26 26h.1M35 26h.1"),
    };
    view! {
        <section class=class aria-labelledby="health">
            <svg class="health-mark" viewBox="0 0 52 52" aria-hidden="true">
                <path
                    class="mark-ground"
                    d="M26 3.5 48.5 26 26 48.5 3.5 26z"
                    stroke-width="2"
                    stroke-linejoin="round"
                ></path>
                <path
                    class="mark-sign"
                    d=sign
                    fill="none"
                    stroke-width="3"
                    stroke-linecap="round"
                    stroke-linejoin="round"
                ></path>
            </svg>
            <div><h1 id="health">{sentence}</h1></div>
            {action.map(|action| view! { <div class="page-actions">{action.run()}</div> })}
        </section>
    }
}
