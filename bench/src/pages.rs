//! First bytes of every page of the dashboard, with many users and a long log.
//!
//! The data comes over SCIM as all data does; for numbers that would take hours, it is copied in the database. Each page
//! is then opened one after the other, signed in as an Admin (and as Support where only Support may), as a browser without
//! anything in its cache opens it. Then come SCIM's lists and filters.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::copies;
use crate::lists;
use crate::load;
use crate::operations::{Operation, World};
use crate::server::{SLUG, Server};

/// Measures the pages of the dashboard.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The program, a release build
    #[arg(
        long,
        env = "PROGRAM",
        default_value = "target/release/rhombus-provisioning"
    )]
    program: PathBuf,
    /// A folder for data
    #[arg(long, default_value = "target/bench-pages")]
    folder: PathBuf,
    /// An empty PostgreSQL database to measure on, in place of SQLite
    #[arg(long)]
    database_url: Option<String>,
    /// Users of the organization
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// Entries of its provisioning log
    #[arg(long, default_value_t = 1_000_000)]
    entries: usize,
    /// Users and entries come over SCIM divided by this, and are copied in the database then: for numbers that take hours
    #[arg(long, default_value_t = 1)]
    copies: usize,
    /// How often each page is opened
    #[arg(long, default_value_t = 15)]
    times: usize,
}

const BUDGET: Duration = Duration::from_millis(100);
const PASSWORD: &str = "seven quiet herons";
const ADMIN: &str = "admin@bench.example";
const SUPPORT: &str = "support@bench.example";

/// Below the organization. `{user}`, `{log}`, `{token}`, `{account}` and `{name}` stand for ones that exist.
const PAGES: &[&str] = &[
    "",
    "/users",
    "/users?sort=label",
    "/users?q={name}",
    "/users?state=inactive",
    "/users?state=deleted",
    "/users?failures=1",
    "/users?role_state=defaulted",
    "/users/{user}",
    "/logs",
    "/logs?lookups=1",
    "/logs?status=failure",
    "/logs?action=disable",
    "/logs?within=24h&lookups=1",
    "/logs?q={name}&lookups=1",
    "/logs/req_{log}",
    "/issues",
    "/tokens",
    "/tokens/{token}/rotate",
    "/tokens/{token}/revoke",
    "/accounts",
    "/accounts/{account}",
    "/audit",
    "/audit?action=account.create",
    "/settings",
    "/settings/roles/new",
];

/// Of the deployment.
const SUPPORT_PAGES: &[&str] = &[
    "/organizations",
    "/organizations?q=ben",
    "/issues",
    "/search?q={name}",
    "/accounts",
    "/audit",
    "/account",
];

/// Fills a database and measures. It fails when a page or a list misses the budget.
pub fn run(options: &Options) -> Result<()> {
    let _ = std::fs::remove_dir_all(&options.folder);
    let mut server = Server::start(
        &options.program,
        &options.folder,
        options.database_url.as_deref(),
    )?;
    let user = fill(&server, options)?;
    copies::multiply(&mut server, options.copies)?;
    let account = |email: &str, role: &[&str]| {
        let arguments = [&["account", "create", email, "--role"], role].concat();
        server.run_with(&arguments, PASSWORD)
    };
    account(ADMIN, &["admin", "--organization", SLUG])?;
    account(SUPPORT, &["support"])?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let missed = runtime.block_on(measure(&server, &user, options))?;
    let slow = runtime.block_on(lists::measure(&server.target, options.users))?;
    if missed + slow > 0 {
        bail!("{missed} pages and {slow} lists miss the budget");
    }
    Ok(())
}

/// A user of the organization, once it has so many users and log entries, but for their copies.
fn fill(server: &Server, options: &Options) -> Result<String> {
    let mut world = Arc::new(World::default());
    let copies = options.copies.max(1);
    let (users, entries) = (options.users / copies, options.entries / copies);
    // Four in five entries are lookups, as with Entra.
    let changes = entries.saturating_sub(users) / 5;
    let lookups = entries.saturating_sub(users + changes);
    for (operation, requests) in [
        (Operation::CreateMapped, users),
        (Operation::PatchActive, changes),
        (Operation::MatchHit, lookups),
    ] {
        let outcome = load::measure(&server.target, operation, &world, 32, requests)?;
        if let Some(failure) = outcome.first_failure {
            bail!("{}: {failure}", operation.name());
        }
        Arc::get_mut(&mut world)
            .context("a measurement is still running")?
            .keep_created();
        let seconds = outcome.elapsed.as_secs_f64();
        eprintln!("  {requests} times {} in {seconds:.0} s", operation.name());
    }
    let user = world.users.first().context("there is nobody")?;
    Ok(user.id.clone())
}

