//! `PATCH` and `PUT /Users/{id}`.

use serde_json::Value;

use super::columns::{check_size, columns, keep_within_size, stored_columns};
use super::guard::Passage;
use super::policy::{self, Role};
use super::take_over::may_give_up_name;
use super::unit::{Next, Unit, validated};
use super::{
    Answer, Loaded, Refusal, UserRequest, as_json, location, not_found, record_refusal, write,
};
use crate::model::log::{Action, StepKind};
use crate::model::user::ChangeKind;
use crate::server::App;
use crate::server::error::StoreError;
use crate::server::scim::error::ScimError;
use crate::server::scim::patch::{Dialect, PatchRequest};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{Draft, Remark, User};
use crate::server::services::recording::Exchange;
use crate::server::store::foresight::Foresight;
use crate::server::store::user_blocks;
use crate::server::store::users::{self, StoredUser};

/// What a request sets of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sets {
    /// Every attribute, sent or not.
    All,
    /// Roles, and perhaps others. They may be the ones that the user has already, and mean another role by now; or none,
    /// as before: then the request touches no role.
    Roles,
    /// Anything but roles.
    Others,
}

/// `PATCH /Users/{id}` (RFC 7644 3.5.2), applied whole or not at all.
///
/// # Errors
/// [`Refusal`]; the user is untouched then.
#[tracing::instrument(level = "debug", name = "scim.user.patch", skip_all, fields(request.id = %exchange.request_id))]
pub async fn patch(
    app: &App,
    request: UserRequest,
    mut exchange: Exchange,
    id: String,
    body: Value,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Update;
    exchange.subject.user_id = Some(id.clone());
    let now = app.clock.now();
    let patch = match PatchRequest::parse(&body) {
        Ok(patch) => patch,
        Err(error) => return refuse_body(app, request, exchange, id, error).await,
    };
    exchange.done(StepKind::Parse, describe(&patch));
    let sets = if patch.names("roles") {
        Sets::Roles
    } else {
        Sets::Others
    };
    let foresight = request.foresight(&exchange, &id);
    write(app, exchange, foresight, move |tx, exchange| {
        Box::pin(async move {
            let mut unit = Unit {
                tx,
                exchange,
                request: &request,
                now,
            };
            let before = unit.load_locked(&id).await?;
            let after = patch.apply(&before.user, &mut unit.exchange.remarks)?;
            let is_wanted = patch.names("active") && after.active() == Some(true);
            let outcome = unit.change(before, after, sets).await;
            if is_wanted && outcome.is_ok() {
                unit.wanted(&id);
            }
            outcome.map_err(|refusal| match refusal {
                Refusal::Scim(error) => Refusal::Scim(policy::of_removal(error, &patch)),
                Refusal::Store(_) => refusal,
            })
        })
    })
    .await
}

/// `PUT /Users/{id}` (RFC 7644 3.5.1): what is omitted is cleared, but `active` is kept.
///
/// # Errors
/// [`Refusal`]; the user is untouched then. PUT never creates.
#[tracing::instrument(level = "debug", name = "scim.user.replace", skip_all, fields(request.id = %exchange.request_id))]
pub async fn replace(
    app: &App,
    request: UserRequest,
    mut exchange: Exchange,
    id: String,
    body: Value,
) -> Result<Answer, Refusal> {
    exchange.action = Action::Update;
    exchange.subject.user_id = Some(id.clone());
    let now = app.clock.now();
    let draft = match Draft::read(&body, &mut exchange.remarks) {
        Ok(draft) => draft,
        Err(error) => return refuse_body(app, request, exchange, id, error).await,
    };
    exchange.done(StepKind::Parse, "PUT with a User resource.");
    let foresight = request.foresight(&exchange, &id);
    write(app, exchange, foresight, move |tx, exchange| {
        Box::pin(async move {
            let mut unit = Unit {
                tx,
                exchange,
                request: &request,
                now,
            };
            let before = unit.load_locked(&id).await?;
            let is_wanted = draft.active() == Some(true);
            let after = draft.replace(&before.user, &mut unit.exchange.remarks)?;
            let answer = unit.change(before, after, Sets::All).await?;
            if is_wanted {
                unit.wanted(&id);
            }
            Ok(answer)
        })
    })
    .await
}

/// Refuses a body that cannot be read; whether there is such a user comes first.
async fn refuse_body(
    app: &App,
    request: UserRequest,
    exchange: Exchange,
    id: String,
    error: ScimError,
) -> Result<Answer, Refusal> {
    // No message at all, as malformed JSON is none.
    if error.reason == Reason::BodyNotObject {
        return record_refusal(app, exchange, error).await;
    }
    write(app, exchange, Foresight::default(), move |tx, exchange| {
        Box::pin(async move {
            let organization_id = &request.caller.organization_id;
            let Some(stored) = users::find(tx, organization_id, &id).await? else {
                exchange.done(StepKind::Parse, "The body was not looked into.");
                return Err(not_found(&id).into());
            };
            Loaded::new(stored)?.name_in(exchange);
            Err(error.into())
        })
    })
    .await
}

