//! Deletes what the deployment no longer keeps, once an hour, in batches that never stand in Entra's way; what signing in
//! leaves behind every few minutes, since strangers can make much of it.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Job;
use crate::server::App;
use crate::server::auth::session::IDLE;
use crate::server::clock::{DAY, MINUTE, Millis};
use crate::server::error::StoreError;
use crate::server::ids::first_request_id;
use crate::server::services::sign_in::WINDOW;
use crate::server::store::leases;
use crate::server::store::retention::{self as store, Expired};

const JOB: Job = Job {
    name: "job.retention",
    first_run: Duration::from_secs(60),
    interval: Duration::from_secs(60 * 60),
};
/// Whoever has it deletes.
const LEASE: &str = "retention";
/// A little less than the interval, so that the replica that ran last may run again.
const LEASED: Millis = 55 * MINUTE;
/// For what signing in leaves behind.
const ACCESS_JOB: Job = Job {
    name: "job.retention.access",
    first_run: Duration::from_secs(30),
    interval: Duration::from_secs(5 * 60),
};
const ACCESS_LEASE: &str = "retention_access";
/// As [`LEASED`] is to its interval.
const ACCESS_LEASED: Millis = 4 * MINUTE;
/// Between batches, so that requests come first.
const PAUSE: Duration = Duration::from_millis(20);
/// Fewest and most rows of a batch. The first has the most, but of payloads, which are large.
const FEWEST: i64 = 10;
const MOST: i64 = 500;
const PAYLOADS: i64 = 50;
/// A batch that takes longer is followed by a smaller one, a quick one by a larger one: nobody is to notice the wait.
const SLOW: Duration = Duration::from_millis(20);
const QUICK: Duration = Duration::from_millis(5);

/// How long the history of a deleted user is kept.
const TOMBSTONE_DAYS: i64 = 90;
const HOURS_DAYS: i64 = 400;
/// How long an issue is kept after it was resolved.
const ISSUE_DAYS: i64 = 90;
/// How long a problem is kept after it ended.
const PROBLEM_DAYS: i64 = 90;
/// How long the delivery history is kept, and what was told.
const MAIL_DAYS: i64 = 90;
/// Longer than an issue's chart shows.
const ISSUE_CHART_DAYS: i64 = 30;
/// Longer than Entra tries again: four weeks.
const GUARD_HOLD_DAYS: i64 = 35;
/// As long as the issue that led to it.
const TAKE_OVER_DAYS: i64 = 90;
/// How long a link for setting a password is kept after it expired.
const LINK_DAYS: i64 = 30;

/// How many rows went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    pub entries: u64,
    pub payloads: u64,
    pub audit: u64,
    pub tombstones: u64,
    pub user_changes: u64,
    pub sessions: u64,
    pub sign_in_attempts: u64,
    /// Links for setting a password.
    pub account_links: u64,
    pub hours: u64,
    pub issues: u64,
    /// Users, history and days of issues.
    pub of_issues: u64,
    /// Users held by the accidental-deletion guard.
    pub guard: u64,
    pub take_overs: u64,
    pub cycles: u64,
    pub problems: u64,
    pub mails: u64,
    /// Attempts of mails, and what was noted of their causes.
    pub of_mails: u64,
    /// Links that have expired.
    pub support_bundles: u64,
}

/// Starts the jobs; they end soon after `shutdown`.
pub fn spawn(app: App, shutdown: CancellationToken) -> JoinHandle<()> {
    // A batch that has begun runs to its end.
    let other = app.clone();
    let access = ACCESS_JOB.spawn_stoppable(shutdown.clone(), move || run_access(other.clone()));
    let all = JOB.spawn_stoppable(shutdown, move || run(app.clone()));
    tokio::spawn(async move {
        let _ = tokio::join!(access, all);
    })
}

