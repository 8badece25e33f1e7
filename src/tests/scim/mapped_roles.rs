//! What becomes of stored users when their role values come to mean another role of the catalogue (product, Users).

use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::entra::{Entra, user};

const ROLE: &str = "roles[primary eq \"True\"].value";

fn role(value: &str) -> Value {
    json!([{"value": value, "primary": true}])
}

/// The state of a user's role, and the value of the catalogue's role that decides.
async fn decided(entra: &Entra<'_>, id: &str) -> (String, String) {
    let statement = sql(
        "SELECT u.role_state, r.value FROM users u JOIN roles r ON r.id = u.role_id WHERE u.id = $1",
    );
    let rows: Vec<(String, String)> = entra.app.rows(statement.bind(id)).await;
    rows.into_iter().next().unwrap()
}

fn is(state: &str, role: &str) -> (String, String) {
    (state.to_owned(), role.to_owned())
}

entra_test! {
    async fn a_request_that_names_the_same_roles_decides_them_anew(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        let ben = entra.create_with("ben", json!({"roles": role("Boss")})).await;
        // Beside the service, so that nobody follows by itself.
        entra.app.execute(
            sql("INSERT INTO role_values (organization_id, value_key, value, role_id) \
                 SELECT organization_id, 'boss', 'Boss', id FROM roles WHERE organization_id = $1 AND value = 'super_admin'")
                .bind(&entra.organization_id),
        ).await;
        entra.change(&ana, "Replace", "title", json!("Dr")).await.is(200);
        assert_eq!(decided(&entra, &ana).await, is("defaulted", "viewer"), "no role was named");

        let patched = entra.change(&ana, "Add", ROLE, json!("Boss")).await;
        patched.is(200);
        assert_eq!(patched.header("etag"), "W/\"3\"");
        assert_eq!(decided(&entra, &ana).await, is("known", "super_admin"));
        let mut body = user("ben");
        body["roles"] = role("Boss");
        let replaced = entra.put(&ben, &body).await;
        assert_eq!((replaced.status, replaced.header("etag")), (200, "W/\"2\""));
        assert_eq!(decided(&entra, &ben).await, is("known", "super_admin"));

        for (id, answer) in [(&ana, &patched), (&ben, &replaced)] {
            let entry = entra.entry(answer).await;
            assert_eq!((entry.action.as_str(), entry.status.as_str()), ("update", "success"));
            let history = entra.history(id).await;
            let last = history.last().unwrap();
            assert_eq!(last.json(), json!([{"attribute": "role", "old": "Viewer (default)", "new": "Super admin"}]));
            assert_eq!(last.log_id.as_deref(), Some(answer.header("x-request-id")));
        }
        let again = entra.change(&ana, "Add", ROLE, json!("Boss")).await;
        assert_eq!(entra.entry(&again).await.status, "skipped");
        let again = entra.put(&ben, &body).await;
        assert_eq!(entra.entry(&again).await.status, "skipped");
    }
}
