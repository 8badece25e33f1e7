//! Blocking a provisioned person and erasing one that Entra has deleted, through the forms of the dashboard.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::take_over::Decision;
use rhombus_provisioning::model::user::UserDetail;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::clock::DAY;
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::jobs::retention;
use rhombus_provisioning::server::services::{take_overs, user_access, user_directory};
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::sessions::{post, sign_in};
use super::{account, actions, allowed, audited};
use crate::db_test;
use crate::support::app::{Answer, TestApp};
use crate::support::entra::user;

const ADMIN: &str = "dana@contoso.example";

async fn detail(app: &TestApp, id: &str) -> Result<UserDetail, ServiceError> {
    let allowed = allowed(&app.app, Permission::ReadUsers, "contoso").await;
    user_directory::detail(&app.app, &allowed, id).await
}

async fn page(app: &TestApp, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path).header("cookie", cookie);
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Whether the dialog of an answer has a link to the page behind it, with the focus on it.
fn leads_back(answer: &Answer, path: &str) -> bool {
    let before = answer.text.split_once("Back to the user");
    let link = before.and_then(|(before, _)| before.rsplit_once("<a "));
    link.is_some_and(|(_, link)| {
        link.contains(&format!("href=\"{path}\"")) && link.contains("autofocus")
    })
}

async fn admin(app: &TestApp) -> String {
    account(&app.app, ADMIN, AccountRole::Admin, Some("contoso")).await;
    sign_in(app, ADMIN).await
}

