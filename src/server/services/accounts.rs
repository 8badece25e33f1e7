//! People who sign in: invited, given a role, deactivated. Never without the last one who could undo it.

mod links;

pub use links::{reset, reset_by_id};

use jiff::tz::TimeZone;
use serde_json::json;

use crate::model::account::{
    AccountDetail, AccountList, AccountRole, AccountRow, AccountState, CreatedLink, LinkPurpose,
    Me, OrganizationLink,
};
use crate::model::page::Page;
use crate::server::App;
use crate::server::actor::{Actor, Allowed, Permission};
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::ids;
use crate::server::scim::resource::case_key;
use crate::server::secret::Secret;
use crate::server::services::account_links::{self, Bearer, NewLink, maker};
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::moments::Moments;
use crate::server::services::notifications::settings::zone_in;
use crate::server::services::sign_in::AccessError;
use crate::server::services::{names, passwords};
use crate::server::store::accounts::{self, NewAccount, Whose};
use crate::server::store::keyset::{self, From};
use crate::server::store::outbox::NewMail;
use crate::server::store::{Tx, organizations, sessions};

pub use crate::server::services::account_links::find_link;
pub use crate::server::store::accounts::Account;

/// Somebody who is to have an account.
#[derive(Debug, Clone)]
pub struct Invitee {
    pub email: String,
    /// "" takes the part before the `@` until the person says better.
    pub name: String,
    pub role: AccountRole,
}

/// Invites somebody into the organization of the permission (Support: into none) and answers the link, good for
/// seven days. Who was invited before or had been deactivated there is invited anew.
///
/// # Errors
/// `Invalid` for what was typed, `Conflict` when the address has an account already or has been sent too many links,
/// `Forbidden` for a role that the actor may not give.
pub async fn invite(
    app: &App,
    allowed: &Allowed,
    invitee: Invitee,
) -> Result<CreatedLink, ServiceError> {
    let link = NewLink::new(LinkPurpose::Invitation)?;
    let now = app.clock.now();
    let email = names::email(&invitee.email)?;
    let organization = allowed.organization();
    let bearer = Bearer {
        email: &email,
        role: invitee.role,
        organization: organization.map(|organization| organization.name.as_str()),
        zone: zone_in(
            &mut app.db.read_by_key().await?,
            organization.map(|organization| organization.id.as_str()),
        )
        .await?,
        by: Some(maker(allowed.actor())),
    };
    let mail = link.mail(app, &bearer, now)?;
    let created = link.created(
        app,
        email.clone(),
        mail.as_ref(),
        &Moments::of(allowed, now),
    );
    add(app, allowed, invitee, Start::Link(link, mail.map(Box::new))).await?;
    Ok(created)
}

/// Creates an account with a password, from the command line.
///
/// # Errors
/// As [`invite`]; `Refused` for a password against the rules.
pub async fn create_with_password(
    app: &App,
    allowed: &Allowed,
    invitee: Invitee,
    password: &Secret,
) -> Result<(), AccessError> {
    passwords::check(password, &invitee.email)?;
    let hash = app.passwords.hash(password).await?;
    add(app, allowed, invitee, Start::Password(hash)).await?;
    Ok(())
}

/// What a new account starts with.
enum Start {
    /// With the mail that brings it.
    Link(NewLink, Option<Box<NewMail>>),
    /// A hash.
    Password(String),
}

