//! `/organizations/{slug}/support-bundles` and `/support-bundles/new`: what is handed on, to whom it may be shown, and
//! until when?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::support_bundles::{list_support_bundles, support_bundle_form};
use crate::components::callout::Callout;
use crate::components::copy::CopyField;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::field::{Choice, Select};
use crate::components::form::{Refusal, form_answer, typed};
use crate::components::icon::Tone;
use crate::components::load::load_page;
use crate::components::page::{Crumb, OrganizationSheet, PageHead, Width, in_organization};
use crate::components::table::Table;
use crate::components::time::{ExactTime, Time};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::page::counted;
use crate::model::support_bundle::{
    BUNDLE_SPANS, BundleForm, BundleLink, BundleSubject, CreatedBundleLink, LINK_DAYS,
};

const TITLE: &str = "Support bundle links";

/// The form that makes a support bundle, or a link to one.
#[component]
pub fn NewSupportBundlePage() -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let query = use_query_map();
    let key = Memo::new(move |_| {
        let slug = params.with(|params| params.get("slug").unwrap_or_default());
        let about = ["log_entry", "issue", "user"].into_iter().find_map(|name| {
            let id = query.with(|query| query.get(name))?;
            Some((name.to_owned(), id))
        });
        let (about, id) = about.unwrap_or_default();
        (slug, about, id)
    });
    let form = Resource::new(
        move || key.get(),
        |(slug, about, id)| support_bundle_form(slug, about, id),
    );
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            async move {
                if frame.is_viewer() {
                    return Err(AppError::Forbidden);
                }
                let form = form.await?;
                Ok(match answer {
                    Some(FormAnswer::BundleLinkCreated(link)) => {
                        view! { <Created frame link subject=form.subject/> }.into_any()
                    }
                    answer => view! { <New frame form answer/> }.into_any(),
                })
            }
        })
    })
}

/// The page of what a bundle is about, as a step on the way here.
fn above(frame: &Frame, subject: &BundleSubject) -> Vec<Crumb> {
    vec![Crumb::link(subject.label(), frame.href(&subject.path()))]
}

#[component]
fn New(frame: Frame, form: BundleForm, answer: Option<FormAnswer>) -> impl IntoView {
    let action = frame.href(&form.subject.form_path());
    let back = frame.href(&form.subject.path());
    let links = frame.href("/support-bundles");
    let crumbs = above(&frame, &form.subject);
    let contents = match &form.subject {
        BundleSubject::LogEntry(_) => {
            "The explanation, the log entry with request and response, what it changed, the user’s history, and this organization’s policies and role values."
        }
        BundleSubject::Issue(_) => {
            "The explanation, the affected users with their latest requests (100 at most), what these changed, and this organization’s policies and role values."
        }
        BundleSubject::User(_) => {
            "The user’s log entries with requests and responses (500 at most), what they changed, the history, and this organization’s policies and role values."
        }
    };
    let typed = |field| typed(answer.as_ref(), field);
    let (output, with) = (typed("output"), typed("personal") == "with");
    let (within, days) = (typed("within"), typed("days"));
    let span = matches!(form.subject, BundleSubject::User(_)).then(|| {
        view! { <Select name="within" label="Time span" options=&BUNDLE_SPANS chosen=within/> }
    });
    view! {
        <OrganizationSheet frame title="Support bundle" above=crumbs width=Width::Narrow>
            <PageHead title="Make a support bundle" lead=contents/>
            <Refusal answer/>
            <form class="stack-loose" method="post" action=action>
                <input type="hidden" name="once" value=form.once/>
                <p><span class="muted">{form.subject.label()} ": "</span> <b>{form.title}</b></p>
                {span}
                <PersonalData with/>
                <Output chosen=output/>
                <Select name="days" label="A link expires after" options=&LINK_DAYS chosen=days/>
                <p class="small muted">
                    "Tokens and passwords are never included. That the bundle was made, and each opening of its link, is noted in the audit log."
                </p>
                <div class="row">
                    <button class="btn btn-primary">"Make bundle"</button>
                    <a class="btn btn-plain" href=back>"Cancel"</a>
                    <a class="push small" href=links>"Links that work"</a>
                </div>
            </form>
        </OrganizationSheet>
    }
}

#[component]
fn PersonalData(with: bool) -> impl IntoView {
    view! {
        <fieldset class="fieldset">
            <legend>"Personal data"</legend>
            <div class="stack-tight">
                <Choice
                    name="personal"
                    value="without"
                    label="Without personal data"
                    detail="Names, addresses, ids and other values of people are replaced by pseudonyms, such as User 1."
                    checked=!with
                />
                <Choice
                    name="personal"
                    value="with"
                    label="With personal data"
                    detail="As the log shows it. Hand it on only to those who need it."
                    checked=with
                />
            </div>
        </fieldset>
    }
}

