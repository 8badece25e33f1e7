//! The columns that stand beside a user's document.

use serde_json::{Map, Value};

use crate::server::error::StoreError;
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{User, case_key};
use crate::server::scim::schema::ENTERPRISE_USER;
use crate::server::services::provisioning::policy::Role;
use crate::server::store::users::UserColumns;

/// Characters of the name that people know a user by.
const LABEL_CHARS: usize = 200;

/// Bytes of all attributes of one user. Real ones have a few thousand; every change reads and writes all of them.
const DOCUMENT_BYTES: usize = 512 * 1024;

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
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let keyed = |text: Option<&str>| text.map(case_key);
    let user_name = user.user_name().unwrap_or_default();
    // A formatted name may be longer than an index can hold.
    let label: String = user.display_label().chars().take(LABEL_CHARS).collect();
    Ok(UserColumns {
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
        label_key: case_key(&label),
        label,
        role_id: role.id.clone(),
        role_value: role.value.clone(),
        role_state: role.state.as_str(),
        document: serde_json::to_string(user)?,
        guard_cycle_id: None,
    })
}
