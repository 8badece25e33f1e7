//! `migrate`.

use serde_json::json;

use super::{Failure, database, output};
use crate::server::settings::SettingArgs;
use crate::server::store::migrate::Version;

pub(super) async fn run(settings: &SettingArgs, as_json: bool) -> Result<(), Failure> {
    let settings = settings.resolve()?;
    let (db, before) = database::open_and_migrate(&settings).await?;
    db.close().await;
    let name = settings.database_name();
    let (outcome, text) = match before {
        Version::Empty => ("created", format!("Created {name}.")),
        Version::Older { applied, needed } => (
            "migrated",
            format!("Migrated {name} ({} migrations).", needed - applied),
        ),
        Version::Current | Version::Newer => ("up_to_date", format!("{name} is up to date.")),
    };
    if as_json {
        return output::json(&json!({"database": name, "outcome": outcome}));
    }
    output::note(&text);
    Ok(())
}
