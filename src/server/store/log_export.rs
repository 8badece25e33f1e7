//! The log in batches, whole rows, for a file.

use sqlx::FromRow;

use super::keyset::TimeCursor;
use super::log_search::{self, Entry, Found, Search, read};
use super::sql::Connection;
use crate::server::error::StoreError;

/// Rows that are read at a time.
pub const BATCH: i64 = 500;

const COLUMNS: &str = concat!(
    "SELECT ",
    log_search::columns!(),
    ", l.method, l.scim_type, l.attribute, l.external_id, l.address, l.user_agent, l.client_version \
     FROM provisioning_logs l WHERE "
);

/// An entry as exported.
#[derive(Debug, Clone, FromRow)]
pub struct ExportedEntry {
    #[sqlx(flatten)]
    pub entry: Entry,
    pub method: String,
    pub scim_type: Option<String>,
    pub attribute: Option<String>,
    pub external_id: Option<String>,
    pub address: String,
    pub user_agent: Option<String>,
    pub client_version: Option<String>,
}

/// The next entries after `cursor`, newest first; fewer than [`BATCH`] where the search stopped or is over.
pub async fn batch(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&TimeCursor>,
) -> Result<Found<ExportedEntry>, StoreError> {
    read(connection, search, COLUMNS, cursor, false, BATCH).await
}
