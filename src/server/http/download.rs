//! Answers that a browser saves: files that are written while they are sent.

use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, TryStreamExt, stream};

use crate::server::App;
use crate::server::actor::Permission;
use crate::server::auth::guards;
use crate::server::error::ServiceError;
use crate::server::services::export::Format;

/// Who has asked for a file, and by which permission.
pub(super) struct Reader {
    pub(super) app: App,
    /// The head of the request: its session goes on being looked at.
    pub(super) parts: Parts,
    pub(super) permission: Permission,
    /// `None` for what is of all organizations.
    pub(super) slug: Option<String>,
}

/// The parts of a file for as long as its reader may have it. Whoever takes it slowly would otherwise go on reading when
/// the account has been deactivated. The first part has just been allowed.
pub(super) fn while_allowed<S>(
    reader: Reader,
    parts: S,
) -> impl Stream<Item = Result<String, ServiceError>> + Send
where
    S: Stream<Item = Result<String, ServiceError>> + Send + 'static,
{
    let state = (reader, Box::pin(parts), true);
    stream::try_unfold(state, async |(reader, mut parts, is_first)| {
        if !is_first {
            let (slug, permission) = (reader.slug.as_deref(), reader.permission);
            guards::require_still(&reader.app, &reader.parts, permission, slug).await?;
        }
        let part = parts.try_next().await?;
        Ok::<_, ServiceError>(part.map(|part| (part, (reader, parts, false))))
    })
}

/// The file of this name, without what ends it. An error ends the connection, so that the browser does not take a part
/// for the whole.
pub(super) fn download<S>(name: &str, format: Format, parts: S) -> Response
where
    S: Stream<Item = Result<String, ServiceError>> + Send + 'static,
{
    let file = format!("{name}.{}", format.extension());
    let disposition = format!("attachment; filename=\"{file}\"");
    let parts = parts.inspect_err(move |error| match error {
        ServiceError::SignedOut | ServiceError::Forbidden | ServiceError::NotFound { .. } => {
            tracing::info!(export.file = %file, "an export was ended: its reader may not have it any more");
        }
        _ => tracing::error!(error = %error, export.file = %file, "an export broke off"),
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
