//! Browser sessions: tower-sessions over the `sessions` table.
//!
//! The table knows only a hash of the session id, so a copy of the database opens nobody's session. tower-sessions
//! has one expiry, ours are two: seven days in all, and twelve hours without a request.

use async_trait::async_trait;
use axum::http::Extensions;
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use crate::server::App;
use crate::server::clock::{Clock, DAY, MINUTE, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::secret;
use crate::server::services::sign_in::SignedIn;
use crate::server::store::Db;
use crate::server::store::sessions;

pub use crate::server::store::sessions::IDLE;

/// How long a session lasts, however busy it is.
const LIFETIME: Millis = 7 * DAY;
/// How often a request is noted.
const NOTED: Millis = MINUTE;
/// Characters of the user agent that are kept.
const AGENT: usize = 300;

/// The cookie's name.
pub const COOKIE: &str = "rhombus_session";
const KEY: &str = "signed_in";

/// Who has signed in, from where: what a session holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    account_id: String,
    address: String,
    user_agent: String,
}

/// The layer that gives each request its [`Session`].
pub fn layer(app: &App) -> SessionManagerLayer<Store> {
    SessionManagerLayer::new(Store::new(app))
        .with_name(COOKIE)
        .with_http_only(true)
        // Strict would lose the session on the way back from an identity provider.
        .with_same_site(SameSite::Lax)
        .with_secure(app.settings.is_https())
        .with_expiry(Expiry::OnInactivity(Duration::milliseconds(LIFETIME)))
}

/// Starts a session, under an id that nobody knew before.
///
/// # Errors
/// When the session cannot be stored.
pub async fn start(
    session: &Session,
    signed_in: &SignedIn,
    address: &str,
    user_agent: &str,
) -> std::result::Result<(), ServiceError> {
    let holder = Holder {
        account_id: signed_in.account_id.clone(),
        address: address.to_owned(),
        user_agent: user_agent.chars().take(AGENT).collect(),
    };
    // Not `flush`: it would store the new session under the id that the browser sent, which others may have put
    // there (session fixation).
    session.clear().await;
    session.cycle_id().await.map_err(failed)?;
    session.insert(KEY, holder).await.map_err(failed)?;
    session.save().await.map_err(failed)
}

/// Ends a session, if there is one.
///
/// # Errors
/// When it cannot be removed.
pub async fn end(session: &Session) -> std::result::Result<(), ServiceError> {
    session.flush().await.map_err(failed)
}

/// The account that has signed in.
///
/// # Errors
/// When the session cannot be read.
pub async fn account_id(session: &Session) -> std::result::Result<Option<String>, ServiceError> {
    let holder: Option<Holder> = session.get(KEY).await.map_err(failed)?;
    Ok(holder.map(|holder| holder.account_id))
}

/// Whether the session of a request goes on. Unlike a request, looking does not keep it from going idle: an open
/// page asks for hours.
///
/// # Errors
/// When the session cannot be read.
pub async fn is_open(app: &App, extensions: &Extensions) -> std::result::Result<bool, StoreError> {
    let Some(id) = extensions.get::<Session>().and_then(Session::id) else {
        return Ok(false);
    };
    let now = app.clock.now();
    let mut connection = app.db.read_by_key().await?;
    let found = sessions::find(&mut connection, &hash(id), now, now - IDLE).await?;
    Ok(found.is_some())
}

/// What the table calls a session.
pub fn stored_id(session: &Session) -> Option<String> {
    session.id().map(hash)
}

fn failed(error: tower_sessions::session::Error) -> ServiceError {
    StoreError::Unavailable(format!("session: {error}")).into()
}

/// Sessions in the database.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    clock: Clock,
}

impl Store {
    /// On the service's database.
    pub fn new(app: &App) -> Self {
        Self {
            db: app.db.clone(),
            clock: app.clock.clone(),
        }
    }
}

/// What is stored instead of the session id.
fn hash(id: Id) -> String {
    secret::hash(&id.to_string())
}

fn holder(record: &Record) -> Option<Holder> {
    record
        .data
        .get(KEY)
        .and_then(|value| serde_json::from_value(value.clone()).ok())
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl tower_sessions::SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let now = self.clock.now();
        let data = serde_json::to_string(&record.data)
            .map_err(|error| Error::Encode(error.to_string()))?;
        let holder = holder(record);
        loop {
            let row = sessions::Session {
                id: hash(record.id),
                account_id: holder.as_ref().map(|holder| holder.account_id.clone()),
                data: data.clone(),
                created_at: now,
                last_seen_at: now,
                expires_at: now + LIFETIME,
                address: holder
                    .as_ref()
                    .map_or_else(String::new, |holder| holder.address.clone()),
                user_agent: holder
                    .as_ref()
                    .map_or_else(String::new, |holder| holder.user_agent.clone()),
            };
            let is_new = self
                .db
                .write(move |tx| Box::pin(async move { sessions::insert(tx, &row).await }))
                .await
                .map_err(backend)?;
            if is_new {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let id = hash(record.id);
        let account_id = holder(record).map(|holder| holder.account_id);
        let data = serde_json::to_string(&record.data)
            .map_err(|error| Error::Encode(error.to_string()))?;
        self.db
            .write(move |tx| {
                Box::pin(
                    async move { sessions::update(tx, &id, account_id.as_deref(), &data).await },
                )
            })
            .await
            .map_err(backend)
    }

    async fn load(&self, session_id: &Id) -> Result<Option<Record>> {
        let now = self.clock.now();
        let id = hash(*session_id);
        let mut connection = self.db.read_by_key().await.map_err(backend)?;
        let row = sessions::find(&mut connection, &id, now, now - IDLE)
            .await
            .map_err(backend)?;
        drop(connection);
        let Some(row) = row else {
            return Ok(None);
        };
        if row.last_seen_at <= now - NOTED {
            let noted = self
                .db
                .write(move |tx| Box::pin(async move { sessions::touch(tx, &id, now).await }))
                .await;
            if let Err(error) = noted {
                tracing::warn!(error = %error, "a session's use was not noted");
            }
        }
        Ok(Some(Record {
            id: *session_id,
            data: serde_json::from_str(&row.data)
                .map_err(|error| Error::Decode(error.to_string()))?,
            // Kept by the table, not by this field.
            expiry_date: tower_sessions::cookie::time::OffsetDateTime::UNIX_EPOCH
                + Duration::milliseconds(row.expires_at),
        }))
    }

    async fn delete(&self, session_id: &Id) -> Result<()> {
        let id = hash(*session_id);
        self.db
            .write(move |tx| Box::pin(async move { sessions::delete(tx, &id).await }))
            .await
            .map_err(backend)
    }
}
