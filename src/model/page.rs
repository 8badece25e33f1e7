//! A page of a longer list.

use serde::{Deserialize, Serialize};

/// Part of a list in keyset order. Cursors are plain values for the query string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Cursor of the page before this one ("Newer"), if there is one.
    pub previous: Option<String>,
    /// Cursor of the page after this one ("Older"), if there is one.
    pub next: Option<String>,
    /// How many the whole list has; counting stops at 10,000.
    pub total: Count,
}

/// A count that stops at a limit rather than reading everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    Exactly(u64),
    /// Shown as "10,000+".
    MoreThan(u64),
}

/// A point in time as the server formats it: relative for the eye, exact for the title, RFC 3339 for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// "16 s ago", "12 Nov".
    pub relative: String,
    /// "23 Nov 2026, 09:13:58 UTC".
    pub exact: String,
    /// "09:13:58".
    pub time: String,
    /// "2026-11-23T09:13:58.412Z".
    pub machine: String,
}

impl<T> Page<T> {
    /// A page from rows in the order they were read, one more than [`Self::SIZE`] if there are more. `inside`
    /// says that reading began at a cursor, `back` that it went towards the beginning.
    pub fn of(
        mut rows: Vec<T>,
        inside: bool,
        back: bool,
        total: Count,
        cursor: impl Fn(&T) -> String,
    ) -> Self {
        let more = rows.len() > Self::SIZE;
        rows.truncate(Self::SIZE);
        if back {
            rows.reverse();
        }
        let first = rows.first().map(&cursor);
        let last = rows.last().map(&cursor);
        Self {
            previous: first.filter(|_| if back { more } else { inside }),
            next: last.filter(|_| if back { inside } else { more }),
            items: rows,
            total,
        }
    }

    /// Items on a full page.
    pub const SIZE: usize = 50;

    /// The same page of other items.
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(item).collect(),
            previous: self.previous,
            next: self.next,
            total: self.total,
        }
    }

    /// The same page of other items, or the first error.
    ///
    /// # Errors
    /// What `item` answers.
    pub fn try_map<U, E>(self, item: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            items: self.items.into_iter().map(item).collect::<Result<_, E>>()?,
            previous: self.previous,
            next: self.next,
            total: self.total,
        })
    }
}

/// "231", "1,842", "10,000+".
pub fn count(count: Count) -> String {
    match count {
        Count::Exactly(n) => number(n),
        Count::MoreThan(n) => format!("{}+", number(n)),
    }
}

/// "1 user", "2 users", "no users".
pub fn counted(n: u64, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        n => format!("{} {many}", number(n)),
    }
}

/// "1 user", "10,000+ users".
pub fn counted_up_to(n: Count, one: &str, many: &str) -> String {
    match n {
        Count::Exactly(n) => counted(n, one, many),
        Count::MoreThan(_) => format!("{} {many}", count(n)),
    }
}

/// With thousands set apart: "1,842".
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_set_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(count(Count::MoreThan(10_000)), "10,000+");
        assert_eq!(
            [0, 1, 1_000].map(|n| counted(n, "user", "users")),
            ["no users", "1 user", "1,000 users"]
        );
        let up_to = [Count::Exactly(1), Count::MoreThan(10_000)];
        assert_eq!(
            up_to.map(|n| counted_up_to(n, "user", "users")),
            ["1 user", "10,000+ users"]
        );
    }
}
