//! How far one has come in something that is done once: across the page, and as a checklist.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};

/// One step: what it is called, and whether it is behind us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    pub label: &'static str,
    pub done: bool,
}

/// The first step that is not done is the current one.
#[component]
pub fn Stepper(label: &'static str, steps: Vec<Milestone>) -> impl IntoView {
    let current = steps.iter().position(|step| !step.done);
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let current = (current == Some(index)).then_some("step");
            view! {
                <li
                    class=step.done.then_some("done")
                    aria-current=current
                >
                    <span>
                        {step.done.then(|| view! { <Glyph tone=Tone::Ok/> })} {step.label}
                        {step.done.then(|| view! { <span class="visually-hidden">", done"</span> })}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="stepper" aria-label=label>{steps}</ol> }
}

/// Steps that are done or not yet, in their order.
#[component]
pub fn Checklist(steps: Vec<Milestone>) -> impl IntoView {
    let steps = steps
        .into_iter()
        .map(|step| {
            let (tone, said) = if step.done {
                (Tone::Ok, ", done")
            } else {
                (Tone::Wait, ", not yet")
            };
            view! {
                <li class=step.done.then_some("done")>
                    <Glyph tone/>
                    <span>{step.label} <span class="visually-hidden">{said}</span></span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="checklist">{steps}</ul> }
}
