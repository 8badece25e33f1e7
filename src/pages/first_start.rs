//! `/first-start/{secret}`: makes the first Support account of a new deployment.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::links::find_link;
use crate::components::entrance::{DeadLink, Entrance, PasswordForm, form_error};
use crate::components::load::load_page;
use crate::model::account::LinkPurpose;

/// Where the first Support account is made, by the link that the first start prints.
#[component]
pub fn FirstStartPage() -> impl IntoView {
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
        let action = action.clone();
        async move {
            let Some(details) = details.await? else {
                return Ok(view! { <DeadLink/> }.into_any());
            };
            let lead = "Rhombus Provisioning is running. Make the first Support account; it creates organizations and invites their administrators.";
            Ok(view! {
                <Title text="Welcome"/>
                <Entrance title="Welcome" lead error=form_error()>
                    <PasswordForm details action submit="Create the account"/>
                </Entrance>
            }
            .into_any())
        }
    })
}
