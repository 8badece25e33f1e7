//! PATCH of RFC 7644 3.5.2 in both of Entra's dialects.
//!
//! One customer can send both: the `aadOptscim062020` flag does not apply to on-demand
//! provisioning. So nothing here depends on the dialect; it is only named for the log.

mod apply;
mod elements;
mod target;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_entra;
#[cfg(test)]
mod tests_properties;
#[cfg(test)]
mod tests_roles;

use serde_json::{Map, Value};

use super::body::{self, member};
use super::error::{ScimError, quoted};
use super::path::AttributePath;
use super::reason::Reason;
use super::resource::{Remark, User};
use super::schema;
pub use target::Target;

/// The most operations of one request.
pub const MAX_OPERATIONS: usize = 1000;
/// The most filter terms of one request's paths together; each is tried on every element.
pub const MAX_TERMS: usize = 2000;

/// A PATCH request, read and resolved against the schemas.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchRequest {
    /// In the order in which they are applied.
    pub operations: Vec<Operation>,
    /// A hint for the log.
    pub dialect: Dialect,
}

/// Which of Entra's forms a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// "Add", "Replace", "Remove": without `aadOptscim062020`.
    Verbose,
    /// "add", "replace", "remove": with it, and other clients.
    Compliant,
    /// No operations, or both forms.
    Unknown,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What is done.
    pub op: Op,
    /// To what: one target, or one for each attribute of a value without path.
    pub assignments: Vec<Assignment>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Sets, or appends to a list.
    Add,
    /// Unassigns.
    Remove,
    /// Sets.
    Replace,
}

/// A target and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// What is changed.
    pub target: Target,
    /// The value as sent; null where a `remove` has none.
    pub value: Value,
    /// Whether the target was named by `path`. What a value without path names in passing, such as
    /// `id`, is ignored rather than refused.
    pub explicit: bool,
}

impl PatchRequest {
    /// Reads the body of a PATCH.
    ///
    /// `op`, `path`, `value` and `Operations` match in any case, `schemas` may be missing, and an
    /// empty list of operations is a request that changes nothing. A path to a name or a role that
    /// cannot be read is for [`Self::apply`] to refuse.
    ///
    /// # Errors
    /// `body_not_object`, `schemas_wrong`, a `patch_...` reason, or a `filter_...` reason for the
    /// filter of a value path.
    pub fn parse(body: &Value) -> Result<Self, ScimError> {
        let members = body::object(body)?;
        if body::names_other_schema(members, schema::PATCH_OP) {
            return Err(ScimError::new(
                Reason::SchemasWrong,
                format!("schemas must name {} in a PATCH.", schema::PATCH_OP),
            )
            .on("schemas"));
        }
        let list = match member(members, "Operations") {
            Some(Value::Array(list)) => list,
            _ => {
                return Err(ScimError::new(
                    Reason::PatchOperationsMissing,
                    "A PATCH must have the list Operations with at least one operation.",
                ));
            }
        };
        if list.len() > MAX_OPERATIONS {
            return Err(too_many(
                format!("{} operations", list.len()),
                MAX_OPERATIONS,
            ));
        }
        let mut operations = Vec::with_capacity(list.len());
        let (mut capitals, mut smalls) = (0, 0);
        for (index, operation) in list.iter().enumerate() {
            let (op, word) = read_op(operation, index)?;
            match word.bytes().next() {
                Some(b'A'..=b'Z') => capitals += 1,
                _ => smalls += 1,
            }
            operations.push(Operation {
                op,
                assignments: assignments(op, operation, index)?,
            });
        }
        let terms: usize = operations.iter().map(Operation::terms).sum();
        if terms > MAX_TERMS {
            return Err(too_many(
                format!("{terms} conditions in its paths"),
                MAX_TERMS,
            ));
        }
        let dialect = match (capitals, smalls) {
            (1.., 0) => Dialect::Verbose,
            (0, 1..) => Dialect::Compliant,
            _ => Dialect::Unknown,
        };
        Ok(Self {
            operations,
            dialect,
        })
    }

    /// Whether an operation names this attribute or a part of it, whatever it makes of it.
    #[must_use]
    pub fn names(&self, attribute: &str) -> bool {
        self.operations
            .iter()
            .flat_map(|operation| &operation.assignments)
            .any(|assignment| match &assignment.target {
                Target::Attribute(path) | Target::ValuePath { path, .. } => {
                    path.attribute.name == attribute
                }
                Target::Extension | Target::Unknown(_) | Target::Flawed { .. } => false,
            })
    }