/// `chosen` is empty as long as nothing is.
#[component]
fn Output(chosen: String) -> impl IntoView {
    let chosen = move |value: &str| {
        if chosen.is_empty() {
            value == "html"
        } else {
            chosen == value
        }
    };
    view! {
        <fieldset class="fieldset">
            <legend>"How to hand it on"</legend>
            <div class="stack-tight">
                <Choice
                    name="output"
                    value="html"
                    label="HTML file"
                    detail="One file to read and to print."
                    checked=chosen("html")
                />
                <Choice
                    name="output"
                    value="json"
                    label="JSON file"
                    detail="The same for programs."
                    checked=chosen("json")
                />
                <Choice
                    name="output"
                    value="link"
                    label="Link"
                    detail="Whoever has it reads the bundle as it is now, without signing in, until it expires or is revoked."
                    checked=chosen("link")
                />
            </div>
        </fieldset>
    }
}

/// The answer to making a link: the only time that it is shown.
#[component]
fn Created(frame: Frame, link: CreatedBundleLink, subject: BundleSubject) -> impl IntoView {
    let (back, links) = (frame.href(&subject.path()), frame.href("/support-bundles"));
    let crumbs = above(&frame, &subject);
    let holds = match link.without_personal_data {
        true => "It holds no personal data. ",
        false => "It holds personal data: hand it on in a way that nobody else can read. ",
    };
    view! {
        <OrganizationSheet frame title="Support bundle" above=crumbs width=Width::Narrow>
            <PageHead
                title="Copy the link now"
                lead="It is shown this once. If you lose it, revoke it and make another."
            />
            <CopyField id="bundle-link" label="Link to the support bundle" value=link.url secret=true/>
            <Callout tone=Tone::Warn>
                <p>
                    "Whoever has the link reads the bundle without signing in. " {holds} "It expires "
                    <ExactTime moment=link.expires/> "."
                </p>
            </Callout>
            <p class="row">
                <a class="btn btn-primary" href=back>"Done"</a>
                <a class="btn" href=links>"Links that work"</a>
            </p>
        </OrganizationSheet>
    }
}

/// The links to support bundles that still work.
#[component]
pub fn SupportBundlesPage() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let links = Resource::new(move || slug.get(), list_support_bundles);
    in_organization(move |frame: Frame| {
        load_page(move || {
            let frame = frame.clone();
            async move {
                let links = links.await?;
                Ok(view! { <Links frame links/> }.into_any())
            }
        })
    })
}

#[component]
fn Links(frame: Frame, links: Vec<BundleLink>) -> impl IntoView {
    let organization = frame.href("");
    let above = vec![Crumb::link("Audit", frame.href("/audit"))];
    let list = if links.is_empty() {
        view! {
            <div class="card">
                <Empty
                    art=EmptyArt::Rows
                    title="No link works"
                    text="A log entry, an issue and a user each have a button that makes a support bundle."
                />
            </div>
        }
        .into_any()
    } else {
        let rows = links
            .into_iter()
            .map(|link| view! { <Link organization=organization.clone() link/> })
            .collect_view();
        view! {
            <Table caption="Links that work, newest first">
                <thead>
                    <tr>
                        <th scope="col">"Bundle"</th>
                        <th scope="col">"Personal data"</th>
                        <th scope="col">"Made"</th>
                        <th scope="col">"Opened"</th>
                        <th scope="col">"Expires"</th>
                        <th scope="col"><span class="visually-hidden">"Revoke"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        }
        .into_any()
    };
    view! {
        <OrganizationSheet frame title=TITLE above width=Width::Wide>
            <PageHead
                title=TITLE
                lead="Whoever has one of these links reads a support bundle without signing in. Revoke those that nobody needs any more."
            />
            {list}
        </OrganizationSheet>
    }
}

#[component]
fn Link(organization: String, link: BundleLink) -> impl IntoView {
    let page = format!("{organization}{}", link.subject.path());
    let revoke = format!("{organization}/support-bundles/{}/revoke", link.id);
    let personal = match link.without_personal_data {
        true => "None",
        false => "Included",
    };
    let opened = match link.last_opened {
        Some(last) => view! {
            {counted(link.opened, "time", "times")} <small>"last " <Time moment=last/></small>
        }
        .into_any(),
        None => "Not yet".into_any(),
    };
    let name = format!("Revoke the link to {}", link.title);
    view! {
        <tr>
            <td class="at-full col-main">
                <a class="row-link" href=page>{link.title}</a>
                <small>{link.subject.label()}</small>
            </td>
            <td data-label="Personal data">{personal}</td>
            <td class="soft" data-label="Made">
                <Time moment=link.created/> <small>{link.created_by}</small>
            </td>
            <td data-label="Opened">{opened}</td>
            <td class="nowrap" data-label="Expires"><Time moment=link.expires/></td>
            <td class="num at-full">
                <form class="above" method="post" action=revoke>
                    <button class="btn btn-small" aria-label=name>"Revoke"</button>
                </form>
            </td>
        </tr>
    }
}
