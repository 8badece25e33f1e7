//! Logs of the process: structured events on stderr. Never secrets, e-mail addresses or bodies.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use super::settings::LogFormat;

/// What is logged when `RUST_LOG` says nothing. tower-sessions takes every expired cookie for an attack.
const SERVICE: &str = "info,tower_sessions_core=error,tower_sessions=error";
/// For commands that do one thing: only what went wrong.
const COMMAND: &str = "warn,tower_sessions_core=error,tower_sessions=error";

/// Starts logging. `filter` is `RUST_LOG`; `is_service` chooses the default.
///
/// # Errors
/// A sentence, when `filter` cannot be understood.
pub fn start(format: LogFormat, filter: Option<&str>, is_service: bool) -> Result<(), String> {
    let default = if is_service { SERVICE } else { COMMAND };
    let filter = EnvFilter::try_new(filter.unwrap_or(default))
        .map_err(|error| format!("RUST_LOG cannot be understood: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Pretty => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal()),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init(),
    };
    started.map_err(|error| error.to_string())
}
