//! How times and durations are shown. The server formats all of them, so that pages read alike with and
//! without scripts and nothing depends on a computer's locale.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::model::page::Moment;
use crate::server::clock::{DAY, HOUR, MINUTE, Millis, SECOND};

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

    /// Relative to `now`, exact in UTC.
    pub fn utc(now: Millis) -> Self {
        Self::new(now, TimeZone::UTC)
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

    /// The day of `at`: "Mon 23 Nov".
    pub fn day(&self, at: Millis) -> String {
        self.zoned(at).strftime("%a %-d %b").to_string()
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
            _ => format!("in {}", amount(distance.saturating_neg())),
        }
    }

    fn zoned(&self, at: Millis) -> Zoned {
        timestamp(at).to_zoned(self.zone.clone())
    }
}

/// `at` as seen `now`, in UTC.
pub fn moment(at: Millis, now: Millis) -> Moment {
    Moments::utc(now).moment(at)
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

/// A minute as forms send it, in UTC: "2026-11-23T09:13". `None` for what is no time.
pub fn minute(text: &str) -> Option<Millis> {
    let minute: jiff::civil::DateTime = text.parse().ok()?;
    let zoned = minute.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
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

/// Stored times are in range; one that is not is shown as the limit rather than failing a page.
fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
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
            (NOW + 90 * MINUTE, "in 1 h"),
            (NOW + DAY, "in 1 day"),
            (NOW + 41 * DAY + HOUR, "in 41 days"),
        ] {
            assert_eq!(Moments::utc(NOW).moment(at).relative, relative, "{at}");
        }
    }

    #[test]
    fn exact_times_name_their_zone_and_machines_get_utc() {
        let moment = Moments::utc(NOW).moment(NOW);
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
            assert!(!Moments::utc(NOW).moment(at).exact.is_empty());
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
    fn minutes_are_in_utc() {
        assert_eq!(minute("2026-11-23T09:13"), Some(NOW / MINUTE * MINUTE));
        assert_eq!(minute("2026-02-30T09:13"), None);
        assert_eq!(minute("soon"), None);
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
