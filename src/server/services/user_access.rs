//! The two things that an Admin does to a provisioned person here: keep them out, and forget them.
//!
//! A block stands beside `active`, which stays Entra's: access means active and not blocked. SCIM does not know of
//! it: neither answers nor versions change. Audit entries about a user hold the id alone, since they outlive an
//! erasure; the history, which does not, has the reason.

use serde_json::json;

use crate::model::user::ChangeKind;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::Millis;
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::scim::resource::{Change, case_key};
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::changes;
use crate::server::services::to_the_end::{go_on, to_the_end};
use crate::server::store::outbox::{self, NamingMail};
use crate::server::store::sql::Connection;
use crate::server::store::user_blocks::{self, Blockable};
use crate::server::store::user_erasure::{self, Known, Name, Tombstone};
use crate::server::store::users::{self, NewChange};
use crate::server::store::{Tx, issue_records, organizations, support_bundles, take_overs};

/// Characters of a reason at most.
const REASON: usize = 500;
/// Log entries that are cleared at a time: payloads go with them, which may be large.
const CLEARED: usize = 50;

/// Blocks a user, whatever Entra sends, until [`unblock`]. `reason` is shown to everybody who may see the user.
///
/// # Errors
/// `Invalid` without a reason or with one that is too long; `NotFound`; `Conflict` when the user is blocked
/// already or deleted.
pub async fn block(
    app: &App,
    allowed: &Allowed,
    id: &str,
    reason: &str,
) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::BlockUsers)?.id.clone();
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(ServiceError::invalid(
            "reason",
            "Say why, so that the next administrator knows when to lift the block.",
        ));
    }
    if reason.chars().count() > REASON {
        return Err(ServiceError::invalid(
            "reason",
            "Say it in at most 500 characters.",
        ));
    }
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let (id, reason) = (id.to_owned(), reason.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let user = find(tx, &organization_id, &id).await?;
                if user.is_deleted {
                    return Err(ServiceError::conflict(
                        "Entra has deleted this user, who has no access. There is nobody to block.",
                    ));
                }
                if user.blocked_at.is_some() {
                    return Err(ServiceError::conflict(
                        "This user is blocked already. The banner says by whom and why.",
                    ));
                }
                let name = who.actor.name();
                user_blocks::block(tx, &organization_id, &id, now, &name, &reason).await?;
                let changes = [
                    change("blocked", Some(json!(false)), Some(json!(true))),
                    change("reason", None, Some(json!(reason))),
                ];
                keep_history(tx, &who, &user, ChangeKind::Blocked, &changes).await?;
                let target = Target::new("user", &id, "");
                let (before, after) = (json!({ "blocked": false }), json!({ "blocked": true }));
                audit::record(tx, &who, "user.block", &target, Some(before), Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Lifts a block: access is what Entra says again. Again is no error.
///
/// # Errors
/// `NotFound`.
pub async fn unblock(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::BlockUsers)?.id.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let id = id.to_owned();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let user = find(tx, &organization_id, &id).await?;
                if user.blocked_at.is_none() {
                    return Ok(());
                }
                user_blocks::lift(tx, &organization_id, &user).await?;
                let changes = [
                    change("blocked", Some(json!(true)), Some(json!(false))),
                    change(
                        "reason",
                        user.blocked_reason.as_ref().map(|text| json!(text)),
                        None,
                    ),
                ];
                keep_history(tx, &who, &user, ChangeKind::Unblocked, &changes).await?;
                let target = Target::new("user", &id, "");
                let (before, after) = (json!({ "blocked": true }), json!({ "blocked": false }));
                audit::record(tx, &who, "user.unblock", &target, Some(before), Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Forgets a user that Entra has deleted: tombstone, history, payloads, the names in mails, and those in log entries, which
/// keep the id. `typed` is the userName as the person confirmed it. It goes on when the request ends.
///
/// Entries go in batches, so that Entra never waits, then the names in mails and their files, and the tombstone last:
/// whatever interrupts this, doing it again finishes it.
///
/// # Errors
/// `Conflict` for a user that Entra has not deleted; `NotFound`; `Invalid` for another userName.
pub async fn erase(
    app: &App,
    allowed: &Allowed,
    id: &str,
    typed: &str,
) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::EraseUsers)?.id.clone();
    let erasure = Erasure {
        app: app.clone(),
        organization_id,
        id: id.to_owned(),
        who: Who::of(allowed, app.clock.now()),
    };
    let typed = typed.to_owned();
    to_the_end(app.tasks.clone(), "erasing a user", async move {
        erasure.run(&typed).await
    })
    .await
}

/// One user who is forgotten.
struct Erasure {
    app: App,
    organization_id: String,
    id: String,
    who: Who,
}

impl Erasure {
    async fn run(&self, typed: &str) -> Result<(), ServiceError> {
        // What has been answered is in the database now.
        self.app.recorder.flush().await;
        let (user, names) = self.known(typed).await?;
        self.clear_log(&names).await?;
        self.forget_in_mails(issue_keys(&user, &names)).await?;
        self.delete().await
    }

    /// The user, if it is the one that was meant, and its names.
    async fn known(&self, typed: &str) -> Result<(Tombstone, Vec<Name>), ServiceError> {
        let (organization_id, id) = (&self.organization_id, &self.id);
        let mut connection = self.app.db.read().await?;
        let Some(user) = user_erasure::find(&mut connection, organization_id, id).await? else {
            return Err(
                match users::find(&mut connection, organization_id, id).await? {
                    Some(_) => ServiceError::conflict(
                        "Only a user that Entra has deleted can be erased. Delete the user in Entra first.",
                    ),
                    None => ServiceError::NotFound { what: "user" },
                },
            );
        };
        if case_key(typed.trim()) != user.user_name_key {
            return Err(ServiceError::invalid(
                "user_name",
                "This is not the userName of the user. Type it as it stands above.",
            ));
        }
        let names = names(&mut connection, organization_id, &user).await?;
        Ok((user, names))
    }

    async fn clear_log(&self, names: &[Name]) -> Result<(), ServiceError> {
        let (organization_id, mut after) = (&self.organization_id, None);
        loop {
            // Not one for all stretches: there are few connections to read with.
            let mut connection = self.app.db.read().await?;
            let stretch = user_erasure::find_entries(
                &mut connection,
                organization_id,
                &self.id,
                names,
                after.as_ref(),
            )
            .await?;
            drop(connection);
            for ids in stretch.ids.chunks(CLEARED) {
                let (organization_id, ids) = (organization_id.clone(), ids.to_vec());
                self.app
                    .db
                    .write::<_, StoreError, _>(move |tx| {
                        Box::pin(async move {
                            user_erasure::clear_entries(tx, &organization_id, &ids).await
                        })
                    })
                    .await?;
                go_on(&self.app)?;
            }
            after = stretch.end;
            if after.is_none() {
                return Ok(());
            }
            go_on(&self.app)?;
        }
    }

    async fn forget_in_mails(&self, keys: Vec<String>) -> Result<(), ServiceError> {
        let (organization_id, now) = (self.organization_id.clone(), self.who.at);
        self.app
            .db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    // Mails that are composed meanwhile wait, and neither they nor later ones name the user.
                    organizations::lock(tx, &organization_id).await?;
                    issue_records::forget_user(tx, &organization_id, &keys, now).await
                })
            })
            .await?;
        let mut after = None;
        loop {
            let mut connection = self.app.db.read().await?;
            let mails =
                outbox::list_naming(&mut connection, &self.organization_id, after.as_ref()).await?;
            drop(connection);
            let Some(last) = mails.last() else {
                return Ok(());
            };
            after = Some(last.cursor());
            self.forget_names(&mails).await?;
            let ids = mails.into_iter().map(|mail| mail.id).collect();
            // Whatever is being filed is removed by who files it.
            self.app.mailer.remove_files(ids).await.map_err(|error| {
                ServiceError::Internal(format!("a mail's file is not removed: {error}"))
            })?;
            go_on(&self.app)?;
        }
    }

    async fn forget_names(&self, mails: &[NamingMail]) -> Result<(), StoreError> {
        let named = mails.iter().filter(|mail| mail.is_named);
        let ids: Vec<String> = named.map(|mail| mail.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let organization_id = self.organization_id.clone();
        self.app
            .db
            .write(move |tx| {
                Box::pin(async move { outbox::forget_names(tx, &organization_id, &ids).await })
            })
            .await
    }

    async fn delete(&self) -> Result<(), ServiceError> {
        let (organization_id, id) = (self.organization_id.clone(), self.id.clone());
        // Outside the change: they are megabytes each.
        let mut connection = self.app.db.read().await?;
        let bundles = support_bundles::find_of_user(&mut connection, &organization_id, &id).await?;
        drop(connection);
        let who = self.who.clone();
        self.app
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if !user_erasure::delete(tx, &organization_id, &id).await? {
                        return Err(ServiceError::NotFound { what: "user" });
                    }
                    take_overs::forget(tx, &organization_id, &id).await?;
                    for bundle in &bundles {
                        support_bundles::delete(tx, &organization_id, bundle).await?;
                    }
                    let target = Target::new("user", &id, "");
                    audit::record(tx, &who, "user.erase", &target, None, None).await?;
                    Ok(())
                })
            })
            .await
    }
}

