//! Organizations: created by Support, switched on and off by Support, paused and resumed by their Admins.

use serde_json::{Map, Value, json};

use crate::model::organization::{
    MissingNames, MissingRole, OrganizationDetail, ProvisioningState, UnknownRole,
};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::scim::resource::case_key;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::{names, roles};
use crate::server::store::organizations::{self, Organization, Policies};

/// Users that an organization may expect.
const MOST_USERS: i64 = 10_000_000;

/// A new organization as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewOrganization {
    pub slug: String,
    pub name: String,
    /// Leaves provisioning off: SCIM answers 403 until Support turns it on.
    pub off: bool,
    pub policies: Policies,
}

/// Creates an organization with its role catalogue.
///
/// # Errors
/// `Invalid` for a slug or name against the rules, `Conflict` when the slug is taken.
pub async fn create(
    app: &App,
    allowed: &Allowed,
    new: NewOrganization,
) -> Result<OrganizationDetail, ServiceError> {
    allowed.check(Permission::CreateOrganization)?;
    let now = app.clock.now();
    let organization = Organization {
        id: ids::new_id(now),
        slug: names::slug(&new.slug)?,
        name: names::name("name", &new.name)?,
        state: if new.off {
            ProvisioningState::Off
        } else {
            ProvisioningState::On
        },
        state_changed_at: now,
        policies: new.policies,
        expected_users: None,
        created_at: now,
    };
    let who = Who::of(allowed, now).within(Some(&organization.id));
    let detail = detail(app, &organization);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let name_key = case_key(&organization.name);
                if !organizations::insert(tx, &organization, &name_key).await? {
                    return Err(ServiceError::conflict(format!(
                        "There is an organization with the slug \"{}\" already.",
                        organization.slug
                    )));
                }
                roles::seed(tx, &organization.id, now).await?;
                let mut after = settings_json(&organization);
                after.insert("slug".to_owned(), json!(organization.slug));
                after.insert("state".to_owned(), json!(organization.state.as_str()));
                let target = target(&organization);
                audit::record(
                    tx,
                    &who,
                    "organization.create",
                    &target,
                    None,
                    Some(after.into()),
                )
                .await?;
                Ok(())
            })
        })
        .await?;
    Ok(detail)
}

/// The organization of a slug, for guards and the command line.
///
/// # Errors
/// As any read.
pub async fn find(app: &App, slug: &str) -> Result<Option<OrganizationRef>, ServiceError> {
    let organization = organizations::find(&mut app.db.read_by_key().await?, slug).await?;
    Ok(organization.map(|organization| OrganizationRef {
        id: organization.id,
        slug: organization.slug,
        name: organization.name,
    }))
}

/// The organization of the permission, with its Tenant URL and policies.
///
/// # Errors
/// `NotFound` when it is gone.
pub async fn get(app: &App, allowed: &Allowed) -> Result<OrganizationDetail, ServiceError> {
    let organization = allowed.check_in(Permission::ReadOrganization)?;
    organizations::find(&mut app.db.read_by_key().await?, &organization.slug)
        .await?
        .map(|organization| detail(app, &organization))
        .ok_or(ServiceError::NotFound {
            what: "organization",
        })
}

/// What to change; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct OrganizationChange {
    pub name: Option<String>,
    pub missing_names: Option<MissingNames>,
    pub missing_role: Option<MissingRole>,
    pub unknown_role: Option<UnknownRole>,
    /// As typed; blank for nobody knows.
    pub expected_users: Option<String>,
}

impl OrganizationChange {
    /// Refuses what [`set`] would refuse, for whoever is to change something else before.
    ///
    /// # Errors
    /// `Invalid` for a name or number against the rules.
    pub fn check(&self) -> Result<(), ServiceError> {
        self.checked_name()?;
        self.checked_users()?;
        Ok(())
    }

    fn checked_name(&self) -> Result<Option<String>, ServiceError> {
        let name = self.name.as_deref();
        name.map(|name| names::name("name", name)).transpose()
    }

    fn checked_users(&self) -> Result<Option<Option<i64>>, ServiceError> {
        self.expected_users
            .as_deref()
            .map(expected_users)
            .transpose()
    }
}

/// Sets name, policies and the users that are expected.
///
/// # Errors
/// `Invalid` for a name or number against the rules, `NotFound` when the organization is gone.
pub async fn set(
    app: &App,
    allowed: &Allowed,
    change: OrganizationChange,
) -> Result<OrganizationDetail, ServiceError> {
    let id = allowed.check_in(Permission::ManageOrganization)?.id.clone();
    let name = change.checked_name()?;
    let expected_users = change.checked_users()?;
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let organization = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let old = find_for_update(tx, &id).await?;
                let mut new = old.clone();
                new.name = name.unwrap_or(new.name);
                new.expected_users = expected_users.unwrap_or(new.expected_users);
                let policies = &mut new.policies;
                policies.missing_names = change.missing_names.unwrap_or(policies.missing_names);
                policies.missing_role = change.missing_role.unwrap_or(policies.missing_role);
                policies.unknown_role = change.unknown_role.unwrap_or(policies.unknown_role);
                if let Some((before, after)) = difference(settings_json(&old), settings_json(&new))
                {
                    let name_key = case_key(&new.name);
                    organizations::update_settings(tx, &new, &name_key, now).await?;
                    let target = target(&new);
                    audit::record(
                        tx,
                        &who,
                        "organization.set",
                        &target,
                        Some(before),
                        Some(after),
                    )
                    .await?;
                }
                Ok::<_, ServiceError>(new)
            })
        })
        .await?;
    Ok(detail(app, &organization))
}

