//! What a mail looks like.

use leptos::prelude::*;

use crate::components::card::Card;
use crate::components::icon::{Icon, IconName};
use crate::model::notification::SampleMail;

#[component]
pub(super) fn Sample(path: String, sample: SampleMail) -> impl IntoView {
    let address = format!("{path}/sample");
    let aside = move || {
        view! {
            <a href=address.clone() target="_blank" rel="noopener">
                "Open it as a mail program shows it"
            </a>
        }
    };
    view! {
        <details class="disclose">
            <summary class="btn">"See a sample mail" <Icon name=IconName::Down/></summary>
            <Card id="sample" title="Sample mail" aside>
                <div class="card-body">
                    <p class="soft">
                        "An example, written now with this organization’s settings. Nothing has failed: the role and the \
                         people are made up, so the links to the issue and to stop the mails lead to nothing."
                    </p>
                    <p><b>"Subject: "</b> {sample.subject}</p>
                    <div class="code code-wrap">
                        <pre tabindex="0" role="region" aria-label="Sample mail as plain text">
                            <code>{sample.text}</code>
                        </pre>
                    </div>
                </div>
            </Card>
        </details>
    }
}
