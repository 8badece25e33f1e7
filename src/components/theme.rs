//! The choice of a theme, which the browser keeps for itself.

use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// The theme that this browser has chosen, "light" or "dark"; none where it follows the system. The document provides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenTheme(pub Option<&'static str>);

/// Follows the system.
const SYSTEM: &str = "system";
/// Each with its label.
const THEMES: [(&str, &str); 3] = [(SYSTEM, "System"), ("light", "Light"), ("dark", "Dark")];

/// A button for each theme, that of the chosen one pressed: a line of a menu, or buttons of a page.
#[component]
pub fn ThemeChoice(#[prop(optional)] on_page: bool) -> impl IntoView {
    let ChosenTheme(chosen) = use_context().unwrap_or(ChosenTheme(None));
    let chosen = chosen.unwrap_or(SYSTEM);
    let icon = (!on_page).then(|| view! { <Icon name=IconName::Theme/> });
    let buttons = THEMES
        .into_iter()
        .map(|(theme, label)| {
            let pressed = if theme == chosen { "true" } else { "false" };
            view! {
                <button
                    class=on_page.then_some("btn")
                    name="theme"
                    value=theme
                    aria-pressed=pressed
                >
                    {label}
                </button>
            }
        })
        .collect_view();
    let class = if on_page { "theme row" } else { "theme" };
    view! {
        <form method="post" action="/theme" class=class aria-label="Theme">
            {icon} {buttons}
        </form>
    }
}
