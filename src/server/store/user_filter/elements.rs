//! Conditions on one element of a multi-valued attribute.

use super::values::push_value;
use super::{Place, key, match_key, place, push_text};
use crate::server::scim::filter::{CompareOp, Filter};
use crate::server::scim::path::AttributePath;
use crate::server::store::sql::Builder;

/// `attribute[...]`: all conditions hold for the same element, whose row `v` is. The search starts from the row that the
/// most telling comparison asks for, if there is one, else from the element's marker; the rest are probes.
pub(super) fn push_value_path(sql: &mut Builder, path: &AttributePath, filter: &Filter) {
    let terms = terms_of(filter);
    let start = (0..terms.len())
        .filter_map(|index| Some((commonness(&terms[index])?, index)))
        .min()
        .map(|(_, index)| index);
    sql.push(" AND v.attribute = ")
        .bind(path.top_level())
        .push(" AND v.sub = ");
    match start.and_then(|index| terms.get(index)) {
        Some(Filter::Compare {
            path: inner,
            op,
            value,
        }) => {
            sql.bind(inner_sub(inner)).push(" AND (");
            push_value(sql, *op, &key(inner, value));
            sql.push(")");
        }
        _ => {
            sql.push("''");
        }
    }
    for (index, term) in terms.iter().enumerate() {
        if Some(index) != start {
            sql.push(" AND ");
            push_element(sql, term);
        }
    }
}

/// The parts of a conjunction, or the filter itself.
pub(super) fn terms_of(filter: &Filter) -> &[Filter] {
    match filter {
        Filter::And(terms) => terms,
        other => std::slice::from_ref(other),
    }
}

/// How many users the most telling of the terms selects, compared with others.
pub(super) fn commonness_of_all(filter: &Filter) -> u8 {
    let terms = terms_of(filter).iter().filter_map(commonness);
    terms.min().unwrap_or(u8::MAX)
}

/// How many users a comparison selects, compared with others; `None` for what a search cannot start from.
pub(super) fn commonness(term: &Filter) -> Option<u8> {
    let Filter::Compare { path, op, .. } = term else {
        return None;
    };
    let is_common =
        matches!(inner_sub(path), "type" | "primary") || matches!(place(path), Place::Schemas);
    Some(match op {
        CompareOp::Ne => return None,
        _ if is_common => 3,
        CompareOp::Eq if inner_sub(path) == "value" => 0,
        CompareOp::Eq => 1,
        // Reads all values, in one go, and tells more than what nearly all have in common.
        _ => 2,
    })
}

/// The part of an element that a path within a value path names.
pub(super) fn inner_sub(path: &AttributePath) -> &'static str {
    path.sub.map_or("value", |sub| sub.name)
}

fn push_element(sql: &mut Builder, filter: &Filter) {
    match filter {
        Filter::And(terms) | Filter::Or(terms) => {
            let joint = if matches!(filter, Filter::And(_)) {
                " AND "
            } else {
                " OR "
            };
            sql.push("(");
            for (index, term) in terms.iter().enumerate() {
                if index > 0 {
                    sql.push(joint);
                }
                push_element(sql, term);
            }
            sql.push(")");
        }
        Filter::Not(term) => {
            sql.push("NOT (");
            push_element(sql, term);
            sql.push(")");
        }
        Filter::Compare { path, op, value } => {
            let negative = *op == CompareOp::Ne;
            let op = if negative { CompareOp::Eq } else { *op };
            sql.push(if negative { "NOT " } else { "" });
            push_element_row(sql, inner_sub(path));
            if op == CompareOp::Eq {
                let key = match_key(&key(path, value));
                sql.push(" AND p.match_key = ").bind(key);
            } else {
                sql.push(" AND ");
                push_text(sql, "p.value_key", op, &key(path, value));
            }
            sql.push(")");
        }
        Filter::Present(path) => {
            push_element_row(sql, inner_sub(path));
            sql.push(" AND p.value_key <> '')");
        }
        // Value paths do not nest (RFC 7644 3.4.2.2).
        Filter::ValuePath { .. } | Filter::Absent(_) => {
            sql.push("FALSE");
        }
    }
}

fn push_element_row(sql: &mut Builder, sub: &'static str) {
    sql.push(
        // With the organization, so that the index of values can answer: it is read in order where the rows are far apart.
        "EXISTS (SELECT 1 FROM user_values p WHERE p.organization_id = v.organization_id AND p.user_id = v.user_id \
         AND p.attribute = v.attribute AND p.element = v.element AND p.sub = ",
    )
    .bind(sub);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn no_search_starts_from_what_nearly_all_have() {
        let rank = |text: &str| commonness(&Filter::parse(text).unwrap()).unwrap();
        for common in ["schemas eq \"a\"", "emails.type eq \"work\""] {
            for telling in [
                "title eq \"a\"",
                "title co \"a\"",
                "emails.display eq \"a\"",
            ] {
                assert!(rank(telling) < rank(common), "{telling} and {common}");
            }
        }
    }
}
