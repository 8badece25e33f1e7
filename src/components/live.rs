//! Live hints in the browser: one stream a page, open while somebody can see it. They are used within islands.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use leptos::web_sys::js_sys::Date;
use leptos::web_sys::{Event, EventSource, VisibilityState};

use super::region::{self, Address};
use crate::model::zone::ReaderZone;

/// When to open a stream anew that the browser has given up.
const ANEW: Duration = Duration::from_secs(30);
/// How often a page is drawn anew at most: each time asks the server for the whole page.
const REDRAWN: Duration = Duration::from_secs(5);

/// What a page knows of the stream.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// Goes up whenever the log may have newer entries: follow it, and load what the page shows again.
    pub hints: ReadSignal<u64>,
    /// Since when nothing is heard: "09:12 CET".
    pub broken_since: ReadSignal<Option<String>>,
}

/// Hints from the stream at `url`, for an island. A tab that is hidden closes its stream; when it is seen again, that
/// counts as a hint. `zone` is of times.
pub fn use_live(url: String, zone: ReaderZone) -> Live {
    let (hints, set_hints) = signal(0_u64);
    let (broken_since, set_broken_since) = signal(None);
    let (attempt, set_attempt) = signal(0_u32);
    let visible = use_visible();
    let mut stream = None::<Stream>;
    Effect::new(move |was_seen: Option<bool>| {
        attempt.track();
        // The one before is closed with it.
        drop(stream.take());
        if !visible.get() {
            return false;
        }
        if was_seen == Some(false) {
            set_hints.update(|hints| *hints += 1);
        }
        let heard = move || set_hints.update(|hints| *hints += 1);
        let opened = move || {
            // What came while the stream was broken was not hinted at.
            if broken_since.get_untracked().is_some() {
                set_hints.update(|hints| *hints += 1);
            }
            set_broken_since.set(None);
        };
        let zone = zone.clone();
        let broke = move |for_good| {
            set_broken_since.update(|since| {
                since.get_or_insert_with(|| now(&zone));
            });
            if for_good {
                set_timeout(move || set_attempt.update(|attempt| *attempt += 1), ANEW);
            }
        };
        stream = Stream::open(&url, heard, opened, broke);
        true
    });
    Live {
        hints,
        broken_since,
    }
}

/// The foot of a page that keeps its regions as new as the logs, and says whether it does; with a link for where it does
/// not. `stream` is [`Frame::href`](crate::model::frame::Frame::href) of "/live", or "/live" for all organizations.
#[component]
pub fn Following(#[prop(into)] stream: String, zone: ReaderZone) -> impl IntoView {
    view! {
        <p class="row row-between small">
            <LiveRegions stream zone/>
            <a class="push" href="">"Check again"</a>
        </p>
    }
}

#[island]
fn LiveRegions(stream: String, zone: ReaderZone) -> impl IntoView {
    let live = use_live(stream, zone);
    let show = spaced(REDRAWN, || region::show(region::here(), Address::Stays));
    Effect::new(move |_| {
        if live.hints.get() > 0 {
            show();
        }
    });
    view! { <LiveState live/> }
}

/// "Live", or since when not.
#[component]
pub fn LiveState(live: Live) -> impl IntoView {
    let dot = move || {
        if live.broken_since.with(Option::is_some) {
            "live-dot live-dot-off"
        } else {
            "live-dot"
        }
    };
    let text = move || {
        live.broken_since.get().map_or_else(
            || "Live".to_owned(),
            |since| format!("Not live since {since}."),
        )
    };
    let hidden = move || live.broken_since.with(Option::is_none);
    view! {
        <span class="live needs-scripts">
            <span class=dot aria-hidden="true"></span>
            <span role="status">{text}</span>
            <a href="" hidden=hidden>"Reload"</a>
        </span>
    }
}

/// `act`, at once and then at most once in `pause`; what was asked for meanwhile happens at its end.
pub fn spaced(pause: Duration, act: impl Fn() + Clone + 'static) -> impl Fn() + Clone {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Free,
        Resting,
        Asked,
    }
    fn run(state: &Rc<Cell<State>>, pause: Duration, act: &Rc<dyn Fn()>) {
        state.set(State::Resting);
        act();
        let (state, act) = (state.clone(), act.clone());
        set_timeout(
            move || match state.replace(State::Free) {
                State::Asked => run(&state, pause, &act),
                State::Free | State::Resting => {}
            },
            pause,
        );
    }
    let state = Rc::new(Cell::new(State::Free));
    let act: Rc<dyn Fn()> = Rc::new(act);
    move || match state.get() {
        State::Free => run(&state, pause, &act),
        State::Resting | State::Asked => state.set(State::Asked),
    }
}

/// Whether the tab can be seen.
fn use_visible() -> ReadSignal<bool> {
    let (visible, set_visible) = signal(true);
    Effect::new(move |_| {
        let look =
            move || set_visible.set(document().visibility_state() != VisibilityState::Hidden);
        look();
        let listener =
            window_event_listener(ev::Custom::<Event>::new("visibilitychange"), move |_| {
                look()
            });
        on_cleanup(move || listener.remove());
    });
    visible
}

/// The browser's clock as pages write it, by what the server said of the zone: it cannot be asked now.
fn now(zone: &ReaderZone) -> String {
    let there = Date::now() + f64::from(zone.offset) * 1_000.0;
    let there = String::from(Date::new(&there.into()).to_iso_string());
    let time = there.get(11..16).unwrap_or_default();
    format!("{time} {}", zone.abbreviation)
}

/// An open stream; dropping it closes it.
struct Stream {
    source: EventSource,
    _heard: Closure<dyn Fn()>,
    _opened: Closure<dyn Fn()>,
    _broke: Closure<dyn Fn()>,
}

impl Stream {
    /// `broke` is told whether the browser has given up; otherwise it tries again by itself.
    fn open(
        url: &str,
        heard: impl Fn() + 'static,
        opened: impl Fn() + 'static,
        broke: impl Fn(bool) + 'static,
    ) -> Option<Self> {
        // Entries may have come since the page was drawn.
        let age = window().performance().map_or(0.0, |clock| clock.now());
        let source = EventSource::new(&format!("{url}?age={age:.0}")).ok()?;
        let heard = Closure::<dyn Fn()>::new(heard);
        let opened = Closure::<dyn Fn()>::new(opened);
        let broke = Closure::<dyn Fn()>::new({
            let source = source.clone();
            move || broke(source.ready_state() == EventSource::CLOSED)
        });
        let _ = source.add_event_listener_with_callback("logs", heard.as_ref().unchecked_ref());
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        source.set_onerror(Some(broke.as_ref().unchecked_ref()));
        Some(Self {
            source,
            _heard: heard,
            _opened: opened,
            _broke: broke,
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}
