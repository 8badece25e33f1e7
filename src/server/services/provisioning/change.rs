//! Creating, changing and deleting users.

use serde_json::{Value, json};

use super::columns::columns;
use super::policy::{self, Role};
use super::{Answer, Caller, Loaded, Refusal, location, not_found, record_refusal, write};
use crate::model::log::{Action, StepKind};
use crate::model::user::ChangeKind;
use crate::server::App;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::patch::{Dialect, PatchRequest};
use crate::server::scim::projection::Projection;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Change, FilterValue, Remark, User, case_key};
use crate::server::services::recording::Exchange;
use crate::server::store::users::{self, NewChange, StoredUser};
use crate::server::store::{Tx, role_catalogue};

/// `If-Match` or `If-None-Match` (RFC 7644 3.14): the versions that the client names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// No header: go on.
    None,
    /// `*`: the resource exists.
    Exists,
    /// Entity tags, compared weakly, since ours are weak.
    Versions(Vec<i64>),
}

impl Precondition {
    fn check(&self, version: i64) -> Result<(), ScimError> {
        match self {
            Self::None | Self::Exists => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(ScimError::new(
                Reason::PreconditionFailed,
                format!(
                    "The user has been changed since it was read: its version is W/\"{version}\". Read it again, \
                     and repeat the change."
                ),
            )),
        }
    }
}

/// What a user becomes, checked and ready to store.
struct Next {
    user: User,
    role: Role,
    changes: Vec<Change>,
}

/// `POST /Users` (RFC 7644 3.3).
///
/// # Errors
/// [`Refusal`]; a taken userName is 409 `uniqueness`. Nothing is stored then but the log entry.
#[tracing::instrument(level = "debug", name = "scim.user.create", skip_all, fields(request.id = %exchange.request_id))]
pub async fn create(
    app: &App,
    caller: Caller,
    mut exchange: Exchange,
    body: Value,
    projection: Projection,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Create;
    let now = app.clock.now();
    let mut user = match User::from_create(&body, &mut exchange.remarks) {
        Ok(user) => user,
        Err(error) => {
            exchange.subject.user_name = claimed_user_name(&body);
            return record_refusal(app, exchange, error).await;
        }
    };
    exchange.subject.user_name = user.user_name().map(str::to_owned);
    exchange.subject.external_id = user.external_id().map(str::to_owned);
    exchange.subject.label = Some(user.display_label());
    exchange.done(StepKind::Parse, "POST with a User resource.");
    exchange.done(StepKind::Match, "A new user: Entra found none to match.");
    exchange.done(StepKind::Apply, "All attributes were read.");
    if user.active().is_none() {
        user.set_active(true);
    }
    write(app, exchange, move |tx, exchange| {
        Box::pin(async move {
            policy::check_names(&mut user, None, &caller, &mut exchange.remarks)?;
            let role = decide_role(tx, exchange, &caller, &mut user, None, now).await?;
            exchange.done(StepKind::Validate, validated(&role));
            let changes = user.changes_from(&User::default());
            let next = Next {
                user,
                role,
                changes,
            };
            insert(tx, exchange, &caller, next, now, &projection).await
        })
    })
    .await
}

async fn insert(
    tx: &mut Tx<'_>,
    exchange: &mut Exchange,
    caller: &Caller,
    next: Next,
    now: Millis,
    projection: &Projection,
) -> Result<Answer, Refusal> {
    let id = ids::new_id(now);
    let row = columns(&next.user, &next.role)?;
    if !users::insert(tx, &caller.organization_id, &id, now, row).await? {
        return Err(taken(tx, &caller.organization_id, &next.user).await?.into());
    }
    users::insert_values(tx, &caller.organization_id, &id, next.user.filter_values()).await?;
    exchange.subject.user_id = Some(id.clone());
    let version = 1;
    keep_history(
        tx,
        exchange,
        caller,
        &id,
        version,
        ChangeKind::Created,
        &next,
        now,
    )
    .await?;
    exchange.done(StepKind::Store, format!("User {id} was created."));
    let location = location(&caller.tenant_url, &id);
    let resource = next.user.to_json(&crate::server::scim::resource::Meta {
        id: &id,
        created: now,
        last_modified: now,
        version,
        location: &location,
    });
    Ok(Answer {
        status: 201,
        body: Some(projection.apply(resource)),
        version: Some(version),
        location: Some(location),
        skipped: false,
    })
}

