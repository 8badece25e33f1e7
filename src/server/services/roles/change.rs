//! What an Admin changes in the catalogue. Each change holds the catalogue's lock, so that values stay one namespace,
//! one role the default, and the order whole. Users who are stored follow where their values come to mean another role;
//! the default and the order count for those who come later.

use serde_json::{Value, json};

use super::settle::{note, settle_noted};
use super::typed::{self, CheckedRole, TypedRole};
use super::{NOT_FOUND, case_key, ids, rows};
use crate::model::role::{Direction, RoleRow};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::error::ServiceError;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::to_the_end::to_the_end;
use crate::server::store::role_settlements::RoleSettlement;
use crate::server::store::roles::{self, LockedRole, Role};
use crate::server::store::{Tx, organizations};

/// Adds a role at the catalogue's end; answers its id.
///
/// # Errors
/// `Invalid` for what is against the rules, a value among it that means a role already.
pub async fn create(
    app: &App,
    allowed: &Allowed,
    value: &str,
    role: TypedRole,
) -> Result<String, ServiceError> {
    let organization_id = organization(allowed)?;
    let value = typed::value(value)?;
    let role = role.check()?;
    let own_key = case_key(&value);
    role.check_against(&own_key)?;
    let (app, who) = (app.clone(), Who::of(allowed, app.clock.now()));
    to_the_end(app.tasks.clone(), "adding a role", async move {
        let (id, noted) = add(&app, &who, &organization_id, value, role).await?;
        settle_noted(&app, &who, noted).await?;
        Ok::<_, ServiceError>(id)
    })
    .await
}

async fn add(
    app: &App,
    who: &Who,
    organization_id: &str,
    value: String,
    role: CheckedRole,
) -> Result<(String, Option<RoleSettlement>), ServiceError> {
    let (who, organization_id) = (who.clone(), organization_id.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let (now, own_key) = (who.at, case_key(&value));
                organizations::lock(tx, &organization_id).await?;
                let id = ids::new_id(now);
                let own = [(own_key.clone(), value.clone())];
                check_free(tx, &organization_id, "value", &own, &id).await?;
                check_mapped(tx, &organization_id, &role, &id).await?;
                let order = roles::order(tx, &organization_id).await?;
                let new = Role {
                    id: id.clone(),
                    organization_id: organization_id.clone(),
                    value,
                    display_name: role.display_name.clone(),
                    description: role.description.clone(),
                    position: order.last().map_or(0, |(_, last)| last + 1),
                    is_default: false,
                    is_reviewed: true,
                    created_at: now,
                };
                roles::insert(tx, std::slice::from_ref(&new), case_key).await?;
                roles::set_mapped_values(tx, &organization_id, &id, &own_key, &role.mapped).await?;
                let after = json!({
                    "value": new.value,
                    "display_name": new.display_name,
                    "description": new.description,
                    "mapped_values": joined(&role.mapped),
                });
                let target = Target::new("role", &id, &new.display_name);
                audit::record(tx, &who, "role.create", &target, None, Some(after)).await?;
                let keys = all_keys(&role.mapped, own_key);
                let noted = note(tx, &who, &organization_id, &keys).await?;
                Ok((id, noted))
            })
        })
        .await
}

/// Sets name, description and mapped values of a role. Its own value stays.
///
/// # Errors
/// `Invalid` for what is against the rules, `NotFound` when the role is gone.
pub async fn set(
    app: &App,
    allowed: &Allowed,
    id: &str,
    role: TypedRole,
) -> Result<(), ServiceError> {
    let organization_id = organization(allowed)?;
    let role = role.check()?;
    let (app, who) = (app.clone(), Who::of(allowed, app.clock.now()));
    let id = id.to_owned();
    to_the_end(app.tasks.clone(), "setting a role", async move {
        let noted = save(&app, &who, &organization_id, id, role).await?;
        settle_noted(&app, &who, noted).await?;
        Ok::<_, ServiceError>(())
    })
    .await
}

