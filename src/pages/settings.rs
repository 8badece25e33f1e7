//! `/organizations/{slug}/settings`, with `/pause`: how does Rhombus answer Entra?

mod guard;
mod mapping;
mod policies;
mod roles;

use guard::GuardSection;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use mapping::MappingSection;
use policies::PoliciesSection;
use roles::RolesSection;

use crate::api::settings::get_settings;
use crate::components::badge::ProvisioningStatus;
use crate::components::card::{Fact, Facts};
use crate::components::copy::CopyField;
use crate::components::dialog::Dialog;
use crate::components::field::Field;
use crate::components::form::{Refusal, field_errors, form_answer, typed_or};
use crate::components::load::load_page;
use crate::components::page::{OrganizationSheet, PageHead, in_organization};
use crate::model::error::{AppError, FieldError};
use crate::model::form::FormAnswer;
use crate::model::frame::Frame;
use crate::model::organization::{OrganizationDetail, ProvisioningState};
use crate::model::page::{counted, number};
use crate::model::settings::{Retention, Settings};

/// The settings of an organization.
#[component]
pub fn SettingsPage() -> impl IntoView {
    settings_page(false)
}

/// The same, asking whether to pause.
#[component]
pub fn PausePage() -> impl IntoView {
    settings_page(true)
}

fn settings_page(asks_to_pause: bool) -> impl IntoView {
    let answer = form_answer();
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let settings = Resource::new(move || slug.get(), get_settings);
    in_organization(move |frame: Frame| {
        let answer = answer.clone();
        load_page(move || {
            let (frame, answer) = (frame.clone(), answer.clone());
            async move {
                if asks_to_pause && !frame.is_admin() {
                    return Err(AppError::Forbidden);
                }
                let settings = settings.await?;
                Ok(view! { <SettingsView frame settings answer asks_to_pause/> }.into_any())
            }
        })
    })
}

#[component]
fn SettingsView(
    frame: Frame,
    settings: Settings,
    answer: Option<FormAnswer>,
    asks_to_pause: bool,
) -> impl IntoView {
    let may_change = frame.is_admin();
    let lead = if may_change {
        "How Rhombus answers Entra for this organization. The audit log keeps every change."
    } else {
        "How Rhombus answers Entra for this organization. Its administrators change it."
    };
    let path = frame.href("/settings");
    let organization = frame.organization.clone();
    let dialog = (asks_to_pause && organization.state == ProvisioningState::On)
        .then(|| view! { <Pause path=path.clone()/> });
    let errors = field_errors(answer.as_ref());
    let users = frame.href("/users");
    let held_path = frame.href("/held");
    let overview = frame.is_support().then(|| frame.href("#switch"));
    let asks = dialog.is_some();
    view! {
        <OrganizationSheet frame title="Settings" asks>
            <div class="stack-loose" inert=asks>
                <PageHead title="Settings" lead/>
                <Refusal answer=answer.clone()/>
                <div>
                    <StatusSection path=path.clone() organization=organization.clone() may_change overview/>
                    <NameSection
                        path=path.clone()
                        name=organization.name.clone()
                        answer=answer.clone()
                        errors=errors.clone()
                        may_change
                    />
                    <ExpectedSection
                        path=path.clone()
                        expected=organization.expected_users
                        answer=answer.clone()
                        errors=errors.clone()
                        may_change
                    />
                    <MappingSection
                        organization=organization.clone()
                        carried=settings.carried
                        users=users.clone()
                    />
                    <PoliciesSection
                        path=path.clone()
                        organization
                        default_role=settings.catalogue.default_role.clone()
                        answer=answer.clone()
                        may_change
                    />
                    <GuardSection
                        path=path.clone()
                        held_path
                        guard=settings.guard
                        answer
                        errors
                        may_change
                    />
                    <RolesSection path catalogue=settings.catalogue users may_change/>
                    <RetentionSection retention=settings.retention/>
                </div>
            </div>
            {dialog}
        </OrganizationSheet>
    }
}

