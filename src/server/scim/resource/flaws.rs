//! Names and roles that cannot be stored, and the bodies of POST and PUT that may have them.

use serde_json::Value;

use super::normalize::Normalizer;
use super::{Remark, User};
use crate::server::scim::body;
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

/// The body of a POST or PUT, read, but for what is wrong with its names and roles.
#[derive(Debug)]
pub struct Draft {
    user: User,
    flaws: Flaws,
}

impl Draft {
    /// Reads a body.
    ///
    /// Tolerant where Entra or its validator needs it: names in any case, booleans as text, null
    /// and empty as unassigned, single values in lists and single objects for lists, roles as JSON
    /// in a string. Unknown attributes are left out with a remark; `id`, `meta` and `schemas` are
    /// ignored silently. A missing name, role or `active` is the caller's policy.
    ///
    /// # Errors
    /// `body_not_object`, `user_name_missing`, `user_name_invalid`, `value_wrong_type`,
    /// `value_too_long`, `too_many_values`, `nul_character`, each naming its attribute.
    pub fn read(body: &Value, remarks: &mut Vec<Remark>) -> Result<Self, ScimError> {
        let members = body::object(body)?;
        let mut user = User::default();
        let mut normalizer = Normalizer::new(remarks);
        normalizer.members(members, &mut user)?;
        let flaws = normalizer.into_flaws();
        user.finish(remarks)?;
        Ok(Self { user, flaws })
    }

    /// The new user.
    ///
    /// # Errors
    /// What is wrong with a name or a role, unless the user is inactive.
    pub fn create(mut self, remarks: &mut Vec<Remark>) -> Result<User, ScimError> {
        self.flaws.settle(&mut self.user, None, remarks)?;
        Ok(self.user)
    }

    /// What becomes of the user `before`: whatever the body omits is cleared, but `active` is kept.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn replace(mut self, before: &User, remarks: &mut Vec<Remark>) -> Result<User, ScimError> {
        if self.user.active().is_none() {
            self.user.set_active(before.active().unwrap_or(true));
        }
        self.flaws.settle(&mut self.user, Some(before), remarks)?;
        Ok(self.user)
    }
}