db_test! {
    async fn a_block_stands_beside_active_until_it_is_lifted(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let id = entra.create("ana@contoso.example").await;
        let before = entra.user(&id).await;
        let cookie = admin(&app).await;
        let path = format!("/organizations/contoso/users/{id}");

        let empty = post(&app, &format!("{path}/block"), &cookie, "reason=+").await;
        assert_eq!(empty.status, 422);
        assert!(empty.text.contains("Say why, so that the next administrator"), "{}", empty.text);
        let blocked = post(&app, &format!("{path}/block"), &cookie, "reason=Lost+laptop").await;
        assert_eq!((blocked.status, blocked.header("location")), (303, path.as_str()));
        let again = post(&app, &format!("{path}/block"), &cookie, "reason=Twice").await;
        assert_eq!(again.status, 409);
        assert!(again.text.contains("This user is blocked already"));
        assert!(leads_back(&again, &path), "{}", again.text);

        let block = detail(&app, &id).await.unwrap().block.unwrap();
        assert_eq!((block.by.as_str(), block.reason.as_str()), ("dana", "Lost laptop"));
        let shown = page(&app, &path, &cookie).await;
        assert!(shown.text.contains("Lost laptop") && shown.text.contains("Lift the block"));
        assert_eq!(entra.user(&id).await, before, "SCIM does not know of it");
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        entra.change(&id, "Replace", "active", json!("True")).await.is(200);
        assert!(detail(&app, &id).await.unwrap().block.is_some(), "whatever Entra sends");

        let lifted = post(&app, &format!("{path}/unblock"), &cookie, "").await;
        assert_eq!(lifted.status, 303);
        assert!(detail(&app, &id).await.unwrap().block.is_none());
        let late = page(&app, &format!("{path}/unblock"), &cookie).await;
        assert!(late.status == 409 && leads_back(&late, &path), "{}", late.text);
        let kinds: Vec<String> = entra.history(&id).await.into_iter().map(|row| row.kind).collect();
        for kind in ["created", "blocked", "disabled", "enabled", "unblocked"] {
            assert!(kinds.iter().any(|found| found == kind), "{kind} in {kinds:?}");
        }
        let acts = actions(&app.app).await;
        assert!(acts.contains(&"user.block".to_owned()) && acts.contains(&"user.unblock".to_owned()));
    }

    async fn a_block_outlasts_a_deletion(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let cookie = admin(&app).await;
        let block = async |id: &str| {
            let path = format!("/organizations/contoso/users/{id}/block");
            assert_eq!(post(&app, &path, &cookie, "reason=Left+in+anger").await.status, 303);
        };
        let first = entra.create_with("ana", json!({"externalId": "object-1"})).await;
        block(&first).await;
        entra.delete(&first).await.is(204);
        let tombstone = detail(&app, &first).await.unwrap();
        assert!(tombstone.deleted.is_some() && tombstone.block.is_some());
        let renamed = entra.create_with("ana.ruiz", json!({"externalId": "object-1"})).await;
        assert_eq!(detail(&app, &renamed).await.unwrap().block.unwrap().reason, "Left in anger");
        let other = entra.create("tom").await;
        assert!(detail(&app, &other).await.unwrap().block.is_none());

        let path = format!("/organizations/contoso/users/{renamed}/unblock");
        assert_eq!(post(&app, &path, &cookie, "").await.status, 303);
        entra.delete(&renamed).await.is(204);
        let third = entra.create_with("ana", json!({"externalId": "object-1"})).await;
        assert!(detail(&app, &third).await.unwrap().block.is_none(), "lifted is lifted");
    }

    async fn a_block_outlasts_a_rename_to_the_blocked_name(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let may = allowed(&app.app, Permission::BlockUsers, "contoso").await;
        for name in ["ana", "eve"] {
            let gone = entra.create(name).await;
            user_access::block(&app.app, &may, &gone, "Left in anger").await.unwrap();
            entra.delete(&gone).await.is(204);
        }
        let ben = entra.create("ben").await;
        let cyd = entra.create("cyd").await;
        let reason = async |id: &str| detail(&app, id).await.unwrap().block.map(|block| block.reason);
        for name in ["benjamin", "BENJAMIN"] {
            entra.change(&ben, "Replace", "userName", json!(name)).await.is(200);
            assert_eq!(reason(&ben).await, None, "nobody of that name was blocked");
        }
        let patched = entra.change(&ben, "Replace", "userName", json!("ANA")).await;
        assert_eq!(patched.is(200)["userName"], json!("ANA"));
        assert_eq!(entra.entry(&patched).await.status, "success", "SCIM does not know of it");
        let mut body = user("eve");
        body["externalId"] = json!("ext-cyd");
        entra.put(&cyd, &body).await.is(200);
        for id in [&ben, &cyd] {
            assert_eq!(reason(id).await.as_deref(), Some("Left in anger"));
        }

        user_access::unblock(&app.app, &may, &ben).await.unwrap();
        for name in ["ben", "ana"] {
            entra.change(&ben, "Replace", "userName", json!(name)).await.is(200);
        }
        assert_eq!(reason(&ben).await, None, "lifted is lifted");
    }

    async fn a_block_outlasts_a_change_to_the_blocked_external_id(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let may = allowed(&app.app, Permission::BlockUsers, "contoso").await;
        let may_erase = allowed(&app.app, Permission::EraseUsers, "contoso").await;
        for name in ["ana", "eve"] {
            let gone = entra.create(name).await;
            user_access::block(&app.app, &may, &gone, "Left in anger").await.unwrap();
            entra.delete(&gone).await.is(204);
            if name == "eve" {
                user_access::erase(&app.app, &may_erase, &gone, "eve").await.unwrap();
            }
        }
        let ben = entra.create("ben").await;
        let cyd = entra.create("cyd").await;
        let reason = async |id: &str| detail(&app, id).await.unwrap().block.map(|block| block.reason);
        for external_id in ["object-2", "EXT-ANA"] {
            entra.change(&ben, "Replace", "externalId", json!(external_id)).await.is(200);
            assert_eq!(reason(&ben).await, None, "nobody of that externalId was blocked, which has a case");
        }
        entra.patch(&ben, json!([{"op": "Remove", "path": "externalId"}])).await.is(200);
        assert_eq!(reason(&ben).await, None, "nobody comes back");
        let patched = entra.change(&ben, "Replace", "externalId", json!("ext-ana")).await;
        assert_eq!(patched.is(200)["externalId"], json!("ext-ana"));
        assert_eq!(entra.entry(&patched).await.status, "success", "SCIM does not know of it");
        assert_eq!(reason(&ben).await.as_deref(), Some("Left in anger"));
        // Of an erased user, too.
        let mut body = user("cyd");
        body["externalId"] = json!("ext-eve");
        entra.put(&cyd, &body).await.is(200);
        assert_eq!(reason(&cyd).await.as_deref(), Some("The user was erased, and the block stays."));

        user_access::unblock(&app.app, &may, &ben).await.unwrap();
        for external_id in ["ext-ben", "ext-ana"] {
            entra.change(&ben, "Replace", "externalId", json!(external_id)).await.is(200);
        }
        assert_eq!(reason(&ben).await, None, "lifted is lifted");
    }

    async fn a_block_outlasts_a_holder_who_gives_the_name_up(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let ana = entra.create("ana").await;
        entra.change(&ana, "Replace", "active", json!("False")).await.is(200);
        let may = allowed(&app.app, Permission::BlockUsers, "contoso").await;
        user_access::block(&app.app, &may, &ana, "Left in anger").await.unwrap();
        let may = allowed(&app.app, Permission::DecideTakeOvers, "contoso").await;
        take_overs::decide(&app.app, &may, &ana, "ana", Decision::Allowed).await.unwrap();
        let ben = entra.create("ben").await;
        entra.change(&ben, "Replace", "userName", json!("ana")).await.is(200);
        assert!(detail(&app, &ana).await.unwrap().deleted.is_some());
        assert_eq!(detail(&app, &ben).await.unwrap().block.unwrap().reason, "Left in anger");
    }

    async fn only_an_admin_lifts_what_outlasts_tombstone_and_erasure(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let may = allowed(&app.app, Permission::BlockUsers, "contoso").await;
        let mut ids = Vec::new();
        for name in ["ana", "ben.quill"] {
            let id = entra.create(name).await;
            user_access::block(&app.app, &may, &id, "Ben Quill left in anger").await.unwrap();
            entra.delete(&id).await.is(204);
            ids.push(id);
        }
        let may_erase = allowed(&app.app, Permission::EraseUsers, "contoso").await;
        user_access::erase(&app.app, &may_erase, &ids[1], "ben.quill").await.unwrap();
        let kept = sql("SELECT user_name_key, external_id, blocked_reason FROM kept_blocks WHERE user_id = $1");
        let kept: Vec<(String, Option<String>, Option<String>)> = app.rows(kept.bind(&ids[1])).await;
        assert_eq!(kept.len(), 1);
        assert!(!format!("{kept:?}").to_lowercase().contains("quill"), "{kept:?}");
        app.advance(91 * DAY);
        retention::run_once(&app.app).await.unwrap();
        for id in &ids {
            assert!(matches!(detail(&app, id).await, Err(ServiceError::NotFound { .. })));
        }

        // By the name alone, and by the externalId alone.
        let ana = entra.create_with("ANA", json!({"externalId": "another"})).await;
        assert_eq!(detail(&app, &ana).await.unwrap().block.unwrap().reason, "Ben Quill left in anger");
        let ben = entra.create_with("benjamin", json!({"externalId": "ext-ben.quill"})).await;
        assert_eq!(detail(&app, &ben).await.unwrap().block.unwrap().reason, "The user was erased, and the block stays.");
        let elsewhere = app.entra("fabrikam").await;
        elsewhere.create("ana").await;
        let blocked: Vec<(i64,)> = app.rows(sql("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL")).await;
        assert_eq!(blocked, [(2,)]);

        for id in [&ana, &ben] {
            user_access::unblock(&app.app, &may, id).await.unwrap();
            entra.delete(id).await.is(204);
        }
        for name in ["ana", "ben.quill"] {
            let again = entra.create_with(name, json!({"externalId": "ext-ben.quill"})).await;
            assert!(detail(&app, &again).await.unwrap().block.is_none(), "lifted is lifted");
            entra.delete(&again).await.is(204);
        }
    }

    async fn only_an_admin_blocks_and_erases(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let id = entra.create("ana").await;
        account(&app.app, "vic@contoso.example", AccountRole::Viewer, Some("contoso")).await;
        account(&app.app, "sam@rhombus.example", AccountRole::Support, None).await;
        for email in ["vic@contoso.example", "sam@rhombus.example"] {
            let cookie = sign_in(&app, email).await;
            let path = format!("/organizations/contoso/users/{id}");
            assert!(!page(&app, &path, &cookie).await.text.contains("Block user"));
            assert_eq!(page(&app, &format!("{path}/block"), &cookie).await.status, 403);
            for (act, form) in [("block", "reason=x"), ("unblock", ""), ("erase", "user_name=ana")] {
                let answer = post(&app, &format!("{path}/{act}"), &cookie, form).await;
                assert_eq!(answer.status, 403, "{email} {act}");
            }
        }
        assert!(detail(&app, &id).await.unwrap().block.is_none());
    }

    async fn erasing_leaves_the_id_and_no_names(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let more = json!({"externalId": "object-1", "displayName": "Zoe Quill"});
        assert_eq!(entra.found("userName eq \"zoe.quill\"").await.len(), 0);
        let id = entra.create_with("zoe.quill", more).await;
        let other = entra.create("tom").await;
        entra.found("userName eq \"zoe.quill\"").await;
        entra.get("/Users").await.is(200);
        assert_eq!(entra.found("active eq true").await.len(), 2);
        entra.change(&id, "Replace", "roles[primary eq \"True\"].value", json!("unheard of")).await.is_error(400, "invalidValue");
        let cookie = admin(&app).await;
        let path = format!("/organizations/contoso/users/{id}");
        assert_eq!(post(&app, &format!("{path}/erase"), &cookie, "user_name=zoe.quill").await.status, 409);
        post(&app, &format!("{path}/block"), &cookie, "reason=Zoe+must+not").await;
        let may = allowed(&app.app, Permission::DecideTakeOvers, "contoso").await;
        take_overs::decide(&app.app, &may, &id, "zoe.quill", Decision::Kept).await.unwrap();
        let export = "/organizations/contoso/logs/export.csv?q=zoe.quill&action=create";
        assert_eq!(page(&app, export, &cookie).await.status, 200);
        entra.delete(&id).await.is(204);

        let wrong = post(&app, &format!("{path}/erase"), &cookie, "user_name=zoe").await;
        assert_eq!(wrong.status, 422);
        assert!(detail(&app, &id).await.is_ok());
        let erased = post(&app, &format!("{path}/erase"), &cookie, "user_name=Zoe.Quill").await;
        assert_eq!((erased.status, erased.header("location")), (303, "/organizations/contoso/users?state=deleted"));

        assert!(matches!(detail(&app, &id).await, Err(ServiceError::NotFound { .. })));
        assert!(entra.history(&id).await.is_empty());
        app.flush().await;
        let log = entra.log().await;
        assert!(log.iter().any(|entry| entry.user_id.as_deref() == Some(id.as_str())), "the log keeps the id");
        for entry in &log {
            let text = format!("{entry:?}").to_lowercase();
            assert!(!text.contains("quill") && !text.contains("object-1"), "{text}");
        }
        assert!(log.iter().any(|entry| entry.user_name.as_deref() == Some("tom")), "others stay");
        assert!(entra.user(&other).await.is_object());
        let bodies: Vec<(Option<String>, Option<String>, Option<String>)> = app
            .rows(sql("SELECT query, request_body, response_body FROM provisioning_log_payloads"))
            .await;
        assert!(!bodies.is_empty());
        assert!(!format!("{bodies:?}").to_lowercase().contains("quill"), "{bodies:?}");
        let audit = audited(&app.app).await;
        assert!(audit.iter().any(|entry| entry.action == "user.erase" && entry.target_id == id));
        for action in ["user.keep_apart", "log.export"] {
            assert!(audit.iter().any(|entry| entry.action == action), "{action}");
        }
        let audit = format!("{audit:?}").to_lowercase();
        assert!(!audit.contains("quill") && !audit.contains("must not"), "{audit}");
    }

    async fn erasing_goes_through_a_log_of_many_stretches(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let id = entra.create("zoe.quill").await;
        app.advance(1_000);
        let other = entra.post(&user("tom")).await;
        app.flush().await;
        let copies = sql(
            "INSERT INTO provisioning_logs (id, organization_id, occurred_at, cycle_id, action, status, is_lookup, method, \
             path, http_status, user_id, user_name, user_name_key, label, label_key, address, duration_us, steps) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100) \
             SELECT id || '-' || i, organization_id, occurred_at, cycle_id, action, status, is_lookup, method, path, \
             http_status, user_id, user_name, user_name_key, label, label_key, address, duration_us, steps \
             FROM provisioning_logs, n WHERE id = $1",
        );
        app.execute(copies.bind(other.header("x-request-id"))).await;
        app.advance(1_000);
        entra.change(&id, "Replace", "displayName", json!("Zoe Quill")).await.is(200);
        entra.delete(&id).await.is(204);
        let may = allowed(&app.app, Permission::EraseUsers, "contoso").await;
        user_access::erase(&app.app, &may, &id, "zoe.quill").await.unwrap();

        let count = async |test: &'static str| {
            let mut connection = app.app.db.read().await.unwrap();
            connection.fetch_count(sql(test).bind(&id)).await.unwrap()
        };
        let named = "SELECT count(*) FROM provisioning_logs WHERE user_id = $1 AND (user_name IS NOT NULL OR label IS NOT NULL)";
        assert_eq!(count(named).await, 0);
        assert!(count("SELECT count(*) FROM provisioning_logs WHERE user_id = $1").await >= 3);
        let others = "SELECT count(*) FROM provisioning_logs WHERE user_id <> $1 AND user_name = 'tom'";
        assert_eq!(count(others).await, 20_101);
    }

    async fn erasing_goes_on_when_nobody_waits_for_it(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let id = entra.create("zoe").await;
        entra.delete(&id).await.is(204);
        let may = allowed(&app.app, Permission::EraseUsers, "contoso").await;
        // Begun, and left at once.
        assert!(user_access::erase(&app.app, &may, &id, "zoe").now_or_never().is_none());
        for _ in 0..1_000 {
            if detail(&app, &id).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the user is still there");
    }

    async fn erasing_finds_what_carries_an_earlier_name(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        // Looked for under each name before it was there; the first one is somebody else's later.
        for name in ["zoe.quill", "zoe.marsh"] {
            assert_eq!(entra.found(&format!("userName eq \"{name}\"")).await.len(), 0);
        }
        let id = entra.create_with("zoe.quill", json!({"externalId": "object-1"})).await;
        for (path, value) in [("userName", "zoe.marsh"), ("userName", "zoe.last"), ("externalId", "object-2")] {
            app.advance(1_000);
            entra.change(&id, "Replace", path, json!(value)).await.is(200);
        }
        app.advance(1_000);
        let refused = entra.post(&json!({"userName": "zoe.quill", "externalId": "object-9"})).await;
        refused.is_error(400, "invalidValue");
        entra.create_with("zoe.quill", json!({"externalId": "object-9"})).await;
        entra.delete(&id).await.is(204);
        let cookie = admin(&app).await;
        let path = format!("/organizations/contoso/users/{id}/erase");
        assert_eq!(post(&app, &path, &cookie, "user_name=zoe.last").await.status, 303);

        app.flush().await;
        let log = entra.log().await;
        assert_eq!(log.iter().filter(|entry| entry.action == "match").count(), 2, "{log:?}");
        for entry in log {
            let text = format!("{entry:?}").to_lowercase();
            for name in ["zoe.marsh", "zoe.last", "object-1", "object-2"] {
                assert!(!text.contains(name), "{name}: {text}");
            }
            let is_first_lookup = entry.action == "match" && entry.user_id.is_none();
            assert!(!is_first_lookup || entry.user_name.is_none(), "{text}");
        }
        assert_eq!(entra.entry(&refused).await.user_name.as_deref(), Some("zoe.quill"), "the other one's");
    }

    async fn a_successor_keeps_its_own_entries(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        let first = entra.create("ana").await;
        entra.delete(&first).await.is(204);
        app.advance(1_000);
        let refused = entra.post(&json!({"userName": "ana"})).await;
        refused.is_error(400, "invalidValue");
        let second = entra.create("ana").await;
        let cookie = admin(&app).await;
        let path = format!("/organizations/contoso/users/{first}/erase");
        assert_eq!(post(&app, &path, &cookie, "user_name=ana").await.status, 303);
        assert_eq!(entra.entry(&refused).await.user_name.as_deref(), Some("ana"));
        assert!(!entra.history(&second).await.is_empty());
    }
}
