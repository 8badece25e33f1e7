//! The pages for people: rendered by Leptos, with what they load and the plain forms that change things.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{expect_context, provide_context};
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list,
    render_app_async_with_context,
};

use super::assets::Assets;
use super::{
    account_forms, audit_export, forms, guard_forms, issue_fix_forms, issue_forms, link_forms,
    live, log_export, notification_forms, organization_forms, own_account_forms, sample_mail,
    settings_forms, sign_in, support_bundle_forms, token_forms, user_forms,
};
use crate::app::{App as Pages, Document, shell};
use crate::components::problem::AnswerStatus;
use crate::model::error::AppError;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::auth::{cookies, guards};

/// Longest error of a server function.
const ERROR_LIMIT: usize = 64 * 1024;

/// How Leptos marks a redirect that its own script should follow.
const SERVER_FN_REDIRECT: HeaderName = HeaderName::from_static("serverfnredirect");

const THEME_COOKIE: &str = "theme";

/// What the handlers of pages share.
#[derive(Clone)]
pub(super) struct Dashboard {
    pub(super) app: App,
    pub(super) assets: Arc<Assets>,
    options: LeptosOptions,
}

impl FromRef<Dashboard> for LeptosOptions {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.options.clone()
    }
}

/// The routes of all pages.
pub fn page_routes() -> Vec<AxumRouteListing> {
    // Once, before anything is drawn: whatever a page loads for the first time while Leptos makes this list, in any
    // thread, never comes (leptos-rs/leptos#4773).
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| generate_route_list(Pages)).clone()
}

