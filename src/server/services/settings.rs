//! What the settings page shows beside the organization: what users carry, the roles, and how long things are kept.

use super::{organization, roles};
use crate::model::guard::suggested;
use crate::model::settings::{Carried, GuardSetting, Retention, Settings};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::error::ServiceError;
use crate::server::store::{carried, guard, keyset, user_failures};

/// Everything that the page shows.
///
/// # Errors
/// As any read.
pub async fn get(app: &App, allowed: &Allowed) -> Result<Settings, ServiceError> {
    let id = &organization(allowed, Permission::ReadOrganization)?.id;
    let catalogue = roles::list(app, allowed).await?;
    let mut connection = app.db.read().await?;
    let counted = carried::count(&mut connection, id).await?;
    let limit = guard::limit(&mut connection, id).await?;
    let held = guard::count_held(&mut connection, id).await?;
    let active = user_failures::counts(&mut connection, id).await?.active;
    Ok(Settings {
        carried: Carried {
            everyone: keyset::count(counted.everyone),
            without_given_name: keyset::count(counted.without_given_name),
            without_family_name: keyset::count(counted.without_family_name),
            without_role: keyset::count(counted.without_role),
            with_external_id: keyset::count(counted.with_external_id),
            with_work_email: keyset::count(counted.with_work_email),
            with_title: keyset::count(counted.with_title),
            with_department: keyset::count(counted.with_department),
        },
        catalogue,
        guard: GuardSetting {
            limit: limit.and_then(|limit| u64::try_from(limit).ok()),
            suggested: suggested(keyset::count(active)),
            held: keyset::count(held),
        },
        retention: Retention {
            log_days: app.settings.log_retention_days,
            payload_days: app.settings.payload_retention_days,
            audit_days: app.settings.audit_retention_days,
        },
    })
}
