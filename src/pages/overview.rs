//! `/organizations/{slug}`: how is it, and what does Entra need from me?

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::logs::list_logs;
use crate::api::tokens::list_tokens;
use crate::components::badge::{LogStatus, ProvisioningStatus};
use crate::components::card::{Card, FactsLine, LineFact};
use crate::components::copy::CopyField;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::health::Health;
use crate::components::icon::{Icon, IconName, Tone};
use crate::components::load::load_page;
use crate::components::page::{OrganizationSheet, in_organization};
use crate::components::pager::count;
use crate::components::steps::{MenuPath, Step, Steps};
use crate::components::time::Time;
use crate::model::frame::Frame;
use crate::model::log::{Action, LogFilter, LogRow, Status};
use crate::model::organization::ProvisioningState;
use crate::model::page::{Count, Page};
use crate::model::token::{TokenRow, TokenState};

#[component]
pub fn OverviewPage() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let tokens = Resource::new(move || slug.get(), list_tokens);
    let failures = Resource::new(
        move || slug.get(),
        |slug| list_logs(slug, failures_of_today()),
    );
    let latest = Resource::new(
        move || slug.get(),
        |slug| {
            list_logs(
                slug,
                LogFilter {
                    lookups: true,
                    ..LogFilter::default()
                },
            )
        },
    );
    in_organization(move |frame: Frame| {
        load_page(move || {
            let frame = frame.clone();
            async move {
                let facts = Facts {
                    state: frame.organization.state,
                    tokens: tokens.await?,
                    latest: latest.await?.page.items.into_iter().next(),
                    failures: failures.await?.page,
                };
                Ok(view! { <Overview frame facts/> }.into_any())
            }
        })
    })
}

fn failures_of_today() -> LogFilter {
    LogFilter {
        statuses: vec![Status::Failure],
        within: Some("24h".to_owned()),
        lookups: true,
        ..LogFilter::default()
    }
}

/// What the sentence is made from.
#[derive(Clone)]
struct Facts {
    state: ProvisioningState,
    tokens: Vec<TokenRow>,
    /// The last request of any kind.
    latest: Option<LogRow>,
    failures: Page<LogRow>,
}

/// What the sentence offers to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextStep {
    Nothing,
    CreateToken,
    SeeFailures,
    /// Below, on the same page.
    Connect,
}

impl Facts {
    fn has_valid_token(&self) -> bool {
        self.tokens
            .iter()
            .any(|token| matches!(token.state, TokenState::Active | TokenState::Expiring))
    }

    /// Entra has not called with a valid token yet.
    fn is_waiting(&self) -> bool {
        self.tokens.iter().all(|token| token.last_used.is_none())
    }

    fn sentence(&self) -> (Tone, String, NextStep) {
        let text = |text: &str| text.to_owned();
        match self.state {
            ProvisioningState::Off => {
                return (
                    Tone::Off,
                    text(
                        "Provisioning is off: Entra’s calls are refused until Rhombus support turns it on.",
                    ),
                    NextStep::Nothing,
                );
            }
            ProvisioningState::Paused => {
                return (
                    Tone::Off,
                    text(
                        "Provisioning is paused. Entra tries again for up to four weeks, so nothing is lost.",
                    ),
                    NextStep::Nothing,
                );
            }
            ProvisioningState::On => {}
        }
        match &self.latest {
            _ if self.tokens.is_empty() => (
                Tone::Wait,
                text("Create a Secret Token, so that Entra can call Rhombus."),
                NextStep::CreateToken,
            ),
            _ if !self.has_valid_token() => (
                Tone::Fail,
                text(
                    "Entra cannot call Rhombus: no Secret Token is valid. Create one and paste it into Entra.",
                ),
                NextStep::CreateToken,
            ),
            Some(row) if row.http_status == 401 => (
                Tone::Fail,
                format!(
                    "Entra’s last call, {}, was refused: {}",
                    row.occurred.relative, row.summary
                ),
                NextStep::SeeFailures,
            ),
            Some(row) if !self.is_waiting() => {
                let called = &row.occurred.relative;
                if self.failures.items.is_empty() {
                    (
                        Tone::Ok,
                        format!(
                            "Entra last called {called}, and nothing failed in the last 24 hours."
                        ),
                        NextStep::Nothing,
                    )
                } else {
                    let requests = match self.failures.total {
                        Count::Exactly(1) => text("1 request"),
                        total => format!("{} requests", count(total)),
                    };
                    (
                        Tone::Warn,
                        format!(
                            "Entra last called {called}, but {requests} failed in the last 24 hours."
                        ),
                        NextStep::SeeFailures,
                    )
                }
            }
            _ => (
                Tone::Wait,
                text(
                    "Waiting for Entra: paste the Tenant URL and the Secret Token, and press Test Connection.",
                ),
                NextStep::Connect,
            ),
        }
    }
}

