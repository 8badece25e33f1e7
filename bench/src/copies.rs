//! Many users and a long log without the hours that SCIM takes for them: a filled database, copied within itself.
//!
//! A copy has ids, userNames and externalIds of its own and is else like its original, at the same time. Its ids stand
//! beside the original's.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};

use crate::server::Server;

/// The tables that grow with users and requests.
const TABLES: [&str; 5] = [
    "users",
    "user_values",
    "user_changes",
    "provisioning_logs",
    "provisioning_log_payloads",
];

/// What tells a copy apart has three hexadecimal digits.
const MOST: usize = 0xfff;

/// Stops the program and makes so many times as many users and log entries of those that it has.
pub fn multiply(server: &mut Server, times: usize) -> Result<()> {
    if times <= 1 {
        return Ok(());
    }
    if times > MOST {
        bail!("a database grows {MOST} times at most");
    }
    let started = Instant::now();
    server.while_stopped(|url| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(multiply_database(url, times))
    })?;
    eprintln!(
        "  {times} times as much in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// What tells the copies apart, in four characters. No id has such a letter: none of a copy is another's already.
pub fn digits(times: usize) -> impl Iterator<Item = String> {
    (1..times).map(|number| format!("g{number:03x}"))
}

/// The id of a copy. Ids end in random digits, of which enough stay.
pub fn id_of(id: &str, digits: &str) -> String {
    let kept = id.len().saturating_sub(digits.len());
    format!("{}{digits}", id.get(..kept).unwrap_or_default())
}

/// The userName of a copy of one of this client's users.
pub fn name_of(name: &str, digits: &str) -> String {
    name.replace("user-0", &format!("user-{digits}-0"))
}

/// What a copied row has in a column, as [`id_of`] and [`name_of`] have it.
fn expression(table: &str, column: &str) -> String {
    const ID: &str = "substr(o.COLUMN, 1, length(o.COLUMN) - 4) || c.digits";
    const NAME: &str = "replace(o.COLUMN, 'user-0', 'user-' || c.digits || '-0')";
    const EXTERNAL_ID: &str = "c.digits || substr(o.external_id, 5)";
    const PATH: &str = "CASE WHEN o.user_id IS NULL THEN o.path \
         ELSE replace(o.path, o.user_id, substr(o.user_id, 1, length(o.user_id) - 4) || c.digits) END";
    match (table, column) {
        (_, "id" | "user_id" | "log_id") => ID.replace("COLUMN", column),
        ("users", "document") => {
            let named = NAME.replace("COLUMN", column);
            format!(
                "CASE WHEN o.external_id IS NULL THEN {named} \
                 ELSE replace({named}, o.external_id, {EXTERNAL_ID}) END"
            )
        }
        (_, "user_name" | "user_name_key" | "value_key" | "match_key" | "query") => {
            NAME.replace("COLUMN", column)
        }
        (_, "external_id") => EXTERNAL_ID.to_owned(),
        ("provisioning_logs", "path") => PATH.to_owned(),
        _ => format!("o.{column}"),
    }
}

enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    async fn open(url: &str) -> Result<Self> {
        let Some(file) = url.strip_prefix("sqlite:") else {
            return Ok(Self::Postgres(PgConnection::connect(url).await?));
        };
        let connection = SqliteConnectOptions::new()
            .filename(file)
            // A power cut would cost no more than the measurement. The program sets its own mode again.
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-1000000")
            .connect()
            .await?;
        Ok(Self::Sqlite(connection))
    }

    async fn execute(&mut self, statements: &str) -> Result<()> {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        match self {
            Self::Sqlite(connection) => statements.execute(connection).await.map(drop)?,
            Self::Postgres(connection) => statements.execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        Ok(match self {
            Self::Sqlite(connection) => {
                sqlx::query_scalar("SELECT name FROM pragma_table_info($1) ORDER BY cid")
                    .bind(table)
                    .fetch_all(connection)
                    .await?
            }
            Self::Postgres(connection) => {
                sqlx::query_scalar(
                    "SELECT column_name::text FROM information_schema.columns \
                     WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
                )
                .bind(table)
                .fetch_all(connection)
                .await?
            }
        })
    }

    async fn copy(&mut self, table: &str) -> Result<()> {
        let columns = self.columns(table).await?;
        let expressions: Vec<String> = columns
            .iter()
            .map(|column| expression(table, column))
            .collect();
        let statements = format!(
            "CREATE TEMPORARY TABLE originals AS SELECT * FROM {table}; \
             INSERT INTO {table} ({}) SELECT {} FROM originals o CROSS JOIN copies c; \
             DROP TABLE originals;",
            columns.join(", "),
            expressions.join(", ")
        );
        self.execute(&statements).await
    }

    /// As the program does when it has migrated a database.
    async fn take_statistics(&mut self) -> Result<()> {
        self.execute(match self {
            Self::Sqlite(_) => "PRAGMA optimize = 0x10012",
            Self::Postgres(_) => "ANALYZE",
        })
        .await
    }

    async fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await?,
            Self::Postgres(connection) => connection.close().await?,
        }
        Ok(())
    }
}

async fn multiply_database(url: &str, times: usize) -> Result<()> {
    let mut database = Database::open(url).await?;
    let rows: Vec<String> = digits(times)
        .map(|digits| format!("('{digits}')"))
        .collect();
    let copies = format!(
        "CREATE TEMPORARY TABLE copies (digits TEXT NOT NULL); INSERT INTO copies (digits) VALUES {}",
        rows.join(", ")
    );
    database.execute(&copies).await?;
    for table in TABLES {
        let copied = database.copy(table).await;
        copied.with_context(|| format!("cannot copy {table}"))?;
    }
    let counted = format!(
        "UPDATE user_counts SET users = users * {times}; \
         UPDATE provisioning_log_hours SET entries = entries * {times}, duration_us = duration_us * {times}; \
         UPDATE cycles SET requests = requests * {times}, calls = calls * {times}, changes = changes * {times}, \
         users = users * {times}"
    );
    database.execute(&counted).await?;
    database.take_statistics().await?;
    database.close().await
}

#[cfg(test)]
mod tests {
    use super::{digits, id_of, name_of};

    #[test]
    fn copies_have_ids_and_names_of_their_own() {
        let digits: Vec<String> = digits(3).collect();
        assert_eq!(digits, ["g001", "g002"]);
        assert_eq!(
            id_of("01977d0e-0000-7000-8000-0123456789ab", &digits[1]),
            "01977d0e-0000-7000-8000-01234567g002"
        );
        assert_eq!(
            name_of("user-0000007@contoso.com", &digits[0]),
            "user-g001-0000007@contoso.com"
        );
    }
}
