//! One SQL text for both databases: statements with `$1` placeholders, arguments as plain values.
//!
//! `Sql` trades the compile-time types of `sqlx::query!` (which checks one database only) for statements
//! that both drivers run unchanged, without a macro or a generic parameter in any store function.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Postgres, SqlSafeStr, Sqlite, SqliteConnection};

use super::pooled::Pooled;
use super::readers::Reader;
use super::writer::Writer;
use crate::server::error::StoreError;

/// A value to bind. Absent values keep their type, which PostgreSQL asks for. A NUL character, which
/// PostgreSQL refuses in text, becomes U+FFFD: users never have one, but a log quotes what was refused for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(if value.contains('\0') {
            value.replace('\0', "\u{fffd}")
        } else {
            value
        }))
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}
impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        value.clone().into()
    }
}
impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Text(None), Self::from)
    }
}
impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Self::Text(None), Self::from)
    }
}
impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}
impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Bool(Some(value))
    }
}

/// A statement and its arguments.
#[derive(Debug, Clone)]
pub struct Sql {
    text: Text,
    args: Vec<Arg>,
    /// Whether the prepared statement is kept on the connection.
    keep: bool,
}

/// The text of a statement.
#[derive(Debug, Clone)]
pub(super) enum Text {
    Static(&'static str),
    Built(String),
}

/// A statement of fixed text; bind its arguments in the order of `$1`, `$2`, ...
pub fn sql(text: &'static str) -> Sql {
    Sql {
        text: Text::Static(text),
        args: Vec::new(),
        keep: true,
    }
}

impl Sql {
    /// The next argument.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    /// As a part of several whose shape, taken together, hardly ever comes again: prepared for this run only.
    #[must_use]
    pub(super) fn once(self) -> Self {
        Self {
            keep: false,
            ..self
        }
    }
}

/// Puts a statement together from fixed pieces and bound values; text from outside can only become a value.
#[derive(Debug, Default)]
pub struct Builder {
    text: String,
    args: Vec<Arg>,
}

impl Builder {
    /// Begins with this text; arguments are numbered as they are bound.
    pub fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            args: Vec::new(),
        }
    }

    /// Adds a piece of SQL, which is part of the program.
    pub fn push(&mut self, piece: &'static str) -> &mut Self {
        self.text.push_str(piece);
        self
    }

    /// Adds a placeholder for `value`.
    pub fn bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        use std::fmt::Write;
        self.args.push(value.into());
        let _ = write!(self.text, "${}", self.args.len());
        self
    }

    /// Adds `(a, b), (c, d)`: the rows of a multi-row insert.
    pub fn push_rows(&mut self, rows: impl IntoIterator<Item = Vec<Arg>>) -> &mut Self {
        for (index, row) in rows.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", (" });
            for (column, value) in row.into_iter().enumerate() {
                if column > 0 {
                    self.push(", ");
                }
                self.bind(value);
            }
            self.push(")");
        }
        self
    }

    /// A statement whose shape hardly ever comes again: prepared for this run only.
    pub fn finish(self) -> Sql {
        Sql {
            text: Text::Built(self.text),
            args: self.args,
            keep: false,
        }
    }

    /// A statement of few shapes, which stays prepared.
    pub fn finish_repeated(self) -> Sql {
        Sql {
            keep: true,
            ..self.finish()
        }
    }
}

/// A row type that both databases can fill; `#[derive(sqlx::FromRow)]` gives it.
pub trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// A connection of either database, inside or outside a transaction.
pub enum Connection<'c> {
    SqliteWriter(Writer<'c>),
    SqliteReader(Reader),
    /// In a transaction.
    Postgres(&'c mut PgConnection),
    PostgresReader(Pooled),
}

macro_rules! bound {
    ($query:expr, $sql:expr) => {
        bound!($query, $sql, $sql.args)
    };
    ($query:expr, $sql:expr, $args:expr) => {{
        // Statements built at run time have many shapes: keeping each prepared would crowd out the fixed ones.
        let mut query = $query.persistent($sql.keep);
        for arg in $args {
            query = match arg {
                Arg::Text(value) => query.bind(value),
                Arg::Int(value) => query.bind(value),
                Arg::Bool(value) => query.bind(value),
            };
        }
        query
    }};
}

/// Adds `text` with `?` for each `$n`, and tells of each `n`.
fn push_unnamed(plain: &mut String, text: &str, mut placeholder: impl FnMut(usize)) {
    let mut pieces = text.split('$');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = piece[..piece.len() - rest.len()].parse();
        placeholder(number.unwrap_or_default());
        plain.push('?');
        plain.push_str(rest);
    }
}

