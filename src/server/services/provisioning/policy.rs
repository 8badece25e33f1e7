//! What Rhombus asks of a user beyond SCIM: names, and a role of the organization's catalogue.
//!
//! The organization's policies decide what happens when these are missing or unknown. They never stand in the
//! way of taking access away: a request whose result is an inactive user is remarked upon, never refused.

use std::collections::HashSet;

use serde_json::json;

use crate::model::organization::{MissingNames, MissingRole, UnknownRole};
use crate::model::user::RoleState;
use crate::server::clock::Millis;
use crate::server::ids;
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::patch::PatchRequest;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Change, Remark, User, case_key};
use crate::server::services::provisioning::Caller;
use crate::server::store::role_catalogue::RoleValue;
use crate::server::store::users::StoredUser;

/// Roles from Entra that may await review: each change that gives a role reads the whole catalogue.
const UNREVIEWED: usize = 200;

/// The role that decides a user's access.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) id: Option<String>,
    /// As Entra sent it.
    pub(super) value: Option<String>,
    pub(super) state: RoleState,
    /// Values to add to the catalogue once the user is stored.
    pub(super) unreviewed: Vec<NewRole>,
}

/// A role that Entra sent and the catalogue does not have yet.
#[derive(Debug, Clone)]
pub(super) struct NewRole {
    pub(super) id: String,
    pub(super) value: String,
}

impl Role {
    /// The role of a user whose roles the request leaves alone.
    pub(super) fn unchanged(stored: &StoredUser) -> Self {
        Self {
            id: stored.role_id.clone(),
            value: stored.role_value.clone(),
            state: stored.role_state,
            unreviewed: Vec::new(),
        }
    }

    /// Whether a stored user has this role, and from where, already.
    pub(super) fn is_of(&self, stored: &StoredUser) -> bool {
        self.id == stored.role_id && self.state == stored.role_state
    }
}

/// Checks the names that a request touched against the organization's policy. `before` is the user as it was,
/// if there was one; `whole` says that the request sets every attribute, sent or not (PUT).
///
/// # Errors
/// `given_name_missing`, else `family_name_missing`, under the policy *reject*; the text names both where both are.
pub(super) fn check_names(
    user: &mut User,
    before: Option<&User>,
    whole: bool,
    caller: &Caller,
    remarks: &mut Vec<Remark>,
) -> Result<(), ScimError> {
    type Part = (
        fn(&User) -> Option<&str>,
        &'static str,
        &'static str,
        Reason,
    );
    const PARTS: [Part; 2] = [
        (
            User::given_name,
            "name.givenName",
            "givenName",
            Reason::GivenNameMissing,
        ),
        (
            User::family_name,
            "name.familyName",
            "surname",
            Reason::FamilyNameMissing,
        ),
    ];
    let mut missing = Vec::new();
    for (part, path, source, reason) in PARTS {
        let is_missing = part(user).is_none_or(|name| name.trim().is_empty());
        let was = before.and_then(part);
        // PATCH checks only what it touches: a name that was missing before is not this request's doing.
        let is_untouched = !whole && before.is_some_and(|before| part(before) == part(user));
        if !is_missing || is_untouched {
            continue;
        }
        let is_inactive = user.active() == Some(false);
        match (is_inactive, was) {
            (true, Some(kept)) => {
                let kept = kept.to_owned();
                Remark::new(
                    Reason::ValueKept,
                    format!("{path} was to be removed. The user is inactive, so the old value {} is kept.", quoted(&kept)),
                )
                .on(path)
                .push_to(remarks);
                if let Ok(path) = AttributePath::parse(path) {
                    user.set(&path, Some(kept.into()));
                }
            }
            (true, None) => names_missing(path).push_to(remarks),
            (false, _) if caller.missing_names == MissingNames::Accept => {
                names_missing(path).push_to(remarks);
            }
            (false, _) => missing.push((path, source, reason)),
        }
    }
    names_required(&missing)
}

