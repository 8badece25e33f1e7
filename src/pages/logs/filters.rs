//! What the log can be narrowed by, and what it is narrowed by.

use leptos::prelude::*;

use crate::components::filter_bar::{
    Chip, Chips, FilterBar, FilterBox, FilterMenu, FilterOption, FilterSwitch, SearchField,
};
use crate::components::region::Region;
use crate::model::log::{self, Action, LogFilter, LogFilterWords};
use crate::model::log_query::SPANS;
use crate::model::token::TokenRow;
use crate::model::zone::ReaderZone;

#[component]
pub(super) fn LogFilters(
    path: String,
    words: LogFilterWords,
    /// The title of the filter's issue.
    issue: Option<String>,
    zone: ReaderZone,
    tokens: Vec<TokenRow>,
) -> impl IntoView {
    let chips = chips(&words, issue, &zone, &tokens, &path);
    let LogFilterWords {
        filter, reasons, ..
    } = words;
    let statuses: Vec<String> = filter
        .statuses
        .iter()
        .map(|status| status.as_str().to_owned())
        .collect();
    let actions: Vec<String> = filter
        .actions
        .iter()
        .map(|action| action.as_str().to_owned())
        .collect();
    // What no control shows is kept when another filter changes; a chip takes it away.
    let kept = [
        ("user", filter.user_id.clone()),
        ("cycle", filter.cycle_id.clone()),
        ("request", filter.request_id.clone()),
        ("issue", filter.issue_id.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(view! { <input type="hidden" name=name value=value?/> }))
    .collect_view();
    view! {
        <FilterBar action=path.clone() label="Filter logs">
            <SearchField placeholder="Name, userName, ID or request ID" value=filter.text.clone()/>
            <DateBox filter=filter.clone() zone/>
            <FilterMenu
                label="Status"
                name="status"
                options=options(log::Status::ALL.map(|status| (status.as_str(), status.label())))
                chosen=statuses
            />
            <FilterMenu
                label="Action"
                name="action"
                options=options(Action::ALL.map(|action| (action.as_str(), action.label())))
                chosen=actions
            />
            <TokenBox tokens chosen=filter.token_prefix.clone()/>
            <ReasonBox reasons chosen=filter.reason.clone()/>
            <FilterSwitch label="Show lookups" name="lookups" on=filter.lookups/>
            {kept}
        </FilterBar>
        <Region name="chips"><Chips chips clear=path/></Region>
    }
}

fn options(choices: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<FilterOption> {
    choices
        .into_iter()
        .map(|(value, label)| FilterOption { value, label })
        .collect()
}

/// A span up to now, or the first and the last minute.
#[component]
fn DateBox(filter: LogFilter, zone: ReaderZone) -> impl IntoView {
    let label = zone.label();
    let said = zone
        .said()
        .map(|zone| view! { <input type="hidden" name="zone" value=zone data-with="from to"/> });
    let LogFilter {
        within, from, to, ..
    } = filter;
    let on = within.is_some() || from.is_some() || to.is_some();
    let spans = [("", "Any time")]
        .into_iter()
        .chain(SPANS)
        .map(|(value, label)| {
            let checked = value == within.as_deref().unwrap_or_default();
            view! {
                <label>
                    <input type="radio" name="within" value=value checked=checked/>
                    {label}
                </label>
            }
        })
        .collect_view();
    view! {
        <FilterBox label="Date" on>
            {spans}
            <hr/>
            <div class="field">
                <label for="filter-from">{format!("From, {label}")}</label>
                <input class="input" id="filter-from" type="datetime-local" name="from" value=from/>
            </div>
            <div class="field">
                <label for="filter-to">{format!("To, {label}")}</label>
                <input class="input" id="filter-to" type="datetime-local" name="to" value=to/>
            </div>
            {said}
        </FilterBox>
    }
}

#[component]
fn ReasonBox(reasons: Vec<(String, String)>, chosen: Option<String>) -> impl IntoView {
    let on = chosen.is_some();
    // A code that the catalogue does not have any more stays chosen.
    let unknown = chosen
        .clone()
        .filter(|chosen| !reasons.iter().any(|(code, _)| code == chosen))
        .map(|chosen| (chosen.clone(), chosen));
    let options = unknown
        .into_iter()
        .chain(reasons)
        .map(|(code, title)| {
            let selected = chosen.as_ref() == Some(&code);
            view! { <option value=code selected=selected>{title}</option> }
        })
        .collect_view();
    view! {
        <FilterBox label="Reason" on>
            <div class="field">
                <label for="filter-reason">"Why a request failed, or the gravest of its remarks"</label>
                <select class="select" id="filter-reason" name="reason" autocomplete="off">
                    <option value="">"Any reason"</option>
                    {options}
                </select>
            </div>
        </FilterBox>
    }
}

#[component]
fn TokenBox(tokens: Vec<TokenRow>, chosen: Option<String>) -> impl IntoView {
    let on = chosen.is_some();
    let tokens = tokens
        .into_iter()
        .map(|token| {
            let checked = chosen.as_ref() == Some(&token.prefix);
            view! {
                <label>
                    <input type="radio" name="token" value=token.prefix.clone() checked=checked/>
                    <span>{token.name} " " <code class="muted">{token.prefix}</code></span>
                </label>
            }
        })
        .collect_view();
    view! {
        <FilterBox label="Token" on>
            <label>
                <input type="radio" name="token" value="" checked=!on/>
                "Any token"
            </label>
            {tokens}
        </FilterBox>
    }
}

fn chips(
    words: &LogFilterWords,
    issue: Option<String>,
    zone: &ReaderZone,
    tokens: &[TokenRow],
    path: &str,
) -> Vec<Chip> {
    let filter = &words.filter;
    let mut chips = Vec::new();
    let mut chip = |name, value: String, take: &dyn Fn(&mut LogFilter)| {
        let mut without = filter.clone();
        take(&mut without);
        let without = without.href(path);
        chips.push(Chip {
            name,
            value,
            without,
        });
    };
    if !filter.text.is_empty() {
        chip("Search", filter.text.clone(), &|without| {
            without.text.clear();
        });
    }
    if let Some(id) = &filter.request_id {
        chip("Request ID", id.clone(), &|without| {
            without.request_id = None;
        });
    }
    if let Some(id) = &filter.issue_id {
        let title = issue.unwrap_or_else(|| id.clone());
        chip("Issue", title, &|without| without.issue_id = None);
    }
    if let Some(within) = &filter.within {
        let span = SPANS.iter().find(|(span, _)| span == within);
        let words = span.map_or(within.as_str(), |(_, words)| words);
        chip("Date", words.to_owned(), &|without| without.within = None);
    }
    let minute = |minute: &str| format!("{}, {}", minute.replace('T', " "), zone.label());
    if let Some(from) = &filter.from {
        chip("From", minute(from), &|without| without.from = None);
    }
    if let Some(to) = &filter.to {
        chip("To", minute(to), &|without| without.to = None);
    }
    for status in &filter.statuses {
        chip("Status", status.label().to_owned(), &|without| {
            without.statuses.retain(|other| other != status);
        });
    }
    for action in &filter.actions {
        chip("Action", action.label().to_owned(), &|without| {
            without.actions.retain(|other| other != action);
        });
    }
    if let Some(reason) = &filter.reason {
        let title = words.reasons.iter().find(|(code, _)| code == reason);
        let title = title.map_or(reason, |(_, title)| title);
        chip("Reason", title.clone(), &|without| without.reason = None);
    }
    if let Some(prefix) = &filter.token_prefix {
        let token = tokens.iter().find(|token| token.prefix == *prefix);
        let name = token.map_or_else(
            || prefix.clone(),
            |token| format!("{} {prefix}", token.name),
        );
        chip("Token", name, &|without| without.token_prefix = None);
    }
    if let Some(id) = &filter.user_id {
        let name = words.user.as_ref().unwrap_or(id);
        chip("User", name.clone(), &|without| without.user_id = None);
    }
    if let Some(id) = &filter.cycle_id {
        let began = words.cycle.as_ref().map_or(id, |began| &began.exact);
        chip("Cycle", began.clone(), &|without| without.cycle_id = None);
    }
    chips
}