async fn measure(server: &Server, user: &str, options: &Options) -> Result<usize> {
    let mut admin = Browser::sign_in(&server.target.address, ADMIN).await?;
    let mut support = Browser::sign_in(&server.target.address, SUPPORT).await?;
    let home = format!("/organizations/{SLUG}");
    let log = admin
        .first_after(&format!("{home}/logs"), "<tr id=\"req_")
        .await?;
    let token = admin
        .first_after(&format!("{home}/tokens"), &format!("href=\"{home}/tokens/"))
        .await?;
    let account = admin
        .first_after(
            &format!("{home}/accounts"),
            &format!("href=\"{home}/accounts/"),
        )
        .await?;
    println!(
        "{} users, {} log entries, {} times each\n\n\
         | page | first byte, median ms | slowest ms | HTML bytes | |\n|---|--:|--:|--:|---|",
        options.users, options.entries, options.times
    );
    let mut missed = 0;
    for (is_support, path) in PAGES
        .iter()
        .map(|path| (false, format!("{home}{path}")))
        .chain(SUPPORT_PAGES.iter().map(|path| (true, (*path).to_owned())))
    {
        let address = path
            .replace("{user}", user)
            .replace("{log}", &log)
            .replace("{token}", &token)
            .replace("{account}", &account)
            .replace("{name}", "user");
        let browser = if is_support { &mut support } else { &mut admin };
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..options.times.max(1) {
            let (time, body) = browser.open(&address).await?;
            times.push(time);
            size = body.len();
        }
        times.sort_unstable();
        let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
        let met = median < BUDGET;
        missed += usize::from(!met);
        println!(
            "| {path} | {:.1} | {:.1} | {size} | {} |",
            median.as_secs_f64() * 1e3,
            slowest.as_secs_f64() * 1e3,
            if met { "met" } else { "MISSED" }
        );
    }
    Ok(missed)
}

/// One connection with a session.
struct Browser {
    address: String,
    sender: SendRequest<Full<Bytes>>,
    cookie: String,
}

impl Browser {
    async fn sign_in(address: &str, email: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut browser = Self {
            address: address.to_owned(),
            sender,
            cookie: String::new(),
        };
        let form = format!(
            "email={}&password={}",
            email.replace('@', "%40"),
            PASSWORD.replace(' ', "+")
        );
        let (_, response) = browser.send("POST", "/sign-in", form).await?;
        let cookie = response.headers().get(header::SET_COOKIE);
        let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        browser.cookie = cookie.context("signing in gave no session")?.to_owned();
        response.into_body().collect().await?;
        Ok(browser)
    }

    /// Time until the first byte, and the page.
    async fn open(&mut self, path: &str) -> Result<(Duration, Bytes)> {
        let (time, response) = self.send("GET", path, String::new()).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != 200 {
            bail!("{path} was answered with {status}");
        }
        Ok((time, body))
    }

    /// The id that follows `marker` where it first stands on a page.
    async fn first_after(&mut self, path: &str, marker: &str) -> Result<String> {
        let (_, body) = self.open(path).await?;
        let page = String::from_utf8_lossy(&body);
        let (_, rest) = page
            .split_once(marker)
            .with_context(|| format!("{path} has no {marker}..."))?;
        let end = rest.find(['"', '/', '?']).unwrap_or(rest.len());
        Ok(rest[..end].to_owned())
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        form: String,
    ) -> Result<(Duration, Response<hyper::body::Incoming>)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, &self.cookie)
            .header("sec-fetch-site", "same-origin");
        if !form.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(Bytes::from(form)))?;
        self.sender.ready().await?;
        let started = Instant::now();
        let response = self.sender.send_request(request).await?;
        Ok((started.elapsed(), response))
    }
}
