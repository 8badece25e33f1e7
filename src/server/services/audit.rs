//! The audit log: who did what, when, from where, what was before and after. Never a secret.

use serde_json::Value;

use crate::server::actor::{Actor, Allowed};
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::store::{Tx, audit};

/// Who did it, from where and when. Made before the change, so that it can move into the transaction.
#[derive(Debug, Clone)]
pub struct Who {
    pub actor: Actor,
    /// IP address, or "".
    pub address: String,
    pub organization_id: Option<String>,
    pub at: Millis,
}

impl Who {
    /// The actor that was allowed, in the organization that the permission is about.
    pub fn of(allowed: &Allowed, at: Millis) -> Self {
        Self {
            actor: allowed.actor().clone(),
            address: allowed.address().to_owned(),
            organization_id: allowed
                .organization()
                .map(|organization| organization.id.clone()),
            at,
        }
    }

    /// The same in another organization, such as one that has just been created.
    #[must_use]
    pub fn within(mut self, organization_id: Option<&str>) -> Self {
        self.organization_id = organization_id.map(str::to_owned);
        self
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// One of [`TARGETS`](crate::model::audit::TARGETS), which has words for it.
    pub kind: &'static str,
    pub id: String,
    /// As shown; it outlives the thing itself.
    pub name: String,
}

impl Target {
    /// `kind` is a noun such as "token"; `name` is how people know it at this time.
    pub fn new(kind: &'static str, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            name: name.into(),
        }
    }
}

/// Adds an entry in the transaction of the change. `action` is "noun.verb", such as `token.revoke`; `before`
/// and `after` hold what changed and nothing else, as a JSON object.
///
/// # Errors
/// As any write.
pub async fn record(
    tx: &mut Tx<'_>,
    who: &Who,
    action: &'static str,
    target: &Target,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), StoreError> {
    let entry = audit::Entry {
        id: ids::new_id(who.at),
        organization_id: who.organization_id.clone(),
        occurred_at: who.at,
        actor_kind: who.actor.kind().to_owned(),
        actor_id: who.actor.id().to_owned(),
        actor_name: who.actor.name(),
        address: who.address.clone(),
        action: action.to_owned(),
        target_kind: target.kind.to_owned(),
        target_id: target.id.clone(),
        target_name: target.name.clone(),
        before: before.map(|value| value.to_string()),
        after: after.map(|value| value.to_string()),
    };
    audit::insert(tx, &entry).await
}
