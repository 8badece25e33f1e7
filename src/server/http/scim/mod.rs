//! `/scim/{slug}/v2`: HTTP around the provisioning use cases.
//!
//! Everything that goes wrong here, panics and time-outs included, is answered as SCIM JSON (RFC 7644 3.12).

mod answer;
mod body;
mod dispatch;
mod headers;
mod refused;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::any;
use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::server::App;
use crate::server::clock::Millis;
use crate::server::ids;
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::scim::target;
use crate::server::services::provisioning::{self, Refusal};
use crate::server::services::recording::Exchange;
use answer::Reply;
use refused::Limiter;

/// What one request may take in all; Entra gives up on slow answers, and the next try is as good.
const TIME: Duration = Duration::from_secs(25);

/// How much longer a read goes on whose client has gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// State of the SCIM endpoint.
#[derive(Clone)]
struct Scim {
    app: App,
    refused: Limiter,
}

/// The SCIM endpoint of every organization, and `others` for the paths that are not below it.
pub fn routes(app: App, others: Router) -> Router {
    let scim = Scim {
        app,
        refused: Limiter::default(),
    };
    // However a path below it is written, no page answers.
    let others = others.layer(from_fn_with_state(scim.clone(), take_own));
    Router::new()
        .route("/scim", any(handle))
        .route("/scim/", any(handle))
        .route("/scim/{*path}", any(handle))
        .with_state(scim)
        .merge(others)
}

/// Middleware: answers what is below the endpoint and was not found there, such as `/SCIM/...` and `//scim/...`.
async fn take_own(scim: State<Scim>, request: Request, next: Next) -> Response {
    if target::is_scim(request.uri().path()) {
        handle(scim, request).await
    } else {
        next.run(request).await
    }
}

async fn handle(State(scim): State<Scim>, request: Request) -> Response {
    let now = scim.app.clock.now();
    let request_id = ids::new_request_id(now);
    // A task of its own: the client may go away, and the request still leaves its entry and its counts.
    let tasks = scim.app.tasks.clone();
    let (_waiting, gone) = oneshot::channel();
    let work = tasks.spawn(work(scim, request, request_id.clone(), now, gone));
    let reply = work.await.unwrap_or_else(|error| {
        tracing::error!(request.id = %request_id, %error, "the request was cut off");
        Reply::error(failure(Reason::InternalError))
    });
    let response = reply.into_response(&request_id);
    tracing::debug!(request.id = %request_id, status = response.status().as_u16(), "scim request answered");
    response
}

/// Works on a request to its end, which is always an entry of the log where the log wants one. `gone` ends when nobody
/// waits for the answer any more.
async fn work(
    scim: Scim,
    request: Request,
    request_id: String,
    now: Millis,
    gone: oneshot::Receiver<()>,
) -> Reply {
    let exchange = Exchange::new(request_id.clone(), now, headers::incoming(&request));
    // What is left to log if the work is cut off: it takes the rest with it.
    let mut brief = exchange.brief();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let is_read = matches!(method, Method::GET | Method::HEAD);
    // On the heap: every layer around it would copy its many kilobytes.
    let work = Box::pin(dispatch::answer(&scim, exchange, request));
    let outcome = tokio::select! {
        biased;
        outcome = guarded(&request_id, work) => outcome,
        () = given_up(gone), if is_read => Err(Reason::RequestTimeout),
    };
    match outcome {
        Ok(reply) => reply,
        Err(reason) => {
            dispatch::name_asked(&mut brief, method, &uri);
            failed(&scim.app, brief, reason)
        }
    }
}

/// Waits until whoever asked has gone, and a little longer: what reads for nobody keeps others from reading.
async fn given_up(gone: oneshot::Receiver<()>) {
    // Nothing is ever sent.
    let _ = gone.await;
    tokio::time::sleep(PATIENCE).await;
}

/// What the work answers, or why it does not: it panicked, or it took too long.
async fn guarded(request_id: &str, work: impl Future<Output = Reply>) -> Result<Reply, Reason> {
    match tokio::time::timeout(TIME, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(_)) => {
            tracing::error!(request.id = %request_id, "the request panicked");
            Err(Reason::InternalError)
        }
        Err(_) => {
            tracing::error!(request.id = %request_id, "the request took too long");
            Err(Reason::RequestTimeout)
        }
    }
}

/// The answer to a request that the service failed.
fn failed(app: &App, mut exchange: Exchange, reason: Reason) -> Reply {
    let error = failure(reason);
    if exchange.action.is_change() {
        let hint = match reason {
            Reason::RequestTimeout => {
                "Should the change be stored all the same, its own entry takes the place of this one."
            }
            _ => "Nothing was changed: a request is applied whole or not at all.",
        };
        exchange.hint = Some(hint.to_owned());
    }
    provisioning::record_failure(app, exchange, &error);
    Reply::error(error)
}

/// What the service says of its own failures: nothing of what went wrong inside.
fn failure(reason: Reason) -> ScimError {
    let text = match reason {
        Reason::DatabaseUnavailable => {
            "The database of the service could not confirm this right now. Entra tries again by itself."
        }
        Reason::RequestTimeout => {
            "The request took too long and was given up. Entra tries again by itself."
        }
        _ => "The service failed while it worked on this request. Entra tries again by itself.",
    };
    ScimError::new(reason, text)
}

/// What a use case answered, as a reply; a failed database is logged here, once.
fn settle(app: &App, exchange: Exchange, outcome: Result<provisioning::Answer, Refusal>) -> Reply {
    match outcome {
        Ok(answer) => Reply::answer(answer),
        Err(Refusal::Scim(error)) => Reply::error(error),
        Err(Refusal::Store(error)) => {
            tracing::error!(request.id = %exchange.request_id, error = %error, "database failed");
            failed(app, exchange, Reason::DatabaseUnavailable)
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_is_given_up_a_little_after_its_client_has_gone() {
        let (waiting, gone) = oneshot::channel();
        let mut given_up = Box::pin(given_up(gone));
        assert!((&mut given_up).now_or_never().is_none());
        drop(waiting);
        let left = std::time::Instant::now();
        given_up.await;
        assert!(left.elapsed() >= PATIENCE);
    }

    #[test]
    fn what_explains_a_request_that_took_too_long_names_the_limit() {
        let happened = Reason::RequestTimeout.explanation().happened;
        let limit = format!("within {} seconds", TIME.as_secs());
        assert!(happened.contains(&limit), "{happened}");
    }

    /// Nothing from outside makes the service panic, so the work that does is the test's own.
    #[tokio::test]
    async fn e48_a_panic_is_answered_as_a_scim_error() {
        let outcome = guarded("req_1", async { panic!("a secret detail") }).await;
        let reason = outcome.err().unwrap();
        let response = Reply::error(failure(reason)).into_response("req_1");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["content-type"], "application/scim+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        let body: serde_json::Value = serde_json::from_slice(&body.unwrap()).unwrap();
        assert_eq!(body["status"], "500");
        let text = body["detail"].as_str().unwrap();
        assert!(
            text.ends_with("Reference req_1") && !text.contains("secret"),
            "{text}"
        );
    }
}
