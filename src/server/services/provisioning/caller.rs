//! Who calls: the token, the organization in the URL, and whether the two belong together.

use crate::model::log::StepKind;
use crate::model::organization::{MissingNames, MissingRole, ProvisioningState, UnknownRole};
use crate::model::token::{TOKEN_PREFIX, TOKEN_START};
use crate::server::App;
use crate::server::clock::{DAY, HOUR, MINUTE, Millis};
use crate::server::error::StoreError;
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::Remark;
use crate::server::secret::Secret;
use crate::server::services::recording::{CallingToken, Exchange, Note};
use crate::server::services::tokens::looks_genuine;
use crate::server::store::request_lookup::{self, LookupOrganization, LookupToken, Sought};
use crate::server::store::tokens;
use crate::server::store::users::{self, StoredUser};

/// A provisioning client that has proved who it is: its organization and that organization's rules.
#[derive(Debug, Clone)]
pub struct Caller {
    pub organization_id: String,
    /// `{PUBLIC_URL}/scim/{slug}/v2`, without a trailing slash.
    pub tenant_url: String,
    pub missing_names: MissingNames,
    pub missing_role: MissingRole,
    pub unknown_role: UnknownRole,
    /// Users who may lose access in one cycle; `None` while the accidental-deletion guard is off.
    pub removal_limit: Option<i64>,
    pub token: CallingToken,
}

impl Caller {
    /// Whoever sent a logged request, under the rules that their organization has now. Whether the token is still
    /// good is not asked.
    ///
    /// # Errors
    /// [`Refused::NotNow`] when provisioning is off or paused.
    pub(super) async fn again(app: &App, slug: &str, token: CallingToken) -> Result<Self, Refused> {
        let mut connection = app.db.read_by_key().await?;
        // No hash is empty: this finds the organization only.
        let found = request_lookup::look_up(&mut connection, slug, "", None).await?;
        let Some(organization) = found.organization else {
            return Err(Refused::NotNow(ScimError::token_refused(
                Reason::OrganizationUnknown,
            )));
        };
        check_state(organization.state)?;
        Ok(Self::new(app, slug, organization, token))
    }

    fn new(app: &App, slug: &str, organization: LookupOrganization, token: CallingToken) -> Self {
        Self {
            tenant_url: app.settings.tenant_url(slug),
            organization_id: organization.id,
            missing_names: organization.policies.missing_names,
            missing_role: organization.policies.missing_role,
            unknown_role: organization.policies.unknown_role,
            removal_limit: organization.removal_limit,
            token,
        }
    }

    /// The user of the caller's organization, without another question where it was asked along with the first.
    pub(super) async fn user(
        &self,
        app: &App,
        exchange: &mut Exchange,
        sought: &Sought,
    ) -> Result<Option<StoredUser>, StoreError> {
        if let Some((looked_for, found)) = exchange.looked_up.take()
            && looked_for == *sought
        {
            return Ok(found);
        }
        let mut connection = app.db.read_by_key().await?;
        match sought {
            Sought::Id(id) => users::find(&mut connection, &self.organization_id, id).await,
            Sought::UserName(key) => {
                users::find_by_user_name(&mut connection, &self.organization_id, key).await
            }
        }
    }
}

/// The token that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedToken {
    pub secret: Secret,
    /// `Bearer Bearer rhp_...`: the admin pasted the scheme together with the token.
    pub doubled: bool,
}

/// Why a caller is refused.
#[derive(Debug)]
pub enum Refused {
    /// The token does not open this organization: 401.
    Unproved(Unproved),
    /// The token is good, but provisioning is off (403) or paused (503).
    NotNow(ScimError),
    Store(StoreError),
}

