//! The answer to creating or rotating a token: the only time that the secret is shown.

use leptos::prelude::*;

use super::copy::CopyField;
use super::page::{Crumb, OrganizationSheet, PageHead, Width};
use super::steps::{MenuPath, Step, Steps};
use super::time::Time;
use crate::model::frame::Frame;
use crate::model::token::CreatedToken;

/// `back` is the page that it was made from: its title and address.
#[component]
pub fn TokenCreated(
    frame: Frame,
    token: CreatedToken,
    back: (&'static str, String),
) -> impl IntoView {
    let (title, done) = back;
    let above = vec![Crumb::link(title, done.clone())];
    view! {
        <OrganizationSheet frame title="New token" above width=Width::Narrow>
            <PageHead
                title="Copy the new Secret Token now"
                lead="It is shown this once and stored only as a fingerprint. If you lose it, create another one."
            />
            <section class="stack" aria-label="Values for Entra">
                <CopyField
                    id="secret-token"
                    label="Secret Token"
                    value=token.secret
                    secret=true
                    hint="The bare value, without “Bearer”."
                />
                <CopyField id="tenant-url" label="Tenant URL" value=token.tenant_url/>
            </section>
            <section class="block" aria-labelledby="paste">
                <h2 id="paste">"Paste it into Entra"</h2>
                <Steps>
                    <Step>
                        "Open " <MenuPath parts=&["Enterprise applications", "Rhombus Systems", "Provisioning"]/> "."
                    </Step>
                    <Step>
                        "Under " <b>"Admin Credentials"</b> ", paste the values of " <b>"Tenant URL"</b> " and "
                        <b>"Secret Token"</b> "."
                    </Step>
                    <Step>
                        "Press " <b>"Test Connection"</b> ". Entra answers that the credentials are authorized."
                    </Step>
                    <Step>"Press " <b>"Save"</b> "."</Step>
                </Steps>
            </section>
            <p class="soft small">{token.name} " (" <code>{token.prefix}</code> ") expires " <Time moment=token.expires/> "."</p>
            <p><a class="btn btn-primary" href=done>"Done"</a></p>
        </OrganizationSheet>
    }
}
