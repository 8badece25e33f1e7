//! `/organizations/{slug}/tokens`, with `/{id}/rotate` and `/{id}/revoke`: will the connection hold?
//!
//! Creating and rotating answer with this page too, showing the secret once.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::tokens::{list_tokens, token_form_id};
use crate::components::badge::TokenStatus;
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::dialog::Dialog;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::field::{Choice, Field, Select};
use crate::components::form::{Refusal, field_errors, form_answer, typed};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::load::load_page;
use crate::components::page::{OrganizationSheet, PageHead, in_organization};
use crate::components::steps::{MenuPath, Step, Steps};
use crate::components::table::{Dash, Table};
use crate::components::time::{Time, date};
use crate::components::token_created::TokenCreated;
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::page::number;
use crate::model::token::{TokenRow, TokenState};

/// What the address asks about one token of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    All,
    Rotate(String),
    Revoke(String),
}

/// The tokens of an organization.
#[component]
pub fn TokensPage() -> impl IntoView {
    tokens_page(|_| About::All)
}

/// The same, asking how to rotate one.
#[component]
pub fn RotateTokenPage() -> impl IntoView {
    tokens_page(About::Rotate)
}

/// The same, asking whether to revoke one.
#[component]
pub fn RevokeTokenPage() -> impl IntoView {
    tokens_page(About::Revoke)
}

fn tokens_page(about: impl Fn(String) -> About + Clone + Send + Sync + 'static) -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let tokens = Resource::new(move || slug.get(), list_tokens);
    in_organization(move |frame: Frame| {
        if let Some(FormAnswer::TokenCreated(token)) = answer.clone() {
            let back = ("Tokens", frame.href("/tokens"));
            return view! { <TokenCreated frame token back/> }.into_any();
        }
        // Readers may not create tokens and are shown no form.
        let once = frame
            .is_admin()
            .then(|| Resource::new(move || slug.get(), token_form_id));
        let (answer, about) = (answer.clone(), about.clone());
        load_page(move || {
            let (frame, answer, about) = (frame.clone(), answer.clone(), about.clone());
            async move {
                let tokens = tokens.await?;
                let once = match once {
                    Some(once) => Some(once.await?),
                    None => None,
                };
                let id = params.with_untracked(|params| params.get("id").unwrap_or_default());
                let about = about(id);
                let asked = asked(&about, &tokens, frame.is_admin())?;
                Ok(view! { <TokensView frame tokens once answer asked/> }.into_any())
            }
        })
        .into_any()
    })
}

/// The token that the page asks about, beside the list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Nothing,
    Rotate(TokenRow),
    Revoke(TokenRow),
}

/// Finds it. Readers see the list instead of the form for another token.
fn asked(about: &About, tokens: &[TokenRow], may_manage: bool) -> Result<Asked, AppError> {
    let token_of = |id: &str| {
        let token = tokens.iter().find(|token| token.id == id).cloned();
        token.ok_or_else(|| AppError::NotFound {
            what: "token".to_owned(),
        })
    };
    match about {
        About::Rotate(id) if may_manage => token_of(id).map(Asked::Rotate),
        About::All | About::Rotate(_) => Ok(Asked::Nothing),
        About::Revoke(id) => {
            let token = token_of(id)?;
            if may_manage {
                Ok(Asked::Revoke(token))
            } else {
                Err(AppError::Forbidden)
            }
        }
    }
}

#[component]
fn TokensView(
    frame: Frame,
    tokens: Vec<TokenRow>,
    once: Option<String>,
    answer: Option<FormAnswer>,
    asked: Asked,
) -> impl IntoView {
    let may_manage = frame.is_admin();
    let path = frame.href("/tokens");
    let (rotated, revoked) = match asked {
        Asked::Nothing => (None, None),
        Asked::Rotate(token) => (Some(token), None),
        Asked::Revoke(token) => (None, Some(token)),
    };
    let dialog = revoked.map(|token| {
        let is_last = is_last_in_use(&tokens, &token);
        view! { <Revoke path=path.clone() token is_last/> }
    });
    let form = once.filter(|_| may_manage).map(|once| match rotated {
        Some(token) => view! { <Rotate path=path.clone() token answer/> }.into_any(),
        None => view! { <Create path=path.clone() once answer/> }.into_any(),
    });
    let actions_path = path.clone();
    let actions = move || {
        may_manage.then(|| {
            view! {
                <a class="btn btn-primary" href=format!("{actions_path}#create")>
                    <Icon name=IconName::Plus/>
                    "Create token"
                </a>
            }
        })
    };
    let asks = dialog.is_some();
    view! {
        <OrganizationSheet frame title="Tokens" asks>
            <div class="stack-loose" inert=asks>
                <PageHead
                    title="Tokens"
                    lead="A Secret Token lets Entra call Rhombus. Several can work at once, so a rotation loses no cycle."
                    actions
                />
                <Expiring path=path.clone() tokens=tokens.clone() may_manage/>
                <TokenTable path tokens may_manage/>
                {form}
            </div>
            {dialog}
        </OrganizationSheet>
    }
}

