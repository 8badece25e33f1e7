//! The cards of an organization that is connected.

use leptos::prelude::*;

use crate::components::badge::LogStatus;
use crate::components::card::Card;
use crate::components::chart::{Bar, BarKind, Bars, ChangesChart};
use crate::components::copy::CopyField;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::progress::Progress;
use crate::components::stat::{Stat, Stats};
use crate::components::time::{Time, date};
use crate::model::frame::Frame;
use crate::model::log::{Action, LogFilter, LogRow};
use crate::model::overview::{Chart, TokenLife, UserFigures};
use crate::model::page::{Count, count, counted, number};
use crate::model::token::TokenState;
use crate::model::user::{UserFilter, UserState};
use crate::model::zone::ReaderZone;

/// How much of what Entra asked for succeeded.
#[component]
pub fn Changes(
    home: String,
    day: Chart,
    week: Chart,
    is_week: bool,
    /// Of the hours and days.
    zone: ReaderZone,
) -> impl IntoView {
    let period = |label: &'static str, query: &str, chosen: bool| {
        view! {
            <a
                class="btn btn-small"
                href=format!("{home}{query}#changes")
                aria-current=chosen.then_some("true")
            >
                {label}
            </a>
        }
    };
    let switch = (
        period("24 h", "", !is_week),
        period("7 d", "?period=7d", is_week),
    );
    let (shown, other, other_name) = if is_week {
        (week, day, "Last 24 hours")
    } else {
        (day, week, "Last 7 days")
    };
    let summary = match shown.changes() {
        0 => "No changes in this time.".to_owned(),
        all => format!(
            "{} of {} succeeded.",
            number(all - shown.failed()),
            counted(all, "change", "changes")
        ),
    };
    let compared = format!("{other_name}: {}.", percent(&other));
    let share = percent(&shown);
    let (unit, per) = if is_week {
        ("Day", "day")
    } else {
        ("Hour", "hour")
    };
    let caption = format!("Changes per {per}, {}", zone.label());
    view! {
        <section class="card" id="changes" aria-labelledby="changes-heading">
            <div class="card-head">
                <h2 id="changes-heading">"Changes that succeeded"</h2>
                <div class="btn-group push" role="group" aria-label="Period">{switch}</div>
            </div>
            <div class="card-body">
                <p class="big">{share} " " <small id="changes-summary">{summary} " " {compared}</small></p>
                <ChangesChart
                    chart=shown
                    labelled_by="changes-heading changes-summary"
                    caption
                    unit
                />
            </div>
        </section>
    }
}

/// "94.4 %", or a dash where there was nothing.
fn percent(chart: &Chart) -> String {
    match chart.permille() {
        Some(1000) => "100\u{a0}%".to_owned(),
        Some(permille) => format!("{}.{}\u{a0}%", permille / 10, permille % 10),
        None => "–".to_owned(),
    }
}

