//! Looking users up: by id, by filter, page by page.

use super::{Answer, Caller, Loaded, Precondition, Refusal, Sought, location, not_found};
use crate::model::log::{Action, StepKind};
use crate::model::organization::{MissingNames, MissingRole};
use crate::server::App;
use crate::server::error::StoreError;
use crate::server::scim::filter::{CompareOp, Filter, Literal};
use crate::server::scim::list::{ListQuery, list_response};
use crate::server::scim::projection::Projection;
use crate::server::scim::resource::case_key;
use crate::server::scim::schema::Enforcement;
use crate::server::services::recording::Exchange;
use crate::server::store::user_filter::Scope;
use crate::server::store::users::StoredUser;
use crate::server::store::{role_catalogue, users};

/// `GET /Users/{id}` (RFC 7644 3.4.1). Inactive users are found too; `known` is `If-None-Match`.
///
/// # Errors
/// 404 when there is no such user in the caller's organization.
#[tracing::instrument(level = "debug", name = "scim.user.find", skip_all, fields(request.id = %exchange.request_id))]
pub async fn find(
    app: &App,
    caller: &Caller,
    exchange: &mut Exchange,
    id: &str,
    known: &Precondition,
    projection: &Projection,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Read;
    exchange.subject.user_id = Some(id.to_owned());
    exchange.done(StepKind::Parse, "GET of one user.");
    let stored = caller.user(app, &Sought::Id(id.to_owned())).await?;
    let user = Loaded::new(stored.ok_or_else(|| not_found(id))?)?;
    user.name_in(exchange);
    exchange.done(
        StepKind::Match,
        format!("Found {}.", user.user.display_label()),
    );
    let version = user.stored.version;
    let is_known = known.names(version);
    Ok(Answer {
        status: if is_known { 304 } else { 200 },
        body: (!is_known).then(|| projection.apply(user.into_json(&caller.tenant_url))),
        version: Some(version),
        location: Some(location(&caller.tenant_url, id)),
        skipped: false,
    })
}

/// `GET /Users` and `POST /.search` (RFC 7644 3.4.2, 3.4.3): always 200, with nobody in the list if nobody fits.
///
/// # Errors
/// Only when the database fails: the query is checked before.
#[tracing::instrument(level = "debug", name = "scim.user.list", skip_all, fields(request.id = %exchange.request_id))]
pub async fn list(
    app: &App,
    caller: &Caller,
    exchange: &mut Exchange,
    query: &ListQuery,
) -> Result<Answer, Refusal> {
    let matching = query.filter.as_ref().and_then(matching_value);
    exchange.action = query_action(query);
    if let Some((attribute, value)) = &matching {
        match *attribute {
            "userName" => exchange.subject.user_name = Some((*value).to_owned()),
            "externalId" => exchange.subject.external_id = Some((*value).to_owned()),
            _ => {}
        }
    }
    exchange.done(StepKind::Parse, describe(query));
    let (total, stored) = select(app, caller, query).await?;
    if let Some(("userName", value)) = matching
        && stored.is_empty()
        && is_probe(value)
    {
        exchange.action = Action::TestConnection;
    }
    let mut resources = Vec::with_capacity(stored.len());
    let is_single = stored.len() == 1;
    for stored in stored {
        let user = Loaded::new(stored)?;
        if is_single && exchange.action == Action::Match {
            user.name_in(exchange);
        }
        resources.push(query.projection.apply(user.into_json(&caller.tenant_url)));
    }
    exchange.done(
        StepKind::Match,
        match total {
            0 => "No user fits.".to_owned(),
            1 => "One user fits.".to_owned(),
            total => format!("{total} users fit."),
        },
    );
    Ok(Answer::ok(list_response(
        total,
        query.start_index,
        resources,
    )))
}

/// What a query is, before it is known whom it finds.
pub fn query_action(query: &ListQuery) -> Action {
    match &query.filter {
        Some(filter) if is_match(filter) => Action::Match,
        _ => Action::List,
    }
}

/// The one user whom a query can find: Entra's match, by the unique key. It is the query that matters for speed.
pub fn sought_by(query: &ListQuery) -> Option<Sought> {
    match &query.filter {
        Some(Filter::Compare {
            path,
            op: CompareOp::Eq,
            value: Literal::String(value),
        }) if path.canonical() == "userName" => Some(Sought::UserName(case_key(value))),
        _ => None,
    }
}

async fn select(
    app: &App,
    caller: &Caller,
    query: &ListQuery,
) -> Result<(i64, Vec<StoredUser>), StoreError> {
    if let Some(sought) = sought_by(query) {
        let found = caller.user(app, &sought).await?;
        let total = i64::from(found.is_some());
        let is_shown = query.start_index <= 1 && query.count > 0;
        return Ok((total, found.into_iter().filter(|_| is_shown).collect()));
    }
    let scope = Scope {
        organization_id: &caller.organization_id,
        location: &location(&caller.tenant_url, ""),
    };
    let connection = &mut app.db.read().await?;
    let filter = query.filter.as_ref();
    let offset = query.start_index - 1;
    let sort = query.sort_by.as_ref().map(|path| (path, query.descending));
    let page = if query.count > 0 {
        users::list(connection, scope, filter, sort, offset, query.count).await?
    } else {
        Vec::new()
    };
    let shown = i64::try_from(page.len()).unwrap_or(i64::MAX);
    let is_last = shown < query.count
        && page.iter().map(|user| user.document.len()).sum::<usize>() < users::PAGE_BYTES;
    // A page that is the last one tells the total by itself.
    let total = if query.count > 0 && is_last && (shown > 0 || offset == 0) {
        offset + shown
    } else {
        users::count(connection, scope, filter).await?
    };
    Ok((total, page))
}

/// What the organization enforces, for `/Schemas` to advertise.
///
/// # Errors
/// When the database fails.
pub async fn schemas_enforcement(app: &App, caller: &Caller) -> Result<Enforcement, Refusal> {
    let mut connection = app.db.read().await?;
    let catalogue = role_catalogue::list(&mut connection, &caller.organization_id).await?;
    Ok(Enforcement {
        names_required: caller.missing_names == MissingNames::Reject,
        role_required: caller.missing_role == MissingRole::Reject,
        role_values: catalogue.into_iter().map(|role| role.value).collect(),
    })
}

/// The attribute and value of a plain equality.
fn matching_value(filter: &Filter) -> Option<(&'static str, &str)> {
    match filter {
        Filter::Compare {
            path,
            op: CompareOp::Eq,
            value: Literal::String(value),
        } => Some((path.attribute.name, value)),
        _ => None,
    }
}

/// Entra matches by equalities, joined by `and` at the most.
fn is_match(filter: &Filter) -> bool {
    match filter {
        Filter::Compare { op, .. } => *op == CompareOp::Eq,
        Filter::And(terms) => terms.iter().all(is_match),
        Filter::ValuePath { filter, .. } => is_match(filter),
        Filter::Or(_) | Filter::Not(_) | Filter::Present(_) | Filter::Absent(_) => false,
    }
}

/// The random names that Test Connection asks for: a GUID, bare or after `AzureAD_Test-`.
fn is_probe(user_name: &str) -> bool {
    let guid = user_name.strip_prefix("AzureAD_Test-").unwrap_or(user_name);
    guid.len() == 36 && uuid::Uuid::try_parse(guid).is_ok()
}

fn describe(query: &ListQuery) -> String {
    query.filter.as_ref().map_or_else(
        || "A list of all users.".to_owned(),
        |filter| format!("Filter {filter}"),
    )
}
