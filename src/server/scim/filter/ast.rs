//! The tree of a filter. It knows no SQL; the store turns it into a condition.

use std::fmt::{self, Display, Formatter};

use crate::server::scim::path::AttributePath;
use crate::server::scim::time;

/// A filter over users.
///
/// In `And` and `Or` there are two parts or more. `eq null` and `ne null` have become
/// `Not(Present)` and `Present`. A comparison always names a single value: `emails co "x"` has
/// become `emails.value co "x"`.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All parts hold.
    And(Vec<Filter>),
    /// One part holds.
    Or(Vec<Filter>),
    /// The part does not hold; true where the attribute is absent.
    Not(Box<Filter>),
    /// A value compares so; of a multi-valued attribute any one.
    Compare {
        /// What is compared.
        path: AttributePath,
        /// How. `Ne` is the negation of `Eq`, for multi-valued attributes too.
        op: CompareOp,
        /// With what; always of the attribute's kind.
        value: Literal,
    },
    /// There is a value that is not empty.
    Present(AttributePath),
    /// The same of an attribute that users do not have, so that it never holds; only in filters at
    /// the root.
    Absent(String),
    /// One element of a complex attribute fulfils the whole inner filter. Entra's
    /// `emails[type eq "work"].value eq "x"` has become `emails[type eq "work" and value eq "x"]`.
    ValuePath {
        /// The attribute, without a part.
        path: AttributePath,
        /// Over one element; its paths name parts of the attribute.
        filter: Box<Filter>,
    },
}

impl Filter {
    /// What a negation negates: it selects everybody whom this one does not.
    #[must_use]
    pub fn opposite(&self) -> Option<Self> {
        match self {
            Self::Not(filter) => Some((**filter).clone()),
            Self::Compare {
                path,
                op: CompareOp::Ne,
                value,
            } => Some(Self::Compare {
                path: path.clone(),
                op: CompareOp::Eq,
                value: value.clone(),
            }),
            _ => None,
        }
    }

    /// The filter that selects everybody whom this one does not.
    #[must_use]
    pub fn negated(&self) -> Self {
        self.opposite()
            .unwrap_or_else(|| Self::Not(Box::new(self.clone())))
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl CompareOp {
    /// The keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        const ALL: [CompareOp; 9] = [
            CompareOp::Eq,
            CompareOp::Ne,
            CompareOp::Co,
            CompareOp::Sw,
            CompareOp::Ew,
            CompareOp::Gt,
            CompareOp::Ge,
            CompareOp::Lt,
            CompareOp::Le,
        ];
        ALL.into_iter()
            .find(|op| op.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether it is `gt`, `ge`, `lt` or `le`.
    #[must_use]
    pub const fn is_ordering(self) -> bool {
        matches!(self, Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }
}

/// Whether a word means something in every filter, whatever its attributes and values are.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    const OTHERS: [&str; 7] = ["pr", "and", "or", "not", "true", "false", "null"];
    let is = |keyword: &str| keyword.eq_ignore_ascii_case(word);
    CompareOp::parse(word).is_some() || OTHERS.into_iter().any(is)
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// For text, references and binary.
    String(String),
    /// For booleans.
    Boolean(bool),
    /// For numbers.
    Number(serde_json::Number),
    /// For dates, in epoch milliseconds.
    DateTime(i64),
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => Display::fmt(&serde_json::Value::from(text.as_str()), f),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::DateTime(ms) => write!(f, "\"{}\"", time::format(*ms)),
        }
    }
}

impl Filter {
    /// The number of comparisons and presence tests.
    #[must_use]
    pub fn terms(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::terms).sum(),
            Self::Not(part) | Self::ValuePath { filter: part, .. } => part.terms(),
            Self::Compare { .. } | Self::Present(_) | Self::Absent(_) => 1,
        }
    }

    /// The values that an element must have to fulfil the filter, when it is made of `eq` and
    /// `and` only; else `None`. Entra relies on such elements being created (see the PATCH rules).
    pub(in crate::server::scim) fn plain_values(&self) -> Option<Vec<(&AttributePath, &Literal)>> {
        match self {
            Self::Compare {
                path,
                op: CompareOp::Eq,
                value,
            } => Some(vec![(path, value)]),
            Self::And(parts) => {
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    values.extend(part.plain_values()?);
                }
                Some(values)
            }
            _ => None,
        }
    }

    /// Writes the filter; inside a value path only the parts' names stand.
    fn write(&self, f: &mut Formatter<'_>, inside: bool) -> fmt::Result {
        match self {
            Self::And(parts) => write_parts(f, parts, " and ", inside, |part| {
                matches!(part, Self::And(_) | Self::Or(_))
            }),
            Self::Or(parts) => {
                write_parts(f, parts, " or ", inside, |part| matches!(part, Self::Or(_)))
            }
            Self::Not(part) => {
                f.write_str("not (")?;
                part.write(f, inside)?;
                f.write_str(")")
            }
            Self::Compare { path, op, value } => {
                write_path(f, path, inside)?;
                write!(f, " {} {value}", op.as_str())
            }
            Self::Present(path) => {
                write_path(f, path, inside)?;
                f.write_str(" pr")
            }
            Self::Absent(name) => write!(f, "{name} pr"),
            Self::ValuePath { path, filter } => {
                write!(f, "{path}[")?;
                filter.write(f, true)?;
                f.write_str("]")
            }
        }
    }
}

fn write_parts(
    f: &mut Formatter<'_>,
    parts: &[Filter],
    word: &str,
    inside: bool,
    grouped: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if grouped(part) {
            f.write_str("(")?;
            part.write(f, inside)?;
            f.write_str(")")?;
        } else {
            part.write(f, inside)?;
        }
    }
    Ok(())
}

fn write_path(f: &mut Formatter<'_>, path: &AttributePath, inside: bool) -> fmt::Result {
    match path.sub {
        Some(sub) if inside => f.write_str(sub.name),
        _ => Display::fmt(path, f),
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}
