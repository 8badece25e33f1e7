//! Paging by the last row's values rather than by counting rows, and prefix search by an index.

use std::fmt;

use super::sql::Builder;
use crate::model::page::{Count, Page};
use crate::server::clock::Millis;

/// Rows on a page.
pub const PAGE: usize = Page::<()>::SIZE;
/// Where counting stops.
pub const COUNT_LIMIT: i64 = 10_000;

/// Rows that are read and sorted; where more may match, the order's index is walked instead. At 50 a page and a
/// million rows, walking past what does not match costs about as much as sorting this many.
pub const FEW: i64 = 2_000;

/// Rows to ask for: one more than is shown tells whether there is another page.
pub const FETCH: i64 = 51;

/// The place of an entry in time: what the pages of the log and of histories begin after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeCursor {
    pub at: Millis,
    pub id: String,
}

impl TimeCursor {
    /// Before the first entry of a millisecond: no id sorts before "".
    pub fn first_at(at: Millis) -> Self {
        Self {
            at,
            id: String::new(),
        }
    }

    /// From the query string; `None` for a text that is no cursor, which then means the first page.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('~')?;
        Some(Self {
            at: at.parse().ok()?,
            id: id.to_owned(),
        })
    }
}

impl fmt::Display for TimeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.at, self.id)
    }
}

/// From where a page goes on, both ways: the key of the row just outside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    Start,
    After(String),
    Before(String),
}

impl From {
    /// From the query string's two cursors; *after* wins.
    pub fn new(after: Option<&str>, before: Option<&str>) -> Self {
        match (after, before) {
            (Some(key), _) => Self::After(key.to_owned()),
            (None, Some(key)) => Self::Before(key.to_owned()),
            (None, None) => Self::Start,
        }
    }

    /// Whether reading begins at a cursor.
    pub fn is_inside(&self) -> bool {
        !matches!(self, Self::Start)
    }

    /// Whether reading goes towards the beginning: rows come in the opposite order then.
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Before(_))
    }
}

/// A count that was stopped after [`COUNT_LIMIT`].
pub fn count(counted: i64) -> Count {
    let limit = u64::try_from(COUNT_LIMIT).unwrap_or_default();
    match u64::try_from(counted).unwrap_or_default() {
        counted if counted > limit => Count::MoreThan(limit),
        counted => Count::Exactly(counted),
    }
}

/// A count that may also have been stopped before all rows were looked at.
pub fn at_least(counted: i64, is_all: bool) -> Count {
    match count(counted) {
        Count::Exactly(counted) if !is_all => Count::MoreThan(counted),
        count => count,
    }
}

/// The bounds of all texts that begin with `prefix`: `column >= low AND column < high`. Unlike LIKE it needs
/// no escaping and uses an index on both databases whatever its collation of patterns.
pub fn prefix_range(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{}", char::MAX))
}

/// Ends a statement whose rows stand in an order of two columns, a time and an id: at most `limit` of them beyond the
/// cursor, or before it in the opposite order.
pub(super) fn push_page(
    statement: &mut Builder,
    (at, id): (&'static str, &'static str),
    order: Order,
    cursor: Option<&TimeCursor>,
    back: bool,
    limit: i64,
) {
    let is_ascending = (order == Order::EarliestFirst) != back;
    if let Some(cursor) = cursor {
        let comparison = if is_ascending { ">" } else { "<" };
        push_comparison(statement, (at, id), comparison, cursor);
    }
    let way = if is_ascending { "" } else { " DESC" };
    for piece in [" ORDER BY ", at, way, ", ", id, way, " LIMIT "] {
        statement.push(piece);
    }
    statement.bind(limit);
}

/// Adds that a time and an id stand so (`<`, `>=`) to a place.
pub(super) fn push_comparison(
    statement: &mut Builder,
    (at, id): (&'static str, &'static str),
    comparison: &'static str,
    place: &TimeCursor,
) {
    for piece in [" AND (", at, ", ", id, ") ", comparison, " ("] {
        statement.push(piece);
    }
    statement.bind(place.at).push(", ");
    statement.bind(&place.id).push(")");
}

/// How rows stand on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    EarliestFirst,
    LatestFirst,
}

/// Adds `test`, which ends in `IN (`, with these values. In a list of none there is nothing: what is asked or changed by it
/// is no row, rather than every row.
pub(super) fn push_list<'v>(
    statement: &mut Builder,
    test: &'static str,
    values: impl IntoIterator<Item = &'v str>,
) {
    statement.push(test);
    let mut values = values.into_iter();
    match values.next() {
        Some(first) => statement.bind(first),
        None => statement.push("SELECT '' WHERE FALSE"),
    };
    for value in values {
        statement.push(", ").bind(value);
    }
    statement.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_query_string_and_nonsense_is_none() {
        let cursor = TimeCursor {
            at: -3,
            id: "a~b".to_owned(),
        };
        assert_eq!(TimeCursor::parse(&cursor.to_string()), Some(cursor));
        for text in ["", "~", "x~y", "12"] {
            assert_eq!(TimeCursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_prefix_range_holds_wildcards_as_themselves() {
        let (low, high) = prefix_range("a%_");
        assert!("a%_b" >= low.as_str() && "a%_b" < high.as_str());
        assert!("axyz" > high.as_str() || "axyz" < low.as_str());
    }
}
