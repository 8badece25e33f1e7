//! `cargo xtask bench`: the release program and a durable PostgreSQL for the package `bench`, which measures.

use std::ffi::OsString;

use anyhow::Result;

use crate::build::{self, Profile, for_this_computer};
use crate::postgres::{Cluster, Durability};
use crate::process::{cargo, run};
use crate::steps::{note, step};
use crate::{programs, workspace};

/// Builds and measures. The arguments are the benchmark's: `--help` lists them.
pub fn bench(quick: bool, arguments: &[OsString]) -> Result<()> {
    let program = build::build(Profile::Release)?;
    let package = ["--release", "--package", "bench"];
    step("Benchmark", || {
        run(cargo().arg("build").args(package).args(for_this_computer()))
    })?;
    let cluster = step("PostgreSQL, durable", || {
        let Some(programs) = programs::require_postgres() else {
            note("not here: only SQLite is measured");
            return Ok(None);
        };
        Cluster::start(&programs, Durability::Real).map(Some)
    })?;
    eprintln!("\n==> Measuring: leave the computer alone until it is done");
    let mut command = cargo();
    command
        .arg("run")
        .arg("--quiet")
        .args(package)
        .args(for_this_computer())
        .arg("--");
    command
        .arg("--program")
        .arg(program)
        .arg("--folder")
        .arg(workspace::target().join("bench"));
    if let Some(cluster) = &cluster {
        command.env("BENCH_POSTGRES_URL", cluster.url("postgres"));
    }
    if quick {
        command.arg("--quick");
    }
    run(command.args(arguments))
}

/// Builds, fills a database and measures every page of the dashboard and every kind of list.
pub fn pages(arguments: &[OsString]) -> Result<()> {
    let program = build::build(Profile::Release)?;
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--release", "--package", "bench"])
        .args(for_this_computer())
        .args(["--", "pages", "--program"])
        .arg(program)
        .arg("--folder")
        .arg(workspace::target().join("bench-pages"));
    run(command.args(arguments))
}

/// Fills a running application. It is the benchmark's client that speaks.
pub fn fill(arguments: &[OsString]) -> Result<()> {
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--package", "bench"])
        .args(for_this_computer())
        .args(["--", "fill"]);
    run(command.args(arguments))
}
