//! `/reset/{secret}`: a new password.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::links::find_link;
use crate::components::entrance::{DeadLink, Entrance, PasswordForm, form_error};
use crate::components::form::form_answer;
use crate::components::load::load_page;
use crate::model::account::LinkPurpose;

/// Where a new password is chosen, by a link.
#[component]
pub fn ResetPage() -> impl IntoView {
    let answer = form_answer();
    let secret = use_params_map()
        .get_untracked()
        .get("secret")
        .unwrap_or_default();
    let action = format!("/reset/{secret}");
    let details = Resource::new(
        move || secret.clone(),
        |secret| find_link(LinkPurpose::Reset, secret),
    );
    load_page(move || {
        let (action, answer) = (action.clone(), answer.clone());
        async move {
            let Some(details) = details.await? else {
                return Ok(view! { <DeadLink/> }.into_any());
            };
            let lead = match &details.email {
                Some(email) => format!("For {email}. All sessions of this account end."),
                None => "All sessions of this account end.".to_owned(),
            };
            let error = form_error(answer.as_ref());
            Ok(view! {
                <Title text="Choose a new password"/>
                <Entrance title="Choose a new password" lead error>
                    <PasswordForm details action answer submit="Set the password"/>
                </Entrance>
            }
            .into_any())
        }
    })
}
