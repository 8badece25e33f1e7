//! `/organizations/{slug}/issues/{id}`: why it goes wrong, for whom, and how it is put right.
//!
//! Request and response of the latest entry are shown when asked for: looking at them is audited.

mod fix;
mod work;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use self::fix::FixCard;
use self::work::{Actions, Aside};
use crate::api::issues::{dry_run_issue, get_issue, get_issue_fix};
use crate::api::logs::{get_log, glance_at_log, list_logs};
use crate::components::avatar::Person;
use crate::components::badge::LogStatus;
use crate::components::callout::Callout;
use crate::components::card::{Card, FactsLine, LineFact};
use crate::components::code::Code;
use crate::components::dry_run::{DryRunLink, asked_dry_run, asked_part, part_href};
use crate::components::fix::Fix;
use crate::components::form::{Refusal, field_errors, form_answer};
use crate::components::icon::Tone;
use crate::components::issue::{IssueStatus, Spark, issue_tone};
use crate::components::live::Following;
use crate::components::load::load_page;
use crate::components::page::{Crumb, OrganizationSheet, in_organization};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::table::{Dash, Table};
use crate::components::time::{ExactTime, Time};
use crate::components::token_created::TokenCreated;
use crate::islands::issue_dry_run::DryRunView;
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::issue::{IssueDetail, IssueRow, IssueUser};
use crate::model::issue_dry_run::IssueDryRun;
use crate::model::issue_fix::IssueFix;
use crate::model::log::{Explanation, LogDetail, LogFilter, LogRow};
use crate::model::page::{Page, counted, counted_up_to, number};
use crate::model::query::href;
use crate::model::support_bundle::BundleSubject;

/// Latest log entries that are shown.
const ENTRIES: usize = 5;

