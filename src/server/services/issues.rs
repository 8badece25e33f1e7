//! Issues as the dashboard shows them: ranked, explained, in plain words.

mod change;
mod text;

pub use change::{Act, act};

use std::collections::HashMap;

use super::log_search::{explanation, title};
use super::moments::Moments;
use crate::model::account::OrganizationLink;
use crate::model::issue::{
    Assigned, CHART_DAYS, IssueCounts, IssueDetail, IssueEvent, IssueEventKind, IssueFilter,
    IssueRow, IssueState, IssueTab, IssueUser,
};
use crate::model::log::Action;
use crate::model::page::{Count, Page};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::DAY;
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::services::organizations;
use crate::server::store::issue_records::{day_of, name_key, user_key};
use crate::server::store::issues::{self as store, CountedUser, Issue, Rank, Search};
use crate::server::store::sql::Connection;
use crate::server::store::{keyset, tokens, users};

/// Open issues of one user that are shown.
const OF_USER: i64 = 10;
/// Acts and notes that are shown, the latest.
const HISTORY: i64 = 100;

/// A page of the issues of one organization, or of all for Support.
///
/// # Errors
/// As any read.
pub async fn list(
    app: &App,
    allowed: &Allowed,
    filter: &IssueFilter,
) -> Result<Page<IssueRow>, ServiceError> {
    let search = search(app, allowed, filter).await?;
    let cursor = filter.cursor.as_deref().and_then(Rank::parse);
    let back = filter.back && cursor.is_some();
    let mut connection = app.db.read().await?;
    let found = store::list(
        &mut connection,
        &search,
        cursor.as_ref(),
        back,
        keyset::FETCH,
    )
    .await?;
    // A first page that is not full has counted already.
    let counted = match i64::try_from(found.len()) {
        Ok(counted) if cursor.is_none() && counted < keyset::FETCH => counted,
        _ => store::count(&mut connection, &search).await?,
    };
    let total = keyset::count(counted);
    let page = Page::of(found, cursor.is_some(), back, total, |issue| {
        Rank::of(issue, search.tab).to_string()
    });
    let (previous, next) = (page.previous, page.next);
    let items = rows(
        &mut connection,
        page.items,
        &Moments::of(allowed, app.clock.now()),
    )
    .await?;
    Ok(Page {
        items,
        previous,
        next,
        total,
    })
}

/// How many there are under each tab, whatever else narrows the list.
///
/// # Errors
/// As any read.
pub async fn counts(app: &App, allowed: &Allowed) -> Result<IssueCounts, ServiceError> {
    let organization_id = scope(allowed)?;
    let mut connection = app.db.read().await?;
    let mut counted = [Count::Exactly(0); 3];
    for (tab, count) in IssueTab::ALL.into_iter().zip(&mut counted) {
        let search = Search {
            organization_id: organization_id.clone(),
            tab,
            ..Search::default()
        };
        *count = keyset::count(store::count(&mut connection, &search).await?);
    }
    let [open, resolved, ignored] = counted;
    let reasons = store::open_reasons(&mut connection, organization_id.as_deref()).await?;
    let causes = reasons
        .into_iter()
        .filter_map(|code| {
            let title = Reason::from_code(&code)?.explanation().title.to_owned();
            Some((code, title))
        })
        .collect();
    let has_called = match &organization_id {
        Some(id) => tokens::was_used(&mut connection, id).await?,
        None => true,
    };
    Ok(IssueCounts {
        has_called,
        open,
        resolved,
        ignored,
        causes,
    })
}

/// How many failures of the organization are open, for its navigation: remarks are no trouble.
///
/// # Errors
/// As any read.
pub async fn count_open(app: &App, allowed: &Allowed) -> Result<Count, ServiceError> {
    let organization = allowed.check_in(Permission::ReadOrganization)?;
    let search = Search {
        organization_id: Some(organization.id.clone()),
        failures_only: true,
        ..Search::default()
    };
    let mut connection = app.db.read().await?;
    Ok(keyset::count(store::count(&mut connection, &search).await?))
}

