//! `GET /organizations/{slug}/live`, and `GET /live` for Support: server-sent events that say that newer log entries
//! exist, in that organization or in any, and nothing else.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::time::{Instant, sleep_until};

use super::dashboard::{Dashboard, require};
use crate::model::error::AppError;
use crate::server::App;
use crate::server::actor::Permission;
use crate::server::auth::guards;
use crate::server::clock::Millis;
use crate::server::services::live::{self, REST, Watch};

/// How often the permission is looked at again, and so the longest that a stream outlives its session. A hint tells
/// nothing: looking at each would cost every open page some questions a second. A comment at that time keeps proxies
/// from closing the stream.
const KEPT_ALIVE: Duration = Duration::from_secs(15);
/// When the browser tries again after the stream broke.
const RETRY: Duration = Duration::from_secs(3);

/// The streams that tell open pages of something new.
pub(super) fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/organizations/{slug}/live", get(of_organization))
        .route("/live", get(of_all))
}

async fn of_organization(
    State(dashboard): State<Dashboard>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    open(&dashboard.app, Some(slug), request).await
}

async fn of_all(State(dashboard): State<Dashboard>, request: Request) -> Response {
    open(&dashboard.app, None, request).await
}

async fn open(app: &App, slug: Option<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match Hints::new(app, slug, parts).await {
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Ok(Some(hints)) => {
            let mut response = Sse::new(stream::unfold(hints, Hints::next)).into_response();
            // Proxies that collect answers would hold the hints back.
            response
                .headers_mut()
                .insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
        // A status other than 200 tells the browser not to try again by itself.
        Err(error) => StatusCode::from_u16(error.status())
            .unwrap_or(StatusCode::FORBIDDEN)
            .into_response(),
    }
}

/// The hints of one open page.
struct Hints {
    app: App,
    /// `None` for all organizations.
    slug: Option<String>,
    /// The request that opened it: its session goes on being looked at.
    parts: Parts,
    watch: Watch,
    greeted: bool,
    /// Whether there may be newer entries already.
    is_behind: bool,
    rests_until: Instant,
    checked_at: Instant,
}

impl Hints {
    /// `None` when too many are open; the page works without.
    async fn new(app: &App, slug: Option<String>, parts: Parts) -> Result<Option<Self>, AppError> {
        let permission = permission(slug.as_deref());
        let allowed = require(app, &parts, permission, slug.as_deref()).await?;
        // Watched first: nothing comes in between.
        let watch = match slug {
            Some(_) => live::watch(app, &allowed)?,
            None => live::watch_all(app, &allowed)?,
        };
        let Some(watch) = watch else {
            return Ok(None);
        };
        let is_behind = match age(&parts) {
            Some(age) if slug.is_some() => live::has_grown(app, &allowed, age).await?,
            _ => false,
        };
        Ok(Some(Self {
            watch,
            app: app.clone(),
            slug,
            parts,
            greeted: false,
            is_behind,
            rests_until: Instant::now(),
            checked_at: Instant::now(),
        }))
    }

    /// The next event. Ends on shutdown, and soon after the session has ended or the permission is gone.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if !self.greeted {
            self.greeted = true;
            return Some((Ok(Event::default().retry(RETRY)), self));
        }
        let shutdown = self.app.shutdown.clone();
        let event = shutdown.run_until_cancelled(self.wait()).await?;
        if self.checked_at.elapsed() >= KEPT_ALIVE {
            let (slug, permission) = (self.slug.as_deref(), permission(self.slug.as_deref()));
            let still = guards::require_still(&self.app, &self.parts, permission, slug);
            still.await.ok()?;
            self.checked_at = Instant::now();
        }
        Some((Ok(event), self))
    }

    async fn wait(&mut self) -> Event {
        if std::mem::take(&mut self.is_behind) {
            return self.hint();
        }
        // Each replica hints once a second at most; together they may do so more often.
        sleep_until(self.rests_until).await;
        tokio::select! {
            () = self.watch.grown() => self.hint(),
            () = sleep_until(self.checked_at + KEPT_ALIVE) => Event::default().comment("kept alive"),
        }
    }

    fn hint(&mut self) -> Event {
        self.rests_until = Instant::now() + REST;
        Event::default().event("logs").data("newer entries exist")
    }
}

/// How many milliseconds ago the page was asked for, as it says itself.
fn age(parts: &Parts) -> Option<Millis> {
    let query = parts.uri.query().unwrap_or_default();
    let age = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "age");
    age.and_then(|(_, age)| age.parse().ok())
        .filter(|age| *age >= 0)
}

fn permission(slug: Option<&str>) -> Permission {
    match slug {
        Some(_) => Permission::ReadLogs,
        None => Permission::ListOrganizations,
    }
}
