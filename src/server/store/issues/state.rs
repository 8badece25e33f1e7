//! Where an issue stands, as the column says it.

use crate::model::issue::IssueState;
use crate::server::error::StoreError;

impl TryFrom<String> for IssueState {
    type Error = StoreError;

    /// From the column.
    fn try_from(text: String) -> Result<Self, StoreError> {
        Self::parse(&text).ok_or_else(|| StoreError::Corrupt(format!("state of an issue {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_and_others_are_corrupt() {
        for state in IssueState::ALL {
            let column = state.as_str().to_owned();
            assert_eq!(IssueState::try_from(column).ok(), Some(state));
        }
        assert!(matches!(
            IssueState::try_from("lost".to_owned()),
            Err(StoreError::Corrupt(_))
        ));
    }
}
