//! Icons and status glyphs, drawn from the one sprite that the document carries (`style/icons.svg`).

use leptos::prelude::*;

/// An icon of the sprite: it repeats a word beside it, so it is hidden from screen readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconName {
    Building,
    Check,
    Clock,
    Copy,
    Down,
    Download,
    Ext,
    Key,
    Left,
    Lock,
    Logs,
    Menu,
    Out,
    Plus,
    Print,
    Pulse,
    Right,
    Search,
    Shield,
    Theme,
    Up,
    UpDown,
    Users,
    X,
}

impl IconName {
    fn href(self) -> &'static str {
        match self {
            Self::Building => "#building",
            Self::Check => "#check",
            Self::Clock => "#clock",
            Self::Copy => "#copy",
            Self::Down => "#down",
            Self::Download => "#download",
            Self::Ext => "#ext",
            Self::Key => "#key",
            Self::Left => "#left",
            Self::Lock => "#lock",
            Self::Logs => "#logs",
            Self::Menu => "#menu",
            Self::Out => "#out",
            Self::Plus => "#plus",
            Self::Print => "#print",
            Self::Pulse => "#pulse",
            Self::Right => "#right",
            Self::Search => "#search",
            Self::Shield => "#shield",
            Self::Theme => "#theme",
            Self::Up => "#up",
            Self::UpDown => "#updown",
            Self::Users => "#users",
            Self::X => "#x",
        }
    }
}

#[component]
pub fn Icon(name: IconName) -> impl IntoView {
    view! { <svg class="icon" aria-hidden="true"><use href=name.href()></use></svg> }
}

/// What a glyph, a badge or a callout says; each differs in shape, so colour is never the only sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Fail,
    Warn,
    /// Nothing to do, or not run.
    Skip,
    /// Inactive, off, over.
    Off,
    /// Not yet.
    Wait,
    Live,
}

impl Tone {
    fn href(self) -> &'static str {
        match self {
            Self::Ok => "#g-ok",
            Self::Fail => "#g-fail",
            Self::Warn => "#g-warn",
            Self::Skip => "#g-skip",
            Self::Off => "#g-off",
            Self::Wait => "#g-wait",
            Self::Live => "#g-live",
        }
    }

    /// The last part of class names: `glyph-ok`, `status-ok`, `callout-ok`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skip | Self::Wait => "skip",
            Self::Off => "off",
            Self::Live => "live",
        }
    }
}

#[component]
pub fn Glyph(tone: Tone) -> impl IntoView {
    view! {
        <svg class=format!("glyph glyph-{}", tone.class()) aria-hidden="true"><use href=tone.href()></use></svg>
    }
}

/// Rhombus's mark and the product's name, as a link home.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <svg class="brand-mark" viewBox="0 0 22 22" aria-hidden="true">
                <path d="M11 1.2 20.8 11 11 20.8 1.2 11z" fill="currentColor"></path>
                <path d="M11 6.1 15.9 11 11 15.9 6.1 11z" class="brand-core"></path>
            </svg>
            "Rhombus Provisioning"
        </a>
    }
}
