//! Groups of one topic, and pairs of name and value.

use leptos::prelude::*;

/// `aside` stands at the end of the heading line.
#[component]
pub fn Card(
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(optional)] lined: bool,
    #[prop(optional, into)] aside: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-heading");
    view! {
        <section
            class=if lined { "card card-lined" } else { "card" }
            id=id
            aria-labelledby=heading.clone()
        >
            <div class="card-head">
                <h2 id=heading.clone()>{title}</h2>
                {aside.map(|aside| aside.run())}
            </div>
            {children()}
        </section>
    }
}

/// A list of names and values; wrap [`Fact`]s.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// One row of [`Facts`].
#[component]
pub fn Fact(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! {
        <dt>{name}</dt>
        <dd>{children()}</dd>
    }
}

/// The same in one line, below a headline.
#[component]
pub fn FactsLine(children: Children) -> impl IntoView {
    view! { <dl class="facts-line">{children()}</dl> }
}

/// One item of [`FactsLine`].
#[component]
pub fn LineFact(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}
