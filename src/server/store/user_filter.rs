//! A SCIM filter and a sort order as SQL on `users` and `user_values`, for both databases.
//!
//! Attributes that Entra matches by have a column; every other filterable value is a row of `user_values`.
//! All names and values are bound, never spliced.

use super::dialect::{like_escaped, like_prefix};
use super::sql::{Arg, Builder};
use crate::server::scim::filter::{CompareOp, Filter, Literal};
use crate::server::scim::path::AttributePath;
use crate::server::scim::resource::case_key;
use crate::server::scim::schema;
use crate::server::secret;

/// Whose users are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub organization_id: &'a str,
    /// What stands before the id in `meta.location`.
    pub location: &'a str,
}

/// Where an attribute's values are.
enum Place {
    /// A text column of `users`; the flag says that it may be NULL.
    Column(&'static str, bool),
    Active,
    Time(&'static str),
    Version,
    /// The same for every user.
    Constant(&'static str),
    /// `meta.location`: the id behind what is the same for all.
    Location,
    Schemas,
    /// `name`, whose parts are partly columns.
    Name,
    Values,
}

fn place(path: &AttributePath) -> Place {
    match path.canonical().as_str() {
        "id" => Place::Column("u.id", false),
        "userName" => Place::Column("u.user_name_key", false),
        "externalId" => Place::Column("u.external_id", true),
        "name.givenName" => Place::Column("u.given_name_key", true),
        "name.familyName" => Place::Column("u.family_name_key", true),
        "displayName" => Place::Column("u.display_name_key", true),
        "active" => Place::Active,
        "meta.created" => Place::Time("u.created_at"),
        "meta.lastModified" => Place::Time("u.updated_at"),
        "meta.version" => Place::Version,
        "meta" | "meta.resourceType" => Place::Constant("User"),
        "meta.location" => Place::Location,
        "schemas" => Place::Schemas,
        "name" => Place::Name,
        _ => Place::Values,
    }
}

/// `user_values.attribute` and `.sub` of a path; `sub` is empty for an attribute without parts.
fn value_columns(path: &AttributePath) -> (String, &'static str) {
    (path.top_level(), path.sub.map_or("", |sub| sub.name))
}

/// Adds ` AND (...)` for a filter; nothing without one.
pub fn push_where(sql: &mut Builder, scope: Scope<'_>, filter: Option<&Filter>) {
    if let Some(filter) = filter {
        sql.push(" AND ");
        push_filter(sql, scope, filter, false);
    }
}

/// `negated` says that a `NOT` stands around it: there a comparison with NULL must be false, not unknown,
/// because `not` over an absent attribute is true.
fn push_filter(sql: &mut Builder, scope: Scope<'_>, filter: &Filter, negated: bool) {
    match filter {
        Filter::And(terms) => push_terms(sql, scope, terms, " AND ", negated),
        Filter::Or(terms) => push_terms(sql, scope, terms, " OR ", negated),
        Filter::Not(term) => {
            sql.push("NOT (");
            push_filter(sql, scope, term, true);
            sql.push(")");
        }
        Filter::Present(path) => push_present(sql, scope, path),
        Filter::Absent(_) => {
            sql.push("FALSE");
        }
        Filter::Compare {
            path,
            op: CompareOp::Ne,
            value,
        } => {
            sql.push("NOT (");
            push_compare(sql, scope, path, CompareOp::Eq, value, true);
            sql.push(")");
        }
        Filter::Compare { path, op, value } => {
            push_compare(sql, scope, path, *op, value, negated);
        }
        Filter::ValuePath { path, filter } if path.attribute.multi_valued => {
            push_value_path(sql, scope, path, filter);
        }
        // A single complex value has one element, so its conditions hold for the same one anyway; without a value
        // there is no element for which a `not` could hold.
        Filter::ValuePath { path, filter } => {
            sql.push("(");
            push_present(sql, scope, path);
            sql.push(" AND ");
            push_filter(sql, scope, filter, negated);
            sql.push(")");
        }
    }
}

fn push_terms(
    sql: &mut Builder,
    scope: Scope<'_>,
    terms: &[Filter],
    joint: &'static str,
    negated: bool,
) {
    sql.push("(");
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            sql.push(joint);
        }
        push_filter(sql, scope, term, negated);
    }
    sql.push(")");
}

fn push_present(sql: &mut Builder, scope: Scope<'_>, path: &AttributePath) {
    match place(path) {
        Place::Column(column, true) => {
            // pr is false for "" (RFC 7644 3.4.2.2: non-empty).
            sql.push("COALESCE(").push(column).push(" <> '', FALSE)");
        }
        Place::Column(_, false)
        | Place::Active
        | Place::Time(_)
        | Place::Version
        | Place::Constant(_)
        | Place::Location
        | Place::Schemas => {
            sql.push("TRUE");
        }
        Place::Name => {
            sql.push("(u.given_name_key IS NOT NULL OR u.family_name_key IS NOT NULL OR ");
            push_has_value(sql, scope, path, None);
            sql.push(")");
        }
        Place::Values => push_has_value(sql, scope, path, path.sub.map(|sub| sub.name)),
    }
}

/// Whether the attribute, or one sub-attribute of it, has any value.
fn push_has_value(
    sql: &mut Builder,
    scope: Scope<'_>,
    path: &AttributePath,
    sub: Option<&'static str>,
) {
    sql.push("u.id IN (SELECT v.user_id FROM user_values v WHERE v.organization_id = ")
        .bind(scope.organization_id)
        .push(" AND v.attribute = ")
        .bind(path.top_level());
    if let Some(sub) = sub {
        sql.push(" AND v.sub = ").bind(sub);
    }
    sql.push(" AND (v.value_key <> '' OR v.sub = ''))");
}

fn push_compare(
    sql: &mut Builder,
    scope: Scope<'_>,
    path: &AttributePath,
    op: CompareOp,
    value: &Literal,
    negated: bool,
) {
    match (place(path), value) {
        (Place::Column(column, nullable), _) => {
            let guarded = nullable && negated;
            sql.push(if guarded { "COALESCE(" } else { "" })
                .push(column);
            push_text(sql, op, &key(path, value));
            sql.push(if guarded { ", FALSE)" } else { "" });
        }
        (Place::Active, Literal::Boolean(active)) => {
            sql.push("u.active = ").bind(*active);
        }
        (Place::Time(column), Literal::DateTime(time)) => {
            sql.push(column).push(operator(op)).bind(*time);
        }
        (Place::Version, value) => {
            let text = text(value);
            let number = text
                .trim_start_matches("W/")
                .trim_matches('"')
                .parse::<i64>();
            match number {
                Ok(version) if op == CompareOp::Eq => {
                    sql.push("u.version = ").bind(version);
                }
                _ => {
                    sql.push("FALSE");
                }
            }
        }
        (Place::Constant(constant), value) => {
            sql.bind(constant);
            push_text(sql, op, &key(path, value));
        }
        (Place::Location, value) => {
            let text = text(value);
            match text.strip_prefix(scope.location) {
                // What has the key's index.
                Some(id) if op == CompareOp::Eq => {
                    sql.push("u.id = ").bind(id);
                }
                None if op == CompareOp::Eq => {
                    sql.push("FALSE");
                }
                _ => {
                    sql.push("(").bind(scope.location).push(" || u.id)");
                    push_text(sql, op, &text);
                }
            }
        }
        (Place::Schemas, value) => push_schema(sql, scope, op, &text(value)),
        (Place::Values, value) => {
            let (attribute, sub) = value_columns(path);
            sql.push("u.id IN (SELECT v.user_id FROM user_values v WHERE v.organization_id = ")
                .bind(scope.organization_id)
                .push(" AND v.attribute = ")
                .bind(attribute)
                .push(" AND v.sub = ")
                .bind(sub)
                .push(" AND ");
            push_value(sql, op, &key(path, value));
            sql.push(")");
        }
        // The parser refuses these; a filter that got here all the same selects nobody.
        (Place::Active | Place::Time(_) | Place::Name, _) => {
            sql.push("FALSE");
        }
    }
}

/// Every user has the core schema; the extension's is there when it has data (RFC 7643 3).
fn push_schema(sql: &mut Builder, scope: Scope<'_>, op: CompareOp, urn: &str) {
    if fits(op, schema::USER, urn) {
        sql.push("TRUE");
    } else if fits(op, schema::ENTERPRISE_USER, urn) {
        let mut prefix = like_escaped(schema::ENTERPRISE_USER);
        prefix.push_str(":%");
        sql.push("u.id IN (SELECT v.user_id FROM user_values v WHERE v.organization_id = ")
            .bind(scope.organization_id)
            .push(" AND v.attribute LIKE ")
            .bind(prefix)
            .push(" ESCAPE '\\')");
    } else {
        sql.push("FALSE");
    }
}

/// Compares two URNs, which have no case.
fn fits(op: CompareOp, urn: &str, with: &str) -> bool {
    let (urn, with) = (case_key(urn), case_key(with));
    match op {
        CompareOp::Eq => urn == with,
        CompareOp::Ne => urn != with,
        CompareOp::Co => urn.contains(&with),
        CompareOp::Sw => urn.starts_with(&with),
        CompareOp::Ew => urn.ends_with(&with),
        CompareOp::Gt => urn > with,
        CompareOp::Ge => urn >= with,
        CompareOp::Lt => urn < with,
        CompareOp::Le => urn <= with,
    }
}

/// `attribute[...]`: all conditions hold for the same element. The search starts from a row that an equality
/// names, if there is one, else from the element's marker; the rest are probes by primary key.
fn push_value_path(sql: &mut Builder, scope: Scope<'_>, path: &AttributePath, filter: &Filter) {
    let terms: &[Filter] = match filter {
        Filter::And(terms) => terms,
        other => std::slice::from_ref(other),
    };
    let start = terms.iter().position(|term| {
        matches!(
            term,
            Filter::Compare {
                op: CompareOp::Eq,
                ..
            }
        )
    });
    sql.push("u.id IN (SELECT e.user_id FROM user_values e WHERE e.organization_id = ")
        .bind(scope.organization_id)
        .push(" AND e.attribute = ")
        .bind(path.top_level())
        .push(" AND e.sub = ");
    match start.and_then(|index| terms.get(index)) {
        Some(Filter::Compare {
            path: inner, value, ..
        }) => {
            sql.bind(inner_sub(inner))
                .push(" AND e.match_key = ")
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
            sql.push(" AND ");
            push_value(sql, op, &key(path, value));
            sql.push(")");
        }
        Filter::Present(path) => {
            push_element_row(sql, inner_sub(path));
            sql.push(" AND v.value_key <> '')");
        }
        // Value paths do not nest (RFC 7644 3.4.2.2).
        Filter::ValuePath { .. } | Filter::Absent(_) => {
            sql.push("FALSE");
        }
    }
}

fn push_element_row(sql: &mut Builder, sub: &'static str) {
    sql.push(
        "EXISTS (SELECT 1 FROM user_values v WHERE v.user_id = e.user_id \
         AND v.attribute = e.attribute AND v.element = e.element AND v.sub = ",
    )
    .bind(sub);
}

/// What a literal is compared as: exactly where the attribute is caseExact, else by its key.
fn key(path: &AttributePath, value: &Literal) -> String {
    if path.leaf().is_compared_exactly() {
        text(value)
    } else {
        case_key(&text(value))
    }
}

fn text(value: &Literal) -> String {
    match value {
        Literal::String(text) => text.clone(),
        Literal::Boolean(boolean) => boolean.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::DateTime(time) => time.to_string(),
        Literal::Null => String::new(),
    }
}

fn operator(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Gt => " > ",
        CompareOp::Ge => " >= ",
        CompareOp::Lt => " < ",
        CompareOp::Le => " <= ",
        _ => " = ",
    }
}

