//! Support bundles: what explains one log entry, one issue or one user, for somebody who has no account here. As a file
//! or behind a link; with personal data or with pseudonyms in its place; never with a secret.
//!
//! A link keeps the bundle as it was made: it does not change while people talk about it, and it never reaches into
//! what happens later.

mod collect;
mod document;
mod entry;
mod html;
mod links;
mod pseudonyms;
mod secrets;

pub use html::{policy, unavailable};
pub use links::{NewLink, Opened, link, list, open, revoke};

use self::document::Document;
use crate::model::support_bundle::{BundleForm, BundleSubject};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::services::audit::{self, Target, Who};

/// What a bundle is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub subject: BundleSubject,
    /// One of [`crate::model::support_bundle::BUNDLE_SPANS`]; for users.
    pub within: String,
    pub without_personal_data: bool,
}

/// How a bundle is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One file that needs nothing else and prints well.
    Html,
    Json,
}

impl Format {
    /// For the `Content-Type` header.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// The end of the file's name, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

/// What the page that makes a bundle shows. `allowed` proves [`Permission::ReadPayloads`].
///
/// # Errors
/// `NotFound` for what this organization does not have.
pub async fn form(
    app: &App,
    allowed: &Allowed,
    subject: BundleSubject,
) -> Result<BundleForm, ServiceError> {
    allowed.check_in(Permission::ReadPayloads)?;
    let title = collect::title(app, allowed, &subject).await?;
    Ok(BundleForm {
        subject,
        title,
        once: ids::new_id(app.clock.now()),
    })
}

/// A bundle as a file. That it was made is audited, as looking at a payload is. `allowed` proves
/// [`Permission::ReadPayloads`].
///
/// # Errors
/// As [`form`].
pub async fn file(
    app: &App,
    allowed: &Allowed,
    wanted: &Wanted,
    format: Format,
) -> Result<String, ServiceError> {
    let document = make(app, allowed, wanted).await?;
    let (who, target) = (Who::of(allowed, app.clock.now()), target(&wanted.subject));
    let after = serde_json::json!({
        "format": format.extension(),
        "without_personal_data": wanted.without_personal_data,
    });
    app.db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(
                    tx,
                    &who,
                    "support_bundle.download",
                    &target,
                    None,
                    Some(after),
                )
                .await?;
                Ok::<_, ServiceError>(())
            })
        })
        .await?;
    aside(move || laid_out(&document, format)).await?
}

/// Everything that the bundle says, without secrets, and without personal data if that is wanted.
async fn make(app: &App, allowed: &Allowed, wanted: &Wanted) -> Result<Document, ServiceError> {
    allowed.check_in(Permission::ReadPayloads)?;
    // What has been answered is in the database now.
    app.recorder.flush().await;
    let document = collect::collect(app, allowed, wanted).await?;
    let without_personal_data = wanted.without_personal_data;
    aside(move || {
        let document = secrets::hide(document);
        match without_personal_data {
            true => pseudonyms::apply(document),
            false => document,
        }
    })
    .await
}

/// Does `work` on a thread of its own: a bundle may have megabytes of texts, and requests of others go on meanwhile.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ServiceError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ServiceError::Internal(format!("a support bundle was not made: {error}")))
}

fn laid_out(document: &Document, format: Format) -> Result<String, ServiceError> {
    Ok(match format {
        Format::Html => html::render(document),
        Format::Json => serde_json::to_string_pretty(document).map_err(StoreError::from)?,
    })
}

/// Of the file, without its ending. An id of a user is personal data.
pub fn file_name(subject: &BundleSubject) -> String {
    let id: String = match subject {
        BundleSubject::User(_) => "user".to_owned(),
        BundleSubject::LogEntry(id) | BundleSubject::Issue(id) => id
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .collect(),
    };
    format!("support-bundle-{id}")
}

/// As the audit log names it: by the id, since the log is kept longer than names are.
fn target(subject: &BundleSubject) -> Target {
    let name = format!("{} {}", subject.label().to_lowercase(), subject.id());
    Target::new("support_bundle", subject.id(), name)
}
