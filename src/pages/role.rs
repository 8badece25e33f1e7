//! `/organizations/{slug}/settings/roles/new` and `/{id}`, with `/{id}/delete`: one role of the catalogue, for Admins.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::settings::get_role;
use crate::components::callout::Callout;
use crate::components::card::Card;
use crate::components::dialog::Dialog;
use crate::components::field::{Field, TextArea};
use crate::components::form::{Refusal, field_errors, form_answer, typed, typed_or};
use crate::components::icon::Tone;
use crate::components::load::load_page;
use crate::components::page::{Crumb, OrganizationSheet, PageHead, Width, in_organization};
use crate::model::error::AppError;
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::role::RoleRow;

/// The form that adds a role to the catalogue.
#[component]
pub fn NewRolePage() -> impl IntoView {
    let answer = form_answer();
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            async move {
                if !frame.is_admin() {
                    return Err(AppError::Forbidden);
                }
                Ok(view! { <NewRole frame answer/> }.into_any())
            }
        })
    })
}

/// The form that changes a role of the catalogue.
#[component]
pub fn RolePage() -> impl IntoView {
    role_page(false)
}

/// The same, asking whether to delete it.
#[component]
pub fn DeleteRolePage() -> impl IntoView {
    role_page(true)
}

fn role_page(asks_to_delete: bool) -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let key = Memo::new(move |_| {
        params.with(|params| {
            (
                params.get("slug").unwrap_or_default(),
                params.get("id").unwrap_or_default(),
            )
        })
    });
    let role = Resource::new(move || key.get(), |(slug, id)| get_role(slug, id));
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            async move {
                if !frame.is_admin() {
                    return Err(AppError::Forbidden);
                }
                let role = role.await?;
                Ok(view! { <RoleView frame role answer asks_to_delete/> }.into_any())
            }
        })
    })
}

fn above(frame: &Frame) -> Vec<Crumb> {
    vec![Crumb::link("Settings", frame.href("/settings#roles"))]
}

#[component]
fn NewRole(frame: Frame, answer: Option<FormAnswer>) -> impl IntoView {
    let above = above(&frame);
    let back = frame.href("/settings#roles");
    let action = frame.href("/settings/roles/new");
    let errors = field_errors(answer.as_ref());
    let value = typed(answer.as_ref(), "value");
    view! {
        <OrganizationSheet frame title="Add role" above width=Width::Narrow>
            <PageHead
                title="Add role"
                lead="It comes last, with the least privilege; move it up where it belongs."
            />
            <form class="stack" method="post" action=action>
                <Refusal answer=answer.clone()/>
                <Field
                    name="value"
                    label="App role value"
                    value
                    maxlength=120
                    autofocus=errors.is_empty()
                    hint="Exactly what the app role in Entra has as its Value. It cannot be changed later."
                    errors
                />
                <Fields role=None answer/>
                <div class="row">
                    <button class="btn btn-primary">"Add role"</button>
                    <a class="btn btn-plain" href=back>"Cancel"</a>
                </div>
            </form>
        </OrganizationSheet>
    }
}

/// What every role has besides its value.
#[component]
fn Fields(role: Option<RoleRow>, answer: Option<FormAnswer>) -> impl IntoView {
    let errors = field_errors(answer.as_ref());
    let (name, description, mapped) = match role {
        Some(role) => (
            role.display_name,
            role.description,
            role.mapped_values.join("\n"),
        ),
        None => (String::new(), String::new(), String::new()),
    };
    let shown = |field: &str, stored: &str| typed_or(answer.as_ref(), field, stored);
    view! {
        <Field
            name="display_name"
            label="Display name"
            value=shown("display_name", &name)
            maxlength=100
            errors=errors.clone()
        />
        <Field
            name="description"
            label="Description"
            value=shown("description", &description)
            maxlength=300
            optional=true
            errors=errors.clone()
        />
        <TextArea
            name="mapped_values"
            label="Further app role values"
            value=shown("mapped_values", &mapped)
            hint="One a line. Each means this role, too, in upper or lower case. Users stored already follow at once."
            errors
        />
    }
}

