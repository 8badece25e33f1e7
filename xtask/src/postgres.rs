//! A PostgreSQL cluster of our own, gone when we are.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::process::{output, run};
use crate::programs::is_root;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production.
    Real,
    /// For tests: several times faster, and nothing of it is to survive.
    None,
}

/// A running cluster in a temporary folder, reached through a socket in it.
pub struct Cluster {
    folder: PathBuf,
    /// Ends the cluster and removes the folder as soon as its input is closed: when this is dropped, but also when
    /// we are killed.
    keeper: Child,
}

/// PostgreSQL refuses to run as root; the package makes this user.
const USER: &str = "postgres";

impl Cluster {
    /// Makes and starts a cluster with the programs in a folder.
    pub fn start(programs: &Path, durability: Durability) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("rhombus-postgres-{}", std::process::id()));
        // Nobody else may enter: the cluster trusts whoever reaches its socket.
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        if is_root() {
            run(Command::new("chown").arg(USER).arg(&folder))?;
        }
        let keeper = keeper(programs, &folder)?;
        let cluster = Self { folder, keeper };

        let data = cluster.folder.join("data");
        output(
            as_user(&programs.join("initdb"))
                .args([
                    "--username",
                    USER,
                    "--auth",
                    "trust",
                    "--encoding",
                    "UTF8",
                    "--locale",
                    "C.UTF-8",
                ])
                .args(["--no-sync", "--pgdata"])
                .arg(&data),
        )?;
        // Only the socket: no port to collide with, and the folder keeps other users out.
        let mut options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=300",
            cluster.folder.display()
        );
        if durability == Durability::None {
            options.push_str(" -c fsync=off -c synchronous_commit=off -c full_page_writes=off");
        }
        output(
            as_user(&programs.join("pg_ctl"))
                .args([
                    "start",
                    "--wait",
                    "--silent",
                    "--options",
                    &options,
                    "--log",
                ])
                .arg(cluster.folder.join("log"))
                .arg("--pgdata")
                .arg(&data),
        )
        .with_context(|| fs::read_to_string(cluster.folder.join("log")).unwrap_or_default())?;
        Ok(cluster)
    }

    /// The URL of a database in it; `postgres` is there from the beginning.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@localhost/{database}?host={socket}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A command that runs as a user PostgreSQL accepts.
fn as_user(program: &Path) -> Command {
    let mut command;
    if is_root() {
        command = Command::new("runuser");
        command.args(["-u", USER, "--"]).arg(program);
    } else {
        command = Command::new(program);
    }
    // It looks for our folder otherwise, which that user may not enter.
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// Starts the process that cleans up. It is deaf to Ctrl-C, which goes to everyone in the terminal.
fn keeper(programs: &Path, folder: &Path) -> Result<Child> {
    let stop = r#"
        trap '' INT TERM HUP
        cat > /dev/null
        "$@" stop --silent --mode immediate --pgdata "$FOLDER/data" > /dev/null 2>&1
        rm -rf "$FOLDER"
    "#;
    let pg_ctl = as_user(&programs.join("pg_ctl"));
    Command::new("sh")
        .args(["-c", stop, "keeper"])
        .arg(pg_ctl.get_program())
        .args(pg_ctl.get_args())
        .env("FOLDER", folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start sh")
}
