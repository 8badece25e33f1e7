//! `/organizations/{slug}/logs/{id}`: one request, from what was sent to how to fix it.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::logs::{dry_run_log, get_log, latest_logs_of_user, log_neighbours};
use crate::components::badge::LogStatus;
use crate::components::callout::Callout;
use crate::components::card::{Card, Fact, Facts};
use crate::components::code::Code;
use crate::components::copy::CopyIcon;
use crate::components::diff::Diff;
use crate::components::dry_run::{DryRunLink, asked_dry_run};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::load::load_page;
use crate::components::log_entry::{LogEntryLinks, StepList, headline, log_fix};
use crate::components::page::{Crumb, OrganizationSheet, in_organization};
use crate::components::print::PrintButton;
use crate::components::time::{ExactTime, duration};
use crate::model::frame::Frame;
use crate::model::log::{DryRun, LogDetail, LogFilter, LogRow, Status};
use crate::model::support_bundle::BundleSubject;

mod dry_run;

use dry_run::DryRunView;

/// One entry of the provisioning log.
#[component]
pub fn LogPage() -> impl IntoView {
    let params = use_params_map();
    let key = Memo::new(move |_| {
        params.with(|params| {
            (
                params.get("slug").unwrap_or_default(),
                params.get("id").unwrap_or_default(),
            )
        })
    });
    let log = Resource::new(move || key.get(), |(slug, id)| get_log(slug, id));
    let neighbours = Resource::new(move || key.get(), |(slug, id)| log_neighbours(slug, id));
    let asked = asked_dry_run();
    let dry_run = Resource::new(
        move || key.get(),
        move |(slug, id)| async move {
            match asked {
                Some(_) => dry_run_log(slug, id).await.map(Some),
                None => Ok(None),
            }
        },
    );
    // Waits for the entry, which names the user.
    let of_user = Resource::new(
        move || key.get(),
        move |(slug, _)| async move {
            match log.await?.user_id {
                Some(user_id) => latest_logs_of_user(slug, user_id).await,
                None => Ok(Vec::new()),
            }
        },
    );
    in_organization(move |frame: Frame| {
        load_page(move || {
            let frame = frame.clone();
            async move {
                let log = log.await?;
                let (neighbours, of_user) = (neighbours.await?, of_user.await?);
                let dry_run = dry_run.await?;
                Ok(view! { <LogView frame log neighbours of_user dry_run asked/> }.into_any())
            }
        })
    })
}

#[component]
fn LogView(
    frame: Frame,
    log: LogDetail,
    neighbours: (Option<String>, Option<String>),
    of_user: Vec<LogRow>,
    dry_run: Option<DryRun>,
    asked: Option<u32>,
) -> impl IntoView {
    let organization = frame.href("");
    let refused = log.row.status == Status::Failure;
    let print_note = format!(
        "Log entry {} of {}. Tokens and passwords are never included.",
        log.row.id, frame.organization.name
    );
    let above = vec![Crumb::link("Logs", frame.href("/logs"))];
    let code = Some(log.code());
    let fix = log_fix(&organization, &log);
    let again = log.payload.is_some().then(|| {
        let page = format!("{organization}/logs/{}", log.row.id);
        view! { <DryRunLink page asked label="Dry-run again" primary=true/> }
    });
    let bundle = (!frame.is_viewer()).then(|| {
        let subject = BundleSubject::LogEntry(log.row.id.clone());
        view! { <a class="btn" href=frame.href(&subject.form_path())>"Support bundle"</a> }
    });
    let contents = contents(&log, dry_run.is_some());
    let changes = (!log.changes.is_empty()).then(|| {
        view! {
            <section class="log-section" id="changes">
                <h2>"Changes"</h2>
                <Diff changes=log.changes.clone() refused/>
            </section>
        }
    });
    let dry_run = dry_run.map(|dry_run| view! { <DryRunView dry_run log=log.clone()/> });
    let same_user = same_user(&organization, &log.row.id, of_user);
    view! {
        <OrganizationSheet frame title=headline(&log) crumb=log.row.id.clone() above>
            <p class="print-only small">{print_note}</p>
            <div class="page-head">
                <div class="log-title">
                    <div class="row">
                        <LogStatus status=log.row.status code/>
                        <span class="muted small"><ExactTime moment=log.row.occurred.clone()/></span>
                    </div>
                    <h1>{headline(&log)}</h1>
                </div>
                <div class="page-actions">
                    {again}
                    {bundle}
                    <Neighbours organization=organization.clone() neighbours/>
                    <PrintButton label="Print support view"/>
                </div>
            </div>
            {fix}
            <div class="split split-aside">
                <div>
                    {dry_run}
                    <Summary organization log=log.clone()/>
                    <section class="log-section stack" id="steps">
                        <h2>"Steps"</h2>
                        <StepList steps=log.steps.clone() remarks=log.remarks.clone()/>
                    </section>
                    {changes}
                    <Payloads log/>
                </div>
                <aside class="sticky stack">
                    <nav class="toc" aria-label="On this page">{contents}</nav>
                    {same_user}
                </aside>
            </div>
        </OrganizationSheet>
    }
}

