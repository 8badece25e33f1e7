//! What a provisioning client may do with an organization's users: the use cases behind `/scim/{slug}/v2`.
//!
//! Each takes the [`Exchange`] that becomes the log entry and gives back an [`Answer`] or a [`Refusal`].

mod caller;
mod change;
mod columns;
mod create;
mod delete;
mod guard;
mod policy;
mod read;
mod rehearsal;
mod settle;
mod take_over;
mod unit;

pub use caller::{Caller, PresentedToken, Refused, Unproved, authenticate, authenticate_again};
pub use change::{patch, replace};
pub use create::create;
pub use delete::delete;
pub use read::{find, list, name_query, schemas_enforcement, sought_by};
pub use rehearsal::{LoggedRequest, Rehearsed, rehearse};
pub use settle::settle_roles;
pub use take_over::{may_be_taken_over, may_give_up_name};

use std::time::Instant;

use serde_json::Value;

use crate::model::log::{Action, Status};
use crate::server::App;
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::scim::error::{ScimError, quoted};
use crate::server::scim::projection::Projection;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Meta, User};
use crate::server::scim::target;
use crate::server::services::recording::{Exchange, Note};
use crate::server::store::Tx;
use crate::server::store::db::BoxFuture;
use crate::server::store::foresight::Foresight;
use crate::server::store::provisioning_logs::{HourCounts, HourKey, NewEntry};
pub use crate::server::store::request_lookup::Sought;
use crate::server::store::users::StoredUser;

/// What goes back to the client.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// JSON, as it goes to the client and into the log.
    pub body: Option<String>,
    /// The version for the `ETag` header.
    pub version: Option<i64>,
    /// For the `Location` and `Content-Location` headers.
    pub location: Option<String>,
    /// Nothing was to change: the log says *Skipped*.
    pub skipped: bool,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(as_json(&body)),
            version: None,
            location: None,
            skipped: false,
        }
    }
}

fn as_json(body: &Value) -> String {
    // A JSON value always serializes.
    serde_json::to_string(body).unwrap_or_default()
}

/// Why there is no [`Answer`]: the request is refused, or the database failed.
#[derive(Debug)]
pub enum Refusal {
    Scim(ScimError),
    Store(StoreError),
}

