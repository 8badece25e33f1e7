//! The overview until Entra has connected: what to take to Entra, where it goes, and what arrives meanwhile.

use leptos::prelude::*;

use super::{Sentence, progress};
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::copy::{CopyField, CopyIcon};
use crate::components::form::Refusal;
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::live::Following;
use crate::components::region::Region;
use crate::components::stepper::Stepper;
use crate::components::steps::{MenuPath, Step, Steps};
use crate::components::time::Time;
use crate::components::timeline::{Event, Timeline};
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::overview::{Overview, Reach, RoleHint, Seen, SeenKind, SetupKind};

/// The overview until Entra has called: how to connect it, and how far that is.
#[component]
pub fn Waiting(
    frame: Frame,
    overview: Overview,
    once: Option<String>,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let zone = frame.me.zone.clone();
    let stream = frame.href("/live");
    let sentence = view! { <Sentence frame=frame.clone() overview=overview.clone()/> };
    let steps = progress(&overview.setup);
    let lacks_admin = overview
        .setup
        .iter()
        .any(|step| step.kind == SetupKind::InviteAdmin && !step.done);
    let accounts = frame.href("/accounts#invite");
    let invite = (frame.is_support() && lacks_admin).then(|| {
        view! {
            <Callout tone=Tone::Live>
                <p>
                    <b>"Next: invite its first administrator."</b>
                    " Nobody of this organization can sign in yet, and only its administrator creates a Secret Token."
                </p>
                <p><a class="btn btn-primary" href=accounts>"Invite the first Admin"</a></p>
            </Callout>
        }
    });
    view! {
        <Region name="health">
            <Stepper label="Setup steps" steps/>
            {sentence}
        </Region>
        {invite}
        <ReachWarning reach=overview.reach/>
        <div class="split split-aside">
            <div class="stack-loose">
                <Values frame has_tokens=overview.has_tokens once answer/>
                <Where/>
                <Roles roles=overview.roles/>
            </div>
            <aside class="stack sticky" aria-label="Live state">
                <Region name="seen"><WhatWeSee seen=overview.seen/></Region>
                <Following stream zone/>
                <details class="card">
                    <summary class="card-head">
                        <h2>"Nothing arrives?"</h2>
                        <span class="push"><Icon name=IconName::Down/></span>
                    </summary>
                    <div class="card-body small soft">
                        <p>
                            "If no request shows up here at all, Entra cannot reach this address: check the Tenant URL "
                            "for typing errors and any firewall in between. You can go on and come back, nothing is lost."
                        </p>
                    </div>
                </details>
            </aside>
        </div>
    }
}

/// Entra calls from the internet and takes nothing but https.
#[component]
fn ReachWarning(reach: Reach) -> impl IntoView {
    let text = match reach {
        Reach::Fine => return ().into_any(),
        Reach::ThisComputer => {
            "Entra cannot reach this address: it is of this computer alone. Start Rhombus Provisioning with \
             PUBLIC_URL set to the https address that it has on the internet."
        }
        Reach::Http => {
            "Entra refuses this address: it is not encrypted. Start Rhombus Provisioning with PUBLIC_URL set to \
             its https address."
        }
    };
    view! { <Callout tone=Tone::Warn><p>{text}</p></Callout> }.into_any()
}

