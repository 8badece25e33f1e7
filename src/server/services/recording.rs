//! The provisioning log's writing side: what is known of one SCIM request while it is answered, and how it
//! becomes an entry.
//!
//! A change commits together with its entry ([`Exchange::store`]); entries of reads and of refused callers are
//! handed to the [`Recorder`], which writes them in batches.

mod batch;
mod described;
mod note;
mod outcome;
mod redaction;

pub use batch::Recorder;
pub use note::Note;
pub use outcome::issue_id;
use redaction::{mentions_token, redact_body, redact_query, redacted_answer, redacted_path};
pub use redaction::{redacted, redacted_body, redacted_text};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::model::log::{Action, LogRemark, Status, Step, StepKind, StepOutcome};
use crate::server::actor::Actor;
use crate::server::clock::Millis;
use crate::server::scim::error::ScimError;
use crate::server::scim::resource::{Change, Remark, case_key};
use crate::server::services::live::Live;
use crate::server::store::Tx;
use crate::server::store::issue_records;
use crate::server::store::provisioning_logs::{self, HourCounts, HourKey, NewEntry, NewPayload};
use crate::server::store::request_lookup::Sought;
use crate::server::store::users::StoredUser;

/// Bytes of a body that are kept.
const BODY_KEPT: usize = 64 * 1024;
/// Characters of a header or query that are kept.
const TEXT_KEPT: usize = 2_000;

/// How a request came in.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    pub method: String,
    /// The path without the query.
    pub path: String,
    pub query: Option<String>,
    pub address: String,
    pub user_agent: Option<String>,
    /// Entra's `ADSCIMVersion` header: a hint, never trusted. This and the user agent come redacted.
    pub client_version: Option<String>,
    /// Names and redacted values.
    pub headers: Vec<(String, String)>,
    /// `None` until it is read.
    pub body: Option<String>,
    /// Some of it that matters is missing here: it would not mean the same if it were tried again.
    pub is_partial: bool,
}

/// Whether what a request with this method asks for is in its body, too.
pub fn has_body(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD" | "DELETE")
}

impl Incoming {
    /// Without what is large.
    fn brief(&self) -> Self {
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            address: self.address.clone(),
            user_agent: self.user_agent.clone(),
            client_version: self.client_version.clone(),
            is_partial: true,
            ..Self::default()
        }
    }
}

/// Which token called, as the entry names it.
#[derive(Debug, Clone)]
pub struct CallingToken {
    pub id: String,
    pub name: String,
    pub prefix: String,
}

impl CallingToken {
    /// The token as the author of a change.
    pub fn actor(&self) -> Actor {
        Actor::Token {
            id: self.id.clone(),
            name: self.name.clone(),
            prefix: self.prefix.clone(),
        }
    }
}

/// Whom a request is about, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub external_id: Option<String>,
    /// The name that people know them by.
    pub label: Option<String>,
}

impl Subject {
    /// What an index can hold and the log may keep: a request may name whom it likes, with a token in the name.
    fn tidy(&mut self) {
        for (text, limit) in [
            (&mut self.user_id, 200),
            (&mut self.user_name, 1_000),
            (&mut self.external_id, 1_000),
            (&mut self.label, 800),
        ] {
            *text = text.take().map(|text| cut(redacted(text), limit));
        }
    }
}

/// Where a request that is only tried leaves what became of it.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal(Arc<Mutex<Tried>>);

#[derive(Debug, Default)]
struct Tried {
    changes: Vec<Change>,
    exchange: Option<Exchange>,
}

impl Rehearsal {
    fn tried(&self) -> MutexGuard<'_, Tried> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the request would change.
    pub fn would_change(&self, changes: &[Change]) {
        self.tried().changes = changes.to_vec();
    }

    /// The exchange at its end.
    pub fn ended(&self, mut exchange: Exchange) {
        exchange.rehearsal = None;
        self.tried().exchange = Some(exchange);
    }

    /// What there is of it: the exchange, if it got to its end, and the changes.
    pub fn take(&self) -> (Option<Exchange>, Vec<Change>) {
        let mut tried = self.tried();
        (tried.exchange.take(), std::mem::take(&mut tried.changes))
    }
}

