//! The overview of an organization: how is it, and what does Entra need from me?

use super::cycles::{self, Everybody, Rhythm};
use super::health::{self, Facts};
use super::health_facts::{self, About};
use super::log_search;
use super::moments::Moments;
use crate::model::health::HealthState;
use crate::model::log::{Action, LogFilter, LogRow, Status};
use crate::model::organization::ProvisioningState;
use crate::model::overview::{
    Chart, Column, Held, Overview, Reach, RoleFigure, RoleHint, Seen, SeenKind, SetupKind,
    SetupStep, TokenLife, UserFigures,
};
use crate::model::page::Count;
use crate::model::token::TokenState;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::{DAY, HOUR, Millis};
use crate::server::error::ServiceError;
use crate::server::services::tokens;
use crate::server::store::health as store;
use crate::server::store::keyset;
use crate::server::store::log_details::{self, Hour};
use crate::server::store::recipients;
use crate::server::store::role_catalogue;
use crate::server::store::sql::Connection;
use crate::server::store::tokens::{self as token_store, Token};
use crate::server::store::user_failures;

/// Tokens that are looked at for the one that lives longest; older ones have ended.
const TOKENS: i64 = 100;
/// Latest failures that are shown.
const FAILURES: u32 = 6;
/// Attempts that are shown while waiting for Entra.
const ATTEMPTS: usize = 3;

/// Everything that the page shows. It shows entries of the log, so `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// `NotFound` when the organization is gone; else as any read.
pub async fn get(app: &App, allowed: &Allowed) -> Result<Overview, ServiceError> {
    let organization = allowed.check_in(Permission::ReadLogs)?;
    let now = app.clock.now();
    let moments = Moments::of(allowed, now);
    let days = moments.midnights(7);
    // Of exactly the list that the sentence leads to; the rollups are an hour coarse.
    let filter = LogFilter::failures_of_a_day();
    let failed = log_search::latest(app, allowed, &filter, FAILURES).await?;
    let mut connection = app.db.read().await?;
    let about = About::One(&organization.id);
    let (figures, mut facts) = health_facts::gather(&mut connection, about, now)
        .await?
        .pop()
        .ok_or(ServiceError::NotFound {
            what: "organization",
        })?;
    let tokens = token_store::list(&mut connection, &organization.id, TOKENS).await?;
    let first_day = days.first().copied().unwrap_or(now);
    let hours = log_details::hours(&mut connection, &organization.id, first_day, i64::MAX).await?;
    let users = users(&mut connection, &organization.id, &hours).await?;
    facts.users = Some(users.all);
    let has_accounts = store::has_accounts(&mut connection, &organization.id).await?;
    let is_told = recipients::has_verified(&mut connection, &organization.id).await?;
    let roles = role_catalogue::list(&mut connection, &organization.id).await?;
    let cycles = cycles::latest(&mut connection, &organization.id, now).await?;
    drop(connection);
    facts.is_first_cycle = cycles::is_first_running(&cycles, now);
    let everybody = Everybody {
        expected: figures.expected_users.map(i64::unsigned_abs),
        known: users.all,
    };
    let is_connected = facts.last_accepted_at.is_some();
    let health = health::decide(&facts, &moments);
    let rhythm = (facts.state == ProvisioningState::On).then(|| Rhythm::of(&facts.thinned, now));
    Ok(Overview {
        last_contact: figures.last_contact_at.map(|at| moments.moment(at)),
        cycles: cycles::shown(&cycles, everybody, rhythm, &moments),
        is_connected,
        token: longest(&tokens, now).map(|token| life(token, &moments)),
        has_tokens: facts.has_tokens,
        day: day(&hours, &moments),
        week: week(&hours, &days, &moments),
        setup: setup(&facts, has_accounts, users.all, is_told),
        seen: if is_connected {
            Vec::new()
        } else {
            seen(&facts, &tokens, &failed, &moments)
        },
        roles: roles
            .into_iter()
            // Mapped values stand in Entra already.
            .filter(|role| role.value == role.role_value)
            .map(|role| RoleHint {
                value: role.value,
                name: role.display_name,
                is_default: role.is_default,
            })
            .collect(),
        reach: reach(&app.settings.public_url),
        held: facts.held.map(|held| Held {
            users: held.users,
            since: moments.moment(held.since),
        }),
        failures: failed,
        health,
        users,
    })
}

