//! What can go wrong below the surface, in two steps: a store error becomes a service error; the edges turn
//! that into SCIM JSON or a page.

/// The database did not do what was asked. That nothing was found is no error but `None`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique or foreign key refused the write.
    #[error("constraint {constraint} refused the write")]
    Conflict { constraint: String },
    /// The database cannot be reached, is shutting down, or did not take the commit.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// Stored data is not what the program wrote.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.kind() {
                sqlx::error::ErrorKind::UniqueViolation
                | sqlx::error::ErrorKind::ForeignKeyViolation => Self::Conflict {
                    constraint: database
                        .constraint()
                        .map_or_else(|| database.message().to_owned(), str::to_owned),
                },
                _ => Self::Unavailable(error.to_string()),
            },
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::TypeNotFound { .. } => Self::Corrupt(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// A use case refused, in the dashboard's and the command line's terms.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Nobody is signed in, or the session has ended.
    #[error("signed out")]
    SignedOut,
    /// The actor may not do this.
    #[error("not allowed")]
    Forbidden,
    /// `what` ("organization", "user") does not exist, or not for this actor.
    #[error("{what} not found")]
    NotFound { what: &'static str },
    /// A field has a value that cannot be accepted; `message` is a whole sentence for the person.
    #[error("{message}")]
    Invalid {
        field: &'static str,
        message: String,
    },
    /// The state of things stands against it; `message` is a whole sentence for the person.
    #[error("{message}")]
    Conflict { message: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A part of the computer failed (randomness, hashing, a file).
    #[error("{0}")]
    Internal(String),
}

impl ServiceError {
    /// `field` is its name in the form; `message` is a whole sentence for the person.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            message: message.into(),
        }
    }

    /// `message` is a whole sentence for the person.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict {
            message: message.into(),
        }
    }
}

impl From<getrandom::Error> for ServiceError {
    fn from(error: getrandom::Error) -> Self {
        Self::Internal(format!("the operating system gave no randomness: {error}"))
    }
}
