//! `outbox`: mails that are to be sent or were, and every attempt.

mod state;

pub use state::MailState;

use sqlx::FromRow;

use super::Tx;
use super::keyset::{COUNT_LIMIT, Order, TimeCursor, push_list, push_page};
use super::sql::{Builder, Connection, sql};
use crate::model::notification::MailKind;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Mails whose names are forgotten at a time.
const NAMING: i64 = 100;

/// A mail that is to be sent.
#[derive(Debug, Clone)]
pub struct NewMail {
    pub id: String,
    /// `None` for a mail that belongs to the whole deployment.
    pub organization_id: Option<String>,
    pub kind: MailKind,
    /// Of one event and one address: a second mail with it is none.
    pub event_key: String,
    pub address: String,
    pub address_key: String,
    pub subject: String,
    /// Sealed.
    pub body: String,
    /// The same without the names of users; `None` where it has none.
    pub unnamed: Option<String>,
    pub created_at: Millis,
    /// Who writes it sends it at once and holds it until then.
    pub claimed_until: Option<Millis>,
}

/// Puts a mail in; false if there is one of its event already.
pub async fn insert(tx: &mut Tx<'_>, mail: &NewMail) -> Result<bool, StoreError> {
    let statement = sql(
        "INSERT INTO outbox (id, organization_id, kind, event_key, address, address_key, subject, body, created_at, \
         state, due_at, claimed_until, attempts, retries, unnamed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $12, $9, $10, 0, 0, $11) ON CONFLICT (event_key) DO NOTHING",
    )
    .bind(&mail.id)
    .bind(mail.organization_id.as_deref())
    .bind(mail.kind.as_str())
    .bind(&mail.event_key)
    .bind(&mail.address)
    .bind(&mail.address_key)
    .bind(&mail.subject)
    .bind(&mail.body)
    .bind(mail.created_at)
    .bind(mail.claimed_until)
    .bind(mail.unnamed.as_deref())
    .bind(MailState::Waiting.as_str());
    Ok(tx.execute(statement).await? > 0)
}

/// A mail that somebody has taken to send it.
#[derive(Debug, Clone, FromRow)]
pub struct Claimed {
    pub id: String,
    pub organization_id: Option<String>,
    pub kind: String,
    pub address: String,
    pub subject: String,
    pub body: Option<String>,
    pub created_at: Millis,
    /// Those since it was last to be sent.
    pub retries: i64,
    /// Until when somebody else had it who never said what came of it.
    pub claimed_until: Option<Millis>,
}

/// How mails are taken.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub now: Millis,
    /// Until when they are held: whoever took them has died if they are not done by then.
    pub until: Millis,
    /// No pause is longer: what is due later was written by a clock that was ahead.
    pub latest: Millis,
    /// A claim that ends later than this came from a clock that was ahead, and is ignored. A good while after `until`:
    /// clocks of replicas differ a little.
    pub latest_claim: Millis,
    pub limit: i64,
}

