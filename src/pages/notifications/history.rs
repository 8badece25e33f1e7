//! What became of each mail.

use leptos::prelude::*;

use crate::components::badge::DeliveryStatus;
use crate::components::callout::Callout;
use crate::components::empty::{Empty, EmptyArt};
use crate::components::icon::{Glyph, Icon, IconName, Tone};
use crate::components::pager::Pager;
use crate::components::table::Table;
use crate::components::time::{ExactTime, Time};
use crate::model::notification::{Attempt, Delivery, DeliveryState};
use crate::model::page::{Page, counted, counted_up_to};
use crate::model::query::href;

#[component]
pub(super) fn History(path: String, history: Page<Delivery>, may_manage: bool) -> impl IntoView {
    if history.items.is_empty() {
        return view! {
            <div class="card">
                <Empty
                    art=EmptyArt::Rows
                    title="No mail has been written yet"
                    text="Links for recipients, tests and mails about failures are listed here, with each attempt to deliver them. They are kept for 90 days."
                />
            </div>
        }
        .into_any();
    }
    let turn = |cursor: Option<String>, name: &'static str| {
        cursor.map(|cursor| format!("{}#history", href(&path, &[(name, cursor)])))
    };
    let (previous, next) = (
        turn(history.previous, "before"),
        turn(history.next, "after"),
    );
    let total = counted_up_to(history.total, "mail", "mails");
    let rows = history
        .items
        .into_iter()
        .map(|mail| view! { <Row path=path.clone() mail may_manage/> })
        .collect_view();
    view! {
        <Table caption="Delivery history, newest first">
            <thead>
                <tr>
                    <th scope="col" aria-sort="descending">"Time"</th>
                    <th scope="col">"Subject"</th>
                    <th scope="col">"Recipient"</th>
                    <th scope="col">"Result"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager previous next previous_label="Newer" next_label="Older">{total}</Pager>
    }
    .into_any()
}

#[component]
fn Row(path: String, mail: Delivery, may_manage: bool) -> impl IntoView {
    let again = (may_manage && mail.can_repeat).then(|| {
        let action = format!("{path}/mails/{}", mail.id);
        let label = format!("Send again to {}: {}", mail.address, mail.subject);
        view! {
            <form method="post" action=action>
                <button class="btn btn-small" aria-label=label>"Send again"</button>
            </form>
        }
    });
    let attempts = view! { <Attempts id=format!("attempts-{}", mail.id) tried=mail.tried attempts=mail.attempts/> };
    view! {
        <tr>
            <td class="nowrap muted"><Time moment=mail.created/></td>
            <td class="at-full at-first wrap">{mail.subject} {attempts}</td>
            <td class="soft at-full wrap">{mail.address}</td>
            <td class="at-end">
                <div class="mail-result"><DeliveryStatus state=mail.state/> {again}</div>
            </td>
        </tr>
    }
}

#[component]
fn Attempts(id: String, tried: u64, attempts: Vec<Attempt>) -> impl IntoView {
    if attempts.is_empty() {
        return ().into_any();
    }
    let shown = u64::try_from(attempts.len()).unwrap_or(u64::MAX);
    let earlier = tried.saturating_sub(shown);
    let earlier = (earlier > 0).then(|| {
        let earlier = counted(earlier, "earlier attempt", "earlier attempts");
        view! { <li class="muted">{format!("{earlier} before that.")}</li> }
    });
    let items = attempts
        .into_iter()
        .map(|attempt| {
            let (tone, word) = if attempt.accepted {
                (Tone::Ok, "Taken")
            } else {
                (Tone::Fail, "Not taken")
            };
            view! {
                <li>
                    <Glyph tone/>
                    <span>
                        <ExactTime moment=attempt.at/>
                        {format!(". {word}: ")}
                        <span class="mail-answer">{attempt.answer}</span>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="mail-attempts">
            <summary id=id>{counted(tried, "attempt", "attempts")} <Icon name=IconName::Down/></summary>
            <ul>{items} {earlier}</ul>
        </details>
    }
    .into_any()
}

/// What the server has said to the test that was just sent.
#[component]
pub(super) fn TestResult(tests: Vec<Delivery>) -> impl IntoView {
    if tests.is_empty() {
        return ().into_any();
    }
    let is = |states: fn(&DeliveryState) -> bool| tests.iter().all(|test| states(&test.state));
    let (tone, title) = if is(|state| matches!(state, DeliveryState::Sent)) {
        (Tone::Ok, "The mail server has taken the test.")
    } else if is(|state| matches!(state, DeliveryState::Filed)) {
        (Tone::Ok, "The test is written to a file.")
    } else if is(|state| matches!(state, DeliveryState::Waiting)) {
        (
            Tone::Live,
            "The mail server has not answered yet. This page shows its answer when it comes.",
        )
    } else {
        (Tone::Fail, "The test was not taken everywhere.")
    };
    let items = tests
        .into_iter()
        .map(|test| {
            let answer = test
                .attempts
                .into_iter()
                .next()
                .map(|attempt| attempt.answer);
            let answer = answer.unwrap_or_else(|| "no answer yet".to_owned());
            view! { <li><b>{test.address}</b> ": " <span class="mail-answer">{answer}</span></li> }
        })
        .collect_view();
    view! {
        <Callout tone announced=true>
            <p><b>{title}</b></p>
            <ul class="stack-tight wrap">{items}</ul>
        </Callout>
    }
    .into_any()
}
