//! Conditions on rows of `user_values`, each a row `v`.

use super::elements::{self, push_value_path};
use super::{Place, Scope, Search, Within, has_rows, key, place, push_text, value_columns};
use crate::server::scim::filter::{CompareOp, Filter};
use crate::server::scim::path::AttributePath;
use crate::server::secret;
use crate::server::store::dialect::Dialect;
use crate::server::store::sql::Builder;

/// Adds that the user has rows as `term` asks for them.
pub(super) fn push_has(sql: &mut Builder, within: Within<'_>, term: &Filter) {
    push_has_row(sql, within);
    push_rows(sql, term);
    sql.push(")");
}

/// Opens a condition that the user has a row `v` in `user_values`, which goes on with what else holds for that row.
fn push_has_row(sql: &mut Builder, within: Within<'_>) {
    let start = match (within.search, within.dialect) {
        // A test of each user: SQLite would make a join of a bare EXISTS and begin it with the values.
        (Search::Walk, _) => {
            "TRUE = EXISTS (SELECT 1 FROM user_values v WHERE v.user_id = u.id AND v.organization_id = "
        }
        // What only may hold, PostgreSQL cannot join: it would go through all rows again for each user.
        (Search::LookUp, Dialect::Postgres) if !within.required => {
            "EXISTS (SELECT 1 FROM user_values v WHERE v.user_id = u.id AND v.organization_id = "
        }
        (Search::LookUp, _) => {
            "u.id IN (SELECT v.user_id FROM user_values v WHERE v.organization_id = "
        }
    };
    sql.push(start);
    sql.bind(within.scope.organization_id);
}

/// Adds the ids of the users whom a filter on values alone selects, each once, as a `SELECT` that may go on with
/// `ORDER BY`. Answers the column that they stand in; for any other filter `None`, and nothing is added.
///
/// For such a filter `users` need not be read at all.
pub fn push_ids(sql: &mut Builder, scope: Scope<'_>, filter: &Filter) -> Option<&'static str> {
    let terms = elements::terms_of(filter);
    if !terms.iter().all(is_of_values) {
        return None;
    }
    let start = (0..terms.len()).min_by_key(|index| commonness(&terms[*index]))?;
    let is_alone = terms.len() == 1;
    sql.push(match (is_alone, has_one_row(&terms[start])) {
        (true, true) => "SELECT v.user_id FROM user_values v WHERE v.organization_id = ",
        (true, false) => "SELECT DISTINCT v.user_id FROM user_values v WHERE v.organization_id = ",
        (false, _) => {
            "SELECT d.id FROM (SELECT DISTINCT v.user_id AS id FROM user_values v WHERE v.organization_id = "
        }
    });
    sql.bind(scope.organization_id);
    push_rows(sql, &terms[start]);
    if is_alone {
        return Some("v.user_id");
    }
    sql.push(") d WHERE TRUE");
    for (index, term) in terms.iter().enumerate() {
        if index != start {
            sql.push(" AND EXISTS (SELECT 1 FROM user_values v WHERE v.user_id = d.id AND v.organization_id = ");
            sql.bind(scope.organization_id);
            push_rows(sql, term);
            sql.push(")");
        }
    }
    Some("d.id")
}

/// Adds how many users have a part of a multi-valued attribute, which the index of values tells by the first element of
/// nearly all; for any other filter nothing is added, and it answers `false`.
pub fn push_count(sql: &mut Builder, scope: Scope<'_>, filter: &Filter) -> bool {
    let Filter::Present(path) = filter else {
        return false;
    };
    if path.sub.is_none() || !path.attribute.multi_valued || !is_of_values(filter) {
        return false;
    }
    sql.push("SELECT (SELECT count(*) FROM user_values v WHERE v.organization_id = ");
    sql.bind(scope.organization_id);
    push_present_rows(sql, path);
    sql.push(
        " AND v.element = 0) + (SELECT count(DISTINCT v.user_id) FROM user_values v WHERE v.organization_id = ",
    );
    sql.bind(scope.organization_id);
    push_present_rows(sql, path);
    sql.push(
        " AND v.element > 0 AND NOT EXISTS (SELECT 1 FROM user_values f WHERE f.user_id = v.user_id \
         AND f.attribute = v.attribute AND f.element = 0 AND f.sub = v.sub AND f.match_key <> ''))",
    );
    true
}

/// Whether the index of values has the users whom a filter selects in the order of their ids.
pub fn has_ids_in_order(filter: &Filter) -> bool {
    match filter {
        Filter::Compare { path, op, .. } => *op == CompareOp::Eq && has_rows(path),
        Filter::Present(path) => path.sub.is_none() && path.attribute.multi_valued,
        _ => false,
    }
}

/// Whether a term is about rows of `user_values` and nothing else.
fn is_of_values(term: &Filter) -> bool {
    match term {
        Filter::Compare { path, op, .. } => *op != CompareOp::Ne && has_rows(path),
        Filter::Present(path) => matches!(place(path), Place::Values),
        Filter::ValuePath { path, .. } => path.attribute.multi_valued,
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) | Filter::Absent(_) => false,
    }
}

