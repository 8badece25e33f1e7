//! One-time links: first start, invitation, reset. 256 random bits each, kept as a hash, good once.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::model::account::{AccountRole, CreatedLink, LinkDetails, LinkPurpose, SignInError};
use crate::model::address::Address;
use crate::model::notification::MailKind;
use crate::server::App;
use crate::server::actor::Actor;
use crate::server::clock::{DAY, HOUR, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::mail::Destination;
use crate::server::scim::resource::case_key;
use crate::server::secret::{self, Secret};
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::mails::{self, Invitation, Reset, Setting};
use crate::server::services::moments::Moments;
use crate::server::services::outbox::{self, Letter};
use crate::server::services::sign_in::{self, AccessError, SignedIn};
use crate::server::services::{names, passwords};
use crate::server::store::accounts::{self, Account, NewAccount};
use crate::server::store::outbox::{self as outbox_store, NewMail};
use crate::server::store::{Tx, leases, sessions};

/// The row that the transactions which make the first Support account take one after the other.
const FIRST_SUPPORT: &str = "first_support";

/// Mails with links that one address gets within an hour because others make them. More than it may ask for by itself, so
/// that whoever asks for it keeps nobody else from it.
const MAILED_AN_HOUR: i64 = 10;

/// How long a link is good.
fn lifetime(purpose: LinkPurpose) -> Millis {
    match purpose {
        LinkPurpose::FirstStart | LinkPurpose::Reset => HOUR,
        LinkPurpose::Invitation => 7 * DAY,
    }
}

/// A link on its way to the one who may use it.
#[derive(Debug, Clone)]
pub struct NewLink {
    secret: Secret,
    purpose: LinkPurpose,
}

impl NewLink {
    /// A link with a new secret; it works once it is kept.
    pub(super) fn new(purpose: LinkPurpose) -> Result<Self, ServiceError> {
        Ok(Self {
            secret: Secret::new(secret::random_base62(43)?),
            purpose,
        })
    }

    /// Keeps the link; older ones of the account die with it.
    pub(super) async fn replace(
        &self,
        tx: &mut Tx<'_>,
        account_id: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        accounts::use_links_of(tx, account_id, now).await?;
        self.store(tx, Some(account_id), now).await
    }

    /// Keeps the link beside older ones.
    pub(super) async fn store(
        &self,
        tx: &mut Tx<'_>,
        account_id: Option<&str>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let expires_at = now + lifetime(self.purpose);
        accounts::insert_link(
            tx,
            &self.secret.hash(),
            self.purpose,
            account_id,
            now,
            expires_at,
        )
        .await
    }

    /// As it is shown to whoever hands it on.
    pub(super) fn created(
        &self,
        app: &App,
        email: String,
        mail: Option<&NewMail>,
        moments: &Moments,
    ) -> CreatedLink {
        CreatedLink {
            email,
            purpose: self.purpose,
            url: self.url(app),
            expires: moments.moment(moments.now() + lifetime(self.purpose)),
            is_mailed: mail.is_some() && sends_mail(app),
        }
    }

    /// The mail that brings the link to its holder; `None` for an account whose name is no address that mail could go
    /// to. It belongs to no organization: a link is nobody's business but the account's.
    ///
    /// # Errors
    /// When there is no key to seal it with.
    pub(super) fn mail(
        &self,
        app: &App,
        bearer: &Bearer<'_>,
        now: Millis,
    ) -> Result<Option<NewMail>, ServiceError> {
        let Ok(to) = Address::parse(bearer.email) else {
            return Ok(None);
        };
        let url = self.url(app);
        let setting = Setting {
            public_url: &app.settings.public_url,
            now,
            zone: bearer.zone.clone(),
        };
        let expires_at = now + lifetime(self.purpose);
        let (kind, composed) = match self.purpose {
            LinkPurpose::Invitation | LinkPurpose::FirstStart => {
                let invitation = Invitation {
                    organization: bearer.organization,
                    role: bearer.role,
                    by: bearer.by.unwrap_or(SOMEBODY),
                    url: &url,
                    expires_at,
                };
                (
                    MailKind::Invitation,
                    mails::invitation(&setting, &invitation),
                )
            }
            LinkPurpose::Reset => {
                let reset = Reset {
                    email: bearer.email,
                    by: bearer.by,
                    url: &url,
                    expires_at,
                };
                (MailKind::Reset, mails::reset(&setting, &reset))
            }
        };
        let letter = Letter {
            organization_id: None,
            kind,
            event_key: format!("link:{}", self.secret.hash()),
            to,
            composed,
            unnamed: None,
            unsubscribe_url: None,
        };
        outbox::sealed(app.secret_key()?, letter, now).map(Some)
    }

    /// What to open in a browser.
    pub(super) fn url(&self, app: &App) -> String {
        let Self { secret, purpose } = self;
        format!(
            "{}{}/{}",
            app.settings.public_url,
            purpose.path(),
            secret.reveal()
        )
    }
}

/// Has a link go to its holder by mail. Nobody is written to again and again who has asked for nothing; only whoever is at
/// the computer itself needs no such limit.
///
/// # Errors
/// `Conflict` when the address has been sent too many.
pub(super) async fn post(
    tx: &mut Tx<'_>,
    mail: &NewMail,
    actor: &Actor,
) -> Result<(), ServiceError> {
    let lately = outbox::lately(mail.created_at, HOUR);
    let written = outbox_store::count_to(tx, mail.kind, &mail.address_key, lately).await?;
    if written >= MAILED_AN_HOUR && *actor != Actor::CommandLine {
        return Err(ServiceError::conflict(format!(
            "{} has been sent {MAILED_AN_HOUR} links within an hour. Look into its spam folder, and try again in an hour.",
            mail.address
        )));
    }
    outbox_store::insert(tx, mail).await?;
    Ok(())
}

/// Who has made a link, where it was nobody with a name.
const SOMEBODY: &str = "An administrator";

/// Who has made a link, as its mail says it.
pub(super) fn maker(actor: &Actor) -> &str {
    match actor {
        Actor::Account { name, .. } => name,
        Actor::Token { .. } | Actor::CommandLine | Actor::System => SOMEBODY,
    }
}

/// Whom a mail with a link is to, and what it says of them.
#[derive(Debug, Clone)]
pub(super) struct Bearer<'a> {
    pub(super) email: &'a str,
    pub(super) role: AccountRole,
    /// The organization's name; none for Support.
    pub(super) organization: Option<&'a str>,
    /// In which the mail says times.
    pub(super) zone: TimeZone,
    /// Who has made the link; nobody where its holder has asked for it.
    pub(super) by: Option<&'a str>,
}

