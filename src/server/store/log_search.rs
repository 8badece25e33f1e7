//! The logs page's questions to `provisioning_logs`.
//!
//! Every search walks an index in the order of time and tests the rest row by row, for a bounded
//! number of entries: then it says how far it got. Only a text that few entries match is looked up first.

mod of_issue;
mod text;

pub(super) use of_issue::push_entry_test;

use sqlx::FromRow;

use super::issues::Issue;
use super::keyset::{COUNT_LIMIT, FETCH, TimeCursor, push_comparison, push_list};
use super::sql::{Builder, Connection, Record};
use crate::model::log::{LogFilter, Status};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Entries that one search reads before it stops, if indexes hold all that it tests.
const WINDOW: i64 = 50_000;
/// The same if the entries themselves must be read.
const ROWS_WINDOW: i64 = 10_000;

/// What lists show unless lookups are asked for; the partial indexes have exactly these words.
pub(super) const SHOWN: &str = " AND (NOT l.is_lookup OR l.status = 'failure')";

/// The same in other words, where an index of something else is meant: PostgreSQL takes the partial index of what is
/// shown for the one of a status, and reads all of the log where that status is old.
const SHOWN_TESTED: &str = " AND (NOT l.is_lookup OR (l.status || '') = 'failure')";

/// The columns of an [`Entry`], of `provisioning_logs l`.
macro_rules! columns {
    () => {
        "l.id, l.occurred_at, l.cycle_id, l.action, l.status, l.http_status, l.reason, l.detail, l.user_id, \
         l.user_name, l.label, l.path, l.token_prefix, l.duration_us, \
         CASE WHEN l.action = 'match' AND l.user_id IS NULL THEN l.steps END AS match_steps"
    };
}
pub(super) use columns;

/// Columns of a row of the list, up to its conditions.
pub(super) const COLUMNS: &str = concat!("SELECT ", columns!(), " FROM provisioning_logs l WHERE ");

/// What the log is asked for, in the terms of the tables.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub organization_id: &'a str,
    pub filter: &'a LogFilter,
    /// The text as typed, and its normalized twin.
    pub text: &'a str,
    pub text_key: String,
    /// From this time on, and until before that one.
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    /// Nothing until it is looked up; see [`look_up`].
    pub named: Named,
}

/// What a search names: on it depends how the search goes.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// That of the filter, if there is one.
    pub issue: Option<Issue>,
    /// So few entries match the text that they are looked up.
    pub text_is_narrow: bool,
}

/// An entry as listed.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    pub id: String,
    pub occurred_at: Millis,
    pub cycle_id: String,
    pub action: String,
    pub status: String,
    pub http_status: i64,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub label: Option<String>,
    pub path: String,
    pub token_prefix: Option<String>,
    pub duration_us: i64,
    /// The steps of a match that is not about one user: they say how many it found.
    pub match_steps: Option<String>,
}

impl Entry {
    /// Where it stands in the log.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor {
            at: self.occurred_at,
            id: self.id.clone(),
        }
    }
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found<T = Entry> {
    /// As many as were asked for at most, in the direction of reading.
    pub entries: Vec<T>,
    /// The last entry that was looked at, where the search stopped before its end.
    pub stopped_at: Option<TimeCursor>,
}

/// What a filter may ask of an entry, beside the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Request,
    Issue,
    User,
    Cycle,
    Reason,
    Status,
    Action,
    Token,
    Text,
}

