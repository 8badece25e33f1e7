//! Sort orders.

use super::{Place, place, value_columns};
use crate::server::scim::path::AttributePath;
use crate::server::store::sql::Builder;

/// Adds the `ORDER BY`. Missing values come last ascending and first descending (RFC 7644 3.4.2.3); a
/// multi-valued attribute sorts by its primary value, else its first; `id` breaks ties.
pub fn push_order(sql: &mut Builder, sort: Option<(&AttributePath, bool)>) {
    let Some((path, descending)) = sort else {
        sql.push(" ORDER BY u.id");
        return;
    };
    let direction = if descending { " DESC" } else { "" };
    let (column, nullable) = match place(path) {
        Place::Column(column, nullable) => (column, nullable),
        Place::Active => ("u.active", false),
        Place::LastModified => ("u.updated_at", false),
        Place::Version => ("u.version", false),
        Place::Created | Place::Constant(_) | Place::Location | Place::Schemas => ("u.id", false),
        Place::Name | Place::Values => {
            for missing in [true, false] {
                sql.push(if missing { " ORDER BY (" } else { ", (" });
                push_sort_value(sql, path);
                sql.push(if missing { ") IS NULL" } else { ")" })
                    .push(direction);
            }
            sql.push(", u.id").push(direction);
            return;
        }
    };
    sql.push(" ORDER BY ").push(column).push(direction);
    if nullable {
        // As an index of the column has them on PostgreSQL; SQLite walks its own twice.
        sql.push(if descending { " NULLS FIRST" } else { " NULLS LAST" });
    }
    sql.push(", u.id").push(direction);
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
