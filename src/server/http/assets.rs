//! Style, script and WebAssembly of the pages, at addresses that change with their content.
//!
//! The program that is shipped carries them (feature `embed`: xtask fills `target/site` before it compiles the
//! server), already compressed. While developing they are read from that folder at each request.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::Document;

const NAME: &str = "rhombus-provisioning";

/// Contents that never change below one address.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Contents that may change at any time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// Files at the root of the site: their addresses are fixed, their contents change with a release.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Where the pages' parts come from.
#[derive(Debug, Clone)]
pub struct Assets {
    source: Source,
    /// The part of the addresses that changes with the contents.
    hash: String,
}

#[derive(Debug, Clone)]
enum Source {
    #[cfg(feature = "embed")]
    Embedded,
    #[cfg(not(feature = "embed"))]
    Folder(std::path::PathBuf),
}

#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "target/site/"]
struct Site;

impl Assets {
    /// The embedded files, named by a hash over all of them.
    #[cfg(feature = "embed")]
    pub fn load() -> Self {
        use sha2::{Digest, Sha256};
        let mut names: Vec<_> = Site::iter()
            .filter(|name| name.starts_with("pkg/"))
            .collect();
        names.sort_unstable();
        let mut hasher = Sha256::new();
        for name in &names {
            hasher.update(name.as_bytes());
            if let Some(file) = Site::get(name) {
                hasher.update(file.metadata.sha256_hash());
            }
        }
        let hash = hasher
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            source: Source::Embedded,
            hash,
        }
    }

    /// The site's folder on disk: `LEPTOS_SITE_ROOT`, as cargo-leptos sets it, or `target/site`.
    #[cfg(not(feature = "embed"))]
    pub fn load() -> Self {
        let folder = std::env::var_os("LEPTOS_SITE_ROOT").unwrap_or_else(|| "target/site".into());
        Self {
            source: Source::Folder(folder.into()),
            hash: "current".to_owned(),
        }
    }

    /// The document's head, without a theme.
    pub fn document(&self) -> Document {
        let address = |kind: &str| format!("/pkg/{}/{NAME}.{kind}", self.hash);
        Document {
            style: address("css"),
            script: address("js"),
            wasm: address("wasm"),
            theme: None,
        }
    }

    /// `/pkg/{hash}/{file}`. Another hash belongs to another release: 404, and the page works without scripts.
    pub async fn package_file(&self, hash: &str, file: &str, headers: &HeaderMap) -> Response {
        if hash != self.hash {
            return not_found();
        }
        let caching = if cfg!(feature = "embed") {
            IMMUTABLE
        } else {
            REVALIDATE
        };
        self.answer(&format!("pkg/{file}"), caching, headers).await
    }

    /// A file at the root of the site, such as `/favicon.svg`; `None` where there is none.
    pub async fn root_file(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = path.strip_prefix('/')?;
        if name.is_empty() || name.contains('/') || !name.contains('.') {
            return None;
        }
        let response = self.answer(name, SHORT, headers).await;
        (response.status() != StatusCode::NOT_FOUND).then_some(response)
    }

    async fn answer(&self, name: &str, caching: HeaderValue, headers: &HeaderMap) -> Response {
        for (encoding, suffix) in accepted_encodings(headers) {
            if let Some(contents) = self.read(&format!("{name}{suffix}")).await {
                return file(name, encoding, caching, contents);
            }
        }
        match self.read(name).await {
            Some(contents) => file(name, None, caching, contents),
            None => not_found(),
        }
    }

    async fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match &self.source {
            #[cfg(feature = "embed")]
            Source::Embedded => Site::get(name).map(|file| file.data),
            #[cfg(not(feature = "embed"))]
            Source::Folder(folder) => {
                let is_plain = std::path::Path::new(name)
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                if !is_plain {
                    return None;
                }
                tokio::fs::read(folder.join(name))
                    .await
                    .ok()
                    .map(Cow::Owned)
            }
        }
    }
}

/// The compressed variants that the browser takes, best first: (`Content-Encoding`, suffix of the file).
fn accepted_encodings(headers: &HeaderMap) -> Vec<(Option<&'static str>, &'static str)> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |coding: &str| {
        accepted.split(',').any(|part| {
            let mut part = part.split(';').map(str::trim);
            part.next() == Some(coding) && !part.any(|weight| weight == "q=0")
        })
    };
    [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| takes(coding))
        .map(|(coding, suffix)| (Some(coding), suffix))
        .collect()
}

fn content_type(name: &str) -> HeaderValue {
    HeaderValue::from_static(
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("wasm") => "application/wasm",
            Some("svg") => "image/svg+xml",
            Some("txt") => "text/plain; charset=utf-8",
            Some("woff2") => "font/woff2",
            _ => "application/octet-stream",
        },
    )
}

fn file(
    name: &str,
    encoding: Option<&'static str>,
    caching: HeaderValue,
    contents: Cow<'static, [u8]>,
) -> Response {
    let body = match contents {
        Cow::Borrowed(contents) => Body::from(contents),
        Cow::Owned(contents) => Body::from(contents),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(name));
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encodings(accept: &'static str) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        accepted_encodings(&headers)
            .into_iter()
            .map(|(_, suffix)| suffix)
            .collect()
    }

    #[test]
    fn the_best_accepted_encoding_comes_first() {
        assert_eq!(encodings("gzip, deflate, br, zstd"), [".br", ".gz"]);
        assert_eq!(encodings("br;q=0, gzip;q=0.5"), [".gz"]);
        assert_eq!(encodings("identity"), Vec::<&str>::new());
    }
}
