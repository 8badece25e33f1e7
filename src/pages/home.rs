//! `/`: on to where one belongs.

use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::api::frame::get_me;
use crate::components::load::load_page;

/// Leads to the organization that one belongs to, or for Support to the list of all.
#[component]
pub fn HomePage() -> impl IntoView {
    let me = Resource::new(|| (), |()| get_me());
    load_page(move || async move {
        let path = match me.await?.organization {
            Some(organization) => format!("/organizations/{}", organization.slug),
            None => "/organizations".to_owned(),
        };
        Ok(view! { <Redirect path/> }.into_any())
    })
}
