//! One keep-alive connection.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where to call, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    pub address: String,
    /// Of the SCIM endpoint, without a trailing slash.
    pub base: String,
    pub token: String,
}

/// A connection and what it has measured.
pub struct Connection {
    target: Target,
    sender: SendRequest<Full<Bytes>>,
    /// Microseconds of each answered request, right or wrong.
    pub latencies: Vec<u32>,
    /// Answers that were not what they had to be.
    pub failures: usize,
    /// What the first wrong answer was.
    pub first_failure: Option<String>,
}

/// What has to be in an answer.
pub struct Expected<'a> {
    pub status: u16,
    /// Texts that stand in the body.
    pub texts: &'a [&'a str],
}

impl Connection {
    pub async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(&target.address)
            .await
            .context("cannot connect to the server")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            target: target.clone(),
            sender,
            latencies: Vec::new(),
            failures: 0,
            first_failure: None,
        })
    }

    /// Sends one request, measures it, and checks the answer. Gives the body, also of a wrong answer.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        expected: Expected<'_>,
    ) -> Result<Bytes> {
        let (status, body) = self.exchange(method, path, body).await?;
        let text = String::from_utf8_lossy(&body);
        let right = status == expected.status
            && expected
                .texts
                .iter()
                .all(|expected| text.contains(expected));
        if !right {
            self.failures += 1;
            self.first_failure.get_or_insert_with(|| {
                format!(
                    "{status} {text} instead of {} with {:?}",
                    expected.status, expected.texts
                )
            });
        }
        Ok(body)
    }

    /// Sends one request, measures it, and gives status and body.
    pub async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<(u16, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.target.base))
            .header(header::HOST, &self.target.address)
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.target.token),
            );
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/scim+json; charset=utf-8");
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())))?;
        let started = Instant::now();
        // A server that hangs must not hang us.
        let exchange = async {
            self.sender.ready().await?;
            let response = self.sender.send_request(request).await?;
            let status = response.status().as_u16();
            Ok::<_, hyper::Error>((status, response.into_body().collect().await?.to_bytes()))
        };
        let Ok(answer) = tokio::time::timeout(Duration::from_secs(30), exchange).await else {
            bail!("no answer within 30 seconds");
        };
        let answer = answer.context("the connection broke")?;
        self.latencies
            .push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
        Ok(answer)
    }
}