/// How many rows a term selects, compared with others.
fn commonness(term: &Filter) -> u8 {
    match term {
        Filter::ValuePath { filter, .. } => elements::commonness_of_all(filter),
        other => elements::commonness(other).unwrap_or(u8::MAX),
    }
}

/// Whether no user has two rows that fit.
fn has_one_row(term: &Filter) -> bool {
    match term {
        // Of `schemas`, the extension's alone has a row.
        Filter::Compare { path, .. } => {
            !path.attribute.multi_valued || matches!(place(path), Place::Schemas)
        }
        // Of elements the marker of the first stands for all.
        Filter::Present(path) if path.sub.is_none() => {
            path.attribute.multi_valued || !path.attribute.is_complex()
        }
        Filter::Present(path) => !path.attribute.multi_valued,
        _ => false,
    }
}

/// Adds what holds for the row `v`, after a condition on its organization.
pub(super) fn push_rows(sql: &mut Builder, term: &Filter) {
    match term {
        Filter::Compare { path, op, value } => {
            let (attribute, sub) = value_columns(path);
            sql.push(" AND v.attribute = ").bind(attribute);
            sql.push(" AND v.sub = ").bind(sub).push(" AND (");
            push_value(sql, *op, &key(path, value));
            sql.push(")");
        }
        Filter::Present(path) => push_present_rows(sql, path),
        Filter::ValuePath { path, filter } => push_value_path(sql, path, filter),
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) | Filter::Absent(_) => {
            sql.push(" AND FALSE");
        }
    }
}

fn push_present_rows(sql: &mut Builder, path: &AttributePath) {
    sql.push(" AND v.attribute = ").bind(path.top_level());
    match path.sub {
        Some(sub) => {
            sql.push(" AND v.sub = ").bind(sub.name);
            // The twin of `value_key` that the index holds.
            sql.push(" AND v.match_key <> ''");
        }
        None if path.attribute.multi_valued => {
            sql.push(" AND v.sub = '' AND v.match_key = '' AND v.element = 0");
        }
        // What has no parts has one row; of what has, no row is empty.
        None if path.attribute.is_complex() => {}
        None => {
            sql.push(" AND v.sub = ''");
        }
    }
}

/// A comparison with the row `v` of `user_values`, by its index where that holds the value.
pub(super) fn push_value(sql: &mut Builder, op: CompareOp, key: &str) {
    if op == CompareOp::Eq {
        sql.push("v.match_key = ").bind(match_key(key));
        return;
    }
    push_text(sql, "v.match_key", op, key);
    sql.push(" AND length(v.match_key) <> ").bind(HASH_LENGTH);
    sql.push(" OR length(v.match_key) = ").bind(HASH_LENGTH);
    sql.push(
        " AND EXISTS (SELECT 1 FROM user_values w WHERE w.user_id = v.user_id AND w.attribute = v.attribute \
         AND w.element = v.element AND w.sub = v.sub AND ",
    );
    push_text(sql, "w.value_key", op, key);
    sql.push(")");
}

/// Characters of a hash in `match_key`.
const HASH_LENGTH: i64 = 64;

/// What equality is decided by: the key, or its hash where an index could not hold it (PostgreSQL's rows of an
/// index end at a third of a page).
pub fn match_key(key: &str) -> String {
    const LONGEST: usize = 500;
    if key.len() > LONGEST {
        secret::hash(key)
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn users_of_whom_one_row_fits_are_not_told_apart() {
        let scope = Scope {
            organization_id: "contoso",
            location: "",
        };
        for (text, may_repeat) in [
            ("schemas eq \"a\"", false),
            ("title eq \"a\"", false),
            ("emails.value eq \"a\"", true),
        ] {
            let mut statement = Builder::default();
            let filter = Filter::parse(text).unwrap();
            assert_eq!(push_ids(&mut statement, scope, &filter), Some("v.user_id"));
            let statement = format!("{statement:?}");
            assert_eq!(statement.contains("DISTINCT"), may_repeat, "{statement}");
            assert!(has_ids_in_order(&filter), "{text}");
        }
    }
}
