//! `token`.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, allowed_in, output};
use crate::server::App;
use crate::server::actor::Permission;
use crate::server::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::server::services::tokens::{self, NewToken};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a Secret Token and print it, alone, on stdout; it is shown this once
    #[command(
        after_help = "Example:\n  rhombus-provisioning token create contoso --name Entra > secret-token.txt"
    )]
    Create {
        /// The organization
        slug: String,
        /// What it is for, such as Entra
        #[arg(long)]
        name: String,
        /// How long it lives, at most 730d: days, hours (12h), minutes (15m) or seconds (90s)
        #[arg(long, value_name = "TIME", default_value = "365d", value_parser = life)]
        expires_in: Millis,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the tokens of an organization, latest first
    List {
        /// The organization
        slug: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: its next request gets 401
    Revoke {
        /// The organization
        slug: String,
        /// The token as the list shows it: rhp_ and 8 characters
        prefix: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// A number alone is one of days.
fn life(text: &str) -> Result<Millis, &'static str> {
    let units = [('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', SECOND)];
    let (count, unit) = units
        .into_iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)))
        .unwrap_or((text, DAY));
    let count: u32 = count
        .parse()
        .map_err(|_| "it must be a number with its unit, such as 90d, 12h, 15m or 90s")?;
    Ok(Millis::from(count).saturating_mul(unit))
}

pub(super) async fn run(app: &App, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create {
            slug,
            name,
            expires_in,
            json,
        } => {
            let allowed = allowed_in(app, Permission::ManageTokens, &slug).await?;
            let new = NewToken {
                name,
                life: Some(expires_in),
                once: None,
            };
            let created = tokens::create(app, &allowed, new).await?;
            if json {
                return output::json(&json!({
                    "name": created.name,
                    "prefix": created.prefix,
                    "secret": created.secret,
                    "tenant_url": created.tenant_url,
                    "expires": created.expires.machine,
                }));
            }
            output::note(&format!(
                "Secret Token \"{}\" for {} (Tenant URL {}), until {}. It is shown this once.",
                created.name, slug, created.tenant_url, created.expires.exact
            ));
            output::line(&created.secret)
        }
        Command::List { slug, json } => list(app, &slug, json).await,
        Command::Revoke { slug, prefix, json } => {
            let allowed = allowed_in(app, Permission::ManageTokens, &slug).await?;
            let id = tokens::get_id(app, &allowed, &prefix).await?;
            tokens::revoke(app, &allowed, &id).await?;
            if json {
                return output::json(&json!({ "prefix": prefix, "state": "revoked" }));
            }
            output::line(&format!("{prefix} is revoked."))
        }
    }
}

async fn list(app: &App, slug: &str, json: bool) -> Result<(), Failure> {
    let allowed = allowed_in(app, Permission::ReadTokens, slug).await?;
    let rows = tokens::list(app, &allowed).await?;
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "prefix": row.prefix,
                    "name": row.name,
                    "state": row.state,
                    "created": row.created.machine,
                    "created_by": row.created_by,
                    "expires": row.expires.machine,
                    "revoked": row.revoked.as_ref().map(|moment| &moment.machine),
                    "last_used": row.last_used.as_ref().map(|moment| &moment.machine),
                    "last_used_address": row.last_used_address,
                    "last_used_agent": row.last_used_agent,
                    "requests_24h": row.requests_24h,
                    "failures_24h": row.failures_24h,
                })
            })
            .collect();
        return output::json(&rows);
    }
    output::table(
        [
            "PREFIX",
            "NAME",
            "STATE",
            "EXPIRES",
            "LAST USED",
            "REQUESTS 24 H",
            "FAILURES 24 H",
        ],
        rows.into_iter().map(|row| {
            [
                row.prefix,
                row.name,
                row.state.label().to_owned(),
                row.expires.exact,
                row.last_used
                    .map_or_else(|| "never".to_owned(), |moment| moment.relative),
                row.requests_24h.to_string(),
                row.failures_24h.to_string(),
            ]
        }),
    )
}