impl Search<'_> {
    /// Lookups are shown when asked for, by the switch or by naming one.
    fn shows_lookups(&self) -> bool {
        self.filter.lookups
            || self.filter.request_id.is_some()
            || self.filter.issue_id.is_some()
            || self.filter.actions.iter().any(|action| action.is_lookup())
    }

    fn conditions(&self) -> impl Iterator<Item = Condition> {
        let filter = self.filter;
        [
            (filter.request_id.is_some(), Condition::Request),
            (filter.issue_id.is_some(), Condition::Issue),
            (filter.user_id.is_some(), Condition::User),
            (filter.cycle_id.is_some(), Condition::Cycle),
            (filter.reason.is_some(), Condition::Reason),
            (!filter.statuses.is_empty(), Condition::Status),
            (!filter.actions.is_empty(), Condition::Action),
            (filter.token_prefix.is_some(), Condition::Token),
            (!self.text.is_empty(), Condition::Text),
        ]
        .into_iter()
        .filter_map(|(is_set, condition)| is_set.then_some(condition))
    }

    /// The condition that has an index of its own in the order of time; without one, an index of all entries
    /// (or all that are shown) is walked.
    fn indexed(&self) -> Option<Condition> {
        if self.named.text_is_narrow {
            return None;
        }
        self.conditions().find(|condition| match condition {
            Condition::Request | Condition::Issue => true,
            Condition::User | Condition::Cycle => !self.shows_lookups(),
            Condition::Reason => true,
            Condition::Status => {
                matches!(self.filter.statuses[..], [status] if status != Status::Success)
            }
            Condition::Action | Condition::Token | Condition::Text => false,
        })
    }

    /// How many entries may be read; `None` where an index holds what matches and nothing else.
    fn window(&self) -> Option<i64> {
        if self.named.text_is_narrow {
            return None;
        }
        let indexed = self.indexed();
        match indexed {
            Some(Condition::Request) => return None,
            // What its index leads to is tested still.
            Some(Condition::Issue) => return Some(ROWS_WINDOW),
            _ => {}
        }
        let tested = || {
            self.conditions()
                .filter(|condition| Some(*condition) != indexed)
        };
        tested().next()?;
        // The last columns of the walked index.
        let in_index: &[Condition] = match (indexed, self.shows_lookups()) {
            (None, true) => &[Condition::Action, Condition::Status, Condition::User],
            (None, false) => &[Condition::Action, Condition::Status, Condition::Token],
            (Some(Condition::Status), _) => &[Condition::User],
            _ => &[],
        };
        let are_in_index = tested().all(|condition| in_index.contains(&condition));
        Some(if are_in_index { WINDOW } else { ROWS_WINDOW })
    }

    /// From when on, and until before when: as asked for, but not beyond the time of the issue.
    fn span(&self) -> (Option<Millis>, Option<Millis>) {
        let issue = self.named.issue.as_ref().map(of_issue::span);
        let first = issue.as_ref().map(|span| span.start);
        let end = issue.map(|span| span.end);
        (
            self.since.into_iter().chain(first).max(),
            self.until.into_iter().chain(end).min(),
        )
    }

    /// The time of an entry: what orders the index that is walked, or, where a few are looked up by their ids,
    /// an expression that none answers.
    fn time(&self) -> &'static str {
        if self.named.text_is_narrow {
            "(l.occurred_at + 0)"
        } else {
            "l.occurred_at"
        }
    }

    /// What an index answers, beside the time: organization, and the condition that has one.
    fn push_walk(&self, statement: &mut Builder) {
        statement.push(if self.named.text_is_narrow {
            "(l.organization_id || '') = "
        } else {
            "l.organization_id = "
        });
        statement.bind(self.organization_id);
        let indexed = self.indexed();
        if !self.shows_lookups() {
            statement.push(match indexed {
                Some(Condition::Status | Condition::Reason) => SHOWN_TESTED,
                _ => SHOWN,
            });
        }
        let (test, value) = match indexed {
            Some(Condition::Request) => (" AND l.id = ", self.filter.request_id.as_deref()),
            Some(Condition::Issue) => match &self.named.issue {
                // Of several remarks one has named the entry.
                Some(issue) if issue.is_remark => (
                    " AND l.status <> 'success' AND l.status = ",
                    Some(Status::Warning.as_str()),
                ),
                // No reason is empty.
                issue => (
                    " AND l.reason = ",
                    Some(issue.as_ref().map_or("", |issue| issue.reason.as_str())),
                ),
            },
            Some(Condition::User) => (" AND l.user_id = ", self.filter.user_id.as_deref()),
            Some(Condition::Cycle) => (" AND l.cycle_id = ", self.filter.cycle_id.as_deref()),
            Some(Condition::Reason) => (" AND l.reason = ", self.filter.reason.as_deref()),
            Some(Condition::Status) => (
                " AND l.status <> 'success' AND l.status = ",
                self.filter.statuses.first().map(|status| status.as_str()),
            ),
            _ => return,
        };
        statement.push(test).bind(value);
    }

    /// All other conditions. The expressions keep the databases from leaving the order of time for an index of
    /// their choice.
    fn push_tests(&self, statement: &mut Builder) {
        let filter = self.filter;
        let indexed = self.indexed();
        for condition in self
            .conditions()
            .filter(|condition| Some(*condition) != indexed)
        {
            let (test, value) = match condition {
                Condition::Request => (" AND (l.id || '') = ", filter.request_id.as_deref()),
                // Below, wherever the walk leads.
                Condition::Issue => continue,
                Condition::User => (" AND (l.user_id || '') = ", filter.user_id.as_deref()),
                Condition::Cycle => (" AND (l.cycle_id || '') = ", filter.cycle_id.as_deref()),
                Condition::Reason => (" AND (l.reason || '') = ", filter.reason.as_deref()),
                Condition::Token => (" AND l.token_prefix = ", filter.token_prefix.as_deref()),
                Condition::Status => {
                    let statuses = filter.statuses.iter().map(|status| status.as_str());
                    push_list(statement, " AND (l.status || '') IN (", statuses);
                    continue;
                }
                Condition::Action => {
                    let actions = filter.actions.iter().map(|action| action.as_str());
                    push_list(statement, " AND l.action IN (", actions);
                    continue;
                }
                Condition::Text => {
                    self.push_text(statement);
                    continue;
                }
            };
            statement.push(test).bind(value);
        }
        if let Some(issue) = &self.named.issue {
            push_entry_test(statement, issue);
        }
    }
}

