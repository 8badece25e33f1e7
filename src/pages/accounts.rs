//! `/organizations/{slug}/accounts` and, for Support's own, `/accounts`: who may sign in here?
//!
//! Inviting answers with this page too, showing the link once.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::accounts::list_accounts;
use crate::components::account_sheet::{
    Holder, HolderSheet, LinkCreated, RoleChoices, with_holder,
};
use crate::components::avatar::Person;
use crate::components::badge::AccountStatus;
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::field::{Field, FieldKind};
use crate::components::form::{Refusal, field_errors, form_answer, typed};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::load::load_page;
use crate::components::page::PageHead;
use crate::components::pager::Pager;
use crate::components::table::{Dash, Table};
use crate::components::time::Time;
use crate::model::account::{AccountList, AccountRow, AccountState};
use crate::model::form::FormAnswer;
use crate::model::page::{Page, counted_up_to};
use crate::model::query::href;

/// The accounts of an organization, or those of Support.
#[component]
pub fn AccountsPage() -> impl IntoView {
    let answer = form_answer();
    let slug = use_params_map().get_untracked().get("slug");
    let query = use_query_map().get_untracked();
    let accounts = Resource::new(
        move || (slug.clone(), query.get("after"), query.get("before")),
        |(slug, after, before)| list_accounts(slug, after, before),
    );
    with_holder(move |holder| {
        if let Some(FormAnswer::LinkCreated(link)) = answer.clone() {
            return view! { <LinkCreated holder link/> }.into_any();
        }
        let answer = answer.clone();
        load_page(move || {
            let (holder, answer) = (holder.clone(), answer.clone());
            async move {
                let list = accounts.await?;
                Ok(view! { <AccountsView holder list answer/> }.into_any())
            }
        })
        .into_any()
    })
}

#[component]
fn AccountsView(holder: Holder, list: AccountList, answer: Option<FormAnswer>) -> impl IntoView {
    let AccountList { page, has_admin } = list;
    let first_admin = matches!(&holder, Holder::Organization(frame) if frame.is_support());
    let may_invite = holder.may_manage() || (first_admin && !has_admin);
    let actions = move || {
        may_invite.then(|| {
            view! {
                <a class="btn btn-primary" href="#invite">
                    <Icon name=IconName::Plus/>
                    "Invite"
                </a>
            }
        })
    };
    let head = match &holder {
        Holder::Organization(frame) => {
            let users = frame.href("/users");
            view! {
                <PageHead
                    title=holder.title()
                    lead="People who can sign in to this dashboard. Users that Entra provisions are under "
                    actions
                >
                    <a href=users>"Users"</a>
                    "."
                </PageHead>
            }
            .into_any()
        }
        Holder::Support(_) => view! {
            <PageHead
                title=holder.title()
                lead="Rhombus staff. They read every organization, turn provisioning on and off, and invite the first Admin."
                actions
            />
        }
        .into_any(),
    };
    let waiting = (first_admin && !has_admin).then(|| {
        view! {
            <Callout tone=Tone::Warn>
                <p>
                    <b>"Nobody can run this organization yet."</b>
                    " Invite its first Admin, who then invites everybody else."
                </p>
            </Callout>
        }
    });
    let invite =
        may_invite.then(|| view! { <Invite holder=holder.clone() is_first=first_admin answer/> });
    let is_organization = matches!(&holder, Holder::Organization(_));
    view! {
        <HolderSheet holder=holder.clone()>
            {head}
            {waiting}
            <AccountTable holder page/>
            {invite}
            {is_organization.then(|| view! { <Roles/> })}
        </HolderSheet>
    }
}

#[component]
fn AccountTable(holder: Holder, page: Page<AccountRow>) -> impl IntoView {
    let path = holder.href("");
    let turn = |name: &'static str, cursor: Option<String>| {
        cursor.map(|cursor| href(&path, &[(name, cursor)]))
    };
    let (previous, next) = (turn("before", page.previous), turn("after", page.next));
    let total = counted_up_to(page.total, "account", "accounts");
    let may_manage = holder.may_manage();
    let rows = page
        .items
        .into_iter()
        .map(|account| view! { <Row holder=holder.clone() account/> })
        .collect_view();
    view! {
        <Table caption="Accounts by email address">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Last sign-in"</th>
                    {may_manage
                        .then(|| {
                            view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }
                        })}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next>{total}</Pager>
    }
}

