//! `/verify/{token}` and `/unsubscribe/{token}`: a recipient confirms an address, or stops the mails. Opening the page
//! does nothing: programs that look through mails open every link.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::notifications::find_recipient_link;
use crate::components::entrance::Entrance;
use crate::components::load::load_page;
use crate::components::problem::answer_with;
use crate::model::notification::{RecipientLink, RecipientLinkDetails};

/// Where a recipient confirms the address.
#[component]
pub fn VerifyPage() -> impl IntoView {
    link_page(RecipientLink::Verify)
}

/// Where a recipient stops the mails.
#[component]
pub fn UnsubscribePage() -> impl IntoView {
    link_page(RecipientLink::Unsubscribe)
}

fn link_page(link: RecipientLink) -> impl IntoView {
    let token = use_params_map()
        .get_untracked()
        .get("token")
        .unwrap_or_default();
    let action = format!("{}/{token}", link.path());
    let details = Resource::new(
        move || token.clone(),
        move |token| find_recipient_link(link, token),
    );
    load_page(move || {
        let action = action.clone();
        async move {
            Ok(match details.await? {
                None => view! { <Dead link/> }.into_any(),
                Some(details) if details.is_done => view! { <Done link details/> }.into_any(),
                Some(details) => view! { <Ask link details action/> }.into_any(),
            })
        }
    })
}

#[component]
fn Ask(link: RecipientLink, details: RecipientLinkDetails, action: String) -> impl IntoView {
    let RecipientLinkDetails {
        organization_name,
        address,
        ..
    } = details;
    let (title, lead, button) = match link {
        RecipientLink::Verify => (
            "Confirm this address",
            format!(
                "{organization_name} wants to write to {address} when Microsoft Entra ID can no longer create, change or remove Rhombus users. Every mail has a link that stops them."
            ),
            "Confirm the address",
        ),
        RecipientLink::Unsubscribe => (
            "Stop these mails",
            format!(
                "{address} gets no more mails about provisioning failures of {organization_name}. An administrator there can ask for it again."
            ),
            "Stop the mails",
        ),
    };
    view! {
        <Title text=title/>
        <Entrance title lead>
            <form method="post" action=action>
                <button class="btn btn-primary btn-block">{button}</button>
            </form>
        </Entrance>
    }
}

#[component]
fn Done(link: RecipientLink, details: RecipientLinkDetails) -> impl IntoView {
    let RecipientLinkDetails {
        organization_name,
        address,
        ..
    } = details;
    let (title, lead) = match link {
        RecipientLink::Verify => (
            "The address is confirmed",
            format!(
                "{address} is told from now on when provisioning fails at {organization_name}. You can close this page."
            ),
        ),
        RecipientLink::Unsubscribe => (
            "The mails are stopped",
            format!(
                "{address} gets no more mails about provisioning failures of {organization_name}. You can close this page."
            ),
        ),
    };
    view! {
        <Title text=title/>
        <Entrance title lead>""</Entrance>
    }
}

#[component]
fn Dead(link: RecipientLink) -> impl IntoView {
    answer_with(404);
    let lead = match link {
        RecipientLink::Verify => {
            "It has been used, has expired, or a newer one was sent. Ask an administrator of the organization to send it again."
        }
        RecipientLink::Unsubscribe => {
            "It has been used or has expired, or the address is no recipient any more. If mails still come, use the link in the latest one."
        }
    };
    view! {
        <Title text="This link no longer works"/>
        <Entrance title="This link no longer works" lead>""</Entrance>
    }
}
