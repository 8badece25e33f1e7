//! Filters as sets that indexes hold in the order of users' ids, merged while they are read.
//!
//! Where many users fit each of several terms, that takes a tenth of the time in which each of them is looked up in the
//! other indexes. SQLite merges what `INTERSECT`, `EXCEPT` and `UNION` with an `ORDER BY` combine; PostgreSQL finds its
//! own ways to join.

use super::elements::{inner_sub, terms_of};
use super::values::{push_rows, push_value};
use super::{Place, Scope, Search, has_rows, is_label_telling, key, place, push_where};
use crate::server::scim::filter::{CompareOp, Filter};
use crate::server::scim::path::AttributePath;
use crate::server::store::dialect::Dialect;
use crate::server::store::sql::Builder;

/// Sets of which users are selected.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The attribute whose elements the sets are of; `None` for sets of users.
    elements_of: Option<AttributePath>,
    /// Whether one of the sets is enough.
    any: bool,
    with: Vec<Filter>,
    without: Vec<Filter>,
}

impl Merged {
    /// The sets that a filter combines. `None` where an index answers it alone, or does not hold one of them in order.
    pub fn of(filter: &Filter) -> Option<Self> {
        /// SQLite combines 500 at most, and with very few users each costs more than it finds.
        const MOST: usize = 20;
        let (elements_of, any, (with, without)) = match filter {
            Filter::ValuePath { path, filter } if path.attribute.multi_valued => {
                (Some(path.clone()), false, divided(terms_of(filter)))
            }
            Filter::Or(terms) => (None, true, (terms.clone(), Vec::new())),
            _ => (None, false, divided(terms_of(filter))),
        };
        let merged = Self {
            elements_of,
            any,
            with,
            without,
        };
        let sets = merged.with.len() + merged.without.len();
        let is_one = sets < 2 && merged.without.is_empty();
        let are_in_order = || {
            let mut sets = merged.with.iter().chain(&merged.without);
            sets.all(|term| merged.is_in_order(term))
        };
        (!is_one && sets <= MOST && are_in_order()).then_some(merged)
    }

    fn is_in_order(&self, term: &Filter) -> bool {
        let Filter::Compare { path, op, value } = term else {
            let is_marker =
                |path: &AttributePath| path.sub.is_none() && path.attribute.multi_valued;
            return self.elements_of.is_none()
                && matches!(term, Filter::Present(path) if is_marker(path));
        };
        if self.elements_of.is_some() {
            return *op == CompareOp::Eq;
        }
        match (place(path), path.canonical().as_str()) {
            (Place::Values | Place::Schemas, _) => *op == CompareOp::Eq,
            // Of this column there is an index in the order of ids, too.
            (_, "userName") => *op == CompareOp::Eq || self.any,
            (_, "externalId" | "name.givenName" | "name.familyName") => *op == CompareOp::Eq,
            (_, "displayName") => *op == CompareOp::Eq && is_label_telling(*op, &key(path, value)),
            _ => false,
        }
    }

    /// Whether what is merged are users, and not elements of which one may have several.
    pub fn is_of_users(&self) -> bool {
        self.elements_of.is_none()
    }

    /// The sets of which the smallest bounds how many users are looked up where nothing is merged: none for what is merged
    /// in any case.
    pub fn bounds(&self) -> &[Filter] {
        if self.any { &[] } else { &self.with }
    }

    /// Adds the ids of the users, each once, as a `SELECT`. Sets of users give them in order, and it may go on with `LIMIT`.
    pub fn push_ids(&self, sql: &mut Builder, scope: Scope<'_>) {
        if !self.is_of_users() {
            sql.push("SELECT DISTINCT id FROM (");
        }
        let joint = if self.any { " UNION " } else { " INTERSECT " };
        if self.with.is_empty() {
            self.push_all(sql, scope);
        }
        for (index, term) in self.with.iter().enumerate() {
            sql.push(if index == 0 { "" } else { joint });
            self.push_set(sql, scope, term);
        }
        for term in &self.without {
            sql.push(" EXCEPT ");
            self.push_set(sql, scope, term);
        }
        sql.push(if self.is_of_users() {
            " ORDER BY 1"
        } else {
            " ORDER BY 1, 2) elements"
        });
    }

    /// Adds how many there are of one of [`Self::bounds`], but no more than `most`.
    pub fn push_bound(&self, sql: &mut Builder, scope: Scope<'_>, term: &Filter, most: i64) {
        sql.push("SELECT count(*) FROM (");
        self.push_set(sql, scope, term);
        sql.push(" LIMIT ").bind(most).push(") bounded");
    }

    /// What is taken from where nothing else is asked for: all users, or the markers of all elements.
    fn push_all(&self, sql: &mut Builder, scope: Scope<'_>) {
        match &self.elements_of {
            None => {
                sql.push("SELECT u.id FROM users u WHERE u.organization_id = ")
                    .bind(scope.organization_id);
            }
            Some(path) => {
                push_elements(sql, scope, path, "");
                sql.push(" AND v.match_key = ''");
            }
        }
    }

