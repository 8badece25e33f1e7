//! *Fix here*: the cure where it is ours, with what follows. Whoever may not press its buttons can send it on.

mod conflict;

use conflict::conflict_view;
use leptos::prelude::*;

use crate::components::badge::Status;
use crate::components::card::Card;
use crate::components::copy::CopyField;
use crate::components::dry_run::DryRunLink;
use crate::components::held::HeldLink;
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::time::Time;
use crate::islands::issue_dry_run::Verdict;
use crate::model::account::AccountRole;
use crate::model::frame::Frame;
use crate::model::issue_dry_run::IssueDryRun;
use crate::model::issue_fix::{Cure, IssueFix, RoleCure, RoleMeaning, RoleValue, TokenCure};
use crate::model::page::{Count, counted, counted_up_to};

/// Where the forms post to, and whether whoever looks may press their buttons.
#[derive(Clone)]
struct Hand {
    organization: String,
    action: String,
    may_act: bool,
}

/// *Fix here*: what can be done about the issue in Rhombus, and what follows.
#[component]
pub fn FixCard(
    frame: Frame,
    here: String,
    fix: IssueFix,
    /// Whether there are users whose requests can be tried.
    tries: bool,
    dry_run: Option<IssueDryRun>,
    asked: Option<u32>,
) -> impl IntoView {
    let by = fix.cure.by();
    let hand = Hand {
        organization: frame.href(""),
        action: format!("{here}/fix"),
        may_act: frame.me.role == by,
    };
    let elsewhere = (!hand.may_act).then(|| {
        view! { <SendOn is_viewer=frame.is_viewer() by link=fix.link is_done=fix.is_done/> }
    });
    let is_done = fix.is_done;
    let status = move || is_done.then(|| view! { <Status tone=Tone::Ok label="Decided"/> });
    let body = match fix.cure {
        Cure::Roles(cure) => roles(&hand, cure),
        Cure::MissingNames { is_rejected } => names(&hand, is_rejected),
        Cure::MissingRole {
            is_rejected,
            default_role,
        } => missing_role(&hand, is_rejected, &default_role),
        Cure::Conflict(conflicts) => conflicts
            .into_iter()
            .map(|conflict| conflict_view(&hand, conflict))
            .collect_view()
            .into_any(),
        Cure::Token(cure) => token(&hand, *cure),
        Cure::TurnOn { is_off } => turn_on(&hand, is_off),
        Cure::Guard { waiting } => guard(&hand, waiting),
    };
    let again = tries.then(|| {
        view! {
            <div class="card-foot">
                <DryRunLink page=here asked label="Dry-run for affected users"/>
                <Verdict dry_run/>
            </div>
        }
    });
    view! {
        <Card id="fix-here" title="Fix here" aside=status>
            <div class="card-body">
                {body}
                {elsewhere}
                <p class="small soft"><b>"What follows: "</b> {fix.follows}</p>
            </div>
            {again}
        </Card>
    }
}

/// For whoever reads the card and may not press its buttons.
#[component]
fn SendOn(is_viewer: bool, by: AccountRole, link: String, is_done: bool) -> impl IntoView {
    if is_done {
        return ().into_any();
    }
    let (who, label) = match by {
        AccountRole::Support => ("Rhombus Support", "Link for Rhombus Support"),
        AccountRole::Admin | AccountRole::Viewer => {
            ("An Admin of the organization", "Link for the Admin")
        }
    };
    if is_viewer {
        return view! { <p class="small muted">{who} " can do this."</p> }.into_any();
    }
    view! {
        <CopyField
            id="fix-link"
            label
            value=link
            hint=format!("{who} can do this. The link leads to these buttons.")
        />
    }
    .into_any()
}

/// A form of one button.
fn button(hand: &Hand, act: &'static str, label: &'static str, is_primary: bool) -> AnyView {
    if !hand.may_act {
        return ().into_any();
    }
    let class = if is_primary { "btn btn-primary" } else { "btn" };
    view! {
        <form method="post" action=hand.action.clone()>
            <button class=class name="do" value=act>{label}</button>
        </form>
    }
    .into_any()
}

