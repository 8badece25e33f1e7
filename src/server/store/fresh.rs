//! A new database for a test that stands beside the code; those of the whole program have their own.

use tempfile::TempDir;

use super::{Db, migrate};

/// An open, migrated SQLite file, there for as long as its folder is kept.
pub async fn sqlite() -> (Db, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let db = Db::open(&url, true).await.unwrap();
    migrate::migrate(&db, &url).await.unwrap();
    (db, folder)
}