async fn run(app: App) -> Result<(), StoreError> {
    match remove_files(&app).await {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "job.retention"),
        Err(error) => tracing::error!(%error, "old mails in files are not removed"),
    }
    if is_ours(&app, LEASE, LEASED).await? {
        let purged = run_once(&app).await?;
        if purged != Purged::default() {
            tracing::info!(?purged, "job.retention");
        }
    }
    Ok(())
}

async fn run_access(app: App) -> Result<(), StoreError> {
    if is_ours(&app, ACCESS_LEASE, ACCESS_LEASED).await? {
        let purged = purge_access(&app).await?;
        if purged != Purged::default() {
            tracing::info!(?purged, "job.retention.access");
        }
    }
    Ok(())
}

async fn is_ours(app: &App, lease: &'static str, leased: Millis) -> Result<bool, StoreError> {
    let now = app.clock.now();
    app.db
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { leases::claim(tx, lease, now, now + leased).await })
        })
        .await
}

/// Removes mails in files that are older than bodies may be, from this replica's computer; answers how many.
///
/// # Errors
/// When a file stays.
pub async fn remove_files(app: &App) -> io::Result<u64> {
    let days = i64::from(app.settings.payload_retention_days);
    let before = u64::try_from(app.clock.now() - days * DAY).unwrap_or_default();
    let before = SystemTime::UNIX_EPOCH + Duration::from_millis(before);
    app.mailer.remove_files_older(before).await
}

/// Deletes all that is older than the settings say, but for what [`purge_access`] deletes, and answers how much that
/// was.
///
/// # Errors
/// When the database fails; what was deleted until then stays deleted.
pub async fn run_once(app: &App) -> Result<Purged, StoreError> {
    let now = app.clock.now();
    let settings = &app.settings;
    let entries = days_before(now, settings.log_retention_days.into());
    let mut purged = Purged::default();
    delete_log(app, now, entries, &mut purged).await?;
    let before = days_before(now, settings.audit_retention_days.into());
    purged.audit = delete_all(app, Expired::Audit { before }).await?;
    let before = days_before(now, TOMBSTONE_DAYS);
    (purged.user_changes, purged.tombstones) = delete_tombstones(app, before).await?;
    purged.support_bundles = delete_all(app, Expired::SupportBundles { before: now }).await?;
    delete_issues(app, now, &mut purged).await?;
    let before = days_before(now, GUARD_HOLD_DAYS);
    purged.guard = delete_all(app, Expired::GuardHolds { before }).await?;
    let before = days_before(now, TAKE_OVER_DAYS);
    purged.take_overs = delete_all(app, Expired::TakeOvers { before }).await?;
    // A cycle opens its entries.
    purged.cycles = delete_all(app, Expired::Cycles { before: entries }).await?;
    let before = days_before(now, PROBLEM_DAYS);
    purged.problems = delete_all(app, Expired::Problems { before }).await?;
    delete_mails(app, now, &mut purged).await?;
    delete_hours(app, days_before(now, HOURS_DAYS), &mut purged).await?;
    Ok(purged)
}

/// Deletes what signing in has left behind and is over, and answers how much that was.
///
/// # Errors
/// As [`run_once`].
pub async fn purge_access(app: &App) -> Result<Purged, StoreError> {
    let now = app.clock.now();
    let mut sessions = delete_all(app, Expired::Sessions { before: now }).await?;
    let before = now - IDLE;
    sessions += delete_all(app, Expired::IdleSessions { before }).await?;
    let before = now - WINDOW;
    let sign_in_attempts = delete_all(app, Expired::SignInAttempts { before }).await?;
    let before = days_before(now, LINK_DAYS);
    let account_links = delete_all(app, Expired::AccountLinks { before }).await?;
    Ok(Purged {
        sessions,
        sign_in_attempts,
        account_links,
        ..Purged::default()
    })
}

fn days_before(now: Millis, days: i64) -> Millis {
    now - days * DAY
}

