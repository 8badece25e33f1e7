//! `cargo xtask build`: the browser part first, since the server carries it inside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, output, run};
use crate::site;
use crate::steps::step;
use crate::workspace;

/// For working on it, or for shipping it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

impl Profile {
    pub fn of(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }
}

/// Builds everything and gives the path of the program.
pub fn build(profile: Profile) -> Result<PathBuf> {
    site::build(profile)?;
    step("Server, with the site inside", || {
        let mut command = cargo();
        command.args([
            "build",
            "--package",
            workspace::NAME,
            "--bin",
            workspace::NAME,
            "--features",
            "embed",
        ]);
        command.args(for_this_computer());
        if profile == Profile::Release {
            command.arg("--release");
        }
        run(&mut command)?;
        place(profile)
    })
}

/// Names the target although it is this computer. The browser part has to name its target, and then cargo compiles
/// macros and build scripts apart from all else, without our flags; without this the server would need them once more.
pub fn for_this_computer() -> [&'static str; 2] {
    ["--target", "host-tuple"]
}

/// Where cargo puts a program by default, which a named target changes.
pub fn place(profile: Profile) -> Result<PathBuf> {
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    };
    let tuple = output(
        Command::new("rustc")
            .current_dir(workspace::root())
            .args(["--print", "host-tuple"]),
    )?;
    let name = Path::new(workspace::NAME).with_extension(std::env::consts::EXE_EXTENSION);
    let built = workspace::target()
        .join(tuple.trim())
        .join(folder)
        .join(&name);
    let placed = workspace::target().join(folder).join(&name);
    if let Some(folder) = placed.parent() {
        fs::create_dir_all(folder)?;
    }
    // Beside it and over it: the old one may be running.
    let new = placed.with_extension("new");
    let _ = fs::remove_file(&new);
    if fs::hard_link(&built, &new).is_err() {
        fs::copy(&built, &new).with_context(|| format!("cannot copy {}", built.display()))?;
    }
    fs::rename(&new, &placed).with_context(|| format!("cannot write {}", placed.display()))?;
    Ok(placed)
}
