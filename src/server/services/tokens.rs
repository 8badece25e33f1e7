//! SCIM tokens: made, rotated, revoked. The secret leaves the service once and is kept as its SHA-256.

use std::collections::HashMap;

use serde_json::json;

use crate::model::token::{CreatedToken, Overlap, TOKEN_PREFIX, TOKEN_START, TokenRow, TokenState};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::{DAY, HOUR, Millis, SECOND};
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::secret::{self, Secret, base62_digit};
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::moments::Moments;
use crate::server::services::names;
use crate::server::store::tokens::{self, Token};
use crate::server::store::{Db, Tx};

/// Random characters: 256 bits.
const RANDOM: usize = 43;
/// Characters of the checksum.
const CHECKSUM: usize = 6;

/// How long a token lives when nothing else is said, and at most.
const DEFAULT_LIFE: Millis = 365 * DAY;
const LONGEST_LIFE: Millis = 730 * DAY;
/// Days before its end from which on a token is *expiring*.
const EXPIRING_DAYS: i64 = 30;
/// Tokens in a list; older ones are revoked or expired long since.
const LISTED: i64 = 500;
/// Secrets to try until the prefix is a new one: the chance of needing a third is one in 10^25.
const ATTEMPTS: usize = 5;

/// A one-time id for a form that makes a token; see [`NewToken::once`].
pub fn new_form(app: &App) -> String {
    ids::new_id(app.clock.now())
}

/// Whether `secret` has the form of ours with the right checksum; it may still be none that we know.
pub fn looks_genuine(secret: &str) -> bool {
    let Some(rest) = secret.strip_prefix(TOKEN_START) else {
        return false;
    };
    rest.len() == RANDOM + CHECKSUM
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && rest
            .split_at_checked(RANDOM)
            .is_some_and(|(random, sum)| checksum(random) == sum)
}

/// CRC-32 of the random part as six digits of base62.
fn checksum(random: &str) -> String {
    let mut rest = crc32(random.as_bytes());
    let mut digits = ['0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit(u8::try_from(rest % 62).unwrap_or_default());
        rest /= 62;
    }
    digits.iter().collect()
}

/// CRC-32 as in zlib and PNG (reflected, polynomial 0x04C11DB7).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            }
        })
    })
}

fn new_secret() -> Result<(Secret, String), ServiceError> {
    let random = secret::random_base62(RANDOM)?;
    let secret = format!("{TOKEN_START}{random}{}", checksum(&random));
    let prefix = secret[..TOKEN_PREFIX].to_owned();
    Ok((Secret::new(secret), prefix))
}

/// A new token as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    pub name: String,
    /// Until it expires; `None` means a year.
    pub life: Option<Millis>,
    /// The form's one-time id (a UUID): sent twice, it makes no second token.
    pub once: Option<String>,
}

/// Creates a token. The answer is the only place where its secret ever is.
///
/// # Errors
/// `Invalid` for a name or a lifetime against the rules, `Conflict` when `once` was used.
pub async fn create(
    app: &App,
    allowed: &Allowed,
    new: NewToken,
) -> Result<CreatedToken, ServiceError> {
    let organization = allowed.check_in(Permission::ManageTokens)?.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let life = new.life.unwrap_or(DEFAULT_LIFE);
    if !(SECOND..=LONGEST_LIFE).contains(&life) {
        return Err(ServiceError::invalid(
            "expires_in",
            "A token lives at least a second and at most 730 days (two years).",
        ));
    }
    let id = match new.once {
        Some(once) => ids::canonical(&once)
            .ok_or_else(|| ServiceError::invalid("once", "Open the form anew."))?,
        None => ids::new_id(now),
    };
    let mut token = Token {
        id,
        organization_id: organization.id,
        name: names::name("name", &new.name)?,
        prefix: String::new(),
        created_at: now,
        created_by: allowed.actor().name(),
        expires_at: now + life,
        revoked_at: None,
        revoked_by: None,
        successor_id: None,
        last_used_at: None,
        last_used_address: None,
        last_used_agent: None,
    };
    let secrets = secrets()?;
    let (token, secret) = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if tokens::find_for_update(tx, &token.organization_id, &token.id)
                    .await?
                    .is_some()
                {
                    return Err(ServiceError::conflict(
                        "This form has made its token already, and a secret is shown once. If it is lost, revoke \
                         the token and create another.",
                    ));
                }
                let secret = insert(tx, &mut token, secrets).await?;
                let after = json!({ "name": token.name, "prefix": token.prefix, "expires_at": token.expires_at });
                audit::record(tx, &who, "token.create", &target(&token), None, Some(after)).await?;
                Ok((token, secret))
            })
        })
        .await?;
    Ok(created(app, allowed, &organization.slug, token, &secret))
}

