//! What a logged request would do today, beside what it did.

use leptos::prelude::*;

use crate::components::badge::LogStatus;
use crate::components::callout::Callout;
use crate::components::card::{Fact, Facts};
use crate::components::code::Code;
use crate::components::diff::Diff;
use crate::components::icon::Tone;
use crate::components::log_entry::StepList;
use crate::model::log::{DryRun, DryRunResult, LogDetail, LogRow, Status, answer_code};

/// `log` is the entry as it was.
#[component]
pub(super) fn DryRunView(dry_run: DryRun, log: LogDetail) -> impl IntoView {
    let result = match dry_run {
        DryRun::Tried(result) => *result,
        DryRun::NotPossible(why) => {
            return view! {
                <section class="log-section" id="dry-run">
                    <Callout tone=Tone::Off>
                        <p><b>"A dry-run is not possible."</b> " " {why}</p>
                    </Callout>
                </section>
            }
            .into_any();
        }
    };
    let (tone, verdict, meaning) = verdict(&log.row, log.reason.as_deref(), &result);
    // An answer that is the same needs no second look.
    let is_same = result.status == Status::Failure && result.reason == log.reason;
    let changes = (!is_same && !result.changes.is_empty()).then(|| {
        let refused = result.status == Status::Failure;
        let heading = if refused {
            "Would be refused"
        } else {
            "Would change"
        };
        view! {
            <h3>{heading}</h3>
            <Diff changes=result.changes.clone() refused/>
        }
    });
    let compared = (!is_same).then(|| compared(&log, &result));
    let response = result.response_body.clone().map(|text| {
        view! {
            <Code
                heading=format!("{} · application/scim+json", result.http_status)
                text
                what="Response of the dry-run"
                wrap=true
            />
        }
    });
    view! {
        <section class="log-section stack" id="dry-run" aria-labelledby="dry-run-heading">
            <h2 id="dry-run-heading">"Dry-run"</h2>
            <Callout tone>
                <p><b>{verdict}</b> " " {meaning} " Nothing was stored."</p>
            </Callout>
            {compared}
            {changes}
            <details>
                <summary class="small soft">"Steps and response of the dry-run"</summary>
                <div class="stack">
                    <StepList steps=result.steps remarks=result.remarks/>
                    {response}
                </div>
            </details>
        </section>
    }
    .into_any()
}

/// The answer as it was, and as it would be.
fn compared(log: &LogDetail, result: &DryRunResult) -> impl IntoView + use<> {
    let then = log
        .detail
        .clone()
        .unwrap_or_else(|| log.row.summary.clone());
    let today = result
        .detail
        .clone()
        .or_else(|| result.title.clone())
        .unwrap_or_else(|| "No objection.".to_owned());
    let (was, would_be) = (log.row.status, result.status);
    let was_code = log.code();
    let code = answer_code(result.http_status, result.scim_type.as_deref());
    view! {
        <Facts>
            <Fact name="When it was sent">
                <Answer status=was code=was_code text=then/>
            </Fact>
            <Fact name="Today">
                <Answer status=would_be code text=today/>
            </Fact>
        </Facts>
    }
}

#[component]
fn Answer(status: Status, code: String, text: String) -> impl IntoView {
    view! {
        <LogStatus status code=Some(code)/>
        <p>{text}</p>
    }
}

/// The result in a few words, and what it means.
fn verdict(
    then: &LogRow,
    reason: Option<&str>,
    today: &DryRunResult,
) -> (Tone, &'static str, &'static str) {
    match (then.status, today.status) {
        (Status::Failure, Status::Failure) if reason == today.reason.as_deref() => (
            Tone::Fail,
            "Still refused.",
            "The same request gives the same answer with today’s data and settings.",
        ),
        (Status::Failure, Status::Failure) => (
            Tone::Fail,
            "Refused for another reason.",
            "What stood in the way then does no more, but something else does.",
        ),
        (Status::Failure, Status::Warning) => (
            Tone::Warn,
            "Would now succeed, with remarks.",
            "Entra’s next try will go through.",
        ),
        (Status::Failure, _) => (
            Tone::Ok,
            "Would now succeed.",
            "Entra’s next try will go through.",
        ),
        (_, Status::Failure) => (
            Tone::Fail,
            "Would be refused today.",
            "It succeeded when it was sent.",
        ),
        (_, Status::Skipped) => (
            Tone::Skip,
            "Would change nothing today.",
            "The user has these values already.",
        ),
        (_, Status::Warning) => (
            Tone::Warn,
            "Would succeed today, with remarks.",
            "It succeeded when it was sent, too.",
        ),
        _ => (
            Tone::Ok,
            "Would succeed today.",
            "It succeeded when it was sent, too.",
        ),
    }
}
