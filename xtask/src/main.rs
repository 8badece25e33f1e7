//! The project's own commands: `cargo xtask --help` lists them.

mod build;
mod process;
mod run;
mod site;
mod steps;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs, tests and measures Rhombus Provisioning.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the browser part and the server with everything inside
    Build {
        /// The program that is shipped: target/release/rhombus-provisioning (takes some ten minutes)
        #[arg(long)]
        release: bool,
    },
    /// Build, then serve on SQLite in ./data; no configuration needed
    Run {
        /// Handed to the program: a command of it, settings
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Minify and compress the site of a release build (part of `build --release`)
    #[cfg(feature = "pack")]
    #[command(hide = true)]
    Pack,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Build { release } => build::build(build::Profile::of(release)).map(|_| ()),
        Command::Run { arguments } => run::run(&arguments),
        #[cfg(feature = "pack")]
        Command::Pack => site::pack::pack(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
