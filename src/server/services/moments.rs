//! How times and durations are shown. The server formats all of them, so that pages read alike with and
//! without scripts and nothing depends on a computer's locale.

use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::model::page::Moment;
use crate::model::zone::ReaderZone;
use crate::server::actor::Allowed;
use crate::server::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::server::zone;

/// Formats times as seen at one moment in one zone.
#[derive(Debug, Clone)]
pub struct Moments {
    now: Millis,
    zone: TimeZone,
}

impl Moments {
    /// Relative to `now`, exact in `zone`.
    pub fn new(now: Millis, zone: TimeZone) -> Self {
        Self { now, zone }
    }

    /// Relative to `now`, exact in the zone of whoever is allowed.
    pub fn of(allowed: &Allowed, now: Millis) -> Self {
        Self::new(now, allowed.zone().clone())
    }

    /// The moment from which all others are seen.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The zone as pages name it.
    pub fn zone(&self) -> ReaderZone {
        let now = self.zoned(self.now);
        ReaderZone {
            name: zone::name(&self.zone).to_owned(),
            abbreviation: now.strftime("%Z").to_string(),
            offset: now.offset().seconds(),
        }
    }

    /// `at`, in epoch milliseconds, for the eye, for the title and for machines.
    pub fn moment(&self, at: Millis) -> Moment {
        let zoned = self.zoned(at);
        Moment {
            relative: self.relative(at, &zoned),
            exact: zoned.strftime("%-d %b %Y, %H:%M:%S %Z").to_string(),
            time: zoned.strftime("%H:%M:%S").to_string(),
            machine: machine(at),
        }
    }

    /// `at` to the minute, for what is read later and elsewhere: "23 Nov 2026, 09:13 UTC".
    pub fn date_and_time(&self, at: Millis) -> String {
        self.zoned(at).strftime("%-d %b %Y, %H:%M %Z").to_string()
    }

    /// The day of `at`: "Mon 23 Nov".
    pub fn day(&self, at: Millis) -> String {
        self.zoned(at).strftime("%a %-d %b").to_string()
    }

    /// The hour and minute of `at`: "09:14".
    pub fn hour(&self, at: Millis) -> String {
        self.zoned(at).strftime("%H:%M").to_string()
    }

    /// Since when, in a sentence: "09:14" within a day, "22 Nov" before that.
    pub fn clock(&self, at: Millis) -> String {
        if self.now - at < DAY {
            self.hour(at)
        } else {
            self.relative(at, &self.zoned(at))
        }
    }

    /// When the latest `days` days began, today's last, with the end of today: 23 or 25 hours apart where the clocks
    /// are put forward or back.
    pub fn midnights(&self, days: i64) -> Vec<Millis> {
        let today = self.zoned(self.now).date();
        (-days + 1..=1)
            .map(|day| {
                let midnight = today.saturating_add(day.days()).to_zoned(self.zone.clone());
                midnight.map_or(self.now, |midnight| midnight.timestamp().as_millisecond())
            })
            .collect()
    }

