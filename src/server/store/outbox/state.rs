//! What has become of a mail.

use crate::server::error::StoreError;

/// As the column holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// Is to be sent, for the first time or again.
    Waiting,
    /// A server has taken it.
    Sent,
    /// It lies in the data folder.
    Filed,
    /// Was not taken, and is tried no more.
    Failed,
    /// Its recipient is none any more.
    Dropped,
}

impl MailState {
    const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Sent,
        Self::Filed,
        Self::Failed,
        Self::Dropped,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Filed => "filed",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// The state from its column.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Corrupt(format!("state of a mail {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_and_others_are_corrupt() {
        for state in MailState::ALL {
            assert_eq!(MailState::parse(state.as_str()).ok(), Some(state));
        }
        assert!(matches!(
            MailState::parse("lost"),
            Err(StoreError::Corrupt(_))
        ));
    }
}
