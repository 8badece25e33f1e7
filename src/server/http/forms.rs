//! Plain forms: how their fields are read, and the pages that answer them.

use std::error::Error as _;

use axum::Form;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use http_body_util::LengthLimitError;
use leptos::prelude::{expect_context, provide_context};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

use super::dashboard::{Dashboard, document_of, page_routes, provide_page_context};
use super::serve::is_stalled;
use crate::components::form::PageAddress;
use crate::components::problem::AnswerStatus;
use crate::model::error::AppError;
use crate::model::form::FormAnswer;

/// Longest body of a form that is read.
const FORM_LIMIT: usize = 16 * 1024;

/// A form's head and fields.
pub(super) async fn read_form<T: serde::de::DeserializeOwned>(
    request: Request,
) -> Result<(Parts, T), Response> {
    let (mut parts, body) = request.into_parts();
    let refused = || StatusCode::BAD_REQUEST.into_response();
    let body = read_body(body).await?;
    let rebuilt = Request::from_parts(parts.clone(), Body::from(body));
    let Form(fields) = Form::<T>::from_request(rebuilt, &())
        .await
        .map_err(|_| refused())?;
    // The page that answers is rendered as if it had been opened.
    parts.method = Method::GET;
    Ok((parts, fields))
}

/// The bytes of a form's body, up to [`FORM_LIMIT`].
pub(super) async fn read_body(body: Body) -> Result<Bytes, Response> {
    to_bytes(body, FORM_LIMIT).await.map_err(|error| {
        let is_too_large =
            |cause: &(dyn std::error::Error + 'static)| cause.is::<LengthLimitError>();
        let status = if is_stalled(&error) {
            StatusCode::REQUEST_TIMEOUT
        } else if error.source().is_some_and(is_too_large) {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::BAD_REQUEST
        };
        status.into_response()
    })
}

/// The head of a form whose refusal stands on this page, since it has none of its own.
pub(super) fn shown_at(mut parts: Parts, page: &str) -> Parts {
    parts.method = Method::GET;
    if let Ok(uri) = page.parse::<Uri>() {
        parts.uri = uri;
    }
    parts
}

/// Renders the page at the request's address as the answer to a form. It is stored nowhere: it may show a secret.
pub(super) async fn answer_form(
    dashboard: &Dashboard,
    parts: Parts,
    answer: FormAnswer,
) -> Response {
    let status = match &answer {
        FormAnswer::TokenCreated(_)
        | FormAnswer::LinkCreated(_)
        | FormAnswer::BundleLinkCreated(_) => StatusCode::OK,
        FormAnswer::Refused { error, .. } => {
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
        }
    };
    let app = dashboard.app.clone();
    let address = parts
        .uri
        .path_and_query()
        .map(ToString::to_string)
        .map(PageAddress);
    let render = render_app_async_with_context(
        move || {
            provide_page_context(app.clone());
            if matches!(answer, FormAnswer::Refused { .. }) {
                // Why the form was refused counts more than what the page says beside it.
                provide_context(AnswerStatus::new(|_| ()));
            }
            provide_context(answer.clone());
            if let Some(address) = address.clone() {
                provide_context(address);
            }
            expect_context::<ResponseOptions>().set_status(status);
        },
        document_of(&dashboard.assets),
    );
    render(Request::from_parts(parts, Body::empty())).await
}

/// The answer to a form that is refused: the page at the request's address, which says why and keeps the `values` that
/// were typed; or the way to sign in.
pub(super) async fn refuse(
    dashboard: &Dashboard,
    parts: Parts,
    error: AppError,
    values: Vec<(String, String)>,
) -> Response {
    if error == AppError::SignedOut {
        return Redirect::to("/sign-in").into_response();
    }
    answer_form(dashboard, parts, FormAnswer::Refused { error, values }).await
}

/// The answer of an address that takes forms only, to somebody who opens it: the page of the form, which is the nearest
/// one above. Whoever loads the answer to a form again comes here.
pub(super) async fn page_of_form(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = "This address does not take such a request.\n";
        return (StatusCode::METHOD_NOT_ALLOWED, text).into_response();
    }
    let above = request.uri().path().rmatch_indices('/');
    let page = above
        .map(|(end, _)| &request.uri().path()[..end])
        .find(|path| is_page(path));
    Redirect::to(page.unwrap_or("/")).into_response()
}

fn is_page(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    page_routes().iter().any(|route| {
        let parts: Vec<&str> = route.path().split('/').collect();
        let mut pairs = parts.iter().zip(&segments);
        parts.len() == segments.len()
            && pairs.all(|(part, segment)| part.starts_with('{') || part == segment)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io;

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_called_too_large() {
        let refused = async |body: Body| read_body(body).await.unwrap_err().status();
        let broken = stream::iter([Ok("name="), Err(io::Error::other("gone"))]);
        assert_eq!(
            refused(Body::from_stream(broken)).await,
            StatusCode::BAD_REQUEST
        );
        let large = Body::from("x".repeat(FORM_LIMIT + 1));
        assert_eq!(refused(large).await, StatusCode::PAYLOAD_TOO_LARGE);
        let fits = read_body(Body::from("x".repeat(FORM_LIMIT))).await;
        assert_eq!(fits.unwrap().len(), FORM_LIMIT);
    }
}
