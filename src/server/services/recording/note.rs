//! What requests leave for the log's next batch.

use tokio::sync::oneshot;

use super::hour_of;
use crate::model::log::Status;
use crate::server::clock::Millis;
use crate::server::store::provisioning_logs::{HourCounts, HourKey, NewEntry, NewPayload};

/// Bytes of entries that may wait or be written just now: they may be large.
pub(super) const BYTES: usize = 32 * 1024 * 1024;
/// Bytes of an entry but for what may be large of it.
const ENTRY_BYTES: usize = 2 * 1024;
/// Bytes of an organization's slug at most.
const SLUG: usize = 63;

/// Something for the next batch.
#[derive(Debug)]
pub enum Note {
    /// An entry to store and count.
    Entry(Box<NewEntry>),
    /// An entry of a request that failed before its organization was known: its slug says whose log it belongs to.
    Unplaced { slug: String, entry: Box<NewEntry> },
    /// An entry that is stored already (with its change): only counted.
    Counted(Counted),
    /// Requests at this time that the log does not record.
    Unrecorded(HourKey, HourCounts, Millis),
    /// The service was described to somebody without a token, at the Tenant URL of a slug that may be nobody's.
    Described { slug: String, at: Millis },
    /// A token was used.
    TokenUsed {
        token_id: String,
        at: Millis,
        address: String,
        user_agent: String,
    },
    /// Somebody waits for all earlier notes to be written.
    Flush(oneshot::Sender<()>),
}

/// What is counted of an entry.
#[derive(Debug)]
pub struct Counted {
    pub(super) hour: (HourKey, HourCounts),
    pub(super) at: Millis,
    /// The issues that it belongs to.
    pub(super) issues: Vec<String>,
    /// The organization's issues may be over.
    pub(super) succeeded_at: Option<Millis>,
}

impl Counted {
    /// Of an entry.
    pub(super) fn of(entry: &NewEntry) -> Self {
        Self {
            hour: hour_of(entry),
            at: entry.occurred_at,
            issues: entry
                .occurrences
                .iter()
                .map(|occurrence| occurrence.issue_id.clone())
                .collect(),
            succeeded_at: (entry.status != Status::Failure).then_some(entry.occurred_at),
        }
    }
}

impl Note {
    /// An entry for the log of the organization with this slug.
    pub fn unplaced(slug: String, entry: Box<NewEntry>) -> Self {
        let slug = somebodys(slug);
        Self::Unplaced { slug, entry }
    }

    /// That the service was described at the Tenant URL of this slug.
    pub fn described(slug: String, at: Millis) -> Self {
        let slug = somebodys(slug);
        Self::Described { slug, at }
    }

    /// The count of an entry that commits with its change.
    pub fn counted(entry: &NewEntry) -> Self {
        Self::Counted(Counted::of(entry))
    }

    /// What an entry takes of [`BYTES`].
    pub(super) fn bytes(&self) -> u32 {
        let (Self::Entry(entry) | Self::Unplaced { entry, .. }) = self else {
            return 0;
        };
        let payload = entry.payload.as_ref().map_or(0, NewPayload::bytes);
        let bytes = ENTRY_BYTES + entry.steps.len() + payload;
        u32::try_from(bytes.min(BYTES)).unwrap_or(u32::MAX)
    }
}

/// A slug that may be an organization's; else none. Strangers can write as much in its place as fits into a head, and what
/// waits is counted without it.
fn somebodys(slug: String) -> String {
    if slug.len() > SLUG {
        String::new()
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_that_nobody_can_have_takes_no_room() {
        for (slug, kept) in [
            ("contoso".to_owned(), 7),
            ("x".repeat(63), 63),
            ("x".repeat(64), 0),
        ] {
            let Note::Described { slug, .. } = Note::described(slug, 0) else {
                unreachable!("it is made so");
            };
            assert_eq!(slug.len(), kept);
        }
    }
}