impl Unit<'_, '_> {
    /// Checks and stores what a PATCH or PUT makes of a user. A PATCH is held to the policies for what it touches, a
    /// PUT for all that they ask for.
    async fn change(
        &mut self,
        before: Loaded,
        mut after: User,
        sets: Sets,
    ) -> Result<Answer, Refusal> {
        // Kept for the entry of a refusal: what the request wanted.
        self.exchange.refused_changes = after.changes_from(&before.user);
        self.exchange
            .done(StepKind::Apply, "All operations were applied to a copy.");
        let remarks = &mut self.exchange.remarks;
        policy::check_names(
            &mut after,
            Some(&before.user),
            sets == Sets::All,
            &self.request.caller,
            remarks,
        )?;
        keep_within_size(&mut after, Some(&before), remarks)?;
        let decides = match sets {
            Sets::All => true,
            Sets::Roles => !after.role_values().is_empty(),
            Sets::Others => false,
        };
        let role = if decides || after.roles().ne(before.user.roles()) {
            self.decide_role(&mut after, Some(&before)).await?
        } else {
            Role::unchanged(&before.stored)
        };
        self.exchange.done(StepKind::Validate, validated(&role));
        let mut changes = after.changes_from(&before.user);
        changes.extend(self.role_change(&before, &after, &role).await?);
        let kind = kind_of(&before.stored, &after);
        self.name_action(kind);
        // Policies may have kept every old value: then nothing was refused and nothing is to change.
        self.exchange.refused_changes.clear();
        if changes.is_empty() && after == before.user {
            self.exchange.done(
                StepKind::Store,
                "Nothing to change: the stored values are the same.",
            );
            return Ok(self.answer(before, true));
        }
        self.exchange.refused_changes.clone_from(&changes);
        let next = Next {
            user: after,
            role,
            changes,
        };
        let passage = self.guard_change(&before.stored.id, kind).await?;
        self.store(before, next, kind, &passage).await
    }

    /// Disable and Enable are named by what `active` really did.
    fn name_action(&mut self, kind: ChangeKind) {
        match kind {
            ChangeKind::Disabled => self.exchange.action = Action::Disable,
            ChangeKind::Enabled | ChangeKind::Rehired => self.exchange.action = Action::Enable,
            _ => {}
        }
        if kind == ChangeKind::Rehired {
            Remark::new(
                Reason::UserRehired,
                "An inactive user came back under a new externalId: Entra matched a new person to the old record.",
            )
            .on("externalId")
            .push_to(&mut self.exchange.remarks);
        }
    }

    async fn store(
        &mut self,
        before: Loaded,
        next: Next,
        kind: ChangeKind,
        passage: &Passage,
    ) -> Result<Answer, Refusal> {
        let organization_id = &self.request.caller.organization_id;
        let id = before.stored.id.clone();
        let version = before.stored.version + 1;
        let old_row = stored_columns(&before);
        let mut row = columns(&next.user, &next.role)?;
        row.guard_cycle_id = passage.counted_in();
        check_size(&row, old_row.document.len())?;
        let is_renamed = old_row.user_name_key != row.user_name_key;
        let is_linked_anew = row.external_id.is_some() && row.external_id != old_row.external_id;
        let becomes = (is_renamed || is_linked_anew).then(|| row.user_name_key.clone());
        // Only a new userName can be refused.
        let renamed = is_renamed.then(|| (old_row.clone(), row.clone()));
        match users::update(
            self.tx,
            organization_id,
            &id,
            version,
            self.now,
            old_row,
            row,
        )
        .await
        {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => {
                let is_free = match renamed {
                    Some(rows) => self.rename_over(&next.user, (&id, version), rows).await?,
                    None => false,
                };
                if !is_free {
                    return Err(self.taken(&next.user, may_give_up_name).await?.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(key) = becomes {
            // As for a new user: whoever was blocked when Entra deleted them, and comes back under the name or the
            // externalId, is blocked still.
            let external_id = next.user.external_id();
            user_blocks::inherit(self.tx, organization_id, &id, &key, external_id);
        }
        let (old_values, values) = (before.user.filter_values(), next.user.filter_values());
        users::replace_values(self.tx, organization_id, &id, old_values, values);
        self.keep_history(&id, version, kind, &next).await?;
        self.passed(&id, passage);
        let exchange = &mut *self.exchange;
        exchange.refused_changes.clear();
        exchange.subject.user_name = next.user.user_name().map(str::to_owned);
        exchange.subject.external_id = next.user.external_id().map(str::to_owned);
        exchange.subject.label = Some(next.user.display_label());
        exchange.done(StepKind::Store, format!("Stored as version {version}."));
        let after = Loaded {
            stored: StoredUser {
                version,
                updated_at: self.now,
                ..before.stored
            },
            user: next.user,
        };
        Ok(self.answer(after, false))
    }

    /// 200 with the user as it is now.
    pub(super) fn answer(&self, user: Loaded, skipped: bool) -> Answer {
        let tenant_url = &self.request.caller.tenant_url;
        Answer {
            status: 200,
            version: Some(user.stored.version),
            location: Some(location(tenant_url, &user.stored.id)),
            body: Some(as_json(
                &self.request.projection.apply(user.into_json(tenant_url)),
            )),
            skipped,
        }
    }
}

fn describe(request: &PatchRequest) -> String {
    let count = request.operations.len();
    let plural = if count == 1 { "" } else { "s" };
    let form = match request.dialect {
        Dialect::Verbose => ", in the form Entra uses without the aadOptscim062020 flag",
        Dialect::Compliant => ", in the form Entra uses with the aadOptscim062020 flag",
        Dialect::Unknown => "",
    };
    format!("PATCH with {count} operation{plural}{form}.")
}

pub(super) fn kind_of(before: &StoredUser, after: &User) -> ChangeKind {
    match (before.active, after.active().unwrap_or(true)) {
        (true, false) => ChangeKind::Disabled,
        (false, true) => {
            let is_new_person = before.external_id.is_some()
                && after.external_id().is_some()
                && before.external_id.as_deref() != after.external_id();
            if is_new_person {
                ChangeKind::Rehired
            } else {
                ChangeKind::Enabled
            }
        }
        _ => ChangeKind::Updated,
    }
}