/// Adds the account, or takes it up anew.
async fn add(
    app: &App,
    allowed: &Allowed,
    invitee: Invitee,
    start: Start,
) -> Result<(), ServiceError> {
    let organization_id = may_give(allowed, invitee.role)?;
    let is_first_admin_only = allowed.permission() == Permission::InviteFirstAdmin;
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let email = names::email(&invitee.email)?;
    let name = match invitee.name.trim() {
        "" => email.split('@').next().unwrap_or_default().to_owned(),
        name => names::name("name", name)?,
    };
    let new = NewAccount {
        id: ids::new_id(now),
        email_key: case_key(&email),
        email,
        name,
        role: invitee.role,
        organization_id,
        password_hash: match &start {
            Start::Link(..) => None,
            Start::Password(hash) => Some(hash.clone()),
        },
        created_at: now,
    };
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if is_first_admin_only
                    && !accounts::lock_holders(
                        tx,
                        AccountRole::Admin,
                        new.organization_id.as_deref(),
                    )
                    .await?
                    .is_empty()
                {
                    return Err(ServiceError::conflict(
                        "This organization has an Admin already, who can invite others.",
                    ));
                }
                let (id, before) = if accounts::insert(tx, &new).await? {
                    (new.id.clone(), None)
                } else {
                    let old = invite_anew(tx, &new).await?;
                    let before = json!({ "role": old.role.as_str(), "state": state_of(&old) });
                    (old.id, Some(before))
                };
                if let Start::Link(link, mail) = start {
                    link.replace(tx, &id, now).await?;
                    if let Some(mail) = &mail {
                        account_links::post(tx, mail, &who.actor).await?;
                    }
                }
                let state = match new.password_hash {
                    Some(_) => AccountState::Active,
                    None => AccountState::Invited,
                };
                let after =
                    json!({ "email": new.email, "role": new.role.as_str(), "state": state });
                let target = Target::new("account", &id, &new.email);
                audit::record(tx, &who, "account.create", &target, before, Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Takes up an account that nobody can sign in with: invited before, or deactivated. Answers it as it was.
async fn invite_anew(tx: &mut Tx<'_>, new: &NewAccount) -> Result<Account, ServiceError> {
    let old = accounts::find_by_email(tx, &new.email_key).await?;
    let is_same_organization = |account: &Account| {
        account
            .organization
            .as_ref()
            .map(|organization| &organization.id)
            == new.organization_id.as_ref()
    };
    let is_unused =
        |account: &Account| account.deactivated_at.is_some() || account.password_hash.is_none();
    match old {
        Some(account) if is_same_organization(&account) && is_unused(&account) => {
            if !accounts::reinvite(tx, &account.id, &new.name, new.role).await? {
                return Err(ServiceError::conflict(
                    "The invitation to this email address has been accepted meanwhile. The account can sign in.",
                ));
            }
            if let Some(hash) = &new.password_hash {
                accounts::set_password(tx, &account.id, &new.name, hash).await?;
            }
            Ok(account)
        }
        _ => Err(ServiceError::conflict(
            "There is an account with this email address already.",
        )),
    }
}

/// Whether the permission is enough to give `role`; answers the organization that the account belongs to.
fn may_give(allowed: &Allowed, role: AccountRole) -> Result<Option<String>, ServiceError> {
    let organization_id = allowed
        .organization()
        .map(|organization| organization.id.clone());
    let is_command_line = *allowed.actor() == Actor::CommandLine;
    match (allowed.permission(), role, &organization_id) {
        (Permission::ManageAccounts, AccountRole::Admin | AccountRole::Viewer, Some(_))
        | (Permission::InviteFirstAdmin, AccountRole::Admin, Some(_)) => Ok(organization_id),
        (Permission::ManageSupportAccounts, AccountRole::Support, None) => Ok(None),
        (Permission::ManageAccounts, AccountRole::Support, None) if is_command_line => Ok(None),
        _ => Err(ServiceError::Forbidden),
    }
}

/// Gives an account of the organization another role.
///
/// # Errors
/// `NotFound`; `Conflict` when it is the organization's last Admin; `Forbidden` for the role Support.
pub async fn change_role(
    app: &App,
    allowed: &Allowed,
    account_id: &str,
    role: AccountRole,
) -> Result<(), ServiceError> {
    allowed.check_in(Permission::ManageAccounts)?;
    may_give(allowed, role)?;
    let account = get(app, allowed, account_id).await?;
    let now = app.clock.now();
    let who = who(allowed, &account, now);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let account = keep_last(tx, &account).await?;
                if account.role != role {
                    accounts::set_role(tx, &account.id, role).await?;
                    let before = json!({ "role": account.role.as_str() });
                    let after = json!({ "role": role.as_str() });
                    let target = target(&account);
                    audit::record(
                        tx,
                        &who,
                        "account.change_role",
                        &target,
                        Some(before),
                        Some(after),
                    )
                    .await?;
                }
                Ok(())
            })
        })
        .await
}

