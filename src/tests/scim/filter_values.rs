//! What filters search by follows every change, row by row.

use rhombus_provisioning::server::store::dialect::Dialect;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::entra::{Entra, user};

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Row {
    attribute: String,
    element: i64,
    sub: String,
    value_key: String,
    match_key: String,
}

async fn rows(entra: &Entra<'_>, id: &str) -> Vec<Row> {
    let statement =
        sql("SELECT * FROM user_values WHERE user_id = $1 ORDER BY attribute, element, sub");
    entra.app.rows(statement.bind(id)).await
}

fn emails(count: usize) -> Value {
    (0..count)
        .map(|n| json!({"value": format!("{n}@contoso.com"), "type": format!("t{n}")}))
        .collect()
}

entra_test! {
    async fn a_changed_user_is_found_like_a_new_one_with_the_same_values(entra: Entra) {
        let id = entra.create("ana").await;
        let role = "roles[primary eq \"True\"].value";
        for (op, path, value) in [
            ("Replace", role, json!("admin")),
            ("Replace", role, json!("ADMIN")),
            ("Replace", "title", json!("Boss")),
            ("Replace", "title", json!("boss")),
            ("Add", "emails", emails(3)),
            ("Remove", "emails[type eq \"t1\"]", Value::Null),
            ("Replace", "emails", emails(40)),
            ("Replace", "emails", emails(1)),
            ("Replace", "title", Value::Null),
            ("Add", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", json!("m1")),
            ("Replace", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", json!("m2")),
            ("Remove", "emails", Value::Null),
            ("Remove", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", Value::Null),
            ("Replace", "name.formatted", json!("A. Ruiz")),
        ] {
            let mut operation = json!({"op": op, "path": path});
            if !value.is_null() || op == "Replace" {
                operation["value"] = value;
            }
            let answer = entra.patch(&id, json!([operation])).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let mut same = answer.json();
            same["userName"] = json!("same");
            let same = entra.post(&same).await;
            assert_eq!(same.status, 201, "{}", same.text);
            assert_eq!(rows(&entra, &id).await, rows(&entra, &same.id()).await, "{operation}");
            assert!(!rows(&entra, &id).await.is_empty());
            entra.delete(&same.id()).await;
            assert_eq!(rows(&entra, &same.id()).await, []);
        }
        let put = entra.put(&id, &user("ana")).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let same = entra.create("same").await;
        assert_eq!(rows(&entra, &id).await, rows(&entra, &same).await);
    }

    async fn keys_of_references_from_before_become_exact(entra: Entra) {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let id = entra.create_with("ana", json!({
            "profileUrl": "https://x/Ana", "title": "Boss",
            "photos": [{"value": "https://x/A", "type": "photo"}, {"display": "none"}, {"value": "https://x/a", "type": "Thumbnail"}],
            (enterprise): {"department": "D", "manager": {"value": "M1", "$ref": "https://x/Users/M1"}},
        })).await;
        let exact = rows(&entra, &id).await;
        let lowered = "UPDATE user_values SET value_key = lower(value_key), match_key = lower(match_key) \
                       WHERE user_id = $1 AND attribute <> 'schemas'";
        entra.app.execute(sql(lowered).bind(&id)).await;
        assert_ne!(rows(&entra, &id).await, exact);
        entra.app.execute(sql(match entra.app.app.db.dialect() {
            Dialect::Sqlite => include_str!("../../../migrations/sqlite/0025_exact_references.sql"),
            Dialect::Postgres => include_str!("../../../migrations/postgres/0025_exact_references.sql"),
        })).await;
        assert_eq!(rows(&entra, &id).await, exact);
        assert_eq!(entra.found("photos[type eq \"thumbnail\"].value eq \"https://x/a\"").await, ["ana"]);
    }

    async fn users_from_before_are_found_by_their_schemas(entra: Entra) {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let mut users = Vec::new();
        for (name, more) in [
            ("ana", json!({(enterprise): {"department": "D"}})),
            ("ben", json!({(enterprise): {"manager": {"value": "M"}}, "title": "Boss"})),
            ("eve", json!({"title": format!("\"{enterprise}\":"), "nickName": enterprise})),
            ("kim", json!({(enterprise): {"department": ""}})),
        ] {
            let id = entra.create_with(name, more).await;
            users.push((rows(&entra, &id).await, id));
        }
        let filter = format!("schemas eq \"{enterprise}\"");
        assert_eq!(entra.found(&filter).await, ["ana", "ben"]);
        entra.app.execute(sql("DELETE FROM user_values WHERE attribute = 'schemas'")).await;
        assert_eq!(entra.found(&filter).await, [""; 0]);
        entra.app.execute(sql(match entra.app.app.db.dialect() {
            Dialect::Sqlite => include_str!("../../../migrations/sqlite/0027_schema_markers.sql"),
            Dialect::Postgres => include_str!("../../../migrations/postgres/0027_schema_markers.sql"),
        })).await;
        for (before, id) in users {
            assert_eq!(rows(&entra, &id).await, before);
        }
        assert_eq!(entra.found(&filter).await, ["ana", "ben"]);
    }
}
