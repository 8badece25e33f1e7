//! Remarks: what was carried out differently from what was asked.

use crate::server::scim::error::{named, shortened};
use crate::server::scim::path::{AttributePath, without_filter};
use crate::server::scim::reason::Reason;

/// The most remarks about names of the client's own choice that one request collects: a body can have very many.
pub const MAX_REMARKS: usize = 50;

/// Something the log shows as Warning although the request was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What was remarked upon; the log has its code, such as `attribute_ignored`.
    pub reason: Reason,
    /// The attribute meant.
    pub attribute: Option<String>,
    /// The value meant, as in [`ScimError::value`](crate::server::scim::error::ScimError::value).
    pub value: Option<String>,
    /// What was done and why, for the customer's admin.
    pub text: String,
}

impl Remark {
    /// A remark about the request.
    #[must_use]
    pub fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self {
            reason,
            attribute: None,
            value: None,
            text: text.into(),
        }
    }

    /// Names the attribute meant.
    #[must_use]
    pub fn on(mut self, attribute: &str) -> Self {
        self.attribute = Some(shortened(attribute));
        self
    }

    /// Names the value meant.
    #[must_use]
    pub fn naming(mut self, value: &str) -> Self {
        self.value = Some(named(value));
        self
    }

    /// Adds the remark unless its like is there already, or it is about a name of the client's own choice and there are
    /// [`MAX_REMARKS`] of those.
    pub fn push_to(self, remarks: &mut Vec<Remark>) {
        let known =
            |remark: &Remark| remark.reason == self.reason && remark.attribute == self.attribute;
        let chosen = |remark: &&Remark| remark.names_freely();
        let is_full = self.names_freely()
            && remarks.len() >= MAX_REMARKS
            && remarks.iter().filter(chosen).count() >= MAX_REMARKS;
        if !is_full && !remarks.iter().any(known) {
            remarks.push(self);
        }
    }

    /// Whether there may be as many as the client sends names; of the others the schema has few.
    fn names_freely(&self) -> bool {
        matches!(
            self.reason,
            Reason::AttributeIgnored | Reason::AttributeRepeated
        )
    }

    /// An attribute that is not in the schema was left out.
    pub(in crate::server::scim) fn ignored(path: &str) -> Self {
        let name = without_filter(path);
        let text = format!(
            "{} was left out: it is not an attribute that Rhombus has.",
            shortened(&name)
        );
        Self::new(Reason::AttributeIgnored, text).on(&name)
    }

    /// A part of a list's values stood by itself in a resource, where it belongs to none of them.
    pub(in crate::server::scim) fn unlisted(path: &AttributePath) -> Self {
        let name = path.canonical();
        let text = format!(
            "{name} was left out: it is a part of each value of {0}. Send {0} as a list of objects.",
            path.top_level()
        );
        Self::new(Reason::AttributeIgnored, text).on(&name)
    }

    /// An attribute that clients cannot set was left out.
    pub(in crate::server::scim) fn read_only(name: &str) -> Self {
        let text = format!("{name} was left out: it is set by Rhombus alone.");
        Self::new(Reason::AttributeIgnored, text).on(name)
    }

    pub(in crate::server::scim) fn password() -> Self {
        let text = "A password was sent and discarded; users sign in through their organization.";
        Self::new(Reason::PasswordDiscarded, text).on("password")
    }

    pub(in crate::server::scim) fn repeated(name: &str) -> Self {
        let text = format!("{name} was sent more than once; the last value counts.");
        Self::new(Reason::AttributeRepeated, text).on(name)
    }

    pub(in crate::server::scim) fn primary_repeated(name: &str) -> Self {
        let text = format!("{name} had several primary values; the last one is primary.");
        Self::new(Reason::PrimaryRepeated, text).on(name)
    }
}
