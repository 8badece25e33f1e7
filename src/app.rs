//! The document, the route table and the frames that pages stand in.
//!
//! All of it is rendered by the server alone. What must react in the browser is an island (`#[island]`), so that
//! WebAssembly holds these few and not every page: measured, ten whole pages were 353 KB compressed, above the budget.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_params_map;
use leptos_router::{SsrMode, path};

use crate::api::frame::{get_frame, get_me};
use crate::components::form::PageAddress;
use crate::components::page::{FrameResource, MeResource};
use crate::components::region::LOADED;
use crate::components::theme::ChosenTheme;
use crate::model::zone::COOKIE as ZONE;
use crate::pages::account::{AccountPage, DeactivateAccountPage, NewLinkPage};
use crate::pages::accounts::AccountsPage;
use crate::pages::audit::{AllAuditPage, AuditPage};
use crate::pages::first_start::FirstStartPage;
use crate::pages::forgot_password::ForgotPasswordPage;
use crate::pages::held::HeldPage;
use crate::pages::home::HomePage;
use crate::pages::invitation::InvitationPage;
use crate::pages::issue::IssuePage;
use crate::pages::issues::{AllIssuesPage, IssuesPage};
use crate::pages::log::LogPage;
use crate::pages::logs::LogsPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::notifications::NotificationsPage;
use crate::pages::organizations::OrganizationsPage;
use crate::pages::overview::OverviewPage;
use crate::pages::own_account::OwnAccountPage;
use crate::pages::recipient_link::{UnsubscribePage, VerifyPage};
use crate::pages::reset::ResetPage;
use crate::pages::role::{DeleteRolePage, NewRolePage, RolePage};
use crate::pages::search::SearchPage;
use crate::pages::settings::{PausePage, SettingsPage};
use crate::pages::sign_in::SignInPage;
use crate::pages::support_bundle::{NewSupportBundlePage, SupportBundlesPage};
use crate::pages::tokens::{RevokeTokenPage, RotateTokenPage, TokensPage};
use crate::pages::user::{BlockUserPage, EraseUserPage, UnblockUserPage, UserPage};
use crate::pages::users::UsersPage;

/// What the document needs to know from the server: addresses of the parts that it loads, and the chosen theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub style: String,
    pub script: String,
    pub wasm: String,
    /// "light" or "dark"; the system's choice when absent.
    pub theme: Option<&'static str>,
}

/// The whole document around the application. One stylesheet stands before the first paint; the rest is deferred.
pub fn shell(document: Document) -> impl IntoView {
    let Document {
        style,
        script,
        wasm,
        theme,
    } = document;
    provide_context(ChosenTheme(theme));
    // Islands are functions of the module; those of a part that `components::region` has loaded anew wake likewise.
    let start = format!(
        "const part=await import({script:?});await part.default({{module_or_path:{wasm:?}}});part.hydrate();\
         const wake=root=>root.querySelectorAll('leptos-island').forEach(island=>part[island.dataset.component]?.(island));\
         addEventListener({LOADED:?},event=>wake(event.target));wake(document);\
         document.documentElement.dataset.awake=''"
    );
    // Nothing that pages load is needed in the browser a second time.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    // Times are shown in UTC until the browser has said its zone; then from the next page on.
    let zone = format!(
        "const zone=Intl.DateTimeFormat().resolvedOptions().timeZone,said='{ZONE}='+zone;\
         if(zone&&!document.cookie.split('; ').includes(said))\
         document.cookie=said+'; Path=/; Max-Age=31536000; SameSite=Lax'+(location.protocol==='https:'?'; Secure':'');"
    );
    // The answer to a form stands at the page's own address: loading it again sends nothing, and live updates find it.
    let address = use_context::<PageAddress>().map_or_else(String::new, |PageAddress(address)| {
        format!("history.replaceState(null,'',{address:?});")
    });
    let start = zone + &address + &start;
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href=style/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="modulepreload" href=script/>
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
                <script type="module" nonce=use_nonce()>{start}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <svg hidden aria-hidden="true" inner_html=include_str!("../style/icons.svg")></svg>
            </body>
        </html>
    }
}

/// The title of the document, from that of a page. leptos_meta writes it into the markup as it is, and it holds names
/// that Entra sent: without the escapes one could end the element and lead whoever looks at the page elsewhere.
fn document_title(page: String) -> String {
    if page.is_empty() {
        return "Rhombus Provisioning".to_owned();
    }
    let page = page.replace('&', "&amp;").replace('<', "&lt;");
    format!("{page} · Rhombus Provisioning")
}

