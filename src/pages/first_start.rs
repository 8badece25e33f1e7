//! `/first-start/{secret}`: makes the first Support account of a new deployment.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::links::find_link;
use crate::components::entrance::{DeadLink, Entrance, PasswordForm, form_error};
use crate::components::form::form_answer;
use crate::components::load::load_page;
use crate::model::account::LinkPurpose;

/// Where the first Support account is made, by the link that the first start prints.
#[component]
pub fn FirstStartPage() -> impl IntoView {
    let answer = form_answer();
    let secret = use_params_map()
        .get_untracked()
        .get("secret")
        .unwrap_or_default();
    let action = format!("/first-start/{secret}");
    let details = Resource::new(
        move || secret.clone(),
        |secret| find_link(LinkPurpose::FirstStart, secret),
    );
    load_page(move || {
        let (action, answer) = (action.clone(), answer.clone());
        async move {
            let Some(details) = details.await? else {
                return Ok(view! { <DeadLink/> }.into_any());
            };
            let lead = "Rhombus Provisioning is running. Make the first Support account; it creates organizations and invites their administrators.";
            let error = form_error(answer.as_ref());
            Ok(view! {
                <Title text="Welcome"/>
                <Entrance title="Welcome" lead error>
                    <PasswordForm details action answer submit="Create the account"/>
                </Entrance>
            }
            .into_any())
        }
    })
}
