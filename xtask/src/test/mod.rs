//! `cargo xtask test`: every test there is, with all that they need.

mod browser;
mod tally;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::build::{self, Profile, for_this_computer};
use crate::postgres::{Cluster, Durability};
use crate::process::cargo;
use crate::steps::{note, step};
use crate::workspace::NAME;
use crate::{programs, site};
use tally::Tally;

/// Which tests to run.
pub struct Selection {
    /// Those that cargo knows.
    pub unit: bool,
    /// Those in a browser.
    pub browser: bool,
    /// Handed to the test programs: names to filter by, say.
    pub arguments: Vec<OsString>,
}

/// Runs the selected tests, says how many passed and failed, and fails when one did.
pub fn test(selection: &Selection) -> Result<()> {
    let mut tally = Tally::default();
    let mut skipped_postgres = false;
    let program = if selection.unit {
        let (program, with_postgres) = unit(selection, &mut tally)?;
        skipped_postgres = !with_postgres;
        program
    } else {
        build::build(Profile::Dev)?
    };
    if selection.browser {
        browser::test(&program, &selection.arguments, &mut tally)?;
    }
    if skipped_postgres {
        eprintln!(
            "\n!!! SKIPPED: every test on PostgreSQL, because its programs are not here and could not be installed."
        );
    }
    // The last line, in cargo's own form.
    println!("\n{tally}");
    if tally.failed > 0 {
        bail!("{} tests failed", tally.failed);
    }
    Ok(())
}

/// Cargo's tests. Gives the program that they were run with, and whether PostgreSQL was there.
fn unit(selection: &Selection, tally: &mut Tally) -> Result<(PathBuf, bool)> {
    site::build(Profile::Dev)?;
    // One package at a time: built together, they would get the features of all, and everything would be compiled anew.
    let application = ["--package", NAME, "--features", "embed"];
    let tools = ["--package", "xtask"];
    let bench = ["--package", "bench"];
    step("Compile the tests", || {
        for package in [&application[..], &tools[..], &bench[..]] {
            crate::process::run(
                cargo()
                    .args(["test", "--no-run"])
                    .args(for_this_computer())
                    .args(package),
            )?;
        }
        Ok(())
    })?;
    let program = build::place(Profile::Dev)?;
    let cluster = step("PostgreSQL for the tests", || {
        let Some(programs) = programs::require_postgres() else {
            if programs::is_ci() {
                bail!("PostgreSQL is required in CI");
            }
            note("not here: the tests on PostgreSQL will be skipped");
            return Ok(None);
        };
        Cluster::start(&programs, Durability::None).map(Some)
    })?;
    step("Tests of cargo", || {
        for package in [&application[..], &tools[..], &bench[..]] {
            let mut command = cargo();
            command
                .args(["test", "--no-fail-fast"])
                .args(for_this_computer())
                .args(package);
            command.arg("--").args(&selection.arguments);
            if let Some(cluster) = &cluster {
                command.env("TEST_POSTGRES_URL", cluster.url("postgres"));
            }
            tally.run(&mut command)?;
        }
        Ok(())
    })?;
    Ok((program, cluster.is_some()))
}
