//! `problems`: what is wrong with organizations' connections, from when until when.

use sqlx::FromRow;

use super::Tx;
use super::keyset::push_list;
use super::sql::{Arg, Builder, Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Rows or ids of one statement, below both databases' limits.
const ROWS: usize = 500;

/// A problem. Of one kind and subject an organization has at most one that is open.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Problem {
    pub id: String,
    pub organization_id: String,
    pub kind: String,
    pub subject: String,
    pub began_at: Millis,
    pub ended_at: Option<Millis>,
    pub detail: String,
}

/// All that are open.
pub async fn open(connection: &mut Connection<'_>) -> Result<Vec<Problem>, StoreError> {
    connection
        .fetch_all(sql(
            "SELECT id, organization_id, kind, subject, began_at, ended_at, detail FROM problems \
             WHERE ended_at IS NULL ORDER BY organization_id, kind, subject",
        ))
        .await
}

/// Opens problems; one that is open already stays as it is.
pub async fn begin(tx: &mut Tx<'_>, problems: &[Problem]) -> Result<(), StoreError> {
    for problems in problems.chunks(ROWS) {
        let mut statement = Builder::new(
            "INSERT INTO problems (id, organization_id, kind, subject, began_at, ended_at, detail) VALUES ",
        );
        statement.push_rows(problems.iter().map(|problem| {
            vec![
                Arg::from(&problem.id),
                Arg::from(&problem.organization_id),
                Arg::from(&problem.kind),
                Arg::from(&problem.subject),
                Arg::from(problem.began_at),
                Arg::from(None::<i64>),
                Arg::from(&problem.detail),
            ]
        }));
        statement.push(
            " ON CONFLICT (organization_id, kind, subject) WHERE ended_at IS NULL DO NOTHING",
        );
        tx.execute(statement.finish()).await?;
    }
    Ok(())
}

/// Ends problems that are open.
pub async fn end(tx: &mut Tx<'_>, ids: &[String], at: Millis) -> Result<(), StoreError> {
    for ids in ids.chunks(ROWS) {
        let mut statement = Builder::new("UPDATE problems SET ended_at = ");
        statement.bind(at).push(" WHERE ended_at IS NULL");
        push_list(
            &mut statement,
            " AND id IN (",
            ids.iter().map(String::as_str),
        );
        tx.execute(statement.finish()).await?;
    }
    Ok(())
}
