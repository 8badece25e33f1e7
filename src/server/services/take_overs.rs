//! Whether Entra may take over a user whose userName it wants for somebody whom it does not know.

use serde_json::{Value, json};

use super::audit::{self, Target, Who};
use super::provisioning::may_be_taken_over;
use crate::model::take_over::{ALLOWED_DAYS, Decision};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::DAY;
use crate::server::error::ServiceError;
use crate::server::scim::resource::case_key;
use crate::server::store::take_overs::{self as store, TakeOver};
use crate::server::store::users;

/// Decides about the user who has this userName. What is allowed can be used once, within [`ALLOWED_DAYS`]; either can
/// be decided anew.
///
/// # Errors
/// `Conflict` for somebody else than the page showed, and for a user who is active and Entra's; `NotFound`.
pub async fn decide(
    app: &App,
    allowed: &Allowed,
    user_id: &str,
    user_name: &str,
    decision: Decision,
) -> Result<(), ServiceError> {
    let organization_id = allowed.check_in(Permission::DecideTakeOvers)?.id.clone();
    let now = app.clock.now();
    let who = Who::of(allowed, now);
    let (action, expires_at) = match decision {
        Decision::Allowed => ("user.take_over", Some(now + ALLOWED_DAYS * DAY)),
        Decision::Kept => ("user.keep_apart", None),
    };
    let (id, key) = (user_id.to_owned(), case_key(user_name));
    let live = app.live.clone();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let user = users::find_locked(tx, &organization_id, &id)
                    .await?
                    .ok_or(ServiceError::NotFound { what: "user" })?;
                if case_key(&user.user_name) != key {
                    return Err(ServiceError::conflict(format!(
                        "This user has another userName by now: {}. The card shows who has the name that Entra wants.",
                        user.user_name
                    )));
                }
                if decision == Decision::Allowed && !may_be_taken_over(&user) {
                    return Err(ServiceError::conflict(format!(
                        "{} is active and managed by Entra, so nobody can be put in this place. Change one of the two \
                         userPrincipalNames in Entra, or deactivate this user there first.",
                        user.user_name
                    )));
                }
                let decided = TakeOver {
                    user_id: id,
                    user_name_key: key,
                    decision,
                    decided_by: who.actor.name(),
                    decided_at: now,
                    expires_at,
                    used_at: None,
                };
                let earlier = store::list(tx, &organization_id, &[decided.user_id.as_str()]).await?;
                store::decide(tx, &organization_id, &decided).await?;
                let target = Target::new("user", &decided.user_id, "");
                // What was decided under another userName said nothing any more.
                let before = earlier
                    .iter()
                    .find(|earlier| earlier.user_name_key == decided.user_name_key)
                    .map(told);
                let after = Some(told(&decided));
                audit::record(tx, &who, action, &target, before, after).await?;
                tx.after_commit(move || live.grown(&organization_id));
                Ok(())
            })
        })
        .await
}

/// A decision as the audit log tells it.
fn told(decided: &TakeOver) -> Value {
    json!({
        "decision": decided.decision.as_str(),
        "expires_at": decided.expires_at,
        "used_at": decided.used_at,
    })
}
