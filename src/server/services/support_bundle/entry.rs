//! An entry of the log as bundles show it.

use super::document::{Entry, Fact, Kind, Person, Step};
use super::pseudonyms::step_name;
use crate::model::log::{LogDetail, Status, StepOutcome};
use crate::server::services::moments;

/// The entry with as much of its payload as was read.
pub(super) fn entry(detail: LogDetail) -> Entry {
    let answer = detail.code();
    let row = detail.row;
    let token = match (&detail.token_name, &row.token_prefix) {
        (Some(name), Some(prefix)) => Some(format!("{name} ({prefix})")),
        (None, Some(prefix)) => Some(format!("({prefix})")),
        (_, None) => None,
    };
    let name = row.user_name.as_ref().filter(|name| **name != row.identity);
    let is_person = row.user_name.is_some() || detail.user_id.is_some();
    let facts = [
        is_person.then(|| Fact::new("Identity", Kind::PersonName, &row.identity)),
        Fact::optional("userName", Kind::UserName, name),
        Fact::optional("User ID", Kind::UserId, detail.user_id.as_ref()),
        Fact::optional("External ID", Kind::ExternalId, detail.external_id.as_ref()),
        Fact::optional("Reason code", Kind::Ours, detail.reason.as_ref()),
        Fact::optional("Attribute", Kind::Attribute, detail.attribute.as_ref()),
        Fact::optional("Answer to Entra", Kind::Sentence, detail.detail.as_ref()),
        Fact::optional("Token", Kind::Token, token),
        Some(Fact::new("Address", Kind::Address, &detail.address)),
        Fact::optional("User agent", Kind::Sentence, detail.user_agent.as_ref()),
        Fact::optional(
            "Client version",
            Kind::Sentence,
            detail.client_version.as_ref(),
        ),
        Some(Fact::new(
            "Duration",
            Kind::Ours,
            moments::duration(row.duration_us),
        )),
    ];
    let steps = detail.steps.into_iter().map(|step| Step {
        name: step_name(step.kind).to_owned(),
        outcome: match step.outcome {
            StepOutcome::Done => "Done",
            StepOutcome::Failed => "Failed",
            StepOutcome::NotRun => "Not run",
        }
        .to_owned(),
        duration: moments::duration(step.duration_us),
        text: step.text,
    });
    let mut entry = Entry {
        person: Person {
            id: detail.user_id.clone(),
            user_name: row.user_name.clone(),
            external_id: detail.external_id.clone(),
            name: is_person.then(|| row.identity.clone()),
        },
        facts: facts.into_iter().flatten().collect(),
        steps: steps.collect(),
        id: row.id,
        at: row.occurred.exact,
        action: row.action.label().to_owned(),
        status: row.status.label().to_owned(),
        answer,
        remarks: detail.remarks,
        changes: detail.changes,
        is_refused: row.status == Status::Failure,
        method: detail.method,
        path: detail.path,
        note: detail.payload_note,
        ..Entry::default()
    };
    if let Some(payload) = detail.payload {
        entry.query = payload.query;
        entry.headers = payload.request_headers;
        entry.request_body = payload.request_body;
        entry.response_body = payload.response_body;
        if payload.is_cut {
            entry.note.push_str(" Cut after 64 KiB.");
        }
    }
    entry
}
