//! The zones in which people read times. Names and rules are IANA's and compiled in: nothing depends on what the
//! server's computer knows.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Longer than any name.
const LONGEST: usize = 64;

/// What the names that one may choose begin with. The others are offsets, or old names of these.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// The zone of an IANA name, such as "Europe/Berlin"; `None` for anything else, whoever wrote it.
pub fn named(name: &str) -> Option<TimeZone> {
    if name.len() > LONGEST || name.eq_ignore_ascii_case("Etc/Unknown") {
        return None;
    }
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    zone.iana_name().is_some().then_some(zone)
}

/// "Europe/Berlin", or "UTC".
pub fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// The names to choose from, in their order.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| {
            let area = name.split_once('/').map(|(area, _)| area);
            name == "UTC" || area.is_some_and(|area| AREAS.contains(&area))
        })
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_zones_are_zones() {
        for (text, found) in [
            ("Europe/Berlin", Some("Europe/Berlin")),
            ("europe/berlin", Some("Europe/Berlin")),
            ("Asia/Calcutta", Some("Asia/Calcutta")),
            (
                "America/Argentina/Buenos_Aires",
                Some("America/Argentina/Buenos_Aires"),
            ),
            ("UTC", Some("UTC")),
            ("", None),
            ("Etc/Unknown", None),
            ("Europe/Rhombus", None),
            ("../../etc/passwd", None),
            ("Europe/Berlin\"><script>", None),
            ("+02:00", None),
            ("EST5EDT,M3.2.0,M11.1.0", None),
        ] {
            let zone = named(text);
            assert_eq!(zone.as_ref().map(name), found, "{text}");
        }
        assert!(named(&"Europe/".repeat(1_000)).is_none());
    }

    #[test]
    fn every_name_to_choose_is_a_zone() {
        let names = names();
        assert!(names.len() > 300 && names.is_sorted());
        for chosen in &names {
            assert_eq!(named(chosen).as_ref().map(name), Some(chosen.as_str()));
        }
        assert!(!names.iter().any(|name| name == "Etc/GMT+5" || name == "GB"));
    }
}