/// The latest failures of the last 24 hours.
#[component]
pub fn LatestFailures(logs: String, failures: Vec<LogRow>) -> impl IntoView {
    let all = LogFilter::failures_of_a_day().href(&logs);
    let body = if failures.is_empty() {
        view! {
            <Empty
                art=EmptyArt::Rows
                title="Nothing failed in the last 24 hours"
                text="A request that Rhombus refuses would stand here, with the steps that fix it."
            />
        }
        .into_any()
    } else {
        let rows = failures
            .into_iter()
            .map(|row| {
                let name = request_name(&row);
                view! {
                    <li>
                        <a class="row" href=format!("{logs}/{}", row.id)>
                            <LogStatus status=row.status/>
                            <span>{name}</span>
                            <span class="muted push"><Time moment=row.occurred/></span>
                            <span class="row-rest">{row.summary}</span>
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="list small">{rows}</ul> }.into_any()
    };
    let aside = move || view! { <a class="small" href=all.clone()>"All failures"</a> };
    view! { <Card id="failures" title="Latest failures" aside>{body}</Card> }
}

/// "Update of Marcus Bell"; what is about nobody has a name of its own as its identity.
fn request_name(row: &LogRow) -> String {
    match row.action {
        Action::List
        | Action::TestConnection
        | Action::Discover
        | Action::Bulk
        | Action::Unknown => row.identity.clone(),
        action => format!("{} of {}", action.label(), row.identity),
    }
}

/// How many users there are, by state and by role.
#[component]
pub fn Users(path: String, figures: UserFigures) -> impl IntoView {
    let title = match figures.all {
        Count::Exactly(n) => counted(n, "user", "users"),
        more => format!("{} users", count(more)),
    };
    let title = title.replace("no users", "No users");
    let state = |state| UserFilter {
        state: Some(state),
        ..UserFilter::default()
    };
    let failing = UserFilter {
        has_failures: true,
        ..UserFilter::default()
    };
    let bar = |name: &str, filter: UserFilter, count, kind| Bar {
        name: name.to_owned(),
        href: list_href(&path, &filter),
        count,
        kind,
    };
    let states = vec![
        bar(
            "Active",
            state(UserState::Active),
            figures.active,
            BarKind::Ok,
        ),
        bar(
            "Inactive",
            state(UserState::Inactive),
            figures.inactive,
            BarKind::Off,
        ),
        bar("With errors", failing, figures.with_errors, BarKind::Fail),
    ];
    let roles = figures
        .roles
        .iter()
        .map(|role| {
            let filter = UserFilter {
                roles: vec![role.id.clone()],
                ..UserFilter::default()
            };
            bar(&role.name, filter, role.users, BarKind::Plain)
        })
        .collect();
    let all = path.clone();
    let aside = move || view! { <a class="small" href=all.clone()>"All users"</a> };
    view! {
        <Card id="users" title aside>
            <div class="card-body">
                <Stats>
                    <Stat name="Created" value=number(figures.created) note="in 7 days"/>
                    <Stat name="Updated" value=number(figures.updated) note="in 7 days"/>
                    <Stat name="Disabled" value=number(figures.disabled) note="in 7 days"/>
                </Stats>
                <h3 class="small muted">"By state"</h3>
                <Bars whole=figures.all bars=states/>
                <h3 class="small muted">"By role"</h3>
                <Bars whole=figures.all bars=roles/>
            </div>
        </Card>
    }
}

fn list_href(path: &str, filter: &UserFilter) -> String {
    crate::model::query::href(path, &filter.to_pairs())
}

/// The token that lives longest, and how much of its life is used.
#[component]
pub fn TokenCard(frame: Frame, token: Option<TokenLife>) -> impl IntoView {
    let tokens = frame.href("/tokens");
    let rotate = tokens.clone();
    let may_rotate = frame.is_admin();
    let body = match token {
        Some(token) => {
            let label = format!(
                "{} of {} days of the token’s life used",
                token.days_used, token.days
            );
            let warns = token.state == TokenState::Expiring;
            let text = if may_rotate {
                view! {
                    <p class="small soft">
                        "Rotate it in time: both tokens work during the overlap, so no cycle is lost. "
                        <a href=rotate>"Rotate token"</a>
                    </p>
                }
                .into_any()
            } else {
                view! { <p class="small soft">"An administrator of the organization rotates it."</p> }
                    .into_any()
            };
            view! {
                <Progress value=token.days_used max=token.days label warns>
                    <span>
                        <b>"Expires " {token.expires.relative.clone()}</b> ", " {date(&token.expires).to_owned()}
                    </span>
                    <span class="tiny muted">{token.name} " " <code>{token.prefix}</code></span>
                </Progress>
                {text}
            }
            .into_any()
        }
        None => view! {
            <p class="small soft">"No Secret Token is valid, so Entra’s calls are refused."</p>
        }
        .into_any(),
    };
    let aside = move || view! { <a class="small" href=tokens.clone()>"Tokens"</a> };
    view! {
        <Card id="token" title="Secret Token" aside>
            <div class="card-body stack">
                {body}
                <CopyField id="tenant-url" label="Tenant URL" value=frame.organization.tenant_url/>
            </div>
        </Card>
    }
}
