//! The orders of the users page: groups that stand one after the other, and what orders the users of each.

use super::{Cursor, Plan, Search};
use crate::model::user::UserSort;
use crate::server::error::StoreError;
use crate::server::store::sql::{Builder, Connection, sql};

/// Users that stand together in the sort order.
#[derive(Debug, Clone)]
pub(super) enum Group {
    Everyone,
    Role(Option<String>),
    Active,
    Blocked,
    Inactive,
}

impl Group {
    /// As it stands in cursors.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Everyone => "",
            Self::Role(id) => id.as_deref().unwrap_or_default(),
            Self::Active => "active",
            Self::Blocked => "blocked",
            Self::Inactive => "inactive",
        }
    }

    /// Adds its condition to a statement.
    pub(super) fn push(&self, statement: &mut Builder) {
        match self {
            Self::Everyone => {}
            Self::Role(Some(id)) => {
                statement.push(" AND u.role_id = ").bind(id);
            }
            Self::Role(None) => {
                statement.push(" AND u.role_id IS NULL");
            }
            Self::Active => {
                statement.push(" AND u.active AND u.blocked_at IS NULL");
            }
            Self::Blocked => {
                statement.push(" AND u.blocked_at IS NOT NULL");
            }
            Self::Inactive => {
                statement.push(" AND NOT u.active AND u.blocked_at IS NULL");
            }
        }
    }
}

/// What orders the users of a group, each with an index.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    UpdatedAt,
    Label,
    /// Unique, so it needs no id beside it.
    UserName,
    Id,
}

impl Column {
    fn expression(self, plan: Plan) -> &'static str {
        match (self, plan.sorts) {
            (Self::UpdatedAt, false) => "u.updated_at",
            (Self::UpdatedAt, true) => "(u.updated_at + 0)",
            (Self::Label, false) => "u.label_key",
            (Self::Label, true) => "(u.label_key || '')",
            (Self::UserName, false) => "u.user_name_key",
            (Self::UserName, true) => "(u.user_name_key || '')",
            (Self::Id, false) => "u.id",
            (Self::Id, true) => "(u.id || '')",
        }
    }

    /// Whether users may share a value, so that their ids decide.
    fn has_ties(self) -> bool {
        matches!(self, Self::UpdatedAt | Self::Label)
    }

    fn push_after(self, statement: &mut Builder, cursor: &Cursor, plan: Plan, descending: bool) {
        let comparison = if descending { " < (" } else { " > (" };
        statement.push(" AND (").push(self.expression(plan));
        statement.push(if self.has_ties() { ", u.id)" } else { ")" });
        statement.push(comparison);
        match self {
            // Only our own cursors have numbers here; any other begins at the end that is shown first.
            Self::UpdatedAt => {
                let start = if descending { i64::MAX } else { i64::MIN };
                statement.bind(cursor.value.parse().unwrap_or(start))
            }
            Self::Label | Self::UserName => statement.bind(&cursor.value),
            Self::Id => statement.bind(&cursor.id),
        };
        if self.has_ties() {
            statement.push(", ").bind(&cursor.id);
        }
        statement.push(")");
    }

    fn push_order(self, statement: &mut Builder, plan: Plan, descending: bool) {
        let direction = if descending { " DESC" } else { "" };
        statement.push(self.expression(plan));
        statement.push(direction);
        if self.has_ties() {
            statement.push(", u.id").push(direction);
        }
    }
}

/// How users stand, in the direction of reading.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) groups: Vec<Group>,
    column: Column,
    descending: bool,
}

impl Order {
    /// The order of `search`, or with `back` its opposite.
    pub(super) async fn of(
        connection: &mut Connection<'_>,
        search: &Search<'_>,
        back: bool,
    ) -> Result<Self, StoreError> {
        let (mut groups, column) = groups(connection, search).await?;
        let group_descending = search.filter.descending != back;
        if group_descending {
            groups.reverse();
        }
        Ok(Self {
            groups,
            column,
            // Status groups keep the latest change on top whichever group comes first.
            descending: match search.filter.sort {
                UserSort::Status => !back,
                _ => group_descending,
            },
        })
    }

    /// The group that `cursor` is in.
    pub(super) fn place_of(&self, cursor: &Cursor) -> Option<usize> {
        let mut groups = self.groups.iter();
        groups.position(|group| group.name() == cursor.group)
    }

    /// Adds that users of the cursor's group stand after it.
    pub(super) fn push_after(&self, statement: &mut Builder, cursor: &Cursor, plan: Plan) {
        self.column
            .push_after(statement, cursor, plan, self.descending);
    }

    /// Adds what orders the users of a group.
    pub(super) fn push_columns(&self, statement: &mut Builder, plan: Plan) {
        self.column.push_order(statement, plan, self.descending);
    }

    /// Ends a statement on all groups at once, whose users are looked up: that they stand after the cursor, and their
    /// order.
    pub(super) fn push_sorted(&self, statement: &mut Builder, plan: Plan, cursor: Option<&Cursor>) {
        let place = cursor.and_then(|cursor| Some((cursor, self.place_of(cursor)?)));
        if let Some((cursor, place)) = place {
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            statement.push(" AND (");
            self.push_place(statement);
            statement.push(" > ").bind(place).push(" OR ");
            self.push_place(statement);
            statement.push(" = ").bind(place);
            self.push_after(statement, cursor, plan);
            statement.push(")");
        }
        statement.push(" ORDER BY ");
        self.push_place(statement);
        statement.push(", ");
        self.push_columns(statement, plan);
    }

    /// Adds which of the groups a user is in, as a number.
    fn push_place(&self, statement: &mut Builder) {
        statement.push("(CASE");
        for (place, group) in (0_i64..).zip(&self.groups) {
            statement.push(" WHEN TRUE");
            group.push(statement);
            statement.push(" THEN ").bind(place);
        }
        statement.push(" END)");
    }
}

/// The groups of `search`, and what orders the users of each.
async fn groups(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<(Vec<Group>, Column), StoreError> {
    Ok(match search.filter.sort {
        UserSort::Changed => (vec![Group::Everyone], Column::UpdatedAt),
        UserSort::Name => (vec![Group::Everyone], Column::Label),
        UserSort::UserName => (vec![Group::Everyone], Column::UserName),
        UserSort::Status => (
            vec![Group::Active, Group::Blocked, Group::Inactive],
            Column::UpdatedAt,
        ),
        UserSort::Role => {
            let roles: Vec<(String,)> = connection
                .fetch_all(
                    sql("SELECT id FROM roles WHERE organization_id = $1 ORDER BY position, id")
                        .bind(search.organization_id),
                )
                .await?;
            let mut groups: Vec<Group> = roles
                .into_iter()
                .filter(|(id,)| search.filter.roles.is_empty() || search.filter.roles.contains(id))
                .map(|(id,)| Group::Role(Some(id)))
                .collect();
            groups.push(Group::Role(None));
            (groups, Column::Id)
        }
    })
}
