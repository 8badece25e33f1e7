//! The audit log as people read and export it.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::audit::{AuditFilter, AuditRow};
use rhombus_provisioning::model::page::Page;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::services::{audit_search, organizations};

use super::sessions::sign_in;
use super::{account, allowed, app_on, organization};
use crate::db_test;
use crate::support::app::{Answer, TestApp};

async fn switch_often(app: &App, slug: &str, times: usize) {
    let may = allowed(app, Permission::PauseProvisioning, slug).await;
    for _ in 0..times {
        organizations::pause(app, &may).await.unwrap();
        organizations::resume(app, &may).await.unwrap();
    }
}

async fn list(app: &App, slug: &str, filter: AuditFilter) -> Page<AuditRow> {
    let may = allowed(app, Permission::ReadAudit, slug).await;
    audit_search::list(app, &may, &filter).await.unwrap().page
}

fn action(name: &str) -> AuditFilter {
    AuditFilter {
        action: Some(name.to_owned()),
        ..AuditFilter::default()
    }
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path)
        .header("accept", "text/html")
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap();
    app.send(request).await
}

db_test! {
    async fn the_list_pages_both_ways_within_its_filter(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        organization(&app, "fabrikam").await;
        switch_often(&app, "contoso", 60).await;
        let first = list(&app, "contoso", action("organization.pause")).await;
        assert_eq!((first.items.len(), first.previous.clone()), (50, None));
        let older = AuditFilter { cursor: first.next.clone(), ..action("organization.pause") };
        let second = list(&app, "contoso", older).await;
        assert_eq!((second.items.len(), second.next.clone()), (10, None));
        let newer = AuditFilter { cursor: second.previous, newer: true, ..action("organization.pause") };
        assert_eq!(list(&app, "contoso", newer).await.items, first.items);

        let change = &first.items[0].changes[0];
        assert_eq!((change.old.as_deref(), change.new.as_deref()), (Some("on"), Some("paused")));
        let by = AuditFilter { actor: Some("command_line:".to_owned()), within: Some("1h".to_owned()), ..action("organization.create") };
        assert_eq!(list(&app, "contoso", by).await.items.len(), 1, "nothing of another organization");
        let nobody = AuditFilter { actor: Some("account:nobody".to_owned()), ..AuditFilter::default() };
        assert!(list(&app, "contoso", nobody).await.items.is_empty());
    }

    async fn only_support_reads_all_of_it(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        organization(&app, "fabrikam").await;
        let all = Allowed::command_line(Permission::ReadAllAudit, None);
        let page = audit_search::list(&app, &all, &AuditFilter::default()).await.unwrap().page;
        let mut slugs: Vec<_> = page.items.into_iter().filter_map(|row| row.organization).map(|link| link.slug).collect();
        slugs.sort();
        assert_eq!(slugs, ["contoso", "fabrikam"]);
        for role in [AccountRole::Admin, AccountRole::Viewer] {
            assert!(!Permission::ReadAllAudit.granted_to(role));
        }
        let other = allowed(&app, Permission::ReadUsers, "contoso").await;
        let refused = audit_search::list(&app, &other, &AuditFilter::default()).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden)), "{refused:?}");
    }

    async fn an_export_has_the_whole_filtered_set_and_is_an_entry(db: TestDb) {
        let app = TestApp::new(db).await;
        organization(&app.app, "contoso").await;
        account(&app.app, "vi@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        switch_often(&app.app, "contoso", 600).await;
        let cookie = sign_in(&app, "vi@contoso.com").await;

        let csv = get(&app, "/organizations/contoso/audit/export?format=csv&action=organization.pause", &cookie).await;
        assert_eq!(csv.status, 200, "{}", csv.text);
        assert!(csv.header("content-type").starts_with("text/csv"));
        assert!(csv.header("content-disposition").contains("audit-contoso.csv"));
        assert_eq!(csv.text.lines().count(), 601, "head and every entry");
        assert!(csv.text.starts_with("time,organization,"));

        let ndjson = get(&app, "/organizations/contoso/audit/export?format=ndjson&action=audit.export", &cookie).await;
        let entries: Vec<serde_json::Value> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(entries.len(), 2, "both exports");
        assert!(entries.iter().any(|entry| entry["after"]["action"] == "organization.pause"), "{entries:?}");

        let all = get(&app, "/audit/export?format=csv", &cookie).await;
        assert_eq!(all.status, 403);
        let page = get(&app, "/organizations/contoso/audit?action=organization.pause", &cookie).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Paused provisioning of"), "{}", page.text);
        assert!(page.text.contains("600 entries. Entries are kept for 730 days."), "{}", page.text);
        assert_eq!(get(&app, "/organizations/contoso/audit", "").await.status, 302);

        // The chip of an actor names it, on a page without entries, too.
        let page = get(&app, "/organizations/contoso/audit?actor=command_line%3A", &cookie).await;
        assert!(page.text.contains("<span class=\"visually-hidden\">none</span>"), "no address: {}", page.text);
        for more in ["", "&action=token.revoke"] {
            let page = get(&app, &format!("/organizations/contoso/audit?actor=command_line%3A{more}"), &cookie).await;
            assert!(page.text.contains("Remove filter By: Command line\""), "{}", page.text);
        }
        let page = get(&app, "/organizations/contoso/audit?actor=account%3Anobody", &cookie).await;
        assert!(page.text.contains("Remove filter By: someone unknown\""), "{}", page.text);
        assert_eq!(page.text.matches(">Clear filters<").count(), 2, "where there is nothing, too: {}", page.text);
    }
}
