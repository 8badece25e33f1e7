//! Tables are tables; below 44 rem of their own width rows become short entries (`at-*` classes place cells).

use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// Wrap a `thead` and `tbody`s. The caption is for screen readers.
#[component]
pub fn Table(
    #[prop(into)] caption: String,
    /// Stays a table on small screens: few narrow columns.
    #[prop(optional)]
    keep: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="table-wrap">
            <table class=if keep { "table table-keep" } else { "table" }>
                <caption class="visually-hidden">{caption}</caption>
                {children()}
            </table>
        </div>
    }
}

/// How a list is sorted by one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    No,
    Ascending,
    Descending,
}

/// A heading that sorts; `href` is the list sorted by it, or the other way round.
#[component]
pub fn SortHeader(
    label: &'static str,
    sorted: Sorted,
    href: String,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let (value, icon) = match sorted {
        Sorted::No => ("none", IconName::UpDown),
        Sorted::Ascending => ("ascending", IconName::Up),
        Sorted::Descending => ("descending", IconName::Down),
    };
    view! {
        <th scope="col" aria-sort=value class=class>
            <a class="sort" href=href>{label} <Icon name=icon/></a>
        </th>
    }
}

/// The dash that stands for "none".
#[component]
pub fn Dash() -> impl IntoView {
    view! {
        <span class="muted">
            <span aria-hidden="true">"–"</span>
            <span class="visually-hidden">"none"</span>
        </span>
    }
}