/// What the user was known by, from its history. Where somebody else has the name now, only entries up to the time at
/// which this user lost it.
async fn names(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user: &Tombstone,
) -> Result<Vec<Name>, ServiceError> {
    let last = if user.has_successor {
        user.deleted_at
    } else {
        Millis::MAX
    };
    let own = |known| Name { known, until: last };
    let mut names = vec![own(Known::UserName(user.user_name_key.clone()))];
    names.extend(user.external_id.clone().map(Known::ExternalId).map(own));
    for (at, stored) in user_erasure::find_renames(connection, organization_id, &user.id).await? {
        for change in changes::parse(&stored)? {
            let known = match (change.attribute.as_str(), change.old) {
                ("userName", Some(old)) => Known::UserName(case_key(&old)),
                ("externalId", Some(old)) => Known::ExternalId(old),
                _ => continue,
            };
            if names
                .iter()
                .any(|name| name.known == known && name.until > at)
            {
                continue;
            }
            let is_held = user_erasure::is_held(connection, organization_id, &known).await?;
            let until = if is_held { at } else { Millis::MAX };
            names.push(Name { known, until });
        }
    }
    Ok(names)
}

/// What issues know the user by; a name that somebody else has now is theirs there.
fn issue_keys(user: &Tombstone, names: &[Name]) -> Vec<String> {
    let own = names.iter().filter(|name| name.until == Millis::MAX);
    let own = own.map(|name| match &name.known {
        Known::UserName(key) => issue_records::name_key(key),
        Known::ExternalId(id) => issue_records::external_key(id),
    });
    own.chain([issue_records::user_key(&user.id)]).collect()
}

async fn find(tx: &mut Tx<'_>, organization_id: &str, id: &str) -> Result<Blockable, ServiceError> {
    user_blocks::find_for_update(tx, organization_id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "user" })
}

fn change(
    attribute: &str,
    old: Option<serde_json::Value>,
    new: Option<serde_json::Value>,
) -> Change {
    Change {
        attribute: attribute.to_owned(),
        old,
        new,
    }
}

async fn keep_history(
    tx: &mut Tx<'_>,
    who: &Who,
    user: &Blockable,
    kind: ChangeKind,
    changes: &[Change],
) -> Result<(), ServiceError> {
    let change = NewChange {
        id: ids::new_id(who.at),
        user_id: &user.id,
        log_id: None,
        changed_at: who.at,
        kind: kind.as_str(),
        actor_kind: who.actor.kind(),
        actor_id: who.actor.id(),
        actor_name: who.actor.name(),
        version: user.version,
        changes: serde_json::to_string(changes).map_err(StoreError::from)?,
    };
    let organization_id = who.organization_id.as_deref().unwrap_or_default();
    users::insert_change(tx, organization_id, change);
    Ok(())
}