/// One request and its answer, while the service works on it.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub request_id: String,
    pub received_at: Millis,
    pub incoming: Incoming,
    pub organization_id: String,
    pub token: Option<CallingToken>,
    pub action: Action,
    pub subject: Subject,
    pub remarks: Vec<Remark>,
    /// What a refused request wanted to change.
    pub refused_changes: Vec<Change>,
    /// What only the log says about a refusal, beside the text that the client gets.
    pub hint: Option<String>,
    /// The request is tried only: nothing of it is stored.
    pub rehearsal: Option<Rehearsal>,
    /// Whom the question for the caller was asked about too, and who that is; for whoever asks first.
    pub looked_up: Option<(Sought, Option<StoredUser>)>,
    steps: Vec<Step>,
    started: Instant,
    step_started: Instant,
}

impl Exchange {
    /// A request that came in at `received_at`.
    pub fn new(request_id: String, received_at: Millis, incoming: Incoming) -> Self {
        let started = Instant::now();
        Self {
            request_id,
            received_at,
            incoming,
            organization_id: String::new(),
            token: None,
            action: Action::Unknown,
            subject: Subject::default(),
            remarks: Vec::new(),
            refused_changes: Vec::new(),
            hint: None,
            rehearsal: None,
            looked_up: None,
            steps: Vec::with_capacity(6),
            started,
            step_started: started,
        }
    }