/// The one thing to do and what it does; whoever may not do it reads what it is.
fn offer(hand: &Hand, act: &'static str, label: &'static str, detail: &str) -> AnyView {
    let what = (!hand.may_act).then(|| view! { <b>{label} ": "</b> });
    view! {
        <div class="row">
            {button(hand, act, label, true)} <p class="soft">{what} {detail.to_owned()}</p>
        </div>
    }
    .into_any()
}

fn roles(hand: &Hand, cure: RoleCure) -> AnyView {
    let RoleCure {
        values,
        roles,
        default_role,
        is_rejected,
    } = cure;
    let unknown = values
        .iter()
        .filter(|value| value.meaning == RoleMeaning::Nothing)
        .count();
    let is_too_long = |value: &RoleValue| value.meaning == RoleMeaning::TooLong;
    let lead = match (unknown, is_rejected) {
        (0, _) if values.iter().any(is_too_long) => {
            "Entra sends what no role here can be.".to_owned()
        }
        (0, _) => "Every value means a role now.".to_owned(),
        (1, _) => "Entra sends a role value that no role here has. Say what it means.".to_owned(),
        (n, _) => format!("Entra sends {n} role values that no role here has. Say what they mean."),
    };
    let values = values
        .into_iter()
        .zip(0_usize..)
        .map(|(value, index)| role_value(hand, value, index, &roles))
        .collect_view();
    let policy = (is_rejected && unknown > 0).then(|| {
        let text = format!(
            "Or let every unknown value count as the default role, {default_role}, with a warning in the log."
        );
        view! {
            <div class="row fix-other">
                <p class="soft">{text}</p>
                {button(hand, "default_unknown_role", "Use the default role", false)}
            </div>
        }
    });
    let not_rejected = (!is_rejected && unknown > 0).then(|| {
        view! {
            <p class="soft">
                {format!("Unknown values count as {default_role} now. Mapping one gives its users the right role.")}
            </p>
        }
    });
    view! { <p>{lead}</p> {not_rejected} {values} {policy} }.into_any()
}

fn role_value(hand: &Hand, value: RoleValue, index: usize, roles: &[(String, String)]) -> AnyView {
    let RoleValue {
        value,
        users,
        meaning,
    } = value;
    let about = (users > 0).then(|| {
        view! { <small class="muted">{counted(users, "user", "users")}</small> }
    });
    let name = view! { <code>{value.clone()}</code> " " {about} };
    match meaning {
        RoleMeaning::Role(role) => view! {
            <p class="row">
                <Status tone=Tone::Ok label="Known"/>
                <span>{name}</span>
                <span class="soft">"means " <b>{role}</b></span>
            </p>
        }
        .into_any(),
        RoleMeaning::Unreviewed { role_id } => {
            let review = hand.may_act.then(|| {
                view! {
                    <form method="post" action=hand.action.clone()>
                        <input type="hidden" name="role" value=role_id/>
                        <button class="btn btn-primary" name="do" value="review">"Mark as reviewed"</button>
                    </form>
                }
            });
            view! {
                <div class="row">
                    <span>{name}</span>
                    <span class="soft">"was added as a role of its own, and nobody has looked at it."</span>
                    {review}
                </div>
            }
            .into_any()
        }
        RoleMeaning::TooLong => view! {
            <p>
                {name}
                <span class="soft">
                    " is longer than the 120 characters that the value of a role may have. Shorten it in Entra."
                </span>
            </p>
        }
        .into_any(),
        RoleMeaning::Nothing if !hand.may_act => {
            view! { <p>{name} <span class="soft">" means nothing here yet."</span></p> }.into_any()
        }
        RoleMeaning::Nothing => {
            let id = format!("role-{index}");
            let options = roles
                .iter()
                .map(|(id, name)| {
                    view! { <option value=id.clone()>{format!("The role {name}")}</option> }
                })
                .collect_view();
            view! {
                <form class="fix-form" method="post" action=hand.action.clone()>
                    <input type="hidden" name="value" value=value/>
                    <label for=id.clone()>{name} <span class="soft">" means"</span></label>
                    <select class="select" id=id name="role" required>
                        <option value="">"Choose a role"</option>
                        {options}
                        <option value="new">"A new role of its own"</option>
                    </select>
                    <button class="btn btn-primary" name="do" value="map">"Save"</button>
                </form>
            }
            .into_any()
        }
    }
}

