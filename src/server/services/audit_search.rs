//! Reading the audit log: a page of it, or all that a filter finds as a file. An export is an entry itself.

use futures_util::stream::{self, Stream};
use serde_json::{Map, Value, json};

use super::audit;
use super::export::{Format, csv_row};
use super::moments::{self, Moments};
use crate::model::account::OrganizationLink;
use crate::model::audit::{AuditFilter, AuditPage, AuditRow};
use crate::model::log::AttributeChange;
use crate::model::page::Page;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::store::audit_search::{self, Found, Search};
use crate::server::store::keyset::{self, TimeCursor};

/// Entries of one batch of an export.
const BATCH: i64 = 500;

/// A page of the entries of one organization, or of all for Support.
///
/// # Errors
/// As any read.
pub async fn list(
    app: &App,
    allowed: &Allowed,
    filter: &AuditFilter,
) -> Result<AuditPage, ServiceError> {
    let now = app.clock.now();
    let search = search(allowed, filter, now)?;
    let cursor = filter.cursor.as_deref().and_then(TimeCursor::parse);
    let mut connection = app.db.read().await?;
    let newer = filter.newer && cursor.is_some();
    let found = audit_search::list(
        &mut connection,
        &search,
        cursor.as_ref(),
        newer,
        keyset::FETCH,
    )
    .await?;
    let total = audit_search::count(&mut connection, &search, keyset::COUNT_LIMIT + 1).await?;
    // The page's first entry is by the actor; only an empty page has to ask.
    let mut by_actor = found.first().cloned();
    if by_actor.is_none() && search.actor.is_some() {
        let search = Search {
            organization_id: search.organization_id.clone(),
            actor: search.actor.clone(),
            ..Search::default()
        };
        let latest = audit_search::list(&mut connection, &search, None, false, 1).await?;
        by_actor = latest.into_iter().next();
    }
    let actor_name = by_actor
        .filter(|_| search.actor.is_some())
        .map(|found| found.actor_name);
    drop(connection);
    let page = Page::of(
        found,
        cursor.is_some(),
        newer,
        keyset::count(total),
        |found| place(found).to_string(),
    );
    let moments = Moments::of(allowed, now);
    Ok(AuditPage {
        page: page.map(|found| row(found, &moments)),
        actor_name,
        kept_days: app.settings.audit_retention_days,
    })
}

/// An export under way; it holds one batch at a time.
pub struct Export {
    app: App,
    search: Search,
    format: Format,
    cursor: Option<TimeCursor>,
    is_begun: bool,
    is_over: bool,
}

/// Begins an export and records it.
///
/// # Errors
/// As any write.
pub async fn export(
    app: &App,
    allowed: &Allowed,
    filter: &AuditFilter,
    format: Format,
) -> Result<Export, ServiceError> {
    let now = app.clock.now();
    let search = search(allowed, filter, now)?;
    let who = audit::Who::of(allowed, now);
    let name = format.extension();
    let target = audit::Target::new("audit", name, name.to_uppercase());
    let narrowed: Map<String, Value> = filter
        .to_pairs()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let after = (!narrowed.is_empty()).then(|| narrowed.into());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &who, "audit.export", &target, None, after).await?;
                Ok::<_, ServiceError>(())
            })
        })
        .await?;
    Ok(Export {
        app: app.clone(),
        search,
        format,
        cursor: None,
        is_begun: false,
        is_over: false,
    })
}

impl Export {
    /// The file, part by part. After an error, which is what the database answers, it must not look whole.
    pub fn parts(self) -> impl Stream<Item = Result<String, ServiceError>> + Send {
        stream::try_unfold(self, async |mut export| {
            let next = export.next().await;
            next.map(|part| part.map(|part| (part, export)))
        })
    }

    /// The next part of the file; `None` at its end.
    async fn next(&mut self) -> Result<Option<String>, ServiceError> {
        if self.is_over {
            return Ok(None);
        }
        let mut connection = self.app.db.read().await?;
        let cursor = self.cursor.as_ref();
        let found = audit_search::list(&mut connection, &self.search, cursor, false, BATCH).await?;
        drop(connection);
        self.is_over = i64::try_from(found.len()).unwrap_or(BATCH) < BATCH;
        self.cursor = found.last().map(place);
        let mut text = String::new();
        if !self.is_begun && self.format == Format::Csv {
            text.push_str(&csv_row(COLUMNS));
        }
        self.is_begun = true;
        for found in &found {
            match self.format {
                Format::Csv => text.push_str(&csv_row(cells(found))),
                Format::Ndjson => {
                    text.push_str(&object(found).to_string());
                    text.push('\n');
                }
            }
        }
        Ok(Some(text))
    }
}

