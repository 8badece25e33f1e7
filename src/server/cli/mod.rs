//! The command line: one file for each command. Results go to stdout, everything else to stderr, errors in one
//! line. All but `serve` and `migrate` work beside a running server and on an existing database only.

mod account;
mod database;
mod migrate;
mod organization;
mod output;
mod serve;
mod token;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::ServiceError;
use crate::server::secret_key::KeyError;
use crate::server::services::organizations;
use crate::server::services::sign_in::AccessError;
use crate::server::settings::{SettingArgs, SettingError};
use crate::server::telemetry;

const NAME: &str = "rhombus-provisioning";

const EXAMPLES: &str = "\
Examples:
  rhombus-provisioning                                        start on SQLite at http://127.0.0.1:3000
  rhombus-provisioning organization create contoso --name 'Contoso Ltd'
  rhombus-provisioning token create contoso --name Entra      print a Secret Token for Entra ID
  rhombus-provisioning account create dana@contoso.com --role admin --organization contoso
  DATABASE_URL=postgres://rhombus@db/rhombus rhombus-provisioning serve

Commands other than serve and migrate work on an existing database, also while a server runs on it.";

/// Rhombus Provisioning: Microsoft Entra ID creates, changes and removes Rhombus users through it (SCIM 2.0), and
/// its dashboard shows what happened and how to fix what failed.
#[derive(Debug, Parser)]
#[command(name = NAME, version, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the service (also without any command); creates or migrates the database
    Serve,
    /// Create the database or bring it to this version, without starting the service
    Migrate {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Rhombus customers: create, list, set, enable, disable, pause, resume
    #[command(subcommand)]
    Organization(organization::Command),
    /// Secret Tokens that Entra ID signs in with: create, list, revoke
    #[command(subcommand)]
    Token(token::Command),
    /// People who sign in to the dashboard: create, list, reset
    #[command(subcommand)]
    Account(account::Command),
}

/// Why a command ended without doing what it was asked: one line, and the exit code.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 1,
        }
    }

    /// What was typed or set cannot be used.
    fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Invalid { field, message } => Self::usage(format!("{field}: {message}")),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Refused(error) => Self::usage(error.message()),
            AccessError::Failed(error) => error.into(),
        }
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Runs the program with the process's arguments: 0 when done, 1 when it could not be done, 2 for what was typed
/// or set wrongly.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&format!("{NAME}: {}", one_line(&failure.message)));
            ExitCode::from(failure.code)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { command, settings } = arguments;
    let is_service = matches!(command, None | Some(Command::Serve));
    let filter = settings.log_filter();
    telemetry::start(settings.log_format()?, filter, is_service).map_err(Failure::usage)?;
    let runtime = if is_service {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
    } else {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
    };
    runtime.block_on(async {
        match command {
            None | Some(Command::Serve) => serve::run(&settings).await,
            Some(Command::Migrate { json }) => migrate::run(&settings, json).await,
            Some(Command::Organization(command)) => {
                with_app(&settings, async |app| organization::run(app, command).await).await
            }
            Some(Command::Token(command)) => {
                with_app(&settings, async |app| token::run(app, command).await).await
            }
            Some(Command::Account(command)) => {
                with_app(&settings, async |app| account::run(app, command).await).await
            }
        }
    })
}

/// Runs a command on the existing database.
async fn with_app(
    settings: &SettingArgs,
    command: impl AsyncFnOnce(&App) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let app = database::open_existing(settings.resolve()?).await?;
    let outcome = command(&app).await;
    app.finish().await;
    outcome
}

/// Proof of permission on the command line: whoever can run it beside the database may do everything.
fn allowed(permission: Permission, organization: Option<OrganizationRef>) -> Allowed {
    Allowed::command_line(permission, organization)
}

/// As [`allowed`], in the organization of `slug`.
async fn allowed_in(app: &App, permission: Permission, slug: &str) -> Result<Allowed, Failure> {
    let organization = organizations::find(app, slug).await?.ok_or_else(|| {
        Failure::new(format!(
            "there is no organization with the slug {slug:?}; `{NAME} organization list` shows them"
        ))
    })?;
    Ok(allowed(permission, Some(organization)))
}

/// What clap has to say: help whole on stdout, errors in one line.
fn explain(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            let text = error.render().to_string();
            // Up to the usage: what is wrong, with clap's guess of what was meant.
            let said = text.split("\n\nUsage:").next().unwrap_or(&text);
            let said = said
                .split("\n\nFor more information")
                .next()
                .unwrap_or(said);
            let said = said.strip_prefix("error: ").unwrap_or(said);
            output::note(&format!("{NAME}: {} (--help tells more)", one_line(said)));
            ExitCode::from(2)
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
