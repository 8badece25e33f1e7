//! How an organization tells about failures, as an Admin sets it.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::model::notification::{
    DIGEST_HOURS, Event, NotificationSettings, Quiet, SILENCE_HOURS, clock, minutes_of,
};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::services::audit::{self, Target, Who};
use crate::server::store::notifications::{self as store, Kept};
use crate::server::store::organizations;
use crate::server::store::sql::Connection;
use crate::server::zone;

/// In which zone an organization's mails say times: UTC unless it has chosen another.
pub(super) fn zone_of(settings: &NotificationSettings) -> TimeZone {
    zone::named(&settings.zone).unwrap_or(TimeZone::UTC)
}

/// The same by its id; UTC for none.
///
/// # Errors
/// As any read.
pub async fn zone_in(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
) -> Result<TimeZone, StoreError> {
    // Asked for none too: whoever asks for a link does not learn whose it is by the time that it takes.
    let kept = store::settings(connection, organization_id.unwrap_or_default()).await?;
    Ok(zone_of(&kept.settings))
}

/// The settings as a form sends them.
#[derive(Debug, Clone, Default)]
pub struct TypedSettings {
    pub is_on: bool,
    /// What is told.
    pub events: Vec<Event>,
    pub digest_hours: String,
    /// "22:00"; both empty for no quiet hours.
    pub quiet_from: String,
    pub quiet_until: String,
    pub zone: String,
    pub silence_hours: String,
}

impl TypedSettings {
    fn checked(&self) -> Result<NotificationSettings, ServiceError> {
        let digest_hours = self.digest_hours.trim().parse().ok();
        let digest_hours = digest_hours.filter(|hours| DIGEST_HOURS.contains(hours));
        let digest_hours = digest_hours.ok_or_else(|| {
            ServiceError::invalid(
                "digest_hours",
                "Choose one of the intervals between two digests.",
            )
        })?;
        let zone = zone::named(self.zone.trim()).ok_or_else(|| {
            ServiceError::invalid(
                "zone",
                "There is no such time zone. Choose one of the list.",
            )
        })?;
        let (least, most) = SILENCE_HOURS;
        let silence: Option<u16> = self.silence_hours.trim().parse().ok();
        let silence = silence.filter(|hours| (least..=most).contains(hours));
        let silence = silence.ok_or_else(|| {
            ServiceError::invalid(
                "silence_hours",
                format!("Give a whole number of hours, from {least} to {most}."),
            )
        })?;
        Ok(NotificationSettings {
            is_on: self.is_on,
            events_off: Event::ALL
                .into_iter()
                .filter(|event| !self.events.contains(event))
                .collect(),
            digest_hours,
            quiet: self.quiet()?,
            zone: zone::name(&zone).to_owned(),
            silence_minutes: u32::from(silence) * 60,
        })
    }

    fn quiet(&self) -> Result<Option<Quiet>, ServiceError> {
        if self.quiet_from.trim().is_empty() && self.quiet_until.trim().is_empty() {
            return Ok(None);
        }
        let minutes = |field, text: &str| {
            minutes_of(text).ok_or_else(|| {
                ServiceError::invalid(
                    field,
                    "Give both times of the quiet hours, such as 22:00 and 06:00, or leave both empty.",
                )
            })
        };
        let quiet = Quiet {
            from: minutes("quiet_from", &self.quiet_from)?,
            until: minutes("quiet_until", &self.quiet_until)?,
        };
        if quiet.from == quiet.until {
            return Err(ServiceError::invalid(
                "quiet_until",
                "The quiet hours end when they begin. Leave both empty for none; for no digests at all, take away \
                 Still failing.",
            ));
        }
        Ok(Some(quiet))
    }
}

/// Changes the settings.
///
/// # Errors
/// `Invalid` with the field to mend; `NotFound` when the organization is gone.
pub async fn set(app: &App, allowed: &Allowed, typed: &TypedSettings) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageNotifications)?.clone();
    let settings = typed.checked()?;
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !organizations::lock_existing(tx, &organization.id).await? {
                    return Err(ServiceError::NotFound {
                        what: "organization",
                    });
                }
                let before = store::settings(tx, &organization.id).await?;
                if before.settings == settings {
                    return Ok(());
                }
                let is_turned_on = settings.is_on && !before.settings.is_on;
                let kept = Kept {
                    on_since: if is_turned_on { now } else { before.on_since },
                    settings,
                };
                store::set(tx, &organization.id, &kept).await?;
                let (before, after) = changed(&before.settings, &kept.settings);
                let target = Target::new("organization", &organization.id, &organization.name);
                let action = "notifications.set";
                audit::record(tx, &who, action, &target, Some(before), Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// What differs, before and after.
fn changed(before: &NotificationSettings, after: &NotificationSettings) -> (Value, Value) {
    let (mut old, mut new) = (Map::new(), Map::new());
    for ((name, before), (_, after)) in described(before).into_iter().zip(described(after)) {
        if before != after {
            old.insert(name.to_owned(), before);
            new.insert(name.to_owned(), after);
        }
    }
    (Value::Object(old), Value::Object(new))
}

fn described(settings: &NotificationSettings) -> [(&'static str, Value); 6] {
    let events: Vec<&str> = Event::ALL
        .into_iter()
        .filter(|event| settings.tells(*event))
        .map(Event::as_str)
        .collect();
    let quiet = settings.quiet.map_or_else(
        || json!("none"),
        |quiet| json!(format!("{} to {}", clock(quiet.from), clock(quiet.until))),
    );
    [
        (
            "send_on_failure",
            json!(if settings.is_on { "on" } else { "off" }),
        ),
        ("events", json!(events.join(", "))),
        ("digest_hours", json!(settings.digest_hours)),
        ("quiet_hours", quiet),
        ("time_zone", json!(settings.zone)),
        ("silence_hours", json!(settings.silence_minutes / 60)),
    ]
}
