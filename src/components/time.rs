//! Points in time, formatted by the server: relative for the eye, exact at hand.

use leptos::prelude::*;

use crate::model::page::Moment;

/// "16 s ago", with the exact time as title.
#[component]
pub fn Time(moment: Moment) -> impl IntoView {
    view! { <time datetime=moment.machine title=moment.exact>{moment.relative}</time> }
}

/// "09:13:58", for rows of one cycle.
#[component]
pub fn TimeOfDay(moment: Moment) -> impl IntoView {
    view! { <time datetime=moment.machine title=moment.exact>{moment.time}</time> }
}

/// "23 Nov 2026, 09:13:58 UTC", with the relative time as title.
#[component]
pub fn ExactTime(moment: Moment) -> impl IntoView {
    view! { <time datetime=moment.machine title=moment.relative>{moment.exact}</time> }
}

/// The day alone: "23 Nov 2026".
pub fn date(moment: &Moment) -> &str {
    moment.exact.split(',').next().unwrap_or_default()
}

/// "9 ms", "1.2 s"; below a millisecond with one digit.
pub fn duration(microseconds: i64) -> String {
    let (thousands, rest) = (microseconds / 1_000, microseconds % 1_000 / 100);
    if microseconds < 10_000 {
        format!("{thousands}.{rest} ms")
    } else if microseconds < 1_000_000 {
        format!("{thousands} ms")
    } else {
        format!(
            "{}.{} s",
            microseconds / 1_000_000,
            microseconds % 1_000_000 / 100_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_keep_two_to_three_digits() {
        assert_eq!(duration(312), "0.3 ms");
        assert_eq!(duration(9_140), "9.1 ms");
        assert_eq!(duration(14_900), "14 ms");
        assert_eq!(duration(1_240_000), "1.2 s");
    }
}
