//! How organizations tell about failures, and what has been told: `notification_settings`, `notification_marks`,
//! `notification_digests`.

mod cause;

pub use cause::CauseKind;

use sqlx::FromRow;

use super::Tx;
use super::keyset::push_list;
use super::sql::{Arg, Builder, Connection, sql};
use crate::model::notification::{Event, NotificationSettings, Quiet};
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::scim::reason::Reason;

/// Settings and since when they are on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    pub settings: NotificationSettings,
    /// When the check box was last checked.
    pub on_since: Millis,
}

#[derive(FromRow)]
struct SettingsRow {
    is_on: bool,
    on_since: Millis,
    events_off: String,
    digest_hours: i64,
    quiet_from: Option<i64>,
    quiet_until: Option<i64>,
    zone: String,
    silence_minutes: i64,
}

impl TryFrom<SettingsRow> for Kept {
    type Error = StoreError;

    fn try_from(row: SettingsRow) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::Corrupt("a number of the notification settings".to_owned());
        let minutes = |minutes: i64| u16::try_from(minutes).map_err(corrupt);
        let quiet = match (row.quiet_from, row.quiet_until) {
            (Some(from), Some(until)) => Some(Quiet {
                from: minutes(from)?,
                until: minutes(until)?,
            }),
            _ => None,
        };
        let events: Vec<String> = serde_json::from_str(&row.events_off)?;
        Ok(Self {
            settings: NotificationSettings {
                is_on: row.is_on,
                // One that a later version has added means nothing here.
                events_off: events
                    .iter()
                    .filter_map(|event| Event::parse(event))
                    .collect(),
                digest_hours: minutes(row.digest_hours)?,
                quiet,
                zone: row.zone,
                silence_minutes: u32::try_from(row.silence_minutes).map_err(corrupt)?,
            },
            on_since: row.on_since,
        })
    }
}

