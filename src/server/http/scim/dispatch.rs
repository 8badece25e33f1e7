//! From a request to the use case that answers it.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, Uri};
use serde_json::Value;

use super::answer::Reply;
use super::{Scim, body, headers, settle};
use crate::model::log::{Action, StepKind};
use crate::server::auth::bearer::{self, BearerError};
use crate::server::scim::discovery;
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::list::ListQuery;
use crate::server::scim::projection::Projection;
use crate::server::scim::reason::Reason;
use crate::server::scim::target::{self, Target};
use crate::server::services::provisioning::{
    self, Answer, Caller, PresentedToken, Refusal, Refused, Sought, Unproved, UserRequest,
    name_query,
};
use crate::server::services::recording::{Exchange, Subject};

/// How long a caller stands proved while the body is on its way. It may take many times longer, and a token revoked or
/// an organization paused meanwhile is to count; Entra's bodies come at once, so that its requests ask only once.
const PROOF_LASTS: Duration = Duration::from_secs(1);

/// Authenticates, reads the body and runs the use case. Always leaves an entry where the log wants one.
pub(super) async fn answer(scim: &Scim, mut exchange: Exchange, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    let (slug, target) = target::parse(parts.uri.path());
    let method = as_get(parts.method);
    let app = &scim.app;
    // Readable without a token and the same for any organization (RFC 7644 4).
    if target == Target::ServiceProviderConfig
        && method == Method::GET
        && !parts.headers.contains_key(AUTHORIZATION)
    {
        if let Err(error) = check_unfiltered(&target::query_pairs(parts.uri.query())) {
            return Reply::error(error);
        }
        let base = app.settings.tenant_url(&slug);
        provisioning::count_described(app, slug, exchange.received_at).await;
        return Reply::answer(Answer::ok(discovery::service_provider_config(&base)));
    }
    let bearer = presented(&parts.headers);
    let query = target::query_pairs(parts.uri.query());
    let listing = listing(&method, &target, &query);
    let sought = match (&target, &listing) {
        (Target::User(id), _) if method == Method::GET => Some(Sought::Id(id.clone())),
        (_, Some(Ok(query))) => provisioning::sought_by(query),
        _ => None,
    };
    let proved = provisioning::authenticate(app, &slug, bearer, sought, &mut exchange).await;
    let caller = match proved {
        Ok(caller) => caller,
        Err(refused) => {
            set_asked(&mut exchange, &method, target, listing.as_ref());
            return turn_away(scim, exchange, refused).await;
        }
    };
    let call = Call {
        scim,
        slug,
        caller,
        proved_at: Instant::now(),
        method,
        target,
        headers: parts.headers,
        query,
    };
    match listing {
        Some(query) => call.list(exchange, query).await,
        // On the heap: reads need not make room for what changes keep.
        None => Box::pin(call.run(exchange, body)).await,
    }
}

/// The token that a request carries, or the 401 where it has none.
fn presented(headers: &HeaderMap) -> Result<PresentedToken, ScimError> {
    let values = headers.get_all(AUTHORIZATION).iter();
    bearer::parse(values.map(axum::http::HeaderValue::as_bytes)).map_err(BearerError::into_scim)
}

/// HEAD is GET; that the body stays behind is for others to see to.
fn as_get(method: Method) -> Method {
    if method == Method::HEAD {
        Method::GET
    } else {
        method
    }
}

/// The query of a list, if that is what is asked for.
fn listing(
    method: &Method,
    target: &Target,
    query: &[(String, String)],
) -> Option<Result<ListQuery, ScimError>> {
    (matches!(target, Target::Root | Target::Users) && *method == Method::GET)
        .then(|| ListQuery::from_query(query, target.is_root()))
}

/// Tells the log what a request asks for, and about whom, when there is only its first line to go by.
pub(super) fn name_asked(exchange: &mut Exchange, method: Method, uri: &Uri) {
    let (_, target) = target::parse(uri.path());
    let method = as_get(method);
    let listing = listing(&method, &target, &target::query_pairs(uri.query()));
    set_asked(exchange, &method, target, listing.as_ref());
}

fn set_asked(
    exchange: &mut Exchange,
    method: &Method,
    target: Target,
    listing: Option<&Result<ListQuery, ScimError>>,
) {
    exchange.action = asked_for(method, &target);
    if let Target::User(id) = target {
        exchange.subject.user_id = Some(id);
    }
    if let Some(Ok(query)) = listing {
        name_query(exchange, query);
    }
}