#[component]
fn Values(
    frame: Frame,
    has_tokens: bool,
    once: Option<String>,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let home = frame.href("");
    let token = match (&answer, once) {
        (Some(FormAnswer::TokenCreated(token)), _) => view! {
            <CopyField
                id="secret-token"
                label="Secret Token"
                value=token.secret.clone()
                secret=true
                hint="Shown once, here. Paste the bare value, without “Bearer”."
            />
        }
        .into_any(),
        (_, Some(once)) => {
            let (text, class) = if has_tokens {
                (
                    "It was shown when it was created, and is stored only as a fingerprint. If it is lost, create another.",
                    "btn",
                )
            } else {
                (
                    "Named “Entra” and valid for a year. It is shown once, here, with a button to copy it.",
                    "btn btn-primary",
                )
            };
            view! {
                <form class="field" method="post" action=home>
                    <span class="label">"Secret Token"</span>
                    <input type="hidden" name="once" value=once/>
                    <input type="hidden" name="name" value="Entra"/>
                    <input type="hidden" name="days" value="365"/>
                    <div class="row">
                        <button class=class>
                            {if has_tokens { "Create another Secret Token" } else { "Create Secret Token" }}
                        </button>
                        <a class="small" href=frame.href("/tokens#create")>"With another name or lifetime"</a>
                    </div>
                    <p class="hint">{text}</p>
                </form>
            }
            .into_any()
        }
        (_, None) => view! {
            <div class="field">
                <span class="label">"Secret Token"</span>
                <p class="hint">"An administrator of the organization creates it. It is shown once."</p>
            </div>
        }
        .into_any(),
    };
    view! {
        <section class="stack" aria-labelledby="paste">
            <div>
                <h2 id="paste">"Paste these two values into Entra"</h2>
                <p class="soft small">
                    "The field names below are the ones you see in the Microsoft Entra admin center."
                </p>
            </div>
            <Refusal answer/>
            <CopyField id="tenant-url" label="Tenant URL" value=frame.organization.tenant_url/>
            {token}
        </section>
    }
}

#[component]
fn Where() -> impl IntoView {
    view! {
        <section class="block" aria-labelledby="where">
            <h2 id="where">"Then press Test Connection"</h2>
            <div>
                <Steps>
                    <Step>
                        "Open the " <a href="https://entra.microsoft.com">"Microsoft Entra admin center"</a>
                        " as at least a Cloud Application Administrator."
                    </Step>
                    <Step>
                        "Browse to " <MenuPath parts=&["Identity", "Applications", "Enterprise applications"]/>
                        ", select " <b>"Rhombus Systems"</b> ", open " <b>"Provisioning"</b>
                        " and set Provisioning Mode to " <b>"Automatic"</b> "."
                    </Step>
                    <Step>
                        "Under " <b>"Admin Credentials"</b> ", paste the Tenant URL and the Secret Token."
                    </Step>
                    <Step>
                        "Press " <b>"Test Connection"</b> ", then " <b>"Save"</b>
                        ". The request is seen on this page."
                    </Step>
                </Steps>
            </div>
        </section>
    }
}

#[component]
fn Roles(roles: Vec<RoleHint>) -> impl IntoView {
    let roles = roles
        .into_iter()
        .map(|role| {
            let name = if role.is_default {
                format!("{}, for users without a role", role.name)
            } else {
                role.name
            };
            view! {
                <li class="row">
                    <code>{role.value.clone()}</code>
                    <CopyIcon text=role.value.clone() what=format!("role value {}", role.value)/>
                    <span class="soft">{name}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="block" aria-labelledby="roles">
            <h2 id="roles">"Role values"</h2>
            <div class="stack">
                <p>
                    "Under " <MenuPath parts=&["App registrations", "Rhombus Systems", "App roles"]/>
                    ", create one app role for each role that you use. Its " <b>"Value"</b>
                    " is one of these, exactly:"
                </p>
                <ul class="stack-tight small">{roles}</ul>
            </div>
        </section>
    }
}

/// What has arrived, in the order in which it did.
#[component]
fn WhatWeSee(seen: Vec<Seen>) -> impl IntoView {
    let events = seen
        .into_iter()
        .map(|seen| {
            let tone = match seen.kind {
                SeenKind::Done => Tone::Ok,
                SeenKind::Refused => Tone::Fail,
                SeenKind::Awaited => Tone::Wait,
            };
            let at = seen.at;
            let aside = move || at.clone().map(|moment| view! { <Time moment/> });
            view! { <Event tone title=seen.title aside><p>{seen.text}</p></Event> }
        })
        .collect_view();
    view! {
        <div role="status">
            <Card id="seen" title="What Rhombus sees" lined=true>
                <div class="card-body"><Timeline>{events}</Timeline></div>
            </Card>
        </div>
    }
}