/// The provisioning log. Bodies first: none outlives its entry.
async fn delete_log(
    app: &App,
    now: Millis,
    entries: Millis,
    purged: &mut Purged,
) -> Result<(), StoreError> {
    let payloads = days_before(now, app.settings.payload_retention_days.into());
    let at = payloads.max(entries);
    let first_id = first_request_id(at);
    purged.payloads = delete_all(app, Expired::Payloads { at, first_id }).await?;
    let (at, first_id) = (entries, first_request_id(entries));
    purged.entries = delete_all(app, Expired::Entries { at, first_id }).await?;
    Ok(())
}

/// Issues, each after what belongs to it.
async fn delete_issues(app: &App, now: Millis, purged: &mut Purged) -> Result<(), StoreError> {
    let before = days_before(now, ISSUE_DAYS);
    for of_issues in [
        Expired::IssueUsers { before },
        Expired::IssueHistory { before },
        Expired::IssueDays {
            before: days_before(now, ISSUE_CHART_DAYS),
        },
    ] {
        purged.of_issues += delete_all(app, of_issues).await?;
    }
    purged.issues = delete_all(app, Expired::Issues { before }).await?;
    Ok(())
}

/// Mails, each after what belongs to it.
async fn delete_mails(app: &App, now: Millis, purged: &mut Purged) -> Result<(), StoreError> {
    let before = days_before(now, MAIL_DAYS);
    for of_mails in [
        Expired::MailAttempts { before },
        Expired::NotificationMarks { before },
    ] {
        purged.of_mails += delete_all(app, of_mails).await?;
    }
    purged.mails = delete_all(app, Expired::Mails { before }).await?;
    Ok(())
}

/// Hourly counts of every organization, and of requests to none.
async fn delete_hours(app: &App, before: Millis, purged: &mut Purged) -> Result<(), StoreError> {
    let mut connection = app.db.read().await?;
    let organizations = store::organization_ids(&mut connection).await?;
    drop(connection);
    for organization_id in organizations.into_iter().chain([String::new()]) {
        let of_one = Expired::Hours {
            organization_id,
            before,
        };
        purged.hours += delete_all(app, of_one).await?;
    }
    Ok(())
}

/// Deletes users that Entra deleted before, some after the other, each after its changes; answers how many changes and
/// users that were.
async fn delete_tombstones(app: &App, before: Millis) -> Result<(u64, u64), StoreError> {
    let (mut changes, mut tombstones) = (0, 0);
    loop {
        changes += delete_all(app, Expired::TombstoneChanges { before }).await?;
        let gone = delete_all(app, Expired::Tombstones { before }).await?;
        tombstones += gone;
        if gone == 0 {
            return Ok((changes, tombstones));
        }
    }
}

async fn delete_all(app: &App, expired: Expired) -> Result<u64, StoreError> {
    let mut limit = match expired {
        // Megabytes each.
        Expired::SupportBundles { .. } => FEWEST,
        Expired::Payloads { .. } => PAYLOADS,
        _ => MOST,
    };
    let mut deleted = 0;
    loop {
        let batch = expired.clone();
        let (gone, took): (u64, Duration) = app
            .db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    // Without the wait for the writer.
                    let began = Instant::now();
                    let gone = store::delete_batch(tx, &batch, limit).await?;
                    Ok((gone, began.elapsed()))
                })
            })
            .await?;
        deleted += gone;
        if i64::try_from(gone).is_ok_and(|gone| gone < limit) {
            return Ok(deleted);
        }
        limit = next_limit(limit, took);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Rows of the batch after one that took so long.
fn next_limit(limit: i64, took: Duration) -> i64 {
    let next = if took > SLOW {
        limit / 2
    } else if took < QUICK {
        limit * 2
    } else {
        limit
    };
    next.clamp(FEWEST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_as_large_as_they_are_quick() {
        let after = |limit, millis| next_limit(limit, Duration::from_millis(millis));
        assert_eq!([after(50, 21), after(50, 12), after(50, 4)], [25, 50, 100]);
        assert_eq!([after(500, 1_500), after(400, 1)], [250, 500]);
        assert_eq!([after(15, 1_500), after(10, 1_500)], [10, 10]);
    }
}
