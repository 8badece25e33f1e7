//! Where things are.

use std::path::{Path, PathBuf};

/// Name of the application's package, its program and its files in the browser.
pub const NAME: &str = "rhombus-provisioning";

/// The folder of the checkout.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Cargo's target folder, also when the environment moves it.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// What the server gives to browsers: embedded by the server's build, and therefore always in the checkout.
pub fn site() -> PathBuf {
    root().join("target/site")
}

/// Our own intermediate files.
pub fn scratch() -> PathBuf {
    target().join("xtask")
}
