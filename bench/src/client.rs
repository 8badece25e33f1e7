//! One keep-alive connection.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderName};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The type of Entra's bodies.
pub const JSON: &str = "application/scim+json; charset=utf-8";

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
        self.send_with(method, path, body, &[], expected).await
    }

    /// As [`Connection::send`], with more headers.
    pub async fn send_with(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        more: &[(HeaderName, &str)],
        expected: Expected<'_>,
    ) -> Result<Bytes> {
        let (status, body) = self.exchange_with(method, path, body, more).await?;
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

    /// Sends one request as Entra does, measures it, and gives status and body.
    pub async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<(u16, Bytes)> {
        self.exchange_with(method, path, body, &[]).await
    }

    async fn exchange_with(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        more: &[(HeaderName, &str)],
    ) -> Result<(u16, Bytes)> {
        let authorization = format!("Bearer {}", self.target.token);
        let mut headers = vec![(header::AUTHORIZATION, authorization.as_str())];
        if body.is_some() {
            headers.push((header::CONTENT_TYPE, JSON));
        }
        headers.extend_from_slice(more);
        let body = Bytes::from(body.unwrap_or_default());
        self.exchange_raw(method, path, &headers, body).await
    }

    /// The same with these headers alone, whatever the body is.
    pub async fn exchange_raw(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Bytes,
    ) -> Result<(u16, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.target.base))
            .header(header::HOST, &self.target.address);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Full::new(body))?;
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
