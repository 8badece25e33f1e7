//! Support bundles: the form that makes one, as a file or a link; the end of a link; and what a link shows, for which
//! nobody has to sign in.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{answer_form, read_form, refuse};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::support_bundle::BundleSubject;
use crate::server::actor::Permission;
use crate::server::auth::guards;
use crate::server::services::support_bundle::{self as bundles, Format, NewLink, Wanted};

/// Making support bundles, and opening and revoking links to them.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/support-bundles/new", post(make))
        .route(
            "/organizations/{slug}/support-bundles/{id}/revoke",
            post(revoke),
        )
        .route(
            "/support-bundles/{secret}",
            get(|dashboard, secret, request| open(dashboard, secret, Format::Html, request)),
        )
        .route(
            "/support-bundles/{secret}/json",
            get(|dashboard, secret, request| open(dashboard, secret, Format::Json, request)),
        )
}

#[derive(Deserialize)]
struct MakeForm {
    #[serde(default)]
    once: String,
    /// "html", "json" or "link".
    #[serde(default)]
    output: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    within: String,
    /// "without" or "with".
    #[serde(default)]
    personal: String,
}

/// What the bundle is about stands in the address.
fn subject(query: &str) -> Result<BundleSubject, AppError> {
    url::form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, id)| BundleSubject::parse(&name, &id))
        .ok_or_else(|| AppError::NotFound {
            what: "support bundle".to_owned(),
        })
}

enum Made {
    File(BundleSubject, Format, String),
    Link(FormAnswer),
}

async fn make(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<MakeForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let made = async {
        let app = &dashboard.app;
        let allowed = require(app, &parts, Permission::ReadPayloads, Some(&slug)).await?;
        let wanted = Wanted {
            subject: subject(parts.uri.query().unwrap_or_default())?,
            within: form.within.clone(),
            // Whoever does not say otherwise hands on no personal data.
            without_personal_data: form.personal != "with",
        };
        let format = match form.output.as_str() {
            "json" => Format::Json,
            "link" => {
                let new = NewLink {
                    days: form.days.parse().unwrap_or_default(),
                    once: form.once.clone(),
                };
                let link = bundles::link(app, &allowed, &wanted, new).await?;
                return Ok::<_, AppError>(Made::Link(FormAnswer::BundleLinkCreated(link)));
            }
            _ => Format::Html,
        };
        let file = bundles::file(app, &allowed, &wanted, format).await?;
        Ok(Made::File(wanted.subject, format, file))
    };
    match made.await {
        Ok(Made::Link(answer)) => answer_form(&dashboard, parts, answer).await,
        Ok(Made::File(subject, format, body)) => named(
            "attachment",
            &bundles::file_name(&subject),
            bundle(StatusCode::OK, format, body),
            format,
        ),
        Err(error) => {
            let values = [
                ("output", form.output),
                ("days", form.days),
                ("within", form.within),
                ("personal", form.personal),
            ];
            let values = values.map(|(name, value)| (name.to_owned(), value));
            refuse(&dashboard, parts, error, values.into()).await
        }
    }
}

async fn revoke(
    State(dashboard): State<Dashboard>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let revoked = async {
        let permission = Permission::ReadPayloads;
        let allowed = require(&dashboard.app, &parts, permission, Some(&slug)).await?;
        Ok::<_, AppError>(bundles::revoke(&dashboard.app, &allowed, &id).await?)
    };
    match revoked.await {
        Ok(()) => Redirect::to(&format!("/organizations/{slug}/support-bundles")).into_response(),
        Err(error) => refuse(&dashboard, parts, error, Vec::new()).await,
    }
}

/// What a link shows; the same answer for every link that does not work.
async fn open(
    State(dashboard): State<Dashboard>,
    Path(secret): Path<String>,
    format: Format,
    request: Request,
) -> Response {
    let address = guards::address(request.extensions());
    match bundles::open(&dashboard.app, &secret, &address, format).await {
        Ok(Some(opened)) => {
            let response = bundle(StatusCode::OK, format, opened.body);
            named("inline", &opened.name, response, format)
        }
        Ok(None) => bundle(StatusCode::NOT_FOUND, Format::Html, bundles::unavailable()),
        Err(error) => {
            tracing::error!(%error, "a support bundle could not be shown");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The answer as a file of this name, shown or saved.
fn named(how: &str, name: &str, mut response: Response, format: Format) -> Response {
    let disposition = format!("{how}; filename=\"{name}.{}\"", format.extension());
    if let Ok(disposition) = disposition.parse() {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// Nothing keeps it, nothing finds it, and nothing in it tells another site where it was read.
fn bundle(status: StatusCode, format: Format, body: String) -> Response {
    (
        status,
        [
            (header::CONTENT_TYPE, format.content_type().to_owned()),
            (header::CONTENT_SECURITY_POLICY, bundles::policy()),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
            (
                HeaderName::from_static("x-robots-tag"),
                "noindex, nofollow".to_owned(),
            ),
        ],
        body,
    )
        .into_response()
}
