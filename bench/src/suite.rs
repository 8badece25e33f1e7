//! The whole run: for each database and size, every operation at every number of connections.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::ceiling::{self, BareHandler};
use crate::load;
use crate::operations::{Operation, World};
use crate::report::{self, Row};
use crate::server::Server;
use crate::{Database, Options, budgets, failing};

/// Everything that was measured.
#[derive(Default)]
pub struct Measured {
    pub rows: Vec<Row>,
    /// Megabytes: database, just started, at most under load.
    pub memory: Vec<(Database, f64, f64)>,
    /// Wrong answers where refusals were measured.
    pub wrong_when_failing: usize,
}

/// Runs what the options say, printing each row as it is measured and the verdicts at the end.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let _ = std::fs::remove_dir_all(&options.folder);
    std::fs::create_dir_all(&options.folder)?;
    let mut measured = Measured::default();
    if options.failing.is_none() {
        report::head();
    }
    for database in &options.databases {
        let url = match database {
            Database::Sqlite => None,
            Database::Postgres => match &options.postgres_url {
                Some(url) => Some(url.as_str()),
                None => {
                    println!("!!! PostgreSQL is not measured: there is no URL of one");
                    continue;
                }
            },
        };
        on_database(options, *database, url, &runtime, &mut measured)
            .with_context(|| format!("on {}", report::database(*database)))?;
    }
    if options.failing.is_none() {
        report::memory(&measured.memory);
        budgets::judge(&measured);
    }
    let failures: usize = measured.rows.iter().map(|row| row.outcome.failures).sum();
    let failures = failures + measured.wrong_when_failing;
    if failures > 0 {
        bail!("{failures} wrong answers");
    }
    Ok(())
}

fn on_database(
    options: &Options,
    database: Database,
    url: Option<&str>,
    runtime: &tokio::runtime::Runtime,
    measured: &mut Measured,
) -> Result<()> {
    if let Some(shares) = &options.failing {
        let server = start(options, database, url)?;
        let mut world = Arc::new(World::default());
        let size = options.sizes().into_iter().max().unwrap_or_default();
        fill(&server, &mut world, size)?;
        measured.wrong_when_failing +=
            failing::on_database(options, database, &server, &world, shares)?;
        return Ok(());
    }
    // Ceilings first: the same quiet computer, and for the disk the same file system.
    let mut reads = HashMap::new();
    let mut writes = HashMap::new();
    let bare = BareHandler::start()?;
    for connections in &options.connections {
        let requests = options.requests(Operation::Ceiling, *connections);
        reads.insert(
            *connections,
            bare.measure(*connections, requests)?.per_second(),
        );
        let rows = options.requests(Operation::Create, *connections);
        let rate = match url {
            None => {
                runtime.block_on(ceiling::sqlite_inserts(&options.folder, *connections, rows))?
            }
            Some(url) => runtime.block_on(ceiling::postgres_inserts(url, *connections, rows))?,
        };
        writes.insert(*connections, rate);
    }
    drop(bare);

    let server = start(options, database, url)?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let (at_rest, _) = server.memory()?;
    let mut world = Arc::new(World::default());
    for size in options.sizes() {
        fill(&server, &mut world, size)?;
        for operation in options.operations() {
            for connections in &options.connections {
                let mut requests = options.requests(operation, *connections);
                if operation == Operation::Delete {
                    requests = requests.min(world.created() / options.connections.len().max(1));
                }
                let ceilings = if operation.is_change() {
                    &writes
                } else {
                    &reads
                };
                let ceiling = ceilings.get(connections).copied().unwrap_or_default();
                let before = server.cpu()?;
                let outcome =
                    load::measure(&server.target, operation, &world, *connections, requests)?;
                let cpu = server.cpu()?.saturating_sub(before);
                let row = Row {
                    database,
                    users: size,
                    operation,
                    connections: *connections,
                    outcome,
                    cpu,
                    ceiling,
                };
                report::row(&row);
                measured.rows.push(row);
            }
        }
        // What creates and the mix left over counts as users from here on.
        Arc::get_mut(&mut world)
            .context("a measurement is still running")?
            .keep_created();
    }
    let (_, most) = server.memory()?;
    measured.memory.push((database, at_rest, most));
    Ok(())
}

/// The program on fresh data.
fn start(options: &Options, database: Database, url: Option<&str>) -> Result<Server> {
    let folder = report::database(database).to_lowercase();
    Server::start(&options.program, &options.folder.join(folder), url)
}

/// Creates users, as Entra does, until there are so many.
pub fn fill(server: &Server, world: &mut Arc<World>, size: usize) -> Result<()> {
    let missing = size.saturating_sub(world.users.len());
    if missing > 0 {
        let outcome = load::measure(
            &server.target,
            Operation::Create,
            world,
            32.min(missing),
            missing,
        )?;
        if let Some(failure) = outcome.first_failure {
            bail!(
                "{} of {missing} users could not be created: {failure}",
                outcome.failures
            );
        }
        report::filled(size, &outcome);
    }
    Arc::get_mut(world)
        .context("a measurement is still running")?
        .keep_created();
    Ok(())
}
