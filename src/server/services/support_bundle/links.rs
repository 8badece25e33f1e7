//! Links to bundles: made, listed, opened by whoever has one, revoked. 256 random bits each, kept as a hash.

use serde_json::json;

use super::{Format, Wanted, aside, file_name, laid_out, make, target};
use crate::model::support_bundle::{BundleLink, BundleSubject, CreatedBundleLink};
use crate::server::App;
use crate::server::actor::{Actor, Allowed, Permission};
use crate::server::clock::DAY;
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::secret::{self, Secret};
use crate::server::services::audit::{self, Who};
use crate::server::services::moments::Moments;
use crate::server::store::support_bundles::{self as store, LiveBundle, NewBundle};

/// Links of one organization that work at the same time.
const LIVE: i64 = 100;
/// Random characters: 256 bits.
const SECRET: usize = 43;
/// Days that a link may work.
const DAYS: [i64; 3] = [1, 7, 30];

/// What is asked for beside the bundle itself.
#[derive(Debug, Clone)]
pub struct NewLink {
    pub days: i64,
    /// The form's one-time id (a UUID): sent twice, it makes no second link.
    pub once: String,
}

/// Keeps a bundle and answers the link to it, which is shown this once. `allowed` proves
/// [`Permission::ReadPayloads`].
///
/// # Errors
/// `NotFound` for what this organization does not have; `Invalid` for another time than the form offers; `Conflict`
/// when the form has made its link, or too many of them work.
pub async fn link(
    app: &App,
    allowed: &Allowed,
    wanted: &Wanted,
    new: NewLink,
) -> Result<CreatedBundleLink, ServiceError> {
    let organization_id = allowed.check_in(Permission::ReadPayloads)?.id.clone();
    if !DAYS.contains(&new.days) {
        return Err(ServiceError::invalid("days", "Choose 1, 7 or 30 days."));
    }
    let id = ids::canonical(&new.once)
        .ok_or_else(|| ServiceError::invalid("once", "Open the form anew."))?;
    let document = make(app, allowed, wanted).await?;
    let title = document.title.text.clone();
    let document = aside(move || serde_json::to_string(&document)).await?;
    let now = app.clock.now();
    let secret = Secret::new(secret::random_base62(SECRET)?);
    let bundle = NewBundle {
        id,
        organization_id,
        hash: secret.hash(),
        subject: wanted.subject.as_str(),
        subject_id: wanted.subject.id().to_owned(),
        title,
        is_anonymous: wanted.without_personal_data,
        created_at: now,
        created_by: allowed.actor().name(),
        expires_at: now + new.days * DAY,
        document: document.map_err(StoreError::from)?,
    };
    let created = CreatedBundleLink {
        url: format!(
            "{}/support-bundles/{}",
            app.settings.public_url,
            secret.reveal()
        ),
        title: bundle.title.clone(),
        without_personal_data: bundle.is_anonymous,
        expires: Moments::of(allowed, now).moment(bundle.expires_at),
    };
    let (who, target) = (Who::of(allowed, now), target(&wanted.subject));
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if store::count_live(tx, &bundle.organization_id, now).await? >= LIVE {
                    return Err(ServiceError::conflict(
                        "100 links to support bundles of this organization work already. Revoke one that nobody \
                         needs any more.",
                    ));
                }
                if !store::insert(tx, &bundle).await? {
                    return Err(ServiceError::conflict(
                        "This form has made its link already, and a link is shown once. If it is lost, revoke it and \
                         make another.",
                    ));
                }
                let after = json!({
                    "expires_at": bundle.expires_at,
                    "without_personal_data": bundle.is_anonymous,
                });
                audit::record(tx, &who, "support_bundle.link", &target, None, Some(after)).await?;
                Ok(())
            })
        })
        .await?;
    Ok(created)
}

/// The organization's links that work, newest first. `allowed` proves [`Permission::ReadPayloads`].
///
/// # Errors
/// As any read.
pub async fn list(app: &App, allowed: &Allowed) -> Result<Vec<BundleLink>, ServiceError> {
    let id = &allowed.check_in(Permission::ReadPayloads)?.id;
    let now = app.clock.now();
    let moments = Moments::of(allowed, now);
    let found = store::list_live(&mut app.db.read().await?, id, now).await?;
    found
        .into_iter()
        .map(|bundle| row(bundle, &moments))
        .collect()
}

fn row(bundle: LiveBundle, moments: &Moments) -> Result<BundleLink, ServiceError> {
    Ok(BundleLink {
        subject: subject(&bundle.subject, &bundle.subject_id)?,
        id: bundle.id,
        title: bundle.title,
        without_personal_data: bundle.is_anonymous,
        created: moments.moment(bundle.created_at),
        created_by: bundle.created_by,
        expires: moments.moment(bundle.expires_at),
        opened: u64::try_from(bundle.opened).unwrap_or_default(),
        last_opened: bundle.last_opened_at.map(|at| moments.moment(at)),
    })
}

fn subject(name: &str, id: &str) -> Result<BundleSubject, StoreError> {
    BundleSubject::parse(name, id)
        .ok_or_else(|| StoreError::Corrupt(format!("a support bundle of {name:?}")))
}

/// Ends a link at once. Again is no error. `allowed` proves [`Permission::ReadPayloads`].
///
/// # Errors
/// As any write.
pub async fn revoke(app: &App, allowed: &Allowed, id: &str) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::ReadPayloads)?.id.clone();
    let now = app.clock.now();
    let (who, id) = (Who::of(allowed, now), id.to_owned());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let found = store::find_subject(tx, &organization_id, &id, now).await?;
                if let Some((name, subject_id)) = found {
                    store::delete(tx, &organization_id, &id).await?;
                    let target = target(&subject(&name, &subject_id)?);
                    audit::record(tx, &who, "support_bundle.revoke", &target, None, None).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A bundle that somebody has opened by its link.
#[derive(Debug, Clone)]
pub struct Opened {
    pub body: String,
    /// Of the file, without its ending.
    pub name: String,
}

/// What a link shows, if it works; each opening is audited. Whoever opens it need not be anybody here.
///
/// # Errors
/// As any write.
pub async fn open(
    app: &App,
    secret: &str,
    address: &str,
    format: Format,
) -> Result<Option<Opened>, ServiceError> {
    let now = app.clock.now();
    let hash = secret::hash(secret);
    let found = store::find_live(&mut app.db.read().await?, &hash, now).await?;
    let Some(bundle) = found else {
        return Ok(None);
    };
    let subject = subject(&bundle.subject, &bundle.subject_id)?;
    let kept = bundle.document;
    let body = aside(move || {
        let document = serde_json::from_str(&kept).map_err(StoreError::from)?;
        laid_out(&document, format)
    });
    let opened = Opened {
        body: body.await??,
        name: file_name(&subject),
    };
    let who = Who {
        actor: Actor::Account {
            id: String::new(),
            name: "Somebody with the link".to_owned(),
        },
        address: address.to_owned(),
        organization_id: Some(bundle.organization_id),
        at: now,
    };
    let target = target(&subject);
    let (id, after) = (bundle.id, json!({ "format": format.extension() }));
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let works = store::opened(tx, &id, now).await?;
                if works {
                    audit::record(tx, &who, "support_bundle.open", &target, None, Some(after))
                        .await?;
                }
                Ok(works.then_some(opened))
            })
        })
        .await
}
