//! Names and roles that cannot be stored.

use super::{Remark, User};
use crate::server::scim::error::ScimError;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::schema::Schema;

/// Errors about names and roles, set aside until it is known what becomes of the user: such an error never stands in
/// the way of taking access away.
#[derive(Debug, Default)]
pub(in crate::server::scim) struct Flaws(Vec<(AttributePath, ScimError)>);

impl Flaws {
    /// Sets the error aside if it is about a name or a role.
    pub(in crate::server::scim) fn set_aside(
        &mut self,
        path: &AttributePath,
        outcome: Result<(), ScimError>,
    ) -> Result<(), ScimError> {
        match outcome {
            Err(error) if is_name_or_role(path) => {
                // A list is kept whole.
                let path = if path.attribute.multi_valued {
                    path.whole()
                } else {
                    path.clone()
                };
                self.0.push((path, error));
                Ok(())
            }
            other => other,
        }
    }

    /// Refuses the first flaw of a user who is active; an inactive one keeps the old values, with a remark.
    pub(in crate::server::scim) fn settle(
        self,
        user: &mut User,
        before: Option<&User>,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), ScimError> {
        for (path, error) in self.0 {
            if user.active() != Some(false) {
                return Err(error);
            }
            let kept = before.and_then(|before| before.get(&path)).cloned();
            let (reason, instead) = match kept {
                Some(_) => (Reason::ValueKept, "the old value is kept"),
                None => (Reason::AttributeIgnored, "it was left out"),
            };
            Remark::new(
                reason,
                format!("{} The user is inactive, so {instead}.", error.detail),
            )
            .on(error.attribute.as_deref().unwrap_or(path.attribute.name))
            .push_to(remarks);
            user.set(&path, kept);
        }
        Ok(())
    }
}

/// Whether what is wrong there waits until it is known what becomes of the user.
pub(in crate::server::scim) fn is_name_or_role(path: &AttributePath) -> bool {
    path.schema == Schema::Core && matches!(path.attribute.name, "name" | "roles")
}