/// Takes mails that are due, those first that are longest. Nobody else gets them until they are done, or the claim has
/// run out. One that somebody had who never said what came of it is taken alone.
pub async fn claim(tx: &mut Tx<'_>, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
    let mut statement = Builder::new(
        "SELECT id, organization_id, kind, address, subject, body, created_at, retries, claimed_until FROM outbox \
         WHERE due_at IS NOT NULL AND (due_at <= ",
    );
    statement.bind(claim.now).push(" OR due_at > ");
    statement
        .bind(claim.latest)
        .push(") AND (claimed_until IS NULL OR claimed_until <= ");
    statement.bind(claim.now).push(" OR claimed_until > ");
    statement
        .bind(claim.latest_claim)
        .push(") ORDER BY due_at, id LIMIT ");
    statement.bind(claim.limit).push(tx.skip_locked());
    let mut found: Vec<Claimed> = tx.fetch_all(statement.finish_repeated()).await?;
    let lost = found.iter().position(|mail| mail.claimed_until.is_some());
    if let Some(lost) = lost {
        // It may be what ended the service, which would take the others along once more.
        found = vec![found.swap_remove(lost)];
    }
    if found.is_empty() {
        return Ok(found);
    }
    let mut statement = Builder::new("UPDATE outbox SET claimed_until = ");
    statement.bind(claim.until);
    push_list(
        &mut statement,
        " WHERE id IN (",
        found.iter().map(|mail| mail.id.as_str()),
    );
    tx.execute(statement.finish()).await?;
    Ok(found)
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct Tried {
    pub id: String,
    /// By which the mail was held.
    pub claimed_until: Millis,
    pub at: Millis,
    pub is_accepted: bool,
    pub answer: String,
    pub state: MailState,
    /// When it is tried next.
    pub due_at: Option<Millis>,
    /// Whether its text is forgotten.
    pub wipes: bool,
}

/// Notes an attempt. If the mail is no longer held by its claim, only an accepted attempt changes the mail.
pub async fn tried(tx: &mut Tx<'_>, tried: &Tried) -> Result<(), StoreError> {
    note(tx, &tried.id, tried.at, tried.is_accepted, &tried.answer).await?;
    tx.execute(
        sql("UPDATE outbox SET state = $1, due_at = $2, claimed_until = NULL, retries = retries + 1, \
             body = CASE WHEN $3 THEN NULL ELSE body END WHERE id = $4 AND (claimed_until = $5 OR $6)")
        .bind(tried.state.as_str())
        .bind(tried.due_at)
        .bind(tried.wipes)
        .bind(&tried.id)
        .bind(tried.claimed_until)
        .bind(tried.is_accepted),
    )
    .await?;
    Ok(())
}

/// Notes an attempt whose end nobody has heard of.
pub async fn lost(tx: &mut Tx<'_>, id: &str, at: Millis, answer: &str) -> Result<(), StoreError> {
    note(tx, id, at, false, answer).await?;
    // It counts: a mail that ends the service each time has no attempt left one day.
    tx.execute(sql("UPDATE outbox SET retries = retries + 1 WHERE id = $1").bind(id))
        .await?;
    Ok(())
}

async fn note(
    tx: &mut Tx<'_>,
    id: &str,
    at: Millis,
    is_accepted: bool,
    answer: &str,
) -> Result<(), StoreError> {
    tx.execute(sql("UPDATE outbox SET attempts = attempts + 1 WHERE id = $1").bind(id))
        .await?;
    tx.execute(
        sql(
            "INSERT INTO outbox_attempts (outbox_id, number, attempted_at, is_accepted, answer) \
             SELECT id, attempts, $2, $3, $4 FROM outbox WHERE id = $1",
        )
        .bind(id)
        .bind(at)
        .bind(is_accepted)
        .bind(answer),
    )
    .await?;
    Ok(())
}

/// A mail that is sent again.
#[derive(Debug, Clone, FromRow)]
pub struct Repeated {
    pub subject: String,
    pub address: String,
}

/// Sends a mail of an organization again, or at once what waits for its next attempt. `None` when it cannot be: its text
/// is forgotten, it is being sent, or its address is no verified recipient any more.
pub async fn repeat(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    now: Millis,
) -> Result<Option<Repeated>, StoreError> {
    tx.fetch_optional(
        sql("UPDATE outbox SET state = $4, due_at = $3, retries = 0 WHERE id = $1 AND organization_id = $2 \
             AND body IS NOT NULL AND claimed_until IS NULL AND state <> $5 \
             AND EXISTS (SELECT 1 FROM notification_recipients r WHERE r.organization_id = outbox.organization_id \
             AND r.address_key = outbox.address_key AND r.state = 'verified') RETURNING subject, address")
        .bind(id)
        .bind(organization_id)
        .bind(now)
        .bind(MailState::Waiting.as_str())
        .bind(MailState::Dropped.as_str()),
    )
    .await
}

/// Takes back what an address that is no recipient any more was still to get from an organization.
pub async fn drop_of(
    tx: &mut Tx<'_>,
    organization_id: &str,
    address_key: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "UPDATE outbox SET state = $3, due_at = NULL, claimed_until = NULL, body = NULL, \
             unnamed = NULL \
             WHERE organization_id = $1 AND address_key = $2 AND due_at IS NOT NULL \
             AND kind NOT IN ('invitation', 'reset')",
        )
        .bind(organization_id)
        .bind(address_key)
        .bind(MailState::Dropped.as_str()),
    )
    .await?;
    Ok(())
}

