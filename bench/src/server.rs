//! The program under test as a process, and what the system says of it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::client::Target;

/// A running program on fresh data, with one organization and a token.
pub struct Server {
    child: Child,
    pub target: Target,
}

const SLUG: &str = "bench";

impl Server {
    /// Starts the program on a folder, which has to be empty, and perhaps another database.
    pub fn start(program: &Path, folder: &Path, database_url: Option<&str>) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let command = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command
                .args(arguments)
                .env("DATA_DIR", folder)
                .env("LISTEN_ADDR", "127.0.0.1:0")
                .stdin(Stdio::null());
            for name in [
                "DATABASE_URL",
                "PUBLIC_URL",
                "RUST_LOG",
                "LOG_FORMAT",
                "SECRET_KEY",
                "TRUSTED_PROXIES",
            ] {
                command.env_remove(name);
            }
            if let Some(url) = database_url {
                // Required there, and any will do here.
                command
                    .env("DATABASE_URL", url)
                    .env("SECRET_KEY", "0".repeat(64));
            }
            command
        };
        let log = File::create(folder.join("server.log"))?;
        let mut child = command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let output = child.stdout.take().context("the program has no output")?;
        // Dropped on an early return, and with it the program.
        let mut server = Self {
            child,
            target: Target {
                address: String::new(),
                base: format!("/scim/{SLUG}/v2"),
                token: String::new(),
            },
        };
        let mut lines = BufReader::new(output).lines();
        for line in lines.by_ref() {
            if let Some((_, address)) = line?.split_once("http://") {
                server.target.address = address.trim().to_owned();
                break;
            }
        }
        if server.target.address.is_empty() {
            bail!(
                "the program did not start: see {}",
                folder.join("server.log").display()
            );
        }
        // Whatever else it prints has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));

        run(&mut command(&[
            "organization",
            "create",
            SLUG,
            "--name",
            "Bench",
        ]))?;
        server.target.token = run(&mut command(&["token", "create", SLUG, "--name", "bench"]))?
            .trim()
            .to_owned();
        Ok(server)
    }

    /// Resident memory in megabytes: now, and at most since the start.
    pub fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(self.proc("status"))?;
        let kilobytes = |name: &str| -> Option<f64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        let now = kilobytes("VmRSS:").context("no VmRSS in /proc")?;
        let most = kilobytes("VmHWM:").context("no VmHWM in /proc")?;
        Ok((now / 1_000.0, most / 1_000.0))
    }

    /// Processor time it has used, its own and the system's for it.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(self.proc("stat"))?;
        // The name is in brackets and may hold anything; utime and stime are the 12th and 13th field behind it.
        let (_, fields) = stat
            .rsplit_once(") ")
            .context("unknown form of /proc/.../stat")?;
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        // Linux shows these in hundredths of a second, whatever the kernel's own clock.
        Ok(Duration::from_millis(ticks * 10))
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().context("cannot run the program")?;
    if !output.status.success() {
        bail!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}
