//! One SQL text for both databases: statements with `$1` placeholders, arguments as plain values.
//!
//! `Sql` trades the compile-time types of `sqlx::query!` (which checks one database only) for statements
//! that both drivers run unchanged, without a macro or a generic parameter in any store function.

mod text;

use std::borrow::Cow;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Postgres, Sqlite, SqliteConnection};

pub(super) use self::text::Text;
use self::text::joined;
use super::db::BoxFuture;
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
impl From<Cow<'_, str>> for Arg {
    fn from(value: Cow<'_, str>) -> Self {
        value.into_owned().into()
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
    SqliteWriter(&'c mut Writer),
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

/// Rows as a database answers them. What asks for them is compiled once, and not for each type that is read from them:
/// that and the boxes around it are a good part of a build.
enum Rows {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

impl Rows {
    fn into_records<T: Record>(self) -> impl Iterator<Item = sqlx::Result<T>> {
        let (sqlite, postgres) = match self {
            Self::Sqlite(rows) => (rows, Vec::new()),
            Self::Postgres(rows) => (Vec::new(), rows),
        };
        let sqlite = sqlite.into_iter().map(|row| T::from_row(&row));
        sqlite.chain(postgres.into_iter().map(|row| T::from_row(&row)))
    }
}

/// Asks either database for rows, which `$run` fetches.
macro_rules! rows {
    ($self:ident, $sql:ident, $run:ident) => {
        match $self {
            Self::Postgres(connection) => {
                let query = sqlx::query($sql.text.postgres());
                let found = bound!(query, $sql).$run(&mut **connection).await?;
                Rows::Postgres(found.into_iter().collect())
            }
            Self::PostgresReader(pooled) => {
                // Borrowed: it may be asked once more.
                let query = sqlx::query($sql.text.postgres());
                let found = bound!(query, $sql, &$sql.args)
                    .$run(pooled.connection()?)
                    .await;
                let found = match found {
                    Err(error) if pooled.had_gone(&error) => {
                        pooled.replace().await?;
                        let query = sqlx::query($sql.text.postgres());
                        bound!(query, $sql).$run(pooled.connection()?).await?
                    }
                    found => found?,
                };
                pooled.proved();
                Rows::Postgres(found.into_iter().collect())
            }
            Self::SqliteWriter(writer) => {
                writer.run_waiting().await?;
                let query = sqlx::query(writer.text(&$sql.text));
                let found = bound!(query, $sql).$run(&mut writer.connection).await?;
                Rows::Sqlite(found.into_iter().collect())
            }
            Self::SqliteReader(reader) => {
                let query = sqlx::query($sql.text.sqlite(""));
                let found = bound!(query, $sql).$run(reader.begin()?).await?;
                reader.rest();
                Rows::Sqlite(found.into_iter().collect())
            }
        }
    };
}

impl Connection<'_> {
    /// Runs a statement; answers how many rows it changed.
    pub fn execute(&mut self, sql: Sql) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
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
                    writer.run_waiting().await?;
                    // Alone: SQLite counts the rows of the last change again for a statement that changes none.
                    let before = writer.before();
                    if !before.is_empty() {
                        writer.run_text(before).await?;
                    }
                    execute(&mut writer.connection, sql.text.sqlite(""), sql).await
                }
                Self::SqliteReader(reader) => {
                    let text = sql.text.sqlite("");
                    let done = execute(reader.begin()?, text, sql).await?;
                    reader.rest();
                    Ok(done)
                }
            }
        })
    }

    fn all_rows(&mut self, sql: Sql) -> BoxFuture<'_, Result<Rows, StoreError>> {
        Box::pin(async move { Ok(rows!(self, sql, fetch_all)) })
    }

    fn first_row(&mut self, sql: Sql) -> BoxFuture<'_, Result<Rows, StoreError>> {
        Box::pin(async move { Ok(rows!(self, sql, fetch_optional)) })
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
        let records: sqlx::Result<_> = self.all_rows(sql).await?.into_records().collect();
        Ok(records?)
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
                writer.run_waiting().await?;
                let query = sqlx::query_as::<Sqlite, T>(writer.text(&sql.text));
                take!(bound!(query, sql).fetch(&mut writer.connection));
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
        let record = self.first_row(sql).await?.into_records().next();
        Ok(record.transpose()?)
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

/// SQLite: runs statements in order, behind what `before` says, in one trip to the connection's thread.
pub(super) async fn execute_joined(
    connection: &mut SqliteConnection,
    before: &'static str,
    statements: Vec<Sql>,
) -> Result<(), StoreError> {
    let all = joined(statements);
    execute(connection, all.text.sqlite(before), all).await?;
    Ok(())
}

/// The texts of statements, to compare.
pub(super) fn texts(statements: &[Sql]) -> impl Iterator<Item = &Text> {
    statements.iter().map(|statement| &statement.text)
}