/// A mail that may name users, or lie in a file that does.
#[derive(Debug, Clone, FromRow)]
pub struct NamingMail {
    pub id: String,
    pub created_at: Millis,
    /// Whether its text is still another one than that without names.
    pub is_named: bool,
}

impl NamingMail {
    /// Where it stands among all.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor {
            at: self.created_at,
            id: self.id.clone(),
        }
    }
}

/// The next of an organization's mails that may name users, whether they are out or still to be sent, the earliest first.
pub async fn list_naming(
    connection: &mut Connection<'_>,
    organization_id: &str,
    after: Option<&TimeCursor>,
) -> Result<Vec<NamingMail>, StoreError> {
    let mut statement = Builder::new(
        "SELECT id, created_at, (body IS NOT NULL AND (unnamed IS NULL OR body <> unnamed)) AS is_named FROM outbox \
         WHERE kind = 'issue' AND (body IS NOT NULL OR state = ",
    );
    statement
        .bind(MailState::Filed.as_str())
        .push(") AND organization_id = ")
        .bind(organization_id);
    let columns = ("created_at", "id");
    let order = Order::EarliestFirst;
    push_page(&mut statement, columns, order, after, false, NAMING);
    connection.fetch_all(statement.finish()).await
}

/// Forgets the names in these mails of an organization.
pub async fn forget_names(
    tx: &mut Tx<'_>,
    organization_id: &str,
    ids: &[String],
) -> Result<(), StoreError> {
    let mut statement = Builder::new(
        "UPDATE outbox SET body = unnamed WHERE body IS NOT NULL AND organization_id = ",
    );
    statement.bind(organization_id);
    push_list(
        &mut statement,
        " AND id IN (",
        ids.iter().map(String::as_str),
    );
    tx.execute(statement.finish()).await?;
    Ok(())
}

/// Whether another text has taken the place of this one.
pub async fn has_other_body(
    connection: &mut Connection<'_>,
    id: &str,
    body: &str,
) -> Result<bool, StoreError> {
    let other = sql("SELECT count(*) FROM outbox WHERE id = $1 AND body <> $2");
    Ok(connection.fetch_count(other.bind(id).bind(body)).await? > 0)
}

/// How many mails of a kind an address has been written between two times, whoever wrote them.
pub async fn count_to(
    connection: &mut Connection<'_>,
    kind: MailKind,
    address_key: &str,
    (after, until): (Millis, Millis),
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql("SELECT count(*) FROM outbox WHERE address_key = $1 AND created_at > $2 AND created_at <= $3 \
                 AND kind = $4")
            .bind(address_key)
            .bind(after)
            .bind(until)
            .bind(kind.as_str()),
        )
        .await
}

/// How many mails of a kind an organization has written between two times.
pub async fn count_of(
    connection: &mut Connection<'_>,
    kind: MailKind,
    organization_id: &str,
    (after, until): (Millis, Millis),
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql("SELECT count(*) FROM outbox WHERE organization_id = $1 AND created_at > $2 AND created_at <= $3 \
                 AND kind = $4")
            .bind(organization_id)
            .bind(after)
            .bind(until)
            .bind(kind.as_str()),
        )
        .await
}

