//! The program: server and command line in one.

use std::process::ExitCode;

fn main() -> ExitCode {
    rhombus_provisioning::server::cli::main()
}
