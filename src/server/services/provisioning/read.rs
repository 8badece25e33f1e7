//! Looking users up: by id, by filter, page by page.

use super::{Answer, Caller, Loaded, Precondition, Refusal, Sought, as_json, location, not_found};
use crate::model::log::{Action, StepKind};
use crate::model::organization::{MissingNames, MissingRole};
use crate::server::App;
use crate::server::error::StoreError;
use crate::server::scim::filter::{CompareOp, Filter, Literal};
use crate::server::scim::list::{ListQuery, list_response};
use crate::server::scim::path::AttributePath;
use crate::server::scim::projection::Projection;
use crate::server::scim::resource::case_key;
use crate::server::scim::schema::Enforcement;
use crate::server::services::recording::Exchange;
use crate::server::store::role_catalogue;
use crate::server::store::user_filter::Scope;
use crate::server::store::user_lists::{self, Page};
use crate::server::store::users::StoredUser;

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
    let sought = Sought::Id(id.to_owned());
    let stored = caller.user(app, exchange, &sought).await?;
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
        body: (!is_known).then(|| as_json(&projection.apply(user.into_json(&caller.tenant_url)))),
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
    name_query(exchange, query);
    exchange.done(StepKind::Parse, describe(query));
    let (total, stored) = select(app, caller, exchange, query).await?;
    if total == 0 && query.filter.as_ref().is_some_and(is_probe) {
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

/// Matches ask something of attributes that Entra may match by.
fn action_of(matching: &[(&AttributePath, &str)]) -> Action {
    if matching.is_empty() {
        Action::List
    } else {
        Action::Match
    }
}

fn matching_of(query: &ListQuery) -> Vec<(&AttributePath, &str)> {
    query.filter.as_ref().map_or_else(Vec::new, matching_values)
}

/// Tells the log what a query is and whom it names.
pub fn name_query(exchange: &mut Exchange, query: &ListQuery) {
    let matching = matching_of(query);
    exchange.action = action_of(&matching);
    for (path, value) in matching {
        match path.attribute.name {
            "userName" => exchange.subject.user_name = Some(value.to_owned()),
            "externalId" => exchange.subject.external_id = Some(value.to_owned()),
            _ => {}
        }
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
    exchange: &mut Exchange,
    query: &ListQuery,
) -> Result<(i64, Vec<StoredUser>), StoreError> {
    if let Some(sought) = sought_by(query) {
        let found = caller.user(app, exchange, &sought).await?;
        let total = i64::from(found.is_some());
        let is_shown = query.start_index <= 1 && query.count > 0;
        return Ok((total, found.into_iter().filter(|_| is_shown).collect()));
    }
    let scope = Scope {
        organization_id: &caller.organization_id,
        location: &location(&caller.tenant_url, ""),
    };
    let connection = &mut app.db.read().await?;
    let mut page = Page {
        filter: query.filter.as_ref(),
        sort: query.sort_by.as_ref().map(|path| (path, query.descending)),
        offset: query.start_index - 1,
        limit: query.count,
        total: None,
    };
    // A match finds one or a few: a page that is the last one tells the total by itself.
    if exchange.action == Action::Match && query.count > 0 {
        let found = user_lists::list(connection, scope, page).await?;
        let shown = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let bytes: usize = found.iter().map(|user| user.document.len()).sum();
        let is_last = shown < query.count && bytes < user_lists::PAGE_BYTES;
        if is_last && (shown > 0 || page.offset == 0) {
            return Ok((page.offset + shown, found));
        }
        return Ok((
            user_lists::count(connection, scope, page.filter).await?,
            found,
        ));
    }
    let total = user_lists::count(connection, scope, page.filter).await?;
    if query.count == 0 || page.offset >= total {
        return Ok((total, Vec::new()));
    }
    page.total = Some(total);
    Ok((total, user_lists::list(connection, scope, page).await?))
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

/// What a filter asks of attributes that Entra may match by. Entra's are equalities, joined by `and` at the most; any
/// other filter asks nothing.
fn matching_values(filter: &Filter) -> Vec<(&AttributePath, &str)> {
    let mut values = Vec::new();
    if push_equalities(filter, &mut values) {
        values
    } else {
        Vec::new()
    }
}

/// Whether the filter is made of equalities.
fn push_equalities<'a>(filter: &'a Filter, values: &mut Vec<(&'a AttributePath, &'a str)>) -> bool {
    match filter {
        Filter::Compare {
            path,
            op: CompareOp::Eq,
            value,
        } => {
            if let Literal::String(value) = value
                && may_be_matched_by(path)
            {
                values.push((path, value.as_str()));
            }
            true
        }
        Filter::And(terms) => terms.iter().all(|term| push_equalities(term, values)),
        Filter::ValuePath { filter, .. } => push_equalities(filter, values),
        Filter::Compare { .. }
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::Present(_)
        | Filter::Absent(_) => false,
    }
}

/// Whether the attribute tells people apart: `active` or a type is shared by many.
fn may_be_matched_by(path: &AttributePath) -> bool {
    let part = path.sub.map_or("", |sub| sub.name);
    matches!(
        (path.attribute.name, part),
        (
            "id" | "externalId" | "userName" | "displayName" | "employeeNumber",
            ""
        ) | ("emails" | "phoneNumbers" | "manager", "value")
    )
}

/// The random values that Test Connection asks for, of the attribute that is matched by: a GUID, bare or after
/// `AzureAD_Test-`. Ids are GUIDs in earnest.
fn is_probe(filter: &Filter) -> bool {
    let [(path, value)] = matching_values(filter)[..] else {
        return false;
    };
    let guid = value.strip_prefix("AzureAD_Test-").unwrap_or(value);
    !matches!(path.attribute.name, "id" | "externalId" | "manager")
        && guid.len() == 36
        && uuid::Uuid::try_parse(guid).is_ok()
}

fn describe(query: &ListQuery) -> String {
    query.filter.as_ref().map_or_else(
        || "A list of all users.".to_owned(),
        |filter| format!("Filter {filter}"),
    )
}
