//! The browser part: compiled, and given the script that loads it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::files;
use crate::build::Profile;
use crate::process::{cargo, find, output, run};
use crate::steps::note;
use crate::workspace::{NAME, root, scratch, target};

/// The compiler's name of browsers.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the compiler's WebAssembly target when it is missing.
pub fn require_target() -> Result<()> {
    let sysroot = output(
        Command::new("rustc")
            .current_dir(root())
            .args(["--print", "sysroot"]),
    )?;
    if Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
    {
        return Ok(());
    }
    if find("rustup").is_none() {
        bail!("the compiler lacks the target {TARGET}, and there is no rustup to add it with");
    }
    run(Command::new("rustup")
        .current_dir(root())
        .args(["target", "add", TARGET]))
}

/// Compiles the library for the browser and gives the path of the module.
pub fn compile(profile: Profile) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", NAME, "--lib", "--target", TARGET]);
    command.args(["--no-default-features", "--features", "hydrate"]);
    let folder = match profile {
        Profile::Dev => {
            // wasm-bindgen drops debug information, so none is made.
            command.env("CARGO_PROFILE_DEV_DEBUG", "false");
            "debug"
        }
        Profile::Release => {
            command.args(["--profile", "wasm-release"]);
            "wasm-release"
        }
    };
    run(&mut command)?;
    Ok(target()
        .join(TARGET)
        .join(folder)
        .join(NAME.replace('-', "_"))
        .with_extension("wasm"))
}

/// Script and WebAssembly for browsers, by name below `pkg/`. It is wasm-bindgen as a library, of the version that
/// Cargo.lock has: nothing to install, and no version to get wrong.
pub fn bind(module: &Path, profile: Profile) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = scratch().join("bindgen");
    let stamp = scratch().join("bindgen.stamp");
    let state = format!(
        "{} {:?}",
        module.display(),
        fs::metadata(module)?.modified()?
    );
    if fs::read_to_string(&stamp).is_ok_and(|old| old == state) && folder.is_dir() {
        note("the browser part has not changed");
    } else {
        let _ = fs::remove_file(&stamp);
        let _ = fs::remove_dir_all(&folder);
        Bindgen::new()
            .input_path(module)
            .out_name(NAME)
            .typescript(false)
            .keep_debug(false)
            .remove_name_section(profile == Profile::Release)
            .remove_producers_section(true)
            .omit_default_module_path(true)
            .web(true)
            .and_then(|bindgen| bindgen.generate(&folder))
            .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
        files::write(&stamp, state.as_bytes())?;
    }
    let mut made = Vec::new();
    for file in files::walk(&folder)? {
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(&folder)?;
        // Leptos looks for the module under the application's plain name.
        let plain = if name == Path::new(&format!("{NAME}_bg.wasm")) {
            Path::new(NAME).with_extension("wasm")
        } else {
            name.to_owned()
        };
        if plain.extension().is_some_and(|ending| ending == "wasm") {
            note(format!("WebAssembly: {} KB", content.len() / 1000));
        }
        made.push((plain, content));
    }
    Ok(made)
}
