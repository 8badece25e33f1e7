//! Provisioned people as the dashboard shows them. It only reads: Entra manages users.

use serde_json::{Map, Value};

use super::moments::{self, Moments};
use super::{changes, organization};
use crate::model::page::Page;
use crate::model::user::{
    ChangeKind, RoleChoice, RoleState, UserBlock, UserChange, UserCounts, UserDetail, UserFailure,
    UserFilter, UserRow, UserState,
};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::resource::{Meta, User, case_key};
use crate::server::store::keyset::{self, PAGE, TimeCursor};
use crate::server::store::user_directory::{self as store, Cursor, ListedUser, Search};
use crate::server::store::user_failures::{self, LatestFailure};
use crate::server::store::user_records::{self, FoundUser, StoredChange};

/// A page of the organization's users. `allowed` proves [`Permission::ReadUsers`].
///
/// # Errors
/// [`ServiceError::Forbidden`] without that proof; else only what the database answers: a filter that nothing
/// matches is an empty page, and a cursor that is none means the first page.
pub async fn list(
    app: &App,
    allowed: &Allowed,
    query: &UserFilter,
) -> Result<Page<UserRow>, ServiceError> {
    let organization = organization(allowed, Permission::ReadUsers)?;
    let now = app.clock.now();
    let text = query.text.trim();
    let search = Search {
        organization_id: &organization.id,
        filter: query,
        text,
        text_key: case_key(text),
        changed_since: moments::since(query.within.as_deref(), now),
    };
    let moments = Moments::of(allowed, now);
    if query.state == Some(UserState::Deleted) {
        return list_deleted(app, &search, &moments).await;
    }
    let mut connection = app.db.read().await?;
    let plan = store::measure(&mut connection, &search).await?;
    let mut cursor = query.cursor.as_deref().and_then(Cursor::parse);
    let mut back = query.newer && cursor.is_some();
    let mut users = store::list(&mut connection, &search, plan, cursor.as_ref(), back).await?;
    if back && users.len() <= PAGE {
        // The beginning is reached: show it as a full page.
        (cursor, back) = (None, false);
        users = store::list(&mut connection, &search, plan, None, false).await?;
    }
    let total = match i64::try_from(users.len()) {
        // A count that has not looked at all may have found fewer than the list.
        Ok(found) if !plan.is_all => plan.total.max(found),
        _ => plan.total,
    };
    let page = Page::of(
        users,
        cursor.is_some(),
        back,
        keyset::at_least(total, plan.is_all),
        |user| Cursor::of(query.sort, user).to_string(),
    );
    let ids: Vec<&str> = page.items.iter().map(|user| user.id.as_str()).collect();
    let mut failures =
        user_failures::latest_failures(&mut connection, &organization.id, &ids).await?;
    Ok(page.map(|user| {
        let failure = failures
            .iter()
            .position(|failure| failure.user_id == user.id)
            .map(|index| failures.swap_remove(index));
        row(user, failure, &moments)
    }))
}

async fn list_deleted(
    app: &App,
    search: &Search<'_>,
    moments: &Moments,
) -> Result<Page<UserRow>, ServiceError> {
    let mut connection = app.db.read().await?;
    let descending = search.filter.descending;
    let mut cursor = search.filter.cursor.as_deref().and_then(TimeCursor::parse);
    let mut back = search.filter.newer && cursor.is_some();
    let (mut users, total) =
        user_records::list_deleted(&mut connection, search, cursor.as_ref(), descending != back)
            .await?;
    if back && users.len() <= PAGE {
        (cursor, back) = (None, false);
        (users, _) = user_records::list_deleted(&mut connection, search, None, descending).await?;
    }
    let page = Page::of(
        users,
        cursor.is_some(),
        back,
        keyset::count(total),
        |user| {
            TimeCursor {
                at: user.deleted_at,
                id: user.id.clone(),
            }
            .to_string()
        },
    );
    Ok(page.map(|user| UserRow {
        id: user.id,
        label: user.label,
        user_name: user.user_name,
        active: false,
        blocked: false,
        role: None,
        role_state: RoleState::Missing,
        changed: moments.moment(user.deleted_at),
        last_failure: None,
    }))
}

