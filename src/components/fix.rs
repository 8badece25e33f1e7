//! Why a request failed, and the exact steps that fix it: in Entra, or here.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};
use super::steps::{Step, Steps};
use crate::model::log::Explanation;

/// Steps of ours that name a page lead there: `organization` is the address of all of them. `card` is the address of the
/// issue's *Fix here*.
#[component]
pub fn Fix(
    tone: Tone,
    explanation: Explanation,
    organization: String,
    #[prop(optional_no_strip)] card: Option<String>,
) -> impl IntoView {
    let rfc = explanation.rfc.map(|rfc| format!(" The rule: {rfc}."));
    let entra_code = explanation.entra_code.map(|code| {
        view! { "Entra’s own log shows this as " <code>{code}</code> "." }
    });
    let sources =
        (entra_code.is_some() || rfc.is_some()).then(|| view! { <p>{entra_code} {rfc}</p> });
    let steps = |title: &'static str, steps: Vec<AnyView>| {
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
    let in_entra = explanation
        .fix_in_entra
        .into_iter()
        .map(IntoAny::into_any)
        .collect();
    let card = card.filter(|_| explanation.has_cure).map(|href| {
        view! { <a href=href>"Fix here"</a> " shows the choices and what follows from each." }
            .into_any()
    });
    let in_rhombus = card
        .into_iter()
        .chain(
            explanation
                .fix_here
                .into_iter()
                .map(|step| linked(step, &organization)),
        )
        .collect();
    view! {
        <section class="fix" id="troubleshooting" aria-labelledby="troubleshooting-heading">
            <div class=format!("fix-why fix-why-{}", tone.class())>
                <Glyph tone/>
                <div>
                    <h2 id="troubleshooting-heading">{explanation.title}</h2>
                    <p>{explanation.happened}</p>
                    <p>{explanation.why}</p>
                    <p><b>"What happens next: "</b> {explanation.next}</p>
                    {sources}
                </div>
            </div>
            {has_steps
                .then(|| {
                    view! {
                        <div class="fix-how">
                            {steps("Fix it in Entra", in_entra)}
                            {steps(here, in_rhombus)}
                        </div>
                    }
                })}
        </section>
    }
}

/// A step whose words for a page are a link to it.
fn linked(step: String, organization: &str) -> AnyView {
    const PLACES: [(&str, &str); 5] = [
        ("Held users", "/held"),
        ("Settings › Roles", "/settings#roles"),
        ("Settings", "/settings"),
        ("Open Tokens", "/tokens"),
        ("Open Users", "/users"),
    ];
    for (words, place) in PLACES {
        if let Some((before, after)) = step.split_once(words) {
            let href = format!("{organization}{place}");
            let (before, after) = (before.to_owned(), after.to_owned());
            return view! { {before} <a href=href>{words}</a> {after} }.into_any();
        }
    }
    step.into_any()
}
