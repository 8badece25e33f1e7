//! The project's benchmark; `cargo xtask bench` builds the program, starts PostgreSQL and calls this.
//!
//! It speaks to the real program over real sockets, checks every answer, and measures in the same run what the same
//! computer could do at best: a bare handler for reads, bare durable inserts for writes. Client and server share the
//! processor, in the ceilings as well as in the measurements.

mod budgets;
mod ceiling;
mod client;
mod compare;
mod copies;
mod failing;
mod fill;
mod lists;
mod load;
mod operations;
mod pages;
mod report;
mod server;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use operations::Operation;

/// Measures Rhombus Provisioning.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve one fixed answer: the ceiling of reads, in a process of its own as the program is
    #[command(hide = true)]
    BareHandler,
    /// Fill a running application with a realistic organization
    Fill(fill::Options),
    /// Measure the pages of the dashboard, and SCIM's lists and filters, with many users and a long log
    Pages(pages::Options),
    /// Measure SCIM's lists and filters of a running application
    Lists(lists::Options),
}

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The program, a release build
    #[arg(
        long,
        env = "PROGRAM",
        default_value = "target/release/rhombus-provisioning"
    )]
    program: PathBuf,
    /// A folder for data, on the disk that is to be measured
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// An empty PostgreSQL database; without it only SQLite is measured
    #[arg(long, env = "BENCH_POSTGRES_URL", hide_env_values = true)]
    postgres_url: Option<String>,
    /// Databases to measure
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<Database>,
    /// Numbers of users to measure with, rising
    #[arg(long, value_delimiter = ',')]
    users: Vec<usize>,
    /// Numbers of connections
    #[arg(long, value_delimiter = ',', default_value = "1,8,32")]
    connections: Vec<usize>,
    /// Operations [default: all]
    #[arg(long, value_delimiter = ',')]
    operations: Vec<Operation>,
    /// Instead of all else: what failures cost, with these shares of the requests refused, in percent
    #[arg(long, value_delimiter = ',', value_name = "PERCENT", num_args = 0.., default_missing_value = "0,5,100")]
    failing: Option<Vec<u8>>,
    /// Instead of all else: this other program and the program in turns, on SQLite, and the ratio of both
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
    /// Instead of all else: the program with the fewest and with the most users in turns, on SQLite, and the ratio
    #[arg(long, conflicts_with = "against")]
    growth: bool,
    /// With --growth: of more than this number of users, only so many come over SCIM; the others are copied in the database
    #[arg(long, default_value_t = 100_000)]
    uncopied: usize,
    /// Fewer users and a tenth of the requests: to see that all works
    #[arg(long)]
    quick: bool,
}

/// A database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Database {
    Sqlite,
    Postgres,
}

impl Options {
    fn sizes(&self) -> Vec<usize> {
        match (self.users.is_empty(), self.quick) {
            (false, _) => self.users.clone(),
            (true, false) => vec![1_000, 100_000],
            (true, true) => vec![1_000, 5_000],
        }
    }

    fn operations(&self) -> Vec<Operation> {
        if self.operations.is_empty() {
            Operation::ALL.to_vec()
        } else {
            self.operations.clone()
        }
    }

    /// Requests of one measurement.
    fn requests(&self, operation: Operation, connections: usize) -> usize {
        let full = match (operation.is_change(), connections) {
            (false, 1) => 5_000,
            (false, _) => 30_000,
            (true, 1) => 1_500,
            (true, _) => 10_000,
        };
        if self.quick { full / 10 } else { full }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Some(Command::BareHandler) => ceiling::serve_bare_handler(),
        Some(Command::Fill(options)) => fill::run(&options),
        Some(Command::Pages(options)) => pages::run(&options),
        Some(Command::Lists(options)) => lists::run(&options),
        None => match &arguments.options.against {
            Some(against) => compare::programs(&arguments.options, against),
            None if arguments.options.growth => compare::growth(&arguments.options),
            None => suite::run(&arguments.options),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