async fn users(
    connection: &mut Connection<'_>,
    organization_id: &str,
    hours: &[Hour],
) -> Result<UserFigures, ServiceError> {
    let counted = user_failures::counts(connection, organization_id).await?;
    let roles = store::count_by_role(connection, organization_id).await?;
    let done = |action: Action| -> u64 {
        hours
            .iter()
            .filter(|hour| hour.action == action.as_str())
            .filter(|hour| {
                [Status::Success, Status::Warning]
                    .map(Status::as_str)
                    .contains(&hour.status.as_str())
            })
            .map(|hour| u64::try_from(hour.entries).unwrap_or_default())
            .sum()
    };
    Ok(UserFigures {
        created: done(Action::Create),
        updated: done(Action::Update),
        disabled: done(Action::Disable),
        all: keyset::count(counted.everyone),
        active: keyset::count(counted.active),
        inactive: keyset::count(counted.inactive),
        with_errors: counted.with_errors(),
        roles: roles
            .into_iter()
            .map(|(id, name, users)| RoleFigure {
                id,
                name,
                users: keyset::count(users),
            })
            .collect(),
    })
}

/// The valid token that lives longest.
fn longest(tokens: &[Token], now: Millis) -> Option<&Token> {
    tokens
        .iter()
        .filter(|token| {
            matches!(
                tokens::state(token, now),
                TokenState::Active | TokenState::Expiring
            )
        })
        .max_by_key(|token| token.expires_at)
}

fn life(token: &Token, moments: &Moments) -> TokenLife {
    let now = moments.now();
    let days = |from: Millis, to: Millis| u64::try_from((to - from) / DAY).unwrap_or_default();
    TokenLife {
        name: token.name.clone(),
        prefix: token.prefix.clone(),
        state: tokens::state(token, now),
        expires: moments.moment(token.expires_at),
        days: days(token.created_at, token.expires_at).max(1),
        days_used: days(token.created_at, now),
    }
}

/// Changes and failed ones of the hours from `from` until before `to`.
fn column(hours: &[Hour], from: Millis, to: Millis, label: String) -> Column {
    let mut column = Column {
        label,
        changes: 0,
        failed: 0,
    };
    for hour in hours
        .iter()
        .filter(|hour| (from..to).contains(&hour.hour))
        .filter(|hour| Action::parse(&hour.action).is_some_and(Action::is_change))
    {
        let entries = u64::try_from(hour.entries).unwrap_or_default();
        column.changes += entries;
        if Status::parse(&hour.status) == Some(Status::Failure) {
            column.failed += entries;
        }
    }
    column
}

/// The last 24 hours, the running one included. They are counted as UTC cuts them, so that where clocks differ by half
/// an hour they begin at half past.
fn day(hours: &[Hour], moments: &Moments) -> Chart {
    let running = moments.now() - moments.now().rem_euclid(HOUR);
    Chart {
        columns: (0..24)
            .rev()
            .map(|ago| {
                let from = running - ago * HOUR;
                column(hours, from, from + HOUR, moments.hour(from))
            })
            .collect(),
    }
}

/// A column for each day between two of `midnights`. An hour counts for the day in which it begins.
fn week(hours: &[Hour], midnights: &[Millis], moments: &Moments) -> Chart {
    Chart {
        columns: midnights
            .windows(2)
            .map(|day| column(hours, day[0], day[1], moments.day(day[0])))
            .collect(),
    }
}

fn setup(facts: &Facts, has_accounts: bool, users: Count, is_told: bool) -> Vec<SetupStep> {
    [
        (SetupKind::TurnOn, facts.state != ProvisioningState::Off),
        (SetupKind::InviteAdmin, has_accounts),
        (SetupKind::CreateToken, facts.has_tokens),
        (SetupKind::Connect, facts.last_accepted_at.is_some()),
        (SetupKind::FirstUser, users != Count::Exactly(0)),
        (SetupKind::ConfirmRecipient, is_told),
    ]
    .into_iter()
    .map(|(kind, done)| SetupStep { kind, done })
    .collect()
}

/// What has arrived so far, and what is waited for.
fn seen(facts: &Facts, tokens: &[Token], failed: &[LogRow], moments: &Moments) -> Vec<Seen> {
    let mut seen = Vec::new();
    if let Some(token) = longest(tokens, moments.now()) {
        seen.push(Seen {
            kind: SeenKind::Done,
            title: "Token created".to_owned(),
            text: format!("'{}' is ready to be used.", token.name),
            at: Some(moments.moment(token.created_at)),
        });
    }
    seen.extend(failed.iter().take(ATTEMPTS).rev().map(|row| Seen {
        kind: SeenKind::Refused,
        title: attempt(row.http_status).to_owned(),
        text: format!("{}. {}", row.http_status, row.summary),
        at: Some(row.occurred.clone()),
    }));
    let text = match (health::decide(facts, moments).state, failed.first()) {
        (HealthState::Off, _) => {
            "Until Rhombus support turns provisioning on, Test Connection is answered with 403.".to_owned()
        }
        (HealthState::Paused, _) => {
            "While provisioning is paused, Test Connection is answered with 503.".to_owned()
        }
        (_, Some(row)) => format!(
            "Nothing since {}. Entra looks up a random user name; Rhombus answers with an empty list.",
            row.occurred.time.get(..5).unwrap_or(&row.occurred.time)
        ),
        (_, None) => {
            "Nothing has arrived yet. Entra looks up a random user name; Rhombus answers with an empty list."
                .to_owned()
        }
    };
    seen.push(Seen {
        kind: SeenKind::Awaited,
        title: "Test Connection".to_owned(),
        text,
        at: None,
    });
    seen
}

