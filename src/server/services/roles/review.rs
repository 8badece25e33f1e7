//! Looking at a role that came from Entra.

use serde_json::json;

use super::case_key;
use super::change::{all_keys, locked, mapped, organization};
use super::settle::{note, settle, settle_noted};
use crate::server::App;
use crate::server::actor::Allowed;
use crate::server::error::ServiceError;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::to_the_end::to_the_end;
use crate::server::store::role_holders::Holders;
use crate::server::store::role_settlements::RoleSettlement;
use crate::server::store::roles;

/// Notes that somebody has looked at a role that came from Entra: it counts as any other from then on.
///
/// # Errors
/// `NotFound` when it is gone.
pub async fn review(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization_id = organization(allowed)?;
    let (app, who) = (app.clone(), Who::of(allowed, app.clock.now()));
    let id = id.to_owned();
    to_the_end(app.tasks.clone(), "reviewing a role", async move {
        let users = Holders::OfUnreviewed(id.clone());
        // First, so that a review that breaks off can be done again; then those that came meanwhile, and whoever had its
        // values before Entra made it a role.
        settle(&app, &who, &organization_id, &users, None).await?;
        let noted = set_reviewed(&app, &who, &organization_id, id).await?;
        settle_noted(&app, &who, noted).await?;
        Ok::<_, ServiceError>(())
    })
    .await
}

/// Answers the note of the values that mean the role.
async fn set_reviewed(
    app: &App,
    who: &Who,
    organization_id: &str,
    id: String,
) -> Result<Option<RoleSettlement>, ServiceError> {
    let (who, organization_id) = (who.clone(), organization_id.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let role = locked(tx, &organization_id, &id).await?;
                let mapped = mapped(tx, &organization_id, &id).await?;
                let keys = all_keys(&mapped, case_key(&role.value));
                let noted = note(tx, &who, &organization_id, &keys).await?;
                if role.is_reviewed {
                    return Ok(noted);
                }
                roles::set_reviewed(tx, &id).await?;
                let before = json!({ "reviewed": false });
                let after = json!({ "reviewed": true });
                let target = Target::new("role", &id, &role.display_name);
                audit::record(tx, &who, "role.review", &target, Some(before), Some(after)).await?;
                Ok(noted)
            })
        })
        .await
}
