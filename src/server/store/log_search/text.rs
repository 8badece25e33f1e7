//! The text that the log is searched for: what it names, and whether that is looked up first.

use super::{SHOWN, Search};
use crate::server::error::StoreError;
use crate::server::store::keyset::{COUNT_LIMIT, FEW, prefix_range};
use crate::server::store::sql::{Builder, Connection};
use crate::server::store::user_directory::push_text_candidates;

/// Whether the text of `search` is looked up: when lookups are not searched and few users and entries match.
pub async fn is_narrow(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<bool, StoreError> {
    if search.text.is_empty() || search.shows_lookups() {
        return Ok(false);
    }
    let mut statement = Builder::new("SELECT count(*) FROM (");
    push_text_candidates(
        &mut statement,
        search.organization_id,
        search.text,
        &search.text_key,
        FEW,
    );
    statement.push(") counted");
    if connection.fetch_count(statement.finish()).await? > FEW {
        return Ok(false);
    }
    let mut statement = Builder::new("SELECT count(*) FROM (");
    search.push_text_candidates(&mut statement, FEW);
    statement.push(") counted");
    Ok(connection.fetch_count(statement.finish()).await? <= FEW)
}

impl Search<'_> {
    /// Adds the test of entries `l` that the text names.
    pub(super) fn push_text(&self, statement: &mut Builder) {
        if self.named.text_is_narrow {
            statement.push(" AND l.id IN (");
            // Few, but there may be some more since they were counted.
            self.push_text_candidates(statement, COUNT_LIMIT);
            statement.push(")");
            return;
        }
        let (low, high) = prefix_range(&self.text_key);
        for (from, to) in [
            (
                " AND (((l.user_name_key || '') >= ",
                " AND (l.user_name_key || '') < ",
            ),
            (
                ") OR ((l.label_key || '') >= ",
                " AND (l.label_key || '') < ",
            ),
        ] {
            statement.push(from).bind(&low).push(to).bind(&high);
        }
        for other in [
            ") OR (l.id || '') = ",
            " OR (l.user_id || '') = ",
            " OR (l.external_id || '') = ",
        ] {
            statement.push(other).bind(self.text);
        }
        statement.push(")");
    }

    /// Adds the ids of entries that the text names: by userName then, by who the user is now, by id, and for
    /// refused creates by the name or externalId that was sent. Each look-up stops beyond `most`.
    fn push_text_candidates(&self, statement: &mut Builder, most: i64) {
        let (low, high) = prefix_range(&self.text_key);
        let open = |statement: &mut Builder| {
            statement.push(
                "SELECT id FROM (SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ",
            );
            statement.bind(self.organization_id);
        };
        let close = |statement: &mut Builder| {
            statement.push(" LIMIT ").bind(most + 1).push(") found");
        };
        open(statement);
        statement.push(SHOWN).push(" AND l.user_name_key >= ");
        statement
            .bind(&low)
            .push(" AND l.user_name_key < ")
            .bind(&high);
        close(statement);
        statement.push(" UNION ");
        open(statement);
        statement.push(SHOWN).push(" AND l.user_id IN (");
        push_text_candidates(
            statement,
            self.organization_id,
            self.text,
            &self.text_key,
            most,
        );
        statement.push(")");
        close(statement);
        // Deleted users are found by their id only here.
        statement.push(" UNION ");
        open(statement);
        statement
            .push(SHOWN)
            .push(" AND l.user_id = ")
            .bind(self.text);
        close(statement);
        statement.push(" UNION ");
        open(statement);
        statement.push(" AND l.user_id IS NULL AND l.label_key >= ");
        statement.bind(&low).push(" AND l.label_key < ").bind(&high);
        close(statement);
        statement.push(" UNION ");
        open(statement);
        statement.push(" AND l.user_id IS NULL AND l.external_id = ");
        statement.bind(self.text);
        close(statement);
        statement.push(" UNION SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ");
        statement.bind(self.organization_id);
        statement.push(" AND l.id = ").bind(self.text);
    }
}
