//! Answers that a browser saves: files that are written while they are sent.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, TryStreamExt};

use crate::server::error::ServiceError;
use crate::server::services::export::Format;

/// The file of this name, without what ends it. An error ends the connection, so that the browser does not take a part
/// for the whole.
pub(super) fn download<S>(name: &str, format: Format, parts: S) -> Response
where
    S: Stream<Item = Result<String, ServiceError>> + Send + 'static,
{
    let file = format!("{name}.{}", format.extension());
    let disposition = format!("attachment; filename=\"{file}\"");
    let parts = parts.inspect_err(move |error| {
        tracing::error!(error = %error, export.file = %file, "an export broke off");
    });
    (
        [
            (header::CONTENT_TYPE, format.media_type().to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        Body::from_stream(parts),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_file_that_breaks_off_does_not_look_whole() {
        let parts = [Ok("one".to_owned()), Ok("two".to_owned())];
        let whole = download("logs", Format::Csv, stream::iter(parts));
        let disposition = &whole.headers()[header::CONTENT_DISPOSITION];
        assert_eq!(disposition, "attachment; filename=\"logs.csv\"");
        let whole = to_bytes(whole.into_body(), 100).await;
        assert!(whole.is_ok_and(|text| text == "onetwo"));

        let parts = [Ok("one".to_owned()), Err(ServiceError::SignedOut)];
        let broken = download("logs", Format::Ndjson, stream::iter(parts));
        assert!(to_bytes(broken.into_body(), 100).await.is_err());
    }
}
