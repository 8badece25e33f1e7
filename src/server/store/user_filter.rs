//! A SCIM filter and a sort order as SQL on `users` and `user_values`, for both databases.
//!
//! Attributes that Entra matches by have a column; every other filterable value is a row of `user_values`.
//! All names and values are bound, never spliced.

mod elements;
mod merged;
mod order;
mod schemas;
mod values;

pub use merged::{Merged, push_all_but};
pub use order::{push_order, push_value_order};
pub use schemas::Selection;
pub use values::{has_ids_in_order, match_key, push_count, push_ids};

use std::borrow::Cow;

use super::dialect::{Dialect, like_escaped, like_prefix};
use super::keyset::prefix_range;
use super::sql::{Arg, Builder};
use crate::server::clock::Millis;
use crate::server::ids;
use crate::server::scim::filter::{CompareOp, Filter, Literal};
use crate::server::scim::path::AttributePath;
use crate::server::scim::resource::case_key;

/// Whose users are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub organization_id: &'a str,
    /// What stands before the id in `meta.location`.
    pub location: &'a str,
}

/// How the users whom a filter selects are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// By the indexes of what the filter names, and then sorted: where not too many fit.
    LookUp,
    /// By the index of the list's order, each user tested, until the page is full: where many fit.
    Walk,
}

/// Where a term of a filter stands.
#[derive(Debug, Clone, Copy)]
struct Within<'a> {
    scope: Scope<'a>,
    dialect: Dialect,
    search: Search,
    /// A `NOT` stands around it: there a comparison with NULL must be false, not unknown, because `not` over an
    /// absent attribute is true.
    negated: bool,
    /// Whoever is selected fulfils it: nothing but `AND` stands around it.
    required: bool,
}

