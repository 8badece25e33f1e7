//! The table.

use std::time::Duration;

use crate::Database;
use crate::load::Outcome;
use crate::operations::Operation;

/// One measurement.
pub struct Row {
    pub database: Database,
    pub users: usize,
    pub operation: Operation,
    pub connections: usize,
    pub outcome: Outcome,
    /// Of the server, for all requests together.
    pub cpu: Duration,
    /// Requests or rows a second of the ceiling.
    pub ceiling: f64,
}

impl Row {
    /// Microseconds of the server's processor time for one request.
    pub fn cpu_per_request(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.outcome.requests.max(1) as f64
    }

    /// Share of the ceiling. The mix has none: some of it waits for the disk and some does not.
    pub fn ratio(&self) -> f64 {
        self.outcome.per_second() / self.ceiling
    }
}

pub fn database(database: Database) -> &'static str {
    match database {
        Database::Sqlite => "SQLite",
        Database::Postgres => "PostgreSQL",
    }
}

pub fn head() {
    println!(
        "| database   |   users | operation    | conn. | requests/s | p50 ms | p99 ms | failures | CPU us | ceiling/s | share |\n\
         |------------|--------:|--------------|------:|-----------:|-------:|-------:|---------:|-------:|----------:|------:|"
    );
}

pub fn row(row: &Row) {
    let with_ceiling = Some(row).filter(|row| row.operation != Operation::EntraMix);
    println!(
        "| {:<10} | {:>7} | {:<12} | {:>5} | {:>10.0} | {:>6.2} | {:>6.2} | {:>8} | {:>6.0} | {:>9} | {:>5} |",
        database(row.database),
        row.users,
        row.operation.name(),
        row.connections,
        row.outcome.per_second(),
        f64::from(row.outcome.p50) / 1e3,
        f64::from(row.outcome.p99) / 1e3,
        row.outcome.failures,
        row.cpu_per_request(),
        with_ceiling.map_or_else(|| "-".to_owned(), |row| format!("{:.0}", row.ceiling)),
        with_ceiling.map_or_else(|| "-".to_owned(), |row| format!("{:.2}", row.ratio())),
    );
    if let Some(failure) = &row.outcome.first_failure {
        println!("  first failure: {failure}");
    }
}

pub fn filled(size: usize, outcome: &Outcome) {
    eprintln!(
        "  filled to {size} users: {} creates in {:.1} s",
        outcome.requests,
        outcome.elapsed.as_secs_f64()
    );
}

pub fn memory(memory: &[(Database, f64, f64)]) {
    println!("\nMemory of the server (resident):");
    for (which, at_rest, most) in memory {
        println!(
            "  {:<10} {at_rest:>4.0} MB just started, {most:>4.0} MB at most under load",
            database(*which)
        );
    }
}
