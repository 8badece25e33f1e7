//! Says what is going on, and how long it took.

use std::time::Instant;

use anyhow::Result;

/// Runs one step under a headline and prints its time when it is done.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("\n==> {what}");
    let started = Instant::now();
    let result = work()?;
    eprintln!("    {what}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(result)
}

/// One line below the headline.
pub fn note(text: impl std::fmt::Display) {
    eprintln!("    {text}");
}
