//! Conditions on one element of a multi-valued attribute.

use super::{Within, key, match_key, push_has_row, push_text};
use crate::server::scim::filter::{CompareOp, Filter};
use crate::server::scim::path::AttributePath;
use crate::server::store::sql::Builder;

/// `attribute[...]`: all conditions hold for the same element. The search starts from a row that an equality
/// names, if there is one, else from the element's marker; the rest are probes by primary key.
pub(super) fn push_value_path(
    sql: &mut Builder,
    within: Within<'_>,
    path: &AttributePath,
    filter: &Filter,
) {
    let terms: &[Filter] = match filter {
        Filter::And(terms) => terms,
        other => std::slice::from_ref(other),
    };
    let start = (0..terms.len())
        .filter_map(|index| Some((commonness(&terms[index])?, index)))
        .min()
        .map(|(_, index)| index);
    push_has_row(sql, within);
    sql.push(" AND v.attribute = ")
        .bind(path.top_level())
        .push(" AND v.sub = ");
    match start.and_then(|index| terms.get(index)) {
        Some(Filter::Compare {
            path: inner, value, ..
        }) => {
            sql.bind(inner_sub(inner))
                .push(" AND v.match_key = ")
                .bind(match_key(&key(inner, value)));
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
    sql.push(")");
}

/// How many users an equality selects, compared with others; `None` if it is none.
fn commonness(term: &Filter) -> Option<u8> {
    let Filter::Compare {
        path,
        op: CompareOp::Eq,
        ..
    } = term
    else {
        return None;
    };
    Some(match inner_sub(path) {
        "value" => 0,
        "type" | "primary" => 2,
        _ => 1,
    })
}

fn inner_sub(path: &AttributePath) -> &'static str {
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
        "EXISTS (SELECT 1 FROM user_values p WHERE p.user_id = v.user_id \
         AND p.attribute = v.attribute AND p.element = v.element AND p.sub = ",
    )
    .bind(sub);
}
