//! Many connections at once, a fixed number of requests.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use tokio::task::JoinSet;

use crate::client::{Connection, Target};
use crate::operations::{Operation, Worker, World};

/// What one measurement found.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub requests: usize,
    pub failures: usize,
    pub first_failure: Option<String>,
    pub elapsed: Duration,
    /// Microseconds.
    pub p50: u32,
    pub p99: u32,
}

impl Outcome {
    /// Answered requests a second, right ones only.
    pub fn per_second(&self) -> f64 {
        (self.requests - self.failures) as f64 / self.elapsed.as_secs_f64()
    }
}

/// Sends requests over so many connections, divided among so many threads as there are cores, and measures from the
/// first request to the last answer. Connections are made before.
pub fn measure(
    target: &Target,
    operation: Operation,
    world: &Arc<World>,
    connections: usize,
    requests: usize,
) -> Result<Outcome> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(connections);
    let ready = Arc::new(Barrier::new(threads));
    let handles: Vec<_> = (0..threads)
        .map(|thread| {
            let (target, world, ready) = (target.clone(), Arc::clone(world), Arc::clone(&ready));
            let mine: Vec<usize> = (thread..connections).step_by(threads).collect();
            thread::spawn(move || {
                on_this_thread(
                    &target,
                    operation,
                    &world,
                    &mine,
                    connections,
                    requests,
                    &ready,
                )
            })
        })
        .collect();
    let mut latencies = Vec::with_capacity(requests);
    let mut outcome = Outcome::default();
    let mut begin: Option<Instant> = None;
    let mut end: Option<Instant> = None;
    for handle in handles {
        let (started, ended, workers) = handle
            .join()
            .map_err(|_| anyhow!("a client thread panicked"))??;
        begin = Some(begin.map_or(started, |begin| begin.min(started)));
        end = Some(end.map_or(ended, |end| end.max(ended)));
        for connection in workers {
            latencies.extend(connection.latencies);
            outcome.failures += connection.failures;
            outcome.first_failure = outcome.first_failure.or(connection.first_failure);
        }
    }
    if let (Some(begin), Some(end)) = (begin, end) {
        outcome.elapsed = end - begin;
    }
    latencies.sort_unstable();
    let at = |share: f64| {
        latencies
            .get((latencies.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    outcome.requests = latencies.len();
    outcome.p50 = at(0.50);
    outcome.p99 = at(0.99);
    Ok(outcome)
}

type Measured = (Instant, Instant, Vec<Connection>);

fn on_this_thread(
    target: &Target,
    operation: Operation,
    world: &Arc<World>,
    mine: &[usize],
    connections: usize,
    requests: usize,
    ready: &Barrier,
) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut workers = Vec::new();
        let mut failed = None;
        for index in mine {
            match Connection::open(target).await {
                Ok(connection) => workers.push(Worker {
                    connection,
                    index: *index,
                    of: connections,
                }),
                Err(error) => failed = Some(error),
            }
        }
        // Also after a failure: the other threads wait here.
        ready.wait();
        if let Some(error) = failed {
            return Err(error);
        }
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for mut worker in workers {
            let world = Arc::clone(world);
            let turns = turns(requests / operation.requests(), worker.index, connections);
            tasks.spawn(async move {
                for turn in 0..turns {
                    worker.turn(operation, &world, turn).await?;
                }
                Ok::<_, anyhow::Error>(worker.connection)
            });
        }
        let mut done = Vec::new();
        while let Some(connection) = tasks.join_next().await {
            done.push(connection.context("a client task panicked")??);
        }
        Ok((started, Instant::now(), done))
    })
}

/// How many turns one of the connections takes, so that all together take the whole number.
fn turns(all: usize, index: usize, connections: usize) -> usize {
    all / connections + usize::from(index < all % connections)
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn connections_share_all_turns() {
        let sum: usize = (0..8).map(|index| turns(1_003, index, 8)).sum();
        assert_eq!(sum, 1_003);
    }
}
