//! What the tests need from the computer: found, or installed where that is possible.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{find, run};
use crate::steps::note;

/// Whether this is a build server: there, what cannot be tested is a failure.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Whether we are root.
pub fn is_root() -> bool {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The folder with PostgreSQL's programs, which distributions keep off the PATH. The newest version wins.
pub fn postgres() -> Option<PathBuf> {
    if find("initdb").is_some() && find("pg_ctl").is_some() {
        return find("initdb").and_then(|program| program.parent().map(Path::to_owned));
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            Some((
                folder.file_name()?.to_str()?.parse().ok()?,
                folder.join("bin"),
            ))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// As [`postgres`], installing it first where it is missing and can be had.
pub fn require_postgres() -> Option<PathBuf> {
    postgres().or_else(|| {
        install("postgresql")
            .inspect_err(|error| note(format!("PostgreSQL cannot be installed: {error:#}")))
            .ok()?;
        postgres()
    })
}

/// A Chromium, installing the system's package where it is missing and can be had.
pub fn require_chromium() -> Option<PathBuf> {
    chromium().or_else(|| {
        install("chromium")
            .inspect_err(|error| note(format!("Chromium cannot be installed: {error:#}")))
            .ok()?;
        chromium()
    })
}

fn chromium() -> Option<PathBuf> {
    [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ]
    .iter()
    .find_map(|name| find(name))
}

/// Node.js with npm, which runs Playwright.
pub fn require_node() -> Result<()> {
    if find("node").is_none() || find("npm").is_none() {
        install("nodejs")
            .and_then(|()| install("npm"))
            .context("the browser tests need Node.js 20 or later with npm")?;
    }
    Ok(())
}

/// Installs a package of the system where there is apt and the right to use it.
fn install(package: &str) -> Result<()> {
    let Some(apt) = find("apt-get") else {
        bail!("there is no apt-get")
    };
    let prefix: &[&str] = match is_root() {
        true => &[],
        false if find("sudo").is_some() && may_sudo() => &["sudo", "-n"],
        false => bail!("installing {package} needs root"),
    };
    let apt = |arguments: &[&str]| {
        let mut words = prefix
            .iter()
            .map(std::ffi::OsStr::new)
            .chain([apt.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(apt.as_os_str()));
        command
            .args(words)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        run(&mut command)
    };
    note(format!("installing {package}"));
    let quiet = ["install", "-y", "-qq", "--no-install-recommends", package];
    // The list of packages of a fresh computer is empty or old.
    apt(&quiet).or_else(|_| apt(&["update", "-qq"]).and_then(|()| apt(&quiet)))
}

fn may_sudo() -> bool {
    Command::new("sudo")
        .args(["-n", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