/// Refuses what is missing, all in one text: whoever reads it fills both names at once.
fn names_required(missing: &[(&str, &str, Reason)]) -> Result<(), ScimError> {
    let Some((first, _, reason)) = missing.first() else {
        return Ok(());
    };
    let (is, was, it) = match missing.len() {
        1 => ("is", "was not sent or is empty", "it"),
        _ => ("are", "were not sent or are empty", "them"),
    };
    let paths: Vec<&str> = missing.iter().map(|(path, ..)| *path).collect();
    let paths = paths.join(" and ");
    let sources: Vec<&str> = missing.iter().map(|(_, source, _)| *source).collect();
    let sources = sources.join(" and ");
    Err(ScimError::new(
        *reason,
        format!(
            "{paths} {is} required and {was}. Fill {sources} of this user in Entra and map {it} to {paths} in \
             Provisioning, Mappings."
        ),
    )
    .on(*first))
}

/// The refusal of a name or a role that is missing because the request removes it: RFC 7644 3.5.2.2 has a rule of its
/// own for what is required. Other refusals stay as they are.
pub(super) fn of_removal(error: ScimError, patch: &PatchRequest) -> ScimError {
    const NAMES: [&str; 2] = ["name.givenName", "name.familyName"];
    let removes =
        |path: &str| AttributePath::parse(path).is_ok_and(|removed| patch.removes(&removed));
    let required = match error.reason {
        Reason::GivenNameMissing => NAMES[0],
        Reason::FamilyNameMissing => NAMES[1],
        Reason::RoleMissing => "roles.value",
        _ => return error,
    };
    if !removes(required) {
        return error;
    }
    let text = if error.reason == Reason::RoleMissing {
        "A role is required and cannot be removed. Assign the user to another app role in Entra, or let users without \
         a role get the default role, in Rhombus under Settings."
            .to_owned()
    } else {
        let names: Vec<&str> = NAMES.into_iter().filter(|name| removes(name)).collect();
        let is = if names.len() == 1 { "is" } else { "are" };
        format!(
            "{} {is} required and cannot be removed. Send a new value instead, or let missing names be accepted, in \
             Rhombus under Settings.",
            names.join(" and ")
        )
    };
    let mut removal = ScimError::new(Reason::AttributeRequiredRemoved, text);
    removal.attribute = error.attribute;
    removal
}

fn names_missing(path: &str) -> Remark {
    Remark::new(
        Reason::NamesMissing,
        format!("{path} is missing. The user was stored without it."),
    )
    .on(path)
}

/// Decides the role of a user whose roles a request touched.
///
/// # Errors
/// `role_missing`, `role_unknown` by the organization's policies.
pub(super) fn decide_role(
    user: &mut User,
    before: Option<(&User, &StoredUser)>,
    caller: &Caller,
    catalogue: &[RoleValue],
    now: Millis,
    remarks: &mut Vec<Remark>,
) -> Result<Role, ScimError> {
    let known_before: Vec<String> = before.map_or_else(Vec::new, |(user, _)| {
        user.role_values().into_iter().map(case_key).collect()
    });
    let is_inactive = user.active() == Some(false);
    let mut unreviewed: Vec<NewRole> = Vec::new();
    for value in owned(user.role_values()) {
        if find(catalogue, &value).is_some() || known_before.contains(&case_key(&value)) {
            continue;
        }
        let is_full = caller.unknown_role == UnknownRole::Accept
            && awaiting_review(catalogue) + unreviewed.len() >= UNREVIEWED;
        let unknown_role = match is_full {
            true => UnknownRole::Reject,
            false => caller.unknown_role,
        };
        match (unknown_role, is_inactive, before) {
            // Taking access away comes first: the role stays what it was.
            (UnknownRole::Reject, true, Some((before, stored))) => {
                Remark::new(
                    Reason::ValueKept,
                    format!("The role {} is not in the role catalogue. The user is inactive, so the old role is kept.", quoted(&value)),
                )
                .on(ROLE)
                .push_to(remarks);
                keep_roles(user, before);
                return Ok(Role::unchanged(stored));
            }
            (UnknownRole::Reject, false, _) => {
                return Err(match is_full {
                    true => too_many_unreviewed(&value),
                    false => unknown(&value, catalogue),
                });
            }
            (UnknownRole::Accept, ..) => {
                Remark::new(
                    Reason::RoleUnreviewed,
                    format!("The role {} was not in the role catalogue. It was added, and an admin should review it.", quoted(&value)),
                )
                .on(ROLE)
                .naming(&value)
                .push_to(remarks);
                if named(&unreviewed, &value).is_none() {
                    unreviewed.push(NewRole {
                        id: ids::new_id(now),
                        value,
                    });
                }
            }
            (UnknownRole::Default, ..) | (UnknownRole::Reject, true, None) => {
                Remark::new(
                    Reason::UnknownRoleReplaced,
                    format!(
                        "The role {} is not in the role catalogue. It counts as the default role {}.",
                        quoted(&value),
                        default_role(catalogue).map_or("", |role| role.role_value.as_str()),
                    ),
                )
                .on(ROLE)
                .naming(&value)
                .push_to(remarks);
            }
        }
    }
    effective(user, before, caller, catalogue, unreviewed, remarks)
}

