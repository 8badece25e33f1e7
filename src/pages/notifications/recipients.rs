//! Entra's check box, and who is told.

use leptos::prelude::*;

use super::SETTINGS_FORM;
use crate::components::badge::RecipientStatus;
use crate::components::form::typed;
use crate::components::icon::{Glyph, Icon, IconName, Tone};
use crate::components::region::Region;
use crate::components::table::Table;
use crate::components::time::date;
use crate::model::error::FieldError;
use crate::model::form::FormAnswer;
use crate::model::notification::{RECIPIENTS, Recipient, RecipientState};

#[component]
pub(super) fn RecipientsSection(
    path: String,
    recipients: Vec<Recipient>,
    is_on: bool,
    answer: Option<FormAnswer>,
    errors: Vec<FieldError>,
    may_manage: bool,
) -> impl IntoView {
    // A refused form has said what was checked.
    let is_on = match answer
        .as_ref()
        .map(|answer| answer.value("digest_hours").is_some())
    {
        Some(true) => answer
            .as_ref()
            .is_some_and(|answer| answer.value("send").is_some()),
        _ => is_on,
    };
    let typed = typed(answer.as_ref(), "address");
    let has_room = recipients.len() < RECIPIENTS;
    let add_path = format!("{path}/recipients");
    let table = view! { <Recipients path=add_path.clone() recipients may_manage/> };
    let add = (may_manage && has_room).then(|| view! { <Add path=add_path typed errors/> });
    view! {
        <section class="section" aria-labelledby="email">
            <header>
                <h2 id="email">"Notification Email"</h2>
                <p>
                    "The counterpart of the field with this name in Entra. Entra writes only about quarantine; these mails name the user and the fix."
                </p>
            </header>
            <div class="stack">
                <label class="check">
                    <input
                        type="checkbox"
                        name="send"
                        value="on"
                        form=SETTINGS_FORM
                        checked=is_on
                        disabled=!may_manage
                    />
                    <span><b>"Send an email notification when a failure occurs"</b></span>
                    <small>"Off means nobody is told. Issues are still recorded."</small>
                </label>
                <Region name="recipients">{table}</Region>
                {add}
            </div>
        </section>
    }
}

#[component]
fn Recipients(path: String, recipients: Vec<Recipient>, may_manage: bool) -> impl IntoView {
    if recipients.is_empty() {
        return view! { <p class="soft">"There are no recipients yet."</p> }.into_any();
    }
    let rows = recipients
        .into_iter()
        .map(|recipient| {
            let note = note(&recipient);
            let actions = may_manage
                .then(|| view! { <Actions path=path.clone() recipient=recipient.clone()/> });
            view! {
                <tr>
                    <td class="wrap">
                        <b>{recipient.address}</b>
                        {note.map(|note| view! { <small>{note}</small> })}
                    </td>
                    <td class="at-later"><RecipientStatus state=recipient.state/></td>
                    <td class="num at-end">{actions}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Recipients">
            <thead>
                <tr>
                    <th scope="col">"Recipient"</th>
                    <th scope="col">"State"</th>
                    <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
    .into_any()
}

fn note(recipient: &Recipient) -> Option<String> {
    match (recipient.state, &recipient.link_until) {
        (RecipientState::Verified, _) => None,
        (RecipientState::Unverified, Some(until)) => Some(format!(
            "Link sent {}, valid until {}",
            date(&recipient.link_sent),
            date(until)
        )),
        (RecipientState::Unverified, None) => Some(format!(
            "Link sent {}, no longer valid",
            date(&recipient.link_sent)
        )),
        (RecipientState::Unsubscribed, _) => {
            Some("Has stopped the mails by the link in one".to_owned())
        }
    }
}

#[component]
fn Actions(path: String, recipient: Recipient) -> impl IntoView {
    let Recipient {
        id, address, state, ..
    } = recipient;
    let link = format!("{path}/{id}");
    let remove = format!("{link}/remove");
    let again = (state != RecipientState::Verified).then(|| {
        let label = format!("Send the link again to {address}");
        view! {
            <form method="post" action=link>
                <button class="btn btn-small" aria-label=label>"Send again"</button>
            </form>
        }
    });
    let label = format!("Remove {address}");
    view! {
        <div class="row row-actions">
            {again}
            <form method="post" action=remove>
                <button class="btn btn-plain btn-icon" aria-label=label title="Remove">
                    <Icon name=IconName::X/>
                </button>
            </form>
        </div>
    }
}

#[component]
fn Add(path: String, typed: String, errors: Vec<FieldError>) -> impl IntoView {
    let error = errors.into_iter().find(|error| error.field == "address");
    let is_wrong = error.is_some();
    view! {
        <form class="stack-tight" method="post" action=path>
            <div class="row">
                <label class="visually-hidden" for="address">"Email address to add"</label>
                // Not of the type email: browsers refuse what stands in other scripts.
                <input
                    class="input field"
                    id="address"
                    name="address"
                    type="text"
                    inputmode="email"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    placeholder="name@contoso.com"
                    value=typed
                    required
                    autofocus=is_wrong
                    aria-invalid=is_wrong.then_some("true")
                    aria-describedby=is_wrong.then_some("address-error")
                />
                <button class="btn"><Icon name=IconName::Plus/> "Add recipient"</button>
            </div>
            {error
                .map(|error| {
                    view! {
                        <p class="field-error" id="address-error"><Glyph tone=Tone::Fail/> {error.message}</p>
                    }
                })}
        </form>
    }
}
