//! Forms by which an Admin says who is told of failures and how, sends tests and mails again; and the links of
//! recipients, who need no account.

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::dashboard::{Dashboard, require};
use super::forms::{read_body, read_form, refuse, shown_at};
use crate::model::error::AppError;
use crate::model::notification::{Event, RecipientLink};
use crate::server::actor::{Allowed, Permission};
use crate::server::auth::guards;
use crate::server::error::ServiceError;
use crate::server::services::notifications::settings::TypedSettings;
use crate::server::services::notifications::{delivery, links, recipients, settings};

/// Recipients, settings of notifications, the test mail and the links in mails.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/notifications", post(set))
        .route("/organizations/{slug}/notifications/test", post(test))
        .route(
            "/organizations/{slug}/notifications/recipients",
            post(add_recipient),
        )
        .route(
            "/organizations/{slug}/notifications/recipients/{id}",
            post(send_link),
        )
        .route(
            "/organizations/{slug}/notifications/recipients/{id}/remove",
            post(remove_recipient),
        )
        .route(
            "/organizations/{slug}/notifications/mails/{id}",
            post(send_again),
        )
        .route("/verify/{token}", post(verify))
        .route("/unsubscribe/{token}", post(unsubscribe))
}

/// Where the address points: a recipient, a mail, or the notifications themselves.
#[derive(Deserialize)]
struct Place {
    slug: String,
    #[serde(default)]
    id: String,
}

impl Place {
    fn page(&self) -> String {
        format!("/organizations/{}/notifications", self.slug)
    }

    async fn allowed(&self, dashboard: &Dashboard, parts: &Parts) -> Result<Allowed, AppError> {
        let permission = Permission::ManageNotifications;
        require(&dashboard.app, parts, permission, Some(&self.slug)).await
    }

    /// Goes back to the page, which says what has been done, or why not.
    async fn answer(
        &self,
        dashboard: &Dashboard,
        parts: Parts,
        done: Result<&'static str, AppError>,
        values: Vec<(String, String)>,
    ) -> Response {
        match done {
            Ok(done) => Redirect::to(&format!("{}?done={done}", self.page())).into_response(),
            Err(error) => refuse(dashboard, parts, error, values).await,
        }
    }
}

async fn set(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, values) = match read_form::<Vec<(String, String)>>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let of = |name: &str| {
        let found = values.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let typed = TypedSettings {
        is_on: !of("send").is_empty(),
        events: Event::ALL
            .into_iter()
            .filter(|event| !of(event.as_str()).is_empty())
            .collect(),
        digest_hours: of("digest_hours"),
        quiet_from: of("quiet_from"),
        quiet_until: of("quiet_until"),
        zone: of("zone"),
        silence_hours: of("silence_hours"),
    };
    let done = async {
        let allowed = place.allowed(&dashboard, &parts).await?;
        settings::set(&dashboard.app, &allowed, &typed).await?;
        Ok("saved")
    };
    let done = done.await;
    place.answer(&dashboard, parts, done, values).await
}

#[derive(Deserialize)]
struct RecipientForm {
    #[serde(default)]
    address: String,
}

async fn add_recipient(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let (parts, form) = match read_form::<RecipientForm>(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let parts = shown_at(parts, &place.page());
    let done = async {
        let allowed = place.allowed(&dashboard, &parts).await?;
        recipients::add(&dashboard.app, &allowed, &form.address).await?;
        Ok("added")
    };
    let done = done.await;
    let values = vec![("address".to_owned(), form.address)];
    place.answer(&dashboard, parts, done, values).await
}

/// What a button does.
#[derive(Clone, Copy)]
enum Act {
    SendLink,
    Remove,
    Test,
    SendAgain,
}

async fn send_link(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::SendLink).await
}

async fn remove_recipient(
    state: State<Dashboard>,
    place: Path<Place>,
    request: Request,
) -> Response {
    act(state, place, request, Act::Remove).await
}

async fn test(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::Test).await
}

async fn send_again(state: State<Dashboard>, place: Path<Place>, request: Request) -> Response {
    act(state, place, request, Act::SendAgain).await
}

async fn act(
    State(dashboard): State<Dashboard>,
    Path(place): Path<Place>,
    request: Request,
    act: Act,
) -> Response {
    let app = &dashboard.app;
    let parts = shown_at(request.into_parts().0, &place.page());
    let done = async {
        let allowed = place.allowed(&dashboard, &parts).await?;
        Ok(match act {
            Act::SendLink => {
                recipients::send_link(app, &allowed, &place.id).await?;
                "link"
            }
            Act::Remove => {
                recipients::remove(app, &allowed, &place.id).await?;
                "removed"
            }
            Act::Test => {
                delivery::send_test(app, &allowed).await?;
                "test"
            }
            Act::SendAgain => {
                delivery::repeat(app, &allowed, &place.id).await?;
                "again"
            }
        })
    };
    let done = done.await;
    place.answer(&dashboard, parts, done, Vec::new()).await
}

async fn verify(
    State(dashboard): State<Dashboard>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let parts = request.into_parts().0;
    use_link(&dashboard, RecipientLink::Verify, &token, &parts).await
}

/// The field that a mail program sends by itself when somebody selects its own *Unsubscribe* (RFC 8058 section 3.1).
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");

async fn unsubscribe(
    State(dashboard): State<Dashboard>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let link = RecipientLink::Unsubscribe;
    let (parts, fields) = match read_fields(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let is_one_click = fields
        .iter()
        .any(|(name, value)| (name.as_str(), value.as_str()) == ONE_CLICK);
    if !is_one_click {
        return use_link(&dashboard, link, &token, &parts).await;
    }
    // A program wants no page, and must not be sent to another one.
    let address = guards::address(&parts.extensions);
    match links::act(&dashboard.app, link, &token, &address).await {
        Ok(()) => "No more of these mails will be sent.\n".into_response(),
        Err(ServiceError::NotFound { .. }) => (
            StatusCode::NOT_FOUND,
            "This link no longer works: it has been used or has expired.\n",
        )
            .into_response(),
        Err(error) => unavailable(error),
    }
}

/// The fields of a form in either encoding: pages send the one, mail programs should send the other.
async fn read_fields(request: Request) -> Result<(Parts, Vec<(String, String)>), Response> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let is_multipart = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    if !is_multipart {
        return read_form(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = read_body(body).await?;
    let request = Request::from_parts(parts.clone(), Body::from(body));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(IntoResponse::into_response)?;
    let mut fields = Vec::new();
    while let Some(field) = form
        .next_field()
        .await
        .map_err(IntoResponse::into_response)?
    {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.text().await.map_err(IntoResponse::into_response)?;
        fields.push((name, value));
    }
    Ok((parts, fields))
}

/// Does what a link is for and goes back to its page, which says what is now so.
async fn use_link(
    dashboard: &Dashboard,
    link: RecipientLink,
    token: &str,
    parts: &Parts,
) -> Response {
    let address = guards::address(&parts.extensions);
    match links::act(&dashboard.app, link, token, &address).await {
        Ok(()) | Err(ServiceError::NotFound { .. }) => {
            Redirect::to(parts.uri.path()).into_response()
        }
        Err(error) => unavailable(error),
    }
}

fn unavailable(error: ServiceError) -> Response {
    // Logged with its reference, which the person is told.
    let error = AppError::from(error);
    (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
}