    /// Applies all operations in order to a copy. On an error nothing is changed (RFC 7644 3.5.2:
    /// atomic). A result that equals `user` means that there was nothing to change.
    ///
    /// Organization policies (names, roles) are the caller's.
    ///
    /// # Errors
    /// `attribute_read_only`, `attribute_required_removed`, `active_value_missing`,
    /// `patch_value_path_no_target`, those of [`User::from_create`], and of [`Self::parse`] those
    /// about a name or a role.
    pub fn apply(&self, user: &User, remarks: &mut Vec<Remark>) -> Result<User, ScimError> {
        apply::apply(&self.operations, user, remarks)
    }

    /// Whether a `remove` takes away what stands at the path, or the whole that it is a part of.
    #[must_use]
    pub fn removes(&self, path: &AttributePath) -> bool {
        let covers = |target: &Target| {
            let (removed, sub) = match target {
                Target::Attribute(removed) => (removed, removed.sub),
                Target::ValuePath { path, sub, .. } => (path, *sub),
                Target::Extension | Target::Unknown(_) | Target::Flawed { .. } => return false,
            };
            removed.whole() == path.whole()
                && sub.is_none_or(|sub| path.sub.is_some_and(|part| part.name == sub.name))
        };
        self.operations
            .iter()
            .filter(|operation| operation.op == Op::Remove)
            .flat_map(|operation| &operation.assignments)
            .any(|assignment| covers(&assignment.target))
    }
}

impl Operation {
    fn terms(&self) -> usize {
        let terms = |assignment: &Assignment| match &assignment.target {
            Target::ValuePath { filter, .. } => filter.terms(),
            _ => 0,
        };
        self.assignments.iter().map(terms).sum()
    }
}

/// The operation, and its word as sent.
fn read_op(operation: &Value, index: usize) -> Result<(Op, &str), ScimError> {
    let word = operation
        .as_object()
        .and_then(|members| member(members, "op"));
    let op = word.and_then(Value::as_str).and_then(|word| {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if is("add") {
            Some((Op::Add, word))
        } else if is("remove") {
            Some((Op::Remove, word))
        } else if is("replace") {
            Some((Op::Replace, word))
        } else {
            None
        }
    });
    op.ok_or_else(|| {
        let found = match word {
            Some(Value::String(word)) => format!("has the op {}", quoted(word)),
            Some(_) => "has an op that is no text".to_owned(),
            None => "has no op".to_owned(),
        };
        let text = format!(
            "Operation {} {found}; use add, remove or replace.",
            index + 1
        );
        ScimError::new(Reason::PatchOpUnknown, text)
    })
}

fn assignments(op: Op, operation: &Value, index: usize) -> Result<Vec<Assignment>, ScimError> {
    let empty = Map::new();
    let members = operation.as_object().unwrap_or(&empty);
    let value = member(members, "value");
    let path = match member(members, "path") {
        None | Some(Value::Null) => "",
        Some(Value::String(path)) => path.trim_ascii(),
        Some(_) => {
            return Err(ScimError::new(
                Reason::PatchPathMalformed,
                format!("The path of operation {} is no text.", index + 1),
            ));
        }
    };
    // The URN of the core schema names what a path left out does: the whole user.
    let is_whole = path.is_empty() || path.eq_ignore_ascii_case(schema::USER);
    if op == Op::Remove && is_whole {
        let what = if path.is_empty() {
            "removes without a path"
        } else {
            "removes the whole core schema, which no user can be without"
        };
        return Err(ScimError::new(
            Reason::PatchRemoveWithoutPath,
            format!(
                "Operation {} {what}. Name the attribute to remove in path.",
                index + 1
            ),
        ));
    }
    let Some(value) = value.or((op == Op::Remove).then_some(&Value::Null)) else {
        let error = ScimError::new(
            Reason::PatchValueMissing,
            format!(
                "Operation {} has no value. Send the value to set.",
                index + 1
            ),
        );
        return Ok(vec![Assignment {
            target: target::flawed(path, error)?,
            value: Value::Null,
            explicit: true,
        }]);
    };
    if is_whole {
        return target::pathless(op, value, index);
    }
    if path.eq_ignore_ascii_case(schema::ENTERPRISE_USER) {
        return target::extension(op, value, true);
    }
    Ok(vec![Assignment {
        target: target::parse(path).or_else(|error| target::flawed(path, error))?,
        value: value.clone(),
        explicit: true,
    }])
}

fn too_many(what: String, limit: usize) -> ScimError {
    ScimError::new(
        Reason::PatchTooManyOperations,
        format!("The PATCH has {what}; at most {limit} are accepted. Send several requests."),
    )
}
