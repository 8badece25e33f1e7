//! The columns that stand beside a user's document.

use serde_json::{Map, Value};

use super::Loaded;
use super::policy::Role;
use crate::server::error::StoreError;
use crate::server::scim::error::ScimError;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Remark, User, case_key};
use crate::server::scim::schema::ENTERPRISE_USER;
use crate::server::store::users::UserColumns;

/// Characters of the name that people know a user by.
const LABEL_CHARS: usize = 200;

/// Bytes of its key, which shares a row of an index with the key of displayName: PostgreSQL's end at 2,704.
const LABEL_KEY_BYTES: usize = 512;

/// Bytes of all attributes of one user. Real ones have a few thousand; every change reads and writes all of them.
const DOCUMENT_BYTES: usize = 512 * 1024;

/// Takes back what a request makes of the roles and the name of an inactive user, as far as they make it larger than the
/// service keeps: that never stands in the way of taking access away. `before` is the user as it was, if there was one.
pub(super) fn keep_within_size(
    user: &mut User,
    before: Option<&Loaded>,
    remarks: &mut Vec<Remark>,
) -> Result<(), StoreError> {
    if user.active() != Some(false) {
        return Ok(());
    }
    let stored = before.map_or(0, |before| before.stored.document.len());
    for attribute in ["roles", "name"] {
        if serde_json::to_string(user)?.len() <= DOCUMENT_BYTES.max(stored) {
            break;
        }
        let Ok(path) = AttributePath::parse(attribute) else {
            continue;
        };
        let kept = before.and_then(|before| before.user.get(&path));
        if kept == user.get(&path) {
            continue;
        }
        let kept = kept.cloned();
        let (reason, instead) = match kept {
            Some(_) => (Reason::ValueKept, "the old value is kept"),
            None => (Reason::AttributeIgnored, "it was left out"),
        };
        Remark::new(
            reason,
            format!(
                "With {attribute} as sent, the user would have more than the {} KB of attributes that are kept. The user is \
                 inactive, so {instead}.",
                DOCUMENT_BYTES / 1024
            ),
        )
        .on(attribute)
        .push_to(remarks);
        user.set(&path, kept);
    }
    Ok(())
}

/// Refuses a change that makes a user larger than the service keeps; `before` are the bytes it had.
pub(super) fn check_size(row: &UserColumns, before: usize) -> Result<(), ScimError> {
    let size = row.document.len();
    if size <= DOCUMENT_BYTES.max(before) {
        return Ok(());
    }
    let largest = largest(&row.document);
    let most = largest.as_ref().map_or_else(String::new, |(name, bytes)| {
        format!(", {} KB of them in {name}", bytes / 1024)
    });
    let mut error = ScimError::new(
        Reason::ValueTooLong,
        format!(
            "The user would have {} KB of attributes{most}; at most {} KB are kept. Remove or narrow its mapping in \
             Provisioning, Mappings.",
            size / 1024,
            DOCUMENT_BYTES / 1024
        ),
    );
    error.attribute = largest.map(|(name, _)| name);
    Err(error)
}

/// The attribute that has the most bytes of a document, and how many.
fn largest(document: &str) -> Option<(String, usize)> {
    let members: Map<String, Value> = serde_json::from_str(document).ok()?;
    let mut sizes = Vec::new();
    for (name, value) in members {
        match value {
            // The extension's attributes are mapped one by one.
            Value::Object(parts) if name == ENTERPRISE_USER => {
                for (part, value) in parts {
                    sizes.push((format!("{name}:{part}"), value.to_string().len()));
                }
            }
            value => sizes.push((name, value.to_string().len())),
        }
    }
    sizes.into_iter().max_by_key(|(_, bytes)| *bytes)
}

/// Derives the columns from the document and the role that decides access.
pub(super) fn columns(user: &User, role: &Role) -> Result<UserColumns, StoreError> {
    Ok(beside(serde_json::to_string(user)?, user, role))
}

/// The same of a user as it is stored.
pub(super) fn stored_columns(before: &Loaded) -> UserColumns {
    let document = before.stored.document.clone();
    beside(document, &before.user, &Role::unchanged(&before.stored))
}

/// A document and what stands beside it.
fn beside(document: String, user: &User, role: &Role) -> UserColumns {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let keyed = |text: Option<&str>| text.map(case_key);
    let user_name = user.user_name().unwrap_or_default();
    let (label, label_key) = label(user);
    UserColumns {
        user_name: user_name.to_owned(),
        user_name_key: case_key(user_name),
        external_id: owned(user.external_id()),
        active: user.active().unwrap_or(true),
        given_name: owned(user.given_name()),
        given_name_key: keyed(user.given_name()),
        family_name: owned(user.family_name()),
        family_name_key: keyed(user.family_name()),
        display_name: owned(user.display_name()),
        display_name_key: keyed(user.display_name()),
        label_key,
        label,
        role_id: role.id.clone(),
        role_value: role.value.clone(),
        role_state: role.state.as_str(),
        document,
        guard_cycle_id: None,
    }
}

/// The name that people know a user by and its key; a formatted name may be longer than an index can hold.
fn label(user: &User) -> (String, String) {
    let mut label: String = user.display_label().chars().take(LABEL_CHARS).collect();
    let mut key = case_key(&label);
    while key.len() > LABEL_KEY_BYTES && label.pop().is_some() {
        key = case_key(&label);
    }
    (label, key)
}
