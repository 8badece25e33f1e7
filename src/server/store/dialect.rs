//! Where the two databases differ, and nothing else.

use std::path::PathBuf;

use super::sql::Connection;

/// Which database a `DATABASE_URL` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// From the URL's scheme; `None` for any other than `sqlite:`, `postgres:` and `postgresql:`.
    pub fn of_url(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}

/// The file of a `sqlite:` URL: `sqlite:data/rhombus.db`, `sqlite:///var/lib/rhombus.db`.
pub fn sqlite_path(url: &str) -> PathBuf {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    PathBuf::from(path.split('?').next().unwrap_or(path))
}

impl Connection<'_> {
    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::SqliteWriter(_) | Self::SqliteReader(_) => Dialect::Sqlite,
            Self::Postgres(_) | Self::PostgresReader(_) => Dialect::Postgres,
        }
    }

    /// What ends a `SELECT` whose row is about to be changed: SQLite has one writer, PostgreSQL locks the row.
    pub fn for_update(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE",
        }
    }

    /// The same for a row that others refer to and whose key stays: the weaker lock lets them go on adding what refers to it,
    /// such as users of an organization.
    pub fn for_no_key_update(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// As [`Self::for_update`] for one of several who look for something to do: what another one has locked is passed over.
    pub fn skip_locked(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }
}

/// `prefix` as a LIKE pattern with `\` as its escape character: `%` and `_` in it mean themselves.
pub fn like_prefix(prefix: &str) -> String {
    let mut pattern = like_escaped(prefix);
    pattern.push('%');
    pattern
}

/// `text` with LIKE's wildcards escaped by `\`.
pub fn like_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
