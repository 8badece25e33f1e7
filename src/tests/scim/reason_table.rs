//! The table of reason codes: each is caused through the SCIM endpoint, as a customer's Entra (or a stray program) would
//! cause it. `cause` has an arm for every reason, so that a new one without its cause does not compile; what the table
//! shows is kept in `snapshots/reasons.snap`.

mod causes;

use std::fmt::Write;

use rhombus_provisioning::model::issue::IssueFilter;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::scim::reason::{Concern, Reason};
use rhombus_provisioning::server::services::issues;
use rhombus_provisioning::server::store::sql::sql;

use self::causes::{NotFromOutside, cause};
use crate::support::app::TestApp;
use crate::support::db::TestDb;
use crate::support::entra::Entra;

/// Whether the endpoint has given the reason, as the counters have it: entries that are only counted are among them.
async fn is_given(entra: &Entra<'_>, reason: Reason) -> bool {
    entra.app.flush().await;
    let counted = sql(
        "SELECT entries FROM provisioning_log_hours WHERE organization_id IN ($1, '') AND reason = $2",
    );
    let rows: Vec<(i64,)> = entra
        .app
        .rows(counted.bind(&entra.organization_id).bind(reason.code()))
        .await;
    !rows.is_empty()
}

/// The title as the customer sees it: the issue's, where it is one.
async fn title(entra: &Entra<'_>, reason: Reason) -> String {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: entra.slug.clone(),
    };
    let allowed = Allowed::command_line(Permission::ReadIssues, Some(organization));
    let filter = IssueFilter {
        reason: Some(reason.code().to_owned()),
        ..IssueFilter::default()
    };
    let page = issues::list(&entra.app.app, &allowed, &filter)
        .await
        .unwrap();
    let wanted = reason.concern() != Concern::Never;
    let mut titles: Vec<String> = page.items.into_iter().map(|row| row.title).collect();
    // Never two of one cause: which of them came first would be chance, by their ids.
    assert_eq!(
        titles.len(),
        usize::from(wanted),
        "{} is one issue or none: {titles:?}",
        reason.code()
    );
    let title = titles.pop();
    title.unwrap_or_else(|| reason.explanation().title.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reason_is_given_by_its_cause() {
    let app = TestApp::new(TestDb::sqlite().await).await;
    let mut table = String::new();
    let mut not_given = Vec::new();
    for (number, reason) in Reason::ALL.iter().enumerate() {
        let entra = app.entra(&format!("customer-{number}")).await;
        let status = reason.explanation().status;
        let code = reason.code();
        match cause(&entra, *reason).await {
            Ok(request) if is_given(&entra, *reason).await => {
                let title = title(&entra, *reason).await;
                let _ = writeln!(table, "{code} | {status} | {title} | {request}");
            }
            Ok(request) => not_given.push(format!("{code} by {request}")),
            Err(NotFromOutside(why)) => {
                let title = reason.explanation().title;
                let _ = writeln!(
                    table,
                    "{code} | {status} | {title} | not from outside: {why}"
                );
            }
        }
    }
    assert!(not_given.is_empty(), "{not_given:#?}");
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("reasons", table);
    });
}
