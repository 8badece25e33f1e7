//! The whole filtered log as a file, read batch by batch while it is sent.

use std::collections::VecDeque;

use futures_util::stream::{self, Stream};
use serde_json::{Map, Value, json};

use super::filter::search;
use super::{changes_of, whole_changes, words};
use crate::model::log::{Action, AttributeChange, LogFilter, Status};
use crate::model::query;
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::export::{Format, csv_row};
use crate::server::services::{moments, organization};
use crate::server::store::keyset::TimeCursor;
use crate::server::store::log_export::{self as store, ExportedEntry};
use crate::server::store::log_search::{Named, look_up};

/// Bytes after which a part of the file is sent.
const PART: usize = 1024 * 1024;

/// An export under way.
#[derive(Debug)]
pub struct Export {
    app: App,
    organization: OrganizationRef,
    filter: LogFilter,
    format: Format,
    /// Spans of time are counted from here, however long it takes.
    now: Millis,
    /// What the filter names, as looked up for the first batch.
    named: Option<Named>,
    cursor: Option<TimeCursor>,
    /// What is read and not yet sent. Changes that are too large for a list are not read before their turn comes.
    waiting: VecDeque<(ExportedEntry, Option<Vec<AttributeChange>>)>,
    begun: bool,
    /// Nothing is left to read.
    over: bool,
}

/// Begins an export and puts it into the audit log. The page that the filter names does not matter: all of its
/// pages are meant. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// [`ServiceError::Forbidden`] without that proof; else only what the database answers.
pub async fn export(
    app: &App,
    allowed: &Allowed,
    filter: LogFilter,
    format: Format,
) -> Result<Export, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?.clone();
    let now = app.clock.now();
    let filter = LogFilter {
        cursor: None,
        newer: false,
        ..filter
    };
    let who = Who::of(allowed, now);
    let target = Target::new("organization", &organization.id, &organization.name);
    // Without what was searched for: it may be a person's name, and the audit log outlives an erasure.
    let nameless = LogFilter {
        text: String::new(),
        ..filter.clone()
    };
    let mut after = Map::from_iter([
        ("format".to_owned(), json!(format.extension())),
        (
            "filter".to_owned(),
            json!(query::href("", &nameless.to_pairs())),
        ),
    ]);
    if !filter.text.is_empty() {
        after.insert("searched".to_owned(), json!(true));
    }
    app.db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &who, "log.export", &target, None, Some(after.into())).await?;
                Ok::<_, ServiceError>(())
            })
        })
        .await?;
    Ok(Export {
        app: app.clone(),
        organization,
        filter,
        format,
        now,
        named: None,
        cursor: None,
        waiting: VecDeque::new(),
        begun: false,
        over: false,
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
        let mut part = String::new();
        if !self.begun && self.format == Format::Csv {
            part.push_str(&csv_row(COLUMNS));
        }
        self.begun = true;
        // A search that stops without a row goes on: there is nothing to send meanwhile.
        loop {
            while let Some((exported, changes)) = self.waiting.pop_front() {
                let changes = match changes {
                    Some(changes) => changes,
                    None => self.whole_changes(&exported.entry.id).await?,
                };
                part.push_str(&self.line(&exported, &changes)?);
                if part.len() >= PART {
                    return Ok(Some(part));
                }
            }
            if self.over || !part.is_empty() {
                return Ok((!part.is_empty()).then_some(part));
            }
            self.batch().await?;
        }
    }

    async fn whole_changes(&self, log_id: &str) -> Result<Vec<AttributeChange>, ServiceError> {
        let mut connection = self.app.db.read().await?;
        whole_changes(&mut connection, &self.organization, log_id).await
    }

    /// Reads on.
    async fn batch(&mut self) -> Result<(), ServiceError> {
        let mut search = search(&self.organization, &self.filter, self.now);
        let mut connection = self.app.db.read().await?;
        search.named = match self.named.take() {
            Some(named) => named,
            None => look_up(&mut connection, &search).await?,
        };
        let found = store::batch(&mut connection, &search, self.cursor.as_ref()).await?;
        self.named = Some(search.named);
        let is_full = i64::try_from(found.entries.len()).unwrap_or(store::BATCH) >= store::BATCH;
        let last = found.entries.last().map(|last| last.entry.cursor());
        let next = found.stopped_at.or(last.filter(|_| is_full));
        self.over = next.is_none();
        self.cursor = next;
        let ids: Vec<&str> = found
            .entries
            .iter()
            .map(|exported| exported.entry.id.as_str())
            .collect();
        let changes = changes_of(&mut connection, &self.organization, &ids).await?;
        self.waiting = found.entries.into_iter().zip(changes).collect();
        Ok(())
    }

    fn line(
        &self,
        exported: &ExportedEntry,
        changes: &[AttributeChange],
    ) -> Result<String, ServiceError> {
        let values = values(exported, changes)?;
        Ok(match self.format {
            Format::Csv => csv_row(values.iter().map(cell)),
            Format::Ndjson => {
                let object: Map<String, Value> =
                    COLUMNS.into_iter().map(str::to_owned).zip(values).collect();
                format!("{}\n", Value::Object(object))
            }
        })
    }
}

const COLUMNS: [&str; 22] = [
    "time",
    "action",
    "status",
    "http_status",
    "scim_type",
    "reason",
    "attribute",
    "identity",
    "user_name",
    "user_id",
    "external_id",
    "summary",
    "changes",
    "token",
    "method",
    "path",
    "address",
    "user_agent",
    "client_version",
    "duration_ms",
    "cycle_id",
    "request_id",
];

/// In the order of [`COLUMNS`].
fn values(
    exported: &ExportedEntry,
    changes: &[AttributeChange],
) -> Result<[Value; COLUMNS.len()], ServiceError> {
    let ExportedEntry { entry, .. } = exported;
    let action = Action::parse(&entry.action);
    let status = Status::parse(&entry.status);
    let (Some(action), Some(status)) = (action, status) else {
        return Err(super::unknown(entry).into());
    };
    let changes_json = changes
        .iter()
        .map(|change| json!({"attribute": change.attribute, "old": change.old, "new": change.new}))
        .collect();
    let duration_ms = entry.duration_us as f64 / 1_000.0;
    Ok([
        json!(moments::machine(entry.occurred_at)),
        json!(entry.action),
        json!(entry.status),
        json!(entry.http_status),
        json!(exported.scim_type),
        json!(entry.reason),
        json!(exported.attribute),
        json!(words::identity(entry, action)),
        json!(entry.user_name),
        json!(entry.user_id),
        json!(exported.external_id),
        json!(words::summary(entry, action, status, Some(changes))),
        changes_json,
        json!(entry.token_prefix),
        json!(exported.method),
        json!(entry.path),
        json!(exported.address),
        json!(exported.user_agent),
        json!(exported.client_version),
        json!(duration_ms),
        json!(entry.cycle_id),
        json!(entry.id),
    ])
}

/// A value as a spreadsheet shows it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(changes) => {
            let lines: Vec<String> = changes.iter().map(change_line).collect();
            lines.join("; ")
        }
        other => other.to_string(),
    }
}

fn change_line(change: &Value) -> String {
    let text = |name: &str| change[name].as_str().unwrap_or("not set").to_owned();
    format!("{}: {} → {}", text("attribute"), text("old"), text("new"))
}