#[component]
fn Row(holder: Holder, account: AccountRow) -> impl IntoView {
    let page = holder.href(&format!("/{}", account.id));
    let is_me = account.email == holder.me().email;
    let last_sign_in = match account.last_sign_in {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => view! { <Dash/> }.into_any(),
    };
    let actions = holder.may_manage().then(|| {
        let deactivate = (account.state != AccountState::Deactivated).then(|| {
            let label = format!("Deactivate {}", account.name);
            view! {
                <a
                    class="btn btn-small btn-danger above"
                    href=format!("{page}/deactivate")
                    aria-label=label
                >
                    "Deactivate"
                </a>
            }
        });
        view! { <td class="at-full">{deactivate}</td> }
    });
    view! {
        <tr>
            <td><Person name=account.name detail=account.email href=page.clone()/></td>
            <td class="at-end">{account.role.label()} {is_me.then_some(" (you)")}</td>
            <td><AccountStatus state=account.state/></td>
            <td class="soft at-end" data-label="Last sign-in">{last_sign_in}</td>
            {actions}
        </tr>
    }
}

/// `is_first` is the form for Support, who may invite an organization's first Admin and nobody else.
#[component]
fn Invite(holder: Holder, is_first: bool, answer: Option<FormAnswer>) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    let typed = |field| typed(answer.as_ref(), field);
    let (email, role) = (typed("email"), typed("role"));
    let roles = match &holder {
        Holder::Support(_) => ().into_any(),
        Holder::Organization(_) if is_first => {
            view! { <input type="hidden" name="role" value="admin"/> }.into_any()
        }
        Holder::Organization(_) => {
            let is_admin = role == "admin";
            view! {
                <fieldset class="fieldset">
                    <legend>"Role"</legend>
                    <div class="stack-tight"><RoleChoices is_admin/></div>
                </fieldset>
            }
            .into_any()
        }
    };
    let title = if is_first {
        "Invite the first Admin"
    } else {
        "Invite"
    };
    view! {
        <Card id="invite" title lined=true>
            <div class="card-body">
                <form class="stack" method="post" action=holder.href("")>
                    <Refusal answer/>
                    <Field
                        name="email"
                        label="Email address"
                        kind=FieldKind::Email
                        autocomplete="off"
                        value=email
                        maxlength=254
                        hint="The person signs in with it. You get a link to hand over, good for seven days."
                        errors
                    />
                    {roles}
                    <div><button class="btn btn-primary">"Create the invitation"</button></div>
                </form>
            </div>
        </Card>
    }
}

/// What each role may do, as the permissions say it.
#[component]
fn Roles() -> impl IntoView {
    const NO: Option<&str> = Some("–");
    const YES: Option<&str> = None;
    const AUDITED: Option<&str> = Some("Audited");
    let rows = [
        ("See logs, issues and users", [YES, YES, YES]),
        (
            "See tokens, settings, accounts and the audit log",
            [YES, YES, YES],
        ),
        ("See request and response bodies", [NO, AUDITED, AUDITED]),
        ("Make support bundles", [NO, AUDITED, AUDITED]),
        ("Add notes, resolve or ignore issues", [NO, YES, YES]),
        ("Create, rotate and revoke tokens", [NO, YES, NO]),
        ("Change settings, roles and notifications", [NO, YES, NO]),
        ("Block and erase users", [NO, YES, NO]),
        ("Pause and resume provisioning", [NO, YES, NO]),
        ("Turn provisioning on and off", [NO, NO, YES]),
        ("Manage accounts", [NO, YES, Some("First Admin")]),
    ];
    let rows = rows
        .into_iter()
        .map(|(label, cells)| {
            let cells = cells.map(|cell| match cell {
                None => view! {
                    <td>
                        <span class="soft">
                            <Icon name=IconName::Check/>
                            <span class="visually-hidden">"Yes"</span>
                        </span>
                    </td>
                }
                .into_any(),
                NO => view! {
                    <td><span class="muted">"–"<span class="visually-hidden">"No"</span></span></td>
                }
                .into_any(),
                Some(text) => view! { <td class="col-word">{text}</td> }.into_any(),
            });
            view! { <tr><th scope="row">{label}</th>{cells.into_iter().collect_view()}</tr> }
        })
        .collect_view();
    view! {
        <section class="block" aria-labelledby="roles-heading">
            <h2 id="roles-heading">"What each role may do"</h2>
            <Table caption="What each role may do" keep=true>
                <thead>
                    <tr>
                        <th scope="col"><span class="visually-hidden">"Permission"</span></th>
                        <th scope="col">"Viewer"</th>
                        <th scope="col">"Admin"</th>
                        <th scope="col">"Support"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <p class="small muted">"Support is Rhombus staff. Whoever opens a body, the audit log says so."</p>
        </section>
    }
}
