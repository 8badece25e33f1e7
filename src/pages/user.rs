//! `/organizations/{slug}/users/{id}`, with `/block`, `/unblock` and `/erase`: is this person right, and since when?

mod dialogs;

use dialogs::{Ask, Question};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::issues::issues_of_user;
use crate::api::logs::latest_logs_of_user;
use crate::api::users::{get_user, user_history};
use crate::components::avatar::{Avatar, AvatarKind};
use crate::components::badge::{Badge, UserStatus};
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::code::Code;
use crate::components::diff::Diff;
use crate::components::form::form_answer;
use crate::components::icon::{IconName, Tone};
use crate::components::issue::IssueLinks;
use crate::components::load::load_page;
use crate::components::log_entry::LogEntryLinks;
use crate::components::page::{Crumb, OrganizationSheet, in_organization};
use crate::components::pager::Pager;
use crate::components::steps::MenuPath;
use crate::components::table::Table;
use crate::components::tabs::{Tab, Tabs};
use crate::components::time::{ExactTime, Time};
use crate::components::timeline::{Event, Timeline};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::issue::IssueRow;
use crate::model::log::{LARGE_CHANGE, LogRow, Status};
use crate::model::mapping;
use crate::model::page::Page;
use crate::model::query::href;
use crate::model::support_bundle::BundleSubject;
use crate::model::user::{ChangeKind, RoleState, UserChange, UserDetail};

/// One user: state, role, attributes and history.
#[component]
pub fn UserPage() -> impl IntoView {
    user_page(None)
}

/// The same, asking whether to block the user.
#[component]
pub fn BlockUserPage() -> impl IntoView {
    user_page(Some(Question::Block))
}

/// The same, asking whether to lift the block.
#[component]
pub fn UnblockUserPage() -> impl IntoView {
    user_page(Some(Question::Unblock))
}

/// The same, asking whether to erase a deleted user now.
#[component]
pub fn EraseUserPage() -> impl IntoView {
    user_page(Some(Question::Erase))
}

fn user_page(question: Option<Question>) -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let key = Memo::new(move |_| {
        params.with(|params| {
            (
                params.get("slug").unwrap_or_default(),
                params.get("id").unwrap_or_default(),
            )
        })
    });
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("after")));
    let user = Resource::new(move || key.get(), |(slug, id)| get_user(slug, id));
    let history = Resource::new(
        move || (key.get(), cursor.get()),
        |((slug, id), cursor)| user_history(slug, id, cursor),
    );
    let logs = Resource::new(
        move || key.get(),
        |(slug, id)| latest_logs_of_user(slug, id),
    );
    let issues = Resource::new(move || key.get(), |(slug, id)| issues_of_user(slug, id));
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            async move {
                if question.is_some() && !frame.is_admin() {
                    return Err(AppError::Forbidden);
                }
                let user = user.await?;
                let (history, logs, issues) = (history.await?, logs.await?, issues.await?);
                Ok(view! { <UserView frame user history logs issues question answer/> }.into_any())
            }
        })
    })
}