/// Answers the note of the values that mean another role now.
async fn save(
    app: &App,
    who: &Who,
    organization_id: &str,
    id: String,
    role: CheckedRole,
) -> Result<Option<RoleSettlement>, ServiceError> {
    let (who, organization_id) = (who.clone(), organization_id.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let old = locked(tx, &organization_id, &id).await?;
                let own_key = case_key(&old.value);
                role.check_against(&own_key)?;
                check_mapped(tx, &organization_id, &role, &id).await?;
                let mapped = mapped(tx, &organization_id, &id).await?;
                let mut changed = Changed::default();
                changed.note("display_name", &old.display_name, &role.display_name);
                changed.note("description", &old.description, &role.description);
                changed.note_mapped(&mapped, &role.mapped);
                let Some((before, after)) = changed.finish() else {
                    // Saved again: for whom an earlier change, broken off, has not got to, which may have
                    // made the role. It would be taken up anyway, but not before this is answered.
                    let keys = all_keys(&mapped, own_key);
                    return Ok(note(tx, &who, &organization_id, &keys).await?);
                };
                roles::update(tx, &id, &role.display_name, &role.description).await?;
                roles::set_mapped_values(tx, &organization_id, &id, &own_key, &role.mapped).await?;
                let target = Target::new("role", &id, &role.display_name);
                audit::record(tx, &who, "role.set", &target, Some(before), Some(after)).await?;
                let keys = moved(&mapped, &role.mapped);
                Ok(note(tx, &who, &organization_id, &keys).await?)
            })
        })
        .await
}

/// Lets one more value mean a role. Again is no error.
///
/// # Errors
/// `Invalid` for what is no value or means another role, and for one too many; `NotFound` when the role is gone.
pub async fn map_value(
    app: &App,
    allowed: &Allowed,
    id: &str,
    value: &str,
) -> Result<(), ServiceError> {
    let organization_id = organization(allowed)?;
    let (id, added) = (id.to_owned(), typed::mapped_value(value)?);
    let (app, who) = (app.clone(), Who::of(allowed, app.clock.now()));
    to_the_end(app.tasks.clone(), "mapping a role value", async move {
        let noted = map(&app, &who, &organization_id, id, added).await?;
        settle_noted(&app, &who, noted).await?;
        Ok::<_, ServiceError>(())
    })
    .await
}

async fn map(
    app: &App,
    who: &Who,
    organization_id: &str,
    id: String,
    added: (String, String),
) -> Result<Option<RoleSettlement>, ServiceError> {
    let (who, organization_id) = (who.clone(), organization_id.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let role = locked(tx, &organization_id, &id).await?;
                let own_key = case_key(&role.value);
                let before = mapped(tx, &organization_id, &id).await?;
                let new = std::slice::from_ref(&added);
                let noted = note(tx, &who, &organization_id, &keys_of(new)).await?;
                let mut keys = before.iter().map(|(key, _)| key);
                if added.0 == own_key || keys.any(|key| *key == added.0) {
                    return Ok(noted);
                }
                check_free(tx, &organization_id, "value", new, &id).await?;
                let mut after = before.clone();
                after.push(added);
                after.sort();
                typed::check_number("value", &after)?;
                roles::set_mapped_values(tx, &organization_id, &id, &own_key, &after).await?;
                let target = Target::new("role", &id, &role.display_name);
                let before = json!({ "mapped_values": joined(&before) });
                let after = json!({ "mapped_values": joined(&after) });
                audit::record(tx, &who, "role.set", &target, Some(before), Some(after)).await?;
                Ok(noted)
            })
        })
        .await
}

