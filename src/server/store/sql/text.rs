//! The texts of statements, as each database takes them best.

use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::Sql;

/// The text of a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    Static(&'static str),
    Built(String),
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
pub(super) fn joined(statements: Vec<Sql>) -> Sql {
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
    pub(super) fn postgres(&self) -> sqlx::SqlStr {
        match self {
            Self::Static(text) => (*text).into_sql_str(),
            // Only `Builder` makes these: its pieces are string literals of this program.
            Self::Built(text) => AssertSqlSafe(text.clone()).into_sql_str(),
        }
    }

    /// As SQLite takes it best. A built statement gets `?` for each `$n`, which stand in order there: SQLite takes
    /// `$n` for a name, and sqlx looks up the name of each in a list of all, most of the work for a thousand of them.
    pub fn sqlite(&self, before: &'static str) -> sqlx::SqlStr {
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

#[cfg(test)]
mod tests {
    use super::super::{Arg, Builder, sql};
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
