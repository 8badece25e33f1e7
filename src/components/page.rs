//! The sheet that a page is written on, with the navigation beside it: top bar with the way here, heading, content.

use leptos::prelude::*;
use leptos_meta::Title;

use super::command_search::CommandSearch;
use super::icon::{Icon, IconName};
use super::load::load_page;
use super::nav::Nav;
use crate::model::account::{AccountRole, Me, OrganizationLink};
use crate::model::error::AppError;
use crate::model::frame::Frame;

/// A step on the way here; the last one is the page itself and has no link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub label: String,
    pub href: Option<String>,
}

impl Crumb {
    /// A crumb that leads to a page above.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: Some(href.into()),
        }
    }

    /// The crumb of the page itself.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
        }
    }
}

/// How wide a page's content may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    #[default]
    Normal,
    /// For tables.
    Wide,
    /// For forms.
    Narrow,
}

impl Width {
    fn class(self) -> &'static str {
        match self {
            Self::Normal => "page",
            Self::Wide => "page page-wide",
            Self::Narrow => "page page-narrow",
        }
    }
}

/// Navigation, top bar and main part of a page. `slug` names the organization that it is about, if it is about one.
#[component]
pub fn Sheet(
    #[prop(into)] title: String,
    crumbs: Vec<Crumb>,
    #[prop(optional)] width: Width,
    #[prop(optional_no_strip)] slug: Option<String>,
    /// Whether a question stands over it in a dialog: nothing around that can be reached then.
    #[prop(optional)]
    asks: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=title/>
        <Navigation inert=asks/>
        <div class="sheet">
            <TopBar crumbs slug inert=asks/>
            <main class=width.class() id="main">{children()}</main>
        </div>
    }
}

/// That of the organization that the page is about, or else the account's own; none where nobody is signed in.
#[component]
fn Navigation(inert: bool) -> impl IntoView {
    let frame = use_context::<FrameResource>();
    let me = use_context::<MeResource>();
    let nav = move || {
        Suspend::new(async move {
            let (me, organization, open_issues) = match (frame, me) {
                (Some(FrameResource(frame)), _) => {
                    let frame = frame.await.ok()?;
                    let organization = OrganizationLink {
                        slug: frame.organization.slug,
                        name: frame.organization.name,
                    };
                    (frame.me, Some(organization), Some(frame.open_issues))
                }
                (None, Some(MeResource(me))) => {
                    let me = me.await.ok()?;
                    let organization = me.organization.clone();
                    (me, organization, None)
                }
                (None, None) => return None,
            };
            Some(view! { <Nav me organization open_issues inert/> })
        })
    };
    view! { <Transition>{nav}</Transition> }
}

#[component]
fn TopBar(crumbs: Vec<Crumb>, slug: Option<String>, inert: bool) -> impl IntoView {
    let crumbs = crumbs
        .into_iter()
        .map(|crumb| match crumb.href {
            Some(href) => view! { <li><a href=href>{crumb.label}</a></li> }.into_any(),
            None => view! { <li><span aria-current="page">{crumb.label}</span></li> }.into_any(),
        })
        .collect_view();
    view! {
        <header class="topbar" inert=inert>
            <button class="btn btn-plain btn-icon only-small" popovertarget="nav" aria-label="Menu">
                <Icon name=IconName::Menu/>
            </button>
            <nav class="crumbs" aria-label="Breadcrumb"><ol>{crumbs}</ol></nav>
            <CommandSearch slug/>
        </header>
    }
}

/// The heading of a page with its sentence; `actions` stand beside it. Children end the sentence, where it has a link.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(into)] lead: String,
    #[prop(optional, into)] actions: Option<ViewFn>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let lead = match children {
        Some(children) => view! { <p>{lead} {children()}</p> }.into_any(),
        None => view! { <p>{lead}</p> }.into_any(),
    };
    view! {
        <div class="page-head">
            <div>
                <h1>{title}</h1>
                {lead}
            </div>
            {actions.map(|actions| view! { <div class="page-actions">{actions.run()}</div> })}
        </div>
    }
}

/// What every page inside an organization knows: who looks, and at which organization.
#[derive(Clone, Copy)]
pub struct FrameResource(pub Resource<Result<Frame, AppError>>);

/// Who looks, for pages that are about all organizations.
#[derive(Clone, Copy)]
pub struct MeResource(pub Resource<Result<Me, AppError>>);

/// A page for Support alone.
pub fn for_support<V: IntoView + 'static>(
    body: impl Fn(Me) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let MeResource(me) = expect_context();
    load_page(move || {
        let body = body.clone();
        async move {
            let me = me.await?;
            match me.role {
                AccountRole::Support => Ok(body(me).into_any()),
                AccountRole::Admin | AccountRole::Viewer => Err(AppError::Forbidden),
            }
        }
    })
}

/// A page inside an organization: waits for the frame and hands it to `body`.
pub fn in_organization<V: IntoView + 'static>(
    body: impl Fn(Frame) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let FrameResource(frame) = expect_context();
    load_page(move || {
        let body = body.clone();
        async move { Ok(body(frame.await?).into_any()) }
    })
}

/// Crumbs, search and width of a page inside an organization.
#[component]
pub fn OrganizationSheet(
    frame: Frame,
    #[prop(into)] title: String,
    /// The page's own crumb, where that is not its title.
    #[prop(optional, into)]
    crumb: Option<String>,
    /// Between the organization and the page itself.
    #[prop(optional)]
    above: Vec<Crumb>,
    #[prop(optional)] width: Width,
    /// As of [`Sheet`].
    #[prop(optional)]
    asks: bool,
    children: Children,
) -> impl IntoView {
    let home = frame.href("");
    let mut crumbs = vec![Crumb::link(frame.organization.name.clone(), home)];
    crumbs.extend(above);
    crumbs.push(Crumb::here(crumb.unwrap_or_else(|| title.clone())));
    let title = format!("{title} · {}", frame.organization.name);
    view! {
        <Sheet title crumbs width slug=Some(frame.organization.slug) asks>
            {children()}
        </Sheet>
    }
}
