//! `GET /metrics`, on an address of its own: it is for operators, not for the internet.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};

use crate::server::App;
use crate::server::services::metrics;

/// The content type of Prometheus's text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole router of that address.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/metrics", routing::get(show))
        .with_state(app)
}

async fn show(State(app): State<App>) -> Response {
    match metrics::render(&app).await {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(error) => {
            tracing::warn!(%error, "metrics not gathered");
            let text = "the database does not answer";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}
