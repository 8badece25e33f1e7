//! `job_leases`: which replica may run a job, and until when nobody else may.

use super::Tx;
use super::sql::{Connection, sql};
use crate::server::clock::{MINUTE, Millis};
use crate::server::error::StoreError;

/// How far the clocks of two replicas may be apart.
const SLACK: Millis = MINUTE;

/// Takes the lease of the job `name` until `until`; false if another replica holds it now. A lease that ends more than
/// [`SLACK`] later than that was taken by a clock that was ahead, and holds nobody up.
pub async fn claim(
    tx: &mut Tx<'_>,
    name: &str,
    now: Millis,
    until: Millis,
) -> Result<bool, StoreError> {
    let claimed = tx
        .execute(
            sql("INSERT INTO job_leases (name, held_until) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until \
                 WHERE job_leases.held_until <= $3 OR job_leases.held_until > $4")
            .bind(name)
            .bind(until)
            .bind(now)
            .bind(until + SLACK),
        )
        .await?;
    Ok(claimed > 0)
}

/// Notes a time under a name.
pub async fn set(tx: &mut Tx<'_>, name: &str, at: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql("INSERT INTO job_leases (name, held_until) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until")
        .bind(name)
        .bind(at),
    )
    .await?;
    Ok(())
}

/// The time under a name.
pub async fn find(
    connection: &mut Connection<'_>,
    name: &str,
) -> Result<Option<Millis>, StoreError> {
    let row: Option<(Millis,)> = connection
        .fetch_optional(sql("SELECT held_until FROM job_leases WHERE name = $1").bind(name))
        .await?;
    Ok(row.map(|(at,)| at))
}
