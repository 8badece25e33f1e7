//! Other sites cannot act in a signed-in person's name: what changes something must come from our own pages.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::server::App;
use crate::server::scim::target;

/// Whether other sites may post to a path, because no cookie counts there: SCIM has a token; mail programs stop mails by
/// the signed link in one (RFC 8058).
fn is_free(path: &str) -> bool {
    target::is_scim(path) || first_of(path) == "unsubscribe"
}

/// The first name in a path.
fn first_of(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split('/').next().unwrap_or_default()
}

/// Middleware: answers 403 to an unsafe method from another site.
pub async fn refuse(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_free(request.uri().path())
        || is_same_site(
            request.method(),
            request.uri(),
            request.headers(),
            &app.settings.public_url,
        )
    {
        next.run(request).await
    } else {
        (
            StatusCode::FORBIDDEN,
            "This request came from another site and was refused.\n",
        )
            .into_response()
    }
}

/// Whether a request may change something. Browsers say where it comes from: fetch metadata on https and on this
/// computer, else `Origin`, which must be the public URL's or that of the host that was called. One that says
/// nothing is no browser of these years and is refused.
fn is_same_site(method: &Method, uri: &Uri, headers: &HeaderMap, public_url: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key("sec-fetch-site") {
        return matches!(text("sec-fetch-site"), Some("same-origin" | "none"));
    }
    let Some(origin) = text("origin") else {
        return false;
    };
    let host = text(header::HOST.as_str()).or_else(|| uri.authority().map(|host| host.as_str()));
    let of_host = origin
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        .map(|(_, host)| host);
    origin == public_url || (of_host.is_some() && host.is_some() && of_host == host)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn may(method: Method, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let uri = Uri::from_static("/sign-in");
        is_same_site(&method, &uri, &map, "https://provisioning.example.com")
    }

    #[test]
    fn reading_is_free() {
        assert!(may(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(may(Method::HEAD, &[]));
    }

    #[test]
    fn fetch_metadata_decides() {
        assert!(may(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(may(Method::POST, &[("sec-fetch-site", "none")]));
        for other in ["cross-site", "same-site", "nonsense"] {
            let headers = [
                ("sec-fetch-site", other),
                ("origin", "https://provisioning.example.com"),
            ];
            assert!(!may(Method::POST, &headers), "{other}");
        }
    }

    #[test]
    fn without_it_the_origin_does() {
        assert!(may(
            Method::POST,
            &[("origin", "https://provisioning.example.com")]
        ));
        assert!(may(
            Method::POST,
            &[
                ("origin", "http://10.0.0.5:3000"),
                ("host", "10.0.0.5:3000")
            ]
        ));
        for other in [
            "https://evil.example",
            "null",
            "http://10.0.0.5",
            "file://10.0.0.5:3000",
        ] {
            let headers = [("origin", other), ("host", "10.0.0.5:3000")];
            assert!(!may(Method::DELETE, &headers), "{other}");
        }
        assert!(!may(Method::POST, &[]));
        assert!(!may(Method::POST, &[("host", "10.0.0.5:3000")]));
    }
}