    /// The minute of `at` as forms show it: "2026-11-23T09:13".
    pub fn minute(&self, at: Millis) -> String {
        self.zoned(at).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    fn relative(&self, at: Millis, zoned: &Zoned) -> String {
        let distance = self.now.saturating_sub(at);
        match distance {
            0..SECOND => "just now".to_owned(),
            SECOND..DAY => format!("{} ago", amount(distance)),
            DAY.. if zoned.year() == self.zoned(self.now).year() => {
                zoned.strftime("%-d %b").to_string()
            }
            DAY.. => zoned.strftime("%-d %b %Y").to_string(),
            _ => format!("in {}", amount_ahead(distance.saturating_neg())),
        }
    }

    fn zoned(&self, at: Millis) -> Zoned {
        timestamp(at).to_zoned(self.zone.clone())
    }
}

/// RFC 3339 in UTC with milliseconds: "2026-11-23T09:13:58.412Z".
pub fn machine(at: Millis) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A duration in microseconds as it is shown: "0.3 ms", "7 ms", "1.2 s".
pub fn duration(microseconds: i64) -> String {
    match microseconds.max(0) {
        0..50 => "< 0.1 ms".to_owned(),
        // Tenths, rounded; 950 and more round to a whole millisecond.
        short @ 50..950 => format!("0.{} ms", (short + 50) / 100),
        middle @ 950..999_500 => format!("{} ms", (middle + 500) / 1_000),
        long => {
            let tenths = (long + 50_000) / 100_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

/// The beginning of "1h", "24h", "7d", "60d" before `now`; `None` for anything else, which means all times.
pub fn since(within: Option<&str>, now: Millis) -> Option<Millis> {
    let within = within?;
    let unit = match within.chars().last()? {
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return None,
    };
    let amount: u32 = within[..within.len() - 1].parse().ok()?;
    Some(now.saturating_sub(unit.saturating_mul(i64::from(amount))))
}

/// From the beginning to the end of a minute as forms send it, by the clocks of `zone`: "2026-11-23T09:13". Where they
/// are put back, a minute comes twice, and what lies between is within. `None` for what is no time.
pub fn minute(text: &str, zone: &TimeZone) -> Option<Range<Millis>> {
    let minute: DateTime = text.parse().ok()?;
    let minute = zone.to_ambiguous_timestamp(minute);
    let first = minute.earlier().ok()?.as_millisecond();
    let last = minute.later().ok()?.as_millisecond();
    Some(first..last + MINUTE)
}

/// "16 s", "2 min", "3 h", "41 days": whole units, rounded down.
fn amount(distance: Millis) -> String {
    match distance {
        ..MINUTE => format!("{} s", (distance / SECOND).max(1)),
        MINUTE..HOUR => format!("{} min", distance / MINUTE),
        HOUR..DAY => format!("{} h", distance / HOUR),
        _ if distance < 2 * DAY => "1 day".to_owned(),
        _ => format!("{} days", distance / DAY),
    }
}

/// The same for what is still to come, to the nearest unit: of what lasts a year, 365 days are left when it has just begun,
/// and not 364.
fn amount_ahead(distance: Millis) -> String {
    let unit = match distance {
        ..MINUTE => SECOND,
        MINUTE..HOUR => MINUTE,
        HOUR..DAY => HOUR,
        _ => DAY,
    };
    amount(distance.saturating_add(unit / 2) / unit * unit)
}

/// Stored times are in range; one that is not is shown as the limit rather than failing a page.
fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// 23 Nov 2026, 09:13:58.412 UTC.
    const NOW: Millis = 1_795_425_238_412;

    #[test]
    fn times_are_relative_for_a_day_and_dates_after_that() {
        for (at, relative) in [
            (NOW, "just now"),
            (NOW - 999, "just now"),
            (NOW - SECOND, "1 s ago"),
            (NOW - 16 * SECOND, "16 s ago"),
            (NOW - MINUTE + 1, "59 s ago"),
            (NOW - 2 * MINUTE - 1, "2 min ago"),
            (NOW - 3 * HOUR, "3 h ago"),
            (NOW - DAY + 1, "23 h ago"),
            (NOW - DAY, "22 Nov"),
            (NOW - 11 * DAY, "12 Nov"),
            (NOW - 365 * DAY, "23 Nov 2025"),
            (NOW + 1, "in 1 s"),
            (NOW + 5 * MINUTE, "in 5 min"),
            (NOW + 89 * MINUTE, "in 1 h"),
            (NOW + 90 * MINUTE, "in 2 h"),
            (NOW + DAY, "in 1 day"),
            (NOW + 41 * DAY + HOUR, "in 41 days"),
            // Whole units that have just begun.
            (NOW + MINUTE - 1, "in 1 min"),
            (NOW + HOUR - 1, "in 1 h"),
            (NOW + DAY - 1, "in 1 day"),
            (NOW + 7 * DAY - 1, "in 7 days"),
            (NOW + 365 * DAY - SECOND, "in 365 days"),
        ] {
            assert_eq!(
                Moments::new(NOW, TimeZone::UTC).moment(at).relative,
                relative,
                "{at}"
            );
        }
    }

    #[test]
    fn exact_times_name_their_zone_and_machines_get_utc() {
        let moment = Moments::new(NOW, TimeZone::UTC).moment(NOW);
        assert_eq!(moment.exact, "23 Nov 2026, 09:13:58 UTC");
        assert_eq!(moment.time, "09:13:58");
        assert_eq!(moment.machine, "2026-11-23T09:13:58.412Z");

        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let moment = Moments::new(NOW, zone).moment(NOW - 10 * HOUR);
        assert_eq!(moment.exact, "23 Nov 2026, 01:13:58 +02");
        assert_eq!(moment.machine, "2026-11-22T23:13:58.412Z");
        assert_eq!(machine(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn no_stored_number_fails_a_page() {
        for at in [i64::MIN, -1, i64::MAX] {
            assert!(!Moments::new(NOW, TimeZone::UTC).moment(at).exact.is_empty());
        }
    }

    #[test]
    fn spans_reach_back_and_nonsense_means_all_times() {
        for (within, since_when) in [
            (Some("1h"), Some(NOW - HOUR)),
            (Some("7d"), Some(NOW - 7 * DAY)),
            (Some("30m"), Some(NOW - 30 * MINUTE)),
            (Some("d"), None),
            (Some("-1d"), None),
            (Some("7 Tage ä"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(since(within, NOW), since_when, "{within:?}");
        }
    }

    #[test]
    fn minutes_are_read_by_the_clocks_of_a_zone() {
        let begin = NOW / MINUTE * MINUTE;
        let minute = |text, zone: &TimeZone| super::minute(text, zone);
        let utc = TimeZone::UTC;
        assert_eq!(
            minute("2026-11-23T09:13", &utc),
            Some(begin..begin + MINUTE)
        );
        assert_eq!(minute("2026-02-30T09:13", &utc), None);
        assert_eq!(minute("soon", &utc), None);
        let berlin = zone::named("Europe/Berlin").unwrap();
        assert_eq!(
            minute("2026-11-23T10:13", &berlin),
            Some(begin..begin + MINUTE)
        );
        assert_eq!(Moments::new(NOW, berlin).minute(NOW), "2026-11-23T10:13");
    }

    #[test]
    fn the_hour_that_comes_twice_is_within_both_its_ends() {
        let berlin = zone::named("Europe/Berlin").unwrap();
        let utc = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        // 25 October 2026: 03:00 CEST is 02:00 CET again.
        assert_eq!(
            minute("2026-10-25T02:30", &berlin),
            Some(utc("2026-10-25T00:30:00Z")..utc("2026-10-25T01:31:00Z"))
        );
        // 29 March 2026: 02:00 CET is 03:00 CEST; there is no 02:30.
        assert_eq!(
            minute("2026-03-29T02:30", &berlin),
            Some(utc("2026-03-29T00:30:00Z")..utc("2026-03-29T01:31:00Z"))
        );
    }

    #[test]
    fn days_begin_at_midnight_and_are_as_long_as_the_clocks_make_them() {
        let berlin = zone::named("Europe/Berlin").unwrap();
        let utc = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let moments = Moments::new(utc("2026-10-26T08:00:00Z"), berlin);
        assert_eq!(
            moments.midnights(3),
            [
                utc("2026-10-23T22:00:00Z"),
                utc("2026-10-24T22:00:00Z"),
                utc("2026-10-25T23:00:00Z"),
                utc("2026-10-26T23:00:00Z"),
            ]
        );
        // The same hour twice, told apart by the name of the time.
        let exact = |text| moments.moment(utc(text)).exact;
        assert_eq!(exact("2026-10-25T00:30:00Z"), "25 Oct 2026, 02:30:00 CEST");
        assert_eq!(exact("2026-10-25T01:30:00Z"), "25 Oct 2026, 02:30:00 CET");
        assert_eq!(moments.day(utc("2026-10-25T22:59:59Z")), "Sun 25 Oct");
        assert_eq!(moments.day(utc("2026-10-25T23:00:00Z")), "Mon 26 Oct");
        assert_eq!(moments.clock(utc("2026-10-25T22:00:00Z")), "23:00");
        assert_eq!(moments.clock(utc("2026-10-23T22:30:00Z")), "24 Oct");
        let zone = moments.zone();
        assert_eq!(
            (zone.name.as_str(), zone.abbreviation.as_str(), zone.offset),
            ("Europe/Berlin", "CET", 3_600)
        );
    }

    #[test]
    fn durations_have_one_unit() {
        for (microseconds, text) in [
            (-5, "< 0.1 ms"),
            (0, "< 0.1 ms"),
            (50, "0.1 ms"),
            (300, "0.3 ms"),
            (949, "0.9 ms"),
            (950, "1 ms"),
            (7_400, "7 ms"),
            (999_499, "999 ms"),
            (999_500, "1.0 s"),
            (1_240_000, "1.2 s"),
        ] {
            assert_eq!(duration(microseconds), text, "{microseconds}");
        }
    }
}
