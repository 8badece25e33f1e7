//! The error that a server function answers.

use serde::{Deserialize, Serialize};

/// Why a server function could not do what was asked. It goes into a URL when scripts are off, so it carries
/// neither secrets nor what the person typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AppError {
    #[error("Your session has ended. Sign in again.")]
    SignedOut,
    #[error("Your account may not do this.")]
    Forbidden,
    /// `what` is the noun of the page: "user", "log entry".
    #[error("This {what} does not exist.")]
    NotFound { what: String },
    #[error("{}", fields.first().map_or("Check what you entered.", |field| field.message.as_str()))]
    Invalid { fields: Vec<FieldError> },
    /// The state of things stands against it; a whole sentence.
    #[error("{message}")]
    Conflict { message: String },
    /// `reference` stands in the server's log beside the cause.
    #[error("This could not be loaded. Try again, or give support the reference {reference}.")]
    Unavailable { reference: String },
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// "" where it is of none alone.
    pub field: String,
    /// A whole sentence that says the rule and the way out.
    pub message: String,
}
