//! `/account`: one's own password, time zone, theme and sessions.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::own_account::{get_zone_choice, list_sessions};
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::field::{Field, FieldKind};
use crate::components::form::{Refusal, field_errors, form_answer};
use crate::components::icon::Tone;
use crate::components::load::load_page;
use crate::components::page::{Crumb, MeResource, PageHead, Sheet, Width};
use crate::components::table::Table;
use crate::components::theme::ThemeChoice;
use crate::components::time::Time;
use crate::components::zone_select::ZoneSelect;
use crate::model::account::{Me, SessionRow};
use crate::model::form::FormAnswer;
use crate::model::zone::{ZoneChoice, shown};

/// One's own password, time zone and sessions.
#[component]
pub fn OwnAccountPage() -> impl IntoView {
    let answer = form_answer();
    let done = use_query_map().get_untracked().get("done");
    let MeResource(me) = expect_context();
    let sessions = Resource::new(|| (), |()| list_sessions());
    let zones = Resource::new(|| (), |()| get_zone_choice());
    load_page(move || {
        let (answer, done) = (answer.clone(), done.clone());
        async move {
            let (me, sessions, zones) = (me.await?, sessions.await?, zones.await?);
            Ok(view! { <OwnAccountView me sessions zones answer done/> }.into_any())
        }
    })
}

/// What a form has done, by the code in the address.
fn done_text(code: &str) -> Option<&'static str> {
    match code {
        "password" => Some("The password is changed. Your other sessions have ended."),
        "time-zone" => Some("The time zone is changed. Every page shows its times in it."),
        "sessions" => Some("The session has ended."),
        "other-sessions" => Some("All your other sessions have ended."),
        _ => None,
    }
}

#[component]
fn OwnAccountView(
    me: Me,
    sessions: Vec<SessionRow>,
    zones: ZoneChoice,
    answer: Option<FormAnswer>,
    done: Option<String>,
) -> impl IntoView {
    let done = done
        .filter(|_| answer.is_none())
        .and_then(|code| done_text(&code))
        .map(|text| {
            view! {
                <Callout tone=Tone::Ok announced=true>
                    <p>{text}</p>
                </Callout>
            }
        });
    let place = match &me.organization {
        Some(organization) => format!("{} of {}", me.role.label(), organization.name),
        None => format!("{} of Rhombus", me.role.label()),
    };
    view! {
        <Sheet title="Your account" crumbs=vec![Crumb::here("Your account")] width=Width::Narrow>
            <PageHead title="Your account" lead=format!("{}, {}, {place}.", me.name, me.email)/>
            <Refusal answer=answer.clone()/>
            {done}
            <Sessions sessions/>
            <Password me answer=answer.clone()/>
            <TimeZone zones answer/>
            <Theme/>
        </Sheet>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionRow>) -> impl IntoView {
    let has_others = sessions.iter().any(|session| !session.is_current);
    let rows = sessions
        .into_iter()
        .map(|session| view! { <Session session/> })
        .collect_view();
    let end_all = has_others.then(|| {
        view! {
            <form method="post" action="/account/sessions">
                <button class="btn btn-danger">"End all others"</button>
            </form>
        }
    });
    view! {
        <section class="block stack" id="sessions" aria-labelledby="sessions-heading">
            <h2 id="sessions-heading">"Where you are signed in"</h2>
            <Table caption="Sessions, last used first">
                <thead>
                    <tr>
                        <th scope="col">"Browser"</th>
                        <th scope="col">"Address"</th>
                        <th scope="col">"Last seen"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            {end_all}
            <p class="small muted">"A session ends by itself after 12 hours without use, and 7 days after signing in."</p>
        </section>
    }
}

#[component]
fn Session(session: SessionRow) -> impl IntoView {
    let end = if session.is_current {
        view! { <span class="muted">"This browser"</span> }.into_any()
    } else {
        let label = format!("End {}, {}", session.browser, session.address);
        view! {
            <form method="post" action=format!("/account/sessions/{}", session.id)>
                <button class="btn btn-small btn-danger" aria-label=label>"End"</button>
            </form>
        }
        .into_any()
    };
    view! {
        <tr>
            <td>
                <b>{session.browser}</b>
                <small>"Signed in " <Time moment=session.started/></small>
            </td>
            <td class="at-end"><code>{session.address}</code></td>
            <td class="soft" data-label="Last seen"><Time moment=session.last_seen/></td>
            <td class="at-end">{end}</td>
        </tr>
    }
}

#[component]
fn Password(me: Me, answer: Option<FormAnswer>) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    view! {
        <Card id="password-card" title="Password" lined=true>
            <div class="card-body">
                <form class="stack" method="post" action="/account">
                    // Password managers want to know whose password it is.
                    <input
                        class="visually-hidden"
                        type="email"
                        name="username"
                        autocomplete="username"
                        value=me.email
                        readonly
                        tabindex="-1"
                        aria-hidden="true"
                    />
                    <Field
                        name="current"
                        label="Current password"
                        kind=FieldKind::Password
                        errors=errors.clone()
                    />
                    <Field
                        name="password"
                        label="New password"
                        kind=FieldKind::NewPassword
                        minlength=12
                        maxlength=128
                        hint="12 characters or more. A few unrelated words are good."
                        errors=errors.clone()
                    />
                    <Field
                        name="password_again"
                        label="New password again"
                        kind=FieldKind::NewPassword
                        minlength=12
                        maxlength=128
                        errors
                    />
                    <p class="small soft">"Your other sessions end, and reset links for you stop working."</p>
                    <div><button class="btn btn-primary">"Change password"</button></div>
                </form>
            </div>
        </Card>
    }
}

#[component]
fn TimeZone(zones: ZoneChoice, answer: Option<FormAnswer>) -> impl IntoView {
    let ZoneChoice {
        chosen,
        browser,
        names,
    } = zones;
    let errors = field_errors(answer.as_ref());
    let own = match browser {
        Some(browser) => format!("This browser’s: {}", shown(&browser)),
        None => "This browser’s".to_owned(),
    };
    view! {
        <Card id="time-zone-card" title="Time zone" lined=true>
            <div class="card-body">
                <form class="stack" method="post" action="/account/time-zone">
                    <ZoneSelect
                        name="time_zone"
                        label="Show times in"
                        chosen
                        names
                        hint="A browser without scripts does not say its zone: times are in UTC then. Exported files are always in UTC."
                        errors
                        none=Some(own)
                    />
                    <div><button class="btn">"Change time zone"</button></div>
                </form>
            </div>
        </Card>
    }
}

#[component]
fn Theme() -> impl IntoView {
    view! {
        <Card id="theme-card" title="Theme" lined=true>
            <div class="card-body">
                <ThemeChoice on_page=true/>
                <p class="small muted">"Kept in this browser."</p>
            </div>
        </Card>
    }
}