/// Turns provisioning on (from off), by Support. A paused organization stays paused: that is its Admin's.
///
/// # Errors
/// `NotFound` when the organization is gone.
pub async fn enable(app: &App, allowed: &Allowed) -> Result<ProvisioningState, ServiceError> {
    switch(
        app,
        allowed,
        Permission::SwitchProvisioning,
        "organization.enable",
        |state| {
            Ok(match state {
                ProvisioningState::Off | ProvisioningState::On => ProvisioningState::On,
                ProvisioningState::Paused => ProvisioningState::Paused,
            })
        },
    )
    .await
}

/// Turns provisioning off, by Support: SCIM answers 403.
///
/// # Errors
/// `NotFound` when the organization is gone.
pub async fn disable(app: &App, allowed: &Allowed) -> Result<ProvisioningState, ServiceError> {
    switch(
        app,
        allowed,
        Permission::SwitchProvisioning,
        "organization.disable",
        |_| Ok(ProvisioningState::Off),
    )
    .await
}

/// Pauses provisioning, by an Admin: SCIM answers 503 and Entra tries again later.
///
/// # Errors
/// `Conflict` while provisioning is off.
pub async fn pause(app: &App, allowed: &Allowed) -> Result<ProvisioningState, ServiceError> {
    switch(
        app,
        allowed,
        Permission::PauseProvisioning,
        "organization.pause",
        |state| match state {
            ProvisioningState::Off => Err(is_off()),
            ProvisioningState::On | ProvisioningState::Paused => Ok(ProvisioningState::Paused),
        },
    )
    .await
}

/// Ends a pause, by an Admin.
///
/// # Errors
/// `Conflict` while provisioning is off.
pub async fn resume(app: &App, allowed: &Allowed) -> Result<ProvisioningState, ServiceError> {
    switch(
        app,
        allowed,
        Permission::PauseProvisioning,
        "organization.resume",
        |state| match state {
            ProvisioningState::Off => Err(is_off()),
            ProvisioningState::On | ProvisioningState::Paused => Ok(ProvisioningState::On),
        },
    )
    .await
}

/// A number of users as it is typed; blank for none.
fn expected_users(text: &str) -> Result<Option<i64>, ServiceError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match names::whole_number(text) {
        Some(users) if (1..=MOST_USERS).contains(&users) => Ok(Some(users)),
        _ => Err(ServiceError::invalid(
            "expected_users",
            "Type a whole number of users from 1 to 10,000,000, or leave it empty.",
        )),
    }
}

fn is_off() -> ServiceError {
    ServiceError::conflict(
        "Provisioning is off for this organization. Ask Rhombus support to turn it on.",
    )
}

async fn switch(
    app: &App,
    allowed: &Allowed,
    permission: Permission,
    action: &'static str,
    decide: fn(ProvisioningState) -> Result<ProvisioningState, ServiceError>,
) -> Result<ProvisioningState, ServiceError> {
    let id = allowed.check_in(permission)?.id.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let organization = find_for_update(tx, &id).await?;
                let state = decide(organization.state)?;
                if state != organization.state {
                    organizations::update_state(tx, &id, state, now).await?;
                    let before = json!({ "state": organization.state.as_str() });
                    let after = json!({ "state": state.as_str() });
                    let target = target(&organization);
                    audit::record(tx, &who, action, &target, Some(before), Some(after)).await?;
                }
                Ok(state)
            })
        })
        .await
}

async fn find_for_update(
    tx: &mut crate::server::store::Tx<'_>,
    id: &str,
) -> Result<Organization, ServiceError> {
    organizations::find_for_update(tx, id)
        .await?
        .ok_or(ServiceError::NotFound {
            what: "organization",
        })
}

fn detail(app: &App, organization: &Organization) -> OrganizationDetail {
    OrganizationDetail {
        slug: organization.slug.clone(),
        name: organization.name.clone(),
        state: organization.state,
        tenant_url: app.settings.tenant_url(&organization.slug),
        missing_names: organization.policies.missing_names,
        missing_role: organization.policies.missing_role,
        unknown_role: organization.policies.unknown_role,
        expected_users: organization.expected_users.map(i64::unsigned_abs),
    }
}

fn target(organization: &Organization) -> Target {
    Target::new("organization", &organization.id, &organization.name)
}

fn settings_json(organization: &Organization) -> Map<String, Value> {
    let policies = organization.policies;
    Map::from_iter([
        ("name".to_owned(), json!(organization.name)),
        (
            "missing_names".to_owned(),
            json!(policies.missing_names.as_str()),
        ),
        (
            "missing_role".to_owned(),
            json!(policies.missing_role.as_str()),
        ),
        (
            "unknown_role".to_owned(),
            json!(policies.unknown_role.as_str()),
        ),
        (
            "expected_users".to_owned(),
            json!(organization.expected_users),
        ),
    ])
}

/// What differs, before and after; `None` when nothing does.
fn difference(
    mut before: Map<String, Value>,
    mut after: Map<String, Value>,
) -> Option<(Value, Value)> {
    let same: Vec<String> = before
        .iter()
        .filter(|(name, value)| after.get(*name) == Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    before.retain(|name, _| !same.contains(name));
    after.retain(|name, _| !same.contains(name));
    (!after.is_empty()).then(|| (before.into(), after.into()))
}
