//! Use cases: each takes the proof that the actor may do it, and owns its transaction.

pub mod account_links;
pub mod accounts;
pub mod audit;
pub mod audit_search;
pub mod browsers;
pub mod changes;
pub mod cycles;
pub mod dry_run;
pub mod export;
pub mod forgotten_passwords;
pub mod guard;
pub mod health;
pub mod health_facts;
pub mod health_watch;
pub mod issue_fix;
pub mod issues;
pub mod live;
pub mod log_search;
pub mod mails;
pub mod metrics;
pub mod moments;
pub mod names;
pub mod notifications;
pub mod organization_list;
pub mod organizations;
pub mod outbox;
pub mod overview;
pub mod own_account;
pub mod passwords;
pub mod problems;
pub mod provisioning;
pub mod recording;
pub mod roles;
pub mod search;
pub mod settings;
pub mod sign_in;
pub mod support_bundle;
pub mod take_overs;
mod to_the_end;
pub mod tokens;
pub mod user_access;
pub mod user_directory;

use super::actor::{Allowed, OrganizationRef, Permission};
use super::error::ServiceError;

/// The organization that `allowed` holds for, if it is the proof that this use case asks for.
fn organization(
    allowed: &Allowed,
    permission: Permission,
) -> Result<&OrganizationRef, ServiceError> {
    allowed.check_in(permission)
}
