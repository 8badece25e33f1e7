//! What the users page asks of a user, as conditions of a statement.

use super::{Plan, Search};
use crate::model::user::{RoleState, UserState};
use crate::server::store::keyset::{COUNT_LIMIT, prefix_range, push_list};
use crate::server::store::sql::Builder;
use crate::server::store::user_failures::push_failing;

/// A condition that has an index of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Candidates {
    Inactive,
    Blocked,
    Roles,
    RoleState,
    Changes,
}

/// Adds such a condition, the organization included, on the table `users`.
pub(super) fn push_candidates(
    statement: &mut Builder,
    search: &Search<'_>,
    candidates: Candidates,
) {
    statement.push("organization_id = ");
    statement.bind(search.organization_id);
    match candidates {
        Candidates::Inactive => {
            statement.push(" AND NOT active");
        }
        Candidates::Blocked => {
            statement.push(" AND blocked_at IS NOT NULL");
        }
        Candidates::Roles => {
            let roles = search.filter.roles.iter().map(String::as_str);
            push_list(statement, " AND role_id IN (", roles);
        }
        Candidates::RoleState => {
            statement.push(" AND role_state <> 'known' AND role_state = ");
            statement.bind(search.filter.role_state.map(RoleState::as_str));
        }
        Candidates::Changes => {
            statement.push(" AND updated_at >= ");
            statement.bind(search.changed_since);
        }
    }
}

/// Adds the ids of users whose userName or name begins with `key`, or whose id or externalId is `text`: a
/// `UNION` of one index look-up each, each stopped beyond `most`.
pub(in crate::server::store) fn push_text_candidates(
    statement: &mut Builder,
    organization_id: &str,
    text: &str,
    key: &str,
    most: i64,
) {
    let (low, high) = prefix_range(key);
    let prefixes = [
        (" AND user_name_key >= ", " AND user_name_key < "),
        (" AND given_name_key >= ", " AND given_name_key < "),
        (" AND family_name_key >= ", " AND family_name_key < "),
        (" AND label_key >= ", " AND label_key < "),
    ];
    for (from, to) in prefixes {
        statement.push("SELECT id FROM (SELECT id FROM users WHERE organization_id = ");
        statement.bind(organization_id);
        statement.push(from).bind(&low).push(to).bind(&high);
        statement.push(" LIMIT ").bind(most + 1);
        statement.push(") found UNION ");
    }
    statement.push("SELECT id FROM users WHERE organization_id = ");
    statement
        .bind(organization_id)
        .push(" AND id = ")
        .bind(text);
    statement.push(" UNION SELECT id FROM users WHERE organization_id = ");
    statement.bind(organization_id);
    statement.push(" AND external_id = ").bind(text);
}

/// Adds all that `search` asks for, on `users u`.
pub(super) fn push_conditions(statement: &mut Builder, search: &Search<'_>, plan: Plan) {
    let filter = search.filter;
    let finds_by_id = plan.finds_by_id(filter);
    // Users who are looked up are found by their ids: no index of the organization may seem better.
    statement.push(if plan.sorts || finds_by_id {
        "(u.organization_id || '') = "
    } else {
        "u.organization_id = "
    });
    statement.bind(search.organization_id);
    // These may be many: they are looked up where nothing else is.
    let looks_up = plan.sorts && !finds_by_id;
    let indexed = match filter.state {
        Some(UserState::Active) => {
            statement.push(" AND u.active");
            None
        }
        Some(UserState::Inactive) => Some((Candidates::Inactive, " AND NOT u.active")),
        Some(UserState::Blocked) => Some((Candidates::Blocked, " AND u.blocked_at IS NOT NULL")),
        // Deleted ones stand in a table of their own.
        Some(UserState::Deleted) | None => None,
    };
    if let Some((candidates, test)) = indexed {
        if looks_up {
            push_looked_up(statement, search, candidates);
        } else {
            statement.push(test);
        }
    }
    if plan.looks_up_roles {
        push_looked_up(statement, search, Candidates::Roles);
    } else if !filter.roles.is_empty() {
        let roles = filter.roles.iter().map(String::as_str);
        let test = if plan.walks_roles {
            " AND u.role_id IN ("
        } else {
            " AND (u.role_id || '') IN ("
        };
        push_list(statement, test, roles);
    }
    match filter.role_state {
        Some(RoleState::Known) => {
            statement.push(" AND u.role_state = 'known'");
        }
        Some(_) if looks_up => push_looked_up(statement, search, Candidates::RoleState),
        Some(state) => {
            statement.push(" AND u.role_state <> 'known' AND u.role_state = ");
            statement.bind(state.as_str());
        }
        None => {}
    }
    if plan.looks_up_changes {
        push_looked_up(statement, search, Candidates::Changes);
    } else if let Some(since) = search.changed_since {
        let test = if plan.walks_changes && !finds_by_id {
            " AND u.updated_at >= "
        } else {
            " AND (u.updated_at + 0) >= "
        };
        statement.push(test).bind(since);
    }
    if filter.has_failures {
        statement.push(" AND u.id IN (");
        push_failing(statement, search.organization_id);
        statement.push(")");
    }
    if plan.looks_up_text {
        statement.push(" AND u.id IN (");
        push_text_candidates(
            statement,
            search.organization_id,
            search.text,
            &search.text_key,
            COUNT_LIMIT,
        );
        statement.push(")");
    } else if !search.text.is_empty() {
        push_text_test(statement, &search.text_key);
    }
}

fn push_looked_up(statement: &mut Builder, search: &Search<'_>, candidates: Candidates) {
    statement.push(" AND u.id IN (SELECT id FROM users WHERE ");
    push_candidates(statement, search, candidates);
    statement.push(")");
}

fn push_text_test(statement: &mut Builder, key: &str) {
    let (low, high) = prefix_range(key);
    for (from, to) in [
        (
            " AND (((u.user_name_key || '') >= ",
            " AND (u.user_name_key || '') < ",
        ),
        (
            ") OR ((u.given_name_key || '') >= ",
            " AND (u.given_name_key || '') < ",
        ),
        (
            ") OR ((u.family_name_key || '') >= ",
            " AND (u.family_name_key || '') < ",
        ),
        (
            ") OR ((u.label_key || '') >= ",
            " AND (u.label_key || '') < ",
        ),
    ] {
        statement.push(from).bind(&low).push(to).bind(&high);
    }
    statement.push("))");
}