/// Deactivates an account: its sessions end at once, its links die. Again is no error.
///
/// # Errors
/// `NotFound`; `Conflict` when it is the last Support account or the organization's last Admin.
pub async fn deactivate(
    app: &App,
    allowed: &Allowed,
    account_id: &str,
) -> Result<(), ServiceError> {
    check_manages(allowed)?;
    let account = get(app, allowed, account_id).await?;
    let now = app.clock.now();
    let who = who(allowed, &account, now);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let account = keep_last(tx, &account).await?;
                if account.deactivated_at.is_some() {
                    return Ok(());
                }
                accounts::deactivate(tx, &account.id, now).await?;
                accounts::use_links_of(tx, &account.id, now).await?;
                sessions::delete_of_account(tx, &account.id).await?;
                let before = json!({ "state": state_of(&account) });
                let after = json!({ "state": AccountState::Deactivated });
                let (action, target) = ("account.deactivate", target(&account));
                audit::record(tx, &who, action, &target, Some(before), Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// The account as it stands now, unless it is the only one left that can let others in. Whoever else takes or gives a role
/// in its organization waits until the change ends: a Viewer can have become the last Admin meanwhile.
async fn keep_last(tx: &mut Tx<'_>, account: &Account) -> Result<Account, ServiceError> {
    let organization = account.organization.as_ref();
    let organization_id = organization.map(|organization| organization.id.as_str());
    // Before any account, so that nobody who has one of them waits for it. Support has no organization, and one role.
    if let Some(id) = organization_id {
        organizations::lock(tx, id).await?;
    }
    let Some(account) = accounts::find(tx, &account.id).await? else {
        return Err(ServiceError::NotFound { what: "account" });
    };
    let message = match account.role {
        AccountRole::Viewer => return Ok(account),
        AccountRole::Admin => {
            "This is the organization's last Admin. Give somebody else that role first."
        }
        AccountRole::Support => "This is the last Support account. Create another one first.",
    };
    let holders = accounts::lock_holders(tx, account.role, organization_id).await?;
    if holders == [account.id.as_str()] {
        return Err(ServiceError::conflict(message));
    }
    Ok(account)
}

/// Which page of accounts: `after` and `before` are cursors of the page before.
#[derive(Debug, Clone, Default)]
pub struct AccountQuery {
    pub after: Option<String>,
    pub before: Option<String>,
}

/// Accounts in the order of their e-mail addresses: of the organization of the permission, those of Support, or
/// (on the command line) all.
///
/// # Errors
/// As any read.
pub async fn list(
    app: &App,
    allowed: &Allowed,
    query: &AccountQuery,
) -> Result<AccountList, ServiceError> {
    check_reads(allowed)?;
    let now = app.clock.now();
    let organization_id = allowed
        .organization()
        .map(|organization| organization.id.as_str());
    let [after, before] = [&query.after, &query.before].map(|key| key.as_deref().map(case_key));
    let from = From::new(after.as_deref(), before.as_deref());
    let mut connection = app.db.read().await?;
    let whose = match organization_id {
        Some(id) => Whose::Organization(id),
        None if allowed.permission() == Permission::ManageSupportAccounts => Whose::Support,
        None => Whose::All,
    };
    let rows = accounts::list(&mut connection, whose, &from, keyset::FETCH).await?;
    let total = accounts::count(&mut connection, whose, keyset::COUNT_LIMIT + 1).await?;
    let admin = AccountRole::Admin;
    let has_admin = accounts::has_other_holder(&mut connection, admin, organization_id, "").await?;
    drop(connection);

    let total = keyset::count(total);
    let page = Page::of(rows, from.is_inside(), from.is_back(), total, |account| {
        account.email.clone()
    });
    let moments = Moments::of(allowed, now);
    let page = page.map(|account| row(account, &moments));
    Ok(AccountList { page, has_admin })
}

/// One account of the organization of the permission, or of Support.
///
/// # Errors
/// `NotFound`.
pub async fn detail(
    app: &App,
    allowed: &Allowed,
    account_id: &str,
) -> Result<AccountDetail, ServiceError> {
    check_reads(allowed)?;
    let account = get(app, allowed, account_id).await?;
    let organization = account.organization.as_ref();
    let is_last = account.role != AccountRole::Viewer
        && account.deactivated_at.is_none()
        && account.password_hash.is_some()
        && !accounts::has_other_holder(
            &mut app.db.read().await?,
            account.role,
            organization.map(|organization| organization.id.as_str()),
            &account.id,
        )
        .await?;
    Ok(AccountDetail {
        account: row(account, &Moments::of(allowed, app.clock.now())),
        is_last,
    })
}

/// The account of a session, for guards; `None` when it is gone or deactivated.
///
/// # Errors
/// As any read.
pub async fn find_active(app: &App, account_id: &str) -> Result<Option<Account>, ServiceError> {
    let account = accounts::find(&mut app.db.read_by_key().await?, account_id).await?;
    Ok(account.filter(|account| account.deactivated_at.is_none()))
}

/// The account as the frame of every page shows it.
pub fn me(account: &Account, zone: TimeZone, now: Millis) -> Me {
    Me {
        name: account.name.clone(),
        email: account.email.clone(),
        role: account.role,
        organization: organization_link(account),
        zone: Moments::new(now, zone).zone(),
    }
}

async fn get(app: &App, allowed: &Allowed, account_id: &str) -> Result<Account, ServiceError> {
    accounts::find(&mut app.db.read_by_key().await?, account_id)
        .await?
        .filter(|account| is_managed(allowed, account))
        .ok_or(ServiceError::NotFound { what: "account" })
}

/// Whether the account is one of those that the permission is about.
fn is_managed(allowed: &Allowed, account: &Account) -> bool {
    match (allowed.organization(), &account.organization) {
        (Some(allowed), Some(organization)) => allowed.id == organization.id,
        (Some(_), None) => false,
        (None, Some(_)) => *allowed.actor() == Actor::CommandLine,
        (None, None) => {
            *allowed.actor() == Actor::CommandLine
                || allowed.permission() == Permission::ManageSupportAccounts
        }
    }
}

/// Proof to manage the accounts of an organization, or those of Support.
fn check_manages(allowed: &Allowed) -> Result<(), ServiceError> {
    allowed
        .check(Permission::ManageAccounts)
        .or_else(|_| allowed.check(Permission::ManageSupportAccounts))
}

/// Proof to see them.
fn check_reads(allowed: &Allowed) -> Result<(), ServiceError> {
    allowed
        .check(Permission::ReadAccounts)
        .or_else(|_| allowed.check(Permission::ManageSupportAccounts))
}

/// The author of an entry that stands in the log of the account's organization.
fn who(allowed: &Allowed, account: &Account, now: Millis) -> Who {
    let organization = account.organization.as_ref();
    Who::of(allowed, now).within(organization.map(|organization| organization.id.as_str()))
}

fn target(account: &Account) -> Target {
    Target::new("account", &account.id, &account.email)
}

fn state_of(account: &Account) -> AccountState {
    match (account.deactivated_at, &account.password_hash) {
        (Some(_), _) => AccountState::Deactivated,
        (None, None) => AccountState::Invited,
        (None, Some(_)) => AccountState::Active,
    }
}

fn organization_link(account: &Account) -> Option<OrganizationLink> {
    let organization = account.organization.as_ref()?;
    Some(OrganizationLink {
        slug: organization.slug.clone(),
        name: organization.name.clone(),
    })
}

fn row(account: Account, moments: &Moments) -> AccountRow {
    AccountRow {
        organization: organization_link(&account),
        state: state_of(&account),
        last_sign_in: account.last_sign_in_at.map(|at| moments.moment(at)),
        id: account.id,
        email: account.email,
        name: account.name,
        role: account.role,
    }
}
