//! The bodies of POST and PUT.

use serde_json::Value;

use super::flaws::Flaws;
use super::normalize::Normalizer;
use super::{Remark, User};
use crate::server::scim::body;
use crate::server::scim::error::ScimError;

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

    /// `active` as the body has it.
    #[must_use]
    pub fn active(&self) -> Option<bool> {
        self.user.active()
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