/// Whether mail leaves the service.
pub fn sends_mail(app: &App) -> bool {
    matches!(app.mailer.destination(), Destination::Smtp { .. })
}

/// A link for making the first Support account, while there is none; each start prints a new one. Earlier ones
/// stay good for their hour, since other replicas have printed them.
///
/// # Errors
/// As any write.
pub async fn first_start(app: &App) -> Result<Option<String>, ServiceError> {
    if has_support(app).await? {
        return Ok(None);
    }
    let now = app.clock.now();
    let link = NewLink::new(LinkPurpose::FirstStart)?;
    let url = link.url(app);
    app.db
        .write(move |tx| Box::pin(async move { link.store(tx, None, now).await }))
        .await?;
    Ok(Some(url))
}

async fn has_support(app: &App) -> Result<bool, StoreError> {
    let mut connection = app.db.read().await?;
    Ok(accounts::count_with_role(&mut connection, AccountRole::Support, None).await? > 0)
}

/// What the page behind a link shows; `None` when the link is used, expired or unknown.
///
/// # Errors
/// As any read.
pub async fn find_link(
    app: &App,
    purpose: LinkPurpose,
    secret: &str,
) -> Result<Option<LinkDetails>, ServiceError> {
    let now = app.clock.now();
    let mut connection = app.db.read_by_key().await?;
    let hash = secret::hash(secret);
    let Some(link) = accounts::find_link(&mut connection, &hash, purpose, now).await? else {
        return Ok(None);
    };
    let Some(id) = link.account_id else {
        drop(connection);
        return Ok((!has_support(app).await?).then(|| LinkDetails {
            purpose,
            email: None,
            name: String::new(),
            role: AccountRole::Support,
            organization_name: None,
        }));
    };
    let account = accounts::find(&mut connection, &id).await?;
    Ok(account
        .filter(|account| account.deactivated_at.is_none())
        .map(|account| LinkDetails {
            purpose,
            email: Some(account.email),
            name: account.name,
            role: account.role,
            organization_name: account.organization.map(|organization| organization.name),
        }))
}

/// What a person fills in behind a link. `email` counts at the first start only; `name` not at a reset.
#[derive(Debug, Clone)]
pub struct Acceptance {
    pub email: String,
    pub name: String,
    pub password: Secret,
    pub password_again: Secret,
}

