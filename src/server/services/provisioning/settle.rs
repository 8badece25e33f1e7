//! The roles of stored users after the catalogue has changed: what it makes of their values now. The policies are not
//! asked: they decide what may be stored, and these users are.

use std::collections::BTreeMap;

use super::policy;
use crate::model::user::ChangeKind;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::scim::resource::User;
use crate::server::services::audit::Who;
use crate::server::store::role_holders::{self, Given};
use crate::server::store::users::NewChange;
use crate::server::store::{Tx, role_catalogue};

/// Gives these users, whose ids are in order, the roles that their values mean now, by `who`'s act. The role `reviewed`
/// counts as reviewed already. SCIM knows nothing of it: what it answers and versions stay. Answers how many of the
/// ids it has dealt with, which are the first ones, and whom of these another change holds: they wait for a call of their
/// own.
///
/// # Errors
/// As any write.
pub async fn settle_roles(
    tx: &mut Tx<'_>,
    who: &Who,
    organization_id: &str,
    ids: &[String],
    reviewed: Option<&str>,
) -> Result<(usize, Vec<String>), StoreError> {
    let locked = role_holders::lock(tx, organization_id, ids).await?;
    // After the users, in the order of requests.
    let catalogue = role_catalogue::list_to_assign(tx, organization_id).await?;
    let mut catalogue = catalogue.to_vec();
    for value in &mut catalogue {
        value.is_reviewed |= reviewed == Some(value.role_id.as_str());
    }
    let mut given: BTreeMap<Given, Vec<&str>> = BTreeMap::new();
    let mut history = Vec::new();
    for stored in &locked.users {
        let user: User = serde_json::from_str(&stored.document)?;
        let Some(role) = policy::resolved(&user, &catalogue, Vec::new()) else {
            continue;
        };
        let is_same = role.is_of(stored);
        if is_same && role.value == stored.role_value {
            continue;
        }
        if !is_same {
            let changes = [policy::role_change(stored, &role, &catalogue)];
            let at = who.at.max(stored.updated_at);
            history.push(NewChange {
                id: ids::new_id(at),
                user_id: &stored.id,
                log_id: None,
                changed_at: at,
                kind: ChangeKind::Updated.as_str(),
                actor_kind: who.actor.kind(),
                actor_id: who.actor.id(),
                actor_name: who.actor.name(),
                version: stored.version,
                changes: serde_json::to_string(&changes)?,
            });
        }
        let role = Given {
            role_id: role.id,
            role_value: role.value,
            role_state: role.state.as_str(),
        };
        given.entry(role).or_default().push(&stored.id);
    }
    role_holders::give(tx, organization_id, given, history).await?;
    Ok((locked.looked_at, locked.passed_over))
}