/// How many notifications each organization, or one, has been written between two times: a mail to several recipients is
/// one. Mails that somebody has asked for are none.
pub async fn count_notifications(
    connection: &mut Connection<'_>,
    organization_id: Option<&str>,
    (after, until): (Millis, Millis),
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = Builder::new(
        "SELECT organization_id, max(mails) FROM (SELECT organization_id, count(*) AS mails FROM outbox \
         WHERE organization_id IS NOT NULL AND created_at > ",
    );
    statement.bind(after).push(" AND created_at <= ");
    statement.bind(until);
    push_list(
        &mut statement,
        " AND kind IN (",
        MailKind::ALL
            .into_iter()
            .filter(|kind| kind.is_notification())
            .map(MailKind::as_str),
    );
    if let Some(id) = organization_id {
        statement.push(" AND organization_id = ").bind(id);
    }
    statement.push(" GROUP BY organization_id, address_key) counted GROUP BY organization_id");
    connection.fetch_all(statement.finish_repeated()).await
}

/// A mail as the delivery history shows it.
#[derive(Debug, Clone, FromRow)]
pub struct Listed {
    pub id: String,
    pub kind: String,
    pub subject: String,
    pub address: String,
    pub created_at: Millis,
    state: String,
    pub due_at: Option<Millis>,
    pub attempts: i64,
    pub has_body: bool,
}

impl Listed {
    /// What has become of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a text that this program does not write.
    pub fn state(&self) -> Result<MailState, StoreError> {
        MailState::parse(&self.state)
    }
}

const LISTED: &str = "SELECT id, kind, subject, address, created_at, state, due_at, attempts, \
     (body IS NOT NULL AND claimed_until IS NULL) AS has_body FROM outbox WHERE organization_id = ";

/// An organization's mails, the latest first; at most `limit` of them after the cursor, or before it.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
    cursor: Option<&TimeCursor>,
    back: bool,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let mut statement = Builder::new(LISTED);
    statement.bind(organization_id);
    let columns = ("created_at", "id");
    let order = Order::LatestFirst;
    push_page(&mut statement, columns, order, cursor, back, limit);
    connection.fetch_all(statement.finish()).await
}

/// An organization's test mails between two times, the latest first.
pub async fn list_tests(
    connection: &mut Connection<'_>,
    organization_id: &str,
    (after, until): (Millis, Millis),
) -> Result<Vec<Listed>, StoreError> {
    let mut statement = Builder::new(LISTED);
    statement.bind(organization_id).push(" AND created_at > ");
    statement.bind(after).push(" AND created_at <= ");
    statement
        .bind(until)
        .push(" AND kind = 'test' ORDER BY created_at DESC, id DESC LIMIT 40");
    connection.fetch_all(statement.finish()).await
}

/// How many mails an organization has; counting stops beyond [`COUNT_LIMIT`].
pub async fn count(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql("SELECT count(*) FROM (SELECT 1 FROM outbox WHERE organization_id = $1 LIMIT $2) counted")
                .bind(organization_id)
                .bind(COUNT_LIMIT + 1),
        )
        .await
}

/// An attempt of a mail.
#[derive(Debug, Clone, FromRow)]
pub struct Attempt {
    pub outbox_id: String,
    pub attempted_at: Millis,
    pub is_accepted: bool,
    pub answer: String,
}

/// The latest attempts of each of these mails, newest first.
pub async fn attempts(
    connection: &mut Connection<'_>,
    ids: &[&str],
    each: i64,
) -> Result<Vec<Attempt>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT a.outbox_id, a.attempted_at, a.is_accepted, a.answer FROM outbox o \
         JOIN outbox_attempts a ON a.outbox_id = o.id WHERE a.number > o.attempts - ",
    );
    statement.bind(each);
    push_list(&mut statement, " AND o.id IN (", ids.iter().copied());
    statement.push(" ORDER BY a.outbox_id, a.number DESC");
    connection.fetch_all(statement.finish()).await
}