impl From<ScimError> for Refusal {
    fn from(error: ScimError) -> Self {
        Self::Scim(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Who asks for a change of users, and how it is to be answered.
#[derive(Debug, Clone)]
pub struct UserRequest {
    pub caller: Caller,
    /// `If-Match`: what the client accepts.
    pub precondition: Precondition,
    /// `If-None-Match`: what the client does not accept.
    pub unwanted: Precondition,
    pub projection: Projection,
}

/// `If-Match` or `If-None-Match` (RFC 7644 3.14): the versions that the client names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// No header: go on.
    None,
    /// `*`: the resource exists.
    Exists,
    /// Entity tags, compared weakly, since ours are weak.
    Versions(Vec<i64>),
}

impl Precondition {
    /// Reads the header's values, lists of entity tags. Tags of ours are `W/"n"`; a client that drops the `W/` means
    /// the same.
    pub fn parse(values: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let mut is_given = false;
        let mut versions = Vec::new();
        for value in values {
            is_given = true;
            for tag in value.as_ref().split(',').map(str::trim) {
                if tag == "*" {
                    return Self::Exists;
                }
                let version = tag.trim_start_matches("W/").trim_matches('"');
                versions.extend(version.parse::<i64>());
            }
        }
        if is_given {
            Self::Versions(versions)
        } else {
            Self::None
        }
    }

    /// Whether the client names this version of a user.
    fn names(&self, version: i64) -> bool {
        match self {
            Self::None => false,
            Self::Exists => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// A stored user with its attributes parsed.
struct Loaded {
    stored: StoredUser,
    user: User,
}

impl Loaded {
    fn new(stored: StoredUser) -> Result<Self, StoreError> {
        let user = serde_json::from_str(&stored.document)?;
        Ok(Self { stored, user })
    }

    /// The resource as SCIM answers it.
    fn into_json(self, tenant_url: &str) -> Value {
        let location = location(tenant_url, &self.stored.id);
        self.user.into_json(&Meta {
            id: &self.stored.id,
            created: self.stored.created_at,
            last_modified: self.stored.updated_at,
            version: self.stored.version,
            location: &location,
        })
    }

    /// Tells the log whom the request is about.
    fn name_in(&self, exchange: &mut Exchange) {
        exchange.subject.user_id = Some(self.stored.id.clone());
        exchange.subject.user_name = Some(self.stored.user_name.clone());
        exchange
            .subject
            .external_id
            .clone_from(&self.stored.external_id);
        exchange.subject.label = Some(self.user.display_label());
    }
}

fn location(tenant_url: &str, id: &str) -> String {
    format!("{tenant_url}/Users/{id}")
}

/// Entra's links to ids survive a restart of provisioning from its pages.
fn not_found(id: &str) -> ScimError {
    ScimError::new(
        Reason::UserNotFound,
        format!(
            "There is no user with the id {} here; it may have been deleted. Entra keeps this id until provisioning \
             is restarted through Microsoft Graph with resetScope Full, or the link is removed there through \
             objectConnections. Until then its requests for this user are refused.",
            quoted(id)
        ),
    )
}

/// What a `DELETE` of nobody is told: nothing is left to do.
fn gone_already(id: &str) -> ScimError {
    ScimError::new(
        Reason::UserNotFound,
        format!(
            "There is no user with the id {} here. It is gone already; nothing has to be done.",
            quoted(id)
        ),
    )
}

impl UserRequest {
    /// Whether the user's version is one to change (RFC 9110 13.2.2: `If-Match` first).
    fn check_version(&self, version: i64) -> Result<(), ScimError> {
        let failed = |text: String| Err(ScimError::new(Reason::PreconditionFailed, text));
        if self.precondition != Precondition::None && !self.precondition.names(version) {
            return failed(format!(
                "The user has been changed since it was read: its version is W/\"{version}\". Read it again, and \
                 repeat the change."
            ));
        }
        if self.unwanted.names(version) {
            return failed(format!(
                "If-None-Match rules out the user's version, which is W/\"{version}\". Leave the header out, or \
                 name the version to change in If-Match."
            ));
        }
        Ok(())
    }

    /// What a change of this user asks first.
    fn foresight(&self, exchange: &Exchange, user_id: &str) -> Foresight {
        // Roles are asked for where the request may give one.
        let body = exchange.incoming.body.as_deref().unwrap_or_default();
        Foresight {
            organization_id: self.caller.organization_id.clone(),
            user_id: Some(user_id.to_owned()),
            roles: exchange.incoming.method == "PUT" || body.contains("roles"),
            ..Foresight::default()
        }
    }
}

/// Runs a change: what `work` does, its history and the log entry commit together. A refusal commits its entry
/// alone, before the client is answered. `foresight` is what `work` asks first.
///
/// A refusal undoes nothing, since its entry is to stay: `work` refuses before it writes for the first time. Nothing
/// enforces that.
async fn write<F>(
    app: &App,
    mut exchange: Exchange,
    foresight: Foresight,
    work: F,
) -> Result<Answer, Refusal>
where
    F: for<'t, 'c> FnOnce(
            &'t mut Tx<'c>,
            &'t mut Exchange,
        ) -> BoxFuture<'t, Result<Answer, Refusal>>
        + Send
        + 'static,
{
    if exchange.rehearsal.is_some() {
        return Box::pin(rehearsal::run(app, exchange, work)).await;
    }
    let live = app.live.clone();
    let (outcome, note, handed_over) = app
        .db
        .write_foreseen(foresight, move |tx| {
            Box::pin(async move {
                let outcome = match work(tx, &mut exchange).await {
                    Ok(answer) => Ok(answer),
                    Err(Refusal::Scim(error)) => Err(error),
                    Err(Refusal::Store(error)) => return Err(error),
                };
                let entry = entry(exchange, &outcome);
                let note = Note::counted(&entry);
                Exchange::store(tx, entry, live);
                Ok::<_, StoreError>((outcome, note, Instant::now()))
            })
        })
        .await?;
    app.metrics.commit_waited(handed_over.elapsed());
    app.recorder.note(note).await;
    outcome.map_err(Refusal::Scim)
}

/// The entry of a request that ends so.
fn entry(exchange: Exchange, outcome: &Result<Answer, ScimError>) -> NewEntry {
    match outcome {
        Ok(answer) => {
            exchange.into_entry(answer.status, None, answer.skipped, answer.body.as_deref())
        }
        Err(error) => {
            let body = as_json(&error.to_json(&exchange.request_id));
            exchange.into_entry(error.status(), Some(error), false, Some(&body))
        }
    }
}

/// Leaves the entry of a request that was refused before it reached the data, durable before the answer.
pub async fn record_refusal(
    app: &App,
    exchange: Exchange,
    error: ScimError,
) -> Result<Answer, Refusal> {
    write(app, exchange, Foresight::default(), move |_, _| {
        Box::pin(async move { Err(Refusal::Scim(error)) })
    })
    .await
}

/// Hands the entry of a request that changed nothing to the log's batch.
pub async fn record_read(app: &App, exchange: Exchange, outcome: &Result<Answer, ScimError>) {
    let entry = entry(exchange, outcome);
    app.recorder.note(Note::Entry(Box::new(entry))).await;
}

/// Leaves the entry of a request that the service itself failed; batched, so that it survives a database that is
/// away for a moment, and without waiting for one that is.
pub fn record_failure(app: &App, exchange: Exchange, error: &ScimError) {
    let (slug, _) = target::parse(&exchange.incoming.path);
    let is_placed = !exchange.organization_id.is_empty();
    let entry = Box::new(entry(exchange, &Err(error.clone())));
    app.recorder.offer(if is_placed {
        Note::Entry(entry)
    } else {
        Note::unplaced(slug, entry)
    });
}

/// Counts a refused caller whom the log does not record. `organization_id` is "" when there is no such
/// organization.
pub async fn count_unrecorded(app: &App, organization_id: String, now: Millis, reason: Reason) {
    let key = HourKey {
        organization_id,
        hour: HourKey::hour_of(now),
        action: Action::Unknown,
        status: Status::Failure,
        reason: reason.code(),
        token_id: String::new(),
    };
    let counts = HourCounts {
        entries: 0,
        unrecorded: 1,
        duration_us: 0,
    };
    app.recorder.note(Note::Unrecorded(key, counts, now)).await;
}

/// Counts that the service was described to somebody without a token. Whose slug it is, if anybody's, is found out later.
pub async fn count_described(app: &App, slug: String, now: Millis) {
    app.recorder.note(Note::described(slug, now)).await;
}
