//! Whether the affected users' requests would go through today.

use leptos::prelude::*;

use crate::components::badge::LogStatus;
use crate::components::callout::Callout;
use crate::components::icon::Tone;
use crate::components::pager::{counted, number};
use crate::components::table::{Dash, Table};
use crate::model::issue::IssueDryRun;

#[component]
pub(super) fn DryRunView(organization: String, dry_run: IssueDryRun) -> impl IntoView {
    let tried = u64::try_from(dry_run.users.len()).unwrap_or(u64::MAX);
    if tried == 0 {
        return ().into_any();
    }
    let tone = match dry_run.put_right {
        0 => Tone::Fail,
        all if all == tried => Tone::Ok,
        _ => Tone::Warn,
    };
    let verdict = format!(
        "Would now succeed for {} of {}.",
        number(dry_run.put_right),
        counted(tried, "user", "users")
    );
    let rest = (dry_run.affected > tried).then(|| {
        format!(
            " Tried for the first {} of {}.",
            number(tried),
            counted(dry_run.affected, "affected user", "affected users")
        )
    });
    let rows = dry_run
        .users
        .into_iter()
        .map(|user| {
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
                    <td class="soft">{user.text}</td>
                    <td class="nowrap">{entry}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="stack" id="dry-run" aria-labelledby="dry-run-heading">
            <h2 id="dry-run-heading">"Dry-run"</h2>
            <Callout tone>
                <p>
                    <b>{verdict}</b> " The latest request about each of them was tried with today’s data and settings."
                    {rest} " Nothing was stored."
                </p>
            </Callout>
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
        </section>
    }
    .into_any()
}