/// One issue: what is wrong, for whom, and how to fix it in Entra or here.
#[component]
pub fn IssuePage() -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let query = use_query_map();
    let key = Memo::new(move |_| {
        let of = |name: &str| query.with(|query| query.get(name));
        params.with(|params| {
            (
                params.get("slug").unwrap_or_default(),
                params.get("id").unwrap_or_default(),
                of("after"),
                of("before"),
            )
        })
    });
    let shows_sample =
        Memo::new(move |_| query.with(|query| query.get("sample").as_deref() == Some("1")));
    let issue = Resource::new(
        move || key.get(),
        |(slug, id, after, before)| get_issue(slug, id, after, before),
    );
    let cure = Resource::new(move || key.get(), |(slug, id, ..)| get_issue_fix(slug, id));
    let (asked, part) = (asked_dry_run(), asked_part());
    let dry_run = Resource::new(
        move || key.get(),
        move |(slug, id, ..)| {
            let part = part.clone();
            async move {
                match asked {
                    Some(_) => dry_run_issue(slug, id, part).await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    let sample = Resource::new(
        move || (key.get(), shows_sample.get()),
        move |((slug, ..), shows)| async move {
            let Some(id) = issue.await?.log_id else {
                return Ok(None);
            };
            let found = if shows {
                get_log(slug, id).await
            } else {
                glance_at_log(slug, id).await
            };
            match found {
                Ok(log) => Ok(Some(log)),
                // Entries are not kept for ever.
                Err(AppError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        },
    );
    let entries = Resource::new(
        move || key.get(),
        move |(slug, ..)| async move { list_logs(slug, of_issue(&issue.await?.row)).await },
    );
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        if let Some(FormAnswer::TokenCreated(token)) = answer {
            let id = params.with_untracked(|params| params.get("id").unwrap_or_default());
            let back = ("Issue", frame.href(&format!("/issues/{id}")));
            return view! { <TokenCreated frame token back/> }.into_any();
        }
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            let shows_sample = shows_sample.get();
            async move {
                let issue = issue.await?;
                let sample = sample.await?;
                let entries = entries.await?.page.items;
                let cure = cure.await?;
                let dry_run = dry_run.await?;
                Ok(view! {
                    <IssueView frame issue cure sample shows_sample entries answer dry_run asked/>
                }
                .into_any())
            }
        })
        .into_any()
    })
}

/// The issue's entries in the log.
fn of_issue(row: &IssueRow) -> LogFilter {
    LogFilter {
        issue_id: Some(row.id.clone()),
        lookups: true,
        ..LogFilter::default()
    }
}

#[component]
fn IssueView(
    frame: Frame,
    issue: IssueDetail,
    cure: Option<IssueFix>,
    sample: Option<LogDetail>,
    shows_sample: bool,
    entries: Vec<LogRow>,
    answer: Option<FormAnswer>,
    dry_run: Option<IssueDryRun>,
    asked: Option<u32>,
) -> impl IntoView {
    let organization = frame.href("");
    let row = issue.row.clone();
    let here = frame.href(&format!("/issues/{}", row.id));
    let all_entries = of_issue(&row).href(&frame.href("/logs"));
    let above = vec![Crumb::link("Issues", frame.href("/issues"))];
    let stream = frame.href("/live");
    let may_see = !frame.is_viewer();
    let ignored = ignored(issue.ignored.clone());
    let refusal = refusal(answer.as_ref());
    let head = view! {
        <Head
            frame=frame.clone()
            here=here.clone()
            row=row.clone()
            may_manage=issue.may_manage
            answer=answer.clone()
        />
    };
    let zone = frame.me.zone.clone();
    // Each update would look, or try, again.
    let follows = (!shows_sample && dry_run.is_none()).then(|| view! { <Following stream zone/> });
    let has_cure = cure.is_some();
    let explained = explained(&issue, &organization, has_cure);
    let tries = may_see && !issue.users.items.is_empty();
    let cure = cure.map(|fix| {
        let (frame, here, dry_run) = (frame.clone(), here.clone(), dry_run.clone());
        view! { <FixCard frame here fix tries dry_run asked/> }
    });
    let again = (tries && !has_cure).then(|| try_again(&here, asked));
    let dry_run = dry_run.map(|dry_run| dry_run_view(&row, &here, asked, dry_run));
    let users = view! {
        <Users organization=organization.clone() here=here.clone() users=issue.users.clone()/>
    };
    let sample = view! {
        <Sample organization=organization.clone() here=here.clone() sample shows_sample may_see/>
    };
    view! {
        <OrganizationSheet frame title=row.title.clone() above>
            {refusal}
            {head}
            {ignored}
            <Region name="facts"><IssueFacts row/></Region>
            <Region name="fix">{cure}</Region>
            {explained}
            <div class="split split-aside">
                <div class="stack-loose">
                    {dry_run}
                    <Region name="users">{users}</Region>
                    {again}
                    {sample}
                    <Region name="entries">
                        <Entries organization entries all=all_entries/>
                    </Region>
                </div>
                <Aside here issue answer/>
            </div>
            {follows}
        </OrganizationSheet>
    }
}

fn ignored(until: Option<String>) -> Option<impl IntoView> {
    until.map(|text| {
        view! {
            <Callout tone=Tone::Off>
                <p>{text}</p>
            </Callout>
        }
    })
}

/// Why a form was refused, unless a field says it.
fn refusal(answer: Option<&FormAnswer>) -> Option<impl IntoView + use<>> {
    let has_field = field_errors(answer)
        .iter()
        .any(|error| ["days", "events", "note"].contains(&error.field.as_str()));
    (!has_field).then(|| view! { <Refusal answer=answer.cloned()/> })
}

/// The way to a dry-run, where *Fix here* has none.
fn try_again(here: &str, asked: Option<u32>) -> impl IntoView + use<> {
    view! {
        <div class="row">
            <DryRunLink page=here asked label="Dry-run for affected users"/>
            <span class="small muted">"Tries their latest requests again. Nothing is stored."</span>
        </div>
    }
}

fn dry_run_view(
    row: &IssueRow,
    here: &str,
    asked: Option<u32>,
    dry_run: IssueDryRun,
) -> impl IntoView + use<> {
    let next = dry_run.next.as_deref();
    let next = next.map(|next| part_href(here, asked, next));
    view! { <DryRunView slug=row.organization.slug.clone() id=row.id.clone() dry_run next/> }
}

/// What it is, how it stands, and what can be done with it.
#[component]
fn Head(
    frame: Frame,
    here: String,
    row: IssueRow,
    may_manage: bool,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let actions = may_manage.then(|| view! { <Actions here state=row.state answer/> });
    let bundle = (!frame.is_viewer()).then(|| {
        let subject = BundleSubject::Issue(row.id.clone());
        view! { <a class="btn" href=frame.href(&subject.form_path())>"Support bundle"</a> }
    });
    let title = row.title.clone();
    let status = view! {
        <IssueStatus row=row.clone()/>
        {row.assignee.map(|name| view! { " " <span class="small muted">{name}</span> })}
    };
    view! {
        <div class="page-head">
            <div class="log-title">
                <Region name="status">{status}</Region>
                <h1>{title}</h1>
            </div>
            <div class="page-actions">{actions} {bundle}</div>
        </div>
    }
}

/// What the catalogue says about it, with the way to *Fix here* where there is one.
fn explained(issue: &IssueDetail, organization: &str, has_cure: bool) -> impl IntoView + use<> {
    let explanation = Explanation {
        // The page's own heading names it.
        title: "What happens".to_owned(),
        ..issue.explanation.clone()
    };
    let card = has_cure.then(|| "#fix-here".to_owned());
    let tone = issue_tone(&issue.row);
    let organization = organization.to_owned();
    view! { <Fix tone explanation organization card/> }
}

#[component]
fn IssueFacts(row: IssueRow) -> impl IntoView {
    let users = match row.users {
        0 => view! { <Dash/> }.into_any(),
        users => number(users).into_any(),
    };
    let reopened = (row.reopened > 0).then(|| {
        view! { <LineFact name="Came back">{counted(row.reopened, "time", "times")}</LineFact> }
    });
    view! {
        <FactsLine>
            <LineFact name="Affected users">{users}</LineFact>
            <LineFact name="Events">{number(row.events)}</LineFact>
            <LineFact name="First seen"><ExactTime moment=row.first_seen/></LineFact>
            <LineFact name="Last seen"><Time moment=row.last_seen/></LineFact>
            {reopened}
            <LineFact name="Action">{row.action.label()}</LineFact>
            {row.code.map(|code| view! { <LineFact name="Answer"><code>{code}</code></LineFact> })}
            {row
                .attribute
                .map(|name| view! { <LineFact name="Attribute"><code>{name}</code></LineFact> })}
            <LineFact name="Reason code"><code>{row.reason}</code></LineFact>
            <LineFact name="Last 14 days"><Spark days=row.days/></LineFact>
        </FactsLine>
    }
}

#[component]
fn Users(organization: String, here: String, users: Page<IssueUser>) -> impl IntoView {
    if users.items.is_empty() {
        return view! {
            <section class="stack" aria-labelledby="affected">
                <h2 id="affected">"Affected users"</h2>
                <p class="soft">
                    "None now: everybody has succeeded since, or the requests were about no user in particular."
                </p>
            </section>
        }
        .into_any();
    }
    let turn = |cursor: Option<String>, name: &'static str| {
        cursor.map(|cursor| href(&here, &[(name, cursor)]))
    };
    let (previous, next) = (turn(users.previous, "before"), turn(users.next, "after"));
    let total = counted_up_to(users.total, "user", "users");
    let rows = users
        .items
        .into_iter()
        .map(|user| {
            let detail = user.user_name.unwrap_or_default();
            let name = match user.user_id {
                Some(id) => {
                    let href = format!("{organization}/users/{id}");
                    view! { <Person name=user.name detail href/> }.into_any()
                }
                None => view! { <b>{user.name}</b> <small>{detail}</small> }.into_any(),
            };
            view! {
                <tr>
                    <td class="col-person">{name}</td>
                    <td class="num at-end" data-label="Events">{number(user.events)}</td>
                    <td class="nowrap soft at-hide"><Time moment=user.first_seen/></td>
                    <td class="nowrap soft" data-label="Last seen"><Time moment=user.last_seen/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="stack" aria-labelledby="affected">
            <h2 id="affected">"Affected users"</h2>
            <Table caption="Users who have not succeeded since">
                <thead>
                    <tr>
                        <th scope="col">"User"</th>
                        <th scope="col" class="num">"Events"</th>
                        <th scope="col">"First seen"</th>
                        <th scope="col">"Last seen"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <Pager previous next>{total}</Pager>
        </section>
    }
    .into_any()
}

/// The latest request of this kind: what Entra was told, and on demand what it sent.
#[component]
fn Sample(
    organization: String,
    here: String,
    sample: Option<LogDetail>,
    shows_sample: bool,
    may_see: bool,
) -> impl IntoView {
    let Some(log) = sample else {
        return view! {
            <section class="stack" id="sample" aria-labelledby="sample-heading">
                <h2 id="sample-heading">"Latest request"</h2>
                <p class="soft">"Its log entry is not kept any more."</p>
            </section>
        }
        .into_any();
    };
    let entry = format!("{organization}/logs/{}", log.row.id);
    let told = log.detail.clone().unwrap_or(log.row.summary);
    let body = match (log.payload, shows_sample) {
        (Some(payload), _) => {
            let target = match payload.query {
                Some(query) => format!("{} {}?{query}", log.method, log.path),
                None => format!("{} {}", log.method, log.path),
            };
            let or_none = |body: Option<String>| body.unwrap_or_else(|| "No body.".to_owned());
            view! {
                <Code
                    heading=target
                    text=or_none(payload.request_body)
                    what="Request body"
                    note=log.payload_note
                />
                <Code
                    heading=format!("{} · application/scim+json", log.row.http_status)
                    text=or_none(payload.response_body)
                    what="Response body"
                    wrap=true
                    note="Entra shows this text in its own provisioning log."
                />
            }
            .into_any()
        }
        (None, true) => view! { <p class="soft">{log.payload_note}</p> }.into_any(),
        (None, false) if may_see => view! {
            <div class="row">
                <a class="btn" href=format!("{here}?sample=1#sample")>"Show request and response"</a>
                <span class="small muted">"Looking at them is noted in the audit log."</span>
            </div>
        }
        .into_any(),
        (None, false) => {
            view! { <p class="small muted">"Your role does not show request bodies."</p> }.into_any()
        }
    };
    view! {
        <section class="stack" id="sample" aria-labelledby="sample-heading">
            <div class="row row-between">
                <h2 id="sample-heading">"Latest request"</h2>
                <a class="small" href=entry>"Open log entry"</a>
            </div>
            <p class="small muted">
                {log.row.identity} ", " <ExactTime moment=log.row.occurred/>
            </p>
            <p class="issue-note">{told}</p>
            {body}
        </section>
    }
    .into_any()
}

#[component]
fn Entries(organization: String, entries: Vec<LogRow>, all: String) -> impl IntoView {
    if entries.is_empty() {
        return ().into_any();
    }
    let rows = entries
        .into_iter()
        .take(ENTRIES)
        .map(|row| {
            view! {
                <li>
                    <a class="row" href=format!("{organization}/logs/{}", row.id)>
                        <LogStatus status=row.status/>
                        <span>{row.identity}</span>
                        <span class="muted push"><Time moment=row.occurred/></span>
                    </a>
                </li>
            }
        })
        .collect_view();
    let aside = move || view! { <a class="small" href=all.clone()>"All of this cause"</a> };
    view! {
        <Card id="log-entries" title="Log entries of this cause" aside>
            <ul class="list small">{rows}</ul>
        </Card>
    }
    .into_any()
}