fn row(user: ListedUser, failure: Option<LatestFailure>, moments: &Moments) -> UserRow {
    UserRow {
        id: user.id,
        label: user.label,
        user_name: user.user_name,
        active: user.active,
        blocked: user.blocked_at.is_some(),
        role: user.role,
        role_state: user.role_state,
        changed: moments.moment(user.updated_at),
        last_failure: failure.map(|failure| UserFailure {
            title: super::log_search::refusal(failure.reason.as_deref(), failure.detail.as_deref()),
            log_id: failure.log_id,
        }),
    }
}

/// Counts for the tabs of the list. `allowed` proves [`Permission::ReadUsers`].
///
/// # Errors
/// As [`list`].
pub async fn counts(app: &App, allowed: &Allowed) -> Result<UserCounts, ServiceError> {
    let organization = organization(allowed, Permission::ReadUsers)?;
    let mut connection = app.db.read().await?;
    let counted = user_failures::counts(&mut connection, &organization.id).await?;
    Ok(UserCounts {
        all: keyset::count(counted.everyone),
        active: keyset::count(counted.active),
        inactive: keyset::count(counted.inactive),
        blocked: keyset::count(counted.blocked),
        with_errors: counted.with_errors(),
        deleted: keyset::count(counted.deleted),
    })
}

/// The organization's roles by their order in the catalogue, for the list's filter. `allowed` proves
/// [`Permission::ReadUsers`].
///
/// # Errors
/// As [`list`].
pub async fn roles(app: &App, allowed: &Allowed) -> Result<Vec<RoleChoice>, ServiceError> {
    let organization = organization(allowed, Permission::ReadUsers)?;
    let roles = store::roles(&mut app.db.read().await?, &organization.id).await?;
    Ok(roles
        .into_iter()
        .map(|(id, name)| RoleChoice { id, name })
        .collect())
}

/// Everything about one user, also about one that Entra has deleted. `allowed` proves
/// [`Permission::ReadUsers`].
///
/// # Errors
/// [`ServiceError::NotFound`] for an id that this organization does not have; as [`list`] otherwise.
pub async fn detail(app: &App, allowed: &Allowed, id: &str) -> Result<UserDetail, ServiceError> {
    let organization = organization(allowed, Permission::ReadUsers)?;
    let mut connection = app.db.read_by_key().await?;
    let user = user_records::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "user" })?;
    let moments = Moments::of(allowed, app.clock.now());
    let document: Map<String, Value> =
        serde_json::from_str(&user.document).map_err(StoreError::from)?;
    let base = app.settings.tenant_url(&organization.slug);
    Ok(UserDetail {
        json: resource_json(&user, &base)?,
        attributes: attributes(&document),
        active: user.active,
        block: user.blocked_at.map(|at| UserBlock {
            blocked: moments.moment(at),
            by: user.blocked_by.unwrap_or_default(),
            reason: user.blocked_reason.unwrap_or_default(),
        }),
        deleted: user.deleted_at.map(|at| moments.moment(at)),
        role: user.role,
        role_value: user.role_value,
        role_state: user.role_state,
        version: user.version,
        created: moments.moment(user.created_at),
        changed: moments.moment(user.updated_at),
        id: user.id,
        label: user.label,
        user_name: user.user_name,
        external_id: user.external_id,
    })
}

/// The resource as a GET answers it (RFC 7643 3.1), indented.
fn resource_json(user: &FoundUser, base: &str) -> Result<String, ServiceError> {
    let document: User = serde_json::from_str(&user.document).map_err(StoreError::from)?;
    let resource = document.into_json(&Meta {
        id: &user.id,
        created: user.created_at,
        last_modified: user.updated_at,
        version: user.version,
        location: &format!("{base}/Users/{}", user.id),
    });
    Ok(serde_json::to_string_pretty(&resource).map_err(StoreError::from)?)
}