/// Looks up what `search` names.
pub async fn look_up(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<Named, StoreError> {
    Ok(Named {
        issue: of_issue::find(connection, search).await?,
        text_is_narrow: text::is_narrow(connection, search).await?,
    })
}

/// The next entries after `cursor`: older ones, newest first, or with `newer` newer ones, oldest first.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&TimeCursor>,
    newer: bool,
) -> Result<Found, StoreError> {
    read(connection, search, COLUMNS, cursor, newer, FETCH).await
}

/// The latest entries, at most `limit`, newest first.
pub async fn latest(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let found = read(connection, search, COLUMNS, None, false, limit).await?;
    Ok(found.entries)
}

/// As [`list`], with other columns of `provisioning_logs l` and up to `limit` rows.
pub(super) async fn read<T: Record>(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    columns: &'static str,
    cursor: Option<&TimeCursor>,
    newer: bool,
    limit: i64,
) -> Result<Found<T>, StoreError> {
    let stop = stop(connection, search, cursor, newer).await?;
    let mut statement = Builder::new(columns);
    push_range(&mut statement, search, cursor, stop.as_ref(), newer);
    search.push_tests(&mut statement);
    push_order(&mut statement, search, newer);
    statement.push(" LIMIT ").bind(limit);
    let entries: Vec<T> = connection.fetch_all(statement.finish()).await?;
    let is_full = i64::try_from(entries.len()).unwrap_or(limit) >= limit;
    Ok(Found {
        entries,
        stopped_at: stop.filter(|_| !is_full),
    })
}

/// How many entries match, up to [`COUNT_LIMIT`] and one, and whether all of them were looked at.
pub async fn count(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<(i64, bool), StoreError> {
    let stop = stop(connection, search, None, false).await?;
    let mut statement =
        Builder::new("SELECT count(*) FROM (SELECT 1 FROM provisioning_logs l WHERE ");
    push_range(&mut statement, search, None, stop.as_ref(), false);
    search.push_tests(&mut statement);
    statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
    statement.push(") counted");
    let counted = connection.fetch_count(statement.finish()).await?;
    Ok((counted, stop.is_none()))
}

/// The last entry that a search from `cursor` may look at; `None` if it may go to the end.
async fn stop(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&TimeCursor>,
    newer: bool,
) -> Result<Option<TimeCursor>, StoreError> {
    let Some(window) = search.window() else {
        return Ok(None);
    };
    let mut statement = Builder::new("SELECT l.occurred_at, l.id FROM provisioning_logs l WHERE ");
    push_range(&mut statement, search, cursor, None, newer);
    push_order(&mut statement, search, newer);
    statement.push(" LIMIT 1 OFFSET ").bind(window - 1);
    let last: Option<(Millis, String)> = connection.fetch_optional(statement.finish()).await?;
    Ok(last.map(|(at, id)| TimeCursor { at, id }))
}

fn push_range(
    statement: &mut Builder,
    search: &Search<'_>,
    after: Option<&TimeCursor>,
    to: Option<&TimeCursor>,
    newer: bool,
) {
    search.push_walk(statement);
    // No id sorts before "": these are the first entries of their millisecond.
    let (since, until) = search.span();
    let since = since.map(TimeCursor::first_at);
    let until = until.map(TimeCursor::first_at);
    // One bound at each end, so that the walk begins where it should: `to` lies within the span of time.
    let (lower, upper) = if newer {
        let lower = match (after, &since) {
            (Some(after), Some(since)) if since > after => Some((">=", since)),
            (Some(after), _) => Some((">", after)),
            (None, since) => since.as_ref().map(|since| (">=", since)),
        };
        let upper = to.map(|to| ("<=", to));
        (lower, upper.or(until.as_ref().map(|until| ("<", until))))
    } else {
        let lower = to.or(since.as_ref()).map(|place| (">=", place));
        let upper = after.into_iter().chain(&until).min();
        (lower, upper.map(|place| ("<", place)))
    };
    for (comparison, place) in [lower, upper].into_iter().flatten() {
        push_comparison(statement, (search.time(), "l.id"), comparison, place);
    }
}

fn push_order(statement: &mut Builder, search: &Search<'_>, newer: bool) {
    statement.push(" ORDER BY ").push(search.time());
    statement.push(if newer { ", l.id" } else { " DESC, l.id DESC" });
}
