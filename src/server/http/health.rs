//! For orchestrators: `/healthz` says that the process runs, `/readyz` that it can answer requests.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};

use crate::server::App;
use crate::server::store::migrate::{self, Version};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// `GET /healthz` and `GET /readyz`, without session or token.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/healthz",
            routing::get(async || answer(StatusCode::OK, "ok")),
        )
        .route("/readyz", routing::get(ready))
}

async fn ready(State(app): State<App>) -> Response {
    if app.shutdown.is_cancelled() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "shutting down");
    }
    match tokio::time::timeout(PATIENCE, migrate::version(&app.db)).await {
        Ok(Ok(Version::Current)) => answer(StatusCode::OK, "ok"),
        Ok(Ok(_)) => answer(StatusCode::SERVICE_UNAVAILABLE, "migrations are missing"),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "not ready");
            answer(
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer",
            )
        }
        Err(_) => answer(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer in time",
        ),
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
