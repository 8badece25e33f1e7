//! What failures cost: the same PATCH with more and more of them refused, each an entry in the log and an occurrence of
//! an issue; beside them refusals that are logged and become no issue, and have less to look up. What the issues alone
//! cost is the ratio to a program without them: see [`crate::compare`].

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::load::{self, Outcome};
use crate::operations::{Operation, World};
use crate::report;
use crate::server::Server;
use crate::{Database, Options};

/// Requests a second of a change, half of which failures have to reach.
const BUDGET: f64 = 1_500.0;

/// What one measurement found.
struct Row {
    what: String,
    connections: usize,
    outcome: Outcome,
    cpu: f64,
}

/// Measures on one database, prints a table and the verdicts; answers how many answers were wrong.
pub fn on_database(
    options: &Options,
    database: Database,
    server: &Server,
    world: &Arc<World>,
    shares: &[u8],
) -> Result<usize> {
    println!(
        "\n{}, {} users:\n\n| PATCH of the role       | conn. | requests/s | p50 ms | p99 ms | CPU us | wrong |\n\
         |-------------------------|------:|-----------:|-------:|-------:|-------:|------:|",
        report::database(database),
        world.users.len()
    );
    let measured = shares
        .iter()
        .map(|share| {
            (
                format!("{share} % refused, an issue"),
                Operation::Failing(*share),
            )
        })
        .chain([("100 % refused, no issue".to_owned(), Operation::Outdated)]);
    let mut rows = Vec::new();
    for (what, operation) in measured {
        for connections in &options.connections {
            let requests = options.requests(operation, *connections);
            let before = server.cpu()?;
            let outcome = load::measure(&server.target, operation, world, *connections, requests)?;
            let cpu = server.cpu()?.saturating_sub(before);
            let cpu = cpu.as_secs_f64() * 1e6 / outcome.requests.max(1) as f64;
            let row = Row {
                what: what.clone(),
                connections: *connections,
                outcome,
                cpu,
            };
            print(&row);
            rows.push(row);
        }
    }
    if shares.contains(&100) {
        judge(
            &rows,
            options
                .connections
                .iter()
                .copied()
                .max()
                .context("no connections")?,
        );
    }
    Ok(rows.iter().map(|row| row.outcome.failures).sum())
}

fn print(row: &Row) {
    println!(
        "| {:<23} | {:>5} | {:>10.0} | {:>6.2} | {:>6.2} | {:>6.0} | {:>5} |",
        row.what,
        row.connections,
        row.outcome.per_second(),
        f64::from(row.outcome.p50) / 1e3,
        f64::from(row.outcome.p99) / 1e3,
        row.cpu,
        row.outcome.failures,
    );
    if let Some(failure) = &row.outcome.first_failure {
        println!("  first failure: {failure}");
    }
}

fn judge(rows: &[Row], connections: usize) {
    let row = rows
        .iter()
        .find(|row| row.connections == connections && row.what.starts_with("100 % refused, an"));
    let Some(row) = row else {
        return;
    };
    let rate = row.outcome.per_second();
    let verdict = if rate >= BUDGET / 2.0 {
        "met   "
    } else {
        "MISSED"
    };
    println!("\n  {verdict} 100 % refused at half of {BUDGET:.0}/s: {rate:.0}/s");
}