fn is_valid(token: &TokenRow) -> bool {
    matches!(token.state, TokenState::Active | TokenState::Expiring)
}

/// Whether Entra would be left without a token it is known to use.
fn is_last_in_use(tokens: &[TokenRow], token: &TokenRow) -> bool {
    token.last_used.is_some()
        && !tokens
            .iter()
            .any(|other| other.id != token.id && is_valid(other) && other.last_used.is_some())
}

/// A warning when the token that is in use runs out and no other one is.
#[component]
fn Expiring(path: String, tokens: Vec<TokenRow>, may_manage: bool) -> impl IntoView {
    let in_use = tokens
        .iter()
        .filter(|token| is_valid(token) && token.last_used.is_some());
    let Some(token) = in_use.max_by_key(|token| token.days_left).cloned() else {
        return ().into_any();
    };
    if token.state != TokenState::Expiring {
        return ().into_any();
    }
    let rotate = format!("{path}/{}/rotate#rotate", token.id);
    let action =
        move || may_manage.then(|| view! { <a class="btn" href=rotate.clone()>"Rotate now"</a> });
    view! {
        <Callout tone=Tone::Warn action>
            <p>
                <b>"Entra uses " {token.name} ", which expires " {token.expires.relative} "."</b>
                " If it runs out, Entra puts the application in quarantine at once."
            </p>
        </Callout>
    }
    .into_any()
}

#[component]
fn TokenTable(path: String, tokens: Vec<TokenRow>, may_manage: bool) -> impl IntoView {
    if tokens.is_empty() {
        let text = if may_manage {
            "Entra needs a Secret Token to call Rhombus. Create it below; it takes two minutes."
        } else {
            "Entra needs a Secret Token to call Rhombus. An administrator of the organization creates it here."
        };
        return view! { <div class="card"><Empty art=EmptyArt::Rows title="No tokens yet" text/></div> }.into_any();
    }
    let rows = tokens
        .into_iter()
        .map(|token| view! { <Row path=path.clone() token may_manage/> })
        .collect_view();
    view! {
        <Table caption="Tokens">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Expires"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col" class="num">"Requests 24 h"</th>
                    <th scope="col" class="col-wide">"Created"</th>
                    {may_manage
                        .then(|| {
                            view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }
                        })}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
    .into_any()
}

#[component]
fn Row(path: String, token: TokenRow, may_manage: bool) -> impl IntoView {
    let valid = is_valid(&token);
    let expires = match (token.revoked, token.state) {
        (Some(revoked), _) => view! { "Revoked " <Time moment=revoked/> }.into_any(),
        (None, TokenState::Expired | TokenState::Revoked) => {
            view! { "Expired " <Time moment=token.expires/> }.into_any()
        }
        (None, TokenState::Active | TokenState::Expiring) => view! {
            <time datetime=token.expires.machine title=token.expires.exact.clone()>
                {token.expires.relative.clone()} ", " {date(&token.expires).to_owned()}
            </time>
        }
        .into_any(),
    };
    let used = token.last_used.is_some();
    let last_used = match token.last_used {
        Some(moment) => view! {
            <Time moment/>
            <small title=token.last_used_agent>{token.last_used_address}</small>
        }
        .into_any(),
        None => view! { <Dash/> }.into_any(),
    };
    let actions = may_manage.then(|| {
        let link = |act: &str| format!("{path}/{}/{act}", token.id);
        let links = valid.then(|| {
            let (rotate, revoke) = (format!("Rotate {}", token.name), format!("Revoke {}", token.name));
            view! {
                <div class="row">
                    <a class="btn btn-small" href=format!("{}#rotate", link("rotate")) aria-label=rotate>
                        "Rotate"
                    </a>
                    <a class="btn btn-small btn-danger" href=link("revoke") aria-label=revoke>
                        "Revoke"
                    </a>
                </div>
            }
        });
        view! { <td class="at-full">{links}</td> }
    });
    view! {
        <tr>
            <td class="col-user">
                <b class="truncate" title=token.name.clone()>{token.name.clone()}</b>
                <small><code>{token.prefix}</code></small>
            </td>
            <td class="at-end"><TokenStatus state=token.state used/></td>
            <td class="at-full">{expires}</td>
            <td data-label="Used">{last_used}</td>
            <td class="num at-end" data-label="24 h">
                {number(token.requests_24h)}
                <small>{number(token.failures_24h)} " failed"</small>
            </td>
            <td class="col-wide at-hide">
                <Time moment=token.created/>
                <small>{token.created_by}</small>
            </td>
            {actions}
        </tr>
    }
}

