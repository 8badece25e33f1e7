//! `/organizations/{slug}/notifications`: who is told, when?

mod history;
mod recipients;
mod sample;
mod settings;

use history::{History, TestResult};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use recipients::RecipientsSection;
use sample::Sample;
use settings::SettingsForm;

use crate::api::notifications::get_notifications;
use crate::components::callout::Callout;
use crate::components::form::{Refusal, field_errors, form_answer};
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::live::Following;
use crate::components::load::load_page;
use crate::components::page::{OrganizationSheet, PageHead, in_organization};
use crate::components::region::Region;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::notification::{MAILS_AN_HOUR, MailRoute, Notifications, RecipientState};
use crate::model::page::counted;

/// The form of the settings, for the check box that stands above it.
const SETTINGS_FORM: &str = "notification-settings";

/// Who is mailed about what, and what was sent.
#[component]
pub fn NotificationsPage() -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let query = use_query_map();
    let done = query.get_untracked().get("done");
    let key = Memo::new(move |_| {
        let of = |name: &str| query.with(|query| query.get(name));
        let slug = params.with(|params| params.get("slug").unwrap_or_default());
        (slug, of("after"), of("before"))
    });
    let notifications = Resource::new(
        move || key.get(),
        |(slug, after, before)| get_notifications(slug, after, before),
    );
    in_organization(move |frame: Frame| {
        let (answer, done) = (answer.clone(), done.clone());
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            let done = done.clone().filter(|_| answer.is_none());
            async move {
                let notifications = notifications.await?;
                Ok(view! { <View frame notifications answer done/> }.into_any())
            }
        })
    })
}

/// What a form has done, by the code in the address. A test says more: see [`TestResult`].
fn done_text(code: &str) -> Option<&'static str> {
    match code {
        "saved" => Some("The notifications are changed."),
        "added" => Some(
            "A link is on its way to the address. Mails about failures follow once it has been confirmed there.",
        ),
        "link" => Some("A new link is on its way. The earlier ones no longer work."),
        "removed" => Some("The recipient is removed, and gets nothing more."),
        "again" => Some("The mail is sent again. The delivery history shows what becomes of it."),
        _ => None,
    }
}

#[component]
fn View(
    frame: Frame,
    notifications: Notifications,
    answer: Option<FormAnswer>,
    done: Option<String>,
) -> impl IntoView {
    let may_manage = frame.is_admin();
    let path = frame.href("/notifications");
    let (stream, zone) = (frame.href("/live"), frame.me.zone.clone());
    let test_path = format!("{path}/test");
    let actions = move || {
        may_manage.then(|| {
            view! {
                <form method="post" action=test_path.clone()>
                    <button class="btn"><Icon name=IconName::Mail/> "Send test email"</button>
                </form>
            }
        })
    };
    let Notifications {
        settings,
        zones,
        recipients,
        route,
        is_full,
        history,
        tests,
        sample,
    } = notifications;
    let is_tested = done.as_deref() == Some("test");
    let done = done.as_deref().and_then(done_text).map(|text| {
        view! {
            <Callout tone=Tone::Ok announced=true>
                <p>{text}</p>
            </Callout>
        }
    });
    let errors = field_errors(answer.as_ref());
    let is_verified = |state| state == RecipientState::Verified;
    let is_told = recipients
        .iter()
        .any(|recipient| is_verified(recipient.state));
    let state = view! { <State is_on=settings.is_on is_told is_full/> };
    let test = is_tested.then(|| view! { <TestResult tests/> });
    let recipients = view! {
        <RecipientsSection
            path=path.clone()
            recipients
            is_on=settings.is_on
            answer=answer.clone()
            errors=errors.clone()
            may_manage
        />
    };
    let form = view! { <SettingsForm path=path.clone() settings zones answer=answer.clone() errors may_manage/> };
    view! {
        <OrganizationSheet frame title="Notifications">
            <PageHead
                title="Notifications"
                lead="Who hears about it when provisioning breaks, and how often."
                actions
            />
            <Refusal answer/>
            {done}
            <Region name="state">{test} {state}</Region>
            <Where route may_manage/>
            <div>{recipients} {form}</div>
            <Sample path=path.clone() sample/>
            <section class="block" aria-labelledby="history">
                <h2 id="history">"Delivery history"</h2>
                <Region name="history"><History path history may_manage/></Region>
                <Following stream zone/>
            </section>
        </OrganizationSheet>
    }
}

/// What keeps mails back.
#[component]
fn State(is_on: bool, is_told: bool, is_full: bool) -> impl IntoView {
    let text = if !is_on {
        "Nobody is told of failures: the check box below is not checked."
    } else if !is_told {
        "Nobody is told of failures: no recipient has confirmed an address yet."
    } else if is_full {
        return view! {
            <Callout tone=Tone::Warn>
                <p>
                    {format!(
                        "{MAILS_AN_HOUR} mails have gone out within the hour, which is the most. What else is new comes with the digest, and what is over is told when the hour allows.",
                    )}
                </p>
            </Callout>
        }
        .into_any();
    } else {
        return ().into_any();
    };
    view! {
        <Callout tone=Tone::Warn>
            <p>{text}</p>
        </Callout>
    }
    .into_any()
}

/// Where mail goes.
#[component]
fn Where(route: MailRoute, may_manage: bool) -> impl IntoView {
    match route {
        MailRoute::Server(host) if may_manage => {
            view! { <p class="small muted">"Mail goes out through " <code>{host}</code> "."</p> }.into_any()
        }
        MailRoute::Server(_) => ().into_any(),
        MailRoute::Folder { days } => view! {
            <Callout tone=Tone::Warn>
                <p>
                    <b>"No mail leaves this server."</b>
                    " It has no mail server (" <code>"SMTP_URL"</code> "), so each mail is written as an "
                    <code>".eml"</code> " file into the folder " <code>"mail"</code> " of its data folder, and deleted after "
                    {counted(days.into(), "day", "days")} "."
                </p>
            </Callout>
        }
        .into_any(),
    }
}
