//! Placeholder.
use crate::model::page::Moment;
use crate::server::clock::Millis;

pub fn moment(at: Millis, now: Millis) -> Moment {
    let machine = jiff::Timestamp::from_millisecond(at)
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default();
    Moment {
        relative: format!("{} s ago", (now - at) / 1_000),
        exact: machine.clone(),
        time: machine.get(11..19).unwrap_or_default().to_owned(),
        machine,
    }
}
