#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::routing::{any, get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

/// Limits short enough to wait for.
const SHORT: Limits = Limits {
    headers: Duration::from_millis(300),
    idle: Duration::from_millis(900),
    body: Duration::from_millis(300),
    request: Duration::from_millis(1_500),
    answer: Duration::from_secs(5),
    drain: Duration::from_millis(1_000),
    connections: 3,
};

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

async fn start() -> Server {
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(600)).await;
                "at last"
            }),
        )
        .route("/never", get(std::future::pending::<()>))
        .route(
            "/echo",
            any(async |request: Request<Body>| {
                let query = request.uri().query().map(str::to_owned);
                let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
                let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
                format!("{}|{body}", query.unwrap_or_default())
            }),
        )
        .route(
            "/body",
            post(
                async |body: Body| match axum::body::to_bytes(body, 1 << 20).await {
                    Ok(bytes) => (StatusCode::OK, bytes.len().to_string()),
                    Err(error) if is_stalled(&error) => {
                        (StatusCode::REQUEST_TIMEOUT, String::new())
                    }
                    Err(_) => (StatusCode::BAD_REQUEST, String::new()),
                },
            ),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(run(router, listener, shutdown.clone(), SHORT));
    Server {
        address,
        shutdown,
        task,
    }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn ask(&self, stream: &mut TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        read_some(stream).await
    }
}

async fn read_some(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4_096];
    let length = stream.read(&mut buffer).await.unwrap_or_default();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// How long the server keeps a connection on which nothing more is sent.
async fn open_for(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    start.elapsed()
}

#[tokio::test]
async fn a_head_must_come_in_time_and_an_idle_connection_may_wait_longer() {
    let server = start().await;
    let mut silent = server.connect().await;
    assert!(open_for(&mut silent).await < SHORT.idle);

    let mut half = server.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nHost: h").await.unwrap();
    assert!(open_for(&mut half).await < SHORT.idle);

    let mut kept = server.connect().await;
    assert!(server.ask(&mut kept, "/").await.ends_with("hello"));
    tokio::time::sleep(SHORT.headers * 2).await;
    assert!(server.ask(&mut kept, "/").await.ends_with("hello"));
    assert!(open_for(&mut kept).await >= SHORT.idle - Duration::from_millis(50));
}

