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
