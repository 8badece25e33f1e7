//! Where the role of a user came from, as the column says it.

use crate::model::user::RoleState;
use crate::server::error::StoreError;

impl TryFrom<String> for RoleState {
    type Error = StoreError;

    /// From the column.
    fn try_from(text: String) -> Result<Self, StoreError> {
        Self::parse(&text).ok_or_else(|| StoreError::Corrupt(format!("state of a role {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_and_others_are_corrupt() {
        for state in [
            RoleState::Known,
            RoleState::Defaulted,
            RoleState::Unreviewed,
            RoleState::Missing,
        ] {
            let column = state.as_str().to_owned();
            assert_eq!(RoleState::try_from(column).ok(), Some(state));
        }
        assert!(matches!(
            RoleState::try_from("lost".to_owned()),
            Err(StoreError::Corrupt(_))
        ));
    }
}