const COLUMNS: [&str; 12] = [
    "time",
    "organization",
    "actor_kind",
    "actor_id",
    "actor",
    "address",
    "action",
    "target_kind",
    "target_id",
    "target",
    "before",
    "after",
];

fn cells(found: &Found) -> [String; 12] {
    let found = found.clone();
    [
        moments::machine(found.occurred_at),
        found.organization_slug.unwrap_or_default(),
        found.actor_kind,
        found.actor_id,
        found.actor_name,
        found.address,
        found.action,
        found.target_kind,
        found.target_id,
        found.target_name,
        found.before.unwrap_or_default(),
        found.after.unwrap_or_default(),
    ]
}

fn object(found: &Found) -> Value {
    let mut object: Map<String, Value> = COLUMNS
        .into_iter()
        .zip(cells(found))
        .map(|(name, cell)| (name.to_owned(), json!(cell)))
        .collect();
    object.insert("organization".to_owned(), json!(found.organization_slug));
    for (name, text) in [("before", &found.before), ("after", &found.after)] {
        object.insert(name.to_owned(), parsed(text.as_deref()));
    }
    object.into()
}

/// The proof decides what is seen: one organization, or everything.
fn search(allowed: &Allowed, filter: &AuditFilter, now: Millis) -> Result<Search, ServiceError> {
    let organization_id = match allowed.permission() {
        Permission::ReadAllAudit => None,
        _ => Some(allowed.check_in(Permission::ReadAudit)?.id.clone()),
    };
    let actor = filter.actor.as_deref().and_then(|actor| {
        let (kind, id) = actor.split_once(':')?;
        Some((kind.to_owned(), id.to_owned()))
    });
    Ok(Search {
        organization_id,
        actor,
        action: filter.action.clone(),
        target_kind: filter.target.clone(),
        since: moments::since(filter.within.as_deref(), now),
    })
}

fn place(found: &Found) -> TimeCursor {
    TimeCursor {
        at: found.occurred_at,
        id: found.id.clone(),
    }
}

fn row(found: Found, moments: &Moments) -> AuditRow {
    let changes = changes(found.before.as_deref(), found.after.as_deref(), moments);
    let actor_kind = match found.actor_kind.as_str() {
        "account" => "Account",
        "token" => "Token",
        "command_line" => "On the server",
        _ => "Automatic",
    };
    AuditRow {
        at: moments.moment(found.occurred_at),
        actor: format!("{}:{}", found.actor_kind, found.actor_id),
        actor_kind: actor_kind.to_owned(),
        organization: found
            .organization_slug
            .zip(found.organization_name)
            .map(|(slug, name)| OrganizationLink { slug, name }),
        id: found.id,
        actor_name: found.actor_name,
        address: found.address,
        action: found.action,
        target_name: found.target_name,
        changes,
    }
}

fn parsed(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// What differs between two JSON objects, in the order of the names.
fn changes(before: Option<&str>, after: Option<&str>, moments: &Moments) -> Vec<AttributeChange> {
    let (before, after) = (parsed(before), parsed(after));
    let names = [&before, &after]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect::<std::collections::BTreeSet<_>>();
    names
        .into_iter()
        .map(|name| AttributeChange {
            attribute: label(name),
            old: before
                .get(name)
                .and_then(|value| shown(name, value, moments)),
            new: after
                .get(name)
                .and_then(|value| shown(name, value, moments)),
        })
        .filter(|change| change.old != change.new)
        .collect()
}

/// "missing_names" as "Missing names".
fn label(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A value in words; times are told by their names.
fn shown(name: &str, value: &Value, moments: &Moments) -> Option<String> {
    match value {
        Value::Number(at) if name.ends_with("_at") => {
            at.as_i64().map(|at| moments.moment(at).exact)
        }
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn before_and_after_become_what_differs() {
        let utc = Moments::new(0, TimeZone::UTC);
        let found = changes(
            Some(r#"{"missing_names":"reject","same":1}"#),
            Some(
                r#"{"missing_names":"accept","same":1,"is_default":true,"expires_at":1795425238412}"#,
            ),
            &utc,
        );
        let shown: Vec<_> = found
            .iter()
            .map(|change| {
                (
                    change.attribute.as_str(),
                    change.old.as_deref(),
                    change.new.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("Expires at", None, Some("23 Nov 2026, 09:13:58 UTC")),
                ("Is default", None, Some("yes")),
                ("Missing names", Some("reject"), Some("accept")),
            ]
        );
        assert!(changes(None, Some("nonsense"), &utc).is_empty());
    }
}