fn push_text(sql: &mut Builder, op: CompareOp, key: &str) {
    match op {
        CompareOp::Co => {
            let mut pattern = String::from("%");
            pattern.push_str(&like_prefix(key));
            push_like(sql, pattern);
        }
        CompareOp::Sw => push_like(sql, like_prefix(key)),
        CompareOp::Ew => {
            let mut pattern = String::from("%");
            pattern.push_str(&like_escaped(key));
            push_like(sql, pattern);
        }
        _ => {
            sql.push(operator(op)).bind(Arg::from(key));
        }
    }
}

/// A comparison with a row of `user_values`, named `v`.
fn push_value(sql: &mut Builder, op: CompareOp, key: &str) {
    if op == CompareOp::Eq {
        sql.push("v.match_key = ").bind(match_key(key));
    } else {
        sql.push("v.value_key");
        push_text(sql, op, key);
    }
}

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

fn push_like(sql: &mut Builder, pattern: String) {
    sql.push(" LIKE ").bind(pattern).push(" ESCAPE '\\'");
}

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
        Place::Time(column) => (column, false),
        Place::Version => ("u.version", false),
        Place::Constant(_) | Place::Location | Place::Schemas => ("u.id", false),
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
    sql.push(" ORDER BY ");
    if nullable {
        sql.push(column).push(" IS NULL").push(direction).push(", ");
    }
    sql.push(column)
        .push(direction)
        .push(", u.id")
        .push(direction);
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
