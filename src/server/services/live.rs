//! Live hints: an open page is told that an organization's log has newer entries, never what they are. It asks for
//! them as it always does, so permissions and filters hold without a second copy of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::organization;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::{Millis, SECOND};
use crate::server::error::{ServiceError, StoreError};
use crate::server::store::Db;
use crate::server::store::dialect::Dialect;
use crate::server::store::log_hints::{self, Listener};
use crate::server::store::provisioning_logs;

/// An organization's log is hinted at no more often than this.
pub const REST: Duration = Duration::from_secs(1);
/// Hints that may wait for a slow page: beyond it, the page takes it that its own log was among them.
const WAITING: usize = 256;
/// Watches of one account at a time, on one replica: as many pages as somebody may have open.
const OF_ACCOUNT: usize = 20;
/// Watches in all, on one replica. Each keeps a connection busy, of which there are four times as many.
const IN_ALL: usize = 1_024;

/// Whose log has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hint {
    Organization(Arc<str>),
    /// Hints may have been missed.
    Any,
}

/// Passes hints from commits to pages. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    shutdown: CancellationToken,
    hints: broadcast::Sender<Hint>,
    /// Organizations hinted at within [`REST`], and whether there is more to tell when it is over.
    resting: Mutex<HashMap<String, bool>>,
    listens: AtomicBool,
    /// Watches by account.
    places: Mutex<HashMap<String, usize>>,
}

