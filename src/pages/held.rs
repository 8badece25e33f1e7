//! `/organizations/{slug}/held`: who would lose access, and should they?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::guard::get_guard;
use crate::components::avatar::Person;
use crate::components::badge::Status;
use crate::components::card::Card;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::form::{Refusal, form_answer};
use crate::components::icon::Tone;
use crate::components::live::Following;
use crate::components::load::load_page;
use crate::components::page::{Crumb, OrganizationSheet, PageHead, Width, in_organization};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::table::Table;
use crate::components::time::Time;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::guard::{ALLOWED_DAYS, Decision, Guard, HeldUser};
use crate::model::log::Action;
use crate::model::page::{Count, counted, counted_up_to, number};
use crate::model::query::href;

const TITLE: &str = "Held users";

/// The users whom the accidental-deletion guard holds, and the decision about them.
#[component]
pub fn HeldPage() -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let query = use_query_map();
    let key = Memo::new(move |_| {
        let of = |name: &str| query.with(|query| query.get(name));
        let slug = params.with(|params| params.get("slug").unwrap_or_default());
        (slug, of("after"), of("before"))
    });
    let guard = Resource::new(
        move || key.get(),
        |(slug, after, before)| get_guard(slug, after, before),
    );
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            async move {
                let guard = guard.await?;
                Ok(view! { <View frame guard answer/> }.into_any())
            }
        })
    })
}

#[component]
fn View(frame: Frame, guard: Guard, answer: Option<FormAnswer>) -> impl IntoView {
    let above = vec![Crumb::link("Users", frame.href("/users"))];
    let organization = frame.href("");
    let here = frame.href("/held");
    let stream = frame.href("/live");
    let zone = frame.me.zone.clone();
    let lead = match guard.limit {
        Some(limit) => format!(
            "The accidental-deletion guard holds whoever would lose access beyond {} in one cycle. They keep it until an administrator decides, and leave this list when Entra sends them as active.",
            counted(limit, "user", "users")
        ),
        None => "The accidental-deletion guard is off: nobody is held.".to_owned(),
    };
    let settings = frame.href("/settings#guard");
    let actions = move || view! { <a class="btn" href=settings.clone()>"Guard settings"</a> };
    let is_admin = frame.is_admin();
    let decide = view! { <Decide here=here.clone() guard=guard.clone() is_admin/> };
    let list = view! { <List organization here held=guard.held/> };
    view! {
        <OrganizationSheet frame title=TITLE above width=Width::Wide>
            <PageHead title=TITLE lead actions/>
            <Refusal answer/>
            <Region name="decide">{decide}</Region>
            <Region name="held">{list}</Region>
            <Following stream zone/>
        </OrganizationSheet>
    }
}

/// The decision, with what follows from each.
#[component]
fn Decide(here: String, guard: Guard, is_admin: bool) -> impl IntoView {
    let open = match (guard.waiting, guard.kept) {
        (Count::Exactly(0), Count::Exactly(0)) => return ().into_any(),
        (Count::Exactly(0), kept) => format!(
            "{} held by decision.",
            counted_up_to(kept, "user is", "users are")
        ),
        (waiting, Count::Exactly(0)) => format!(
            "{} for a decision.",
            counted_up_to(waiting, "user waits", "users wait")
        ),
        (waiting, kept) => format!(
            "{} for a decision, {} held by decision.",
            counted_up_to(waiting, "user waits", "users wait"),
            counted_up_to(kept, "user is", "users are")
        ),
    };
    let read_at = guard.read_at.to_string();
    let form = |decision: Decision, label: &'static str, class: &'static str| {
        view! {
            <form method="post" action=here.clone()>
                <input type="hidden" name="read_at" value=read_at.clone()/>
                <button class=class name="decision" value=decision.as_str()>{label}</button>
            </form>
        }
    };
    let has_waiting = guard.waiting != Count::Exactly(0);
    let keep = has_waiting.then(|| form(Decision::Kept, "Keep holding", "btn"));
    let buttons = if is_admin {
        view! {
            <div class="row">
                {form(Decision::Allowed, "Allow", "btn btn-danger btn-primary")} {keep}
            </div>
        }
        .into_any()
    } else {
        view! { <p class="small muted">"An administrator of the organization decides."</p> }
            .into_any()
    };
    view! {
        <Card id="decide" title="Should they lose access?">
            <div class="card-body stack-tight">
                <p><b>{open}</b></p>
                <p class="soft">
                    <b>"Allow: "</b>
                    {format!(
                        "Entra’s next try for each of them goes through, for {ALLOWED_DAYS} days from now. They lose access then, without counting towards the limit.",
                    )}
                </p>
                <p class="soft">
                    <b>"Keep holding: "</b>
                    "They keep their access, and Entra’s tries are refused. Put the scope right in Entra, so that it stops trying. You can allow them later."
                </p>
                {buttons}
            </div>
        </Card>
    }
    .into_any()
}

#[component]
fn List(
    organization: String,
    here: String,
    held: crate::model::page::Page<HeldUser>,
) -> impl IntoView {
    if held.items.is_empty() {
        return view! {
            <Empty
                art=EmptyArt::Rows
                title="Nobody is held"
                text="Whoever Entra deactivates or deletes loses access, as long as they are within the limit."
            />
        }
        .into_any();
    }
    let turn = |cursor: Option<String>, name: &'static str| {
        cursor.map(|cursor| href(&here, &[(name, cursor)]))
    };
    let (previous, next) = (turn(held.previous, "before"), turn(held.next, "after"));
    let total = counted_up_to(held.total, "user", "users");
    let rows = held
        .items
        .into_iter()
        .map(|user| {
            let profile = format!("{organization}/users/{}", user.user_id);
            let entry = format!("{organization}/logs/{}", user.log_id);
            let would = match user.action {
                Action::Delete => "Delete",
                _ => "Disable",
            };
            view! {
                <tr>
                    <td class="col-person">
                        <Person name=user.name.clone() detail=user.user_name.clone() href=profile/>
                    </td>
                    <td class="at-end"><State user=user.clone()/></td>
                    <td data-label="Entra asks to">{would}</td>
                    <td class="nowrap soft" data-label="Held since"><Time moment=user.first_held/></td>
                    <td class="num" data-label="Tries">{number(user.attempts)}</td>
                    <td class="nowrap soft" data-label="Last try">
                        <a href=entry><Time moment=user.last_held/></a>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Users whose access is held">
            <thead>
                <tr>
                    <th scope="col">"User"</th>
                    <th scope="col">"Decision"</th>
                    <th scope="col">"Entra asks to"</th>
                    <th scope="col">"Held since"</th>
                    <th scope="col" class="num">"Tries"</th>
                    <th scope="col">"Last try"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next>{total}</Pager>
    }
    .into_any()
}

#[component]
fn State(user: HeldUser) -> impl IntoView {
    match (user.decision, user.allowed_until) {
        (Decision::Allowed, Some(until)) => view! {
            <Status tone=Tone::Live label="Allowed"/>
            " "
            <small class="muted">"until " <Time moment=until/></small>
        }
        .into_any(),
        (Decision::Kept, _) => view! { <Status tone=Tone::Off label="Kept"/> }.into_any(),
        _ => view! { <Status tone=Tone::Warn label="Waits"/> }.into_any(),
    }
}