/// Links to the sections that there are.
fn contents(log: &LogDetail, has_dry_run: bool) -> impl IntoView + use<> {
    let has_payload = log.payload.is_some();
    [
        (has_dry_run, "#dry-run", "Dry-run"),
        (
            log.explanation.is_some(),
            "#troubleshooting",
            "Troubleshooting",
        ),
        (true, "#summary", "Summary"),
        (true, "#steps", "Steps"),
        (!log.changes.is_empty(), "#changes", "Changes"),
        (has_payload, "#request", "Request"),
        (has_payload, "#response", "Response"),
        (!has_payload, "#request", "Request and response"),
    ]
    .into_iter()
    .filter(|(shown, ..)| *shown)
    .map(|(_, href, label)| view! { <a href=href>{label}</a> })
    .collect_view()
}

/// Other requests about the user of `this` entry.
fn same_user(
    organization: &str,
    this: &str,
    of_user: Vec<LogRow>,
) -> Option<impl IntoView + use<>> {
    let rows: Vec<_> = of_user
        .into_iter()
        .filter(|row| row.id != this)
        .take(6)
        .collect();
    let organization = organization.to_owned();
    (!rows.is_empty()).then(|| {
        view! {
            <Card id="same-user" title="Same user">
                <LogEntryLinks organization rows/>
            </Card>
        }
    })
}

/// To the entries before and after this one about the same user.
#[component]
fn Neighbours(organization: String, neighbours: (Option<String>, Option<String>)) -> impl IntoView {
    let link = |id: Option<String>, label: &'static str, icon| {
        id.map(|id| {
            view! {
                <a class="btn" href=format!("{organization}/logs/{id}")><Icon name=icon/> {label}</a>
            }
        })
    };
    let (previous, next) = neighbours;
    view! {
        {link(previous, "Previous for this user", IconName::Left)}
        {link(next, "Next for this user", IconName::Right)}
    }
}

