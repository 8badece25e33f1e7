//! What the pages that manage accounts share: whose accounts they are, and the page that shows a one-time link.

use leptos::prelude::*;

use super::callout::Callout;
use super::copy::CopyField;
use super::field::Choice;
use super::icon::Tone;
use super::load::load_page;
use super::page::{
    Crumb, FrameResource, MeResource, OrganizationSheet, PageHead, Sheet, Width, in_organization,
};
use super::time::Time;
use crate::model::account::{AccountRole, CreatedLink, LinkPurpose, Me};
use crate::model::error::AppError;
use crate::model::frame::Frame;

/// Whose accounts a page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Organization(Frame),
    /// Rhombus's own staff; who looks is one of them.
    Support(Me),
}

impl Holder {
    /// The page with the list, or one below it.
    pub fn href(&self, rest: &str) -> String {
        match self {
            Self::Organization(frame) => frame.href(&format!("/accounts{rest}")),
            Self::Support(_) => format!("/accounts{rest}"),
        }
    }

    /// The heading of the list of accounts.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Organization(_) => "Accounts",
            Self::Support(_) => "Support accounts",
        }
    }

    /// Who looks at it.
    pub fn me(&self) -> &Me {
        match self {
            Self::Organization(frame) => &frame.me,
            Self::Support(me) => me,
        }
    }

    /// Whether to show what changes accounts. The services check it again.
    pub fn may_manage(&self) -> bool {
        match self {
            Self::Organization(frame) => frame.is_admin(),
            Self::Support(_) => true,
        }
    }
}

/// A page about the accounts of the organization in the address, or without one about those of Support.
pub fn with_holder<V: IntoView + 'static>(
    body: impl Fn(Holder) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView {
    if use_context::<FrameResource>().is_some() {
        return in_organization(move |frame| body(Holder::Organization(frame))).into_any();
    }
    let MeResource(me) = expect_context();
    load_page(move || {
        let body = body.clone();
        async move {
            let me = me.await?;
            match me.role {
                AccountRole::Support => Ok(body(Holder::Support(me)).into_any()),
                AccountRole::Admin | AccountRole::Viewer => Err(AppError::Forbidden),
            }
        }
    })
    .into_any()
}

/// Crumbs and width of such a page. Without a `title` it is the list itself. `asks` is as of [`Sheet`].
#[component]
pub fn HolderSheet(
    holder: Holder,
    #[prop(optional_no_strip)] title: Option<String>,
    #[prop(optional)] width: Width,
    #[prop(optional)] asks: bool,
    children: Children,
) -> impl IntoView {
    let list = Crumb::link(holder.title(), holder.href(""));
    let above = title.as_ref().map(|_| list);
    let title = title.unwrap_or_else(|| holder.title().to_owned());
    match holder {
        Holder::Organization(frame) => {
            let above = above.into_iter().collect::<Vec<_>>();
            view! { <OrganizationSheet frame title above width asks>{children()}</OrganizationSheet> }
                .into_any()
        }
        Holder::Support(_) => {
            let crumbs: Vec<Crumb> = above
                .into_iter()
                .chain([Crumb::here(title.clone())])
                .collect();
            view! { <Sheet title crumbs width asks>{children()}</Sheet> }.into_any()
        }
    }
}

/// The two roles in an organization, one of which is chosen.
#[component]
pub fn RoleChoices(is_admin: bool) -> impl IntoView {
    view! {
        <Choice
            name="role"
            value="viewer"
            label="Viewer"
            detail="Sees logs, users and settings; no request and response bodies. Changes nothing."
            checked=!is_admin
        />
        <Choice
            name="role"
            value="admin"
            label="Admin"
            detail="Everything in this organization: tokens, settings, accounts."
            checked=is_admin
        />
    }
}

/// The answer to inviting somebody or making a new link: the only time that it is shown.
#[component]
pub fn LinkCreated(holder: Holder, link: CreatedLink) -> impl IntoView {
    let done = holder.href("");
    let (title, heading, what) = match link.purpose {
        LinkPurpose::Reset => (
            "New link",
            "Copy the reset link now",
            "choose a new password. The old one works until then",
        ),
        LinkPurpose::Invitation | LinkPurpose::FirstStart => (
            "Invitation",
            "Copy the invitation link now",
            "choose a password and sign in",
        ),
    };
    let sent = if link.is_mailed {
        format!(
            "It is on its way by email to {} as well. If you hand it over yourself, then in a way that nobody else can read.",
            link.email
        )
    } else {
        "Mail of this service stays in its data folder: hand the link over yourself, in a way that nobody else can read."
            .to_owned()
    };
    view! {
        <HolderSheet holder title=Some(title.to_owned()) width=Width::Narrow>
            <PageHead
                title=heading
                lead="It is shown this once. If you lose it, make a new one; the old one stops working then."
            />
            <CopyField
                id="one-time-link"
                label="One-time link"
                value=link.url
                secret=true
                hint=format!("For {} alone, to {what}.", link.email)
            />
            <Callout tone=Tone::Warn>
                <p>
                    {sent} " Whoever opens it first signs in as " <b>{link.email.clone()}</b>
                    ". It works once and expires " <Time moment=link.expires/> "."
                </p>
            </Callout>
            <p><a class="btn btn-primary" href=done>"Done"</a></p>
        </HolderSheet>
    }
}