    /// The same request with its steps so far, without its body and what else was found out: enough for an entry that
    /// says that the service failed, should the work take the rest with it.
    pub fn brief(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            received_at: self.received_at,
            incoming: self.incoming.brief(),
            organization_id: self.organization_id.clone(),
            token: self.token.clone(),
            action: self.action,
            subject: self.subject.clone(),
            remarks: Vec::new(),
            refused_changes: Vec::new(),
            hint: None,
            rehearsal: None,
            looked_up: None,
            steps: self.steps.clone(),
            started: self.started,
            step_started: self.step_started,
        }
    }

    /// Ends a step that did its work; `text` says what was found or done.
    pub fn done(&mut self, kind: StepKind, text: impl Into<String>) {
        self.step(kind, StepOutcome::Done, text.into());
    }

    fn step(&mut self, kind: StepKind, outcome: StepOutcome, text: String) {
        let now = Instant::now();
        let duration = now.duration_since(self.step_started);
        self.step_started = now;
        self.steps.push(Step {
            kind,
            outcome,
            duration_us: micros(duration),
            text,
        });
    }

    /// The step after the last finished one is where a refusal happened.
    fn refused_step(&self, error: &ScimError) -> StepKind {
        const ORDER: [StepKind; 6] = [
            StepKind::Authenticate,
            StepKind::Parse,
            StepKind::Match,
            StepKind::Apply,
            StepKind::Validate,
            StepKind::Store,
        ];
        if error.status() == 401 {
            return StepKind::Authenticate;
        }
        // What the service failed accuses no step of the request: of a change it is the storing that did not come about,
        // and where nothing is known it may have been anything.
        if error.reason.is_own_fault() && (self.action.is_change() || self.steps.is_empty()) {
            return StepKind::Store;
        }
        let last = self
            .steps
            .iter()
            .filter_map(|step| ORDER.iter().position(|kind| *kind == step.kind))
            .max();
        ORDER[last.map_or(0, |index| (index + 1).min(ORDER.len() - 1))]
    }

    /// Closes the exchange: the entry to store, for the answer that the caller gets, whose body is JSON.
    pub fn into_entry(
        mut self,
        http_status: u16,
        error: Option<&ScimError>,
        skipped: bool,
        response_body: Option<&str>,
    ) -> NewEntry {
        if let Some(error) = error {
            let kind = self.refused_step(error);
            let mut text = error.detail.clone();
            if let Some(hint) = self.hint.take() {
                text = format!("{text} {hint}");
            }
            self.step(kind, StepOutcome::Failed, text);
        }
        let status = self.status(error.is_some(), skipped);
        let duration_us = micros(self.started.elapsed());
        self.subject.tidy();
        let payload = self.payload(response_body);
        let remarks: Vec<LogRemark> = self.remarks.iter().map(log_remark).collect();
        // A remark's code stands where a refusal's would, so that both are found in the same way.
        let remark = outcome::gravest(&self.remarks).filter(|_| error.is_none());
        let mut entry = NewEntry {
            occurred_at: self.received_at,
            organization_id: self.organization_id,
            action: self.action,
            status,
            is_lookup: self.action.is_lookup(),
            method: self.incoming.method,
            path: redacted_path(cut(self.incoming.path, TEXT_KEPT)),
            http_status: i64::from(http_status),
            scim_type: error.and_then(|error| error.scim_type().map(|kind| kind.as_str())),
            reason: error
                .map(|error| error.reason.code())
                .or_else(|| remark.map(|remark| remark.reason.code())),
            attribute: error
                .and_then(|error| error.attribute.clone())
                .or_else(|| remark.and_then(|remark| remark.attribute.clone()))
                .map(redacted),
            detail: error.map(|error| redacted_text(&error.detail)),
            user_name_key: self.subject.user_name.as_deref().map(case_key),
            label_key: self.subject.label.as_deref().map(case_key),
            user_id: self.subject.user_id,
            user_name: self.subject.user_name,
            external_id: self.subject.external_id,
            label: self.subject.label,
            token_id: self.token.as_ref().map(|token| token.id.clone()),
            token_prefix: self.token.map(|token| token.prefix),
            address: self.incoming.address,
            user_agent: self
                .incoming
                .user_agent
                .map(|text| cut(redacted(text), 500)),
            client_version: self.incoming.client_version.map(|text| cut(text, 200)),
            duration_us,
            steps: redacted(json(&self.steps)),
            remarks: (!remarks.is_empty()).then(|| redacted(json(&remarks))),
            payload,
            occurrences: Vec::new(),
            success: None,
            id: self.request_id,
        };
        entry.occurrences = outcome::occurrences(&entry, error, &self.remarks);
        entry.success = outcome::success(&entry);
        entry
    }

    fn status(&self, failed: bool, skipped: bool) -> Status {
        if failed {
            Status::Failure
        } else if !self.remarks.is_empty() {
            Status::Warning
        } else if skipped {
            Status::Skipped
        } else {
            Status::Success
        }
    }

    fn payload(&mut self, response_body: Option<&str>) -> Option<NewPayload> {
        // A caller that has not proved who it is leaves no body.
        self.token.as_ref()?;
        let incoming = &mut self.incoming;
        let mut is_whole = !incoming.is_partial
            && (incoming.body.is_some() || !has_body(&incoming.method))
            && incoming.path.len() <= TEXT_KEPT
            && !mentions_token(&incoming.path);
        let mut is_cut = false;
        let query = incoming.query.take().map(|query| {
            let (query, is_same) = redact_query(query);
            is_whole &= is_same && query.len() <= TEXT_KEPT;
            cut(query, TEXT_KEPT)
        });
        let request_body = incoming.body.take().map(|body| {
            let (body, is_same) = redact_body(body);
            let is_long = body.len() > BODY_KEPT;
            is_cut |= is_long;
            is_whole &= is_same && !is_long;
            cut(body, BODY_KEPT)
        });
        let response_body = response_body.map(|body| {
            is_cut |= body.len() > BODY_KEPT;
            cut(redacted_answer(body), BODY_KEPT)
        });
        Some(NewPayload {
            query,
            request_headers: json(&incoming.headers),
            request_body,
            response_body,
            refused_changes: (!self.refused_changes.is_empty())
                .then(|| redacted(json(&self.refused_changes))),
            is_cut,
            is_whole,
        })
    }

    /// Stores the entry as part of `tx`: the change and its entry commit together, and pages are told after it.
    pub fn store(tx: &mut Tx<'_>, entry: NewEntry, live: Live) {
        let organization_id = entry.organization_id.clone();
        tx.after_commit(move || live.grown(&organization_id));
        issue_records::record_with_change(tx, &entry.occurrences, entry.success.as_ref());
        provisioning_logs::insert_with_change(tx, entry);
    }
}

/// The hourly counter that an entry belongs to.
pub(super) fn hour_of(entry: &NewEntry) -> (HourKey, HourCounts) {
    (
        HourKey {
            organization_id: entry.organization_id.clone(),
            hour: HourKey::hour_of(entry.occurred_at),
            action: entry.action,
            status: entry.status,
            reason: entry.reason.unwrap_or(""),
            token_id: entry.token_id.clone().unwrap_or_default(),
        },
        HourCounts {
            entries: 1,
            unrecorded: 0,
            duration_us: entry.duration_us,
        },
    )
}

fn log_remark(remark: &Remark) -> LogRemark {
    LogRemark {
        code: remark.reason.code().to_owned(),
        attribute: remark.attribute.clone(),
        text: remark.text.clone(),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    // Plain data with string keys always serializes.
    serde_json::to_string(value).unwrap_or_default()
}

fn micros(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// At most `limit` bytes of `text`, never within a character. The rest takes no memory while the entry waits.
fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit)
            .rev()
            .find(|index| text.is_char_boundary(*index))
            .unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_freed() {
        let kept = cut("ä".repeat(500_000), 99);
        assert_eq!(kept, "ä".repeat(49));
        assert!(kept.capacity() < 1_000, "{}", kept.capacity());
    }
}