/// `PATCH /Users/{id}` (RFC 7644 3.5.2), applied whole or not at all.
///
/// # Errors
/// [`Refusal`]; the user is untouched then.
#[tracing::instrument(level = "debug", name = "scim.user.patch", skip_all, fields(request.id = %exchange.request_id))]
pub async fn patch(
    app: &App,
    caller: Caller,
    mut exchange: Exchange,
    id: String,
    body: Value,
    precondition: Precondition,
    projection: Projection,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Update;
    exchange.subject.user_id = Some(id.clone());
    let now = app.clock.now();
    let request = match PatchRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return record_refusal(app, exchange, error).await,
    };
    exchange.done(StepKind::Parse, describe(&request));
    write(app, exchange, move |tx, exchange| {
        Box::pin(async move {
            let before = load_locked(tx, exchange, &caller, &id, &precondition).await?;
            let after = request.apply(&before.user, &mut exchange.remarks)?;
            change(tx, exchange, &caller, before, after, now, &projection).await
        })
    })
    .await
}

/// `PUT /Users/{id}` (RFC 7644 3.5.1): what is omitted is cleared, but `active` is kept.
///
/// # Errors
/// [`Refusal`]; the user is untouched then. PUT never creates.
#[tracing::instrument(level = "debug", name = "scim.user.replace", skip_all, fields(request.id = %exchange.request_id))]
pub async fn replace(
    app: &App,
    caller: Caller,
    mut exchange: Exchange,
    id: String,
    body: Value,
    precondition: Precondition,
    projection: Projection,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Update;
    exchange.subject.user_id = Some(id.clone());
    let now = app.clock.now();
    let mut after = match User::from_create(&body, &mut exchange.remarks) {
        Ok(user) => user,
        Err(error) => return record_refusal(app, exchange, error).await,
    };
    exchange.done(StepKind::Parse, "PUT with a User resource.");
    write(app, exchange, move |tx, exchange| {
        Box::pin(async move {
            let before = load_locked(tx, exchange, &caller, &id, &precondition).await?;
            if after.active().is_none() {
                after.set_active(before.user.active().unwrap_or(true));
            }
            change(tx, exchange, &caller, before, after, now, &projection).await
        })
    })
    .await
}

/// `DELETE /Users/{id}` (RFC 7644 3.6): gone for SCIM at once; the dashboard keeps a tombstone.
///
/// # Errors
/// [`Refusal`]; 404 when it is deleted already.
#[tracing::instrument(level = "debug", name = "scim.user.delete", skip_all, fields(request.id = %exchange.request_id))]
pub async fn delete(
    app: &App,
    caller: Caller,
    mut exchange: Exchange,
    id: String,
    precondition: Precondition,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Delete;
    exchange.subject.user_id = Some(id.clone());
    let now = app.clock.now();
    write(app, exchange, move |tx, exchange| {
        Box::pin(async move {
            exchange.done(StepKind::Parse, "DELETE of a user.");
            let before = load_locked(tx, exchange, &caller, &id, &precondition).await?;
            exchange.done(StepKind::Apply, "The user is removed as a whole.");
            exchange.done(StepKind::Validate, "Nothing to check.");
            let log_id = exchange.request_id.clone();
            users::delete(tx, &caller.organization_id, &id, now, &log_id).await?;
            let next = Next {
                role: Role::unchanged(&before.stored),
                changes: vec![Change {
                    attribute: "userName".to_owned(),
                    old: Some(json!(before.stored.user_name)),
                    new: None,
                }],
                user: before.user,
            };
            let version = before.stored.version + 1;
            keep_history(
                tx,
                exchange,
                &caller,
                &id,
                version,
                ChangeKind::Deleted,
                &next,
                now,
            )
            .await?;
            exchange.done(StepKind::Store, "The user was deleted.");
            Ok(Answer {
                status: 204,
                body: None,
                version: None,
                location: None,
                skipped: false,
            })
        })
    })
    .await
}