/// Makes a role the one that users without a role get.
///
/// # Errors
/// `Conflict` for a role that nobody has reviewed, `NotFound` when it is gone.
pub async fn make_default(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization_id = organization(allowed)?;
    let who = Who::of(allowed, app.clock.now());
    let id = id.to_owned();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let role = locked(tx, &organization_id, &id).await?;
                if role.is_default {
                    return Ok(());
                }
                if !role.is_reviewed {
                    return Err(ServiceError::conflict(format!(
                        "Nobody has reviewed {} yet. Review it first, then make it the default role.",
                        role.display_name
                    )));
                }
                let before = roles::find_default(tx, &organization_id).await?;
                roles::set_default(tx, &organization_id, &id).await?;
                let before = before.map(|(value, _)| json!({ "default_role": value }));
                let after = json!({ "default_role": role.value });
                let target = Target::new("role", &id, &role.display_name);
                audit::record(tx, &who, "role.set_default", &target, before, Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Moves a role by one place; at the end of the catalogue it stays.
///
/// # Errors
/// `NotFound` when it is gone.
pub async fn move_by(
    app: &App,
    allowed: &Allowed,
    id: &str,
    direction: Direction,
) -> Result<(), ServiceError> {
    let organization_id = organization(allowed)?;
    let who = Who::of(allowed, app.clock.now());
    let id = id.to_owned();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let role = locked(tx, &organization_id, &id).await?;
                let mut order = roles::order(tx, &organization_id).await?;
                let from = order
                    .iter()
                    .position(|(other, _)| *other == id)
                    .ok_or(NOT_FOUND)?;
                let to = match direction {
                    Direction::Up => from.checked_sub(1),
                    Direction::Down => Some(from + 1).filter(|to| *to < order.len()),
                };
                let Some(to) = to else {
                    return Ok(());
                };
                order.swap(from, to);
                for ((id, old), new) in order.iter().zip(0_i64..) {
                    if *old != new {
                        roles::set_position(tx, id, new).await?;
                    }
                }
                let before = json!({ "position": from + 1 });
                let after = json!({ "position": to + 1 });
                let target = Target::new("role", &id, &role.display_name);
                audit::record(tx, &who, "role.move", &target, Some(before), Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Removes a role that nobody has.
///
/// # Errors
/// `Conflict` for the default role and for one that users have; `NotFound` when it is gone.
pub async fn delete(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization_id = organization(allowed)?;
    let (app, who) = (app.clone(), Who::of(allowed, app.clock.now()));
    let id = id.to_owned();
    to_the_end(app.tasks.clone(), "deleting a role", async move {
        // Users may have its values beside the one that decides.
        let noted = remove(&app, &who, &organization_id, id).await?;
        settle_noted(&app, &who, noted).await?;
        Ok::<_, ServiceError>(())
    })
    .await
}

/// Answers the note of the values that meant it.
async fn remove(
    app: &App,
    who: &Who,
    organization_id: &str,
    id: String,
) -> Result<Option<RoleSettlement>, ServiceError> {
    let (who, organization_id) = (who.clone(), organization_id.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                // Locked: no user gets it between this look at its users and the end.
                locked(tx, &organization_id, &id).await?;
                let role = shown(tx, &organization_id, &id).await?;
                if let Some(message) = role.why_it_stays() {
                    return Err(ServiceError::conflict(message));
                }
                roles::delete(tx, &organization_id, &id).await?;
                let mapped = keyed(role.mapped_values);
                let before = json!({
                    "value": role.value,
                    "display_name": role.display_name,
                    "description": role.description,
                    "mapped_values": joined(&mapped),
                });
                let target = Target::new("role", &id, &role.display_name);
                audit::record(tx, &who, "role.delete", &target, Some(before), None).await?;
                let keys = all_keys(&mapped, case_key(&role.value));
                Ok(note(tx, &who, &organization_id, &keys).await?)
            })
        })
        .await
}

pub(super) fn organization(allowed: &Allowed) -> Result<String, ServiceError> {
    Ok(allowed.check_in(Permission::ManageRoles)?.id.clone())
}

/// Takes the catalogue's lock, then the role's.
pub(super) async fn locked(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<LockedRole, ServiceError> {
    organizations::lock(tx, organization_id).await?;
    roles::find_for_update(tx, organization_id, id)
        .await?
        .ok_or(NOT_FOUND)
}

async fn shown(tx: &mut Tx<'_>, organization_id: &str, id: &str) -> Result<RoleRow, ServiceError> {
    rows(tx, organization_id, Some(id), 1)
        .await?
        .pop()
        .ok_or(NOT_FOUND)
}

/// The values that are mapped to a role, each with its key, in the order of these.
pub(super) async fn mapped(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Vec<(String, String)>, ServiceError> {
    let mapped = roles::mapped_values(tx, organization_id, &[id]).await?;
    Ok(keyed(mapped.into_iter().map(|(_, value)| value)))
}

async fn check_mapped(
    tx: &mut Tx<'_>,
    organization_id: &str,
    role: &CheckedRole,
    id: &str,
) -> Result<(), ServiceError> {
    check_free(tx, organization_id, "mapped_values", &role.mapped, id).await
}

/// Refuses values, each given with its key, of which one means another role than `id` already.
async fn check_free(
    tx: &mut Tx<'_>,
    organization_id: &str,
    field: &'static str,
    values: &[(String, String)],
    id: &str,
) -> Result<(), ServiceError> {
    let keys: Vec<&str> = values.iter().map(|(key, _)| key.as_str()).collect();
    let Some((taken, holder)) = roles::find_holder(tx, organization_id, &keys, id).await? else {
        return Ok(());
    };
    let typed = values.iter().find(|(key, _)| *key == taken);
    let typed = typed.map_or(taken.as_str(), |(_, value)| value);
    Err(ServiceError::invalid(
        field,
        format!(
            "\u{201c}{typed}\u{201d} already means the role {holder}. A value means one role, whether in upper or lower \
             case: choose another, or take it away from {holder} first."
        ),
    ))
}

/// The keys of all values that mean a role: of those that are mapped to it, and its own.
pub(super) fn all_keys(mapped: &[(String, String)], own_key: String) -> Vec<String> {
    let mut keys = keys_of(mapped);
    keys.push(own_key);
    keys
}

fn keys_of(values: &[(String, String)]) -> Vec<String> {
    values.iter().map(|(key, _)| key.clone()).collect()
}

/// The keys of values that are on one of the lists and not on the other.
fn moved(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let (before, after) = (keys_of(before), keys_of(after));
    let gone = before.iter().filter(|key| !after.contains(key));
    let come = after.iter().filter(|key| !before.contains(key));
    gone.chain(come).cloned().collect()
}

/// Stored values with their keys, in the order of these.
fn keyed(values: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let mut keyed: Vec<_> = values
        .into_iter()
        .map(|value| (case_key(&value), value))
        .collect();
    keyed.sort();
    keyed
}

/// As the audit log shows them. One that holds a comma is quoted: it would read as two.
fn joined(mapped: &[(String, String)]) -> String {
    let values: Vec<String> = mapped
        .iter()
        .map(|(_, value)| {
            if value.contains(',') {
                format!("\u{201c}{value}\u{201d}")
            } else {
                value.clone()
            }
        })
        .collect();
    values.join(", ")
}

/// What differs, before and after.
#[derive(Default)]
struct Changed {
    before: serde_json::Map<String, Value>,
    after: serde_json::Map<String, Value>,
}

impl Changed {
    fn note(&mut self, name: &str, before: &str, after: &str) {
        if before != after {
            self.before.insert(name.to_owned(), json!(before));
            self.after.insert(name.to_owned(), json!(after));
        }
    }

    /// Compares the values one by one: put together, different ones may read alike.
    fn note_mapped(&mut self, before: &[(String, String)], after: &[(String, String)]) {
        if before != after {
            let name = "mapped_values";
            self.before.insert(name.to_owned(), json!(joined(before)));
            self.after.insert(name.to_owned(), json!(joined(after)));
        }
    }

    fn finish(self) -> Option<(Value, Value)> {
        (!self.after.is_empty()).then(|| (self.before.into(), self.after.into()))
    }
}
