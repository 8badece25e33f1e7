//! `migrate`.

use super::{Failure, database, output};
use crate::server::settings::SettingArgs;
use crate::server::store::migrate::Version;

pub(super) async fn run(settings: &SettingArgs) -> Result<(), Failure> {
    let settings = settings.resolve()?;
    let (db, before) = database::open_and_migrate(&settings).await?;
    db.close().await;
    let name = settings.database_name();
    output::note(&match before {
        Version::Empty => format!("Created {name}."),
        Version::Older { applied, needed } => {
            format!("Migrated {name} ({} migrations).", needed - applied)
        }
        Version::Current | Version::Newer => format!("{name} is up to date."),
    });
    Ok(())
}
