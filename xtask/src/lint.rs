//! `cargo xtask lint`: formatting, lints, dependencies.

use anyhow::Result;

use crate::build::for_this_computer;
use crate::process::{cargo, find, run};
use crate::site::webassembly;
use crate::steps::{note, step};
use crate::workspace::NAME;

/// Runs every linter; the first that finds something ends it.
pub fn lint() -> Result<()> {
    step("Formatting", || {
        run(cargo().args(["fmt", "--all", "--check"]))
    })?;
    clippy(
        "server and its tests",
        &["--package", NAME, "--features", "ssr", "--all-targets"],
        true,
    )?;
    step(
        "WebAssembly target of the compiler",
        webassembly::require_target,
    )?;
    let browser = [
        "--package",
        NAME,
        "--lib",
        "--no-default-features",
        "--features",
        "hydrate",
    ];
    clippy(
        "browser part",
        &[&browser[..], &["--target", webassembly::TARGET]].concat(),
        false,
    )?;
    clippy(
        "tools",
        &[
            "--package",
            "xtask",
            "--package",
            "bench",
            "--all-targets",
            "--features",
            "xtask/pack",
        ],
        true,
    )?;
    tool(
        "cargo-deny",
        "licences, advisories and sources of dependencies",
        &["deny", "--all-features", "check"],
    )?;
    tool(
        "cargo-machete",
        "dependencies that nothing uses",
        &["machete"],
    )
}

fn clippy(what: &str, arguments: &[&str], here: bool) -> Result<()> {
    step(&format!("Clippy: {what}"), || {
        let mut command = cargo();
        command.arg("clippy").args(arguments);
        if here {
            command.args(for_this_computer());
        }
        run(command.args(["--", "--deny", "warnings"]))
    })
}

/// A linter that has to be installed by hand: compiling it takes longer than all the rest.
fn tool(program: &str, what: &str, arguments: &[&str]) -> Result<()> {
    step(&format!("{program}: {what}"), || {
        if find(program).is_none() {
            note(format!(
                "NOT CHECKED: install it with `cargo install --locked {program}`"
            ));
            return Ok(());
        }
        run(cargo().args(arguments))
    })
}
