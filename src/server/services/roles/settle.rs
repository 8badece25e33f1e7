//! Stored users follow a change of the catalogue, some at a time.

use crate::server::App;
use crate::server::error::StoreError;
use crate::server::services::audit::Who;
use crate::server::services::provisioning::settle_roles;
use crate::server::services::to_the_end::go_on;
use crate::server::store::role_catalogue;
use crate::server::store::role_holders::{self, Holders};

/// Users that one transaction touches: others wait for it.
const BATCH: usize = 500;
/// Users who are looked for at a time: PostgreSQL sorts all of them for it.
const FOUND: i64 = 20_000;

/// Gives these users the roles that the catalogue gives to their values now, by `who`'s act.
///
/// # Errors
/// When the database fails or the service is ending; who was settled until then stays so, and the same again settles the others.
pub(super) async fn settle(
    app: &App,
    who: &Who,
    organization_id: &str,
    holders: &Holders,
) -> Result<(), StoreError> {
    let reviewed = match holders {
        Holders::OfUnreviewed(role_id) => Some(role_id.clone()),
        Holders::OfValues(keys) if keys.is_empty() => return Ok(()),
        Holders::OfValues(_) => None,
    };
    let settling = Settling {
        who: who.clone(),
        organization_id: organization_id.to_owned(),
        reviewed,
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
}

impl Settling {
    /// As [`settle_roles`], in a transaction of its own.
    async fn settle_batch(
        &self,
        app: &App,
        ids: Vec<String>,
    ) -> Result<(usize, Vec<String>), StoreError> {
        let settling = self.clone();
        app.db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    let Self {
                        who,
                        organization_id,
                        reviewed,
                    } = &settling;
                    settle_roles(tx, who, organization_id, &ids, reviewed.as_deref()).await
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