#[component]
fn UserView(
    frame: Frame,
    user: UserDetail,
    history: Page<UserChange>,
    logs: Vec<LogRow>,
    issues: Vec<IssueRow>,
    question: Option<Question>,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let organization = frame.href("");
    let may_manage = frame.is_admin();
    let bundle =
        (!frame.is_viewer()).then(|| frame.href(&BundleSubject::User(user.id.clone()).form_path()));
    let all_logs = href(
        &frame.href("/logs"),
        &[("user", user.id.clone()), ("lookups", "1".to_owned())],
    );
    let here = frame.href(&format!("/users/{}", user.id));
    let above = vec![Crumb::link("Users", frame.href("/users"))];
    let print_note = format!("User {} of {}.", user.id, frame.organization.name);
    let json_heading = format!("GET /scim/{}/v2/Users/{}", frame.organization.slug, user.id);
    let tabs = ["Timeline", "Attributes", "SCIM JSON", "Log entries"]
        .into_iter()
        .zip(["#timeline", "#attributes", "#json", "#log-entries"])
        .map(|(label, href)| Tab {
            label,
            href: href.to_owned(),
            count: None,
            current: false,
        })
        .collect();
    let issues = (!issues.is_empty()).then(|| {
        view! { <Card id="issues" title="Open issues"><IssueLinks rows=issues/></Card> }
    });
    let dialog = question.map(|question| {
        view! { <Ask question user=user.clone() here=here.clone() answer/> }
    });
    let asks = dialog.is_some();
    view! {
        <OrganizationSheet frame title=user.label.clone() above asks>
            <p class="print-only small">{print_note}</p>
            <div class="stack-loose" inert=asks>
                <UserHead user=user.clone() here=here.clone() may_manage bundle/>
                <Troubles
                    user=user.clone()
                    latest=logs.first().cloned()
                    organization=organization.clone()
                    here=here.clone()
                    may_manage
                />
                <Tabs label="User" tabs/>
                <div class="split">
                    <section id="timeline" aria-labelledby="timeline-heading">
                        <h2 class="visually-hidden" id="timeline-heading">"Timeline"</h2>
                        <History organization=organization.clone() here history/>
                    </section>
                    <div class="stack-loose">
                        {issues}
                        <Attributes attributes=user.attributes/>
                        <div id="json">
                            <Code heading=json_heading text=user.json what="SCIM JSON"/>
                        </div>
                        <LogEntries organization logs all=all_logs/>
                    </div>
                </div>
            </div>
            {dialog}
        </OrganizationSheet>
    }
}

#[component]
fn UserHead(
    user: UserDetail,
    here: String,
    may_manage: bool,
    /// The page that makes a support bundle, for those who may.
    #[prop(optional_no_strip)]
    bundle: Option<String>,
) -> impl IntoView {
    let can_block = may_manage && user.block.is_none() && user.deleted.is_none();
    let block = can_block.then(|| {
        view! { <a class="btn btn-danger" href=format!("{here}/block")>"Block user"</a> }
    });
    let role = user.role.unwrap_or_else(|| "No role".to_owned());
    let role_note = match user.role_state {
        RoleState::Defaulted => " (default, Entra sent none that is known)",
        RoleState::Unreviewed => " (not reviewed yet)",
        RoleState::Known | RoleState::Missing => "",
    };
    view! {
        <div class="page-head">
            <div class="person">
                <Avatar name=user.label.clone() kind=AvatarKind::PersonLarge/>
                <div>
                    <h1>{user.label}</h1>
                    <div class="row small">
                        <UserStatus
                            active=user.active
                            blocked=user.block.is_some()
                            deleted=user.deleted.is_some()
                        />
                        <span>{role} <span class="muted">{role_note}</span></span>
                        <span class="muted">{user.user_name}</span>
                    </div>
                </div>
            </div>
            <div class="page-actions">
                <Badge icon=IconName::Lock label="Managed by Entra ID"/>
                {bundle.map(|href| view! { <a class="btn" href=href>"Support bundle"</a> })}
                {block}
            </div>
        </div>
    }
}

/// What stands against this person being up to date or signing in.
#[component]
fn Troubles(
    user: UserDetail,
    latest: Option<LogRow>,
    organization: String,
    here: String,
    may_manage: bool,
) -> impl IntoView {
    let action = |label: &'static str, path: String| {
        move || may_manage.then(|| view! { <a class="btn" href=path.clone()>{label}</a> })
    };
    let is_deleted = user.deleted.is_some();
    let deleted = user.deleted.map(|deleted| {
        let action = action("Erase now", format!("{here}/erase"));
        view! {
            <Callout tone=Tone::Off action>
                <h2>"Deleted by Entra " <Time moment=deleted/></h2>
                <p>
                    "The history is kept for 90 days; the userName is free again. If Entra creates the person once more, that is a new user."
                </p>
            </Callout>
        }
    });
    let blocked = user.block.map(|block| {
        let action = action("Lift the block", format!("{here}/unblock"));
        let consequence = match (is_deleted, user.active) {
            (true, _) => "If Entra creates the user again, the block holds for the new one.",
            (false, true) => "Entra says active, but there is no access until the block is lifted.",
            (false, false) => {
                "There is no access even if Entra enables the user, until the block is lifted."
            }
        };
        view! {
            <Callout tone=Tone::Warn action>
                <h2>"Blocked by " {block.by} " " <Time moment=block.blocked/></h2>
                <p>"Reason: " {block.reason}</p>
                <p>{consequence}</p>
            </Callout>
        }
    });
    let refused = latest
        .filter(|row| row.status == Status::Failure)
        .map(|row| {
            let href = format!("{organization}/logs/{}", row.id);
            let action = move || view! { <a class="btn" href=href.clone()>"Open log entry"</a> };
            view! {
                <Callout tone=Tone::Fail action>
                    <h2>"Not up to date: the last request from Entra was refused"</h2>
                    <p>{row.summary}</p>
                </Callout>
            }
        });
    view! { {deleted} {blocked} {refused} }
}