/// The settings of an organization; those of the start if it has never changed any.
pub async fn settings(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Kept, StoreError> {
    let row: Option<SettingsRow> = connection
        .fetch_optional(
            sql("SELECT is_on, on_since, events_off, digest_hours, quiet_from, quiet_until, zone, silence_minutes \
                 FROM notification_settings WHERE organization_id = $1")
            .bind(organization_id),
        )
        .await?;
    row.map_or_else(|| Ok(Kept::default()), Kept::try_from)
}

#[derive(FromRow)]
struct OwnedSettingsRow {
    organization_id: String,
    #[sqlx(flatten)]
    row: SettingsRow,
}

/// The settings of all organizations that have ever changed any. Those that cannot be read keep nobody else from being
/// told: the organization counts as one that has changed none.
pub async fn all_settings(
    connection: &mut Connection<'_>,
) -> Result<Vec<(String, Kept)>, StoreError> {
    let rows: Vec<OwnedSettingsRow> = connection
        .fetch_all(sql(
            "SELECT organization_id, is_on, on_since, events_off, digest_hours, quiet_from, quiet_until, zone, \
             silence_minutes FROM notification_settings",
        ))
        .await?;
    let kept = rows.into_iter().filter_map(|owned| {
        let id = owned.organization_id;
        match Kept::try_from(owned.row) {
            Ok(kept) => Some((id, kept)),
            Err(error) => {
                tracing::error!(%error, organization.id = id, "notification settings not read");
                None
            }
        }
    });
    Ok(kept.collect())
}

/// How an organization is called.
#[derive(Debug, Clone, FromRow)]
pub struct Named {
    pub slug: String,
    pub name: String,
}

/// The names of an organization; `None` when it is gone.
pub async fn organization(
    connection: &mut Connection<'_>,
    id: &str,
) -> Result<Option<Named>, StoreError> {
    connection
        .fetch_optional(sql("SELECT slug, name FROM organizations WHERE id = $1").bind(id))
        .await
}

/// Keeps the settings of an organization.
pub async fn set(tx: &mut Tx<'_>, organization_id: &str, kept: &Kept) -> Result<(), StoreError> {
    let settings = &kept.settings;
    let events: Vec<&str> = settings
        .events_off
        .iter()
        .map(|event| event.as_str())
        .collect();
    tx.execute(
        sql("INSERT INTO notification_settings (organization_id, is_on, on_since, events_off, digest_hours, quiet_from, \
             quiet_until, zone, silence_minutes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (organization_id) DO UPDATE SET is_on = excluded.is_on, on_since = excluded.on_since, \
             events_off = excluded.events_off, digest_hours = excluded.digest_hours, quiet_from = excluded.quiet_from, \
             quiet_until = excluded.quiet_until, zone = excluded.zone, silence_minutes = excluded.silence_minutes")
        .bind(organization_id)
        .bind(settings.is_on)
        .bind(kept.on_since)
        .bind(serde_json::to_string(&events)?)
        .bind(i64::from(settings.digest_hours))
        .bind(settings.quiet.map(|quiet| i64::from(quiet.from)))
        .bind(settings.quiet.map(|quiet| i64::from(quiet.until)))
        .bind(&settings.zone)
        .bind(i64::from(settings.silence_minutes)),
    )
    .await?;
    Ok(())
}

/// A verified recipient of an organization that tells of failures.
#[derive(Debug, Clone, FromRow)]
pub struct Listener {
    pub organization_id: String,
    pub id: String,
    pub address: String,
    pub address_key: String,
    pub verified_at: Millis,
    pub uses: i64,
}

/// All of them, by organization.
pub async fn listeners(connection: &mut Connection<'_>) -> Result<Vec<Listener>, StoreError> {
    connection
        .fetch_all(sql(
            "SELECT r.organization_id, r.id, r.address, r.address_key, COALESCE(r.verified_at, 0) AS verified_at, r.uses \
             FROM notification_recipients r LEFT JOIN notification_settings s ON s.organization_id = r.organization_id \
             WHERE r.state = 'verified' AND COALESCE(s.is_on, TRUE) ORDER BY r.organization_id, r.created_at, r.id",
        ))
        .await
}

/// An open issue that may be told, and what has been decided about it.
#[derive(Debug, Clone, FromRow)]
pub struct OpenIssue {
    pub organization_id: String,
    pub id: String,
    pub opened_at: Millis,
    pub reason: String,
    pub noted_at: Option<Millis>,
    pub first_mail_at: Option<Millis>,
}

/// Those of all organizations with verified recipients, with most users first. What is told as a problem is left out:
/// nobody hears of one thing twice, and strangers can cause refused connections.
pub async fn open_issues(connection: &mut Connection<'_>) -> Result<Vec<OpenIssue>, StoreError> {
    let mut statement = Builder::new(
        "SELECT i.organization_id, i.id, i.opened_at, i.reason, m.noted_at, m.first_mail_at FROM issues i \
         LEFT JOIN notification_marks m ON m.kind = 'issue' AND m.cause_id = i.id AND m.opened_at = i.opened_at \
         WHERE i.is_open AND i.organization_id IN \
         (SELECT organization_id FROM notification_recipients WHERE state = 'verified')",
    );
    push_list(
        &mut statement,
        " AND i.reason NOT IN (",
        Reason::ALL
            .iter()
            .filter(|reason| reason.is_told_as_problem())
            .map(|reason| reason.code()),
    );
    statement.push(" ORDER BY i.users_affected DESC, i.first_seen_at, i.id");
    connection.fetch_all(statement.finish_repeated()).await
}

/// A problem that is open, and what has been decided about it.
#[derive(Debug, Clone, FromRow)]
pub struct OpenProblem {
    pub organization_id: String,
    pub id: String,
    pub kind: String,
    pub subject: String,
    pub began_at: Millis,
    pub detail: String,
    pub noted_at: Option<Millis>,
    pub first_mail_at: Option<Millis>,
}

/// Those of all organizations with verified recipients, the earliest first.
pub async fn open_problems(
    connection: &mut Connection<'_>,
) -> Result<Vec<OpenProblem>, StoreError> {
    connection
        .fetch_all(sql(
            "SELECT p.organization_id, p.id, p.kind, p.subject, p.began_at, p.detail, m.noted_at, m.first_mail_at \
             FROM problems p LEFT JOIN notification_marks m ON m.kind = 'problem' AND m.cause_id = p.id \
             WHERE p.ended_at IS NULL AND p.organization_id IN \
             (SELECT organization_id FROM notification_recipients WHERE state = 'verified') \
             ORDER BY p.began_at, p.id",
        ))
        .await
}

/// Something that was noted and is over: closed, gone, or opened anew since.
#[derive(Debug, Clone, FromRow)]
pub struct Over {
    pub organization_id: String,
    kind: String,
    pub cause_id: String,
    pub opened_at: Millis,
    pub repeats: String,
    pub first_mail_at: Option<Millis>,
    /// When the issue was resolved; absent for one that is ignored, or gone.
    pub resolved_at: Option<Millis>,
    /// When the problem ended.
    pub ended_at: Option<Millis>,
    pub began_at: Option<Millis>,
    pub problem: Option<String>,
    pub subject: Option<String>,
    pub detail: Option<String>,
}

impl Over {
    /// What it was.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a text that this program does not write.
    pub fn kind(&self) -> Result<CauseKind, StoreError> {
        CauseKind::parse(&self.kind)
    }
}

/// All of them.
pub async fn over(connection: &mut Connection<'_>) -> Result<Vec<Over>, StoreError> {
    connection
        .fetch_all(sql(
            "SELECT m.organization_id, m.kind, m.cause_id, m.opened_at, m.repeats, m.first_mail_at, i.resolved_at, \
             p.ended_at, p.began_at, p.kind AS problem, p.subject, p.detail FROM notification_marks m \
             LEFT JOIN issues i ON m.kind = 'issue' AND i.id = m.cause_id AND i.opened_at = m.opened_at \
             LEFT JOIN problems p ON m.kind = 'problem' AND p.id = m.cause_id \
             WHERE m.closed_at IS NULL AND COALESCE(i.is_open, FALSE) = FALSE \
             AND (p.id IS NULL OR p.ended_at IS NOT NULL) ORDER BY m.organization_id, m.noted_at, m.cause_id",
        ))
        .await
}

/// What was mailed lately about something.
#[derive(Debug, Clone, FromRow)]
pub struct Mailed {
    pub organization_id: String,
    pub repeats: String,
    pub first_mail_at: Millis,
}

/// What was first mailed between two times.
pub async fn mailed(
    connection: &mut Connection<'_>,
    (after, until): (Millis, Millis),
) -> Result<Vec<Mailed>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT organization_id, repeats, first_mail_at FROM notification_marks \
                 WHERE mailed_at > $1 AND first_mail_at > $1 AND first_mail_at <= $2",
            )
            .bind(after)
            .bind(until),
        )
        .await
}