async fn load_locked(
    tx: &mut Tx<'_>,
    exchange: &mut Exchange,
    caller: &Caller,
    id: &str,
    precondition: &Precondition,
) -> Result<Loaded, Refusal> {
    let stored = users::find_locked(tx, &caller.organization_id, id)
        .await?
        .ok_or_else(|| not_found(id))?;
    let loaded = Loaded::new(stored)?;
    loaded.name_in(exchange);
    precondition.check(loaded.stored.version)?;
    exchange.done(
        StepKind::Match,
        format!("Matched by id to {}.", loaded.user.display_label()),
    );
    Ok(loaded)
}

/// Checks and stores what a PATCH or PUT makes of a user.
async fn change(
    tx: &mut Tx<'_>,
    exchange: &mut Exchange,
    caller: &Caller,
    before: Loaded,
    mut after: User,
    now: Millis,
    projection: &Projection,
) -> Result<Answer, Refusal> {
    // Kept for the entry of a refusal: what the request wanted.
    exchange.refused_changes = after.changes_from(&before.user);
    exchange.done(StepKind::Apply, "All operations were applied to a copy.");
    policy::check_names(
        &mut after,
        Some(&before.user),
        caller,
        &mut exchange.remarks,
    )?;
    let touches_roles = after.roles().ne(before.user.roles());
    let role = if touches_roles {
        decide_role(tx, exchange, caller, &mut after, Some(&before), now).await?
    } else {
        Role::unchanged(&before.stored)
    };
    exchange.done(StepKind::Validate, validated(&role));
    let changes = after.changes_from(&before.user);
    let kind = kind_of(&before.stored, &after);
    match kind {
        ChangeKind::Disabled => exchange.action = Action::Disable,
        ChangeKind::Enabled | ChangeKind::Rehired => exchange.action = Action::Enable,
        _ => {}
    }
    if kind == ChangeKind::Rehired {
        Remark::new(
            Reason::UserRehired,
            "An inactive user came back under a new externalId: Entra matched a new person to the old record.",
        )
        .on("externalId")
        .push_to(&mut exchange.remarks);
    }
    if changes.is_empty() && after == before.user {
        exchange.refused_changes.clear();
        exchange.done(
            StepKind::Store,
            "Nothing to change: the stored values are the same.",
        );
        return Ok(answer(caller, &before, projection, true));
    }
    let next = Next {
        user: after,
        role,
        changes,
    };
    store(tx, exchange, caller, before, next, kind, now, projection).await
}

/// The role by the organization's catalogue and policies. A value new to the catalogue is decided under a lock, so
/// that it is added once.
async fn decide_role(
    tx: &mut Tx<'_>,
    exchange: &mut Exchange,
    caller: &Caller,
    user: &mut User,
    before: Option<&Loaded>,
    now: Millis,
) -> Result<Role, Refusal> {
    let before = before.map(|before| (&before.user, &before.stored));
    let remarks = &mut exchange.remarks;
    let noted = remarks.len();
    let catalogue = role_catalogue::list(tx, &caller.organization_id).await?;
    let role = policy::decide_role(user, before, caller, &catalogue, now, remarks)?;
    if role.unreviewed.is_empty() {
        return Ok(role);
    }
    role_catalogue::lock(tx, &caller.organization_id).await?;
    // Somebody may have added it meanwhile: then there is nothing to remark upon.
    remarks.truncate(noted);
    let catalogue = role_catalogue::list(tx, &caller.organization_id).await?;
    Ok(policy::decide_role(
        user, before, caller, &catalogue, now, remarks,
    )?)
}

#[expect(clippy::too_many_arguments, reason = "one step of one use case")]
async fn store(
    tx: &mut Tx<'_>,
    exchange: &mut Exchange,
    caller: &Caller,
    before: Loaded,
    next: Next,
    kind: ChangeKind,
    now: Millis,
    projection: &Projection,
) -> Result<Answer, Refusal> {
    let id = before.stored.id.clone();
    let version = before.stored.version + 1;
    let row = columns(&next.user, &next.role)?;
    let renamed = row.user_name_key != case_key(&before.stored.user_name);
    match users::update(tx, &caller.organization_id, &id, version, now, renamed, row).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => {
            return Err(taken(tx, &caller.organization_id, &next.user).await?.into());
        }
        Err(error) => return Err(error.into()),
    }
    let values = next.user.filter_values();
    if !same_values(&values, &before.user.filter_values()) {
        users::delete_values(tx, &id).await?;
        users::insert_values(tx, &caller.organization_id, &id, values).await?;
    }
    keep_history(tx, exchange, caller, &id, version, kind, &next, now).await?;
    exchange.refused_changes.clear();
    exchange.subject.user_name = next.user.user_name().map(str::to_owned);
    exchange.subject.external_id = next.user.external_id().map(str::to_owned);
    exchange.subject.label = Some(next.user.display_label());
    exchange.done(StepKind::Store, format!("Stored as version {version}."));
    let after = Loaded {
        stored: StoredUser {
            version,
            updated_at: now,
            ..before.stored
        },
        user: next.user,
    };
    Ok(answer(caller, &after, projection, false))
}

