//! Two programs, or two sizes, in turns: what a change or growth costs, as a ratio that the computer's moods do not touch.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::load;
use crate::operations::{Operation, World};
use crate::server::{SLUG, Server};
use crate::{Options, copies, suite};

/// Turns that each program takes in one row.
const TURNS: usize = 8;

/// One of the two.
struct Side {
    server: Server,
    world: Arc<World>,
}

/// What one turn found.
#[derive(Clone, Copy)]
struct Turn {
    per_second: f64,
    /// Microseconds of the server's processor time for one request.
    cpu: f64,
}

/// Measures the program and another one in turns on SQLite and prints both and their ratio, the median of the turns'.
/// The accidental-deletion guard is on, with a limit that nothing reaches.
pub fn programs(options: &Options, against: &Path) -> Result<()> {
    let size = options.sizes().into_iter().min().unwrap_or_default();
    let title = format!(
        "{size} users: `{}` -> `{}`",
        against.display(),
        options.program.display()
    );
    let sides = [(against, size), (options.program.as_path(), size)];
    run(options, &title, sides, |server| {
        let limit = ["organization", "set", SLUG, "--removal-limit", "1000000"];
        server.run(&limit).map(drop)
    })
}

/// Measures the program with the fewest and with the most users in turns, likewise.
pub fn growth(options: &Options) -> Result<()> {
    let sizes = options.sizes().into_iter();
    let (least, most) = sizes.fold((usize::MAX, 0), |(least, most), size| {
        (least.min(size), most.max(size))
    });
    let program = options.program.as_path();
    let sides = [(program, least), (program, most)];
    let title = format!("{least} users -> {most} users");
    run(options, &title, sides, |_| Ok(()))
}

fn run(
    options: &Options,
    title: &str,
    sides: [(&Path, usize); 2],
    prepare: impl Fn(&Server) -> Result<()>,
) -> Result<()> {
    let _ = std::fs::remove_dir_all(&options.folder);
    let start = |(program, size): (&Path, usize), folder: &str| -> Result<Side> {
        let mut server = Server::start(program, &options.folder.join(folder), None)?;
        prepare(&server)?;
        let mut world = Arc::new(World::default());
        let times = size.div_ceil(options.uncopied.max(1));
        suite::fill(&server, &mut world, size / times.max(1))?;
        copies::multiply(&mut server, times)?;
        Arc::get_mut(&mut world)
            .context("a measurement is still running")?
            .add_copies(times);
        Ok(Side { server, world })
    };
    let [first, second] = sides;
    let mut sides = [start(first, "first")?, start(second, "second")?];
    println!(
        "{title}, {TURNS} turns each\n\n\
         | operation    | conn. | requests/s       | ratio | spread       | CPU us       | ratio |\n\
         |--------------|------:|------------------|------:|--------------|--------------|------:|"
    );
    for operation in operations(options) {
        for connections in &options.connections {
            row(options, &mut sides, operation, *connections)?;
        }
    }
    Ok(())
}

fn operations(options: &Options) -> Vec<Operation> {
    match &options.failing {
        Some(shares) => shares.iter().copied().map(Operation::Failing).collect(),
        None => options.operations(),
    }
}

fn row(
    options: &Options,
    sides: &mut [Side; 2],
    operation: Operation,
    connections: usize,
) -> Result<()> {
    let requests = options.requests(operation, connections) / 2;
    let mut turns = Vec::with_capacity(TURNS);
    for number in 0..TURNS {
        let mut pair = [None, None];
        // Who begins changes, so that what the one leaves for the disk to do meets both alike.
        for index in [number % 2, 1 - number % 2] {
            pair[index] = Some(turn(&mut sides[index], operation, connections, requests)?);
        }
        let [Some(old), Some(new)] = pair else {
            bail!("a turn is missing");
        };
        turns.push((old, new));
    }
    let of = |pick: &dyn Fn(&(Turn, Turn)) -> f64| median(turns.iter().map(pick).collect());
    let ratios: Vec<f64> = turns
        .iter()
        .map(|(old, new)| new.per_second / old.per_second)
        .collect();
    let least = ratios.iter().copied().fold(f64::MAX, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let rates = median(ratios);
    println!(
        "| {:<12} | {connections:>5} | {:>6.0} -> {:>6.0} | {rates:>5.2} | {least:>4.2} to {most:>4.2} | {:>4.0} -> {:>4.0} | {:>5.2} |",
        match operation {
            Operation::Failing(share) => format!("{share} % refused"),
            other => other.name().to_owned(),
        },
        of(&|(old, _)| old.per_second),
        of(&|(_, new)| new.per_second),
        of(&|(old, _)| old.cpu),
        of(&|(_, new)| new.cpu),
        of(&|(old, new)| new.cpu / old.cpu),
    );
    Ok(())
}

fn turn(
    side: &mut Side,
    operation: Operation,
    connections: usize,
    requests: usize,
) -> Result<Turn> {
    let requests = match operation {
        Operation::Delete => requests.min(side.world.created()),
        _ => requests,
    };
    let before = side.server.cpu()?;
    let outcome = load::measure(
        &side.server.target,
        operation,
        &side.world,
        connections,
        requests,
    )?;
    // The log's batches end in this turn.
    std::thread::sleep(Duration::from_millis(500));
    let cpu = side.server.cpu()?.saturating_sub(before);
    if let Some(failure) = &outcome.first_failure {
        bail!("{}: {failure}", operation.name());
    }
    Ok(Turn {
        per_second: outcome.per_second(),
        cpu: cpu.as_secs_f64() * 1e6 / outcome.requests.max(1) as f64,
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 if middle > 0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values.get(middle).copied().unwrap_or_default(),
    }
}
