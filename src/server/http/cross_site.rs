//! Other sites cannot act in a signed-in person's name: what changes something must come from our own pages, and so must
//! what is written down because somebody looked.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
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

/// Middleware: answers 403 to what another site must not ask for.
pub async fn refuse(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_free(request.uri().path())
        || may_ask(
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

/// Whether a request may be answered where it comes from.
fn may_ask(method: &Method, uri: &Uri, headers: &HeaderMap, public_url: &str) -> bool {
    match *method {
        Method::GET | Method::HEAD => may_read(uri.path(), headers),
        Method::OPTIONS => true,
        _ => is_same_site(uri, headers, public_url),
    }
}

/// Whether a request may read. Links in mails and elsewhere lead to pages. What lies below `/api` is asked for by these
/// alone, and some of it stands in the audit log as looked at; so do exports, whose address may be typed as well. A
/// browser that does not say where a request comes from is let in.
fn may_read(path: &str, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin") => true,
        Some(b"none") => first_of(path) != "api",
        Some(_) => first_of(path) != "api" && !is_export(path),
    }
}

/// `.../logs/export.csv`, `.../audit/export`: not what is about an organization of that name.
fn is_export(path: &str) -> bool {
    let mut names = path.rsplit('/');
    let file = names.next().unwrap_or_default();
    let list = names.next().unwrap_or_default();
    matches!(list, "logs" | "audit") && file.split('.').next() == Some("export")
}

/// Whether a request may change something. Browsers say where it comes from: fetch metadata on https and on this
/// computer, else `Origin`, which must be the public URL's or that of the host that was called. One that says
/// nothing is no browser of these years and is refused.
fn is_same_site(uri: &Uri, headers: &HeaderMap, public_url: &str) -> bool {
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
        may_at("/sign-in", method, headers)
    }

    fn may_at(path: &str, method: Method, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let uri: Uri = path.parse().unwrap();
        may_ask(&method, &uri, &map, "https://provisioning.example.com")
    }

    #[test]
    fn reading_pages_is_free() {
        for path in [
            "/sign-in",
            "/organizations/contoso/logs/req_1?from=mail",
            "/organizations/export",
            "/organizations/api",
            "/pkg/1/export.css",
        ] {
            for site in ["cross-site", "same-site", "none", "same-origin"] {
                let headers = [("sec-fetch-site", site)];
                assert!(may_at(path, Method::GET, &headers), "{site} {path}");
            }
        }
        assert!(may(Method::HEAD, &[]));
    }

    #[test]
    fn what_is_audited_when_it_is_read_is_asked_for_by_our_pages() {
        let may_read = |path, site| {
            [Method::GET, Method::HEAD]
                .map(|method| may_at(path, method, &[("sec-fetch-site", site)]))
        };
        for (path, typed) in [
            ("/api/logs/get?slug=contoso&id=req_1", false),
            ("//api/issues/dry_run?slug=contoso", false),
            (
                "/organizations/contoso/logs/export.csv?status=failure",
                true,
            ),
            ("/organizations/contoso/logs/export.ndjson", true),
            ("/organizations/contoso/audit/export?format=csv", true),
            ("/audit/export", true),
        ] {
            assert_eq!(may_read(path, "same-origin"), [true; 2], "{path}");
            assert_eq!(may_read(path, "none"), [typed; 2], "{path}");
            for other in ["cross-site", "same-site", "nonsense"] {
                assert_eq!(may_read(path, other), [false; 2], "{other} {path}");
            }
            assert!(may_at(path, Method::GET, &[]), "{path}");
        }
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
