//! Terms about `schemas`, told before a filter becomes SQL: every user has the core schema, some have data of the
//! extension, and there is no third (RFC 7643 3).

use super::{Place, fits, place, text};
use crate::server::scim::filter::{CompareOp, Filter, Literal};
use crate::server::scim::path::AttributePath;
use crate::server::scim::resource::case_key;
use crate::server::scim::schema;

/// Whom a filter selects.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    Everybody,
    Nobody,
    /// Those whom this filter selects. All that it asks of `schemas` is whether the extension's URN is there, spelt as
    /// rows of `user_values` have it.
    Users(Filter),
}

impl Selection {
    /// What a filter comes to.
    pub fn of(filter: &Filter) -> Self {
        match filter {
            Filter::And(terms) => Self::joined(terms, &Self::Nobody, Filter::And),
            Filter::Or(terms) => Self::joined(terms, &Self::Everybody, Filter::Or),
            Filter::Not(term) => Self::of(term).opposite(),
            Filter::Absent(_) => Self::Nobody,
            Filter::Present(path) if matches!(place(path), Place::Schemas) => Self::Everybody,
            Filter::Compare { path, op, value } if matches!(place(path), Place::Schemas) => {
                Self::of_schemas(path, *op, &text(value))
            }
            _ => Self::Users(filter.clone()),
        }
    }

    /// Of terms of which one that comes to `decisive` decides, while one that comes to its opposite says nothing.
    fn joined(terms: &[Filter], decisive: &Self, join: fn(Vec<Filter>) -> Filter) -> Self {
        let mut filters = Vec::with_capacity(terms.len());
        for term in terms {
            match Self::of(term) {
                Self::Users(filter) => filters.push(filter),
                told if told == *decisive => return told,
                _ => {}
            }
        }
        match filters.pop() {
            None => decisive.clone().opposite(),
            Some(only) if filters.is_empty() => Self::Users(only),
            Some(last) => {
                filters.push(last);
                Self::Users(join(filters))
            }
        }
    }

    fn opposite(self) -> Self {
        match self {
            Self::Everybody => Self::Nobody,
            Self::Nobody => Self::Everybody,
            Self::Users(filter) => Self::Users(filter.negated()),
        }
    }

    /// Of a comparison of `schemas`, of which any one may fit. URNs have no case.
    fn of_schemas(path: &AttributePath, op: CompareOp, urn: &str) -> Self {
        if op == CompareOp::Ne {
            return Self::of_schemas(path, CompareOp::Eq, urn).opposite();
        }
        let urn = case_key(urn);
        if fits(op, &case_key(schema::USER), &urn) {
            Self::Everybody
        } else if fits(op, &case_key(schema::ENTERPRISE_USER), &urn) {
            Self::Users(Filter::Compare {
                path: path.clone(),
                op: CompareOp::Eq,
                value: Literal::String(schema::ENTERPRISE_USER.to_owned()),
            })
        } else {
            Self::Nobody
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// What a filter comes to, in short.
    fn told(text: &str) -> String {
        let text = text
            .replace("{core}", schema::USER)
            .replace("{ext}", schema::ENTERPRISE_USER);
        match Selection::of(&Filter::parse(&text).unwrap()) {
            Selection::Everybody => "everybody".to_owned(),
            Selection::Nobody => "nobody".to_owned(),
            Selection::Users(filter) => {
                filter.to_string().replace(schema::ENTERPRISE_USER, "{ext}")
            }
        }
    }

    #[test]
    fn rfc7643_3_everybody_has_the_core_schema_and_some_the_extension() {
        const EXTENSION: &str = "schemas eq \"{ext}\"";
        const NOT_EXTENSION: &str = "not (schemas eq \"{ext}\")";
        let capitals = schema::ENTERPRISE_USER.to_uppercase();
        for (filter, expected) in [
            ("schemas eq \"{core}\"", "everybody"),
            ("schemas ne \"{core}\"", "nobody"),
            ("not (schemas eq \"{core}\")", "nobody"),
            (EXTENSION, EXTENSION),
            (&format!("schemas eq \"{capitals}\""), EXTENSION),
            ("schemas ne \"{ext}\"", NOT_EXTENSION),
            (NOT_EXTENSION, NOT_EXTENSION),
            ("not (schemas ne \"{ext}\")", EXTENSION),
            ("schemas eq \"urn:x\"", "nobody"),
            ("schemas ne \"urn:x\"", "everybody"),
            ("schemas co \"Enterprise\"", EXTENSION),
            ("schemas co \"scim\"", "everybody"),
            ("schemas sw \"urn:ietf:params:scim:schemas:ext\"", EXTENSION),
            ("schemas ew \":user\"", "everybody"),
            ("schemas gt \"{core}\"", EXTENSION),
            ("schemas ge \"{core}\"", "everybody"),
            ("schemas lt \"{core}\"", "nobody"),
            ("schemas lt \"{ext}\"", "everybody"),
            ("schemas gt \"{ext}\"", "nobody"),
            ("schemas pr", "everybody"),
            ("schemas eq null", "nobody"),
            ("schemas ne null", "everybody"),
        ] {
            assert_eq!(told(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_told_is_taken_out_of_a_filter() {
        let title = "title eq \"a\"";
        for (filter, expected) in [
            ("title eq \"a\" and schemas pr", title),
            ("title eq \"a\" and schemas eq \"{core}\"", title),
            ("title eq \"a\" and schemas ne \"{core}\"", "nobody"),
            ("title eq \"a\" or schemas eq \"{core}\"", "everybody"),
            ("title eq \"a\" or schemas eq \"urn:x\"", title),
            ("schemas pr and schemas eq \"{core}\"", "everybody"),
            ("schemas eq \"urn:x\" or schemas lt \"urn:x\"", "everybody"),
            ("schemas eq \"urn:x\" or not (schemas pr)", "nobody"),
            (
                "not (title eq \"a\" and schemas pr)",
                "not (title eq \"a\")",
            ),
            ("not (title eq \"a\" or schemas pr)", "nobody"),
            (
                "title eq \"a\" and schemas pr and (nickName pr or schemas eq \"{ext}\")",
                "title eq \"a\" and (nickName pr or schemas eq \"{ext}\")",
            ),
            (
                "emails[type eq \"a\" and not (primary eq true)]",
                "emails[type eq \"a\" and not (primary eq true)]",
            ),
        ] {
            assert_eq!(told(filter), expected, "{filter}");
        }
        let at_root = Filter::parse_at_root("colour pr or schemas pr").unwrap();
        assert_eq!(Selection::of(&at_root), Selection::Everybody);
        let at_root = Filter::parse_at_root("colour pr").unwrap();
        assert_eq!(Selection::of(&at_root), Selection::Nobody);
    }
}
