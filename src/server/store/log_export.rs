//! The log in batches, whole rows, for a file.

use sqlx::FromRow;

use super::keyset::TimeCursor;
use super::log_search::{Entry, Found, Search, read};
use super::sql::Connection;
use crate::server::error::StoreError;

/// Rows that are read at a time.
pub const BATCH: i64 = 500;

const COLUMNS: &str = "SELECT l.id, l.occurred_at, l.cycle_id, l.action, l.status, l.http_status, l.reason, \
     l.detail, l.user_id, l.user_name, l.label, l.path, l.token_prefix, l.duration_us, l.method, l.scim_type, \
     l.attribute, l.external_id, l.address, l.user_agent, l.client_version, \
     CASE WHEN l.action = 'match' AND l.user_id IS NULL THEN l.steps END AS match_steps \
     FROM provisioning_logs l WHERE ";

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
