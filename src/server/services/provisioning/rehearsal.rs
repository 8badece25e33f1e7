//! A logged request once more: parsed, matched and checked like a live one, against today's data and settings, and
//! undone.

use std::convert::Infallible;

use super::{
    Answer, Caller, Precondition, Refusal, Refused, UserRequest, create, delete, entry, find, list,
    patch, record_refusal, replace,
};
use crate::model::log::{Action, StepKind};
use crate::server::App;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::scim::body;
use crate::server::scim::error::ScimError;
use crate::server::scim::list::ListQuery;
use crate::server::scim::projection::Projection;
use crate::server::scim::resource::Change;
use crate::server::scim::target::{self, Target};
use crate::server::services::recording::{CallingToken, Exchange, Incoming, Rehearsal};
use crate::server::store::Tx;
use crate::server::store::db::BoxFuture;
use crate::server::store::provisioning_logs::NewEntry;

/// A request as the log has kept it.
#[derive(Debug, Clone)]
pub struct LoggedRequest {
    pub organization_id: String,
    pub token: CallingToken,
    pub incoming: Incoming,
}

/// How a request would end.
#[derive(Debug)]
pub struct Rehearsed {
    /// The entry that it would leave.
    pub entry: NewEntry,
    /// What it would change; for a refusal, what it wanted to.
    pub changes: Vec<Change>,
}

/// Why a closure was undone.
enum Undone {
    Rehearsed(Box<(Result<Answer, ScimError>, Exchange)>),
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Runs what a change would do, and undoes it.
pub(super) async fn run<F>(app: &App, mut exchange: Exchange, work: F) -> Result<Answer, Refusal>
where
    F: for<'t, 'c> FnOnce(
            &'t mut Tx<'c>,
            &'t mut Exchange,
        ) -> BoxFuture<'t, Result<Answer, Refusal>>
        + Send
        + 'static,
{
    let rehearsal = exchange.rehearsal.clone().unwrap_or_default();
    let undone = app.db.write::<Infallible, _, _>(move |tx| {
        Box::pin(async move {
            let outcome = match work(tx, &mut exchange).await {
                Ok(answer) => Ok(answer),
                Err(Refusal::Scim(error)) => Err(error),
                Err(Refusal::Store(error)) => return Err(Undone::Failed(error)),
            };
            Err(Undone::Rehearsed(Box::new((outcome, exchange))))
        })
    });
    match undone.await {
        Ok(never) => match never {},
        Err(Undone::Failed(error)) => Err(error.into()),
        Err(Undone::Rehearsed(ended)) => {
            let (outcome, exchange) = *ended;
            rehearsal.ended(exchange);
            outcome.map_err(Refusal::Scim)
        }
    }
}

/// Tries a logged request, `None` when there is nothing in it that depends on users, roles or settings. Nothing is
/// stored, counted or told to anybody.
///
/// # Errors
/// When the database fails.
pub async fn rehearse(app: &App, logged: LoggedRequest) -> Result<Option<Rehearsed>, StoreError> {
    let now = app.clock.now();
    let (slug, target) = target::parse(&logged.incoming.path);
    let at_root = target.is_root();
    let Some(asked) = Asked::of(&logged.incoming, target) else {
        return Ok(None);
    };
    let mut exchange = Exchange::new(ids::new_request_id(now), now, logged.incoming);
    exchange.organization_id = logged.organization_id;
    exchange.token = Some(logged.token.clone());
    exchange.action = asked.action();
    let rehearsal = Rehearsal::default();
    exchange.rehearsal = Some(rehearsal.clone());
    let outcome = match Caller::again(app, &slug, logged.token).await {
        Ok(caller) => {
            exchange.done(StepKind::Authenticate, "The token is not checked again.");
            asked.run(app, caller, exchange, at_root).await
        }
        Err(Refused::NotNow(error)) => record_refusal(app, exchange, error).await,
        Err(Refused::Unproved(unproved)) => record_refusal(app, exchange, unproved.error).await,
        Err(Refused::Store(error)) => Err(error.into()),
    };
    let outcome = match outcome {
        Ok(answer) => Ok(answer),
        Err(Refusal::Scim(error)) => Err(error),
        Err(Refusal::Store(error)) => return Err(error),
    };
    let (exchange, changes) = rehearsal.take();
    let exchange = exchange.ok_or_else(|| {
        StoreError::Unavailable("the request was cut off while it was tried".to_owned())
    })?;
    let changes = if outcome.is_ok() {
        changes
    } else {
        exchange.refused_changes.clone()
    };
    Ok(Some(Rehearsed {
        entry: entry(exchange, &outcome),
        changes,
    }))
}

/// What a request asks for.
enum Asked {
    List,
    Search,
    Find(String),
    Create,
    Replace(String),
    Patch(String),
    Delete(String),
}

impl Asked {
    fn of(incoming: &Incoming, target: Target) -> Option<Self> {
        Some(match (target, incoming.method.as_str()) {
            (Target::Root | Target::Users, "GET" | "HEAD") => Self::List,
            (Target::RootSearch | Target::UsersSearch, "POST") => Self::Search,
            (Target::User(id), "GET" | "HEAD") => Self::Find(id),
            (Target::Users, "POST") => Self::Create,
            (Target::User(id), "PUT") => Self::Replace(id),
            (Target::User(id), "PATCH") => Self::Patch(id),
            (Target::User(id), "DELETE") => Self::Delete(id),
            _ => return None,
        })
    }

