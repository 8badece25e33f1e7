//! What operators watch, gathered when they ask.

use std::time::Duration;

use crate::server::App;
use crate::server::clock::DAY;
use crate::server::error::StoreError;
use crate::server::metrics::Figures;
use crate::server::store::figures;

/// Days before and after a token's end in which it is counted.
const TOKEN_DAYS: i64 = 30;

/// All metrics in Prometheus's text format.
///
/// # Errors
/// When the database does not answer: what cannot be read must not look like zero.
pub async fn render(app: &App) -> Result<String, StoreError> {
    let load = app.db.load();
    let mut connection = app.db.read().await?;
    let now = app.clock.now();
    let read = figures::read(&mut connection, now, TOKEN_DAYS * DAY).await?;
    drop(connection);
    let counted = |count: i64| u64::try_from(count).unwrap_or_default();
    Ok(app.metrics.render(&Figures {
        log_waiting: app.recorder.waiting(),
        connections: (load.free, load.used),
        writes_waiting: load.waiting,
        held_users: counted(read.held_users),
        tokens_expiring: counted(read.tokens_expiring),
        tokens_expired: counted(read.tokens_expired),
        open_issues: counted(read.open_issues),
        mails_waiting: counted(read.mails_waiting),
        oldest_mail: Duration::from_millis(read.oldest_mail_at.map_or(0, |at| counted(now - at))),
    }))
}
