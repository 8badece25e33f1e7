//! What the settings page shows beside the organization itself.

use serde::{Deserialize, Serialize};

use super::page::{Count, number};
use super::role::RoleCatalogue;

/// All that the settings of an organization show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub carried: Carried,
    pub catalogue: RoleCatalogue,
    pub guard: GuardSetting,
    pub retention: Retention,
}

/// How the accidental-deletion guard is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardSetting {
    /// Users who may lose access in one cycle; `None` while it is off.
    pub limit: Option<u64>,
    pub suggested: u64,
    /// Whom it holds.
    pub held: Count,
}

/// What users carry of the attributes that Entra maps. No count goes beyond the limit of [`Count`], however many users
/// there are: of what nearly all have, those without are counted; of what few have, those with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub everyone: Count,
    pub without_given_name: Count,
    pub without_family_name: Count,
    /// Sent none, or none that the catalogue knows.
    pub without_role: Count,
    pub with_external_id: Count,
    pub with_work_email: Count,
    pub with_title: Count,
    pub with_department: Count,
}

/// How many users have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// There are no users.
    Nobody,
    All,
    None,
    /// In words: "409 of 412", "12 without".
    Some(String),
}

impl Carried {
    /// Of an attribute whose users without a value were counted.
    pub fn without(&self, without: Count) -> Share {
        match (self.everyone, without) {
            (Count::Exactly(0), _) => Share::Nobody,
            (_, Count::Exactly(0)) => Share::All,
            (Count::Exactly(all), Count::Exactly(without)) if without >= all => Share::None,
            (_, Count::Exactly(without)) => Share::Some(format!("{} without", number(without))),
            (_, Count::MoreThan(limit)) => Share::Some(format!("{}+ without", number(limit))),
        }
    }

    /// Of an attribute whose users with a value were counted.
    pub fn with(&self, with: Count) -> Share {
        match (self.everyone, with) {
            (Count::Exactly(0), _) => Share::Nobody,
            (_, Count::Exactly(0)) => Share::None,
            (Count::Exactly(all), Count::Exactly(with)) if with >= all => Share::All,
            (Count::Exactly(all), Count::Exactly(with)) => {
                Share::Some(format!("{} of {}", number(with), number(all)))
            }
            (_, Count::Exactly(with)) => Share::Some(number(with)),
            (_, Count::MoreThan(limit)) => Share::Some(format!("{}+", number(limit))),
        }
    }
}

/// Days that things are kept, set for the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub log_days: u32,
    pub payload_days: u32,
    pub audit_days: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Share {
        Share::Some(text.to_owned())
    }

    #[test]
    fn shares_are_said_without_counting_everybody() {
        let (none, few) = (Count::Exactly(0), Count::Exactly(3));
        let (all, many) = (Count::Exactly(412), Count::MoreThan(10_000));
        let carried = |everyone| Carried {
            everyone,
            without_given_name: none,
            without_family_name: none,
            without_role: none,
            with_external_id: none,
            with_work_email: none,
            with_title: none,
            with_department: none,
        };
        for (everyone, counted, without, with) in [
            (none, none, Share::Nobody, Share::Nobody),
            (all, none, Share::All, Share::None),
            (all, few, some("3 without"), some("3 of 412")),
            (all, all, Share::None, Share::All),
            (many, none, Share::All, Share::None),
            (many, few, some("3 without"), some("3")),
            (many, many, some("10,000+ without"), some("10,000+")),
        ] {
            let carried = carried(everyone);
            assert_eq!(
                carried.without(counted),
                without,
                "{everyone:?} {counted:?}"
            );
            assert_eq!(carried.with(counted), with, "{everyone:?} {counted:?}");
        }
    }
}
