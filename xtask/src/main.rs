//! The project's own commands: `cargo xtask --help` lists them.

mod bench;
mod build;
mod lint;
mod postgres;
mod process;
mod programs;
mod run;
mod site;
mod steps;
mod test;
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
    /// Run every test; installs what they need (browser, npm packages, PostgreSQL)
    Test {
        /// Only the tests that cargo runs
        #[arg(long, conflicts_with = "browser")]
        unit: bool,
        /// Only the tests in a browser
        #[arg(long)]
        browser: bool,
        /// Handed to the tests: `cargo xtask test --unit -- patch` runs those with "patch" in their name
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Check formatting, lints and dependencies
    Lint,
    /// Measure speed and memory against the budgets, on SQLite and PostgreSQL (takes some twenty minutes)
    Bench {
        /// Fewer users and a tenth of the requests: to see that all works
        #[arg(long)]
        quick: bool,
        /// The dashboard's pages and SCIM's lists instead: with 100,000 users and 1,000,000 log entries, on SQLite
        #[arg(long, conflicts_with = "quick")]
        pages: bool,
        /// Handed to the benchmark; `cargo xtask bench -- --help` lists them
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Fill a running application with a realistic organization, over SCIM as Entra does
    #[command(
        after_help = "Example:\n  cargo xtask fill --url http://127.0.0.1:3000 --organization contoso --token rhp_..."
    )]
    Fill {
        /// --url, --organization, --token, --users, --program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
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
        Command::Test {
            unit,
            browser,
            arguments,
        } => test::test(&test::Selection {
            unit: !browser,
            browser: !unit,
            arguments,
        }),
        Command::Bench {
            pages: true,
            arguments,
            ..
        } => bench::pages(&arguments),
        Command::Bench {
            quick, arguments, ..
        } => bench::bench(quick, &arguments),
        Command::Fill { arguments } => bench::fill(&arguments),
        Command::Lint => lint::lint(),
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