const LIFETIMES: &[(&str, &str)] = &[
    ("365", "1 year (recommended)"),
    ("730", "2 years"),
    ("180", "6 months"),
    ("90", "3 months"),
];

#[component]
fn Create(path: String, once: String, answer: Option<FormAnswer>) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    let typed = |field| typed(answer.as_ref(), field);
    let (name, days) = (typed("name"), typed("days"));
    view! {
        <Card id="create" title="Create token" lined=true>
            <div class="card-body split">
                <form class="stack" method="post" action=path>
                    <Refusal answer/>
                    <input type="hidden" name="once" value=once/>
                    <Field
                        name="name"
                        label="Name"
                        value=name
                        maxlength=100
                        hint="So that you know it again, such as the year or who uses it."
                        errors
                    />
                    <Select name="days" label="Expires after" options=LIFETIMES chosen=days/>
                    <div><button class="btn btn-primary">"Create token"</button></div>
                </form>
                <WhatHappensNext/>
            </div>
        </Card>
    }
}

#[component]
fn Rotate(path: String, token: TokenRow, answer: Option<FormAnswer>) -> impl IntoView {
    let action = format!("{path}/{}/rotate", token.id);
    view! {
        <Card id="rotate" title=format!("Rotate {}", token.name) lined=true>
            <div class="card-body split">
                <form class="stack" method="post" action=action>
                    <Refusal answer/>
                    <fieldset class="fieldset">
                        <legend>"How long should the old token keep working?"</legend>
                        <div class="stack-tight">
                            <Choice name="overlap" value="1h" label="1 hour" detail="When you change Entra right away."/>
                            <Choice
                                name="overlap"
                                value="24h"
                                label="24 hours"
                                detail="Covers about 36 cycles. Recommended."
                                checked=true
                            />
                            <Choice
                                name="overlap"
                                value="7d"
                                label="7 days"
                                detail="When somebody else changes Entra. If the token leaked, revoke it instead."
                            />
                        </div>
                    </fieldset>
                    <div class="row">
                        <button class="btn btn-primary">"Create the new token"</button>
                        <a class="btn btn-plain" href=path>"Cancel"</a>
                    </div>
                </form>
                <WhatHappensNext/>
            </div>
        </Card>
    }
}

#[component]
fn WhatHappensNext() -> impl IntoView {
    view! {
        <div class="block">
            <h3>"What happens next"</h3>
            <Steps>
                <Step>"You copy the new Secret Token. It is shown once."</Step>
                <Step>
                    "In Entra, open "
                    <MenuPath parts=&["Rhombus Systems", "Provisioning", "Admin Credentials"]/>
                    ", paste it, press " <b>"Test Connection"</b> " and " <b>"Save"</b> "."
                </Step>
                <Step>"This page shows when Entra first calls with it."</Step>
            </Steps>
        </div>
    }
}

#[component]
fn Revoke(path: String, token: TokenRow, is_last: bool) -> impl IntoView {
    let consequence = if is_last {
        "This is the only token Entra uses. Every call will fail from now on, and Entra puts the application in quarantine at once."
    } else if token.last_used.is_some() {
        "Every call that uses it will fail from now on. Another token is in use, too."
    } else {
        "It has never been used. Whoever has it cannot use it from now on."
    };
    let advice = is_last.then(|| {
        let rotate = format!("{path}/{}/rotate#rotate", token.id);
        view! {
            <Callout tone=Tone::Warn>
                <p>"To replace it without a gap, " <a href=rotate>"rotate it"</a> " instead."</p>
            </Callout>
        }
    });
    let action = format!("{path}/{}/revoke", token.id);
    let act = move || {
        view! {
            <form method="post" action=action.clone()>
                <button class="btn btn-danger btn-primary">"Revoke token"</button>
            </form>
        }
    };
    view! {
        <Dialog title=format!("Revoke {}?", token.name) stay="Keep token" back=path act>
            <p>{consequence}</p>
            {advice}
        </Dialog>
    }
}