fn answer(caller: &Caller, user: &Loaded, projection: &Projection, skipped: bool) -> Answer {
    Answer {
        status: 200,
        body: Some(projection.apply(user.to_json(&caller.tenant_url))),
        version: Some(user.stored.version),
        location: Some(location(&caller.tenant_url, &user.stored.id)),
        skipped,
    }
}

#[expect(clippy::too_many_arguments, reason = "one step of one use case")]
async fn keep_history(
    tx: &mut Tx<'_>,
    exchange: &Exchange,
    caller: &Caller,
    user_id: &str,
    version: i64,
    kind: ChangeKind,
    next: &Next,
    now: Millis,
) -> Result<(), StoreError> {
    for role in &next.role.unreviewed {
        let key = case_key(&role.value);
        role_catalogue::add_unreviewed(
            tx,
            &caller.organization_id,
            &role.id,
            &role.value,
            &key,
            now,
        )
        .await?;
    }
    let actor = caller.token.actor();
    users::insert_change(
        tx,
        &caller.organization_id,
        NewChange {
            id: ids::new_id(now),
            user_id,
            log_id: Some(&exchange.request_id),
            changed_at: now,
            kind: kind.as_str(),
            actor_kind: actor.kind(),
            actor_id: actor.id(),
            actor_name: actor.name(),
            version,
            changes: serde_json::to_string(&next.changes)?,
        },
    )
    .await
}

/// 409 for a userName that somebody in the organization has, naming who.
async fn taken(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user: &User,
) -> Result<ScimError, StoreError> {
    let user_name = user.user_name().unwrap_or_default();
    let holder = users::find_by_user_name(tx, organization_id, &case_key(user_name)).await?;
    let holder = holder.map_or_else(String::new, |holder| {
        let state = if holder.active { "active" } else { "inactive" };
        format!(" to the {state} user with the id {}", holder.id)
    });
    Ok(ScimError::new(
        Reason::UserNameTaken,
        format!(
            "userName {} already belongs{holder}. userName is unique without regard to case. Change the value in \
             Entra, or delete the other user.",
            quoted(user_name)
        ),
    )
    .on("userName"))
}

/// What a refused body says about whom it is for.
fn claimed_user_name(body: &Value) -> Option<String> {
    let members = body.as_object()?;
    let (_, name) = members
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("userName"))?;
    Some(name.as_str()?.chars().take(200).collect())
}

fn describe(request: &PatchRequest) -> String {
    let count = request.operations.len();
    let plural = if count == 1 { "" } else { "s" };
    let form = match request.dialect {
        Dialect::Verbose => ", in the form Entra uses without the aadOptscim062020 flag",
        Dialect::Compliant => ", in the form Entra uses with the aadOptscim062020 flag",
        Dialect::Unknown => "",
    };
    format!("PATCH with {count} operation{plural}{form}.")
}

fn kind_of(before: &StoredUser, after: &User) -> ChangeKind {
    match (before.active, after.active().unwrap_or(true)) {
        (true, false) => ChangeKind::Disabled,
        (false, true) => {
            let is_new_person = before.external_id.is_some()
                && after.external_id().is_some()
                && before.external_id.as_deref() != after.external_id();
            if is_new_person {
                ChangeKind::Rehired
            } else {
                ChangeKind::Enabled
            }
        }
        _ => ChangeKind::Updated,
    }
}

fn validated(role: &Role) -> String {
    role.value.as_ref().map_or_else(
        || "The values are accepted.".to_owned(),
        |value| format!("The values are accepted; the role is {}.", quoted(value)),
    )
}

fn same_values(left: &[FilterValue], right: &[FilterValue]) -> bool {
    left == right
}