/// When each organization's last digest was written.
pub async fn digests(connection: &mut Connection<'_>) -> Result<Vec<(String, Millis)>, StoreError> {
    connection
        .fetch_all(sql(
            "SELECT organization_id, written_at FROM notification_digests",
        ))
        .await
}

/// What is decided about one opening of an issue, or a problem.
#[derive(Debug, Clone)]
pub struct Mark<'a> {
    pub organization_id: &'a str,
    pub kind: CauseKind,
    pub cause_id: &'a str,
    pub opened_at: Millis,
    pub repeats: &'a str,
    pub now: Millis,
    /// Whether its first mail goes out.
    pub is_mailed: bool,
}

/// Marks it; false if somebody else has: then nothing more is to be done about it.
pub async fn mark(tx: &mut Tx<'_>, mark: &Mark<'_>) -> Result<bool, StoreError> {
    let mailed = mark.is_mailed.then_some(mark.now);
    let statement = sql(
        "INSERT INTO notification_marks (organization_id, kind, cause_id, opened_at, repeats, noted_at, first_mail_at, \
         mailed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING",
    )
    .bind(mark.organization_id)
    .bind(mark.kind.as_str())
    .bind(mark.cause_id)
    .bind(mark.opened_at)
    .bind(mark.repeats)
    .bind(mark.now)
    .bind(mailed);
    Ok(tx.execute(statement).await? > 0)
}

/// What a mark is of.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    pub kind: CauseKind,
    pub id: &'a str,
    pub opened_at: Millis,
}

/// Closes these marks; false, and none is closed, if somebody else has closed one: then nothing more is to be done about
/// it, and whoever comes next does the rest.
pub async fn close(
    tx: &mut Tx<'_>,
    causes: &[Cause<'_>],
    now: Millis,
    is_mailed: bool,
) -> Result<bool, StoreError> {
    let rows = || {
        causes.iter().map(|cause| {
            vec![
                Arg::from(cause.kind.as_str()),
                Arg::from(cause.id),
                Arg::from(cause.opened_at),
            ]
        })
    };
    let mut statement =
        Builder::new("SELECT kind, cause_id FROM notification_marks WHERE closed_at IS NULL");
    statement
        .push(" AND (kind, cause_id, opened_at) IN (VALUES ")
        .push_rows(rows())
        .push(") ORDER BY kind, cause_id, opened_at")
        .push(tx.for_update());
    let open: Vec<(String, String)> = tx.fetch_all(statement.finish()).await?;
    if open.len() < causes.len() {
        return Ok(false);
    }
    let mut statement = Builder::new("UPDATE notification_marks SET closed_at = ");
    statement.bind(now).push(", mailed_at = CASE WHEN ");
    statement.bind(is_mailed).push(" THEN ");
    statement
        .bind(now)
        .push(" ELSE mailed_at END WHERE (kind, cause_id, opened_at) IN (VALUES ")
        .push_rows(rows())
        .push(")");
    tx.execute(statement.finish()).await?;
    Ok(true)
}

/// Notes that a digest is written, after the one of `before`; false if somebody else has written one meanwhile.
pub async fn digest_written(
    tx: &mut Tx<'_>,
    organization_id: &str,
    before: Option<Millis>,
    now: Millis,
) -> Result<bool, StoreError> {
    let statement = sql(
        "INSERT INTO notification_digests (organization_id, written_at) VALUES ($1, $2) \
         ON CONFLICT (organization_id) DO UPDATE SET written_at = excluded.written_at \
         WHERE notification_digests.written_at = $3",
    )
    .bind(organization_id)
    .bind(now)
    // No digest was written before the epoch.
    .bind(before.unwrap_or(-1));
    Ok(tx.execute(statement).await? > 0)
}