#[component]
fn Summary(organization: String, log: LogDetail) -> impl IntoView {
    let LogDetail { row, .. } = log;
    let detail = row
        .user_name
        .clone()
        .filter(|user_name| *user_name != row.identity);
    let identity = match log.user_id {
        Some(id) => view! {
            <a href=format!("{organization}/users/{id}")>{row.identity}</a>
            {detail.map(|detail| format!(", {detail}"))}
        }
        .into_any(),
        None => row.identity.into_any(),
    };
    let cycle = LogFilter {
        cycle_id: Some(row.cycle_id),
        lookups: true,
        ..LogFilter::default()
    };
    let cycle = cycle.href(&format!("{organization}/logs"));
    let token = match (log.token_name, row.token_prefix) {
        (Some(name), Some(prefix)) => view! {
            <a href=format!("{organization}/tokens")>{name}</a>
            " "
            <code>{prefix}</code>
        }
        .into_any(),
        (None, Some(prefix)) => view! { <code>{prefix}</code> }.into_any(),
        (_, None) => "None that is known".into_any(),
    };
    // The list's line is shortened; here is room for all of it.
    let result = log
        .detail
        .filter(|_| row.status == Status::Failure)
        .unwrap_or(row.summary);
    let optional = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <Fact name>{value}</Fact> })
    };
    view! {
        <section class="log-section" id="summary">
            <h2>"Summary"</h2>
            <Facts>
                <Fact name="Request ID">
                    <code>{row.id.clone()}</code>
                    " "
                    <CopyIcon text=row.id what="request ID"/>
                </Fact>
                <Fact name="Action">{row.action.label()}</Fact>
                <Fact name="Identity">{identity}</Fact>
                {optional("External ID", log.external_id)}
                <Fact name="Result">{result}</Fact>
                {log.reason.map(|reason| {
                    let alike = LogFilter {
                        reason: Some(reason.clone()),
                        // A remark on a lookup is hidden otherwise.
                        lookups: row.action.is_lookup(),
                        ..LogFilter::default()
                    };
                    let alike = alike.href(&format!("{organization}/logs"));
                    view! { <Fact name="Reason code"><a href=alike><code>{reason}</code></a></Fact> }
                })}
                {log.issue.map(|id| {
                    let href = format!("{organization}/issues/{id}");
                    view! { <Fact name="Issue"><a href=href>"All failures of this cause"</a></Fact> }
                })}
                {log
                    .attribute
                    .map(|attribute| view! { <Fact name="Attribute"><code>{attribute}</code></Fact> })}
                <Fact name="Cycle"><a href=cycle>"All entries of this cycle"</a></Fact>
                <Fact name="Token">{token}</Fact>
                <Fact name="Address">{log.address}</Fact>
                {optional("User agent", log.user_agent)}
                {optional("Client version", log.client_version)}
                <Fact name="Duration">{duration(row.duration_us)}</Fact>
            </Facts>
        </section>
    }
}

/// Request and response, redacted; or why they cannot be shown.
#[component]
fn Payloads(log: LogDetail) -> impl IntoView {
    let Some(payload) = log.payload else {
        let note = log.payload_note;
        return view! {
            <section class="log-section" id="request">
                <h2>"Request and response"</h2>
                <Callout tone=Tone::Off>
                    <p>{note}</p>
                </Callout>
            </section>
        }
        .into_any();
    };
    // The refused value of the attribute at fault, as it stands in the JSON.
    let mark = log
        .changes
        .iter()
        .find(|change| {
            log.row.status == Status::Failure && Some(&change.attribute) == log.attribute.as_ref()
        })
        .and_then(|change| Some(format!("\"{}\"", change.new.as_deref()?)));
    let target = match &payload.query {
        Some(query) => format!("{} {}?{query}", log.method, log.path),
        None => format!("{} {}", log.method, log.path),
    };
    let cut = if payload.is_cut {
        " Cut after 64 KiB."
    } else {
        ""
    };
    let headers = payload
        .request_headers
        .into_iter()
        .map(|(name, value)| view! { <Fact name>{value}</Fact> })
        .collect_view();
    let curl = log.curl.map(|command| view! { <Curl command/> });
    let request = payload
        .request_body
        .unwrap_or_else(|| "No body.".to_owned());
    let response = payload
        .response_body
        .unwrap_or_else(|| "No body.".to_owned());
    view! {
        <section class="log-section stack" id="request">
            <h2>"Request"</h2>
            <Code
                heading=target
                text=request
                what="Request body"
                mark
                note=format!("{}{cut}", log.payload_note)
            />
            <details>
                <summary class="small soft">"Headers"</summary>
                <Facts>{headers}</Facts>
            </details>
            {curl}
        </section>
        <section class="log-section" id="response">
            <h2>"Response"</h2>
            <Code
                heading=format!("{} · application/scim+json", log.row.http_status)
                text=response
                what="Response body"
                wrap=true
                note=if log.row.status == Status::Failure {
                    "Entra shows this text in its own provisioning log."
                } else {
                    "What Rhombus answered."
                }
            />
        </section>
    }
    .into_any()
}

#[component]
fn Curl(command: String) -> impl IntoView {
    view! {
        <details class="no-print">
            <summary class="small soft">"As a curl command, without the token"</summary>
            <Code
                heading="curl"
                text=command
                what="curl command"
                wrap=true
                note="Put a Secret Token into TOKEN first. It sends the same request again: what it changes is changed."
            />
        </details>
    }
}
