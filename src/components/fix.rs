//! Why a request failed, and the exact steps that fix it: in Entra, or here.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};
use super::steps::{Step, Steps};
use crate::model::log::Explanation;

#[component]
pub fn Fix(tone: Tone, explanation: Explanation) -> impl IntoView {
    let entra_code = explanation.entra_code.map(|code| {
        view! { <p>"Entra’s own log shows this as " <code>{code}</code> "."</p> }
    });
    let steps = |title: &'static str, steps: Vec<String>| {
        (!steps.is_empty()).then(|| {
            view! {
                <div>
                    <h3>{title}</h3>
                    <Steps>
                        {steps
                            .into_iter()
                            .map(|step| view! { <Step>{step}</Step> })
                            .collect_view()}
                    </Steps>
                </div>
            }
        })
    };
    let here = if explanation.fix_in_entra.is_empty() {
        "Fix it here"
    } else {
        "Or fix it here"
    };
    let has_steps = !(explanation.fix_in_entra.is_empty() && explanation.fix_here.is_empty());
    view! {
        <section class="fix" id="troubleshooting" aria-labelledby="troubleshooting-heading">
            <div class=format!("fix-why fix-why-{}", tone.class())>
                <Glyph tone/>
                <div>
                    <h2 id="troubleshooting-heading">{explanation.title}</h2>
                    <p>{explanation.happened}</p>
                    <p>{explanation.why}</p>
                    {entra_code}
                </div>
            </div>
            {has_steps
                .then(|| {
                    view! {
                        <div class="fix-how">
                            {steps("Fix it in Entra", explanation.fix_in_entra)}
                            {steps(here, explanation.fix_here)}
                        </div>
                    }
                })}
        </section>
    }
}
