//! The real program as a process of its own, spoken to over real sockets.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::app::Answer;

/// A running `rhombus-provisioning serve` on a data folder of its own.
pub struct Service {
    pub folder: tempfile::TempDir,
    pub address: SocketAddr,
    database_url: Option<String>,
    child: std::sync::Mutex<Child>,
    client: Client<HttpConnector, Body>,
}

/// The program with the settings of one test.
fn program(folder: &Path, database_url: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rhombus-provisioning"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("DATA_DIR", folder)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null());
    if let Some(url) = database_url {
        command
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", "0".repeat(64));
    }
    command
}

impl Service {
    /// Starts on a fresh SQLite file.
    pub async fn start() -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), None).await
    }

    /// Starts on what an earlier run left in `folder`, or on another database.
    pub async fn start_on(folder: tempfile::TempDir, database_url: Option<String>) -> Self {
        // Free now, and nobody else is told of it: good enough for a test.
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let child = program(folder.path(), database_url.as_deref())
            .arg("serve")
            .env("LISTEN_ADDR", address.to_string())
            .env("PUBLIC_URL", format!("http://{address}"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self {
            folder,
            address,
            database_url,
            child: std::sync::Mutex::new(child),
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = service.send("GET", "/readyz", "", None).await;
            if ready.is_some_and(|answer| answer.status == 200) {
                break;
            }
            assert!(Instant::now() < deadline, "the service is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        service
    }

    /// Runs a command of the program beside the server.
    pub fn command(&self, arguments: &[&str]) -> Output {
        program(self.folder.path(), self.database_url.as_deref())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// An organization and a token, made by the command line: the token.
    pub fn organization(&self, slug: &str) -> String {
        let made = self.command(&["organization", "create", slug, "--name", slug]);
        assert!(made.status.success(), "{made:?}");
        let token = self.command(&["token", "create", slug, "--name", "Entra"]);
        assert!(token.status.success(), "{token:?}");
        String::from_utf8(token.stdout).unwrap().trim().to_owned()
    }

    /// Sends a request over a real connection; `None` when the connection broke.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Option<Answer> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/scim+json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let response = self.client.request(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        Some(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).ok()?,
        })
    }

    /// Ends the process at once: no clean-up of any kind.
    pub fn kill_now(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// As [`Service::kill_now`]; gives back the data folder.
    pub fn kill(mut self) -> tempfile::TempDir {
        let _ = self.child.lock().unwrap().kill();
        self.take_folder()
    }

    /// Asks the process to end, as an operator does, and waits for it.
    pub fn terminate(mut self) -> tempfile::TempDir {
        {
            let mut child = self.child.lock().unwrap();
            let asked = Command::new("kill")
                .args(["-TERM", &child.id().to_string()])
                .status();
            assert!(asked.unwrap().success());
            let ended = child.wait().unwrap();
            assert!(ended.success(), "{ended}");
        }
        self.take_folder()
    }

    fn take_folder(&mut self) -> tempfile::TempDir {
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// A connection of one's own.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// Sends text on a connection of one's own and reads what comes until the other side closes or `patience`
    /// ends.
    pub fn converse(&self, text: &[u8], patience: Duration) -> String {
        use std::io::Read;
        let mut stream = self.connect();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.write_all(text).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let mut child = self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}
