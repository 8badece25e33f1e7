//! Rhombus Provisioning: a SCIM 2.0 service provider for Microsoft Entra ID, and its dashboard.

// A release build lays out futures within futures deeper than the default of 128: those of a dry run most of all.
#![recursion_limit = "256"]

pub mod api;
pub mod components;
pub mod islands;
pub mod model;

// Rendered by the server alone.
#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod pages;

#[cfg(feature = "ssr")]
pub mod server;

/// Where the browser starts. Pages stay as the server rendered them; the islands in them come alive one by one
/// (`app::shell` has the script).
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