/// Everything about one issue; `after` and `before` are places in the list of its users. `may_manage` says whether
/// whoever looks may change it.
///
/// # Errors
/// `NotFound`; as any read otherwise.
pub async fn detail(
    app: &App,
    allowed: &Allowed,
    id: &str,
    after: Option<&str>,
    before: Option<&str>,
    may_manage: bool,
) -> Result<IssueDetail, ServiceError> {
    let organization = allowed.check_in(Permission::ReadIssues)?;
    let now = app.clock.now();
    let moments = Moments::of(allowed, now);
    let mut connection = app.db.read().await?;
    let issue = store::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "issue" })?;
    let (cursor, back) = (after.or(before), after.is_none() && before.is_some());
    let found = store::users(&mut connection, id, cursor, back, keyset::FETCH).await?;
    let affected = count_of(issue.users_affected)?;
    let users = Page::of(
        found,
        cursor.is_some(),
        back,
        Count::Exactly(affected),
        |user| user.user_key.clone(),
    );
    let users = users.try_map(|user| {
        Ok::<_, StoreError>(IssueUser {
            name: name_of(&user),
            user_id: user.user_id,
            user_name: user.user_name,
            events: count_of(user.events)?,
            first_seen: moments.moment(user.first_seen_at),
            last_seen: moments.moment(user.last_seen_at),
        })
    })?;
    let history = history(&mut connection, &issue, &moments).await?;
    let assignees = if may_manage {
        change::assignees(&mut connection, allowed).await?
    } else {
        Vec::new()
    };
    let ignored = match (issue.ignored_until, issue.ignored_until_events) {
        (Some(until), _) => Some(format!(
            "Ignored until it comes again after {}.",
            moments.moment(until).exact
        )),
        (None, Some(events)) => Some(format!(
            "Ignored until {events} events in all; there are {}.",
            issue.events
        )),
        (None, None) if issue.state == IssueState::Ignored => {
            Some("Ignored for good: it does not come back by itself.".to_owned())
        }
        (None, None) => None,
    };
    let explanation = explanation(&issue.reason)
        .ok_or_else(|| StoreError::Corrupt(format!("reason {:?}", issue.reason)))?;
    let (log_id, assignee_id) = (issue.log_id.clone(), issue.assignee_id.clone());
    let row = rows(&mut connection, vec![issue], &moments).await?.pop();
    Ok(IssueDetail {
        row: row.ok_or(ServiceError::NotFound { what: "issue" })?,
        explanation,
        ignored,
        log_id,
        users,
        history,
        assignee_id,
        assignees,
        may_manage,
    })
}

/// The open issues of one user, by id and by a create of that name that was refused.
///
/// # Errors
/// As any read.
pub async fn of_user(
    app: &App,
    allowed: &Allowed,
    user_id: &str,
) -> Result<Vec<IssueRow>, ServiceError> {
    let organization = allowed.check_in(Permission::ReadIssues)?;
    let mut connection = app.db.read().await?;
    let user = users::find(&mut connection, &organization.id, user_id).await?;
    let name = user.map(|user| name_key(&case_key(&user.user_name)));
    let keys: Vec<String> = [user_key(user_id)].into_iter().chain(name).collect();
    let found = store::list_open_of_user(&mut connection, &organization.id, &keys, OF_USER).await?;
    rows(
        &mut connection,
        found,
        &Moments::of(allowed, app.clock.now()),
    )
    .await
}

/// As people know them.
pub(super) fn name_of(user: &CountedUser) -> String {
    let label = user.label.as_ref().filter(|label| !label.is_empty());
    let name = label.or(user.user_name.as_ref()).cloned();
    name.unwrap_or_else(|| "Somebody without a name".to_owned())
}

/// The proof decides what is seen: one organization, or all of them.
fn scope(allowed: &Allowed) -> Result<Option<String>, ServiceError> {
    match allowed.permission() {
        Permission::ReadAllIssues => Ok(None),
        _ => Ok(Some(allowed.check_in(Permission::ReadIssues)?.id.clone())),
    }
}

