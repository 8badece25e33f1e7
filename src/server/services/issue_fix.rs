//! *Fix here*: what can be done about an issue in Rhombus, by today's data and settings. The deeds themselves are those of
//! the settings, the roles, the tokens; see [`crate::server::http::issue_fix_forms`].

mod conflict;
mod follows;

use self::follows::Coming;
use super::cycles;
use super::moments::Moments;
use super::tokens::{self, new_form};
use crate::model::issue_fix::{
    Cure, EndedToken, IssueFix, NewToken, RoleCure, RoleMeaning, RoleValue, TokenCure,
};
use crate::model::organization::{MissingNames, MissingRole, ProvisioningState, UnknownRole};
use crate::model::page::Count;
use crate::model::token::TokenState;
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::store::issues::{self, Issue};
use crate::server::store::organizations::{self, Organization};
use crate::server::store::sql::Connection;
use crate::server::store::tokens::{self as token_store, Token};
use crate::server::store::{guard, keyset, log_details, role_catalogue, roles};

/// Different values of an issue that are offered.
const VALUES: usize = 20;
/// Tokens that are looked through, latest first.
const TOKENS: i64 = 100;

/// Whether Rhombus has a cure for a reason.
pub fn has_cure(reason: Reason) -> bool {
    Kind::of(reason).is_some()
}

/// Which cure a reason has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Roles,
    MissingNames,
    MissingRole,
    Conflict,
    Token,
    TurnOn,
    Guard,
}

impl Kind {
    fn of(reason: Reason) -> Option<Self> {
        Some(match reason {
            Reason::RoleUnknown | Reason::UnknownRoleReplaced | Reason::RoleUnreviewed => {
                Self::Roles
            }
            Reason::GivenNameMissing | Reason::FamilyNameMissing => Self::MissingNames,
            Reason::RoleMissing => Self::MissingRole,
            Reason::UserNameTaken => Self::Conflict,
            Reason::TokenExpired | Reason::TokenRevoked | Reason::TokenUnknown => Self::Token,
            Reason::OrganizationOff => Self::TurnOn,
            Reason::GuardHolding => Self::Guard,
            _ => return None,
        })
    }
}

/// What can be done about an issue; `None` where the cure is not ours.
///
/// # Errors
/// `NotFound` for an issue that the organization does not have; as any read otherwise.
pub async fn get(app: &App, allowed: &Allowed, id: &str) -> Result<Option<IssueFix>, ServiceError> {
    let reader = Reader {
        app,
        organization: allowed.check_in(Permission::ReadIssues)?,
        moments: Moments::of(allowed, app.clock.now()),
    };
    let mut connection = app.db.read().await?;
    reader.read(&mut connection, id).await
}

/// Who looks, where and when.
struct Reader<'a> {
    app: &'a App,
    organization: &'a OrganizationRef,
    moments: Moments,
}

