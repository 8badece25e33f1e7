//! A userName that belongs to somebody else, and what becomes of whoever has it.

use leptos::prelude::*;

use super::Hand;
use crate::components::badge::Status;
use crate::components::icon::Tone;
use crate::components::time::{ExactTime, Time};
use crate::model::issue_fix::{Holder, NameConflict};
use crate::model::take_over::{ALLOWED_DAYS, Decision};

pub(super) fn conflict_view(hand: &Hand, conflict: NameConflict) -> AnyView {
    let NameConflict {
        user_name,
        wanted_by,
        wanted_by_id,
        holder,
    } = conflict;
    let is_rename = wanted_by_id.is_some();
    let wanted_by = match wanted_by_id {
        Some(id) => {
            let href = format!("{}/users/{id}", hand.organization);
            view! { <a href=href>{wanted_by}</a> }.into_any()
        }
        None => view! { <b>{wanted_by}</b> ", who is new to Rhombus" }.into_any(),
    };
    let Some(holder) = holder else {
        return view! {
            <div class="fix-part">
                <p>
                    "Nobody has " <code>{user_name}</code> " any more: Entra’s next try for " {wanted_by}
                    " goes through."
                </p>
            </div>
        }
        .into_any();
    };
    let href = format!("{}/users/{}", hand.organization, holder.id);
    let state = match (holder.is_active, holder.is_managed) {
        (true, true) => "active and managed by Entra",
        (true, false) => "active, and not managed by Entra",
        (false, true) => "inactive",
        (false, false) => "inactive, and not managed by Entra",
    };
    let choice = choice(hand, &user_name, &holder, is_rename);
    view! {
        <div class="fix-part">
            <p>
                "Entra wants " <code>{user_name}</code> " for " {wanted_by} ". "
                <a href=href>{holder.name}</a> " has it: " <b>{state}</b> ", last changed "
                <Time moment=holder.last_change/> "."
            </p>
            {choice}
        </div>
    }
    .into_any()
}

/// What was decided, and what can be.
fn choice(hand: &Hand, user_name: &str, holder: &Holder, is_rename: bool) -> AnyView {
    let decided = holder.decision.clone().map(|decided| {
        let (tone, label) = match decided.decision {
            Decision::Allowed => (Tone::Live, "Allowed"),
            Decision::Kept => (Tone::Off, "Kept apart"),
        };
        let until = decided
            .until
            .map(|until| view! { ", until " <ExactTime moment=until/> });
        view! {
            <p class="row">
                <Status tone label/>
                <span class="muted small">"by " {decided.by} ", " <Time moment=decided.at/> {until}</span>
            </p>
        }
    });
    if !holder.may_yield {
        let text = if holder.is_managed {
            "Two people in Entra have one userName. Change the userPrincipalName of one of them in Entra: nobody who has \
             access is replaced from here."
        } else {
            "A rename would take access away from somebody who has it. Change the userPrincipalName of one of the two, or \
             delete this user."
        };
        return view! { {decided} <p class="soft">{text}</p> }.into_any();
    }
    let (take, takes) = if is_rename {
        (
            "Free the name",
            format!(
                "Entra’s next rename within {ALLOWED_DAYS} days deletes this inactive user and goes through. The history stays for 90 days."
            ),
        )
    } else {
        (
            "Let Entra take it over",
            format!(
                "Entra’s next try within {ALLOWED_DAYS} days gets this user, with its id and history. Choose it for the same person."
            ),
        )
    };
    let kept = "This user stays as it is. Give one of the two another userPrincipalName in Entra. Choose it for two people.";
    let current = holder.decision.as_ref().map(|decided| decided.decision);
    let one = |act: &'static str, label: &'static str, decision: Decision, is_primary: bool| {
        (hand.may_act && current != Some(decision)).then(|| {
            let class = if is_primary { "btn btn-primary" } else { "btn" };
            view! {
                <form method="post" action=hand.action.clone()>
                    <input type="hidden" name="user" value=holder.id.clone()/>
                    <input type="hidden" name="user_name" value=user_name.to_owned()/>
                    <button class=class name="do" value=act>{label}</button>
                </form>
            }
        })
    };
    view! {
        {decided}
        <dl class="fix-choices">
            <div>
                <dt>{take}</dt>
                <dd>{takes}</dd>
            </div>
            <div>
                <dt>"Keep apart"</dt>
                <dd>{kept}</dd>
            </div>
        </dl>
        <div class="row">
            {one("take_over", take, Decision::Allowed, current.is_none())}
            {one("keep_apart", "Keep apart", Decision::Kept, false)}
        </div>
    }
    .into_any()
}
