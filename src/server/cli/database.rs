//! Opening the database: created and migrated by `serve` and `migrate`, found as it must be by the others.

use std::io;
use std::path::Path;

use super::{Failure, NAME};
use crate::server::App;
use crate::server::clock::Clock;
use crate::server::error::StoreError;
use crate::server::settings::{SettingError, Settings};
use crate::server::store::Db;
use crate::server::store::dialect::{Dialect, sqlite_path};
use crate::server::store::migrate::{self, Version};

/// Opens the database, after creating or migrating it if need be. Answers where it stood before.
pub(super) async fn open_and_migrate(settings: &Settings) -> Result<(Db, Version), Failure> {
    create_folder(&settings.data_dir).map_err(|error| SettingError {
        name: "DATA_DIR",
        value: full_path(&settings.data_dir),
        reason: format!("the folder cannot be created: {error}"),
    })?;
    if Dialect::of_url(&settings.database_url) == Some(Dialect::Sqlite) {
        let path = sqlite_path(&settings.database_url);
        if let Some(folder) = path.parent() {
            create_folder(folder).map_err(|error| SettingError {
                name: "DATABASE_URL",
                value: settings.database_name(),
                reason: format!("its folder cannot be created: {error}"),
            })?;
        }
    }
    let db = open(settings, true).await?;
    let version = version(&db, settings).await?;
    if version == Version::Newer {
        return Err(newer(settings));
    }
    migrate::migrate(&db, &settings.database_url)
        .await
        .map_err(|error| failed(settings, &error))?;
    Ok((db, version))
}

/// Opens a database that is as this program needs it.
pub(super) async fn open_existing(settings: Settings) -> Result<App, Failure> {
    let name = settings.database_name();
    let hint = format!("`{NAME} serve` or `{NAME} migrate`");
    if Dialect::of_url(&settings.database_url) == Some(Dialect::Sqlite)
        && !sqlite_path(&settings.database_url).exists()
    {
        return Err(Failure::new(format!(
            "there is no database at {name}; {hint} creates it (DATABASE_URL and DATA_DIR say where it is)"
        )));
    }
    let db = open(&settings, false).await?;
    match version(&db, &settings).await? {
        Version::Current => Ok(App::new(db, Clock::system(), settings)),
        Version::Empty => Err(Failure::new(format!(
            "the database {name} is empty; {hint} sets it up"
        ))),
        Version::Older { applied, needed } => Err(Failure::new(format!(
            "the database {name} is older than this program ({applied} of {needed} migrations); {hint} brings it \
             up to date"
        ))),
        Version::Newer => Err(newer(&settings)),
    }
}

fn newer(settings: &Settings) -> Failure {
    Failure::new(format!(
        "the database {} was migrated by a later version of this program; use that one",
        settings.database_name()
    ))
}

async fn open(settings: &Settings, create: bool) -> Result<Db, Failure> {
    Db::open(&settings.database_url, create)
        .await
        .map_err(|error| failed(settings, &error))
}

async fn version(db: &Db, settings: &Settings) -> Result<Version, Failure> {
    migrate::version(db)
        .await
        .map_err(|error| failed(settings, &error))
}

fn failed(settings: &Settings, error: &StoreError) -> Failure {
    Failure::new(format!("{}: {error}", settings.database_name()))
}

/// Creates a folder for this user alone: tokens' hashes and people's names are in it.
fn create_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn full_path(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.display().to_string()
}
