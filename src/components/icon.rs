//! Icons and status glyphs, drawn from the one sprite that the document carries (`style/icons.svg`).

use leptos::prelude::*;

/// An icon of the sprite: it repeats a word beside it, so it is hidden from screen readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconName {
    Bell,
    Building,
    Check,
    Clock,
    Copy,
    Down,
    Download,
    Ext,
    Flask,
    Issue,
    Key,
    Left,
    Lock,
    Logs,
    Mail,
    Menu,
    Out,
    Plus,
    Print,
    Pulse,
    Right,
    Search,
    Shield,
    Sliders,
    Theme,
    Up,
    UpDown,
    Users,
    X,
}

impl IconName {
    fn href(self) -> &'static str {
        match self {
            Self::Bell => "#i-bell",
            Self::Building => "#i-building",
            Self::Check => "#i-check",
            Self::Clock => "#i-clock",
            Self::Copy => "#i-copy",
            Self::Down => "#i-down",
            Self::Download => "#i-download",
            Self::Ext => "#i-ext",
            Self::Flask => "#i-flask",
            Self::Issue => "#i-issue",
            Self::Key => "#i-key",
            Self::Left => "#i-left",
            Self::Lock => "#i-lock",
            Self::Logs => "#i-logs",
            Self::Mail => "#i-mail",
            Self::Menu => "#i-menu",
            Self::Out => "#i-out",
            Self::Plus => "#i-plus",
            Self::Print => "#i-print",
            Self::Pulse => "#i-pulse",
            Self::Right => "#i-right",
            Self::Search => "#i-search",
            Self::Shield => "#i-shield",
            Self::Sliders => "#i-sliders",
            Self::Theme => "#i-theme",
            Self::Up => "#i-up",
            Self::UpDown => "#i-updown",
            Self::Users => "#i-users",
            Self::X => "#i-x",
        }
    }
}

/// An icon beside a text; screen readers skip it.
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
            Self::Ok => "#i-g-ok",
            Self::Fail => "#i-g-fail",
            Self::Warn => "#i-g-warn",
            Self::Skip => "#i-g-skip",
            Self::Off => "#i-g-off",
            Self::Wait => "#i-g-wait",
            Self::Live => "#i-g-live",
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

/// The sign of a tone; screen readers skip it, so a word has to stand beside it.
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