/// Several statements as one of SQLite's: it runs them in order and takes their arguments in order.
fn joined(statements: Vec<Sql>) -> Sql {
    let mut all = Sql {
        text: Text::Static(""),
        args: Vec::new(),
        keep: true,
    };
    let mut plain = String::new();
    for statement in statements {
        let text = match &statement.text {
            Text::Static(text) => text,
            Text::Built(text) => text.as_str(),
        };
        let mut places = Vec::with_capacity(statement.args.len());
        push_unnamed(&mut plain, text, |number| {
            places.push(number.wrapping_sub(1))
        });
        plain.push(';');
        all.keep &= statement.keep;
        if places.iter().copied().eq(0..statement.args.len()) {
            // Each once, in order: nothing to copy.
            all.args.extend(statement.args);
        } else {
            let args = places.iter().filter_map(|place| statement.args.get(*place));
            all.args.extend(args.cloned());
        }
    }
    all.text = Text::Built(plain);
    all
}

impl Text {
    fn postgres(&self) -> sqlx::SqlStr {
        match self {
            Self::Static(text) => (*text).into_sql_str(),
            // Only `Builder` makes these: its pieces are string literals of this program.
            Self::Built(text) => AssertSqlSafe(text.clone()).into_sql_str(),
        }
    }

    /// As SQLite takes it best. A built statement gets `?` for each `$n`, which stand in order there: SQLite takes
    /// `$n` for a name, and sqlx looks up the name of each in a list of all, most of the work for a thousand of them.
    pub(super) fn sqlite(&self, before: &'static str) -> sqlx::SqlStr {
        let mut plain = before.to_owned();
        match self {
            Self::Static(text) if before.is_empty() => return (*text).into_sql_str(),
            Self::Static(text) => plain.push_str(text),
            Self::Built(text) => {
                plain.reserve(text.len());
                push_unnamed(&mut plain, text, |_| {});
            }
        }
        AssertSqlSafe(plain).into_sql_str()
    }
}

/// Runs a statement on either database: `$make` makes the query and `$run` runs it.
macro_rules! on_either {
    ($self:ident, $sql:ident, $make:path, $run:ident) => {
        match $self {
            Self::Postgres(connection) => {
                let query = $make($sql.text.postgres());
                bound!(query, $sql).$run(&mut **connection).await?
            }
            Self::PostgresReader(pooled) => {
                // Borrowed: it may be asked once more.
                let query = $make($sql.text.postgres());
                let found = bound!(query, $sql, &$sql.args)
                    .$run(pooled.connection()?)
                    .await;
                let found = match found {
                    Err(error) if pooled.had_gone(&error) => {
                        pooled.replace().await?;
                        let query = $make($sql.text.postgres());
                        bound!(query, $sql).$run(pooled.connection()?).await?
                    }
                    found => found?,
                };
                pooled.proved();
                found
            }
            Self::SqliteWriter(writer) => {
                let query = $make(writer.text(&$sql.text));
                bound!(query, $sql).$run(&mut *writer.connection).await?
            }
            Self::SqliteReader(reader) => {
                let query = $make($sql.text.sqlite(""));
                let found = bound!(query, $sql).$run(reader.begin()?).await?;
                reader.rest();
                found
            }
        }
    };
}