#[tokio::test]
async fn a_body_that_stalls_or_drips_is_told_apart() {
    let server = start().await;
    let head = "POST /body HTTP/1.1\r\nHost: here\r\nContent-Length: 600\r\n\r\n";

    let mut stalled = server.connect().await;
    stalled.write_all(head.as_bytes()).await.unwrap();
    stalled.write_all(b"abc").await.unwrap();
    assert!(read_some(&mut stalled).await.starts_with("HTTP/1.1 408"));

    let dripping = server.connect().await;
    let (mut reader, mut writer) = dripping.into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    let drip = tokio::spawn(async move {
        while writer.write_all(b"a").await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut buffer = [0; 12];
    reader.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"HTTP/1.1 408");
    assert!(sent.load(Ordering::SeqCst) < 20, "it took too long");
    drip.abort();

    let mut steady = server.connect().await;
    steady.write_all(head.as_bytes()).await.unwrap();
    steady.write_all(&[b'a'; 600]).await.unwrap();
    assert!(read_some(&mut steady).await.ends_with("600"));
}

#[tokio::test]
async fn raw_characters_of_a_query_are_escaped_in_each_request_of_a_connection_and_never_in_a_body()
{
    let server = start().await;
    let mut stream = server.connect().await;
    let raw = "/echo?filter=userName+eq+\"ä#EXT#\"";
    let escaped = "filter=userName+eq+%22%C3%A4%23EXT%23%22";
    for _ in 0..2 {
        let answer = server.ask(&mut stream, raw).await;
        assert!(answer.ends_with(&format!("{escaped}|")), "{answer}");
        // A body that looks like a request, and comes in two parts.
        let body = format!("GET {raw} HTTP/1.1\r\n\r\n");
        let head = format!(
            "POST {raw} HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (start, end) = body.split_at(5);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(end.as_bytes()).await.unwrap();
        let answer = read_some(&mut stream).await;
        assert!(answer.ends_with(&format!("{escaped}|{body}")), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let server = start().await;
    let mut stream = server.connect().await;
    assert!(
        server
            .ask(&mut stream, "/never")
            .await
            .starts_with("HTTP/1.1 503")
    );
}

#[tokio::test]
async fn the_longest_waiting_connection_gives_way_to_a_new_one() {
    let server = start().await;
    let mut kept = Vec::new();
    for _ in 0..SHORT.connections {
        let mut stream = server.connect().await;
        assert!(server.ask(&mut stream, "/").await.ends_with("hello"));
        kept.push(stream);
    }
    let mut new = server.connect().await;
    assert!(server.ask(&mut new, "/").await.ends_with("hello"));
    assert!(
        open_for(&mut kept[0]).await < SHORT.headers,
        "the first gave way"
    );
    assert!(server.ask(&mut kept[2], "/").await.ends_with("hello"));
}

#[tokio::test]
async fn shutting_down_finishes_requests_and_closes_idle_connections() {
    let server = start().await;
    let mut idle = server.connect().await;
    assert!(server.ask(&mut idle, "/").await.ends_with("hello"));
    let mut half = server.connect().await;
    half.write_all(b"GET / HT").await.unwrap();
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;

    let start = Instant::now();
    server.shutdown.cancel();
    assert!(open_for(&mut idle).await < Duration::from_millis(300));
    assert!(open_for(&mut half).await < Duration::from_millis(300));
    assert!(read_some(&mut busy).await.ends_with("at last"));
    server.task.await.unwrap();
    assert!(start.elapsed() < SHORT.drain);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_ever() {
    let server = start().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /never HTTP/1.1\r\nHost: here\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.shutdown.cancel();
    let limit = SHORT.drain + Duration::from_millis(300);
    tokio::time::timeout(limit, server.task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn what_hyper_cannot_read_is_refused_with_words() {
    let server = start().await;
    let long = "x".repeat(300_000);
    let header = format!("GET /scim/contoso/v2/Users HTTP/1.1\r\nHost: here\r\nA: {long}\r\n\r\n");
    let many = format!("GET /scim/a HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101));
    for (sent, status, words) in [
        (
            "GET /scim/a HTTP/7.0\r\n\r\n",
            "400 Bad Request",
            "\"status\":\"400\"",
        ),
        (
            "GET //scim/a HTTP/1.1\r\nA\u{1}: b\r\n\r\n",
            "400 Bad Request",
            "\"detail\":\"The request",
        ),
        (
            "GET //Scim HTTP/1.1\r\nA\u{1}: b\r\n\r\n",
            "400 Bad Request",
            "application/scim+json",
        ),
        (
            &header,
            "431 Request Header Fields Too Large",
            "application/scim+json",
        ),
        (
            &many,
            "431 Request Header Fields Too Large",
            "more than 100 headers",
        ),
        (
            "GET /organizations HTTP/1.1\r\n: b\r\n\r\n",
            "400 Bad Request",
            "text/plain",
        ),
    ] {
        for answered in [false, true] {
            let mut stream = server.connect().await;
            if answered {
                assert!(server.ask(&mut stream, "/").await.ends_with("hello"));
            }
            let _ = stream.write_all(sent.as_bytes()).await;
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{sent:.60} {answered} {answer}"
            );
            assert!(answer.contains(words), "{answer}");
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(
                answer.contains(&format!("Content-Length: {}\r\n", body.len())),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn rfc9112_3_2_a_request_names_one_host() {
    let server = start().await;
    for (sent, status) in [
        ("GET / HTTP/1.1\r\nhost: here:3000\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost:\r\n", "200"),
        ("GET / HTTP/1.0\r\n", "200"),
        ("GET http://here/ HTTP/1.1\r\nHost: here\r\n", "200"),
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET http://here/ HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: here\r\nHost: here\r\n", "400"),
        ("GET / HTTP/1.0\r\nHost: here\r\nHost: there\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: here, there/\r\n", "400"),
        ("GET //Scim/a HTTP/1.1\r\n", "400"),
        ("POST /echo HTTP/1.1\r\nContent-Length: 4\r\n", "400"),
    ] {
        let mut stream = server.connect().await;
        let sent = format!("{sent}Connection: close\r\n\r\n");
        stream.write_all(sent.as_bytes()).await.unwrap();
        if sent.contains("Content-Length") {
            stream.write_all(b"body").await.unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{sent} {answer}");
        let is_scim = status == "400" && sent.contains("Scim");
        let is_error =
            answer.contains("application/scim+json") && answer.contains("\"status\":\"400\"");
        assert_eq!(is_error, is_scim, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_looks_like_a_refusal_is_not_replaced() {
    let server = start().await;
    let mut stream = server.connect().await;
    let body = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let request = format!(
        "POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(read_some(&mut stream).await.ends_with(&format!("|{body}")));
    // Two at once: the refusal leaves together with the answer before it, and stays hyper's.
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\n: b\r\n\r\n")
        .await
        .unwrap();
    let mut answers = String::new();
    let _ = stream.read_to_string(&mut answers).await;
    assert!(answers.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
    assert!(answers.contains("hello"), "{answers}");
    assert!(
        answers.contains("HTTP/1.1 400 Bad Request\r\n"),
        "{answers}"
    );
}