impl Live {
    /// Hints about the logs in `db`, until `shutdown`.
    pub fn new(db: Db, shutdown: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            db,
            shutdown,
            hints: broadcast::Sender::new(WAITING),
            resting: Mutex::default(),
            listens: AtomicBool::new(false),
            places: Mutex::default(),
        }))
    }

    /// An organization's log has grown. To be called after the commit; never waits.
    pub fn grown(&self, organization_id: &str) {
        let is_alone = self.0.db.dialect() == Dialect::Sqlite;
        if is_alone && self.0.hints.receiver_count() == 0 {
            return;
        }
        let mut resting = self.resting();
        if let Some(more) = resting.get_mut(organization_id) {
            *more = true;
            return;
        }
        resting.insert(organization_id.to_owned(), false);
        drop(resting);
        tokio::spawn(self.clone().tell(organization_id.to_owned()));
    }

    /// Tells now, and once more after each rest in which there was more to tell.
    async fn tell(self, organization_id: String) {
        loop {
            if let Err(error) = self.publish(&organization_id).await {
                tracing::warn!(error = %error, "a live hint was not sent");
            }
            tokio::time::sleep(REST).await;
            let mut resting = self.resting();
            match resting.get_mut(&organization_id) {
                Some(more) if *more => *more = false,
                _ => {
                    resting.remove(&organization_id);
                    return;
                }
            }
        }
    }

    async fn publish(&self, organization_id: &str) -> Result<(), StoreError> {
        match self.0.db.dialect() {
            Dialect::Sqlite => {
                // No page may be open.
                let _ = self
                    .0
                    .hints
                    .send(Hint::Organization(organization_id.into()));
                Ok(())
            }
            // Comes back to this replica through its listener.
            Dialect::Postgres => log_hints::notify(&self.0.db, organization_id).await,
        }
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, HashMap<String, bool>> {
        self.0
            .resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn places(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One task for the whole replica, from the first open page on.
    fn listen(&self) {
        if self.0.db.dialect() == Dialect::Postgres && !self.0.listens.swap(true, Ordering::Relaxed)
        {
            let live = self.clone();
            tokio::spawn(async move {
                let shutdown = live.0.shutdown.clone();
                shutdown.run_until_cancelled(live.hear()).await;
            });
        }
    }

    async fn hear(&self) {
        loop {
            match self.hear_while_connected().await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(error = %error, "live hints from other replicas are interrupted");
                }
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn hear_while_connected(&self) -> Result<(), StoreError> {
        let Some(mut listener) = Listener::open(&self.0.db).await? else {
            return Ok(());
        };
        let _ = self.0.hints.send(Hint::Any);
        loop {
            let hint = listener
                .next()
                .await?
                .map_or(Hint::Any, |id| Hint::Organization(id.into()));
            let _ = self.0.hints.send(hint);
        }
    }
}

/// One of an account's watches, until it is dropped.
#[derive(Debug)]
struct Place {
    live: Live,
    account_id: String,
}

impl Place {
    /// `None` when the account, or everybody together, has as many as there may be.
    fn take(live: &Live, account_id: &str) -> Option<Self> {
        let mut places = live.places();
        let taken = places.get(account_id).copied().unwrap_or_default();
        if taken >= OF_ACCOUNT || places.values().sum::<usize>() >= IN_ALL {
            return None;
        }
        places.insert(account_id.to_owned(), taken + 1);
        Some(Self {
            live: live.clone(),
            account_id: account_id.to_owned(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.live.places();
        match places.get_mut(&self.account_id) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => {
                places.remove(&self.account_id);
            }
        }
    }
}

/// One page's view of one organization, or of all.
#[derive(Debug)]
pub struct Watch {
    _place: Place,
    /// `None` for all.
    organization_id: Option<String>,
    hints: broadcast::Receiver<Hint>,
}

impl Watch {
    /// Waits until a log that it is about may have grown. All that is hinted at until this is asked again counts
    /// as one.
    pub async fn grown(&mut self) {
        loop {
            match self.hints.recv().await {
                Ok(hint) if !self.concerns(&hint) => {}
                // Too slow to have heard everything: it may have been ours.
                Ok(_) | Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
        self.hints = self.hints.resubscribe();
    }

    fn concerns(&self, hint: &Hint) -> bool {
        match hint {
            Hint::Organization(id) => self
                .organization_id
                .as_ref()
                .is_none_or(|own| **id == **own),
            Hint::Any => true,
        }
    }
}

/// Watches the organization's log; `None` when too many are open. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// [`ServiceError::Forbidden`] without that proof.
pub fn watch(app: &App, allowed: &Allowed) -> Result<Option<Watch>, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    Ok(open(app, allowed, Some(organization.id.clone())))
}

/// Whether the organization's log has grown within these milliseconds: for a page that is as old, and watches only now.
///
/// # Errors
/// [`ServiceError::Forbidden`] without proof of [`Permission::ReadLogs`].
pub async fn has_grown(app: &App, allowed: &Allowed, age: Millis) -> Result<bool, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut connection = app.db.read().await?;
    let last = provisioning_logs::last_entry(&mut connection, &organization.id).await?;
    let drawn_at = app.clock.now().saturating_sub(age);
    // An entry may be written a moment after its time.
    Ok(last.is_some_and(|last| last.occurred_at >= drawn_at.saturating_sub(SECOND)))
}

/// Watches the logs of all organizations; `None` when too many are open. `allowed` proves [`Permission::ListOrganizations`].
///
/// # Errors
/// [`ServiceError::Forbidden`] without that proof.
pub fn watch_all(app: &App, allowed: &Allowed) -> Result<Option<Watch>, ServiceError> {
    allowed.check(Permission::ListOrganizations)?;
    Ok(open(app, allowed, None))
}

fn open(app: &App, allowed: &Allowed, organization_id: Option<String>) -> Option<Watch> {
    let watch = Watch {
        _place: Place::take(&app.live, allowed.actor().id())?,
        organization_id,
        hints: app.live.0.hints.subscribe(),
    };
    app.live.listen();
    Some(watch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::fresh;

    #[tokio::test]
    async fn everybody_together_has_so_many_watches_and_no_more() {
        let (db, _folder) = fresh::sqlite().await;
        let live = Live::new(db, CancellationToken::new());
        let account = |place| format!("account {}", place / OF_ACCOUNT);
        let mut places: Vec<_> = (0..IN_ALL)
            .map_while(|place| Place::take(&live, &account(place)))
            .collect();
        assert_eq!(places.len(), IN_ALL);
        assert!(Place::take(&live, "late").is_none());
        places.pop();
        assert!(Place::take(&live, "late").is_some());
    }
}
