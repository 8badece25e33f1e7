//! `user_counts`: how many users each organization has, so that no page of a list counts them all.

use std::collections::BTreeMap;

use super::sql::{Arg, Builder, Connection, Sql, sql};
use crate::server::error::StoreError;

/// Parts of an organization's count, so that changes at the same time seldom wait for each other on PostgreSQL.
const PARTS: i64 = 64;

/// Users that a transaction has added and taken away, to be counted once at its end.
#[derive(Debug, Clone, Default)]
pub(super) struct UserCounts(BTreeMap<(String, i64), i64>);

impl UserCounts {
    /// Counts one user more, or one less.
    pub(super) fn add(&mut self, organization_id: &str, id: &str, more: i64) {
        // Ids end at random, so they share the parts among them.
        let end = id.bytes().rev().take(2);
        let part = end.fold(0, |part, digit| part * 16 + i64::from(digit)) % PARTS;
        *self
            .0
            .entry((organization_id.to_owned(), part))
            .or_default() += more;
    }

    /// Takes in what another change of the same transaction has counted.
    pub(super) fn merge(&mut self, other: Self) {
        for ((organization_id, _), more) in other.0 {
            // Whoever shares a transaction waits for nobody, so that one part will do.
            *self.0.entry((organization_id, 0)).or_default() += more;
        }
    }

    /// What writes them, if there is anything to be written. Parts are locked in one order.
    pub(super) fn into_statement(self) -> Option<Sql> {
        let mut counts = self.0.into_iter().filter(|(_, more)| *more != 0).peekable();
        counts.peek()?;
        let mut statement =
            Builder::new("INSERT INTO user_counts (organization_id, part, users) VALUES ");
        statement.push_rows(counts.map(|((organization_id, part), more)| {
            vec![Arg::from(organization_id), Arg::from(part), Arg::from(more)]
        }));
        statement.push(
            " ON CONFLICT (organization_id, part) DO UPDATE SET users = user_counts.users + excluded.users",
        );
        Some(statement.finish_repeated())
    }
}

/// How many users an organization has.
pub async fn count(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql("SELECT CAST(COALESCE(sum(users), 0) AS BIGINT) FROM user_counts WHERE organization_id = $1")
                .bind(organization_id),
        )
        .await
}