/// A 401, and what of it the log keeps.
#[derive(Debug)]
pub struct Unproved {
    pub error: ScimError,
    /// Whether the organization in the URL exists: its log gets the entry. Never told to the client.
    pub organization_id: Option<String>,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An organization and the token that opens it, and the user who was asked for along with them.
struct Proved {
    organization: LookupOrganization,
    token: LookupToken,
    user: Option<StoredUser>,
}

/// Finds the caller, and the user whom the request asks for, with one query. Fills the exchange with the organization,
/// the token and that user.
///
/// # Errors
/// [`Refused`], with the same text for an unknown organization, an unknown token and a foreign one.
pub async fn authenticate(
    app: &App,
    slug: &str,
    bearer: Result<PresentedToken, ScimError>,
    sought: Option<Sought>,
    exchange: &mut Exchange,
) -> Result<Caller, Refused> {
    let now = exchange.received_at;
    let is_doubled = bearer.as_ref().is_ok_and(|bearer| bearer.doubled);
    let proved = prove(app, slug, bearer, sought.as_ref(), now, exchange).await?;
    let token = proved.token;
    if is_doubled {
        exchange.remarks.push(Remark::new(
            Reason::BearerDoubled,
            "The Secret Token was pasted with 'Bearer ' before it. It works, but paste the token alone.",
        ));
    }
    if token.last_used_at.is_none_or(|used| now - used >= MINUTE) {
        note_use(app, token.id.clone(), exchange).await;
    }
    exchange.done(
        StepKind::Authenticate,
        format!(
            "Token {} {} is valid for {slug}, {} left.",
            token.name,
            token.prefix,
            span(token.expires_at - now)
        ),
    );
    check_state(proved.organization.state)?;
    exchange.looked_up = sought.map(|sought| (sought, proved.user));
    Ok(Caller::new(app, slug, proved.organization, calling(token)))
}

/// As [`authenticate`], of a caller who was let in and took long to say what for: by what holds now.
///
/// # Errors
/// As [`authenticate`].
pub async fn authenticate_again(
    app: &App,
    slug: &str,
    bearer: Result<PresentedToken, ScimError>,
    exchange: &mut Exchange,
) -> Result<Caller, Refused> {
    exchange.token = None;
    let now = app.clock.now();
    let proved = prove(app, slug, bearer, None, now, exchange).await?;
    check_state(proved.organization.state)?;
    let token = calling(proved.token);
    Ok(Caller::new(app, slug, proved.organization, token))
}

async fn prove(
    app: &App,
    slug: &str,
    bearer: Result<PresentedToken, ScimError>,
    sought: Option<&Sought>,
    now: Millis,
    exchange: &mut Exchange,
) -> Result<Proved, Refused> {
    let hash = match &bearer {
        Ok(bearer) => bearer.secret.hash(),
        // No hash is empty: this finds the organization only.
        Err(_) => String::new(),
    };
    let mut connection = app.db.read_by_key().await?;
    let found = request_lookup::look_up(&mut connection, slug, &hash, sought).await?;
    drop(connection);

    let organization_id = found.organization.as_ref().map(|found| found.id.clone());
    let unproved = |error: ScimError| {
        Refused::Unproved(Unproved {
            error,
            organization_id: organization_id.clone(),
        })
    };
    if let Some(id) = &organization_id {
        exchange.organization_id.clone_from(id);
    }
    let bearer = bearer.map_err(unproved)?;
    let Some(organization) = found.organization else {
        return Err(unproved(ScimError::token_refused(
            Reason::OrganizationUnknown,
        )));
    };
    let Some(token) = found.token else {
        exchange.hint = Some(resemblance(app, &organization.id, bearer.secret.reveal()).await?);
        return Err(unproved(ScimError::token_refused(Reason::TokenUnknown)));
    };
    if token.organization_id != organization.id {
        return Err(unproved(ScimError::token_refused(
            Reason::TokenWrongOrganization,
        )));
    }
    exchange.token = Some(calling(token.clone()));
    check_token(&token, now).map_err(unproved)?;
    Ok(Proved {
        organization,
        token,
        user: found.user,
    })
}

fn calling(token: LookupToken) -> CallingToken {
    CallingToken {
        id: token.id,
        name: token.name,
        prefix: token.prefix,
    }
}

/// Whether the organization's token still opens it.
fn check_token(token: &LookupToken, now: Millis) -> Result<(), ScimError> {
    let (reason, ended, at) = match token.revoked_at {
        Some(at) => (Reason::TokenRevoked, "was revoked", at),
        None if token.expires_at <= now => (Reason::TokenExpired, "expired", token.expires_at),
        None => return Ok(()),
    };
    Err(ScimError::new(
        reason,
        format!(
            "The Secret Token '{}' ({}) {ended} {} ago. Create a new one in Rhombus and paste it into Provisioning, \
             Admin Credentials, Secret Token.",
            token.name,
            token.prefix,
            span(now - at)
        ),
    ))
}

async fn note_use(app: &App, token_id: String, exchange: &Exchange) {
    app.recorder
        .note(Note::TokenUsed {
            token_id,
            at: exchange.received_at,
            address: exchange.incoming.address.clone(),
            user_agent: exchange.incoming.user_agent.clone().unwrap_or_default(),
        })
        .await;
}

fn check_state(state: ProvisioningState) -> Result<(), Refused> {
    Err(Refused::NotNow(match state {
        ProvisioningState::On => return Ok(()),
        ProvisioningState::Off => ScimError::new(
            Reason::OrganizationOff,
            "Provisioning is turned off for this organization. Ask Rhombus Support to turn it on.",
        ),
        ProvisioningState::Paused => ScimError::new(
            Reason::OrganizationPaused,
            "Provisioning is paused in Rhombus by an admin of this organization. Nothing is lost: Entra tries \
             again later. An admin can resume it in Rhombus Provisioning.",
        ),
    }))
}

/// What helps to find out where an unknown token came from; of its text only a beginning that we know already.
async fn resemblance(app: &App, organization_id: &str, secret: &str) -> Result<String, StoreError> {
    let length = secret.chars().count();
    let begins = if let Some(prefix) = secret
        .get(..TOKEN_PREFIX)
        .filter(|prefix| prefix.starts_with(TOKEN_START))
    {
        let mut connection = app.db.read_by_key().await?;
        let known = tokens::find_id_by_prefix(&mut connection, organization_id, prefix).await?;
        match known {
            Some(_) => format!("like the token {prefix}: it was cut or changed when it was pasted"),
            None if looks_genuine(secret) => {
                "like a Secret Token, but like none of this organization".to_owned()
            }
            None => "like a Secret Token, but was cut or changed when it was pasted".to_owned(),
        }
    } else {
        "unlike a Secret Token".to_owned()
    };
    Ok(format!(
        "The token sent has {length} characters and begins {begins}."
    ))
}

/// "3 days", "5 hours", "1 minute": the largest unit, rounded down.
fn span(duration: Millis) -> String {
    let (count, unit) = match duration.max(0) {
        duration if duration >= DAY => (duration / DAY, "day"),
        duration if duration >= HOUR => (duration / HOUR, "hour"),
        duration if duration >= MINUTE => (duration / MINUTE, "minute"),
        duration => (duration / 1_000, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}
