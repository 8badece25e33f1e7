//! `/organizations/{slug}/accounts/{id}` and `/accounts/{id}`, with `/link` and `/deactivate`: one account.
//!
//! Making a new link answers with this page too, showing the link once.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::accounts::get_account;
use crate::components::account_sheet::{
    Holder, HolderSheet, LinkCreated, RoleChoices, with_holder,
};
use crate::components::badge::AccountStatus;
use crate::components::callout::Callout;
use crate::components::card::{Card, Fact, Facts};
use crate::components::dialog::Dialog;
use crate::components::form::{Refusal, form_answer};
use crate::components::icon::Tone;
use crate::components::load::load_page;
use crate::components::page::{PageHead, Width};
use crate::components::table::Dash;
use crate::components::time::Time;
use crate::model::account::{AccountDetail, AccountRole, AccountRow, AccountState};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;

/// What the address asks about the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    None,
    Link,
    Deactivate,
}

/// One account, and what can be done with it.
#[component]
pub fn AccountPage() -> impl IntoView {
    account_page(Question::None)
}

/// The same, asking whether to make a new link.
#[component]
pub fn NewLinkPage() -> impl IntoView {
    account_page(Question::Link)
}

/// The same, asking whether to deactivate it.
#[component]
pub fn DeactivateAccountPage() -> impl IntoView {
    account_page(Question::Deactivate)
}

fn account_page(question: Question) -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map().get_untracked();
    let account = Resource::new(
        move || (params.get("slug"), params.get("id").unwrap_or_default()),
        |(slug, id)| get_account(slug, id),
    );
    with_holder(move |holder| {
        if let Some(FormAnswer::LinkCreated(link)) = answer.clone() {
            return view! { <LinkCreated holder link/> }.into_any();
        }
        let answer = answer.clone();
        load_page(move || {
            let (holder, answer) = (holder.clone(), answer.clone());
            async move {
                if question != Question::None && !holder.may_manage() {
                    return Err(AppError::Forbidden);
                }
                let detail = account.await?;
                Ok(view! { <AccountView holder detail question answer/> }.into_any())
            }
        })
        .into_any()
    })
}

#[component]
fn AccountView(
    holder: Holder,
    detail: AccountDetail,
    question: Question,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let AccountDetail { account, is_last } = detail;
    let page = holder.href(&format!("/{}", account.id));
    let may_manage = holder.may_manage();
    let is_active = account.state != AccountState::Deactivated;
    let (for_dialog, dialog_page, dialog_answer) = (account.clone(), page.clone(), answer.clone());
    let dialog = match question {
        Question::None => None,
        _ if !is_active => None,
        Question::Link => Some(
            view! { <NewLink page=dialog_page account=for_dialog answer=dialog_answer/> }
                .into_any(),
        ),
        Question::Deactivate => Some(
            view! { <Deactivate page=dialog_page account=for_dialog is_last answer=dialog_answer/> }
                .into_any(),
        ),
    };
    let asks = dialog.is_some();
    let role = (may_manage && is_active && account.role != AccountRole::Support).then(|| {
        let answer = answer.filter(|_| !asks);
        view! { <Role page=page.clone() account=account.clone() is_last answer/> }
    });
    let access =
        (may_manage && is_active).then(|| view! { <Access page account=account.clone() is_last/> });
    let again = (may_manage && !is_active).then(|| {
        let invite = holder.href("#invite");
        view! {
            <Callout tone=Tone::Off>
                <p>
                    "This account is deactivated. To let the person in again, "
                    <a href=invite>"invite"</a> " the same address."
                </p>
            </Callout>
        }
    });
    let title = Some(account.name.clone());
    view! {
        <HolderSheet holder title width=Width::Narrow asks>
            <div class="stack-loose" inert=asks>
                <PageHead title=account.name.clone() lead=account.email.clone()/>
                {again}
                <AccountFacts account/>
                {role}
                {access}
            </div>
            {dialog}
        </HolderSheet>
    }
}

#[component]
fn AccountFacts(account: AccountRow) -> impl IntoView {
    let last_sign_in = match account.last_sign_in {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => view! { <Dash/> }.into_any(),
    };
    view! {
        <Facts>
            <Fact name="Role">{account.role.label()}</Fact>
            <Fact name="State"><AccountStatus state=account.state/></Fact>
            <Fact name="Last sign-in">{last_sign_in}</Fact>
        </Facts>
    }
}