async fn search(
    app: &App,
    allowed: &Allowed,
    filter: &IssueFilter,
) -> Result<Search, ServiceError> {
    let mut organization_id = scope(allowed)?;
    if let (None, Some(slug)) = (&organization_id, &filter.organization) {
        // None has an empty id.
        let found = organizations::find(app, slug).await?;
        organization_id = Some(found.map(|found| found.id).unwrap_or_default());
    }
    Ok(Search {
        organization_id,
        tab: filter.tab,
        action: filter.action.map(Action::as_str),
        reason: filter.reason.clone(),
        assignee: filter.assigned.map(|assigned| match assigned {
            Assigned::ToMe => Some(allowed.actor().id().to_owned()),
            Assigned::ToNobody => None,
        }),
        text: text::search(&filter.text),
        failures_only: false,
    })
}

async fn rows(
    connection: &mut Connection<'_>,
    issues: Vec<Issue>,
    moments: &Moments,
) -> Result<Vec<IssueRow>, ServiceError> {
    let ids: Vec<&str> = issues.iter().map(|issue| issue.id.as_str()).collect();
    let first_day = day_of(moments.now()) - (CHART_DAYS as i64 - 1) * DAY;
    let mut charts: HashMap<String, Vec<u64>> = HashMap::new();
    for (issue_id, day, events) in store::days(connection, &ids, first_day).await? {
        let chart = charts
            .entry(issue_id)
            .or_insert_with(|| vec![0; CHART_DAYS]);
        let index = usize::try_from((day - first_day) / DAY).unwrap_or(usize::MAX);
        if let Some(column) = chart.get_mut(index) {
            *column = count_of(events)?;
        }
    }
    issues
        .into_iter()
        .map(|issue| {
            let days = charts.remove(&issue.id);
            row(issue, days.unwrap_or_else(|| vec![0; CHART_DAYS]), moments)
        })
        .collect()
}

fn row(issue: Issue, days: Vec<u64>, moments: &Moments) -> Result<IssueRow, ServiceError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("issue {} has the {what}", issue.id));
    let reason = Reason::from_code(&issue.reason)
        .ok_or_else(|| corrupt("reason"))?
        .explanation();
    let attribute = (!issue.attribute.is_empty()).then(|| issue.attribute.clone());
    let code = (reason.status != 200).then(|| match reason.scim_type {
        Some(scim_type) => format!("{} {}", reason.status, scim_type.as_str()),
        None => reason.status.to_string(),
    });
    Ok(IssueRow {
        title: title(reason, attribute.as_deref(), issue.value.as_deref()),
        happened: reason.happened.to_owned(),
        action: Action::parse(&issue.action).ok_or_else(|| corrupt("action"))?,
        state: issue.state,
        organization: OrganizationLink {
            slug: issue.organization_slug,
            name: issue.organization_name,
        },
        reopened: count_of(issue.reopened)?,
        users: count_of(issue.users_affected)?,
        events: count_of(issue.events)?,
        first_seen: moments.moment(issue.first_seen_at),
        last_seen: moments.moment(issue.last_seen_at),
        assignee: issue.assignee_name,
        id: issue.id,
        reason: issue.reason,
        code,
        attribute,
        days,
    })
}

/// What people did, and what the issue did by itself.
async fn history(
    connection: &mut Connection<'_>,
    issue: &Issue,
    moments: &Moments,
) -> Result<Vec<IssueEvent>, ServiceError> {
    let mut events = vec![(
        issue.first_seen_at,
        IssueEvent {
            kind: IssueEventKind::FirstSeen,
            at: moments.moment(issue.first_seen_at),
            by: None,
            text: String::new(),
        },
    )];
    for event in store::history(connection, &issue.id, HISTORY).await? {
        let kind = IssueEventKind::parse(&event.kind)
            .ok_or_else(|| StoreError::Corrupt(format!("event {:?}", event.kind)))?;
        // Nobody's name: by itself.
        let by = (!event.actor_name.is_empty()).then_some(event.actor_name);
        let text = match (kind, &by) {
            (IssueEventKind::Resolved, None) => {
                "By itself: requests that failed have succeeded since or come no more, or their users are gone."
                    .to_owned()
            }
            _ => event.note,
        };
        let shown = IssueEvent {
            kind,
            at: moments.moment(event.occurred_at),
            by,
            text,
        };
        events.push((event.occurred_at, shown));
    }
    events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

fn count_of(n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| StoreError::Corrupt(format!("a count of {n}")))
}