/// Where an attribute's values are.
enum Place {
    /// A text column of `users`; the flag says that it may be NULL.
    Column(&'static str, bool),
    Active,
    /// `meta.created`, whose order is that of the ids: a new one grows with its time.
    Created,
    LastModified,
    Version,
    /// The same for every user.
    Constant(&'static str),
    /// `meta.location`: the id behind what is the same for all.
    Location,
    /// A row of `user_values` for whoever has data of the extension. For sorting, the same for every user.
    Schemas,
    /// `name`, whose parts are partly columns.
    Name,
    Values,
}

/// Has no index of its own: whoever has one is labelled by it.
const DISPLAY_NAME: &str = "u.display_name_key";

/// Whether what is asked of displayName holds for the label too, which is its beginning.
fn is_label_telling(op: CompareOp, key: &str) -> bool {
    // Far below where labels are cut, whatever becomes of the characters in a key.
    const SHORT: usize = 50;
    matches!(op, CompareOp::Eq | CompareOp::Sw) && key.len() < SHORT
}

fn place(path: &AttributePath) -> Place {
    match path.canonical().as_str() {
        "id" => Place::Column("u.id", false),
        "userName" => Place::Column("u.user_name_key", false),
        "externalId" => Place::Column("u.external_id", true),
        "name.givenName" => Place::Column("u.given_name_key", true),
        "name.familyName" => Place::Column("u.family_name_key", true),
        "displayName" => Place::Column(DISPLAY_NAME, true),
        "active" => Place::Active,
        "meta.created" => Place::Created,
        "meta.lastModified" => Place::LastModified,
        "meta.version" => Place::Version,
        "meta" | "meta.resourceType" => Place::Constant("User"),
        "meta.location" => Place::Location,
        "schemas" => Place::Schemas,
        "name" => Place::Name,
        _ => Place::Values,
    }
}

/// Whether what a comparison asks for is a row of `user_values`.
fn has_rows(path: &AttributePath) -> bool {
    matches!(place(path), Place::Values | Place::Schemas)
}

/// Whether a filter is about columns of `users` alone, so that one pass over them finds whom it leaves out.
pub fn is_of_columns(filter: &Filter) -> bool {
    match filter {
        Filter::And(terms) | Filter::Or(terms) => terms.iter().all(is_of_columns),
        Filter::Not(term) => is_of_columns(term),
        Filter::Compare { path, .. } | Filter::Present(path) => {
            !has_rows(path) && !matches!(place(path), Place::Name)
        }
        Filter::ValuePath { .. } => false,
        Filter::Absent(_) => true,
    }
}

/// Whether users are sorted by rows of `user_values`, for want of a column.
pub fn is_sorted_by_values(path: &AttributePath) -> bool {
    matches!(place(path), Place::Name | Place::Values)
}

/// The filter whose users are all others, where they are rather looked for: those of a negation, or the few without a
/// name.
pub fn opposite(filter: &Filter) -> Option<Filter> {
    match filter {
        Filter::Present(path) if matches!(place(path), Place::Name) => {
            Some(Filter::Not(Box::new(filter.clone())))
        }
        _ => filter.opposite(),
    }
}

/// `user_values.attribute` and `.sub` of a path; `sub` is empty for an attribute without parts.
fn value_columns(path: &AttributePath) -> (Cow<'static, str>, &'static str) {
    (path.top_level(), path.sub.map_or("", |sub| sub.name))
}

/// Adds ` AND (...)` for a filter, as a [`Selection`] has it; nothing without one.
pub fn push_where(
    sql: &mut Builder,
    scope: Scope<'_>,
    dialect: Dialect,
    search: Search,
    filter: Option<&Filter>,
) {
    if let Some(filter) = filter {
        sql.push(" AND ");
        let within = Within {
            scope,
            dialect,
            search,
            negated: false,
            required: true,
        };
        push_filter(sql, within, filter);
    }
}

fn push_filter(sql: &mut Builder, within: Within<'_>, filter: &Filter) {
    let negated = Within {
        negated: true,
        required: false,
        ..within
    };
    match filter {
        Filter::And(terms) => push_terms(sql, within, terms, " AND "),
        Filter::Or(terms) => {
            let alternative = Within {
                required: false,
                ..within
            };
            push_terms(sql, alternative, terms, " OR ");
        }
        Filter::Not(term) if matches!(&**term, Filter::Present(path) if matches!(place(path), Place::Name)) =>
        {
            // Spelt out, so that an index leads to those without a name.
            sql.push("(u.given_name_key IS NULL AND u.family_name_key IS NULL AND NOT (");
            values::push_has(sql, negated, term);
            sql.push("))");
        }
        Filter::Not(term) => {
            sql.push("NOT (");
            push_filter(sql, negated, term);
            sql.push(")");
        }
        Filter::Present(path) if matches!(place(path), Place::Values) => {
            values::push_has(sql, within, filter);
        }
        Filter::Present(path) => push_present(sql, within, path),
        Filter::Absent(_) => {
            sql.push("FALSE");
        }
        Filter::Compare {
            path,
            op: CompareOp::Ne,
            value,
        } => {
            sql.push("NOT (");
            let equal = Filter::Compare {
                path: path.clone(),
                op: CompareOp::Eq,
                value: value.clone(),
            };
            push_filter(sql, negated, &equal);
            sql.push(")");
        }
        Filter::Compare { path, .. } if has_rows(path) => {
            values::push_has(sql, within, filter);
        }
        Filter::Compare { path, op, value } => {
            push_compare(sql, within, path, *op, value);
        }
        Filter::ValuePath { path, .. } if path.attribute.multi_valued => {
            values::push_has(sql, within, filter);
        }
        // A single complex value has one element, so its conditions hold for the same one anyway; without a value
        // there is no element for which a `not` could hold.
        Filter::ValuePath { path, filter } => {
            sql.push("(");
            push_filter(sql, within, &Filter::Present(path.clone()));
            sql.push(" AND ");
            push_filter(sql, within, filter);
            sql.push(")");
        }
    }
}

fn push_terms(sql: &mut Builder, within: Within<'_>, terms: &[Filter], joint: &'static str) {
    sql.push("(");
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            sql.push(joint);
        }
        push_filter(sql, within, term);
    }
    sql.push(")");
}

