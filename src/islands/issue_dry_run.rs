//! Whether the affected users' requests would go through today. The server draws a part of them; where there are more,
//! the browser goes on with the next ones, or a link leads there.

mod rest;
mod verdict;

use leptos::prelude::*;

use self::rest::Rest;
pub use self::verdict::Verdict;
use crate::components::badge::LogStatus;
use crate::components::callout::Callout;
use crate::components::icon::Tone;
use crate::components::table::{Dash, Table};
use crate::model::issue_dry_run::{DryRunTally, IssueDryRun, UserDryRun};
use crate::model::page::number;

/// `next` is the address of the next part, if there is one.
#[component]
pub fn DryRunView(
    slug: String,
    id: String,
    dry_run: IssueDryRun,
    next: Option<String>,
) -> impl IntoView {
    let body = match next {
        Some(next) => view! { <Rest slug id first=dry_run next/> }.into_any(),
        None if dry_run.tally.tried > 0 => {
            let tally = dry_run.tally;
            let organization = format!("/organizations/{slug}");
            view! {
                {ended(tally)}
                <Tried organization users=dry_run.users tally/>
            }
            .into_any()
        }
        // Everybody has succeeded since, or is gone.
        None if dry_run.tally.affected > 0 => view! {
            <Callout tone=Tone::Skip>
                <p>"No affected users are left in this part."</p>
            </Callout>
        }
        .into_any(),
        None => return ().into_any(),
    };
    view! {
        <section class="stack" id="dry-run" aria-labelledby="dry-run-heading">
            <h2 id="dry-run-heading" tabindex="-1">"Dry-run"</h2>
            {body}
        </section>
    }
    .into_any()
}

fn tone(tally: DryRunTally) -> Tone {
    match tally.put_right {
        0 => Tone::Fail,
        all if all == tally.tried => Tone::Ok,
        _ => Tone::Warn,
    }
}

/// What it came to.
fn ended(tally: DryRunTally) -> impl IntoView {
    view! { <Callout tone=tone(tally)>{verdict_text(tally)}</Callout> }
}

fn verdict_text(tally: DryRunTally) -> impl IntoView {
    view! {
        <p>
            <b>{tally.verdict()} "."</b>
            " The latest request about each of them was tried with today’s data and settings. Nothing was stored."
        </p>
    }
}

/// Whom it was tried for, and why it would still fail.
#[component]
fn Tried(
    organization: String,
    #[prop(into)] users: Signal<Vec<UserDryRun>>,
    #[prop(into)] tally: Signal<DryRunTally>,
) -> impl IntoView {
    let rows = move || {
        let users = users.get().into_iter();
        users.map(|user| row(&organization, user)).collect_view()
    };
    let left_out = move || {
        let tried = tally.get().tried;
        let shown = users.with(|users| u64::try_from(users.len()).unwrap_or(u64::MAX));
        (tried > shown).then(|| {
            let text = format!(
                "{} of the {} users tried are shown, those who would still fail first.",
                number(shown),
                number(tried)
            );
            view! { <p class="small muted">{text}</p> }
        })
    };
    view! {
        <Table caption="What the affected users’ requests would come to today">
            <thead>
                <tr>
                    <th scope="col">"User"</th>
                    <th scope="col">"Today"</th>
                    <th scope="col">"Why"</th>
                    <th scope="col"><span class="visually-hidden">"Log entry"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        {left_out}
    }
}

fn row(organization: &str, user: UserDryRun) -> impl IntoView + use<> {
    let status = match user.status {
        Some(status) => view! { <LogStatus status/> }.into_any(),
        None => view! { <Dash/> }.into_any(),
    };
    let entry = user.log_id.map(|id| {
        let href = format!("{organization}/logs/{id}");
        view! { <a class="small" href=href>"Log entry"</a> }
    });
    view! {
        <tr>
            <td class="col-person"><b>{user.name}</b> <small>{user.user_name}</small></td>
            <td class="at-end">{status}</td>
            <td class="soft table-reason">{user.text}</td>
            <td class="nowrap">{entry}</td>
        </tr>
    }
}
