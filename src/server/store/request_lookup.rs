//! What one SCIM request needs to know before anything else, in one question: who calls, and about whom.

use sqlx::FromRow;

use super::organizations::Policies;
use super::sql::{Connection, sql};
use super::users::StoredUser;
use crate::model::organization::ProvisioningState;
use crate::model::user::RoleState;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// The organization that a request's URL names, the token that it carries, and the user whom it asks for, each if it
/// exists. Whether organization and token belong together is the caller's question; a user is looked for only where
/// they do.
#[derive(Debug, Clone)]
pub struct Lookup {
    pub organization: Option<LookupOrganization>,
    pub token: Option<LookupToken>,
    pub user: Option<StoredUser>,
}

/// The organization of a [`Lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupOrganization {
    pub id: String,
    pub state: ProvisioningState,
    pub policies: Policies,
    pub removal_limit: Option<i64>,
}

/// The token of a [`Lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupToken {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    pub prefix: String,
    pub expires_at: Millis,
    pub revoked_at: Option<Millis>,
    pub last_used_at: Option<Millis>,
}

/// The one user whom a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    Id(String),
    /// By the key of the userName.
    UserName(String),
}

#[derive(FromRow)]
struct LookupRow {
    o_id: Option<String>,
    o_state: Option<String>,
    o_missing_names: Option<String>,
    o_missing_role: Option<String>,
    o_unknown_role: Option<String>,
    o_removal_limit: Option<i64>,
    t_id: Option<String>,
    t_organization_id: Option<String>,
    t_name: Option<String>,
    t_prefix: Option<String>,
    t_expires_at: Option<i64>,
    t_revoked_at: Option<i64>,
    t_last_used_at: Option<i64>,
    #[sqlx(flatten)]
    user: UserRow,
}

#[derive(FromRow)]
struct UserRow {
    u_id: Option<String>,
    u_user_name: Option<String>,
    u_external_id: Option<String>,
    u_active: Option<bool>,
    u_role_id: Option<String>,
    u_role_value: Option<String>,
    u_role_state: Option<String>,
    u_blocked_at: Option<Millis>,
    u_version: Option<i64>,
    u_created_at: Option<Millis>,
    u_updated_at: Option<Millis>,
    u_document: Option<String>,
}

impl UserRow {
    fn user(mut self) -> Result<Option<StoredUser>, StoreError> {
        let role_state = self.u_role_state.take();
        let role_state = role_state.map(RoleState::try_from).transpose()?;
        Ok(self.with(role_state))
    }

    fn with(self, role_state: Option<RoleState>) -> Option<StoredUser> {
        Some(StoredUser {
            id: self.u_id?,
            user_name: self.u_user_name?,
            external_id: self.u_external_id,
            active: self.u_active?,
            role_id: self.u_role_id,
            role_value: self.u_role_value,
            role_state: role_state?,
            blocked_at: self.u_blocked_at,
            version: self.u_version?,
            created_at: self.u_created_at?,
            updated_at: self.u_updated_at?,
            document: self.u_document?,
        })
    }
}

impl LookupRow {
    fn split(self) -> Result<Lookup, StoreError> {
        let organization = match (
            self.o_id,
            self.o_state,
            self.o_missing_names,
            self.o_missing_role,
            self.o_unknown_role,
        ) {
            (
                Some(id),
                Some(state),
                Some(missing_names),
                Some(missing_role),
                Some(unknown_role),
            ) => Some(LookupOrganization {
                id,
                state: ProvisioningState::try_from(state)?,
                policies: Policies::from_columns(&missing_names, &missing_role, &unknown_role)?,
                removal_limit: self.o_removal_limit,
            }),
            _ => None,
        };
        let token = match (
            self.t_id,
            self.t_organization_id,
            self.t_name,
            self.t_prefix,
            self.t_expires_at,
        ) {
            (Some(id), Some(organization_id), Some(name), Some(prefix), Some(expires_at)) => {
                Some(LookupToken {
                    id,
                    organization_id,
                    name,
                    prefix,
                    expires_at,
                    revoked_at: self.t_revoked_at,
                    last_used_at: self.t_last_used_at,
                })
            }
            _ => None,
        };
        Ok(Lookup {
            organization,
            token,
            user: self.user.user()?,
        })
    }
}

macro_rules! lookup {
    ($user:literal) => {
        concat!(
            "SELECT o.id AS o_id, o.state AS o_state, o.missing_names AS o_missing_names, \
             o.missing_role AS o_missing_role, o.unknown_role AS o_unknown_role, \
             o.removal_limit AS o_removal_limit, t.id AS t_id, t.organization_id AS t_organization_id, \
             t.name AS t_name, t.prefix AS t_prefix, t.expires_at AS t_expires_at, t.revoked_at AS t_revoked_at, t.last_used_at AS t_last_used_at, \
             u.id AS u_id, u.user_name AS u_user_name, u.external_id AS u_external_id, u.active AS u_active, \
             u.role_id AS u_role_id, u.role_value AS u_role_value, u.role_state AS u_role_state, \
             u.blocked_at AS u_blocked_at, u.version AS u_version, u.created_at AS u_created_at, \
             u.updated_at AS u_updated_at, u.document AS u_document \
             FROM (SELECT 1 AS one) request \
             LEFT JOIN organizations o ON o.slug = $1 LEFT JOIN tokens t ON t.hash = $2 \
             LEFT JOIN users u ON u.organization_id = o.id AND t.organization_id = o.id AND ",
            $user
        )
    };
}

/// The organization of `slug`, the token whose secret has the SHA-256 `hash`, and the user. It is asked anew for each
/// request, so that revocation holds at once, on every replica.
///
/// # Errors
/// As any read; [`StoreError::Corrupt`] for a state or policy that this program does not write.
pub async fn look_up(
    connection: &mut Connection<'_>,
    slug: &str,
    hash: &str,
    sought: Option<&Sought>,
) -> Result<Lookup, StoreError> {
    let (statement, key) = match sought {
        Some(Sought::Id(id)) => (sql(lookup!("u.id = $3")), id.as_str()),
        Some(Sought::UserName(key)) => (sql(lookup!("u.user_name_key = $3")), key.as_str()),
        // No id is empty.
        None => (sql(lookup!("u.id = $3")), ""),
    };
    let row: Option<LookupRow> = connection
        .fetch_optional(statement.bind(slug).bind(hash).bind(key))
        .await?;
    match row {
        Some(row) => row.split(),
        None => Ok(Lookup {
            organization: None,
            token: None,
            user: None,
        }),
    }
}