fn attempt(http_status: u16) -> &'static str {
    match http_status {
        401 => "A request whose token was refused",
        403 => "A request while provisioning is off",
        503 => "A request while provisioning is paused",
        _ => "A request that failed",
    }
}

/// Whether Entra can call this address.
fn reach(public_url: &str) -> Reach {
    let Ok(url) = url::Url::parse(public_url) else {
        return Reach::Fine;
    };
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    };
    match url.scheme() {
        _ if is_here => Reach::ThisComputer,
        "https" => Reach::Fine,
        _ => Reach::Http,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::server::zone;

    #[test]
    fn entra_reaches_public_addresses_by_https_only() {
        for (url, expected) in [
            ("https://provisioning.example.com", Reach::Fine),
            ("http://provisioning.example.com", Reach::Http),
            ("http://127.0.0.1:3000", Reach::ThisComputer),
            ("http://localhost:3000", Reach::ThisComputer),
            ("https://[::1]", Reach::ThisComputer),
        ] {
            assert_eq!(reach(url), expected, "{url}");
        }
    }

    #[test]
    fn charts_count_changes_by_hour_and_day_and_leave_lookups_out() {
        /// Monday, 23 November 2026, 09:30 UTC.
        const NOW: Millis = 1_795_426_200_000;
        let hour = |hour, action: &str, status: &str, entries| Hour {
            hour,
            action: action.to_owned(),
            status: status.to_owned(),
            entries,
            unrecorded: 0,
            duration_us: 0,
        };
        let moments = Moments::new(NOW, TimeZone::UTC);
        let running = NOW - 30 * 60_000;
        let hours = [
            hour(running, "create", "success", 5),
            hour(running, "update", "failure", 2),
            hour(running, "match", "success", 100),
            hour(running - 23 * HOUR, "delete", "warning", 1),
            hour(running - 24 * HOUR, "create", "success", 7),
            hour(running - 6 * DAY, "create", "success", 11),
        ];
        let day = day(&hours, &moments);
        assert_eq!((day.columns.len(), day.changes(), day.failed()), (24, 8, 2));
        assert_eq!(
            (day.columns[0].label.as_str(), day.columns[0].changes),
            ("10:00", 1)
        );
        assert_eq!(
            (day.columns[23].label.as_str(), day.columns[23].changes),
            ("09:00", 7)
        );
        let week = week(&hours, &moments.midnights(7), &moments);
        assert_eq!((week.columns.len(), week.changes()), (7, 26));
        assert_eq!(
            (week.columns[0].label.as_str(), week.columns[0].changes),
            ("Tue 17 Nov", 11)
        );
        assert_eq!(week.columns[6].label, "Mon 23 Nov");
    }

    #[test]
    fn days_and_hours_of_a_chart_are_those_of_the_readers_clocks() {
        /// Monday, 26 October 2026, 00:30 in Berlin; on Sunday the clocks were put back.
        const NOW: Millis = 1_792_971_000_000;
        let moments = Moments::new(NOW, zone::named("Europe/Berlin").unwrap());
        let hour = |hour, entries| Hour {
            hour,
            action: "create".to_owned(),
            status: "success".to_owned(),
            entries,
            unrecorded: 0,
            duration_us: 0,
        };
        let monday = NOW - 30 * 60_000;
        // Monday's first hour, Sunday's last and first of 25, Saturday's last.
        let hours = [
            hour(monday, 1),
            hour(monday - HOUR, 2),
            hour(monday - 25 * HOUR, 4),
            hour(monday - 26 * HOUR, 8),
        ];
        let week = week(&hours, &moments.midnights(7), &moments);
        let days: Vec<_> = week
            .columns
            .iter()
            .map(|column| (column.label.as_str(), column.changes))
            .collect();
        assert_eq!(
            days[4..],
            [("Sat 24 Oct", 8), ("Sun 25 Oct", 6), ("Mon 26 Oct", 1)]
        );
        let day = day(&hours, &moments);
        let labels: Vec<_> = day
            .columns
            .iter()
            .map(|column| column.label.as_str())
            .collect();
        assert_eq!(labels[..4], ["02:00", "02:00", "03:00", "04:00"]);
        assert_eq!(labels[22..], ["23:00", "00:00"]);
    }
}
