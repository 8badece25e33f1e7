//! Sort orders.

use super::{Place, Search, place, value_columns};
use crate::server::scim::path::AttributePath;
use crate::server::store::sql::Builder;

/// Adds the `ORDER BY`. Missing values come last ascending and first descending (RFC 7644 3.4.2.3); a
/// multi-valued attribute sorts by its primary value, else its first; `id` breaks ties.
///
/// Whoever looks up and sorts must not be led to walk: no index answers `u.id || ''`.
pub fn push_order(sql: &mut Builder, search: Search, sort: Option<(&AttributePath, bool)>) {
    let Some((path, descending)) = sort else {
        sql.push(match search {
            Search::Walk => " ORDER BY u.id",
            Search::LookUp => " ORDER BY (u.id || '')",
        });
        return;
    };
    let direction = if descending { " DESC" } else { "" };
    let walks = search == Search::Walk;
    let ends = |sql: &mut Builder| {
        sql.push(", u.id").push(direction);
    };
    match place(path) {
        Place::Column(column, nullable) => {
            sql.push(" ORDER BY ");
            sql.push(if walks { "" } else { "(" }).push(column);
            sql.push(if walks { "" } else { " || '')" }).push(direction);
            if nullable {
                // As an index of the column has them on PostgreSQL; SQLite walks its own twice.
                sql.push(if descending {
                    " NULLS FIRST"
                } else {
                    " NULLS LAST"
                });
            }
            ends(sql);
        }
        Place::Active => {
            sql.push(" ORDER BY u.active").push(direction);
            ends(sql);
        }
        Place::LastModified => {
            sql.push(if walks {
                " ORDER BY u.updated_at"
            } else {
                " ORDER BY (u.updated_at + 0)"
            });
            sql.push(direction);
            ends(sql);
        }
        Place::Version => {
            sql.push(" ORDER BY u.version").push(direction);
            ends(sql);
        }
        Place::Created | Place::Constant(_) | Place::Location | Place::Schemas => {
            sql.push(if walks {
                " ORDER BY u.id"
            } else {
                " ORDER BY (u.id || '')"
            });
            sql.push(direction);
        }
        Place::Name | Place::Values => {
            for missing in [true, false] {
                sql.push(if missing { " ORDER BY (" } else { ", (" });
                push_sort_value(sql, path);
                sql.push(if missing { ") IS NULL" } else { ")" })
                    .push(direction);
            }
            ends(sql);
        }
    }
}

fn push_sort_value(sql: &mut Builder, path: &AttributePath) {
    let (attribute, sub) = value_columns(path);
    sql.push("SELECT v.value_key FROM user_values v WHERE v.user_id = u.id AND v.attribute = ")
        .bind(attribute)
        .push(" AND v.sub = ")
        .bind(sub)
        .push(
            " ORDER BY EXISTS (SELECT 1 FROM user_values p WHERE p.user_id = v.user_id \
             AND p.attribute = v.attribute AND p.element = v.element AND p.sub = 'primary' \
             AND p.value_key = 'true') DESC, v.element LIMIT 1",
        );
}

/// Adds the condition that `v` is the row of `user_values` that its user is sorted by.
pub fn push_value_order(sql: &mut Builder, path: &AttributePath) {
    let (attribute, sub) = value_columns(path);
    sql.push(" AND v.attribute = ")
        .bind(attribute)
        .push(" AND v.sub = ")
        .bind(sub);
    if path.attribute.multi_valued {
        sql.push(
            " AND v.element = (SELECT s.element FROM user_values s WHERE s.user_id = v.user_id \
             AND s.attribute = v.attribute AND s.sub = v.sub ORDER BY EXISTS (SELECT 1 FROM user_values p \
             WHERE p.user_id = s.user_id AND p.attribute = s.attribute AND p.element = s.element \
             AND p.sub = 'primary' AND p.value_key = 'true') DESC, s.element LIMIT 1)",
        );
    }
}