    fn action(&self) -> Action {
        match self {
            Self::List | Self::Search => Action::List,
            Self::Find(_) => Action::Read,
            Self::Create => Action::Create,
            Self::Replace(_) | Self::Patch(_) => Action::Update,
            Self::Delete(_) => Action::Delete,
        }
    }

    async fn run(
        self,
        app: &App,
        caller: Caller,
        exchange: Exchange,
        at_root: bool,
    ) -> Result<Answer, Refusal> {
        let query = target::query_pairs(exchange.incoming.query.as_deref());
        if matches!(self, Self::List) {
            let query = ListQuery::from_query(&query, at_root);
            return read_list(app, caller, exchange, query).await;
        }
        let projection = match Projection::from_query(&query) {
            Ok(projection) => projection,
            Err(error) => return record_refusal(app, exchange, error).await,
        };
        if let Self::Find(id) = &self {
            let known = precondition(&exchange, "if-none-match");
            let mut exchange = exchange;
            let outcome = find(app, &caller, &mut exchange, id, &known, &projection).await;
            return leave(exchange, outcome);
        }
        let request = UserRequest {
            precondition: precondition(&exchange, "if-match"),
            unwanted: precondition(&exchange, "if-none-match"),
            projection,
            caller,
        };
        if let Self::Delete(id) = self {
            return delete(app, request, exchange, id).await;
        }
        let text = exchange.incoming.body.as_deref().unwrap_or_default();
        let body = match body::parse(text.as_bytes()) {
            Ok(body) => body,
            Err(error) => return record_refusal(app, exchange, error).await,
        };
        match self {
            Self::Patch(id) => patch(app, request, exchange, id, body).await,
            Self::Replace(id) => replace(app, request, exchange, id, body).await,
            Self::Search => {
                let query = ListQuery::from_search_request(&body, at_root);
                read_list(app, request.caller, exchange, query).await
            }
            _ => create(app, request, exchange, body).await,
        }
    }
}

fn precondition(exchange: &Exchange, name: &str) -> Precondition {
    let headers = exchange.incoming.headers.iter();
    Precondition::parse(
        headers
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value),
    )
}

async fn read_list(
    app: &App,
    caller: Caller,
    mut exchange: Exchange,
    query: Result<ListQuery, ScimError>,
) -> Result<Answer, Refusal> {
    match query {
        Ok(query) => {
            let outcome = list(app, &caller, &mut exchange, &query).await;
            leave(exchange, outcome)
        }
        Err(error) => record_refusal(app, exchange, error).await,
    }
}

/// Ends a lookup, which has nothing to undo.
fn leave(exchange: Exchange, outcome: Result<Answer, Refusal>) -> Result<Answer, Refusal> {
    if let Some(rehearsal) = exchange.rehearsal.clone() {
        rehearsal.ended(exchange);
    }
    outcome
}