/// What cannot be done to the last one who could undo it.
fn last_rule(role: AccountRole) -> &'static str {
    match role {
        AccountRole::Support => {
            "This is the last Support account, so it stays. Invite another one first; it counts once the person has signed in."
        }
        AccountRole::Admin | AccountRole::Viewer => {
            "This is the organization's last Admin, so the account keeps its role and cannot be deactivated. Make somebody else Admin first; an invitation counts once it is accepted."
        }
    }
}

#[component]
fn Role(
    page: String,
    account: AccountRow,
    is_last: bool,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let is_admin = account.role == AccountRole::Admin;
    let body = if is_last {
        view! { <p>{last_rule(account.role)}</p> }.into_any()
    } else {
        view! {
            <form class="stack" method="post" action=page>
                <Refusal answer/>
                <fieldset class="fieldset">
                    <legend class="visually-hidden">"Role"</legend>
                    <div class="stack-tight"><RoleChoices is_admin/></div>
                </fieldset>
                <div><button class="btn btn-primary">"Save the role"</button></div>
            </form>
        }
        .into_any()
    };
    view! {
        <Card id="role" title="Role" lined=true>
            <div class="card-body">{body}</div>
        </Card>
    }
}

#[component]
fn Access(page: String, account: AccountRow, is_last: bool) -> impl IntoView {
    let (text, label) = match account.state {
        AccountState::Invited => (
            "The invitation has not been accepted. A new link replaces the one sent before.",
            "New invitation link",
        ),
        AccountState::Active | AccountState::Deactivated => (
            "Password forgotten? Make a link with which the person chooses a new one.",
            "New reset link",
        ),
    };
    let last = (is_last && account.role == AccountRole::Support)
        .then(|| view! { <p>{last_rule(account.role)}</p> });
    let deactivate = (!is_last).then(|| {
        view! {
            <a class="btn btn-danger" href=format!("{page}/deactivate")>"Deactivate account"</a>
        }
    });
    view! {
        <Card id="access" title="Sign-in" lined=true>
            <div class="card-body">
                <p>{text}</p>
                {last}
                <div class="row">
                    <a class="btn" href=format!("{page}/link")>{label}</a>
                    {deactivate}
                </div>
            </div>
        </Card>
    }
}

#[component]
fn NewLink(page: String, account: AccountRow, answer: Option<FormAnswer>) -> impl IntoView {
    let (text, label) = match account.state {
        AccountState::Invited => (
            "You get a new invitation link to hand over, good for seven days. The link sent before stops working.",
            "Make the invitation link",
        ),
        AccountState::Active | AccountState::Deactivated => (
            "You get a link to hand over, good for an hour. Whoever opens it chooses a new password for this account, and all of its sessions end then. Until it is used, the old password works.",
            "Make the reset link",
        ),
    };
    let action = format!("{page}/link");
    let act = move || {
        view! {
            <form method="post" action=action.clone()>
                <button class="btn btn-primary">{label}</button>
            </form>
        }
    };
    view! {
        <Dialog title=format!("New link for {}?", account.name) stay="Cancel" back=page act>
            <Refusal answer/>
            <p>{text}</p>
        </Dialog>
    }
}

#[component]
fn Deactivate(
    page: String,
    account: AccountRow,
    is_last: bool,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let title = format!("Deactivate {}?", account.name);
    if is_last {
        return view! {
            <Dialog title stay="Back to the account" back=page>
                <p>{last_rule(account.role)}</p>
            </Dialog>
        }
        .into_any();
    }
    let consequence = match account.state {
        AccountState::Invited => format!(
            "The invitation link for {} stops working at once.",
            account.email
        ),
        AccountState::Active | AccountState::Deactivated => format!(
            "{} is signed out everywhere at once and cannot sign in any more. What the account did stays in the audit log.",
            account.email
        ),
    };
    let action = format!("{page}/deactivate");
    let act = move || {
        view! {
            <form method="post" action=action.clone()>
                <button class="btn btn-danger btn-primary">"Deactivate account"</button>
            </form>
        }
    };
    view! {
        <Dialog title stay="Keep account" back=page act>
            <Refusal answer/>
            <p>{consequence}</p>
            <p>"Inviting the same address again lets the person back in."</p>
        </Dialog>
    }
    .into_any()
}
