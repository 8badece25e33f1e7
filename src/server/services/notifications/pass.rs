//! Once a minute: what is new, goes on or is over in all organizations, and the mails about it. What is decided and the
//! mails that follow are written in one transaction, so that nothing is told twice and nothing is lost: until then the
//! issue or problem itself is the reminder.

use super::decide::{Over, Situation, decide};
use super::known::{Facts, Known};
use super::letters::{Step, Writer, sender_of};
use super::settings::zone_of;
use crate::server::App;
use crate::server::clock::Millis;
use crate::server::error::{ServiceError, StoreError};
use crate::server::store::issues;
use crate::server::store::notifications as store;
use crate::server::store::organizations;
use crate::server::store::outbox as outbox_store;
use crate::server::store::sql::Connection;

/// What a run has told, in mails whatever the number of their recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    pub first: usize,
    pub over: usize,
    pub digests: usize,
}

/// Runs, whoever else does: what is decided twice is told once.
///
/// # Errors
/// When the database fails; the next run does what this one has not.
pub async fn run(app: &App) -> Result<Told, ServiceError> {
    let now = app.clock.now();
    let mut connection = app.db.read().await?;
    let known = Known::read(&mut connection, now).await?;
    let mut told = Told::default();
    for (id, facts) in &known.organizations {
        match tell(app, &mut connection, id, facts, now).await {
            Ok(here) => {
                told.first += here.first;
                told.over += here.over;
                told.digests += here.digests;
            }
            // What is wrong with one organization's data keeps nobody else from being told.
            Err(ServiceError::Store(StoreError::Corrupt(error))) => {
                tracing::error!(error, organization.id = id, "an organization is not told");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(told)
}

/// Tells one organization's recipients what there is to tell.
async fn tell(
    app: &App,
    connection: &mut Connection<'_>,
    organization_id: &str,
    facts: &Facts,
    now: Millis,
) -> Result<Told, ServiceError> {
    let verified: Vec<Millis> = facts
        .listeners
        .iter()
        .map(|listener| listener.verified_at)
        .collect();
    let settings = &facts.kept.settings;
    let decision = decide(&Situation {
        settings,
        zone: zone_of(settings),
        on_since: facts.kept.on_since,
        verified: &verified,
        digest_at: facts.digest_at,
        mailed: &facts.mailed,
        sent: facts.sent,
        open: &facts.open,
        over: &facts.over,
        now,
    });
    if decision.is_empty() {
        return Ok(Told::default());
    }
    let named = store::organization(connection, organization_id).await?;
    let (name, slug) = named
        .map(|named| (named.name, named.slug))
        .unwrap_or_default();
    let writer = Writer {
        app,
        organization_id,
        facts,
        sender: sender_of(&name, &slug, settings),
        now,
    };
    let steps = writer.steps(connection, &decision).await?;
    write(app, organization_id, steps, now).await
}

/// Writes what is decided, each step only if nobody else has, and its mails with it.
async fn write(
    app: &App,
    organization_id: &str,
    steps: Vec<Step>,
    now: Millis,
) -> Result<Told, ServiceError> {
    let live = app.live.clone();
    let organization_id = organization_id.to_owned();
    app.db
        .write::<_, ServiceError, _>(move |tx| {
            Box::pin(async move {
                let mut told = Told::default();
                // Nobody is erased between what is checked here and the mails.
                organizations::lock(tx, &organization_id).await?;
                for step in steps {
                    let (is_ours, mails, counter) = match step {
                        Step::Mark { open, mails, named } => {
                            // One of them has succeeded or was erased just now: the next run names the others.
                            if issues::count_named(tx, &open.id, &named).await? < named.len() {
                                continue;
                            }
                            let mark = store::Mark {
                                organization_id: &organization_id,
                                kind: open.what.kind(),
                                cause_id: &open.id,
                                opened_at: open.opened_at,
                                repeats: &open.repeats,
                                now,
                                is_mailed: !mails.is_empty(),
                            };
                            (store::mark(tx, &mark).await?, mails, &mut told.first)
                        }
                        Step::Over { over, mails } => {
                            let causes: Vec<_> = over.iter().map(cause).collect();
                            let mailed = !mails.is_empty();
                            let is_ours = store::close(tx, &causes, now, mailed).await?;
                            (is_ours, mails, &mut told.over)
                        }
                        Step::Close(over) => {
                            store::close(tx, &[cause(&over)], now, false).await?;
                            continue;
                        }
                        Step::Digest { before, mails } => {
                            let is_ours =
                                store::digest_written(tx, &organization_id, before, now).await?;
                            (is_ours, mails, &mut told.digests)
                        }
                    };
                    if !is_ours {
                        continue;
                    }
                    *counter += usize::from(!mails.is_empty());
                    for mail in &mails {
                        outbox_store::insert(tx, mail).await?;
                    }
                }
                if told != Told::default() {
                    tx.after_commit(move || live.grown(&organization_id));
                }
                Ok(told)
            })
        })
        .await
}

fn cause(over: &Over) -> store::Cause<'_> {
    store::Cause {
        kind: over.kind,
        id: &over.id,
        opened_at: over.opened_at,
    }
}
