//! The tests in a browser: Playwright against the real program, which the tests start themselves on fresh data.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::tally::Tally;
use crate::process::run;
use crate::programs;
use crate::steps::{note, step};
use crate::workspace::root;

/// Installs what is missing, then runs all specs against a program.
pub fn test(program: &Path, arguments: &[OsString], tally: &mut Tally) -> Result<()> {
    let folder = root().join("end2end");
    let chromium = step("Browser and npm packages", || {
        programs::require_node()?;
        // npm keeps the lock of what it installed; when it is ours there is nothing to do.
        let installed = folder.join("node_modules/.package-lock.json");
        let locked = folder.join("package-lock.json");
        let fresh = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        if fresh(&installed) < fresh(&locked) || !installed.is_file() {
            // Playwright's own browser is fetched below, and only if the system has none.
            let mut npm = Command::new("npm");
            npm.args(["ci", "--no-audit", "--no-fund"])
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
            run(npm.current_dir(&folder))?;
        }
        let chromium = programs::require_chromium();
        if chromium.is_none() {
            note("no Chromium of the system's: taking Playwright's");
            run(Command::new("npx")
                .args(["playwright", "install", "chromium"])
                .current_dir(&folder))?;
        }
        Ok(chromium)
    })?;
    step("Tests in the browser", || {
        let mut command = Command::new("npx");
        command
            .args(["playwright", "test"])
            .args(arguments)
            .current_dir(&folder);
        command.env("PROGRAM", program);
        if let Some(chromium) = chromium {
            command.env("CHROMIUM", chromium);
        }
        tally.run(&mut command)
    })
}
