//! Every change has history (product, Users).

use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::app::START;

entra_test! {
    async fn every_change_is_a_row_with_old_and_new_values(entra: Entra) {
        let id = entra.create_with("ana", json!({"title": "Dr"})).await;
        entra.app.advance(1_000);
        let rename = entra
            .patch(&id, json!([
                {"op": "replace", "value": {"userName": "Ana2", "name.givenName": "Anna", "title": ""}},
                {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "viewer"},
                {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@x"},
            ]))
            .await;
        rename.is(200);
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        entra.change(&id, "Replace", "active", json!("True")).await.is(200);
        entra.change(&id, "Replace", "userName", json!("")).await.is_error(400, "invalidValue");
        entra.delete(&id).await.is(204);
        let history = entra.history(&id).await;
        let kinds: Vec<(&str, i64)> = history.iter().map(|row| (row.kind.as_str(), row.version)).collect();
        assert_eq!(kinds, [("created", 1), ("updated", 2), ("disabled", 3), ("enabled", 4), ("deleted", 5)]);
        let created = history[0].json();
        for (attribute, new) in [("userName", json!("ana")), ("title", json!("Dr")), ("active", json!(true)),
            ("name.givenName", json!("Ana")), ("roles[primary eq \"True\"].value", json!("admin"))]
        {
            let change = json!({"attribute": attribute, "new": new});
            assert!(created.as_array().unwrap().contains(&change), "{attribute} in {created}");
        }
        assert_eq!(
            history[1].json(),
            json!([
                {"attribute": "userName", "old": "ana", "new": "Ana2"},
                {"attribute": "name.givenName", "old": "Ana", "new": "Anna"},
                {"attribute": "title", "old": "Dr"},
                {"attribute": "emails", "new": [{"value": "a@x", "type": "work"}]},
                {"attribute": "roles[primary eq \"True\"].value", "old": "admin", "new": "viewer"},
            ])
        );
        assert_eq!(history[1].log_id.as_deref(), Some(rename.header("x-request-id")));
        assert_eq!((history[0].changed_at, history[1].changed_at), (START, START + 1_000));
        assert_eq!(history[2].json(), json!([{"attribute": "active", "old": true, "new": false}]));
        for row in &history {
            assert_eq!(row.actor_kind, "token");
            assert!(row.actor_name.contains(&entra.token[..12]), "{}", row.actor_name);
            assert!(!row.actor_name.contains(&entra.token));
        }
    }

    async fn of_a_list_only_what_changed_is_kept(entra: Entra) {
        let mail = |at: usize| json!({"value": format!("{at}@x"), "type": "work"});
        let mails: Vec<Value> = (0..500).map(mail).collect();
        let id = entra.create_with("ana", json!({"emails": mails})).await;
        entra
            .patch(&id, json!([
                {"op": "remove", "path": "emails[value eq \"7@x\"]"},
                {"op": "replace", "path": "emails[value eq \"9@x\"].display", "value": "Nine"},
                {"op": "add", "path": "emails", "value": [mail(500)]},
            ]))
            .await
            .is(200);
        let reversed: Vec<Value> = (0..2).rev().map(mail).collect();
        entra.change(&id, "replace", "emails", json!([mail(0), mail(1)])).await.is(200);
        entra.change(&id, "replace", "emails", json!(reversed)).await.is(200);
        entra.change(&id, "remove", "emails", json!(null)).await.is(200);
        let history = entra.history(&id).await;
        let nine = json!({"value": "9@x", "display": "Nine", "type": "work"});
        assert_eq!(
            history[1].json(),
            json!([{"attribute": "emails", "old": [mail(7), mail(9)], "new": [nine, mail(500)]}])
        );
        assert_eq!(history[2].json()[0].get("new"), None, "nothing came");
        assert_eq!(
            history[3].json(),
            json!([{"attribute": "emails", "old": [mail(0), mail(1)], "new": reversed}]),
            "a new order alone is shown whole"
        );
        assert_eq!(history[4].json(), json!([{"attribute": "emails", "old": reversed}]));
    }

    async fn a_rehire_is_recorded_as_such(entra: Entra) {
        let id = entra.create("ana").await;
        let off = || entra.change(&id, "Replace", "active", json!("False"));
        // The same person back.
        off().await.is(200);
        let back = entra.change(&id, "Replace", "active", json!("True")).await;
        assert_eq!(entra.entry(&back).await.status, "success");
        // A new person in Entra with the old userPrincipalName: found by the filter, reactivated under a new id.
        off().await.is(200);
        assert_eq!(entra.found("userName eq \"ana\"").await, ["ana"]);
        let rehired = entra
            .patch(&id, json!([
                {"op": "Replace", "path": "active", "value": "True"},
                {"op": "Replace", "path": "externalId", "value": "another-person"},
            ]))
            .await;
        assert_eq!(rehired.is(200)["id"], json!(id), "the record and its id stay");
        let entry = entra.entry(&rehired).await;
        assert_eq!(entry.action, "enable");
        assert_eq!(entry.remark_codes(), ["user_rehired"]);
        // A new externalId alone is no rehire.
        let renumbered = entra.change(&id, "Replace", "externalId", json!("third")).await;
        assert_eq!(entra.entry(&renumbered).await.action, "update");
        let kinds: Vec<String> = entra.history(&id).await.into_iter().map(|row| row.kind).collect();
        assert_eq!(kinds, ["created", "disabled", "enabled", "disabled", "rehired", "updated"]);
    }

    async fn a_role_state_that_nobody_wrote_is_not_written_over(entra: Entra) {
        let id = entra.create("ana").await;
        entra.app.execute(sql("UPDATE users SET role_state = 'lost' WHERE id = $1").bind(&id)).await;
        let failed = entra.change(&id, "Replace", "title", json!("Dr")).await;
        assert!(failed.status >= 500, "{}", failed.text);
        let stored: Vec<(String, i64)> = entra.app.rows(sql("SELECT role_state, version FROM users")).await;
        assert_eq!(stored, [("lost".to_owned(), 1)]);
    }

    async fn times_grow_with_versions_whoever_was_first(entra: Entra) {
        let id = entra.create("ana").await;
        // As another replica leaves it, whose clock is ahead or which got the user's row first.
        let ahead = sql("UPDATE users SET version = 2, updated_at = $1 WHERE id = $2");
        entra.app.execute(ahead.bind(START + 5_000).bind(&id)).await;
        entra.app.advance(1_000);
        let changed = entra.change(&id, "Replace", "title", json!("Dr")).await.is(200);
        assert_eq!(changed["meta"]["lastModified"], "2026-11-23T09:00:05.001Z");
        let off = entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        assert_eq!(off["meta"]["lastModified"], "2026-11-23T09:00:05.002Z");
        entra.delete(&id).await.is(204);
        let times: Vec<i64> = entra.history(&id).await.iter().map(|row| row.changed_at).collect();
        assert_eq!(times, [START, START + 5_001, START + 5_002, START + 5_003]);
    }
}
