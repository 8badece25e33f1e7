//! Enums of the model, as columns have them: texts, of which a row with `#[sqlx(try_from = "String")]` reads only its own.

use crate::model::issue::IssueState;
use crate::model::notification::RecipientState;
use crate::model::organization::ProvisioningState;
use crate::model::take_over;
use crate::model::user::RoleState;
use crate::server::error::StoreError;

macro_rules! from_column {
    ($($read:ty: $what:literal),+ $(,)?) => {$(
        impl TryFrom<String> for $read {
            type Error = StoreError;

            /// From the column.
            fn try_from(text: String) -> Result<Self, StoreError> {
                Self::parse(&text)
                    .ok_or_else(|| StoreError::Corrupt(format!(concat!($what, " {:?}"), text)))
            }
        }
    )+};
}

from_column! {
    IssueState: "state of an issue",
    ProvisioningState: "provisioning state",
    RecipientState: "state of a recipient",
    RoleState: "state of a role",
    take_over::Decision: "decision about a userName",
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn check<T>(all: &[T], as_str: fn(T) -> &'static str)
    where
        T: TryFrom<String, Error = StoreError> + Copy + PartialEq + Debug,
    {
        for known in all {
            let column = as_str(*known).to_owned();
            assert_eq!(T::try_from(column).ok(), Some(*known));
        }
        let lost = T::try_from("lost".to_owned());
        assert!(matches!(lost, Err(StoreError::Corrupt(_))), "{lost:?}");
    }

    #[test]
    fn texts_read_back_and_others_are_corrupt() {
        check(&IssueState::ALL, IssueState::as_str);
        check(&ProvisioningState::ALL, ProvisioningState::as_str);
        check(&RecipientState::ALL, RecipientState::as_str);
        check(&take_over::Decision::ALL, take_over::Decision::as_str);
        let roles = [
            RoleState::Known,
            RoleState::Defaulted,
            RoleState::Unreviewed,
            RoleState::Missing,
        ];
        check(&roles, RoleState::as_str);
    }
}
