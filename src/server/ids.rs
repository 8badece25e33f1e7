//! Identifiers: text, opaque, ordered by the time they were made.

use uuid::{NoContext, Timestamp, Uuid};

use super::clock::Millis;

/// A new id (UUIDv7) for anything we keep. Later ids sort after earlier ones.
pub fn new_id(now: Millis) -> String {
    uuid(now).to_string()
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

fn uuid(now: Millis) -> Uuid {
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
}