/// Uses a link: sets the password (at the first start of the account that it makes) and answers who has signed
/// in by that. Every other session of the account ends.
///
/// # Errors
/// `Refused` with what the person can mend or `LinkInvalid`, `Failed` with `Invalid` for a name that is none; the link
/// stays good then.
pub async fn accept(
    app: &App,
    purpose: LinkPurpose,
    secret: &str,
    form: Acceptance,
    address: &str,
) -> Result<SignedIn, AccessError> {
    // Hashing costs a core for a while: only for those who hold a good link.
    let details = find_link(app, purpose, secret)
        .await?
        .ok_or(SignInError::LinkInvalid)?;
    let email = match details.email {
        Some(email) => email,
        None => names::email(&form.email).map_err(|_| SignInError::EmailInvalid)?,
    };
    let name = match purpose {
        LinkPurpose::Reset => details.name,
        LinkPurpose::FirstStart | LinkPurpose::Invitation => person_name(&form.name)?,
    };
    if form.password != form.password_again {
        return Err(SignInError::PasswordsDiffer.into());
    }
    passwords::check(&form.password, &email)?;
    let password_hash = app.passwords.hash(&form.password).await?;
    let use_of_link = UseOfLink {
        hash: secret::hash(secret),
        purpose,
        email,
        name,
        password_hash,
        address: address.to_owned(),
        now: app.clock.now(),
    };
    app.db
        .write(move |tx| Box::pin(async move { use_of_link.run(tx).await }))
        .await
}

fn person_name(text: &str) -> Result<String, AccessError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(SignInError::NameMissing.into());
    }
    Ok(names::name("name", text)?)
}

struct UseOfLink {
    hash: String,
    purpose: LinkPurpose,
    email: String,
    name: String,
    password_hash: String,
    address: String,
    now: Millis,
}

impl UseOfLink {
    async fn run(self, tx: &mut Tx<'_>) -> Result<SignedIn, AccessError> {
        let link = accounts::find_link(tx, &self.hash, self.purpose, self.now)
            .await?
            .ok_or(SignInError::LinkInvalid)?;
        // The account before its link, in the order in which others take them. A new invitation that comes first has used
        // this link up by then.
        if let Some(id) = &link.account_id {
            accounts::hold(tx, id).await?;
        }
        let link = accounts::use_link(tx, &self.hash, self.purpose, self.now)
            .await?
            .ok_or(SignInError::LinkInvalid)?;
        let id = match link.account_id {
            Some(id) => id,
            None => self.create_support(tx).await?,
        };
        let old = match self.purpose {
            LinkPurpose::Invitation => accounts::find(tx, &id).await?,
            LinkPurpose::FirstStart | LinkPurpose::Reset => None,
        };
        accounts::set_password(tx, &id, &self.name, &self.password_hash).await?;
        accounts::use_links_of(tx, &id, self.now).await?;
        sessions::delete_of_account(tx, &id).await?;
        let account = accounts::find(tx, &id)
            .await?
            .filter(|account| account.deactivated_at.is_none())
            .ok_or(SignInError::LinkInvalid)?;
        let who = Who {
            actor: Actor::Account {
                id: id.clone(),
                name: account.name.clone(),
            },
            address: self.address.clone(),
            organization_id: account
                .organization
                .as_ref()
                .map(|organization| organization.id.clone()),
            at: self.now,
        };
        let action = match self.purpose {
            LinkPurpose::FirstStart => "account.first_start",
            LinkPurpose::Invitation => "account.accept_invitation",
            LinkPurpose::Reset => "account.reset_password",
        };
        let target = Target::new("account", &id, &account.email);
        let (before, after) = self.told(old, &account);
        audit::record(tx, &who, action, &target, before, after).await?;
        sign_in::note(tx, &account, &self.address, self.now).await?;
        Ok(SignedIn { account_id: id })
    }

    /// What the link changed of the account besides its password, which nobody tells. `old` is the account of an
    /// invitation as it was.
    fn told(&self, old: Option<Account>, new: &Account) -> (Option<Value>, Option<Value>) {
        let role = new.role.as_str();
        match self.purpose {
            LinkPurpose::FirstStart => {
                let after = json!({ "name": new.name, "role": role, "state": "active" });
                (None, Some(after))
            }
            LinkPurpose::Invitation => {
                let before = old.map(|old| json!({ "name": old.name, "state": "invited" }));
                let after = json!({ "name": new.name, "state": "active" });
                (before, Some(after))
            }
            LinkPurpose::Reset => (None, None),
        }
    }

    async fn create_support(&self, tx: &mut Tx<'_>) -> Result<String, AccessError> {
        // Whoever uses another link of this kind waits here, and finds the account then.
        leases::set(tx, FIRST_SUPPORT, self.now).await?;
        if accounts::count_with_role(tx, AccountRole::Support, None).await? > 0 {
            return Err(SignInError::LinkInvalid.into());
        }
        let account = NewAccount {
            id: ids::new_id(self.now),
            email: self.email.clone(),
            email_key: case_key(&self.email),
            name: self.name.clone(),
            role: AccountRole::Support,
            organization_id: None,
            password_hash: None,
            created_at: self.now,
        };
        if !accounts::insert(tx, &account).await? {
            return Err(SignInError::EmailTaken.into());
        }
        Ok(account.id)
    }
}
