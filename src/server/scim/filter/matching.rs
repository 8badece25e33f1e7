//! Whether one element of a complex attribute fulfils a filter (PATCH value paths).

use std::cmp::Ordering;

use serde_json::Value;

use super::ast::{CompareOp, Filter, Literal};
use crate::server::scim::path::AttributePath;
use crate::server::scim::resource::{case_key, is_unassigned};
use crate::server::scim::time;

impl Filter {
    /// Whether the element, in canonical form, fulfils this inner filter of a value path.
    ///
    /// An absent `primary` counts as false (RFC 7643 2.4) and so is always present, other absent
    /// parts equal nothing, and `ne` is the negation of `eq`.
    #[must_use]
    pub fn matches_element(&self, element: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches_element(element)),
            Self::Or(parts) => parts.iter().any(|part| part.matches_element(element)),
            Self::Not(part) => !part.matches_element(element),
            Self::Present(path) => {
                is_primary(path)
                    || part_of(path, element).is_some_and(|value| !is_unassigned(value))
            }
            Self::Compare { path, op, value } => compare(path, *op, value, element),
            // Complex attributes do not nest.
            Self::ValuePath { .. } | Self::Absent(_) => false,
        }
    }

    /// Bytes of the element that the comparisons read at most.
    pub(in crate::server::scim) fn reads(&self, element: &Value) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().map(|part| part.reads(element)).sum()
            }
            Self::Not(part) => part.reads(element),
            Self::Present(path) | Self::Compare { path, .. } => part_of(path, element)
                .and_then(Value::as_str)
                .map_or(1, str::len),
            Self::ValuePath { .. } | Self::Absent(_) => 0,
        }
    }
}

fn part_of<'a>(path: &AttributePath, element: &'a Value) -> Option<&'a Value> {
    match path.sub {
        Some(sub) => element.get(sub.name),
        None => Some(element),
    }
}

fn is_primary(path: &AttributePath) -> bool {
    path.leaf().name == "primary"
}

fn compare(path: &AttributePath, op: CompareOp, literal: &Literal, element: &Value) -> bool {
    if op == CompareOp::Ne {
        return !compare(path, CompareOp::Eq, literal, element);
    }
    let value = part_of(path, element);
    match literal {
        Literal::Boolean(expected) => {
            let absent = is_primary(path) && value.is_none();
            let actual = if absent {
                Some(false)
            } else {
                value.and_then(Value::as_bool)
            };
            op == CompareOp::Eq && actual == Some(*expected)
        }
        Literal::String(expected) => value
            .and_then(Value::as_str)
            .is_some_and(|actual| compare_text(path, op, actual, expected)),
        Literal::Number(expected) => ordered(
            op,
            value
                .and_then(Value::as_f64)
                .zip(expected.as_f64())
                .and_then(|(actual, expected)| actual.partial_cmp(&expected)),
        ),
        Literal::DateTime(expected) => ordered(
            op,
            value
                .and_then(Value::as_str)
                .and_then(time::parse)
                .map(|actual| actual.cmp(expected)),
        ),
    }
}

fn compare_text(path: &AttributePath, op: CompareOp, actual: &str, expected: &str) -> bool {
    if path.leaf().is_compared_exactly() {
        return compare_keys(op, actual, expected);
    }
    compare_keys(op, &case_key(actual), &case_key(expected))
}

fn compare_keys(op: CompareOp, actual: &str, expected: &str) -> bool {
    match op {
        CompareOp::Co => actual.contains(expected),
        CompareOp::Sw => actual.starts_with(expected),
        CompareOp::Ew => actual.ends_with(expected),
        _ => ordered(op, Some(actual.cmp(expected))),
    }
}

fn ordered(op: CompareOp, ordering: Option<Ordering>) -> bool {
    let Some(ordering) = ordering else {
        return false;
    };
    match op {
        CompareOp::Eq => ordering.is_eq(),
        CompareOp::Ne => ordering.is_ne(),
        CompareOp::Gt => ordering.is_gt(),
        CompareOp::Ge => ordering.is_ge(),
        CompareOp::Lt => ordering.is_lt(),
        CompareOp::Le => ordering.is_le(),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}
