//! Which reasons are worth somebody's time: the one place that decides what becomes an issue.

use super::Reason;

/// When an entry with a reason becomes an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// Always.
    Always,
    /// When a change was asked for that is not a deletion: of a user who is gone there is nothing to read or delete,
    /// and that is what the client wanted to know.
    Updates,
    /// Never: somebody means it so, or it is plain information.
    Never,
}

impl Reason {
    /// When an entry with this reason becomes an issue.
    #[must_use]
    pub fn concern(self) -> Concern {
        match self {
            Self::UserNotFound => Concern::Updates,
            // The client is told to read again, and does.
            Self::PreconditionFailed
            // An Admin's own switch; every page says so.
            | Self::OrganizationPaused
            // There is no organization that it would belong to.
            | Self::OrganizationUnknown
            // For the user's history, and nothing to put right.
            | Self::UserRehired
            | Self::UserTakenOver
            | Self::ValueKept => Concern::Never,
            _ => Concern::Always,
        }
    }

    /// Whether it comes with every request of an organization, whatever is asked for and whomever it is about: such an
    /// issue has no action and no users, and is over when requests come without it.
    #[must_use]
    pub fn is_of_every_request(self) -> bool {
        self.is_connection() || self == Self::BearerDoubled
    }

    /// Whether it says by itself that it is over, as soon as requests succeed again. What one mapping or one program
    /// asks for wrongly does not: others are answered meanwhile.
    #[must_use]
    pub fn ends_with_success(self) -> bool {
        self.is_of_every_request() || self == Self::DatabaseUnavailable
    }

    /// Whether the service itself failed the request, whatever it asked for.
    #[must_use]
    pub fn is_own_fault(self) -> bool {
        matches!(
            self,
            Self::InternalError | Self::RequestTimeout | Self::DatabaseUnavailable
        )
    }

    /// Whether every request of an organization is refused for it.
    #[must_use]
    pub fn is_connection(self) -> bool {
        Self::CONNECTION.contains(&self)
    }

    /// The place among the remarks of one request, of which the log's entry has the reason of the first: what somebody
    /// has to decide about a user stands before what a mapping does too much, and that before what every request has.
    #[must_use]
    pub fn remark_rank(self) -> u8 {
        match self {
            Self::RoleUnreviewed => 0,
            Self::UnknownRoleReplaced => 1,
            Self::DefaultRoleUsed => 2,
            Self::NamesMissing => 3,
            Self::BearerDoubled => 5,
            _ => 4,
        }
    }

    /// Whether what it means for the organization is known as a problem of its own, which people are told of instead of
    /// the issue.
    #[must_use]
    pub fn is_told_as_problem(self) -> bool {
        self.is_connection() || self == Self::GuardHolding
    }

    /// The reasons for which [`Reason::is_connection`].
    pub const CONNECTION: &[Self] = &[
        Self::TokenMissing,
        Self::TokenMalformed,
        Self::TokenUnknown,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::TokenWrongOrganization,
        Self::OrganizationOff,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_means_so_is_no_issue() {
        let quiet: Vec<&str> = Reason::ALL
            .iter()
            .filter(|reason| reason.concern() != Concern::Always)
            .map(|reason| reason.code())
            .collect();
        assert_eq!(
            quiet,
            [
                "organization_unknown",
                "organization_paused",
                "user_not_found",
                "precondition_failed",
                "value_kept",
                "user_rehired",
                "user_taken_over",
            ]
        );
        // A lost race for a userName may be two people.
        assert_eq!(Reason::UserNameTaken.concern(), Concern::Always);
    }

    #[test]
    fn every_refused_caller_of_an_organization_is_a_connection() {
        for reason in Reason::ALL {
            let is_refused = reason.explanation().status == 401;
            let has_organization = *reason != Reason::OrganizationUnknown;
            assert_eq!(
                reason.is_connection(),
                is_refused && has_organization || *reason == Reason::OrganizationOff,
                "{}",
                reason.code()
            );
        }
    }
}
