//! xsd:dateTime (RFC 7643 2.3.5) to and from epoch milliseconds.

const DAY_MS: i64 = 86_400_000;
/// 0000-01-01T00:00:00Z.
const FIRST_MS: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;

/// Reads an xsd:dateTime with date and time as epoch milliseconds; digits after the millisecond
/// are dropped, and a time without a zone counts as UTC. `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, millis(fraction)?),
        None => (clock, 0),
    };
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let local = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction;
    let ms = local - offset(zone)? * 60_000;
    (FIRST_MS..=LAST_MS).contains(&ms).then_some(ms)
}

/// Writes epoch milliseconds as `2026-11-23T09:14:00.000Z`; times outside the years 0000 to 9999
/// become the nearest one inside.
#[must_use]
pub fn format(epoch_ms: i64) -> String {
    let ms = epoch_ms.clamp(FIRST_MS, LAST_MS);
    let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil_from_days(days);
    let (seconds, milli) = (rest / 1_000, rest % 1_000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Three numbers of exact widths between separators.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut out = [0; 3];
    for (slot, width) in out.iter_mut().zip(widths) {
        *slot = digits(parts.next()?, width)?;
    }
    parts.next().is_none().then_some(out)
}

fn digits(text: &str, width: usize) -> Option<i64> {
    let plain = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn millis(fraction: &str) -> Option<i64> {
    let plain = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !plain {
        return None;
    }
    let digit = |at: usize| {
        fraction
            .as_bytes()
            .get(at)
            .map_or(0, |b| i64::from(b - b'0'))
    };
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// Minutes east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    let valid = minutes <= 59 && hours * 60 + minutes <= 14 * 60;
    valid.then_some(sign * (hours * 60 + minutes))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years are shifted to start in March,
/// so that the leap day is a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc7643_2_3_5_date_time() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2008-01-23T04:56:22Z"), Some(1_201_064_182_000));
        assert_eq!(parse("2008-01-23T06:56:22+02:00"), Some(1_201_064_182_000));
        assert_eq!(parse("2008-01-23T04:56:22.1239"), Some(1_201_064_182_123));
        assert_eq!(format(1_201_064_182_120), "2008-01-23T04:56:22.120Z");
        assert_eq!(format(FIRST_MS), "0000-01-01T00:00:00.000Z");
        assert_eq!(format(i64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2008-01-23",
            "2008-02-30T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2008-01-23T24:00:00Z",
            "2008-1-23T04:56:22Z",
            "2008-01-23T04:56:22.Z",
            "2008-01-23T04:56:22+15:00",
            "2008-01-23T04:56Z",
            "2008-01-23T04:56:22ZZ",
            "９９９９-01-01T00:00:00Z",
            "0000-01-01T00:00:00+01:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn format_and_parse_are_inverse(ms in FIRST_MS..=LAST_MS) {
            prop_assert_eq!(parse(&format(ms)), Some(ms));
        }

        #[test]
        fn any_text_is_safe(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
