//! Replies: `application/scim+json` always, and the headers that belong to them.

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LOCATION, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::services::provisioning::Answer;

/// An answer or an error, before it becomes bytes.
pub(super) struct Reply {
    outcome: Result<Answer, ScimError>,
    /// Methods that the path has, on 405.
    allow: &'static str,
}

impl Reply {
    pub(super) fn answer(answer: Answer) -> Self {
        Self {
            outcome: Ok(answer),
            allow: "",
        }
    }

    pub(super) fn error(error: ScimError) -> Self {
        Self {
            outcome: Err(error),
            allow: "",
        }
    }

    /// With the `Allow` header that 405 needs.
    pub(super) fn allowing(mut self, methods: &'static str) -> Self {
        self.allow = methods;
        self
    }

    /// The HTTP response; `request_id` also ends an error's text.
    pub(super) fn into_response(self, request_id: &str) -> Response {
        let mut response = Response::new(Body::empty());
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(HeaderName::from_static("x-request-id"), request_id);
        // Users are personal data, and If-None-Match works without a cache.
        set(CACHE_CONTROL, "no-store");
        let (status, body) = match self.outcome {
            Ok(answer) => {
                if let Some(version) = answer.version {
                    set(ETAG, &format!("W/\"{version}\""));
                }
                if let Some(location) = &answer.location {
                    let name = if answer.status == 201 {
                        LOCATION
                    } else {
                        CONTENT_LOCATION
                    };
                    set(name, location);
                }
                (answer.status, answer.body)
            }
            Err(error) => {
                if error.status() == 401 {
                    set(WWW_AUTHENTICATE, challenge(error.reason));
                }
                if let Some(seconds) = retry_after(error.reason) {
                    set(RETRY_AFTER, seconds);
                }
                if !self.allow.is_empty() {
                    set(ALLOW, self.allow);
                }
                (error.status(), Some(error.to_json(request_id).to_string()))
            }
        };
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(body) = body {
            response.headers_mut().insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/scim+json"),
            );
            *response.body_mut() = Body::from(body);
        }
        response
    }
}

/// What a 401 asks for (RFC 6750 3): an error code only where a token came along, and the same whatever is wrong with it.
fn challenge(reason: Reason) -> &'static str {
    match reason {
        // Another scheme, or no text that could be a token.
        Reason::TokenMissing | Reason::TokenMalformed => "Bearer realm=\"Rhombus Provisioning\"",
        _ => "Bearer realm=\"Rhombus Provisioning\", error=\"invalid_token\"",
    }
}

/// Seconds after which another try makes sense.
fn retry_after(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::OrganizationPaused | Reason::GuardHolding => Some("900"),
        Reason::DatabaseUnavailable | Reason::RequestTimeout => Some("30"),
        _ => None,
    }
}
