//! *Dry-run*: the address asks for it, so that reload and back do what they should, scripts or none.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::icon::{Icon, IconName};
use crate::model::query::encode;

const NAME: &str = "dry_run";
const FROM: &str = "from";

/// Which dry run of a page the address asks for, from 1; `None` when it asks for none.
pub fn asked_dry_run() -> Option<u32> {
    let number = use_query_map().get_untracked().get(NAME)?;
    Some(number.parse().unwrap_or(1))
}

/// Where the part begins that the address asks for; `None` for the first one.
pub fn asked_part() -> Option<String> {
    use_query_map().get_untracked().get(FROM)
}

/// The address of another part of the dry run `asked`.
pub fn part_href(page: &str, asked: Option<u32>, from: &str) -> String {
    let asked = asked.unwrap_or(1);
    format!("{page}?{NAME}={asked}&{FROM}={}#dry-run", encode(from))
}

/// Asks for the dry run after `asked`, at its result on the page: a link to the address that one is at would only
/// scroll.
#[component]
pub fn DryRunLink(
    #[prop(into)] page: String,
    #[prop(optional_no_strip)] asked: Option<u32>,
    label: &'static str,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    let next = asked.unwrap_or_default().wrapping_add(1);
    let class = if primary { "btn btn-primary" } else { "btn" };
    view! {
        <a class=class href=format!("{page}?{NAME}={next}#dry-run") rel="nofollow">
            <Icon name=IconName::Flask/>
            {label}
        </a>
    }
}