/// The application: every page by its address.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let mode = || SsrMode::Async;
    view! {
        <Title formatter=document_title/>
        <Router>
            <a class="skip" href="#main">"Skip to content"</a>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=mode()/>
                <Route path=path!("/sign-in") view=SignInPage ssr=mode()/>
                <Route path=path!("/first-start/:secret") view=FirstStartPage ssr=mode()/>
                <Route path=path!("/invitation/:secret") view=InvitationPage ssr=mode()/>
                <Route path=path!("/reset/:secret") view=ResetPage ssr=mode()/>
                <Route path=path!("/forgot-password") view=ForgotPasswordPage ssr=mode()/>
                <Route path=path!("/verify/:token") view=VerifyPage ssr=mode()/>
                <Route path=path!("/unsubscribe/:token") view=UnsubscribePage ssr=mode()/>
                <ParentRoute path=path!("/organizations/:slug") view=OrganizationLayout ssr=mode()>
                    <Route path=path!("") view=OverviewPage ssr=mode()/>
                    <Route path=path!("/users") view=UsersPage ssr=mode()/>
                    <Route path=path!("/users/:id") view=UserPage ssr=mode()/>
                    <Route path=path!("/users/:id/block") view=BlockUserPage ssr=mode()/>
                    <Route path=path!("/users/:id/unblock") view=UnblockUserPage ssr=mode()/>
                    <Route path=path!("/users/:id/erase") view=EraseUserPage ssr=mode()/>
                    <Route path=path!("/held") view=HeldPage ssr=mode()/>
                    <Route path=path!("/issues") view=IssuesPage ssr=mode()/>
                    <Route path=path!("/issues/:id") view=IssuePage ssr=mode()/>
                    <Route path=path!("/logs") view=LogsPage ssr=mode()/>
                    <Route path=path!("/logs/:id") view=LogPage ssr=mode()/>
                    <Route path=path!("/tokens") view=TokensPage ssr=mode()/>
                    <Route path=path!("/tokens/:id/rotate") view=RotateTokenPage ssr=mode()/>
                    <Route path=path!("/tokens/:id/revoke") view=RevokeTokenPage ssr=mode()/>
                    <Route path=path!("/notifications") view=NotificationsPage ssr=mode()/>
                    <Route path=path!("/settings") view=SettingsPage ssr=mode()/>
                    <Route path=path!("/settings/pause") view=PausePage ssr=mode()/>
                    <Route path=path!("/settings/roles/new") view=NewRolePage ssr=mode()/>
                    <Route path=path!("/settings/roles/:id") view=RolePage ssr=mode()/>
                    <Route path=path!("/settings/roles/:id/delete") view=DeleteRolePage ssr=mode()/>
                    <Route path=path!("/accounts") view=AccountsPage ssr=mode()/>
                    <Route path=path!("/accounts/:id") view=AccountPage ssr=mode()/>
                    <Route path=path!("/accounts/:id/link") view=NewLinkPage ssr=mode()/>
                    <Route path=path!("/accounts/:id/deactivate") view=DeactivateAccountPage ssr=mode()/>
                    <Route path=path!("/audit") view=AuditPage ssr=mode()/>
                    <Route path=path!("/support-bundles") view=SupportBundlesPage ssr=mode()/>
                    <Route path=path!("/support-bundles/new") view=NewSupportBundlePage ssr=mode()/>
                </ParentRoute>
                <ParentRoute path=path!("/search") view=AccountLayout ssr=mode()>
                    <Route path=path!("") view=SearchPage ssr=mode()/>
                </ParentRoute>
                <ParentRoute path=path!("/organizations") view=AccountLayout ssr=mode()>
                    <Route path=path!("") view=OrganizationsPage ssr=mode()/>
                </ParentRoute>
                <ParentRoute path=path!("/issues") view=AccountLayout ssr=mode()>
                    <Route path=path!("") view=AllIssuesPage ssr=mode()/>
                </ParentRoute>
                <ParentRoute path=path!("/accounts") view=AccountLayout ssr=mode()>
                    <Route path=path!("") view=AccountsPage ssr=mode()/>
                    <Route path=path!("/:id") view=AccountPage ssr=mode()/>
                    <Route path=path!("/:id/link") view=NewLinkPage ssr=mode()/>
                    <Route path=path!("/:id/deactivate") view=DeactivateAccountPage ssr=mode()/>
                </ParentRoute>
                <ParentRoute path=path!("/account") view=AccountLayout ssr=mode()>
                    <Route path=path!("") view=OwnAccountPage ssr=mode()/>
                </ParentRoute>
                <ParentRoute path=path!("/audit") view=AccountLayout ssr=mode()>
                    <Route path=path!("") view=AllAuditPage ssr=mode()/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The pages of one organization, which wait for the same frame.
#[component]
fn OrganizationLayout() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let frame = Resource::new(move || slug.get(), get_frame);
    provide_context(FrameResource(frame));
    view! { <div class="app"><Outlet/></div> }
}

/// The pages that are not about one organization.
#[component]
fn AccountLayout() -> impl IntoView {
    let me = Resource::new(|| (), |()| get_me());
    provide_context(MeResource(me));
    view! { <div class="app"><Outlet/></div> }
}
