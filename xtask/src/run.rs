//! `cargo xtask run`: from a fresh clone to a serving application.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::steps::note;
use crate::workspace;

/// Builds, then becomes the program, so that Ctrl-C reaches it and nobody stands between.
pub fn run(arguments: &[OsString]) -> Result<()> {
    let program = build::build(Profile::Dev)?;
    eprintln!("\n==> Serving; stop with Ctrl-C");
    note(format!(
        "data in {}",
        workspace::root().join("data").display()
    ));
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).args(arguments);
    become_program(command)
}

#[cfg(unix)]
fn become_program(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::from(command.exec()).context("cannot start the application"))
}

#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<()> {
    crate::process::run(&mut command)
}