/// What a request that is not looked into asks for, by its method and path alone.
fn asked_for(method: &Method, target: &Target) -> Action {
    match (target, method.as_str()) {
        (Target::Root | Target::Users, "GET") => Action::List,
        (Target::RootSearch | Target::UsersSearch, "POST") => Action::List,
        (Target::User(_), "GET") => Action::Read,
        (Target::Users, "POST") => Action::Create,
        (Target::User(_), "DELETE") => Action::Delete,
        // Whether it disables or enables is in the body.
        (Target::User(_), "PUT" | "PATCH") => Action::Update,
        (
            Target::ServiceProviderConfig
            | Target::ResourceTypes
            | Target::ResourceType(_)
            | Target::Schemas
            | Target::Schema(_),
            "GET",
        ) => Action::Discover,
        (Target::Bulk, _) => Action::Bulk,
        _ => Action::Unknown,
    }
}

/// One request of a proved caller.
struct Call<'a> {
    scim: &'a Scim,
    slug: String,
    caller: Caller,
    proved_at: Instant,
    method: Method,
    target: Target,
    headers: HeaderMap,
    query: Vec<(String, String)>,
}

impl Call<'_> {
    async fn run(self, exchange: Exchange, body: Body) -> Reply {
        match (&self.target, self.method.as_str()) {
            (Target::RootSearch | Target::UsersSearch, "POST") => self.search(exchange, body).await,
            (Target::User(id), "GET") => self.find(exchange, id).await,
            (Target::Users, "POST") | (Target::User(_), "PUT" | "PATCH" | "DELETE") => {
                self.change(exchange, body).await
            }
            (
                Target::ServiceProviderConfig
                | Target::ResourceTypes
                | Target::ResourceType(_)
                | Target::Schemas
                | Target::Schema(_),
                "GET",
            ) => self.discover(exchange).await,
            _ => self.nothing_here(exchange).await,
        }
    }

    async fn list(&self, mut exchange: Exchange, query: Result<ListQuery, ScimError>) -> Reply {
        let app = &self.scim.app;
        exchange.action = Action::List;
        let query = match query {
            Ok(query) => query,
            Err(error) => return refuse(self.scim, exchange, error).await,
        };
        let outcome = provisioning::list(app, &self.caller, &mut exchange, &query).await;
        self.read(exchange, outcome).await
    }

    async fn search(mut self, mut exchange: Exchange, body: Body) -> Reply {
        exchange.action = Action::List;
        let query = match self.body(&mut exchange, body).await {
            Ok(body) => {
                body.and_then(|body| ListQuery::from_search_request(&body, self.target.is_root()))
            }
            Err(refused) => return turn_away(self.scim, exchange, refused).await,
        };
        self.list(exchange, query).await
    }

    async fn find(&self, mut exchange: Exchange, id: &str) -> Reply {
        let app = &self.scim.app;
        exchange.action = Action::Read;
        let projection = match Projection::from_query(&self.query) {
            Ok(projection) => projection,
            Err(error) => return refuse(self.scim, exchange, error).await,
        };
        let known = headers::known_versions(&self.headers);
        let outcome =
            provisioning::find(app, &self.caller, &mut exchange, id, &known, &projection).await;
        self.read(exchange, outcome).await
    }

    async fn change(mut self, mut exchange: Exchange, body: Body) -> Reply {
        let app = &self.scim.app;
        exchange.action = match self.method {
            Method::POST => Action::Create,
            Method::DELETE => Action::Delete,
            _ => Action::Update,
        };
        if let Target::User(id) = &self.target {
            exchange.subject.user_id = Some(id.clone());
        }
        let projection = match Projection::from_query(&self.query) {
            Ok(projection) => projection,
            Err(error) => return refuse(self.scim, exchange, error).await,
        };
        let body = match self.method {
            // The path says it all.
            Method::DELETE => Value::Null,
            _ => match self.body(&mut exchange, body).await {
                Ok(Ok(body)) => body,
                Ok(Err(error)) => return refuse(self.scim, exchange, error).await,
                Err(refused) => return turn_away(self.scim, exchange, refused).await,
            },
        };
        let request = UserRequest {
            precondition: headers::precondition(&self.headers),
            unwanted: headers::known_versions(&self.headers),
            projection,
            caller: self.caller,
        };
        let brief = exchange.brief();
        let outcome = match (self.target, self.method) {
            (Target::User(id), Method::DELETE) => {
                provisioning::delete(app, request, exchange, id).await
            }
            (Target::User(id), Method::PATCH) => {
                provisioning::patch(app, request, exchange, id, body).await
            }
            (Target::User(id), _) => provisioning::replace(app, request, exchange, id, body).await,
            _ => provisioning::create(app, request, exchange, body).await,
        };
        settle(app, brief, outcome)
    }

    async fn discover(&self, mut exchange: Exchange) -> Reply {
        exchange.action = Action::Discover;
        exchange.done(StepKind::Parse, "GET of the service's description.");
        let outcome = self.description().await;
        self.read(exchange, outcome).await
    }

    async fn description(&self) -> Result<Answer, Refusal> {
        let base = &self.caller.tenant_url;
        check_unfiltered(&self.query)?;
        let body = match &self.target {
            Target::ServiceProviderConfig => discovery::service_provider_config(base),
            Target::ResourceTypes => discovery::resource_types(base),
            Target::ResourceType(name) => {
                discovery::resource_type(base, name).ok_or_else(|| {
                    ScimError::new(
                        Reason::ResourceTypeNotFound,
                        format!(
                            "There is no resource type {}. The one offered is User.",
                            quoted(name)
                        ),
                    )
                })?
            }
            Target::Schema(urn) => {
                let enforcement =
                    provisioning::schemas_enforcement(&self.scim.app, &self.caller).await?;
                discovery::schema(base, urn, &enforcement).ok_or_else(|| {
                    ScimError::new(
                        Reason::SchemaNotFound,
                        format!(
                            "There is no schema {}. See /Schemas for those offered.",
                            quoted(urn)
                        ),
                    )
                })?
            }
            _ => {
                let enforcement =
                    provisioning::schemas_enforcement(&self.scim.app, &self.caller).await?;
                discovery::schemas(base, &enforcement)
            }
        };
        Ok(Answer::ok(body))
    }

    async fn nothing_here(&self, mut exchange: Exchange) -> Reply {
        let methods = self.target.methods();
        let error = match &self.target {
            Target::Me => ScimError::new(
                Reason::MeNotSupported,
                "/Me is not offered: a Secret Token stands for an organization, not for a user. Use /Users.",
            ),
            Target::Bulk => {
                exchange.action = Action::Bulk;
                ScimError::new(
                    Reason::BulkNotSupported,
                    "/Bulk is not offered. Send one request for each user.",
                )
            }
            Target::Groups => ScimError::new(
                Reason::GroupsNotOffered,
                "Groups are not offered. Turn off Provision Microsoft Entra ID Groups under Provisioning, Mappings.",
            ),
            Target::OtherVersion(version) => ScimError::new(
                Reason::VersionUnsupported,
                format!(
                    "The protocol version {} is not served. Use a Tenant URL that ends in /v2.",
                    quoted(version)
                ),
            ),
            Target::Unknown => ScimError::new(
                Reason::EndpointNotFound,
                "There is nothing at this path. Copy the Tenant URL again from the Tokens page into Provisioning, \
                 Admin Credentials.",
            ),
            _ => ScimError::new(
                Reason::MethodNotAllowed,
                format!(
                    "{} is not possible here. Possible: {methods}.",
                    self.method.as_str().chars().take(20).collect::<String>()
                ),
            ),
        };
        refuse(self.scim, exchange, error).await.allowing(methods)
    }

    /// The body, or why it cannot be taken. Whoever was long in sending it is proved again before either counts.
    ///
    /// # Errors
    /// [`Refused`] when the caller is turned away now.
    async fn body(
        &mut self,
        exchange: &mut Exchange,
        body: Body,
    ) -> Result<Result<Value, ScimError>, Refused> {
        let body = body::read_json(&self.headers, exchange, body).await;
        if self.proved_at.elapsed() > PROOF_LASTS {
            let (app, bearer) = (&self.scim.app, presented(&self.headers));
            self.caller =
                provisioning::authenticate_again(app, &self.slug, bearer, exchange).await?;
        }
        Ok(body)
    }

    /// Ends a request that changed nothing: its entry goes into the log's next batch.
    async fn read(&self, exchange: Exchange, outcome: Result<Answer, Refusal>) -> Reply {
        let app = &self.scim.app;
        let outcome = match outcome {
            Ok(answer) => Ok(answer),
            Err(Refusal::Scim(error)) => Err(error),
            Err(error @ Refusal::Store(_)) => return settle(app, exchange, Err(error)),
        };
        provisioning::record_read(app, exchange, &outcome).await;
        outcome.map_or_else(Reply::error, Reply::answer)
    }
}

