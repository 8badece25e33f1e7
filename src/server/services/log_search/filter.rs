//! What the log is narrowed to: from an address, in the terms of the tables, in words.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::words::{explanation, title};
use crate::model::log::{LogFilter, LogFilterWords};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::{MINUTE, Millis};
use crate::server::error::ServiceError;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::services::moments::{self, Moments};
use crate::server::services::organization;
use crate::server::store::issues::Issue;
use crate::server::store::log_search::{Named, Search};
use crate::server::store::{log_details as details, user_records};
use crate::server::zone;

/// The filter that a list's query string says.
pub fn filter_of(query: &str) -> LogFilter {
    let query = query.trim_start_matches('?');
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    LogFilter::from_pairs(pairs.iter().map(|(name, value)| (name, value.as_ref())))
}

/// What the filter asks for, in the terms of the tables.
pub(super) fn search<'a>(
    organization: &'a OrganizationRef,
    filter: &'a LogFilter,
    now: Millis,
) -> Search<'a> {
    let text = filter.text.trim();
    let (from, to) = minutes(filter);
    let within = moments::since(filter.within.as_deref(), now);
    Search {
        organization_id: &organization.id,
        filter,
        text,
        text_key: case_key(text),
        since: from.map(|from| from.start).or(within),
        // The last minute is meant whole.
        until: to.map(|to| to.end),
        named: Named::default(),
    }
}

/// The first and the last minute that a filter names.
fn minutes(filter: &LogFilter) -> (Option<Range<Millis>>, Option<Range<Millis>>) {
    let zone = filter.zone.as_deref().and_then(zone::named);
    let zone = zone.unwrap_or(TimeZone::UTC);
    let minute = |text: &Option<String>| moments::minute(text.as_deref()?, &zone);
    (minute(&filter.from), minute(&filter.to))
}

/// What an issue is called.
pub(super) fn issue_title(issue: &Issue) -> Option<String> {
    let reason = Reason::from_code(&issue.reason)?.explanation();
    let attribute = Some(issue.attribute.as_str()).filter(|attribute| !attribute.is_empty());
    Some(title(reason, attribute, issue.value.as_deref()))
}

/// What the log can be narrowed to, and what `filter` says. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// As any read. A user or a cycle that this organization does not have is not named.
pub async fn describe(
    app: &App,
    allowed: &Allowed,
    filter: LogFilter,
) -> Result<LogFilterWords, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let moments = Moments::of(allowed, app.clock.now());
    let mut connection = app.db.read().await?;
    let user = match &filter.user_id {
        Some(id) => user_records::find(&mut connection, &organization.id, id).await?,
        None => None,
    };
    let cycles = match filter.cycle_id.as_deref() {
        Some(id) => details::cycles(&mut connection, &organization.id, &[id]).await?,
        None => Vec::new(),
    };
    drop(connection);
    let mut reasons: Vec<(String, String)> = Reason::ALL
        .iter()
        .map(|reason| reason.code())
        .filter_map(|code| Some((code.to_owned(), explanation(code)?.title)))
        .collect();
    reasons.sort_by_key(|(_, title)| case_key(title));
    let (from, to) = minutes(&filter);
    Ok(LogFilterWords {
        reasons,
        user: user.map(|user| user.label),
        cycle: cycles.first().map(|cycle| moments.moment(cycle.started_at)),
        filter: LogFilter {
            from: from.map(|from| moments.minute(from.start)),
            to: to.map(|to| moments.minute(to.end - MINUTE)),
            zone: moments.zone().said(),
            ..filter
        },
    })
}
