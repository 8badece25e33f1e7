//! The Error message of RFC 7644 3.12.

use serde_json::{Value, json};

use super::reason::Reason;
use super::schema;

/// The most characters of a client's value that an error text repeats.
const QUOTED_CHARS: usize = 100;

/// The most characters that the value of an app role has in Entra.
pub const ROLE_CHARS: usize = 120;

/// The text of every 401 that must not tell an unknown organization, an unknown token and
/// another organization's token apart.
const TOKEN_REFUSED: &str = "The Secret Token was not accepted for this Tenant URL. Copy both again \
from the Tokens page into Provisioning, Admin Credentials, and select Test Connection.";

/// `scimType` of an error, RFC 7644 table 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// Filter syntax, or an attribute or operator that a filter cannot use.
    InvalidFilter,
    /// The answer would be too large.
    TooMany,
    /// A unique value is taken.
    Uniqueness,
    /// The attribute cannot be changed in this way.
    Mutability,
    /// The structure of the body is wrong.
    InvalidSyntax,
    /// A PATCH path is malformed.
    InvalidPath,
    /// A PATCH path selects nothing.
    NoTarget,
    /// A value is missing, of the wrong type or not allowed.
    InvalidValue,
    /// The protocol version is not served.
    InvalidVers,
    /// Private data in a URI.
    Sensitive,
}

impl ScimType {
    /// The keyword as it stands in the message.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
        }
    }
}

/// A refusal: why, in words for the customer's Entra admin, and which attribute is meant.
///
/// Entra copies the text into its provisioning log, so it names the attribute, the rule and the
/// fix, and never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The catalogue key; decides status and `scimType`.
    pub reason: Reason,
    /// The text of the answer, without the reference.
    pub detail: String,
    /// The canonical attribute path that the refusal is about.
    pub attribute: Option<String>,
    /// The refused value, where it says more than the attribute: an issue's title names it, unless it is about a person.
    pub value: Option<String>,
}

impl ScimError {
    /// A refusal with its text.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            attribute: None,
            value: None,
        }
    }

    /// Names the attribute that the refusal is about.
    #[must_use]
    pub fn on(mut self, attribute: impl Into<String>) -> Self {
        self.attribute = Some(attribute.into());
        self
    }

    /// Names the refused value.
    #[must_use]
    pub fn naming(mut self, value: &str) -> Self {
        self.value = Some(named(value));
        self
    }

    /// A 401 whose text is the same whether the organization is unknown, the token is unknown or
    /// the token is another organization's; only the log's reason differs.
    #[must_use]
    pub fn token_refused(reason: Reason) -> Self {
        Self::new(reason, TOKEN_REFUSED)
    }

    /// The HTTP status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.reason.explanation().status
    }

    /// The `scimType`, where one fits.
    #[must_use]
    pub fn scim_type(&self) -> Option<ScimType> {
        self.reason.explanation().scim_type
    }

    /// The Error message (RFC 7644 3.12) with exactly its members, since strict clients refuse
    /// others: the request id is therefore the last words of `detail`.
    #[must_use]
    pub fn to_json(&self, request_id: &str) -> Value {
        let detail = format!("{} Reference {request_id}", self.detail.trim_end());
        let status = self.status().to_string();
        match self.scim_type() {
            Some(scim_type) => json!({
                "schemas": [schema::ERROR],
                "status": status,
                "scimType": scim_type.as_str(),
                "detail": detail,
            }),
            None => json!({ "schemas": [schema::ERROR], "status": status, "detail": detail }),
        }
    }
}

/// As much of a value as is named: all of a role's. What is cut ends in `…`.
#[must_use]
pub fn named(value: &str) -> String {
    cleaned(value, ROLE_CHARS)
}

/// A client's text in single quotes, shortened to 100 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text))
}

/// A client's text, shortened to 100 characters and without control characters: errors and remarks
/// are stored, and PostgreSQL takes no NUL.
#[must_use]
pub fn shortened(text: &str) -> String {
    cleaned(text, QUOTED_CHARS)
}

fn cleaned(text: &str, chars: usize) -> String {
    let clean = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
    let mut out: String = text.chars().take(chars).map(clean).collect();
    if text.chars().nth(chars).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7644_3_12_error_has_its_members_and_no_others() {
        let error = ScimError::new(Reason::UserNameTaken, "userName is taken.").on("userName");
        assert_eq!(
            error.to_json("req_01J"),
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": "409",
                "scimType": "uniqueness",
                "detail": "userName is taken. Reference req_01J",
            })
        );
    }

    #[test]
    fn rfc7644_3_12_plain_404_has_no_scim_type() {
        let error = ScimError::new(Reason::UserNotFound, "No such user.");
        assert_eq!(error.to_json("r").get("scimType"), None);
        assert_eq!(error.status(), 404);
    }

    #[test]
    fn refused_tokens_read_alike() {
        let reasons = [
            Reason::OrganizationUnknown,
            Reason::TokenUnknown,
            Reason::TokenWrongOrganization,
        ];
        let answers = reasons.map(|reason| ScimError::token_refused(reason).to_json("r"));
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[1], answers[2]);
    }

    #[test]
    fn huge_values_are_shortened_at_a_character() {
        let text = "é".repeat(5_000);
        assert_eq!(quoted(&text).chars().count(), 103);
        assert_eq!(quoted("ab"), "'ab'");
    }
}
