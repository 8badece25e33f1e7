//! `organization`.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::{Failure, allowed, allowed_in, output};
use crate::model::organization::{
    MissingNames, MissingRole, OrganizationDetail, OrganizationQuery, ProvisioningState,
    UnknownRole,
};
use crate::model::page::{Count, count};
use crate::server::App;
use crate::server::actor::Permission;
use crate::server::services::guard;
use crate::server::services::organization_list;
use crate::server::services::organizations::{self, NewOrganization, OrganizationChange};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create an organization and print its Tenant URL
    #[command(
        after_help = "The Tenant URL goes into Entra's Admin Credentials, beside a Secret Token \
                            (`token create`).\n\nExample:\n  rhombus-provisioning organization create contoso \
                            --name 'Contoso Ltd'"
    )]
    Create {
        /// Unchanging name in URLs: 3 to 63 of a-z, 0-9 and hyphens
        slug: String,
        /// Name as shown
        #[arg(long)]
        name: String,
        /// Leave provisioning off: Entra gets 403 until `enable`
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        policies: PolicyArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List organizations with their users, failures of the last 24 hours and last request
    List {
        /// Beginning of a name or slug
        #[arg(long, default_value = "")]
        search: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change name, policies or the accidental-deletion guard
    Set {
        slug: String,
        /// Name as shown
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        policies: PolicyArgs,
        /// Users who may lose access in one cycle before the guard holds the others: a number, or off (default)
        #[arg(long, value_name = "USERS|off", value_parser = removal_limit)]
        removal_limit: Option<RemovalLimit>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Turn provisioning on (Support's switch)
    Enable(Switch),
    /// Turn provisioning off: Entra gets 403 (Support's switch)
    Disable(Switch),
    /// Pause provisioning: Entra gets 503 and tries again later (the Admin's switch)
    Pause(Switch),
    /// End a pause (the Admin's switch)
    Resume(Switch),
}

#[derive(Debug, Args)]
pub(super) struct Switch {
    slug: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// A user without given or family name: reject (default), or accept with a warning
    #[arg(long, value_name = "reject|accept", value_parser = missing_names)]
    missing_names: Option<MissingNames>,
    /// A user without a role: default (gets the default role, with a warning), or reject
    #[arg(long, value_name = "default|reject", value_parser = missing_role)]
    missing_role: Option<MissingRole>,
    /// A role that the catalogue does not know: reject (default), default, or accept into the catalogue
    #[arg(long, value_name = "reject|default|accept", value_parser = unknown_role)]
    unknown_role: Option<UnknownRole>,
}

/// The guard's limit; `None` turns it off.
#[derive(Debug, Clone, Copy)]
pub(super) struct RemovalLimit(Option<i64>);

fn removal_limit(text: &str) -> Result<RemovalLimit, &'static str> {
    if text == "off" {
        return Ok(RemovalLimit(None));
    }
    let limit = text
        .parse()
        .map_err(|_| "it must be a number of users, or off")?;
    Ok(RemovalLimit(Some(limit)))
}

fn missing_names(text: &str) -> Result<MissingNames, &'static str> {
    MissingNames::parse(text).ok_or("it must be reject or accept")
}

fn missing_role(text: &str) -> Result<MissingRole, &'static str> {
    MissingRole::parse(text).ok_or("it must be default or reject")
}

fn unknown_role(text: &str) -> Result<UnknownRole, &'static str> {
    UnknownRole::parse(text).ok_or("it must be reject, default or accept")
}

