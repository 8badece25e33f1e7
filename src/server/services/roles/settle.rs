//! Stored users follow a change of the catalogue, some at a time. The change leaves a note of it, which stays until all have
//! followed: whatever breaks off is taken up again.

use crate::server::App;
use crate::server::actor::Actor;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::services::audit::Who;
use crate::server::services::provisioning::settle_roles;
use crate::server::services::to_the_end::go_on;
use crate::server::store::role_holders::{self, Holders};
use crate::server::store::role_settlements::{self, RoleSettlement};
use crate::server::store::{Tx, role_catalogue};

/// Users that one transaction touches: others wait for it.
const BATCH: usize = 500;
/// Users who are looked for at a time: PostgreSQL sorts all of them for it.
const FOUND: i64 = 20_000;

/// Notes, in the transaction of a change, that users with these values are to follow it: [`settle_noted`] is the next to do.
/// `None` when there are no values.
///
/// # Errors
/// As any write.
pub(super) async fn note(
    tx: &mut Tx<'_>,
    who: &Who,
    organization_id: &str,
    keys: &[String],
) -> Result<Option<RoleSettlement>, StoreError> {
    if keys.is_empty() {
        return Ok(None);
    }
    let noted = RoleSettlement {
        id: ids::new_id(who.at),
        organization_id: organization_id.to_owned(),
        value_keys: serde_json::to_string(keys)?,
        actor_kind: who.actor.kind().to_owned(),
        actor_id: who.actor.id().to_owned(),
        actor_name: who.actor.name(),
    };
    role_settlements::insert(tx, &noted, who.at).await?;
    Ok(Some(noted))
}

/// As [`settle`], for what was noted; the note goes when all have followed.
///
/// # Errors
/// As [`settle`]; the note stays then.
pub(super) async fn settle_noted(
    app: &App,
    who: &Who,
    noted: Option<RoleSettlement>,
) -> Result<(), StoreError> {
    let Some(noted) = noted else {
        return Ok(());
    };
    let holders = Holders::OfValues(serde_json::from_str(&noted.value_keys)?);
    settle(app, who, &noted.organization_id, &holders, Some(&noted.id)).await?;
    app.db
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { role_settlements::delete(tx, &noted.id).await })
        })
        .await
}

/// Takes up what was broken off, as the act of whoever changed the catalogue; answers how many changes have been followed
/// by that. Two at once do no harm. What fails is left to the next run.
///
/// # Errors
/// When the database fails before anything is taken up.
pub async fn resume(app: &App) -> Result<usize, StoreError> {
    let mut connection = app.db.read().await?;
    let abandoned = role_settlements::list_abandoned(&mut connection, app.clock.now()).await?;
    drop(connection);
    let mut settled = 0;
    for noted in abandoned {
        match take_up(app, noted).await {
            Ok(true) => settled += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "users have not followed a change of their role catalogue yet");
            }
        }
    }
    Ok(settled)
}

/// `false` when somebody else has taken it up.
async fn take_up(app: &App, noted: RoleSettlement) -> Result<bool, StoreError> {
    let (id, now) = (noted.id.clone(), app.clock.now());
    let is_ours: bool = app
        .db
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { role_settlements::claim(tx, &id, now).await })
        })
        .await?;
    if !is_ours {
        return Ok(false);
    }
    let (id, name) = (noted.actor_id.clone(), noted.actor_name.clone());
    let actor = Actor::from_stored(&noted.actor_kind, id, name)
        .ok_or_else(|| StoreError::Corrupt(format!("actor {:?}", noted.actor_kind)))?;
    let who = Who {
        actor,
        address: String::new(),
        organization_id: Some(noted.organization_id.clone()),
        // Not before they change.
        at: now,
    };
    settle_noted(app, &who, Some(noted)).await?;
    Ok(true)
}

/// Gives these users the roles that the catalogue gives to their values now, by `who`'s act. `noted` is the id of the note
/// of it, which is held meanwhile.
///
/// # Errors
/// When the database fails or the service is ending; who was settled until then stays so, and the same again settles the others.
pub(super) async fn settle(
    app: &App,
    who: &Who,
    organization_id: &str,
    holders: &Holders,
    noted: Option<&str>,
) -> Result<(), StoreError> {
    let settling = Settling {
        who: who.clone(),
        organization_id: organization_id.to_owned(),
        reviewed: match holders {
            Holders::OfUnreviewed(role_id) => Some(role_id.clone()),
            Holders::OfValues(_) => None,
        },
        noted: noted.map(str::to_owned),
    };
    await_requests(app, organization_id).await;
    let mut after = String::new();
    loop {
        let mut connection = app.db.read().await?;
        let mut ids =
            role_holders::list(&mut connection, organization_id, holders, &after, FOUND).await?;
        drop(connection);
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let mut held = Vec::new();
        while !ids.is_empty() {
            let batch = ids.iter().take(BATCH).cloned().collect();
            let (dealt_with, passed_over) = settling.settle_batch(app, batch).await?;
            ids.drain(..dealt_with.clamp(1, ids.len()));
            held.extend(passed_over);
            go_on(app)?;
        }
        for id in held {
            settling.settle_batch(app, vec![id]).await?;
            go_on(app)?;
        }
    }
}

/// What the batches have in common.
#[derive(Clone)]
struct Settling {
    who: Who,
    organization_id: String,
    /// The role that counts as reviewed.
    reviewed: Option<String>,
    /// The note of it.
    noted: Option<String>,
}

impl Settling {
    /// As [`settle_roles`], in a transaction of its own.
    async fn settle_batch(
        &self,
        app: &App,
        ids: Vec<String>,
    ) -> Result<(usize, Vec<String>), StoreError> {
        let (settling, now) = (self.clone(), app.clock.now());
        app.db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    let Self {
                        who,
                        organization_id,
                        reviewed,
                        noted,
                    } = &settling;
                    let settled =
                        settle_roles(tx, who, organization_id, &ids, reviewed.as_deref()).await?;
                    // Last: whoever is at the same waits for it with nothing else to wait for.
                    if let Some(id) = noted {
                        role_settlements::hold(tx, id, now).await?;
                    }
                    Ok(settled)
                })
            })
            .await
    }
}

/// Waits for requests that have read the catalogue as it was: whom they store is found then. If that takes too long, the
/// others are settled all the same.
async fn await_requests(app: &App, organization_id: &str) {
    let organization_id = organization_id.to_owned();
    let waited = app
        .db
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { role_catalogue::await_assignments(tx, &organization_id).await })
        })
        .await;
    if let Err(error) = waited {
        tracing::warn!(%error, "requests under way were not waited for");
    }
}
