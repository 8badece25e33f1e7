//! Parts of a page that the browser loads anew without the rest: results that follow what is typed, live updates.
//!
//! The server renders the whole page at the new address, as for anybody without scripts; only the regions of it are
//! taken over. So there is one way to draw a list, and focus and scroll outside of a region are kept.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{
    Document, DomParser, Element, Event, EventInit, HtmlElement, HtmlInputElement, Response,
    SupportedType,
};
use wasm_bindgen_futures::JsFuture;

/// Sent by a region whose content is new; the document's script wakes the islands in it.
pub const LOADED: &str = "region-loaded";

/// A part of a page that can be loaded anew. `name` is unique on the page.
#[component]
pub fn Region(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! { <div class="region" data-region=name>{children()}</div> }
}

/// What becomes of the browser's address when regions are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// It becomes the new one, in place of the old: going back leaves the page.
    Follows,
    /// The same page, only newer.
    Stays,
}

/// When what is pressed is asked for again.
const SOON: Duration = Duration::from_secs(1);

thread_local! {
    /// Counts what was asked for: only the latest is shown.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

fn ask() -> u32 {
    let number = ASKED.get().wrapping_add(1);
    ASKED.set(number);
    number
}

/// Opens a page as a link does. What is still being loaded for this page is dropped: it would change the address that
/// going back leads to.
pub fn open(address: &str) {
    ask();
    // A refusal leaves the page as it is.
    let _ = window().location().assign(address);
}

/// The address of the page that is shown.
pub fn here() -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    path + &location.search().unwrap_or_default()
}

/// Loads the regions of this page from another address of it. An answer that a later one has overtaken is dropped.
/// What cannot be shown in place (signed out meanwhile, an error) is opened as a page, unless the address stays:
/// then the old content stays too.
pub fn show(address: String, becomes: Address) {
    let number = ask();
    spawn_local(async move {
        let page = load(&address).await;
        if ASKED.get() != number {
            return;
        }
        match (page, becomes) {
            (Ok(Some(page)), _) => {
                if let Ok(Taken::NotAll) = take_over(&page, becomes) {
                    set_timeout(move || show(here(), becomes), SOON);
                }
                if becomes == Address::Follows {
                    follow(&address, &page);
                }
            }
            (Ok(None) | Err(_), Address::Follows) => open(&address),
            (Ok(None) | Err(_), Address::Stays) => {}
        }
    });
}

/// `None` for an answer that is not this page.
async fn load(address: &str) -> Result<Option<Document>, JsValue> {
    let response = JsFuture::from(window().fetch_with_str(address)).await?;
    let response: Response = response.dyn_into()?;
    if !response.ok() || response.redirected() {
        return Ok(None);
    }
    let text = JsFuture::from(response.text()?).await?;
    let text = text.as_string().unwrap_or_default();
    DomParser::new()?
        .parse_from_string(&text, SupportedType::TextHtml)
        .map(Some)
}

enum Taken {
    All,
    /// Something is pressed.
    NotAll,
}

fn take_over(page: &Document, becomes: Address) -> Result<Taken, JsValue> {
    let mut taken = Taken::All;
    let here = document();
    let regions = here.query_selector_all("[data-region]")?;
    for region in (0..regions.length()).filter_map(|at| regions.item(at)) {
        let region: Element = region.dyn_into()?;
        let name = region.get_attribute("data-region").unwrap_or_default();
        let Some(new) = page.query_selector(&format!("[data-region=\"{name}\"]"))? else {
            continue;
        };
        let focused = here
            .active_element()
            .filter(|focused| region.contains(Some(focused)));
        // Nobody loses what they are filling in to a live update.
        let is_in_form = match &focused {
            Some(focused) => focused.closest("form")?.is_some(),
            None => false,
        };
        if becomes == Address::Stays {
            if is_in_form || is_filled_in(&region)? {
                continue;
            }
            // Who has pressed a button and not let go would click on nothing.
            if region.matches(":active")? {
                taken = Taken::NotAll;
                continue;
            }
        }
        let unfolded = ids(&region, "details[open] > summary[id]")?;
        region.set_inner_html(&new.inner_html());
        for id in unfolded {
            let summary = here.get_element_by_id(&id);
            if let Some(details) = summary.and_then(|summary| summary.parent_element()) {
                details.set_attribute("open", "")?;
            }
        }
        if let Some(again) = focused.and_then(|focused| same_element(&region, &focused)) {
            again.focus()?;
        }
        let init = EventInit::new();
        init.set_bubbles(true);
        region.dispatch_event(&Event::new_with_event_init_dict(LOADED, &init)?)?;
    }
    Ok(taken)
}

/// Whether somebody has typed, checked or chosen in it what the server has not drawn.
fn is_filled_in(region: &Element) -> Result<bool, JsValue> {
    const CHOSEN: &str = "select:has([selected]) option:checked:not([selected]), \
                          select:not(:has([selected])) option:checked:not(:first-child)";
    if region.query_selector(CHOSEN)?.is_some() {
        return Ok(true);
    }
    let inputs = region.query_selector_all("input:not([type=hidden])")?;
    for input in (0..inputs.length()).filter_map(|at| inputs.item(at)) {
        let input: HtmlInputElement = input.dyn_into()?;
        if input.value() != input.default_value() || input.checked() != input.default_checked() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ids(region: &Element, selector: &str) -> Result<Vec<String>, JsValue> {
    let found = region.query_selector_all(selector)?;
    let found = (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<Element>().ok());
    Ok(found.map(|element| element.id()).collect())
}

/// What stands for an element in new content: the one with its id, or the link to the same page.
fn same_element(region: &Element, old: &Element) -> Option<HtmlElement> {
    let by = |attribute: &str| {
        let value = old.get_attribute(attribute)?;
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        region
            .query_selector(&format!("[{attribute}=\"{value}\"]"))
            .ok()
            .flatten()
    };
    by("id").or_else(|| by("href"))?.dyn_into().ok()
}

fn follow(address: &str, page: &Document) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(address));
    }
    document().set_title(&page.title());
}
