//! `cargo xtask build`: the browser part first, since the server carries it inside.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{cargo, run};
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
        if profile == Profile::Release {
            command.arg("--release");
        }
        run(&mut command)
    })?;
    Ok(program(profile))
}

/// Where cargo leaves the program.
pub fn program(profile: Profile) -> PathBuf {
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    };
    workspace::target()
        .join(folder)
        .join(workspace::NAME)
        .with_extension(std::env::consts::EXE_EXTENSION)
}
