//! `DELETE /Users/{id}`.

use serde_json::json;

use super::policy::Role;
use super::unit::{Next, Unit};
use super::{Answer, Refusal, UserRequest, write};
use crate::model::log::{Action, StepKind};
use crate::model::user::ChangeKind;
use crate::server::App;
use crate::server::scim::resource::Change;
use crate::server::services::recording::Exchange;
use crate::server::store::users;

/// `DELETE /Users/{id}` (RFC 7644 3.6): gone for SCIM at once; the dashboard keeps a tombstone.
///
/// # Errors
/// [`Refusal`]; 404 when it is deleted already.
#[tracing::instrument(level = "debug", name = "scim.user.delete", skip_all, fields(request.id = %exchange.request_id))]
pub async fn delete(
    app: &App,
    request: UserRequest,
    mut exchange: Exchange,
    id: String,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Delete;
    exchange.subject.user_id = Some(id.clone());
    let now = app.clock.now();
    exchange.done(StepKind::Parse, "DELETE of a user.");
    let foresight = request.foresight(&exchange, &id);
    write(app, exchange, foresight, move |tx, exchange| {
        Box::pin(async move {
            let mut unit = Unit {
                tx,
                exchange,
                request: &request,
                now,
            };
            unit.delete(&id).await
        })
    })
    .await
}

impl Unit<'_, '_> {
    async fn delete(&mut self, id: &str) -> Result<Answer, Refusal> {
        let before = self.load_locked(id).await?;
        self.exchange
            .done(StepKind::Apply, "The user is removed as a whole.");
        self.exchange.done(StepKind::Validate, "Nothing to check.");
        let passage = self.guard(id, Action::Delete).await?;
        self.passed(id, &passage);
        let organization_id = &self.request.caller.organization_id;
        let log_id = self.exchange.request_id.clone();
        users::delete(self.tx, organization_id, id, self.now, &log_id);
        let next = Next {
            role: Role::unchanged(&before.stored),
            changes: vec![Change {
                attribute: "userName".to_owned(),
                old: Some(json!(before.stored.user_name)),
                new: None,
            }],
            user: before.user,
        };
        let version = before.stored.version + 1;
        self.keep_history(id, version, ChangeKind::Deleted, &next)
            .await?;
        self.exchange.done(StepKind::Store, "The user was deleted.");
        Ok(Answer {
            status: 204,
            body: None,
            version: None,
            location: None,
            skipped: false,
        })
    }
}