/// What describes the service is not filtered (RFC 7644 4).
fn check_unfiltered(query: &[(String, String)]) -> Result<(), ScimError> {
    let filters =
        |(name, value): &(String, String)| name.eq_ignore_ascii_case("filter") && !value.is_empty();
    if !query.iter().any(filters) {
        return Ok(());
    }
    Err(ScimError::new(
        Reason::DiscoveryFilterRefused,
        "Schemas, resource types and the configuration cannot be filtered (RFC 7644 4). Leave the filter out.",
    ))
}

/// Ends the request of a caller who is not let in, or not now.
async fn turn_away(scim: &Scim, exchange: Exchange, refused: Refused) -> Reply {
    match refused {
        Refused::Unproved(unproved) => unproved_reply(scim, exchange, unproved).await,
        Refused::NotNow(error) => refuse(scim, exchange, error).await,
        Refused::Store(error) => settle(&scim.app, exchange, Err(Refusal::Store(error))),
    }
}

/// A refusal before any data was touched. Refused changes are durable before the answer, refused reads are
/// batched like others.
async fn refuse(scim: &Scim, exchange: Exchange, error: ScimError) -> Reply {
    let app = &scim.app;
    if exchange.action.is_lookup() || exchange.action == Action::Unknown {
        let outcome = Err(error);
        provisioning::record_read(app, exchange, &outcome).await;
        return outcome.map_or_else(Reply::error, Reply::answer);
    }
    let brief = exchange.brief();
    let outcome = provisioning::record_refusal(app, exchange, error).await;
    settle(app, brief, outcome)
}

