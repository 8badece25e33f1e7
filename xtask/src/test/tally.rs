//! Counting what the test programs say, while a person reads it.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// How many tests passed, failed and were left out.
#[derive(Default)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    pub ignored: u32,
}

impl Tally {
    /// Runs a command that prints results, shows them, and counts them. A failed test is counted and no error; a
    /// command that fails without having named a failed test counts as one failure.
    pub fn run(&mut self, command: &mut Command) -> Result<()> {
        let failed_before = self.failed;
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the tests")?;
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).split(b'\n') {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                self.read(&line);
            }
        }
        let status = child.wait()?;
        if !status.success() && self.failed == failed_before {
            self.failed += 1;
        }
        Ok(())
    }

    /// Counts a summary of cargo (`test result: ok. 3 passed; 0 failed; 1 ignored; ...`) or of Playwright (`  3 passed
    /// (1.2s)`, `  1 failed`, `  2 skipped`, `  1 did not run`).
    fn read(&mut self, line: &str) {
        if let Some(summary) = line.strip_prefix("test result: ") {
            for part in summary.split(['.', ';']) {
                self.add(part.trim());
            }
        } else if line.starts_with("  ") {
            self.add(line.trim());
        }
    }

    fn add(&mut self, part: &str) {
        let Some((number, word)) = part.split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse::<u32>() else {
            return;
        };
        match word.split(" (").next() {
            Some("passed") => self.passed += number,
            Some("failed" | "interrupted" | "did not run") => self.failed += number,
            Some("ignored" | "skipped") => self.ignored += number,
            _ => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
        } = self;
        let result = if *failed == 0 { "ok" } else { "FAILED" };
        write!(
            f,
            "test result: {result}. {passed} passed; {failed} failed; {ignored} ignored"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn read(text: &str) -> (u32, u32, u32) {
        let mut tally = Tally::default();
        text.lines().for_each(|line| tally.read(line));
        (tally.passed, tally.failed, tally.ignored)
    }

    #[test]
    fn summaries_of_cargo_are_added_up() {
        let text = "test a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 9 filtered out; finished in 1.00s";
        assert_eq!(read(text), (7, 2, 1));
    }

    #[test]
    fn summaries_of_playwright_are_counted_too() {
        assert_eq!(
            read(
                "  1 failed\n    [scripts] walk.spec.ts:3 signs in\n  2 skipped\n  14 passed (12.3s)"
            ),
            (14, 1, 2)
        );
    }
}