fn is_extension(name: &str) -> bool {
    name.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Every stored value by its path, in the words of Entra's attribute mapping: `name.givenName`,
/// `emails[type eq "work"].value`, `urn:...:2.0:User:department`.
fn attributes(document: &Map<String, Value>) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    for (name, value) in document {
        match value {
            Value::Object(parts) if is_extension(name) => {
                for (part, value) in parts {
                    flatten(format!("{name}:{part}"), value, &mut flat);
                }
            }
            _ => flatten(name.clone(), value, &mut flat),
        }
    }
    flat
}

fn flatten(path: String, value: &Value, flat: &mut Vec<(String, String)>) {
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                flatten(format!("{path}.{part}"), value, flat);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                flatten(element_path(&path, index, element), element, flat);
            }
        }
        _ => {
            if let Some(text) = changes::text(value) {
                flat.push((path, text));
            }
        }
    }
}

/// An element by its type, else as the primary one, else by its place.
fn element_path(path: &str, index: usize, element: &Value) -> String {
    let is_primary = element.get("primary").and_then(Value::as_bool) == Some(true);
    // Roles are mapped by what is primary: all of them have the same type.
    if is_primary && path == "roles" {
        format!("{path}[primary eq \"True\"]")
    } else if let Some(kind) = element.get("type").and_then(Value::as_str) {
        format!("{path}[type eq \"{kind}\"]")
    } else if is_primary {
        format!("{path}[primary eq \"True\"]")
    } else {
        format!("{path}[{}]", index + 1)
    }
}

/// What a cursor of [`history`] begins with when it leads to newer changes.
const NEWER: &str = "newer~";

/// A page of what changed on a user, newest first; `cursor` as the page before answered it. `allowed` proves
/// [`Permission::ReadUsers`].
///
/// # Errors
/// As [`list`]. A user without history, or an unknown one, has an empty page.
pub async fn history(
    app: &App,
    allowed: &Allowed,
    id: &str,
    cursor: Option<String>,
) -> Result<Page<UserChange>, ServiceError> {
    let organization = organization(allowed, Permission::ReadUsers)?;
    let mut connection = app.db.read().await?;
    let cursor = cursor.unwrap_or_default();
    let (place, mut newer) = match cursor.strip_prefix(NEWER) {
        Some(place) => (place, true),
        None => (cursor.as_str(), false),
    };
    let mut cursor = TimeCursor::parse(place);
    newer = newer && cursor.is_some();
    let (mut stored, total) = user_records::history(
        &mut connection,
        &organization.id,
        id,
        cursor.as_ref(),
        newer,
    )
    .await?;
    if newer && stored.len() <= PAGE {
        (cursor, newer) = (None, false);
        (stored, _) =
            user_records::history(&mut connection, &organization.id, id, None, false).await?;
    }
    let moments = Moments::of(allowed, app.clock.now());
    let page = Page::of(
        stored,
        cursor.is_some(),
        newer,
        keyset::count(total),
        |change| {
            TimeCursor {
                at: change.changed_at,
                id: change.id.clone(),
            }
            .to_string()
        },
    );
    let mut page = page.try_map(|change| change_set(change, &moments))?;
    page.previous = page.previous.map(|place| format!("{NEWER}{place}"));
    Ok(page)
}

fn change_set(stored: StoredChange, moments: &Moments) -> Result<UserChange, ServiceError> {
    let kind = ChangeKind::parse(&stored.kind)
        .ok_or_else(|| StoreError::Corrupt(format!("unknown kind of change {}", stored.kind)))?;
    Ok(UserChange {
        id: stored.id,
        changed: moments.moment(stored.changed_at),
        kind,
        actor: match stored.actor_kind.as_str() {
            "token" => format!("Token {}", stored.actor_name),
            _ => stored.actor_name,
        },
        log_id: stored.log_id,
        version: stored.version,
        changes: stored.changes.as_deref().map(changes::parse).transpose()?,
    })
}