    fn push_set(&self, sql: &mut Builder, scope: Scope<'_>, term: &Filter) {
        match (&self.elements_of, term) {
            (
                Some(path),
                Filter::Compare {
                    path: inner,
                    op,
                    value,
                },
            ) => {
                push_elements(sql, scope, path, inner_sub(inner));
                sql.push(" AND ");
                push_value(sql, *op, &key(inner, value));
            }
            (_, Filter::Compare { path, .. }) if !has_rows(path) => {
                sql.push("SELECT u.id FROM users u WHERE u.organization_id = ")
                    .bind(scope.organization_id);
                push_where(sql, scope, Dialect::Sqlite, Search::LookUp, Some(term));
            }
            _ => {
                sql.push("SELECT v.user_id AS id FROM user_values v WHERE v.organization_id = ")
                    .bind(scope.organization_id);
                push_rows(sql, term);
            }
        }
    }
}

/// Adds the ids of all users but those whom a filter on columns selects, as a `SELECT` that gives them in order. Those are
/// sorted, as no index need have them in order.
pub fn push_all_but(sql: &mut Builder, scope: Scope<'_>, filter: &Filter) {
    sql.push("SELECT u.id FROM users u WHERE u.organization_id = ")
        .bind(scope.organization_id);
    // What no index answers: the index of ids would have each of the users looked up.
    sql.push(" EXCEPT SELECT u.id || '' FROM users u WHERE u.organization_id = ")
        .bind(scope.organization_id);
    push_where(sql, scope, Dialect::Sqlite, Search::LookUp, Some(filter));
    sql.push(" ORDER BY 1");
}

fn push_elements(sql: &mut Builder, scope: Scope<'_>, path: &AttributePath, sub: &'static str) {
    sql.push("SELECT v.user_id AS id, v.element FROM user_values v WHERE v.organization_id = ")
        .bind(scope.organization_id);
    sql.push(" AND v.attribute = ").bind(path.top_level());
    sql.push(" AND v.sub = ").bind(sub);
}

/// What has to hold, and what must not.
fn divided(terms: &[Filter]) -> (Vec<Filter>, Vec<Filter>) {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for term in terms {
        match term.opposite() {
            Some(opposite) => without.push(opposite),
            None => with.push(term.clone()),
        }
    }
    (with, without)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::store::fresh;

    fn merged(text: &str) -> Option<Merged> {
        Merged::of(&Filter::parse(text).unwrap())
    }

    #[test]
    fn what_an_index_does_not_hold_in_order_is_not_merged() {
        for text in [
            "title eq \"a\"",
            "title eq \"a\" and active eq true",
            "title eq \"a\" and userName sw \"a\"",
            "title sw \"a\" or title eq \"b\"",
            "not (title eq \"a\" and nickName eq \"a\")",
            "title eq \"a\" and emails[type eq \"work\" and value eq \"a\"]",
            "emails[type eq \"work\" and value co \"a\"]",
            "emails[type eq \"work\" or value eq \"a\"]",
            "title pr and nickName pr",
        ] {
            assert_eq!(merged(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn sqlite_merges_indexes_and_sorts_nothing() {
        let (db, _folder) = fresh::sqlite().await;
        let mut connection = db.read().await.unwrap();
        for (text, joint) in [
            ("title eq \"a\" and nickName eq \"b\"", "INTERSECT"),
            ("title eq \"a\" and nickName ne \"b\"", "EXCEPT"),
            (
                "name.givenName eq \"a\" and name.familyName eq \"b\"",
                "INTERSECT",
            ),
            ("emails pr and externalId eq \"a\"", "INTERSECT"),
            ("title ne \"a\"", "EXCEPT"),
            ("schemas eq \"a\" and title eq \"b\"", "INTERSECT"),
            ("schemas ne \"a\"", "EXCEPT"),
            (
                "displayName eq \"a\" or title eq \"b\" or userName co \"c\"",
                "UNION",
            ),
            ("roles[primary eq true].value eq \"a\"", "INTERSECT"),
            ("emails[not (type eq \"work\")]", "EXCEPT"),
        ] {
            let mut statement = Builder::new("EXPLAIN QUERY PLAN ");
            let scope = Scope {
                organization_id: "contoso",
                location: "",
            };
            merged(text).unwrap().push_ids(&mut statement, scope);
            let plan: Vec<(i64, i64, i64, String)> =
                connection.fetch_all(statement.finish()).await.unwrap();
            let plan: Vec<String> = plan.into_iter().map(|(.., step)| step).collect();
            let merge = format!("MERGE ({joint})");
            assert!(plan.contains(&merge), "{text}: {plan:?}");
            let is_sorted = |step: &String| step.contains("FOR ORDER BY");
            assert!(!plan.iter().any(is_sorted), "{text}: {plan:?}");
        }
        drop(connection);
        db.close().await;
    }
}
