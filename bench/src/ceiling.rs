//! What this computer can do at best, with the same client, the same number of connections and the same disk.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, PgConnection};

use crate::client::Target;
use crate::load::{self, Outcome};
use crate::operations::{Operation, World};

/// A list with one user, as long as the program's.
const ANSWER: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"startIndex":1,"itemsPerPage":1,"Resources":[{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"01977d0e-0000-7000-8000-000000000000","externalId":"0a21f0f2-0000-4000-8000-000000000000","userName":"user-0000000@contoso.com","active":true,"name":{"formatted":"Ana Ruiz","givenName":"Ana","familyName":"Ruiz"},"roles":[{"primary":true,"type":"WindowsAzureActiveDirectoryRole","value":"viewer"}],"meta":{"resourceType":"User","created":"2026-11-23T09:00:00.000Z","lastModified":"2026-11-23T09:00:00.000Z","location":"http://127.0.0.1:3000/scim/bench/v2/Users/01977d0e-0000-7000-8000-000000000000","version":"W/\"1\""}}]}"#;

/// What a row of the write ceiling holds, about as long as a user.
const DOCUMENT: &str = ANSWER;

/// The bare handler's own process: prints its address, then serves until it is killed.
pub fn serve_bare_handler() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let answer = || async { ([(header::CONTENT_TYPE, "application/scim+json")], ANSWER) };
        axum::serve(listener, Router::new().route("/", get(answer))).await?;
        Ok(())
    })
}

/// A running bare handler.
pub struct BareHandler {
    child: Child,
    target: Target,
}

impl BareHandler {
    pub fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare-handler")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the bare handler")?;
        let output = child
            .stdout
            .take()
            .context("the bare handler has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        let target = Target {
            address: address.trim().to_owned(),
            base: String::new(),
            token: "none".to_owned(),
        };
        Ok(Self { child, target })
    }

    /// The ceiling of reads.
    pub fn measure(&self, connections: usize, requests: usize) -> Result<Outcome> {
        load::measure(
            &self.target,
            Operation::Ceiling,
            &Arc::new(World::default()),
            connections,
            requests,
        )
    }
}

impl Drop for BareHandler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rows a second that a SQLite file takes in when as many inserts as there are connections share each commit. As the
/// program: WAL, `synchronous=FULL`.
pub async fn sqlite_inserts(folder: &Path, connections: usize, rows: usize) -> Result<f64> {
    let file = folder.join("ceiling.db");
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
    let mut connection = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    sqlx::raw_sql("CREATE TABLE bare (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT")
        .execute(&mut connection)
        .await?;
    let started = Instant::now();
    let mut done = 0;
    while done < rows {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for _ in 0..connections.min(rows - done) {
            sqlx::query("INSERT INTO bare (id, document) VALUES ($1, $2)")
                .bind(format!("{done:032}"))
                .bind(DOCUMENT)
                .execute(&mut *transaction)
                .await?;
            done += 1;
        }
        transaction.commit().await?;
    }
    let elapsed = started.elapsed();
    connection.close().await?;
    Ok(rows as f64 / elapsed.as_secs_f64())
}

/// Rows a second that PostgreSQL takes in when each connection inserts and commits one row after the other.
pub async fn postgres_inserts(url: &str, connections: usize, rows: usize) -> Result<f64> {
    let mut first = PgConnection::connect(url).await?;
    sqlx::raw_sql("DROP TABLE IF EXISTS bare; CREATE TABLE bare (id TEXT PRIMARY KEY, document TEXT NOT NULL)")
        .execute(&mut first)
        .await?;
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(PgConnection::connect(url).await?);
    }
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (index, mut connection) in open.into_iter().enumerate() {
        let mine = rows / connections;
        tasks.spawn(async move {
            for row in 0..mine {
                sqlx::query("INSERT INTO bare (id, document) VALUES ($1, $2)")
                    .bind(format!("{index:04}-{row:027}"))
                    .bind(DOCUMENT)
                    .execute(&mut connection)
                    .await?;
            }
            Ok::<_, sqlx::Error>(mine)
        });
    }
    let mut done = 0;
    while let Some(rows) = tasks.join_next().await {
        done += rows??;
    }
    let elapsed = started.elapsed();
    sqlx::raw_sql("DROP TABLE bare").execute(&mut first).await?;
    Ok(done as f64 / elapsed.as_secs_f64())
}
