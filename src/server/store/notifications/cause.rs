//! What people are told about.

use crate::server::error::StoreError;

/// As the column of a mark holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    Issue,
    Problem,
}

impl CauseKind {
    const ALL: [Self; 2] = [Self::Issue, Self::Problem];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Problem => "problem",
        }
    }

    /// The kind from its column.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| StoreError::Corrupt(format!("kind of a mark {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back_and_others_are_corrupt() {
        for kind in CauseKind::ALL {
            assert_eq!(CauseKind::parse(kind.as_str()).ok(), Some(kind));
        }
        assert!(matches!(
            CauseKind::parse("weather"),
            Err(StoreError::Corrupt(_))
        ));
    }
}
