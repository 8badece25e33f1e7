//! The program under test as a process, and what the system says of it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::client::Target;

/// A running program on fresh data, with one organization and a token.
pub struct Server {
    child: Child,
    program: Program,
    pub target: Target,
}

/// The organization under load.
pub const SLUG: &str = "bench";

/// The program and the data that it works on.
struct Program {
    path: PathBuf,
    folder: PathBuf,
    database_url: Option<String>,
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .env("DATA_DIR", &self.folder)
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
        if let Some(url) = &self.database_url {
            // Required there, and any will do here.
            command
                .env("DATABASE_URL", url)
                .env("SECRET_KEY", "0".repeat(64));
        }
        command
    }

    fn database_url(&self) -> String {
        let own = || format!("sqlite:{}", self.folder.join("rhombus.db").display());
        self.database_url.clone().unwrap_or_else(own)
    }

    /// Starts it; gives the process and the address on which it serves.
    fn serve(&self) -> Result<(Child, String)> {
        let log_file = self.folder.join("server.log");
        let log = File::options().create(true).append(true).open(&log_file)?;
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let output = child.stdout.take().context("the program has no output")?;
        let mut lines = BufReader::new(output).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("http://")?;
            Some(address.trim().to_owned())
        });
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("the program did not start: see {}", log_file.display());
        };
        // Whatever else it prints has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        Ok((child, address))
    }
}

impl Server {
    /// Starts the program on a folder, which has to be empty, and perhaps another database.
    pub fn start(program: &Path, folder: &Path, database_url: Option<&str>) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let program = Program {
            path: program.to_owned(),
            folder: folder.to_owned(),
            database_url: database_url.map(str::to_owned),
        };
        let (child, address) = program.serve()?;
        // Dropped on an early return, and with it the program.
        let mut server = Self {
            child,
            program,
            target: Target {
                address,
                base: format!("/scim/{SLUG}/v2"),
                token: String::new(),
            },
        };
        server.run(&["organization", "create", SLUG, "--name", "Bench"])?;
        let token = server.run(&["token", "create", SLUG, "--name", "bench"])?;
        server.target.token = token.trim().to_owned();
        Ok(server)
    }

    /// Stops the program, does something with its database, whose URL is given, and starts it again.
    pub fn while_stopped(&mut self, work: impl FnOnce(&str) -> Result<()>) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        work(&self.program.database_url())?;
        (self.child, self.target.address) = self.program.serve()?;
        Ok(())
    }

    /// Runs a command of the program beside the server and gives what it prints.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_with(arguments, "")
    }

    /// As [`Server::run`], with a text on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Result<String> {
        let mut child = self
            .program
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // Dropped at once, so that the program sees the end of it.
        child
            .stdin
            .take()
            .context("the program has no input")?
            .write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("{}: {}", arguments.join(" "), error.trim());
        }
        Ok(String::from_utf8(output.stdout)?)
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
