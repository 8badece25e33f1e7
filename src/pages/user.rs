//! `/organizations/{slug}/users/{id}`: is this person right, and since when?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::logs::latest_logs_of_user;
use crate::api::users::{get_user, user_history};
use crate::components::avatar::{Avatar, AvatarKind};
use crate::components::badge::{Badge, LogStatus, UserStatus};
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::code::Code;
use crate::components::diff::Diff;
use crate::components::icon::{IconName, Tone};
use crate::components::load::load_page;
use crate::components::page::{Crumb, OrganizationSheet, in_organization};
use crate::components::pager::Pager;
use crate::components::table::Table;
use crate::components::tabs::{Tab, Tabs};
use crate::components::time::{ExactTime, Time};
use crate::components::timeline::{Event, Timeline};
use crate::model::frame::Frame;
use crate::model::log::{LogRow, Status};
use crate::model::page::Page;
use crate::model::query::href;
use crate::model::user::{ChangeKind, RoleState, UserChange, UserDetail};

#[component]
pub fn UserPage() -> impl IntoView {
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
    in_organization(move |frame: Frame| {
        load_page(move || {
            let frame = frame.clone();
            async move {
                let user = user.await?;
                let (history, logs) = (history.await?, logs.await?);
                Ok(view! { <UserView frame user history logs/> }.into_any())
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
) -> impl IntoView {
    let organization = frame.href("");
    let all_logs = href(
        &frame.href("/logs"),
        &[("user", user.id.clone()), ("lookups", "1".to_owned())],
    );
    let here = frame.href(&format!("/users/{}", user.id));
    let above = vec![Crumb::link("Users", frame.href("/users"))];
    let json_heading = format!("GET /scim/{}/v2/Users/{}", frame.organization.slug, user.id);
    let tabs = ["Timeline", "Attributes", "SCIM JSON", "Log entries"]
        .into_iter()
        .zip(["#timeline", "#attributes", "#json", "#logs"])
        .map(|(label, href)| Tab {
            label,
            href: href.to_owned(),
            count: None,
            current: false,
        })
        .collect();
    view! {
        <OrganizationSheet frame title=user.label.clone() above>
            <UserHead user=user.clone()/>
            <Troubles user=user.clone() latest=logs.first().cloned() organization=organization.clone()/>
            <Tabs label="User" tabs/>
            <div class="split">
                <section id="timeline" aria-labelledby="timeline-heading">
                    <h2 class="visually-hidden" id="timeline-heading">"Timeline"</h2>
                    <History organization=organization.clone() here history/>
                </section>
                <div class="stack-loose">
                    <Attributes attributes=user.attributes/>
                    <div id="json">
                        <Code heading=json_heading text=user.json what="SCIM JSON"/>
                    </div>
                    <LogEntries organization logs all=all_logs/>
                </div>
            </div>
        </OrganizationSheet>
    }
}

#[component]
fn UserHead(user: UserDetail) -> impl IntoView {
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
                            blocked=user.blocked
                            deleted=user.deleted.is_some()
                        />
                        <span>{role} <span class="muted">{role_note}</span></span>
                        <span class="muted">{user.user_name}</span>
                    </div>
                </div>
            </div>
            <div class="page-actions">
                <Badge icon=IconName::Lock label="Managed by Entra ID"/>
            </div>
        </div>
    }
}

/// What stands against this person being up to date or signing in.
#[component]
fn Troubles(user: UserDetail, latest: Option<LogRow>, organization: String) -> impl IntoView {
    let deleted = user.deleted.map(|deleted| {
        view! {
            <Callout tone=Tone::Off>
                <p>
                    <b>"Deleted by Entra "</b> <Time moment=deleted/>
                    ". The history is kept for 90 days; the userName is free again."
                </p>
            </Callout>
        }
    });
    let blocked = user.blocked.then(|| {
        view! {
            <Callout tone=Tone::Warn>
                <p><b>"Blocked by an administrator."</b> " Entra’s value of active does not matter until the block is lifted."</p>
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
            };
            let moment = change.changed;
            let log = change.log_id.map(
                |id| view! { " " <a href=format!("{organization}/logs/{id}")>"Log entry"</a> },
            );
            let diff =
                (!change.changes.is_empty()).then(|| view! { <Diff changes=change.changes/> });
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
            view! {
                <tr>
                    <th scope="row" class="col-name mono soft">{name}</th>
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
            <p class="card-foot">
                "To change one, change the user in Entra, or the attribute mapping of the enterprise application."
            </p>
        </Card>
    }
}

#[component]
fn LogEntries(organization: String, logs: Vec<LogRow>, all: String) -> impl IntoView {
    let entries = logs
        .into_iter()
        .map(|row| {
            view! {
                <li>
                    <a class="row" href=format!("{organization}/logs/{}", row.id)>
                        <LogStatus status=row.status/>
                        <span>{row.action.label()}</span>
                        <span class="muted push"><Time moment=row.occurred/></span>
                    </a>
                </li>
            }
        })
        .collect_view();
    let aside = move || view! { <a class="small" href=all.clone()>"All log entries"</a> };
    view! {
        <Card id="logs" title="Log entries" aside>
            <ul class="list small">{entries}</ul>
        </Card>
    }
}
