//! Clients that do nothing, or everything slowly, get an end and slow nobody else down.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use crate::support::entra::user;
use crate::support::process::Service;

/// Longer than the service waits for anybody.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_senders_are_ended_and_store_nothing() {
    let service = Service::start().await;
    let token = service.organization("contoso");
    let body = user("slow@contoso.com").to_string();

    // Headers that never end.
    let mut headers = service.connect();
    headers.set_read_timeout(Some(PATIENCE)).unwrap();
    headers
        .write_all(b"GET /scim/contoso/v2/Users HTTP/1.1\r\nHost: x\r\n")
        .unwrap();
    // A body of which half never comes.
    let mut half = service.connect();
    half.set_read_timeout(Some(PATIENCE)).unwrap();
    half.write_all(
        format!(
            "POST /scim/contoso/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{}",
            body.len(),
            &body[..body.len() / 2]
        )
        .as_bytes(),
    )
    .unwrap();

    // Others are served meanwhile.
    let served = service
        .send("GET", "/scim/contoso/v2/Users?count=1", &token, None)
        .await
        .unwrap();
    assert_eq!(served.status, 200);

    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        let _ = half.read_to_string(&mut answer);
        let mut nothing = Vec::new();
        let ended = headers.read_to_end(&mut nothing).is_ok();
        assert!(ended, "a connection without headers stays open");
        answer
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"));

    let users = service
        .send("GET", "/scim/contoso/v2/Users", &token, None)
        .await
        .unwrap();
    assert_eq!(users.json()["totalResults"], json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_idle_connections_slow_nobody_down() {
    let service = Service::start().await;
    let token = service.organization("contoso");
    let idle: Vec<_> = (0..2_000).map(|_| service.connect()).collect();
    for number in 0..20 {
        let answer = service
            .send(
                "POST",
                "/scim/contoso/v2/Users",
                &token,
                Some(&user(&format!("u{number}@contoso.com"))),
            )
            .await
            .unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_ended() {
    let service = Service::start().await;
    for text in [
        "\x16\x03\x01\x02\x00\x01",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /scim/contoso/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    ] {
        let answer = tokio::task::block_in_place(|| service.converse(text.as_bytes(), PATIENCE));
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{text:?}: {answer}"
        );
    }
    let token = service.organization("contoso");
    let answer = service
        .send("GET", "/scim/contoso/v2/Users", &token, None)
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_with_raw_quotation_marks_is_understood() {
    let service = Service::start().await;
    let token = service.organization("contoso");
    let ana = user("ana#EXT#@contoso.com");
    let made = service
        .send("POST", "/scim/contoso/v2/Users", &token, Some(&ana))
        .await;
    assert_eq!(made.unwrap().status, 201);
    let request = format!(
        "GET /scim/contoso/v2/Users?filter=userName+eq+\"ana#EXT#%40contoso.com\" HTTP/1.1\r\nHost: x\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    let answer = tokio::task::block_in_place(|| service.converse(request.as_bytes(), PATIENCE));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"totalResults\":1"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_with_a_wrong_token_gets_its_answer() {
    let service = Service::start().await;
    service.organization("contoso");
    let size = 20 * 1024 * 1024;
    let mut request = format!(
        "POST /scim/contoso/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer rhp_wrong\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {size}\r\n\r\n"
    )
    .into_bytes();
    request.resize(request.len() + size, b' ');
    // The whole body is sent before anything is read.
    let answer = tokio::task::block_in_place(|| service.converse(&request, PATIENCE));
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"));
}