/// Makes a successor with the same name and a year to live; the old token lives on for `overlap` (or to its
/// own end, if that is sooner), so that the change needs no downtime.
///
/// # Errors
/// `NotFound`; `Conflict` when the token has ended or was rotated before.
pub async fn rotate(
    app: &App,
    allowed: &Allowed,
    token_id: &str,
    overlap: Overlap,
) -> Result<CreatedToken, ServiceError> {
    let organization = allowed.check_in(Permission::ManageTokens)?.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let created_by = allowed.actor().name();
    let token_id = token_id.to_owned();
    let lives_on = match overlap {
        Overlap::OneHour => HOUR,
        Overlap::OneDay => DAY,
        Overlap::SevenDays => 7 * DAY,
    };
    let secrets = secrets()?;
    let (token, secret) = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let old = find(tx, &organization.id, &token_id).await?;
                if old.revoked_at.is_some() || old.expires_at <= now {
                    return Err(ServiceError::conflict(
                        "This token has ended. Create a new one instead.",
                    ));
                }
                if old.successor_id.is_some() {
                    return Err(ServiceError::conflict(
                        "This token has been rotated already. Rotate its successor instead.",
                    ));
                }
                let mut token = Token {
                    id: ids::new_id(now),
                    prefix: String::new(),
                    created_at: now,
                    created_by,
                    expires_at: now + DEFAULT_LIFE,
                    last_used_at: None,
                    last_used_address: None,
                    last_used_agent: None,
                    ..old.clone()
                };
                let secret = insert(tx, &mut token, secrets).await?;
                let ends = old.expires_at.min(now + lives_on);
                tokens::hand_over(tx, &old.id, &token.id, ends).await?;
                let before = json!({ "expires_at": old.expires_at });
                let after = json!({ "expires_at": ends, "successor": token.prefix });
                audit::record(
                    tx,
                    &who,
                    "token.rotate",
                    &target(&old),
                    Some(before),
                    Some(after),
                )
                .await?;
                Ok((token, secret))
            })
        })
        .await?;
    let slug = allowed
        .organization()
        .map_or("", |organization| &organization.slug);
    Ok(created(app, allowed, slug, token, &secret))
}

/// Revokes a token at once: the next request with it gets 401, on every replica. Again is no error.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(app: &App, allowed: &Allowed, token_id: &str) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::ManageTokens)?.id.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let token_id = token_id.to_owned();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let token = find(tx, &organization_id, &token_id).await?;
                if token.revoked_at.is_none() {
                    tokens::revoke(tx, &token.id, now, &who.actor.name()).await?;
                    let after = json!({ "revoked_at": now });
                    audit::record(tx, &who, "token.revoke", &target(&token), None, Some(after))
                        .await?;
                }
                Ok(())
            })
        })
        .await
}

/// The id of the token that is shown as `prefix`.
///
/// # Errors
/// `NotFound`.
pub async fn get_id(app: &App, allowed: &Allowed, prefix: &str) -> Result<String, ServiceError> {
    let organization = allowed.check_in(Permission::ManageTokens)?;
    tokens::find_id_by_prefix(&mut app.db.read_by_key().await?, &organization.id, prefix)
        .await?
        .ok_or(ServiceError::NotFound { what: "token" })
}

/// The organization's tokens, latest first.
///
/// # Errors
/// As any read.
pub async fn list(app: &App, allowed: &Allowed) -> Result<Vec<TokenRow>, ServiceError> {
    let organization = allowed.check_in(Permission::ReadTokens)?;
    let now = app.clock.now();
    let moments = Moments::of(allowed, now);
    let (tokens, usage) = read(&app.db, &organization.id, now - DAY).await?;
    let usage: HashMap<&str, (i64, i64)> = usage
        .iter()
        .map(|usage| (usage.token_id.as_str(), (usage.requests, usage.failures)))
        .collect();
    Ok(tokens
        .into_iter()
        .map(|token| {
            let (requests, failures) = usage.get(token.id.as_str()).copied().unwrap_or_default();
            TokenRow {
                state: state(&token, now),
                created: moments.moment(token.created_at),
                expires: moments.moment(token.expires_at),
                days_left: (token.expires_at - now).div_euclid(DAY),
                revoked: token.revoked_at.map(|at| moments.moment(at)),
                last_used: token.last_used_at.map(|at| moments.moment(at)),
                id: token.id,
                name: token.name,
                prefix: token.prefix,
                created_by: token.created_by,
                last_used_address: token.last_used_address,
                last_used_agent: token.last_used_agent,
                requests_24h: u64::try_from(requests).unwrap_or_default(),
                failures_24h: u64::try_from(failures).unwrap_or_default(),
            }
        })
        .collect())
}