impl Connection<'_> {
    /// Runs a statement; answers how many rows it changed.
    pub async fn execute(&mut self, sql: Sql) -> Result<u64, StoreError> {
        match self {
            Self::Postgres(connection) => {
                let query: Query<'_, Postgres, PgArguments> = sqlx::query(sql.text.postgres());
                let done = bound!(query, sql).execute(&mut **connection).await?;
                Ok(done.rows_affected())
            }
            Self::PostgresReader(pooled) => {
                pooled.prove().await?;
                let query: Query<'_, Postgres, PgArguments> = sqlx::query(sql.text.postgres());
                let done = bound!(query, sql).execute(pooled.connection()?).await?;
                Ok(done.rows_affected())
            }
            Self::SqliteWriter(writer) => {
                // Alone: SQLite counts the rows of the last change again for a statement that changes none.
                let before = writer.before();
                if !before.is_empty() {
                    sqlx::raw_sql(before)
                        .execute(&mut *writer.connection)
                        .await?;
                }
                execute(writer.connection, sql.text.sqlite(""), sql).await
            }
            Self::SqliteReader(reader) => {
                let text = sql.text.sqlite("");
                let done = execute(reader.begin()?, text, sql).await?;
                reader.rest();
                Ok(done)
            }
        }
    }

    /// Runs statements in order. On SQLite they are one trip to the connection's thread, which costs more than most
    /// statements do.
    pub async fn execute_all(&mut self, statements: Vec<Sql>) -> Result<(), StoreError> {
        match self {
            Self::Postgres(_) | Self::PostgresReader(_) => {
                for statement in statements {
                    self.execute(statement).await?;
                }
            }
            Self::SqliteWriter(writer) => {
                let all = joined(statements);
                let text = writer.text(&all.text);
                execute(writer.connection, text, all).await?;
            }
            Self::SqliteReader(_) => {
                self.execute(joined(statements)).await?;
            }
        }
        Ok(())
    }

    /// All rows of several questions, each of which may have columns of its own: on SQLite one trip.
    pub async fn fetch_all_of<T: Record>(
        &mut self,
        questions: Vec<Sql>,
    ) -> Result<Vec<T>, StoreError> {
        if let Self::Postgres(_) | Self::PostgresReader(_) = self {
            let mut found = Vec::new();
            for question in questions {
                found.extend(self.fetch_all(question).await?);
            }
            return Ok(found);
        }
        self.fetch_all(joined(questions)).await
    }

    /// All rows.
    pub async fn fetch_all<T: Record>(&mut self, sql: Sql) -> Result<Vec<T>, StoreError> {
        Ok(on_either!(self, sql, sqlx::query_as, fetch_all))
    }

    /// Rows until `enough` says so of one, which is the last: what is left of them is never held in memory.
    pub async fn fetch_until<T: Record>(
        &mut self,
        sql: Sql,
        mut enough: impl FnMut(&T) -> bool,
    ) -> Result<Vec<T>, StoreError> {
        let mut taken = Vec::new();
        macro_rules! take {
            ($rows:expr) => {{
                let mut rows = $rows;
                while let Some(row) = rows.try_next().await? {
                    let is_last = enough(&row);
                    taken.push(row);
                    if is_last {
                        break;
                    }
                }
            }};
        }
        match self {
            Self::Postgres(connection) => {
                let query = sqlx::query_as::<Postgres, T>(sql.text.postgres());
                take!(bound!(query, sql).fetch(&mut **connection));
            }
            Self::PostgresReader(pooled) => {
                // Rows that were taken are not asked for again.
                pooled.prove().await?;
                let query = sqlx::query_as::<Postgres, T>(sql.text.postgres());
                take!(bound!(query, sql).fetch(pooled.connection()?));
            }
            Self::SqliteWriter(writer) => {
                let query = sqlx::query_as::<Sqlite, T>(writer.text(&sql.text));
                take!(bound!(query, sql).fetch(&mut *writer.connection));
            }
            Self::SqliteReader(reader) => {
                let query = sqlx::query_as::<Sqlite, T>(sql.text.sqlite(""));
                take!(bound!(query, sql).fetch(reader.begin()?));
                reader.rest();
            }
        }
        Ok(taken)
    }

    /// The first row, or `None`.
    pub async fn fetch_optional<T: Record>(&mut self, sql: Sql) -> Result<Option<T>, StoreError> {
        Ok(on_either!(self, sql, sqlx::query_as, fetch_optional))
    }

    /// The one number that an aggregate answers.
    pub async fn fetch_count(&mut self, sql: Sql) -> Result<i64, StoreError> {
        let row: Option<(i64,)> = self.fetch_optional(sql).await?;
        Ok(row.map_or(0, |(count,)| count))
    }
}

async fn execute(
    connection: &mut SqliteConnection,
    text: sqlx::SqlStr,
    sql: Sql,
) -> Result<u64, StoreError> {
    let query: Query<'_, Sqlite, SqliteArguments> = sqlx::query(text);
    Ok(bound!(query, sql)
        .execute(connection)
        .await?
        .rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_gets_placeholders_without_names() {
        let mut statement = Builder::new("INSERT INTO t (a, b) VALUES ");
        statement.push_rows((0..6).map(|n| vec![Arg::from(n), Arg::from("$1")]));
        let text = statement.finish().text;
        assert!(text.postgres().as_str().ends_with("($11, $12)"));
        assert_eq!(
            text.sqlite("").as_str(),
            "INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)"
        );
    }

    #[test]
    fn joined_statements_keep_their_arguments() {
        let first = sql("UPDATE t SET a = $2, b = $2 WHERE id = $1")
            .bind("id")
            .bind(7);
        let second = sql("DELETE FROM t WHERE a = $1").bind(true);
        let all = joined(vec![first, second]);
        assert_eq!(
            all.text.sqlite("").as_str(),
            "UPDATE t SET a = ?, b = ? WHERE id = ?;DELETE FROM t WHERE a = ?;"
        );
        let expected: [Arg; 4] = [7.into(), 7.into(), "id".into(), true.into()];
        assert_eq!(all.args, expected);
    }
}