#[component]
fn RoleView(
    frame: Frame,
    role: RoleRow,
    answer: Option<FormAnswer>,
    asks_to_delete: bool,
) -> impl IntoView {
    let above = above(&frame);
    let back = frame.href("/settings#roles");
    let page = frame.href(&format!("/settings/roles/{}", role.id));
    let dialog = asks_to_delete.then(|| view! { <Delete page=page.clone() role=role.clone()/> });
    let review = (!role.is_reviewed).then(|| view! { <Review page=page.clone()/> });
    let value = role.value.clone();
    let name = role.display_name.clone();
    view! {
        <OrganizationSheet frame title=name.clone() above width=Width::Narrow asks=asks_to_delete>
            <div class="stack-loose" inert=asks_to_delete>
                <PageHead title=name lead=format!("App role value {value}")/>
                {review}
                <form class="stack" method="post" action=page.clone()>
                    <Refusal answer=answer.clone()/>
                    <Fields role=Some(role.clone()) answer/>
                    <div class="row">
                        <button class="btn btn-primary">"Save role"</button>
                        <a class="btn btn-plain" href=back>"Cancel"</a>
                    </div>
                </form>
                <DefaultRole page=page.clone() role=role.clone()/>
                <Removal page role/>
            </div>
            {dialog}
        </OrganizationSheet>
    }
}

#[component]
fn Review(page: String) -> impl IntoView {
    let action = move || {
        view! {
            <form class="row" method="post" action=format!("{page}/review")>
                <button class="btn">"Mark as reviewed"</button>
            </form>
        }
    };
    view! {
        <Callout tone=Tone::Warn action>
            <p>
                <b>"This role came from Entra, and nobody has reviewed it."</b>
                " Its users have no rights in Rhombus until somebody does."
            </p>
        </Callout>
    }
}

#[component]
fn DefaultRole(page: String, role: RoleRow) -> impl IntoView {
    let body = match (role.is_default, role.is_reviewed) {
        (true, _) => view! {
            <p>"Users without a role get this one. To change that, make another role the default."</p>
        }
        .into_any(),
        (false, false) => {
            view! { <p>"Once it is reviewed, it can be the role of users without one."</p> }.into_any()
        }
        (false, true) => view! {
            <p>"Users for whom Entra sends no role get the default role. Users stored already keep theirs until Entra next changes their roles."</p>
            <form method="post" action=format!("{page}/default")>
                <button class="btn">"Make it the default role"</button>
            </form>
        }
        .into_any(),
    };
    view! {
        <Card id="default" title="Default role" lined=true>
            <div class="card-body">{body}</div>
        </Card>
    }
}

#[component]
fn Removal(page: String, role: RoleRow) -> impl IntoView {
    let body = match role.why_it_stays() {
        Some(why) => view! { <p>{why}</p> }.into_any(),
        None => view! {
            <p>"Nobody has this role."</p>
            <p><a class="btn btn-danger" href=format!("{page}/delete")>"Delete role"</a></p>
        }
        .into_any(),
    };
    view! {
        <Card id="removal" title="Delete" lined=true>
            <div class="card-body">{body}</div>
        </Card>
    }
}

#[component]
fn Delete(page: String, role: RoleRow) -> impl IntoView {
    let title = format!("Delete the role {}?", role.display_name);
    if let Some(why) = role.why_it_stays() {
        return view! {
            <Dialog title stay="Back to the role" back=page>
                <p>{why}</p>
            </Dialog>
        }
        .into_any();
    }
    let mut values = vec![role.value];
    values.extend(role.mapped_values);
    let action = format!("{page}/delete");
    let act = move || {
        view! {
            <form method="post" action=action.clone()>
                <button class="btn btn-danger btn-primary">"Delete role"</button>
            </form>
        }
    };
    view! {
        <Dialog title stay="Keep role" back=page act>
            <p>
                "Nobody has it now. From now on Rhombus does not know " <b class="mono">{values.join(", ")}</b>
                ": a user for whom Entra sends it is treated as the settings say for unknown roles."
            </p>
        </Dialog>
    }
    .into_any()
}