/// All routes for people: pages, server functions below `/api`, plain forms, assets, and a page for every other
/// address. Merge it with the routes for machines; these must bring their own 404 below `/scim`.
pub fn dashboard_routes(app: App) -> Router {
    let options = LeptosOptions::builder()
        .output_name("rhombus-provisioning")
        .build();
    let dashboard = Dashboard {
        app,
        assets: Arc::new(Assets::load()),
        options,
    };
    let context = {
        let app = dashboard.app.clone();
        move || provide_page_context(app.clone())
    };
    let pages = Router::new()
        .leptos_routes_with_context(
            &dashboard,
            page_routes(),
            context,
            document_of(&dashboard.assets),
        )
        .route("/theme", post(choose_theme))
        .merge(sign_in::routes())
        .merge(token_forms::routes())
        .merge(organization_forms::routes())
        .merge(user_forms::routes())
        .merge(issue_forms::routes())
        .merge(issue_fix_forms::routes())
        .merge(guard_forms::routes())
        .merge(notification_forms::routes())
        .merge(sample_mail::routes())
        .merge(live::routes())
        .merge(log_export::routes())
        .merge(account_forms::routes())
        .merge(own_account_forms::routes())
        .merge(link_forms::routes())
        .merge(settings_forms::routes())
        .merge(audit_export::routes())
        .merge(support_bundle_forms::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(forms::page_of_form)
        .layer(from_fn(api_status))
        .layer(tower_http::compression::CompressionLayer::new());
    let is_https = dashboard.app.settings.is_https();
    Router::new()
        .route("/pkg/{hash}/{*file}", get(package_file))
        .merge(pages)
        .layer(from_fn_with_state(is_https, common_headers))
        .with_state(dashboard)
}

/// What pages and server functions find in their context: the application, who is signed in, and the answer's status.
pub(super) fn provide_page_context(app: App) {
    provide_context(app);
    provide_context(guards::Visitor::default());
    // A redirect has been decided: what is drawn beside it does not matter any more.
    let response = expect_context::<ResponseOptions>();
    provide_context(AnswerStatus::new(move |status| {
        let is_redirected = response
            .0
            .read()
            .is_ok_and(|parts| parts.status.is_some_and(|status| status.is_redirection()));
        if let (false, Ok(status)) = (is_redirected, StatusCode::from_u16(status)) {
            response.set_status(status);
        }
    }));
}

/// Renders the document and sets the headers that depend on it: Leptos makes its nonce while rendering.
pub(super) fn document_of(
    assets: &Assets,
) -> impl Fn() -> leptos::prelude::AnyView + Clone + Send + Sync + 'static {
    use leptos::prelude::IntoAny;
    let plain = assets.document();
    move || {
        let response = expect_context::<ResponseOptions>();
        if let Some(nonce) = use_nonce() {
            let policy = format!(
                "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
                 object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            );
            if let Ok(policy) = HeaderValue::from_str(&policy) {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
        let theme =
            leptos::prelude::use_context::<Parts>().and_then(|parts| theme_of(&parts.headers));
        shell(Document {
            theme,
            ..plain.clone()
        })
        .into_any()
    }
}

/// Asks the guards, for a plain route.
pub(super) async fn require(
    app: &App,
    parts: &Parts,
    permission: Permission,
    slug: Option<&str>,
) -> Result<Allowed, AppError> {
    Ok(guards::require_in(app, parts, permission, slug).await?)
}

async fn package_file(
    State(dashboard): State<Dashboard>,
    Path((hash, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    dashboard.assets.package_file(&hash, &file, &headers).await
}

/// A file at the root of the site, or the page that says that there is nothing.
async fn not_found(State(dashboard): State<Dashboard>, request: Request) -> Response {
    if let Some(file) = dashboard
        .assets
        .root_file(request.uri().path(), request.headers())
        .await
    {
        return file;
    }
    let app = dashboard.app.clone();
    let render = render_app_async_with_context(
        move || provide_page_context(app.clone()),
        document_of(&dashboard.assets),
    );
    render(request).await
}

/// Server functions answer every error with 500; its kind says it better.
async fn api_status(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    if !is_api || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, ERROR_LIMIT).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&body) {
        parts.status = StatusCode::from_u16(error.status()).unwrap_or(parts.status);
    }
    Response::from_parts(parts, Body::from(body))
}

/// What holds for every answer to a browser. Pages show people and secrets: nothing keeps them.
async fn common_headers(State(is_https): State<bool>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    // Leptos redirects only those who accept HTML by name; a page that leads elsewhere does so for everybody.
    if !is_api && response.headers_mut().remove(SERVER_FN_REDIRECT).is_some() {
        *response.status_mut() = StatusCode::FOUND;
    }
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    if is_https {
        // For a year. What else there is below the customer's domain is theirs to decide about.
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    default(header::CACHE_CONTROL, "no-store");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    default(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    response
}

fn theme_of(headers: &HeaderMap) -> Option<&'static str> {
    cookies::cookie(headers, THEME_COOKIE).and_then(known_theme)
}

fn known_theme(value: &str) -> Option<&'static str> {
    ["light", "dark"].into_iter().find(|theme| *theme == value)
}

/// Remembers the choice of a theme and goes back to where it was made.
async fn choose_theme(
    State(dashboard): State<Dashboard>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let chosen = body.strip_prefix("theme=").and_then(known_theme);
    let (theme, age) = chosen.map_or(("", 0), |theme| (theme, 31_536_000));
    let secure = if dashboard.app.settings.is_https() {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{THEME_COOKIE}={theme}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    (
        [(header::SET_COOKIE, cookie)],
        Redirect::to(&page_before(&headers)),
    )
        .into_response()
}

/// The path of the page that a form was on; never another site.
fn page_before(headers: &HeaderMap) -> String {
    headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| url::Url::parse(value).ok())
        .map(|url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
        .filter(|path| path.starts_with('/') && !path.starts_with("//"))
        .unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_known_themes_count() {
        assert_eq!(
            theme_of(&headers(header::COOKIE, "a=b; theme=dark")),
            Some("dark")
        );
        assert_eq!(
            theme_of(&headers(header::COOKIE, "theme=\"><script>")),
            None
        );
        assert_eq!(theme_of(&HeaderMap::new()), None);
    }

    #[test]
    fn the_way_back_stays_on_this_site() {
        let back = |referrer| page_before(&headers(header::REFERER, referrer));
        assert_eq!(
            back("https://here.example/organizations/a/users?q=b"),
            "/organizations/a/users?q=b"
        );
        assert_eq!(back("https://evil.example//evil.example/"), "/");
        assert_eq!(back("nonsense"), "/");
        assert_eq!(page_before(&HeaderMap::new()), "/");
    }
}
