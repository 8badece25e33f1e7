//! How the list of users stands in an address.

use super::query::{Pair, href};
use super::user::{RoleState, UserFilter, UserSort, UserState};

/// Time spans of the last change that one may choose: value and words.
pub const SPANS: [(&str, &str); 3] = [
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("60d", "Last 60 days"),
];

impl UserFilter {
    /// Reads what stands in the address; what cannot be read is left out, and blank fields of a form say nothing.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (impl AsRef<str>, &'a str)>) -> Self {
        let mut filter = Self::default();
        let mut order = None;
        for (name, value) in pairs.filter(|(_, value)| !value.trim().is_empty()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut filter.text),
                "state" => filter.state = UserState::parse(value),
                "role" => filter.roles.push(value.to_owned()),
                "role_state" => filter.role_state = RoleState::parse(value),
                "within" => filter.within = within(value),
                "failures" => filter.has_failures = value == "1",
                "sort" => filter.sort = UserSort::parse(value).unwrap_or_default(),
                "order" => order = Some(value == "descending"),
                "after" => (filter.cursor, filter.newer) = (Some(value.to_owned()), false),
                "before" => (filter.cursor, filter.newer) = (Some(value.to_owned()), true),
                _ => {}
            }
        }
        filter.descending = order.unwrap_or(filter.sort == UserSort::Changed);
        filter
    }

    /// What [`UserFilter::from_pairs`] reads back.
    pub fn to_pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        if let Some(state) = self.state {
            pairs.push(("state", state.as_str().to_owned()));
        }
        pairs.extend(self.roles.iter().map(|role| ("role", role.clone())));
        if let Some(state) = self.role_state {
            pairs.push(("role_state", state.as_str().to_owned()));
        }
        if let Some(within) = &self.within {
            pairs.push(("within", within.clone()));
        }
        if self.has_failures {
            pairs.push(("failures", "1".to_owned()));
        }
        if self.sort != UserSort::default() {
            pairs.push(("sort", self.sort.as_str().to_owned()));
        }
        if self.descending != (self.sort == UserSort::Changed) {
            pairs.push((
                "order",
                if self.descending {
                    "descending"
                } else {
                    "ascending"
                }
                .to_owned(),
            ));
        }
        if let Some(cursor) = &self.cursor {
            pairs.push((if self.newer { "before" } else { "after" }, cursor.clone()));
        }
        pairs
    }

    /// The list below `path`, with this filter from its first page on.
    pub fn href(&self, path: &str) -> String {
        let first_page = Self {
            cursor: None,
            newer: false,
            ..self.clone()
        };
        href(path, &first_page.to_pairs())
    }

    /// The page after `cursor`, or the one before it.
    pub fn page_href(&self, path: &str, cursor: &str, newer: bool) -> String {
        let page = Self {
            cursor: Some(cursor.to_owned()),
            newer,
            ..self.clone()
        };
        href(path, &page.to_pairs())
    }

    /// Whether anything is left out of the list.
    pub fn is_narrowed(&self) -> bool {
        !self.text.is_empty()
            || self.state.is_some()
            || !self.roles.is_empty()
            || self.role_state.is_some()
            || self.within.is_some()
            || self.has_failures
    }
}

fn within(value: &str) -> Option<String> {
    SPANS
        .iter()
        .find(|(span, _)| *span == value)
        .map(|(span, _)| (*span).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(filter: &UserFilter) -> UserFilter {
        let pairs = filter.to_pairs();
        UserFilter::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())))
    }

    #[test]
    fn an_address_says_the_whole_filter() {
        let filters = [
            UserFilter::from_pairs(std::iter::empty::<(&str, &str)>()),
            UserFilter {
                text: "ana & co".into(),
                state: Some(UserState::Inactive),
                roles: vec!["viewer".into(), "admin".into()],
                role_state: Some(RoleState::Defaulted),
                has_failures: true,
                within: Some("7d".into()),
                sort: UserSort::Name,
                descending: true,
                cursor: Some("x:1".into()),
                newer: true,
            },
            UserFilter {
                sort: UserSort::Changed,
                descending: false,
                ..UserFilter::default()
            },
        ];
        for filter in filters {
            assert_eq!(round_trip(&filter), filter);
        }
    }

    #[test]
    fn nonsense_and_blanks_are_left_out() {
        let pairs = [
            ("q", "  "),
            ("state", "asleep"),
            ("sort", "shoe size"),
            ("other", "1"),
        ];
        let filter = UserFilter::from_pairs(pairs.into_iter());
        assert_eq!(
            filter,
            UserFilter {
                descending: true,
                ..UserFilter::default()
            }
        );
        assert_eq!(filter.href("/users"), "/users");
    }
}