impl Reader<'_> {
    async fn read(
        &self,
        connection: &mut Connection<'_>,
        id: &str,
    ) -> Result<Option<IssueFix>, ServiceError> {
        let organization_id = &self.organization.id;
        let issue = issues::find(connection, organization_id, id)
            .await?
            .ok_or(ServiceError::NotFound { what: "issue" })?;
        let Some((reason, kind)) =
            Reason::from_code(&issue.reason).and_then(|reason| Some((reason, Kind::of(reason)?)))
        else {
            return Ok(None);
        };
        let settings = organizations::find(connection, &self.organization.slug)
            .await?
            .ok_or(ServiceError::NotFound {
                what: "organization",
            })?;
        let cure = match kind {
            Kind::Roles => Cure::Roles(self.roles(connection, &issue, &settings).await?),
            Kind::MissingNames => Cure::MissingNames {
                is_rejected: settings.policies.missing_names == MissingNames::Reject,
            },
            Kind::MissingRole => Cure::MissingRole {
                is_rejected: settings.policies.missing_role == MissingRole::Reject,
                default_role: self.default_role(connection).await?,
            },
            Kind::Conflict => Cure::Conflict(self.conflicts(connection, &issue).await?),
            Kind::Token => Cure::Token(Box::new(self.token(connection, &issue).await?)),
            Kind::TurnOn => Cure::TurnOn {
                is_off: settings.state == ProvisioningState::Off,
            },
            Kind::Guard => Cure::Guard {
                waiting: keyset::count(guard::figures(connection, organization_id).await?.waiting),
            },
        };
        let next = cycles::next(connection, organization_id, self.moments.now()).await?;
        let coming = Coming {
            state: settings.state,
            next,
            moments: &self.moments,
        };
        Ok(Some(IssueFix {
            is_done: is_done(&cure, reason),
            follows: coming.follows(&cure, issue.users_affected.unsigned_abs()),
            cure,
            link: format!(
                "{}/organizations/{}/issues/{id}#fix-here",
                self.app.settings.public_url.trim_end_matches('/'),
                self.organization.slug
            ),
        }))
    }

    async fn default_role(&self, connection: &mut Connection<'_>) -> Result<String, StoreError> {
        let found = roles::find_default(connection, &self.organization.id).await?;
        Ok(found.map(|(_, name)| name).unwrap_or_default())
    }

    async fn roles(
        &self,
        connection: &mut Connection<'_>,
        issue: &Issue,
        settings: &Organization,
    ) -> Result<RoleCure, ServiceError> {
        let catalogue = role_catalogue::list(connection, &self.organization.id).await?;
        let counted = issues::values(connection, &issue.id).await?;
        // Whoever has succeeded is not counted any more; the title names the latest value.
        let named = counted.is_empty().then(|| issue.value.clone()).flatten();
        let named = named.map(|value| (value, 0));
        let mut values: Vec<RoleValue> = Vec::new();
        for (value, users) in counted.into_iter().chain(named) {
            let key = case_key(&value);
            let users = users.unsigned_abs();
            if let Some(known) = values
                .iter_mut()
                .find(|known| case_key(&known.value) == key)
            {
                known.users += users;
                continue;
            }
            let role = catalogue.iter().find(|role| role.value_key == key);
            let meaning = match role {
                None if value.ends_with('…') => RoleMeaning::TooLong,
                None => RoleMeaning::Nothing,
                Some(role) if role.is_reviewed => RoleMeaning::Role(role.display_name.clone()),
                Some(role) => RoleMeaning::Unreviewed {
                    role_id: role.role_id.clone(),
                },
            };
            values.push(RoleValue {
                value,
                users,
                meaning,
            });
        }
        values.truncate(VALUES);
        let mut roles: Vec<(String, String)> = Vec::new();
        for role in catalogue.iter().filter(|role| role.is_reviewed) {
            if roles.last().is_none_or(|(id, _)| *id != role.role_id) {
                roles.push((role.role_id.clone(), role.display_name.clone()));
            }
        }
        let default = catalogue.iter().find(|role| role.is_default);
        Ok(RoleCure {
            values,
            roles,
            default_role: default.map_or_else(String::new, |role| role.display_name.clone()),
            is_rejected: settings.policies.unknown_role == UnknownRole::Reject,
        })
    }

    async fn token(
        &self,
        connection: &mut Connection<'_>,
        issue: &Issue,
    ) -> Result<TokenCure, ServiceError> {
        let organization_id = &self.organization.id;
        let sent = match &issue.log_id {
            Some(id) => log_details::find(connection, organization_id, id).await?,
            None => None,
        };
        let prefix = sent.and_then(|entry| entry.entry.token_prefix);
        let all = token_store::list(connection, organization_id, TOKENS).await?;
        let now = self.moments.now();
        let of_entry = |token: &&Token| Some(&token.prefix) == prefix.as_ref();
        let old = all.iter().find(of_entry);
        let is_valid = |token: &&Token| {
            matches!(
                tokens::state(token, now),
                TokenState::Active | TokenState::Expiring
            )
        };
        let successor = all
            .iter()
            .filter(is_valid)
            .find(|token| token.last_used_at.is_none());
        Ok(TokenCure {
            name: old.map_or_else(|| "Entra".to_owned(), |token| token.name.clone()),
            ended: old.map(|token| EndedToken {
                prefix: token.prefix.clone(),
                at: self
                    .moments
                    .moment(token.revoked_at.unwrap_or(token.expires_at)),
                is_revoked: token.revoked_at.is_some(),
            }),
            successor: successor.map(|token| NewToken {
                name: token.name.clone(),
                prefix: token.prefix.clone(),
                created: self.moments.moment(token.created_at),
            }),
            once: new_form(self.app),
        })
    }
}

fn is_done(cure: &Cure, reason: Reason) -> bool {
    match cure {
        Cure::Roles(cure) => {
            let is_known = |value: &RoleValue| matches!(value.meaning, RoleMeaning::Role(_));
            cure.values.iter().all(is_known) || (reason == Reason::RoleUnknown && !cure.is_rejected)
        }
        Cure::MissingNames { is_rejected } | Cure::MissingRole { is_rejected, .. } => !is_rejected,
        Cure::Conflict(conflicts) => conflicts.iter().all(|conflict| {
            conflict
                .holder
                .as_ref()
                .is_none_or(|holder| holder.decision.is_some())
        }),
        Cure::Token(cure) => cure.successor.is_some(),
        Cure::TurnOn { is_off } => !is_off,
        Cure::Guard { waiting } => *waiting == Count::Exactly(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cure_is_for_what_is_refused_by_our_own_data_or_settings() {
        for reason in Reason::ALL.iter().filter(|reason| has_cure(**reason)) {
            let status = reason.explanation().status;
            assert!(
                [200, 400, 401, 403, 409, 503].contains(&status),
                "{}",
                reason.code()
            );
        }
        assert!(!has_cure(Reason::JsonMalformed));
    }
}