/// Whether a request brings values that the catalogue may have to take in.
pub(super) fn brings_new_roles(user: &User, catalogue: &[RoleValue]) -> bool {
    let mut values = user.role_values().into_iter();
    values.any(|value| find(catalogue, value).is_none())
}

/// The role that the accepted values come to, or that stands in for none.
fn effective(
    user: &mut User,
    before: Option<(&User, &StoredUser)>,
    caller: &Caller,
    catalogue: &[RoleValue],
    unreviewed: Vec<NewRole>,
    remarks: &mut Vec<Remark>,
) -> Result<Role, ScimError> {
    match resolved(user, catalogue, unreviewed) {
        Some(role) => Ok(role),
        None => missing(user, before, caller, catalogue, remarks),
    }
}

/// What a user's values mean by the catalogue and what is about to be added to it; `None` for a user without any.
pub(super) fn resolved(
    user: &User,
    catalogue: &[RoleValue],
    unreviewed: Vec<NewRole>,
) -> Option<Role> {
    let deciding = user.primary_role().map(str::to_owned).or_else(|| {
        // Without a primary role the lowest one decides: least privilege.
        user.role_values()
            .into_iter()
            .max_by_key(
                |value| match (find(catalogue, value), named(&unreviewed, value)) {
                    (Some(role), _) => role.position,
                    // It will stand behind all others.
                    (None, Some(_)) => i64::MAX,
                    // It counts as the default role.
                    (None, None) => default_role(catalogue).map_or(i64::MAX, |role| role.position),
                },
            )
            .map(str::to_owned)
    });
    let value = deciding?;
    if let Some(role) = find(catalogue, &value) {
        return Some(Role {
            id: Some(role.role_id.clone()),
            value: Some(value),
            state: if role.is_reviewed {
                RoleState::Known
            } else {
                RoleState::Unreviewed
            },
            unreviewed,
        });
    }
    let (id, state) = match named(&unreviewed, &value) {
        Some(role) => (Some(role.id.clone()), RoleState::Unreviewed),
        None => (
            default_role(catalogue).map(|role| role.role_id.clone()),
            RoleState::Defaulted,
        ),
    };
    Some(Role {
        id,
        value: Some(value),
        state,
        unreviewed,
    })
}

/// What the history says of a user whose values mean another role of the catalogue than before.
pub(super) fn role_change(stored: &StoredUser, role: &Role, catalogue: &[RoleValue]) -> Change {
    let shown = |id: Option<&str>, state: RoleState| {
        let id = id?;
        let role = catalogue.iter().find(|role| role.role_id == id);
        let name = role.map_or(id, |role| role.display_name.as_str());
        let note = match state {
            RoleState::Defaulted => " (default)",
            RoleState::Unreviewed => " (not reviewed)",
            RoleState::Known | RoleState::Missing => "",
        };
        Some(json!(format!("{name}{note}")))
    };
    Change {
        attribute: "role".to_owned(),
        old: shown(stored.role_id.as_deref(), stored.role_state),
        new: shown(role.id.as_deref(), role.state),
    }
}

