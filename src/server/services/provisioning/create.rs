//! `POST /Users`.

use serde_json::Value;

use super::columns::{check_size, columns, keep_within_size};
use super::policy;
use super::take_over::may_be_taken_over;
use super::unit::{Next, Unit, validated};
use super::{Answer, Refusal, UserRequest, as_json, location, record_refusal, write};
use crate::model::log::{Action, StepKind};
use crate::model::user::ChangeKind;
use crate::server::App;
use crate::server::ids;
use crate::server::scim::body::member;
use crate::server::scim::resource::{Meta, User, case_key};
use crate::server::services::recording::Exchange;
use crate::server::store::foresight::Foresight;
use crate::server::store::users;

/// `POST /Users` (RFC 7644 3.3).
///
/// # Errors
/// [`Refusal`]; a taken userName is 409 `uniqueness`. Nothing is stored then but the log entry.
#[tracing::instrument(level = "debug", name = "scim.user.create", skip_all, fields(request.id = %exchange.request_id))]
pub async fn create(
    app: &App,
    request: UserRequest,
    mut exchange: Exchange,
    body: Value,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Create;
    let now = app.clock.now();
    let mut user = match User::from_create(&body, &mut exchange.remarks) {
        Ok(user) => user,
        Err(error) => {
            exchange.subject.user_name = claimed(&body, "userName");
            exchange.subject.external_id = claimed(&body, "externalId");
            return record_refusal(app, exchange, error).await;
        }
    };
    exchange.subject.user_name = user.user_name().map(str::to_owned);
    exchange.subject.external_id = user.external_id().map(str::to_owned);
    exchange.subject.label = Some(user.display_label());
    exchange.done(StepKind::Parse, "POST with a User resource.");
    exchange.done(StepKind::Match, "A new user: Entra found none to match.");
    exchange.done(StepKind::Apply, "All attributes were read.");
    if user.active().is_none() {
        user.set_active(true);
    }
    let foresight = Foresight {
        organization_id: request.caller.organization_id.clone(),
        user_name_key: user.user_name().map(case_key),
        roles: true,
        ..Foresight::default()
    };
    write(app, exchange, foresight, move |tx, exchange| {
        Box::pin(async move {
            let mut unit = Unit {
                tx,
                exchange,
                request: &request,
                now,
            };
            let remarks = &mut unit.exchange.remarks;
            policy::check_names(&mut user, None, true, &request.caller, remarks)?;
            keep_within_size(&mut user, None, remarks)?;
            let role = unit.decide_role(&mut user, None).await?;
            unit.exchange.done(StepKind::Validate, validated(&role));
            let changes = user.changes_from(&User::default());
            let next = Next {
                user,
                role,
                changes,
            };
            unit.insert(next).await
        })
    })
    .await
}

/// What a refused body says about whom it is for.
fn claimed(body: &Value, attribute: &str) -> Option<String> {
    let value = member(body.as_object()?, attribute)?;
    Some(value.as_str()?.chars().take(200).collect())
}

impl Unit<'_, '_> {
    async fn insert(&mut self, mut next: Next) -> Result<Answer, Refusal> {
        let caller = &self.request.caller;
        let id = ids::new_id(self.now);
        let row = columns(&next.user, &next.role)?;
        check_size(&row, 0)?;
        if !users::insert(self.tx, &caller.organization_id, &id, self.now, row).await? {
            return match self.take_over(&mut next).await? {
                Some(answer) => Ok(answer),
                None => Err(self.taken(&next.user, may_be_taken_over).await?.into()),
            };
        }
        let values = next.user.filter_values();
        users::insert_values(self.tx, &caller.organization_id, &id, values);
        self.exchange.subject.user_id = Some(id.clone());
        let version = 1;
        self.keep_history(&id, version, ChangeKind::Created, &next)
            .await?;
        self.exchange
            .done(StepKind::Store, format!("User {id} was created."));
        let location = location(&caller.tenant_url, &id);
        let resource = next.user.into_json(&Meta {
            id: &id,
            created: self.now,
            last_modified: self.now,
            version,
            location: &location,
        });
        Ok(Answer {
            status: 201,
            body: Some(as_json(&self.request.projection.apply(resource))),
            version: Some(version),
            location: Some(location),
            skipped: false,
        })
    }
}
