//! Where a page of users begins or ends.

use std::fmt;

use super::ListedUser;
use super::order::{Column, Group};
use crate::model::user::UserSort;

/// A place in the list: the group (when sorted by role or status), the sorted value and the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(super) group: String,
    pub(super) value: String,
    pub(super) id: String,
}

impl Cursor {
    /// From the query string; `None` for a text that is no cursor, which then means the first page.
    pub fn parse(text: &str) -> Option<Self> {
        let (group, rest) = text.split_once('~')?;
        let (value, id) = rest.rsplit_once('~')?;
        Some(Self {
            group: group.to_owned(),
            value: value.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The place of `user` in a list sorted by `sort`.
    pub fn of(sort: UserSort, user: &ListedUser) -> Self {
        let (group, column) = match sort {
            UserSort::Changed => (Group::Everyone, Column::UpdatedAt),
            UserSort::Name => (Group::Everyone, Column::Label),
            UserSort::UserName => (Group::Everyone, Column::UserName),
            UserSort::Role => (Group::Role(user.role_id.clone()), Column::Id),
            UserSort::Status if user.blocked_at.is_some() => (Group::Blocked, Column::UpdatedAt),
            UserSort::Status if user.active => (Group::Active, Column::UpdatedAt),
            UserSort::Status => (Group::Inactive, Column::UpdatedAt),
        };
        Self {
            group: group.name().to_owned(),
            value: match column {
                Column::UpdatedAt => user.updated_at.to_string(),
                Column::Label => user.label_key.clone(),
                Column::UserName => user.user_name_key.clone(),
                Column::Id => String::new(),
            },
            id: user.id.clone(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.group, self.value, self.id)
    }
}