#[component]
fn Overview(frame: Frame, facts: Facts) -> impl IntoView {
    let (tone, sentence, next_step) = facts.sentence();
    let tokens = frame.href("/tokens");
    let logs = frame.href("/logs");
    let (create, failures) = (format!("{tokens}#create"), failures_of_today().href(&logs));
    let is_admin = frame.is_admin();
    let action = move || match next_step {
        NextStep::CreateToken if is_admin => {
            view! { <a class="btn btn-primary" href=create.clone()>"Create token"</a> }.into_any()
        }
        NextStep::SeeFailures => {
            view! { <a class="btn btn-primary" href=failures.clone()>"See what failed"</a> }
                .into_any()
        }
        NextStep::CreateToken | NextStep::Connect | NextStep::Nothing => ().into_any(),
    };
    let contact = match facts.latest.clone() {
        Some(row) => view! { <Time moment=row.occurred/> }.into_any(),
        None => "Never".into_any(),
    };
    let connect = facts.is_waiting().then(|| {
        let frame = frame.clone();
        view! { <Connect frame/> }
    });
    let tenant_url = (!facts.is_waiting()).then(|| {
        view! { <CopyField id="tenant-url" label="Tenant URL" value=frame.organization.tenant_url.clone()/> }
    });
    let switch = frame
        .is_support()
        .then(|| view! { <Switch frame=frame.clone()/> });
    view! {
        <OrganizationSheet frame title="Overview">
            <Health tone sentence action/>
            <FactsLine>
                <LineFact name="Last contact">{contact}</LineFact>
                <LineFact name="Secret Token">{token_state(&facts.tokens)}</LineFact>
                <LineFact name="Provisioning status"><ProvisioningStatus state=facts.state/></LineFact>
            </FactsLine>
            {connect}
            {tenant_url}
            <LatestFailures logs failures=facts.failures.items/>
            {switch}
        </OrganizationSheet>
    }
}

/// "Update of Marcus Bell"; what has no action in Entra's words is named by whom it is about.
fn request_name(row: &LogRow) -> String {
    match row.action {
        Action::Unknown => row.identity.clone(),
        action => format!("{} of {}", action.label(), row.identity),
    }
}

/// "expires in 41 days", of the token that lives longest.
fn token_state(tokens: &[TokenRow]) -> String {
    let living = tokens
        .iter()
        .filter(|token| matches!(token.state, TokenState::Active | TokenState::Expiring))
        .max_by_key(|token| token.days_left);
    match living {
        Some(token) => format!("expires {}", token.expires.relative),
        None if tokens.is_empty() => "none yet".to_owned(),
        None => "none is valid".to_owned(),
    }
}

/// What to do in Entra, under Entra's own names.
#[component]
fn Connect(frame: Frame) -> impl IntoView {
    let token = if frame.is_admin() {
        view! { <a href=frame.href("/tokens#create")>"Create a Secret Token"</a> ". It is shown once." }.into_any()
    } else {
        "An administrator of the organization creates a Secret Token. It is shown once.".into_any()
    };
    view! {
        <section class="stack" aria-labelledby="connect">
            <div>
                <h2 id="connect">"Connect Entra"</h2>
                <p class="soft small">
                    "The field names below are the ones you see in the Microsoft Entra admin center."
                </p>
            </div>
            <CopyField id="tenant-url" label="Tenant URL" value=frame.organization.tenant_url/>
            <Steps>
                <Step>{token}</Step>
                <Step>
                    "In the Microsoft Entra admin center, open "
                    <MenuPath parts=&["Enterprise applications", "Rhombus Systems", "Provisioning"]/>
                    " and set Provisioning Mode to " <b>"Automatic"</b> "."
                </Step>
                <Step>
                    "Under " <b>"Admin Credentials"</b> ", paste the Tenant URL and the Secret Token."
                </Step>
                <Step>
                    "Press " <b>"Test Connection"</b> ", then " <b>"Save"</b>
                    ". The request appears in the logs."
                </Step>
            </Steps>
        </section>
    }
}