fn push_present(sql: &mut Builder, within: Within<'_>, path: &AttributePath) {
    match place(path) {
        Place::Column(column, true) => {
            // pr is false for "" (RFC 7644 3.4.2.2: non-empty).
            sql.push("COALESCE(").push(column).push(" <> '', FALSE)");
        }
        Place::Column(_, false)
        | Place::Active
        | Place::Created
        | Place::LastModified
        | Place::Version
        | Place::Constant(_)
        | Place::Location
        | Place::Schemas => {
            sql.push("TRUE");
        }
        Place::Name => {
            sql.push("(u.given_name_key IS NOT NULL OR u.family_name_key IS NOT NULL OR ");
            let alternative = Within {
                required: false,
                ..within
            };
            values::push_has(sql, alternative, &Filter::Present(path.clone()));
            sql.push(")");
        }
        // Rows of their own, looked at before.
        Place::Values => {
            sql.push("FALSE");
        }
    }
}

fn push_compare(
    sql: &mut Builder,
    within: Within<'_>,
    path: &AttributePath,
    op: CompareOp,
    value: &Literal,
) {
    let scope = within.scope;
    match (place(path), value) {
        (Place::Column(column, nullable), _) => {
            let key = key(path, value);
            if column == DISPLAY_NAME && within.required && is_label_telling(op, &key) {
                push_text(sql, "u.label_key", op, &key);
                sql.push(" AND ");
            }
            let guarded = nullable && within.negated;
            sql.push(if guarded { "COALESCE(" } else { "" });
            push_text(sql, column, op, &key);
            sql.push(if guarded { ", FALSE)" } else { "" });
        }
        (Place::Active, Literal::Boolean(active)) => {
            sql.push("u.active = ").bind(*active);
        }
        (Place::Created, Literal::DateTime(time)) => push_created(sql, op, *time),
        (Place::LastModified, Literal::DateTime(time)) => {
            sql.push("u.updated_at").push(operator(op)).bind(*time);
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
            sql.push(truth(fits(op, constant, &key(path, value))));
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
                    push_comparison(sql, op, &text);
                }
            }
        }
        // Rows of their own were looked at before, and the parser refuses the others: a filter that got here all the
        // same selects nobody.
        (
            Place::Active
            | Place::Created
            | Place::LastModified
            | Place::Schemas
            | Place::Name
            | Place::Values,
            _,
        ) => {
            sql.push("FALSE");
        }
    }
}

/// A comparison of what is the same for every user.
fn fits(op: CompareOp, value: &str, with: &str) -> bool {
    match op {
        CompareOp::Eq => value == with,
        CompareOp::Ne => value != with,
        CompareOp::Co => value.contains(with),
        CompareOp::Sw => value.starts_with(with),
        CompareOp::Ew => value.ends_with(with),
        CompareOp::Gt => value > with,
        CompareOp::Ge => value >= with,
        CompareOp::Lt => value < with,
        CompareOp::Le => value <= with,
    }
}

fn truth(is_true: bool) -> &'static str {
    if is_true { "TRUE" } else { "FALSE" }
}

/// `meta.created` by the ids, which begin with the time and have an index.
fn push_created(sql: &mut Builder, op: CompareOp, time: Millis) {
    let from = ids::first_id(time);
    let until = ids::first_id(time.saturating_add(1));
    match op {
        CompareOp::Gt => sql.push("u.id >= ").bind(until),
        CompareOp::Ge => sql.push("u.id >= ").bind(from),
        CompareOp::Lt => sql.push("u.id < ").bind(from),
        CompareOp::Le => sql.push("u.id < ").bind(until),
        _ => {
            sql.push("(u.id >= ").bind(from);
            sql.push(" AND u.id < ").bind(until).push(")")
        }
    };
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

/// A comparison of a column.
fn push_text(sql: &mut Builder, column: &'static str, op: CompareOp, key: &str) {
    if op == CompareOp::Sw {
        // What LIKE with a bound pattern has no index for.
        let (low, high) = prefix_range(key);
        sql.push("(").push(column).push(" >= ").bind(low);
        sql.push(" AND ").push(column).push(" < ").bind(high);
        sql.push(")");
    } else {
        sql.push(column);
        push_comparison(sql, op, key);
    }
}

/// What follows the expression that is compared.
fn push_comparison(sql: &mut Builder, op: CompareOp, key: &str) {
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

fn push_like(sql: &mut Builder, pattern: String) {
    sql.push(" LIKE ").bind(pattern).push(" ESCAPE '\\'");
}
