//! The budgets, and whether they are met.

use crate::Database;
use crate::operations::Operation::{
    self, Create, Delete, EntraMix, MatchHit, MatchMiss, PatchActive, PatchRole, Read,
};
use crate::report::{self, Row};
use crate::suite::Measured;

/// Prints one verdict for each budget that this run could judge.
pub fn judge(measured: &Measured) {
    println!("\nBudgets:");
    let largest = measured
        .rows
        .iter()
        .map(|row| row.users)
        .max()
        .unwrap_or_default();
    let smallest = measured
        .rows
        .iter()
        .map(|row| row.users)
        .min()
        .unwrap_or_default();
    let find = |database: Database, users: usize, operation: Operation, connections: usize| {
        measured.rows.iter().find(|row| {
            (row.database, row.users, row.operation, row.connections)
                == (database, users, operation, connections)
        })
    };
    for database in [Database::Sqlite, Database::Postgres] {
        let name = report::database(database);
        if let Some(row) = find(database, largest, MatchHit, 8) {
            let p99 = f64::from(row.outcome.p99) / 1e3;
            verdict(
                &format!(
                    "{name}: match of {largest} users at 8 connections: 5,000/s, a fifth of the ceiling, p99 < 10 ms"
                ),
                row.outcome.per_second() >= 5_000.0 && row.ratio() >= 0.2 && p99 < 10.0,
                &format!(
                    "{:.0}/s, {:.2}, {p99:.1} ms",
                    row.outcome.per_second(),
                    row.ratio()
                ),
            );
        }
    }
    for operation in [Create, PatchActive, PatchRole] {
        if let Some(row) = find(Database::Sqlite, largest, operation, 32) {
            verdict(
                &format!(
                    "SQLite: {} at 32 connections: 1,500/s, half of the ceiling",
                    operation.name()
                ),
                row.outcome.per_second() >= 1_500.0 && row.ratio() >= 0.5,
                &format!("{:.0}/s, {:.2}", row.outcome.per_second(), row.ratio()),
            );
        }
    }
    for database in [Database::Sqlite, Database::Postgres] {
        let name = report::database(database);
        let reads = [MatchHit, MatchMiss, Read];
        let changes = [Create, PatchActive, PatchRole, Delete];
        cpu(
            &format!("{name}: CPU of the server for a read < 150 us"),
            150.0,
            measured,
            database,
            &reads,
        );
        cpu(
            &format!("{name}: CPU of the server for a change < 400 us"),
            400.0,
            measured,
            database,
            &changes,
        );
        if smallest < largest {
            for operation in [
                MatchHit,
                Read,
                Create,
                PatchActive,
                PatchRole,
                Delete,
                EntraMix,
            ] {
                let (Some(few), Some(many)) = (
                    find(database, smallest, operation, 8),
                    find(database, largest, operation, 8),
                ) else {
                    continue;
                };
                let growth = few.outcome.per_second() / many.outcome.per_second();
                verdict(
                    &format!(
                        "{name}: {} with {largest} users at most 1.5 times that with {smallest}",
                        operation.name()
                    ),
                    growth < 1.5,
                    &format!("{growth:.2} times"),
                );
            }
        }
    }
    for (database, at_rest, most) in &measured.memory {
        verdict(
            &format!(
                "{}: memory just started < 40 MB, under load < 120 MB",
                report::database(*database)
            ),
            *at_rest < 40.0 && *most < 120.0,
            &format!("{at_rest:.0} MB, {most:.0} MB"),
        );
    }
    let failures: usize = measured.rows.iter().map(|row| row.outcome.failures).sum();
    verdict(
        "every answer right",
        failures == 0,
        &format!("{failures} wrong"),
    );
}

/// The dearest of some operations, at 8 and 32 connections: with one, the system's own work for waking up dominates.
fn cpu(what: &str, budget: f64, measured: &Measured, database: Database, operations: &[Operation]) {
    let dearest = measured
        .rows
        .iter()
        .filter(|row| {
            row.database == database && row.connections > 1 && operations.contains(&row.operation)
        })
        .max_by(|one, other| one.cpu_per_request().total_cmp(&other.cpu_per_request()));
    if let Some(row) = dearest {
        let figure = row.cpu_per_request();
        verdict(
            what,
            figure < budget,
            &format!("at most {figure:.0} us ({})", describe(row)),
        );
    }
}

fn describe(row: &Row) -> String {
    format!(
        "{}, {} users, {} connections",
        row.operation.name(),
        row.users,
        row.connections
    )
}

fn verdict(what: &str, met: bool, figures: &str) {
    println!(
        "  {} {what}: {figures}",
        if met { "met   " } else { "MISSED" }
    );
}
