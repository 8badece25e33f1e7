//! `/invitation/{secret}`: an invited person chooses a name and a password.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::links::find_link;
use crate::components::entrance::{DeadLink, Entrance, PasswordForm, form_error};
use crate::components::form::form_answer;
use crate::components::load::load_page;
use crate::model::account::LinkPurpose;

/// Where an invited person chooses a password.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let answer = form_answer();
    let secret = use_params_map()
        .get_untracked()
        .get("secret")
        .unwrap_or_default();
    let action = format!("/invitation/{secret}");
    let details = Resource::new(
        move || secret.clone(),
        |secret| find_link(LinkPurpose::Invitation, secret),
    );
    load_page(move || {
        let (action, answer) = (action.clone(), answer.clone());
        async move {
            let Some(details) = details.await? else {
                return Ok(view! { <DeadLink/> }.into_any());
            };
            let lead = match (&details.email, &details.organization_name) {
                (Some(email), Some(organization)) => {
                    format!(
                        "You are invited to {organization} as {}, with {email}.",
                        details.role.label()
                    )
                }
                (Some(email), None) => {
                    format!("You are invited as {}, with {email}.", details.role.label())
                }
                (None, _) => format!("You are invited as {}.", details.role.label()),
            };
            let error = form_error(answer.as_ref());
            Ok(view! {
                <Title text="Accept the invitation"/>
                <Entrance title="Accept the invitation" lead error>
                    <PasswordForm details action answer submit="Accept and sign in"/>
                </Entrance>
            }
            .into_any())
        }
    })
}