/// A caller without a good token: 401, recorded in the log of the organization in the URL as far as the limit
/// goes, else counted.
async fn unproved_reply(scim: &Scim, mut exchange: Exchange, unproved: Unproved) -> Reply {
    let Unproved {
        error,
        organization_id,
    } = unproved;
    let now = exchange.received_at;
    let known = organization_id.unwrap_or_default();
    if !known.is_empty() && scim.refused.records(&known, now) {
        // What an unproved caller claims is not kept: not what is asked for, about whom, no query, no body.
        exchange.action = Action::Unknown;
        exchange.subject = Subject::default();
        exchange.incoming.query = None;
        exchange.incoming.body = None;
        exchange.incoming.is_partial = true;
        let outcome = Err(error);
        provisioning::record_read(&scim.app, exchange, &outcome).await;
        return outcome.map_or_else(Reply::error, Reply::answer);
    }
    provisioning::count_unrecorded(&scim.app, known, now, error.reason).await;
    Reply::error(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::services::recording::Incoming;

    #[test]
    fn what_was_asked_for_is_known_by_the_first_line() {
        for (method, address, action, user_id) in [
            (
                "PATCH",
                "/scim/contoso/v2/Users/u1",
                Action::Update,
                Some("u1"),
            ),
            (
                "DELETE",
                "/scim/contoso/v2/Users/u1",
                Action::Delete,
                Some("u1"),
            ),
            (
                "HEAD",
                "/scim/contoso/v2/Users/u1",
                Action::Read,
                Some("u1"),
            ),
            ("POST", "/scim/contoso/v2/Users", Action::Create, None),
            ("GET", "/scim/contoso/v2/Users", Action::List, None),
            (
                "GET",
                "/scim/contoso/v2/Users?filter=userName+eq+%22a%22",
                Action::Match,
                None,
            ),
            ("GET", "/scim/contoso/v2/Elsewhere", Action::Unknown, None),
        ] {
            let mut exchange = Exchange::new("req_1".to_owned(), 0, Incoming::default());
            let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
            name_asked(&mut exchange, method, &Uri::from_static(address));
            assert_eq!(exchange.action, action, "{address}");
            assert_eq!(exchange.subject.user_id.as_deref(), user_id, "{address}");
        }
    }
}