fn names(hand: &Hand, is_rejected: bool) -> AnyView {
    if !is_rejected {
        return view! {
            <p>"Users without a given or family name are accepted now, with a warning in the log."</p>
        }
        .into_any();
    }
    view! {
        <p>"The settings reject users without a given or family name."</p>
        {offer(hand, "accept_missing_names", "Accept missing names", "They are stored without, and the log says Warning.")}
    }
    .into_any()
}

fn missing_role(hand: &Hand, is_rejected: bool, default_role: &str) -> AnyView {
    if !is_rejected {
        let text = format!(
            "Users without a role get the default role, {default_role}, with a warning in the log."
        );
        return view! { <p>{text}</p> }.into_any();
    }
    let detail = format!("The default role is {default_role}. The log says Warning.");
    view! {
        <p>"The settings reject users without a role."</p>
        {offer(hand, "default_missing_role", "Give them the default role", &detail)}
    }
    .into_any()
}

fn token(hand: &Hand, cure: TokenCure) -> AnyView {
    let TokenCure {
        name,
        ended,
        successor,
        once,
    } = cure;
    let lead = match ended {
        Some(ended) => {
            let verb = if ended.is_revoked {
                "was revoked "
            } else {
                "expired "
            };
            view! {
                <p>
                    "Entra sends the token " <b>{name.clone()}</b> " (" <code>{ended.prefix}</code> "), which "
                    {verb} <Time moment=ended.at/> "."
                </p>
            }
            .into_any()
        }
        None => view! { <p>"Entra sends a token that is not known here."</p> }.into_any(),
    };
    let is_made = successor.is_some();
    let made = successor.map(|token| {
        view! {
            <p class="row">
                <Status tone=Tone::Wait label="Waiting for Entra"/>
                <span>
                    "The token " <b>{token.name}</b> " (" <code>{token.prefix}</code> ") was created "
                    <Time moment=token.created/> ", and Entra has not used it yet."
                </span>
            </p>
        }
    });
    let form = hand.may_act.then(|| {
        let (label, class) = if is_made {
            ("Create another token", "btn")
        } else {
            ("Create a new token", "btn btn-primary")
        };
        view! {
            <form class="row" method="post" action=hand.action.clone()>
                <input type="hidden" name="once" value=once/>
                <input type="hidden" name="name" value=name/>
                <button class=class name="do" value="token">
                    <Icon name=IconName::Plus/>
                    {label}
                </button>
                <span class="soft">"Of the same name, for a year. Its secret is shown once, on the next page."</span>
            </form>
        }
    });
    view! { {lead} {made} {form} }.into_any()
}

fn turn_on(hand: &Hand, is_off: bool) -> AnyView {
    if !is_off {
        return view! { <p>"Provisioning is on."</p> }.into_any();
    }
    view! {
        <p>"Provisioning is off for this organization, so every call of Entra’s is refused."</p>
        {button(hand, "turn_on", "Turn provisioning on", true)}
    }
    .into_any()
}

fn guard(hand: &Hand, waiting: Count) -> AnyView {
    if waiting == Count::Exactly(0) {
        return view! { <p>"Nobody waits for a decision."</p> }.into_any();
    }
    let href = format!("{}/held", hand.organization);
    view! {
        <p>
            {counted_up_to(waiting, "user waits", "users wait")}
            " for a word: should they lose access?"
        </p>
        <p><HeldLink href may_decide=hand.may_act/></p>
    }
    .into_any()
}