pub(super) async fn run(app: &App, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create {
            slug,
            name,
            off,
            policies,
            json,
        } => {
            let mut new = NewOrganization {
                slug,
                name,
                off,
                ..NewOrganization::default()
            };
            let chosen = &mut new.policies;
            chosen.missing_names = policies.missing_names.unwrap_or_default();
            chosen.missing_role = policies.missing_role.unwrap_or_default();
            chosen.unknown_role = policies.unknown_role.unwrap_or_default();
            let allowed = allowed(Permission::CreateOrganization, None);
            let detail = organizations::create(app, &allowed, new).await?;
            if json {
                return output::json(&detail);
            }
            output::line(&detail.tenant_url)
        }
        Command::List { search, json } => list(app, search, json).await,
        Command::Set {
            slug,
            name,
            policies,
            removal_limit,
            json,
        } => {
            let manages_guard = allowed_in(app, Permission::ManageGuard, &slug).await?;
            let allowed = allowed_in(app, Permission::ManageOrganization, &slug).await?;
            let change = OrganizationChange {
                name,
                missing_names: policies.missing_names,
                expected_users: None,
                missing_role: policies.missing_role,
                unknown_role: policies.unknown_role,
            };
            // What may be refused comes first: nothing is done by halves, and a guard that is off has let go whom it held.
            change.check()?;
            if let Some(RemovalLimit(limit)) = removal_limit {
                guard::set_limit(app, &manages_guard, limit).await?;
            }
            let limit = guard::limit(app, &manages_guard).await?;
            let detail = organizations::set(app, &allowed, change).await?;
            show(&detail, limit, json)
        }
        Command::Enable(switch) => {
            let allowed = allowed_in(app, Permission::SwitchProvisioning, &switch.slug).await?;
            tell(&switch, organizations::enable(app, &allowed).await?)
        }
        Command::Disable(switch) => {
            let allowed = allowed_in(app, Permission::SwitchProvisioning, &switch.slug).await?;
            tell(&switch, organizations::disable(app, &allowed).await?)
        }
        Command::Pause(switch) => {
            let allowed = allowed_in(app, Permission::PauseProvisioning, &switch.slug).await?;
            tell(&switch, organizations::pause(app, &allowed).await?)
        }
        Command::Resume(switch) => {
            let allowed = allowed_in(app, Permission::PauseProvisioning, &switch.slug).await?;
            tell(&switch, organizations::resume(app, &allowed).await?)
        }
    }
}

/// The number that was counted to.
fn least(count: Count) -> u64 {
    let (Count::Exactly(n) | Count::MoreThan(n)) = count;
    n
}

async fn list(app: &App, search: String, json: bool) -> Result<(), Failure> {
    let allowed = allowed(Permission::ListOrganizations, None);
    let mut query = OrganizationQuery {
        search,
        ..OrganizationQuery::default()
    };
    let mut rows = Vec::new();
    loop {
        let page = organization_list::list(app, &allowed, &query).await?.page;
        rows.extend(page.items);
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "slug": row.slug,
                    "name": row.name,
                    "state": row.state,
                    "tenant_url": app.settings.tenant_url(&row.slug),
                    "users": least(row.users),
                    "users_are_more": matches!(row.users, Count::MoreThan(_)),
                    "failures_24h": row.failures,
                    "last_contact": row.last_contact.as_ref().map(|moment| &moment.machine),
                })
            })
            .collect();
        return output::json(&rows);
    }
    output::table(
        [
            "SLUG",
            "NAME",
            "PROVISIONING",
            "USERS",
            "FAILURES 24 H",
            "LAST REQUEST",
        ],
        rows.into_iter().map(|row| {
            [
                row.slug,
                row.name,
                row.state.label().to_owned(),
                count(row.users),
                row.failures.to_string(),
                row.last_contact
                    .map_or_else(|| "never".to_owned(), |moment| moment.relative),
            ]
        }),
    )
}

#[derive(Serialize)]
struct Shown<'d> {
    #[serde(flatten)]
    detail: &'d OrganizationDetail,
    removal_limit: Option<i64>,
}

fn show(
    detail: &OrganizationDetail,
    removal_limit: Option<i64>,
    json: bool,
) -> Result<(), Failure> {
    if json {
        return output::json(&Shown {
            detail,
            removal_limit,
        });
    }
    let guard = removal_limit.map_or_else(
        || "off".to_owned(),
        |limit| format!("at most {limit} removals a cycle"),
    );
    output::line(&format!(
        "{} ({}), provisioning {}: missing names {}, missing role {}, unknown role {}, guard {guard}",
        detail.name,
        detail.slug,
        detail.state.label(),
        detail.missing_names.as_str(),
        detail.missing_role.as_str(),
        detail.unknown_role.as_str(),
    ))
}

fn tell(switch: &Switch, state: ProvisioningState) -> Result<(), Failure> {
    if switch.json {
        return output::json(&json!({ "slug": switch.slug, "state": state }));
    }
    output::line(&format!("{}: provisioning {}", switch.slug, state.label()))
}
