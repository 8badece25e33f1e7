//! What the list of logs is narrowed to, in words.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::person::{account, cookie, open};
use crate::db_test;
use crate::support::app::TestApp;
use crate::support::entra::user;

db_test! {
    async fn filters_are_named_by_what_they_mean(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let id = entra.post(&user("ana")).await.id();
        app.entra("fabrikam").await.post(&user("omar")).await.is(201);
        let vera = account(&app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let cookie = cookie(&app, &vera).await;
        let page = async |query: &str| {
            let answer = open(&app, &cookie, &format!("/organizations/contoso/logs?{query}")).await;
            assert_eq!(answer.status, 200, "{query}");
            answer.text
        };
        let cycle = async |slug: &str| {
            let found: Vec<(String,)> = app
                .rows(
                    sql("SELECT l.cycle_id FROM provisioning_logs l JOIN organizations o ON o.id = l.organization_id \
                         WHERE o.slug = $1 AND l.action = 'create'")
                    .bind(slug),
                )
                .await;
            found[0].0.clone()
        };
        let of_user = page(&format!("user={id}")).await;
        assert!(of_user.contains("Remove filter User: Ana Ruiz\""), "{of_user}");
        let of_cycle = page(&format!("cycle={}", cycle("contoso").await)).await;
        assert!(of_cycle.contains("Remove filter Cycle: 23 Nov 2026, 09:00:00 UTC\""), "{of_cycle}");
        // What another organization has is not named here.
        let foreign = cycle("fabrikam").await;
        assert!(page(&format!("cycle={foreign}")).await.contains(&format!("Remove filter Cycle: {foreign}\"")));
        assert!(page("user=nobody").await.contains("Remove filter User: nobody\""));

        entra.create_with("ben", json!({"favouriteColour": "blue"})).await;
        app.flush().await;
        let issue: Vec<(String,)> = app.rows(sql("SELECT id FROM issues WHERE attribute = 'favouriteColour'")).await;
        let of_issue = page(&format!("issue={}", issue[0].0)).await;
        assert!(of_issue.contains("Remove filter Issue: favouriteColour was left out\""), "{of_issue}");
        assert!(page("issue=nobody").await.contains("Remove filter Issue: nobody\""));

        let known = page("reason=user_name_taken").await;
        assert!(known.contains("<option value=\"user_name_taken\" selected>"), "{known}");
        assert!(known.contains("Remove filter Reason: ") && !known.contains("Reason: user_name_taken"));
        let other = page("reason=long_gone").await;
        assert!(other.contains("<option value=\"long_gone\" selected>long_gone"), "{other}");
        entra.delete(&id).await;
        assert!(page(&format!("user={id}")).await.contains("Remove filter User: Ana Ruiz\""));
    }
}
