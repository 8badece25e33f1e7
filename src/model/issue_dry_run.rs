//! Whether what an issue's users were refused, or remarked upon, for would go through today: tried in parts, since
//! there may be thousands of them.

use serde::{Deserialize, Serialize};

use super::log::Status;
use super::page::{counted, number};

/// Users of an issue that were tried, part after part; nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueDryRun {
    /// Those who would still fail first, at most [`Self::SHOWN`].
    pub users: Vec<UserDryRun>,
    pub tally: DryRunTally,
    /// Where the next part begins; `None` at the end.
    pub next: Option<String>,
}

/// How many were tried, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRunTally {
    pub tried: u64,
    /// Users whose request this issue would not meet any more.
    pub put_right: u64,
    /// Users that the issue counts.
    pub affected: u64,
}

/// The latest request of the issue about one user, tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDryRun {
    pub name: String,
    pub user_name: Option<String>,
    pub log_id: Option<String>,
    /// `None` when it cannot be tried.
    pub status: Option<Status>,
    /// Why it is as it is; "" for plain success.
    pub text: String,
    pub is_put_right: bool,
}

impl IssueDryRun {
    /// Users of a part, and users that are shown of all parts.
    pub const SHOWN: usize = 100;

    /// One part.
    pub fn part(users: Vec<UserDryRun>, affected: u64, next: Option<String>) -> Self {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let tally = DryRunTally {
            tried: count(users.len()),
            put_right: count(users.iter().filter(|user| user.is_put_right).count()),
            affected,
        };
        let mut part = Self { users, tally, next };
        part.rank();
        part
    }

    /// Goes on with the part that begins where this ends.
    pub fn add(&mut self, part: Self) {
        self.users.extend(part.users);
        self.rank();
        self.tally = DryRunTally {
            tried: self.tally.tried + part.tally.tried,
            put_right: self.tally.put_right + part.tally.put_right,
            // As it is now: somebody may have succeeded meanwhile.
            affected: part.tally.affected,
        };
        self.next = part.next;
    }

    fn rank(&mut self) {
        self.users.sort_by_key(|user| user.is_put_right);
        self.users.truncate(Self::SHOWN);
    }
}

impl DryRunTally {
    /// How it ended, without the full stop: for everybody, or for those of a part.
    pub fn verdict(self) -> String {
        let put_right = number(self.put_right);
        let tried = counted(self.tried, "user", "users");
        if self.tried >= self.affected {
            return format!("Would now succeed for {put_right} of {tried}");
        }
        let these = if self.tried == 1 { "this" } else { "these" };
        format!(
            "Would now succeed for {put_right} of {these} {tried}; {} are affected",
            number(self.affected)
        )
    }

    /// How far it has come.
    pub fn so_far(self) -> String {
        format!(
            "Tried {} of {}. {} would now succeed.",
            number(self.tried),
            number(self.all()),
            number(self.put_right)
        )
    }

    /// Users that there are to try. More were tried than are left where some have succeeded, or are gone, since.
    pub fn all(self) -> u64 {
        self.affected.max(self.tried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(users: std::ops::Range<u32>, failing: &[u32], affected: u64) -> IssueDryRun {
        let next = (u64::from(users.end) < affected).then(|| format!("n:{}", users.end));
        let users = users.map(|n| UserDryRun {
            name: n.to_string(),
            user_name: None,
            log_id: None,
            status: None,
            text: String::new(),
            is_put_right: !failing.contains(&n),
        });
        IssueDryRun::part(users.collect(), affected, next)
    }

    #[test]
    fn parts_add_up_and_whoever_would_still_fail_stands_first() {
        let mut run = part(0..100, &[7], 220);
        assert_eq!(
            run.tally.verdict(),
            "Would now succeed for 99 of these 100 users; 220 are affected"
        );
        assert_eq!(run.users[0].name, "7");
        run.add(part(100..200, &[150, 151], 220));
        assert_eq!(
            run.tally.so_far(),
            "Tried 200 of 220. 197 would now succeed."
        );
        assert_eq!(run.next.as_deref(), Some("n:200"));
        // One of those who were tried has succeeded meanwhile.
        run.add(part(200..220, &[219], 219));
        let names: Vec<_> = run.users.iter().map(|user| user.name.as_str()).collect();
        assert_eq!(names[..5], ["7", "150", "151", "219", "0"]);
        assert_eq!((names.len(), run.next), (IssueDryRun::SHOWN, None));
        assert_eq!(
            run.tally.verdict(),
            "Would now succeed for 216 of 220 users"
        );
        assert_eq!(run.tally.all(), 220);
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(
            part(0..1, &[], 1).tally.verdict(),
            "Would now succeed for 1 of 1 user"
        );
        assert_eq!(
            part(100..101, &[100], 1_101).tally.verdict(),
            "Would now succeed for 0 of this 1 user; 1,101 are affected"
        );
    }
}
