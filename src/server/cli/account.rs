//! `account`.

use std::io::{IsTerminal, Read};

use clap::Subcommand;
use serde_json::json;

use super::{Failure, allowed, allowed_in, output};
use crate::model::account::{AccountRole, AccountState, CreatedLink};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::secret::Secret;
use crate::server::services::accounts::{self, AccountQuery, Invitee};

/// Bytes of stdin that are read for a password.
const STDIN: u64 = 4_096;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create an account: with the password on stdin, else print an invitation link (good once, for seven days)
    #[command(
        after_help = "Examples:\n  rhombus-provisioning account create dana@contoso.com --role admin \
                            --organization contoso\n  pass show rhombus | rhombus-provisioning account create \
                            sam@rhombus.example --role support"
    )]
    Create {
        email: String,
        /// support (all organizations), admin or viewer (one organization)
        #[arg(long, value_name = "support|admin|viewer", value_parser = role)]
        role: AccountRole,
        /// The organization of an admin or viewer
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
        /// Name as shown [default: the address up to the @]
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List accounts
    List {
        /// Only those of one organization
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a link for setting a new password (good once, for an hour), or the invitation again (good once, for seven
    /// days) to whoever has never accepted it
    Reset {
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn role(text: &str) -> Result<AccountRole, &'static str> {
    AccountRole::parse(text).ok_or("it must be support, admin or viewer")
}

pub(super) async fn run(app: &App, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create {
            email,
            role,
            organization,
            name,
            json,
        } => {
            let allowed = allowed_for(app, role, organization.as_deref()).await?;
            let invitee = Invitee {
                email: email.clone(),
                name,
                role,
            };
            match read_password()? {
                Some(password) => {
                    accounts::create_with_password(app, &allowed, invitee, &password).await?;
                    if json {
                        return output::json(
                            &json!({ "email": email, "role": role, "state": "active" }),
                        );
                    }
                    output::line(&format!(
                        "{email} can sign in at {}/sign-in",
                        app.settings.public_url
                    ))
                }
                None => {
                    let link = accounts::invite(app, &allowed, invitee).await?;
                    if json {
                        return output::json(&json!({
                            "email": email, "role": role, "state": "invited", "link": link.url,
                            "mailed": link.is_mailed,
                        }));
                    }
                    hand_over(&link, "It works once, for seven days.")
                }
            }
        }
        Command::List { organization, json } => list(app, organization.as_deref(), json).await,
        Command::Reset { email, json } => {
            let allowed = allowed(Permission::ManageAccounts, None);
            let link = accounts::reset(app, &allowed, &email).await?;
            if json {
                return output::json(
                    &json!({ "email": email, "link": link.url, "mailed": link.is_mailed }),
                );
            }
            hand_over(&link, "It works once.")
        }
    }
}

/// The link alone on stdout, what to do with it beside.
fn hand_over(link: &CreatedLink, how_long: &str) -> Result<(), Failure> {
    let email = &link.email;
    output::note(&if link.is_mailed {
        format!("This link goes to {email} by mail, once the service runs. {how_long}")
    } else {
        format!("Give {email} this link. {how_long}")
    });
    output::line(&link.url)
}

async fn allowed_for(
    app: &App,
    role: AccountRole,
    organization: Option<&str>,
) -> Result<Allowed, Failure> {
    match (role, organization) {
        (AccountRole::Support, None) => Ok(allowed(Permission::ManageAccounts, None)),
        (AccountRole::Support, Some(_)) => Err(Failure::usage(
            "a Support account belongs to no organization: leave --organization out",
        )),
        (AccountRole::Admin | AccountRole::Viewer, Some(slug)) => {
            allowed_in(app, Permission::ManageAccounts, slug).await
        }
        (AccountRole::Admin | AccountRole::Viewer, None) => Err(Failure::usage(format!(
            "the role {} is one in an organization: add --organization SLUG",
            role.as_str()
        ))),
    }
}

/// The password that is piped in, without its line break; nothing from a terminal or an empty stdin.
fn read_password() -> Result<Option<Secret>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    // A closed stdin is an empty one.
    match stdin.lock().take(STDIN).read_to_string(&mut text) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(Failure::usage("the password on stdin is not UTF-8"));
        }
        _ => {}
    }
    let password = text.trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| Secret::new(password)))
}

async fn list(app: &App, organization: Option<&str>, json: bool) -> Result<(), Failure> {
    let allowed = match organization {
        Some(slug) => allowed_in(app, Permission::ReadAccounts, slug).await?,
        None => allowed(Permission::ReadAccounts, None),
    };
    let mut query = AccountQuery::default();
    let mut rows = Vec::new();
    loop {
        let page = accounts::list(app, &allowed, &query).await?.page;
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
                    "email": row.email,
                    "name": row.name,
                    "role": row.role,
                    "organization": row.organization.as_ref().map(|organization| &organization.slug),
                    "state": row.state,
                    "last_sign_in": row.last_sign_in.as_ref().map(|moment| &moment.machine),
                })
            })
            .collect();
        return output::json(&rows);
    }
    output::table(
        [
            "EMAIL",
            "NAME",
            "ROLE",
            "ORGANIZATION",
            "STATE",
            "LAST SIGN-IN",
        ],
        rows.into_iter().map(|row| {
            [
                row.email,
                row.name,
                row.role.label().to_owned(),
                row.organization
                    .map_or_else(|| "-".to_owned(), |organization| organization.slug),
                match row.state {
                    AccountState::Invited => "Invited",
                    AccountState::Active => "Active",
                    AccountState::Deactivated => "Deactivated",
                }
                .to_owned(),
                row.last_sign_in
                    .map_or_else(|| "never".to_owned(), |moment| moment.relative),
            ]
        }),
    )
}
