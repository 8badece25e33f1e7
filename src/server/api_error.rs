//! Where a service's error becomes what a person sees: logged here, once, with the reference on the page.

use crate::model::error::{AppError, FieldError};
use crate::server::error::{ServiceError, StoreError};
use crate::server::secret;

impl From<ServiceError> for AppError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::SignedOut => Self::SignedOut,
            ServiceError::Forbidden => Self::Forbidden,
            ServiceError::NotFound { what } => Self::NotFound {
                what: what.to_owned(),
            },
            ServiceError::Invalid { field, message } => Self::Invalid {
                fields: vec![FieldError {
                    field: field.to_owned(),
                    message,
                }],
            },
            ServiceError::Conflict { message } => Self::Conflict { message },
            ServiceError::Store(_) | ServiceError::Internal(_) => {
                let reference = reference();
                tracing::error!(error = %error, reference, "a page or action failed");
                Self::Unavailable { reference }
            }
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        ServiceError::from(error).into()
    }
}

/// Short enough to be read out on the telephone.
fn reference() -> String {
    secret::random_base62(8).unwrap_or_else(|_| "none".to_owned())
}
