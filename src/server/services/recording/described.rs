//! Descriptions of the service, for which nobody has to prove anything: counted, never recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::log::{Action, Status};
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::store::provisioning_logs::{HourCounts, HourKey};
use crate::server::store::{Tx, organizations};

/// Slugs that one batch tells apart, since anybody can make some up.
const SLUGS: usize = 60;

/// How many there were, by slug and hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Described(BTreeMap<(String, Millis), i64>);

impl Described {
    pub(super) fn add(&mut self, slug: String, at: Millis) {
        let mut key = (slug, HourKey::hour_of(at));
        let is_told_apart = self.0.len() < SLUGS || self.0.contains_key(&key);
        if !is_told_apart {
            key.0.clear();
        }
        *self.0.entry(key).or_default() += 1;
    }

    /// What is added to each organization's hours, and to those of none.
    pub(super) async fn hours(
        self,
        tx: &mut Tx<'_>,
    ) -> Result<Vec<(HourKey, HourCounts)>, StoreError> {
        let slugs: BTreeSet<&str> = self.0.keys().map(|(slug, _)| slug.as_str()).collect();
        let ids = organizations::ids_of(tx, slugs).await?;
        let hours = self.0.into_iter().map(|((slug, hour), unrecorded)| {
            let id = ids.get(&slug).cloned().unwrap_or_default();
            (key(id, hour), counts(unrecorded))
        });
        Ok(hours.collect())
    }
}

/// One of them, for operators.
pub(super) fn one(at: Millis) -> (HourKey, HourCounts) {
    (key(String::new(), HourKey::hour_of(at)), counts(1))
}

fn key(organization_id: String, hour: Millis) -> HourKey {
    HourKey {
        organization_id,
        hour,
        action: Action::Discover,
        status: Status::Success,
        reason: "",
        token_id: String::new(),
    }
}

fn counts(unrecorded: i64) -> HourCounts {
    HourCounts {
        unrecorded,
        ..HourCounts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_that_are_made_up_take_no_room() {
        let mut described = Described::default();
        for number in 0..1_000 {
            described.add(format!("nobody-{number}"), 0);
            described.add("nobody-1".to_owned(), 1);
        }
        assert_eq!(described.0.len(), SLUGS + 1);
        let count = |slug: &str| described.0.get(&(slug.to_owned(), 0)).copied();
        assert_eq!(count("nobody-1"), Some(1_001));
        assert_eq!(count(""), Some(940));
    }
}