#[component]
fn History(organization: String, here: String, history: Page<UserChange>) -> impl IntoView {
    let events = history
        .items
        .into_iter()
        .map(|change| {
            let (tone, title) = match change.kind {
                ChangeKind::Created => (Tone::Ok, "Created"),
                ChangeKind::Updated => (Tone::Ok, "Updated"),
                ChangeKind::Disabled => (Tone::Off, "Disabled"),
                ChangeKind::Enabled => (Tone::Ok, "Enabled"),
                ChangeKind::Rehired => (Tone::Ok, "Enabled again, under a new externalId"),
                ChangeKind::Deleted => (Tone::Off, "Deleted"),
                ChangeKind::Blocked => (Tone::Warn, "Blocked"),
                ChangeKind::Unblocked => (Tone::Ok, "Block lifted"),
            };
            let moment = change.changed;
            let log = change.log_id.map(
                |id| view! { " " <a href=format!("{organization}/logs/{id}")>"Log entry"</a> },
            );
            let diff = match change.changes {
                Some(changes) if changes.is_empty() => None,
                Some(changes) => Some(view! { <Diff changes/> }.into_any()),
                None => Some(view! { <p>{LARGE_CHANGE} "."</p> }.into_any()),
            };
            view! {
                <Event tone title aside=move || view! { <ExactTime moment=moment.clone()/> }>
                    <p>"By " {change.actor} "." {log}</p>
                    {diff}
                </Event>
            }
        })
        .collect_view();
    let older = history.next.map(|cursor| href(&here, &[("after", cursor)]));
    let newest = history.previous.is_some().then_some(here);
    view! {
        <Timeline>{events}</Timeline>
        <Pager previous=newest next=older previous_label="Newest" next_label="Older">""</Pager>
    }
}

#[component]
fn Attributes(attributes: Vec<(String, String)>) -> impl IntoView {
    let rows = attributes
        .into_iter()
        .map(|(name, value)| {
            let owner = match name.as_str() {
                "id" | "schemas" => view! { <Badge label="Rhombus"/> }.into_any(),
                name if name.starts_with("meta.") => view! { <Badge label="Rhombus"/> }.into_any(),
                _ => view! { <Badge icon=IconName::Lock label="Entra"/> }.into_any(),
            };
            let source = mapping::source(&name)
                .map(|source| view! { <small>"From " <code>{source}</code></small> });
            view! {
                <tr>
                    <th scope="row" class="col-name mono soft">{name} {source}</th>
                    <td>{value}</td>
                    <td class="num">{owner}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card id="attributes" title="Attributes" lined=true>
            <Table caption="Attributes" keep=true>
                <thead class="visually-hidden">
                    <tr>
                        <th scope="col">"Attribute"</th>
                        <th scope="col">"Value"</th>
                        <th scope="col">"Source"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <p class="card-foot"><span>
                "To change a value, change the person in Entra. “From” is the source attribute in Entra’s default mapping; yours stands in "
                <MenuPath parts=&["Enterprise applications", "Rhombus Systems", "Provisioning", "Attribute mapping"]/>
                "."</span>
            </p>
        </Card>
    }
}

#[component]
fn LogEntries(organization: String, logs: Vec<LogRow>, all: String) -> impl IntoView {
    let aside = move || view! { <a class="small" href=all.clone()>"All log entries"</a> };
    let entries = if logs.is_empty() {
        view! {
            <div class="card-body">
                <p class="small soft">"Entra has asked for nothing about this user for as long as entries are kept."</p>
            </div>
        }
        .into_any()
    } else {
        view! { <LogEntryLinks organization rows=logs/> }.into_any()
    };
    view! { <Card id="log-entries" title="Log entries" aside>{entries}</Card> }
}