async fn read(
    db: &Db,
    organization_id: &str,
    since: Millis,
) -> Result<(Vec<Token>, Vec<tokens::Usage>), StoreError> {
    let mut connection = db.read().await?;
    let tokens = tokens::list(&mut connection, organization_id, LISTED).await?;
    let usage = tokens::list_usage(&mut connection, organization_id, since).await?;
    Ok((tokens, usage))
}

/// Where a token stands at `now`.
pub(super) fn state(token: &Token, now: Millis) -> TokenState {
    if token.revoked_at.is_some() {
        TokenState::Revoked
    } else if token.expires_at <= now {
        TokenState::Expired
    } else if token.expires_at - now <= EXPIRING_DAYS * DAY {
        TokenState::Expiring
    } else {
        TokenState::Active
    }
}

async fn find(
    tx: &mut Tx<'_>,
    organization_id: &str,
    token_id: &str,
) -> Result<Token, ServiceError> {
    tokens::find_for_update(tx, organization_id, token_id)
        .await?
        .ok_or(ServiceError::NotFound { what: "token" })
}

/// Secrets for [`insert`] to choose from, made outside the transaction.
fn secrets() -> Result<Vec<(Secret, String)>, ServiceError> {
    (0..ATTEMPTS).map(|_| new_secret()).collect()
}

/// Adds the token under the first secret whose prefix is new.
async fn insert(
    tx: &mut Tx<'_>,
    token: &mut Token,
    secrets: Vec<(Secret, String)>,
) -> Result<Secret, ServiceError> {
    for (secret, prefix) in secrets {
        token.prefix = prefix;
        match tokens::insert(tx, token, &secret.hash()).await {
            Ok(()) => return Ok(secret),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ServiceError::conflict(
        "The token could not be created. Open the form anew.",
    ))
}

fn target(token: &Token) -> Target {
    Target::new(
        "token",
        &token.id,
        format!("{} ({})", token.name, token.prefix),
    )
}

fn created(
    app: &App,
    allowed: &Allowed,
    slug: &str,
    token: Token,
    secret: &Secret,
) -> CreatedToken {
    CreatedToken {
        expires: Moments::of(allowed, token.created_at).moment(token.expires_at),
        name: token.name,
        prefix: token.prefix,
        secret: secret.reveal().to_owned(),
        tenant_url: app.settings.tenant_url(slug),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc32_in_base62() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(""), "000000");
        // 0xCBF43926 = 3421780262 = 3*62^5 + 45*62^4 + 35*62^3 + 27*62^2 + 22*62 + 14.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    /// Worked out with Python's `zlib.crc32` and digits in the order 0-9, A-Z, a-z: secret scanners do the same.
    #[test]
    fn a_whole_token_stays_genuine() {
        let token = "rhp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg37cCQ0";
        assert!(looks_genuine(token));
        // The digits in another order of letters.
        assert!(!looks_genuine(&token.replace("37cCQ0", "37Ccq0")));
    }

    #[test]
    fn a_new_secret_looks_genuine_and_a_mistyped_one_does_not() {
        let (secret, prefix) = new_secret().unwrap();
        let secret = secret.reveal();
        assert_eq!(secret.len(), 53);
        assert!(secret.starts_with(&prefix));
        assert_eq!(prefix.len(), 12);
        assert!(looks_genuine(secret));
        let other = if secret.contains('A') {
            secret.replacen('A', "B", 1)
        } else {
            format!("{}x", &secret[..52])
        };
        assert!(other == secret || !looks_genuine(&other));
        for bad in [
            "",
            "rhp_",
            "rhp_é",
            &secret[1..],
            &secret[..52],
            &format!("{secret}0"),
        ] {
            assert!(!looks_genuine(bad), "{bad}");
        }
        let wide = format!("rhp_{}é", "a".repeat(47));
        assert!(!looks_genuine(&wide));
    }
}