fn missing(
    user: &mut User,
    before: Option<(&User, &StoredUser)>,
    caller: &Caller,
    catalogue: &[RoleValue],
    remarks: &mut Vec<Remark>,
) -> Result<Role, ScimError> {
    let is_inactive = user.active() == Some(false);
    if is_inactive
        && let Some((before, stored)) = before
        && !before.role_values().is_empty()
    {
        Remark::new(
            Reason::ValueKept,
            "The roles were to be removed. The user is inactive, so the old role is kept.",
        )
        .on(ROLE)
        .push_to(remarks);
        keep_roles(user, before);
        return Ok(Role::unchanged(stored));
    }
    let default = default_role(catalogue);
    match (caller.missing_role, default) {
        (MissingRole::Reject, _) if !is_inactive => Err(ScimError::new(
            Reason::RoleMissing,
            format!(
                "A role is required and none was sent. Assign the user to an app role in Entra and map \
                 SingleAppRoleAssignment([appRoleAssignments]) to {ROLE} in Provisioning, Mappings. Accepted values: {}.",
                accepted(catalogue)
            ),
        )
        .on(ROLE)),
        (_, Some(role)) => {
            Remark::new(
                Reason::DefaultRoleUsed,
                format!("No role was sent. The user has the default role {}.", role.role_value),
            )
            .on(ROLE)
            .push_to(remarks);
            Ok(Role {
                id: Some(role.role_id.clone()),
                value: None,
                state: RoleState::Defaulted,
                unreviewed: Vec::new(),
            })
        }
        (_, None) => Ok(Role {
            id: None,
            value: None,
            state: RoleState::Missing,
            unreviewed: Vec::new(),
        }),
    }
}

/// Entra's name of the attribute, as its admin sees it in the mapping.
const ROLE: &str = crate::server::scim::resource::PRIMARY_ROLE;

fn unknown(value: &str, catalogue: &[RoleValue]) -> ScimError {
    ScimError::new(
        Reason::RoleUnknown,
        format!(
            "The role {} is not in the role catalogue. Accepted values: {}. Assign the user to one of these app \
             roles in Entra, or add the value in Rhombus under Settings, Roles.",
            quoted(value),
            accepted(catalogue)
        ),
    )
    .on(ROLE)
    .naming(value)
}

/// Under the policy to accept unknown roles: a catalogue of roles is short, so that as many mean that Entra sends
/// something else.
fn too_many_unreviewed(value: &str) -> ScimError {
    ScimError::new(
        Reason::RoleUnknown,
        format!(
            "The role {} is not in the role catalogue, and no more roles are added to it while {UNREVIEWED} that came \
             from Entra await review. Check in Entra that the mapping to {ROLE} is SingleAppRoleAssignment([appRoleAssignments]), \
             then review or delete roles in Rhombus under Settings, Roles.",
            quoted(value),
        ),
    )
    .on(ROLE)
    .naming(value)
}

/// Roles that Entra brought and nobody has looked at.
fn awaiting_review(catalogue: &[RoleValue]) -> usize {
    let roles: HashSet<&str> = catalogue
        .iter()
        .filter(|role| !role.is_reviewed)
        .map(|role| role.role_id.as_str())
        .collect();
    roles.len()
}

/// The values to choose from, at most thirty, highest role first.
fn accepted(catalogue: &[RoleValue]) -> String {
    let values: Vec<&str> = catalogue
        .iter()
        .take(30)
        .map(|role| role.value.as_str())
        .collect();
    values.join(", ")
}

fn find<'a>(catalogue: &'a [RoleValue], value: &str) -> Option<&'a RoleValue> {
    let key = case_key(value);
    catalogue.iter().find(|role| role.value_key == key)
}

fn named<'a>(roles: &'a [NewRole], value: &str) -> Option<&'a NewRole> {
    let key = case_key(value);
    roles.iter().find(|role| case_key(&role.value) == key)
}

fn default_role(catalogue: &[RoleValue]) -> Option<&RoleValue> {
    catalogue.iter().find(|role| role.is_default)
}

fn keep_roles(user: &mut User, before: &User) {
    if let Ok(path) = AttributePath::parse("roles") {
        let kept = before.get(&path).cloned();
        user.set(&path, kept);
    }
}

fn owned(values: Vec<&str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}
