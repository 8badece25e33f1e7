//! What the organization's mails look like, for whoever has had none yet.

use super::letters::{context, sender_of};
use crate::model::notification::{NotificationSettings, RecipientLink};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::ServiceError;
use crate::server::services::mails::{self, Composed};
use crate::server::store::notifications as store;

/// A mail about a failure that is made up, as this organization's recipients would get it now.
///
/// # Errors
/// As any read.
pub async fn get(app: &App, allowed: &Allowed) -> Result<Composed, ServiceError> {
    let organization = allowed.check_in(Permission::ReadNotifications)?;
    let mut connection = app.db.read_by_key().await?;
    let settings = store::settings(&mut connection, &organization.id)
        .await?
        .settings;
    Ok(composed(app, organization, &settings))
}

pub(super) fn composed(
    app: &App,
    organization: &OrganizationRef,
    settings: &NotificationSettings,
) -> Composed {
    let sender = sender_of(&organization.name, &organization.slug, settings);
    // A link that works would belong to a recipient.
    let unsubscribe_url = format!(
        "{}{}/{}",
        app.settings.public_url,
        RecipientLink::Unsubscribe.path(),
        mails::NOTHING
    );
    mails::sample(&context(app, &sender, &unsubscribe_url, app.clock.now()))
}