#[component]
fn LatestFailures(logs: String, failures: Vec<LogRow>) -> impl IntoView {
    let all = failures_of_today().href(&logs);
    let body = if failures.is_empty() {
        view! {
            <Empty
                art=EmptyArt::Rows
                title="Nothing failed in the last 24 hours"
                text="A request that Rhombus refuses would stand here, with the steps that fix it."
            />
        }
        .into_any()
    } else {
        let rows = failures
            .into_iter()
            .take(6)
            .map(|row| {
                let name = request_name(&row);
                view! {
                    <li>
                        <a class="row" href=format!("{logs}/{}", row.id)>
                            <LogStatus status=row.status/>
                            <span>{name}</span>
                            <span class="muted push"><Time moment=row.occurred/></span>
                            <span class="row-rest">{row.summary}</span>
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="list small">{rows}</ul> }.into_any()
    };
    let aside = move || view! { <a class="small" href=all.clone()>"All failures"</a> };
    view! { <Card id="failures" title="Latest failures" aside>{body}</Card> }
}

/// Support's switch. Turning off names what follows before it is done.
#[component]
fn Switch(frame: Frame) -> impl IntoView {
    let body = match frame.organization.state {
        ProvisioningState::Off => view! {
            <p class="soft">"Entra’s calls get 403 with a text that asks to turn to Rhombus support."</p>
            <form method="post" action=frame.href("/enable")>
                <button class="btn">"Turn provisioning on"</button>
            </form>
        }
        .into_any(),
        ProvisioningState::On | ProvisioningState::Paused => view! {
            <details class="disclose">
                <summary class="btn btn-danger">"Turn provisioning off" <Icon name=IconName::Down/></summary>
                <form class="stack-tight" method="post" action=frame.href("/disable")>
                    <p class="soft">
                        "Entra’s calls will get 403 at once, and Entra puts the application into quarantine. "
                        "Nobody’s access is taken away. It stays off until Support turns it on again."
                    </p>
                    <div><button class="btn btn-danger btn-primary">"Turn off"</button></div>
                </form>
            </details>
        }
        .into_any(),
    };
    view! { <Card id="switch" title="Provisioning"><div class="card-body">{body}</div></Card> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::log::Action;
    use crate::model::page::Moment;

    fn moment() -> Moment {
        Moment {
            relative: "5 min ago".into(),
            exact: String::new(),
            time: String::new(),
            machine: String::new(),
        }
    }

    fn token(state: TokenState, used: bool) -> TokenRow {
        TokenRow {
            id: "t".into(),
            name: "Entra".into(),
            prefix: "rhp_AbCd1234".into(),
            state,
            created: moment(),
            created_by: String::new(),
            expires: moment(),
            days_left: 41,
            revoked: None,
            last_used: used.then(moment),
            last_used_address: None,
            last_used_agent: None,
            requests_24h: 0,
            failures_24h: 0,
        }
    }

    fn row(http_status: u16) -> LogRow {
        LogRow {
            id: "req_1".into(),
            occurred: moment(),
            action: Action::Update,
            status: if http_status < 400 {
                Status::Success
            } else {
                Status::Failure
            },
            http_status,
            identity: "Ana".into(),
            user_name: None,
            summary: "The token expired.".into(),
            changes: Vec::new(),
            token_prefix: None,
            duration_us: 1,
            cycle_id: String::new(),
        }
    }

    fn facts(tokens: Vec<TokenRow>, latest: Option<LogRow>, failed: Vec<LogRow>) -> Facts {
        let total = Count::Exactly(failed.len() as u64);
        let failures = Page {
            items: failed,
            previous: None,
            next: None,
            total,
        };
        Facts {
            state: ProvisioningState::On,
            tokens,
            latest,
            failures,
        }
    }

    #[test]
    fn the_sentence_says_how_it_is_and_what_to_do() {
        let active = || token(TokenState::Active, true);
        let cases = [
            (
                facts(vec![], None, vec![]),
                Tone::Wait,
                NextStep::CreateToken,
            ),
            (
                facts(
                    vec![token(TokenState::Expired, true)],
                    Some(row(401)),
                    vec![],
                ),
                Tone::Fail,
                NextStep::CreateToken,
            ),
            (
                facts(vec![token(TokenState::Active, false)], None, vec![]),
                Tone::Wait,
                NextStep::Connect,
            ),
            (
                facts(
                    vec![token(TokenState::Active, false)],
                    Some(row(401)),
                    vec![],
                ),
                Tone::Fail,
                NextStep::SeeFailures,
            ),
            (
                facts(vec![active()], Some(row(200)), vec![]),
                Tone::Ok,
                NextStep::Nothing,
            ),
            (
                facts(vec![active()], Some(row(200)), vec![row(400)]),
                Tone::Warn,
                NextStep::SeeFailures,
            ),
        ];
        for (facts, tone, next_step) in cases {
            let (said_tone, sentence, said_step) = facts.sentence();
            assert_eq!((said_tone, said_step), (tone, next_step), "{sentence}");
        }
        let off = Facts {
            state: ProvisioningState::Off,
            ..facts(vec![active()], None, vec![])
        };
        assert_eq!(off.sentence().0, Tone::Off);
    }
}