#[component]
fn StatusSection(
    path: String,
    organization: OrganizationDetail,
    may_change: bool,
    /// For Support, who turns provisioning on and off there.
    overview: Option<String>,
) -> impl IntoView {
    let state = organization.state;
    let meaning = match state {
        ProvisioningState::On => "Entra creates, changes and disables users.",
        ProvisioningState::Paused => {
            "Entra’s requests are answered with 503, and users keep the access they have. Entra tries again for up to four weeks, may show quarantine meanwhile, and then disables the job."
        }
        ProvisioningState::Off => {
            "Entra’s requests are answered with 403. Rhombus support turns provisioning on: ask them to."
        }
    };
    let switch = may_change.then(|| match state {
        ProvisioningState::On => {
            view! { <div><a class="btn" href=format!("{path}/pause")>"Pause provisioning"</a></div> }
                .into_any()
        }
        ProvisioningState::Paused => view! {
            <form method="post" action=format!("{path}/resume")>
                <button class="btn btn-primary">"Resume provisioning"</button>
            </form>
        }
        .into_any(),
        ProvisioningState::Off => ().into_any(),
    });
    let support = overview.map(|overview| {
        view! { <p class="small">"As support, you do so on the " <a href=overview>"Overview"</a> "."</p> }
    });
    view! {
        <section class="section" aria-labelledby="status">
            <header>
                <h2 id="status">"Provisioning Status"</h2>
                <p>"An administrator pauses and resumes. Rhombus support turns provisioning on and off."</p>
                {support}
            </header>
            <div class="stack">
                <div>
                    <ProvisioningStatus state/>
                    <p class="soft small">{meaning}</p>
                </div>
                {switch}
                <CopyField
                    id="tenant-url"
                    label="Tenant URL"
                    value=organization.tenant_url
                    hint="Entra has it in Admin Credentials. It never changes."
                />
            </div>
        </section>
    }
}

#[component]
fn Pause(path: String) -> impl IntoView {
    let action = format!("{path}/pause");
    let act = move || {
        view! {
            <form method="post" action=action.clone()>
                <button class="btn btn-danger btn-primary">"Pause provisioning"</button>
            </form>
        }
    };
    view! {
        <Dialog title="Pause provisioning?" stay="Keep it on" back=path act>
            <p>
                "Every request of Entra is answered with 503 from now on. Nothing changes here: who joins gets no access, and who leaves keeps theirs, until you resume."
            </p>
            <p>
                "Entra tries again with each cycle and may show quarantine meanwhile. After four weeks it disables the provisioning job, which you then have to start again there."
            </p>
        </Dialog>
    }
}

#[component]
fn NameSection(
    path: String,
    name: String,
    answer: Option<FormAnswer>,
    errors: Vec<FieldError>,
    may_change: bool,
) -> impl IntoView {
    let body = if may_change {
        let typed = typed_or(answer.as_ref(), "name", &name);
        view! {
            <form class="stack" method="post" action=path>
                <Field name="name" label="Name" value=typed maxlength=100 errors/>
                <div><button class="btn">"Save name"</button></div>
            </form>
        }
        .into_any()
    } else {
        view! { <p>{name}</p> }.into_any()
    };
    view! {
        <section class="section" aria-labelledby="organization">
            <header>
                <h2 id="organization">"Organization"</h2>
                <p>"The name that people see. The Tenant URL does not change with it."</p>
            </header>
            {body}
        </section>
    }
}

#[component]
fn ExpectedSection(
    path: String,
    expected: Option<u64>,
    answer: Option<FormAnswer>,
    errors: Vec<FieldError>,
    may_change: bool,
) -> impl IntoView {
    let said = expected.map(number).unwrap_or_default();
    let body = if may_change {
        let typed = typed_or(answer.as_ref(), "expected_users", &said);
        view! {
            <form class="stack" method="post" action=path>
                <Field
                    name="expected_users"
                    label="Users expected"
                    value=typed
                    maxlength=12
                    hint="How many are assigned in Entra, under Users and groups. Leave it empty to go by the users known here."
                    errors
                    optional=true
                />
                <div><button class="btn">"Save number"</button></div>
            </form>
        }
        .into_any()
    } else if said.is_empty() {
        view! { <p class="soft">"As many as are known here."</p> }.into_any()
    } else {
        view! { <p>{said} " users"</p> }.into_any()
    };
    view! {
        <section class="section" aria-labelledby="expected">
            <header>
                <h2 id="expected">"Initial cycle"</h2>
                <p>"What the overview measures the progress of a cycle by that goes through all users."</p>
            </header>
            {body}
        </section>
    }
}

#[component]
fn RetentionSection(retention: Retention) -> impl IntoView {
    let days = |days: u32| match u64::from(days) {
        days if days > 0 && days % 365 == 0 => counted(days / 365, "year", "years"),
        days => counted(days, "day", "days"),
    };
    view! {
        <section class="section" aria-labelledby="retention">
            <header>
                <h2 id="retention">"Retention"</h2>
                <p>"How long records are kept. Rhombus sets it for all organizations alike."</p>
            </header>
            <Facts>
                <Fact name="Log entries">{days(retention.log_days)}</Fact>
                <Fact name="Request and response bodies">{days(retention.payload_days)}</Fact>
                <Fact name="Audit log">{days(retention.audit_days)}</Fact>
            </Facts>
        </section>
    }
}
