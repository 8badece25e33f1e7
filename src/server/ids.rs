//! Identifiers: text, opaque, ordered by the time they were made.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{NoContext, Timestamp, Uuid};

use super::clock::Millis;

/// A new id (UUIDv7) for anything we keep. Later ids sort after earlier ones.
pub fn new_id(now: Millis) -> String {
    uuid(now).to_string()
}

/// When an id was made; `None` for a text that is none.
pub fn made_at(id: &str) -> Option<Millis> {
    let (seconds, nanos) = Uuid::parse_str(id).ok()?.get_timestamp()?.to_unix();
    let seconds = Millis::try_from(seconds).ok()?;
    Some(seconds * 1_000 + Millis::from(nanos / 1_000_000))
}

/// The id that a text spells in any of a UUID's forms, as [`new_id`] writes it; `None` for a text that is none.
pub fn canonical(text: &str) -> Option<String> {
    Some(Uuid::try_parse(text).ok()?.to_string())
}

/// What no id of `time` or later sorts before, and every earlier one does.
pub fn first_id(time: Millis) -> String {
    // The 48 bits of an id's time; nothing was made before 1970 or is made beyond them.
    let time = time.clamp(0, (1 << 48) - 1);
    format!("{:08x}-{:04x}-", time >> 16, time & 0xFFFF)
}

/// A new request id: `req_` and 26 characters of Crockford's base 32. It names the log entry, stands in
/// `X-Request-Id` and ends every error text, so it is short enough to be read out on the telephone.
pub fn new_request_id(now: Millis) -> String {
    request_id(uuid(now).as_u128())
}

/// What no request id of `time` or later sorts before: old entries are found by their key alone.
pub fn first_request_id(time: Millis) -> String {
    request_id(u128::from(u64::try_from(time).unwrap_or_default()) << 80)
}

fn request_id(bits: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut id = String::with_capacity(30);
    id.push_str("req_");
    for shift in (0..26).rev() {
        let digit = (bits >> (shift * 5)) & 31;
        id.push(char::from(
            ALPHABET[usize::try_from(digit).unwrap_or_default()],
        ));
    }
    id
}

/// Bits of the counter that follows the time: `rand_a` and the upper part of `rand_b` (RFC 9562 6.2, method 1).
const COUNTER: u32 = 42;

/// A UUIDv7 whose random part begins with a count of all that this process has made, so that those of one
/// millisecond sort in the order in which they were made.
fn uuid(now: Millis) -> Uuid {
    // Begins anywhere in the lower half, so that it does not run over while the process lives.
    static MADE: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(random(0).as_u64_pair().1 & ((1 << (COUNTER - 1)) - 1)));
    let made = u128::from(MADE.fetch_add(1, Ordering::Relaxed)) & ((1 << COUNTER) - 1);
    let (upper, lower) = ((made >> 30) << 64, (made & 0x3FFF_FFFF) << 32);
    let places = (0xFFF << 64) | (0x3FFF_FFFF << 32);
    Uuid::from_u128((random(now).as_u128() & !places) | upper | lower)
}

fn random(now: Millis) -> Uuid {
    let now = u64::try_from(now).unwrap_or_default();
    let nanos = u32::try_from(now % 1_000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(Timestamp::from_unix(NoContext, now / 1_000, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        assert!(new_id(1_000) < new_id(1_001));
        assert!(new_request_id(1_000) < new_request_id(1_001));
        assert_eq!(new_request_id(1_764_000_000_000).len(), 30);
        let first = first_request_id(1_764_000_000_000);
        assert!(first <= new_request_id(1_764_000_000_000));
        assert!(first > new_request_id(1_763_999_999_999));
    }

    #[test]
    fn a_first_id_divides_ids_by_their_time() {
        for time in [1, 65_535, 65_536, 1_764_000_000_123] {
            assert!(first_id(time) <= new_id(time));
            assert!(first_id(time) > new_id(time - 1));
            assert!(first_id(time + 1) > new_id(time));
        }
        assert!(first_id(-1) <= new_id(0));
        assert!(first_id(i64::MAX) > new_id(1_764_000_000_123));
    }

    #[test]
    fn an_id_says_when_it_was_made() {
        for time in [0, 1_764_000_000_123, 1_795_424_400_999] {
            assert_eq!(made_at(&new_id(time)), Some(time));
        }
        for text in ["", "old", "7f0c3d86-6c4f-4b6e-9d3c-2f1d7a0b1c11"] {
            assert_eq!(made_at(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_one_however_it_is_spelt() {
        let id = new_id(1_764_000_000_123);
        let (upper, bare) = (id.to_uppercase(), id.replace('-', ""));
        for text in [
            id.as_str(),
            &upper,
            &bare,
            &format!("{{{id}}}"),
            &format!("urn:uuid:{id}"),
        ] {
            assert_eq!(canonical(text), Some(id.clone()), "{text}");
        }
        assert_eq!(canonical("once"), None);
    }

    #[test]
    fn ids_of_one_millisecond_sort_as_they_were_made() {
        let ids: Vec<String> = (0..5_000).map(|_| new_id(1_764_000_000_000)).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        let ids: Vec<String> = (0..5_000).map(|_| new_request_id(7)).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn ids_stay_version_7_and_mostly_random_at_their_end() {
        let (one, other) = (uuid(1_764_000_000_000), uuid(1_764_000_000_000));
        assert_eq!(one.get_version_num(), 7);
        assert_eq!(one.get_variant(), uuid::Variant::RFC4122);
        let end = |id: Uuid| id.as_u128() & 0xFFFF_FFFF;
        assert_ne!(end(one), end(other));
    }
}
