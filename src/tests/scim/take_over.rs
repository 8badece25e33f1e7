//! A userName that Entra wants for somebody new and an old user has: an Admin decides, and Entra's next try follows
//! (product, Issues).

use futures_util::future::{join, join_all};
use rhombus_provisioning::model::take_over::Decision;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::clock::{DAY, MINUTE};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::services::dry_run::dry_run_issue;
use rhombus_provisioning::server::services::{take_overs, user_access};
use rhombus_provisioning::server::store::organizations;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::app::{Answer, START};
use crate::support::db::{until_waiting, while_held};
use crate::support::entra::{Entra, user};

fn proof(entra: &Entra<'_>, permission: Permission) -> Allowed {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: "Contoso".to_owned(),
    };
    Allowed::command_line(permission, Some(organization))
}

async fn decide(
    entra: &Entra<'_>,
    id: &str,
    user_name: &str,
    decision: Decision,
) -> Result<(), ServiceError> {
    let allowed = proof(entra, Permission::DecideTakeOvers);
    take_overs::decide(&entra.app.app, &allowed, id, user_name, decision).await
}

/// An inactive user; answers the id.
async fn left_over(entra: &Entra<'_>, user_name: &str) -> String {
    let id = entra.create(user_name).await;
    entra
        .change(&id, "Replace", "active", json!("False"))
        .await
        .is(200);
    id
}

/// Entra's POST for a new person with an old userName.
fn newcomer(user_name: &str) -> Value {
    let mut body = user(user_name);
    body["externalId"] = json!("ext-new");
    body["title"] = json!("Dr");
    body["name"] = json!({"givenName": "Bea", "familyName": "Ruiz"});
    body
}

fn is_taken(answer: &Answer) {
    let text = answer.is_error(409, "uniqueness");
    assert!(text.contains("already belongs"), "{text}");
}

entra_test! {
    async fn an_allowed_create_is_answered_201_with_the_old_id(entra: Entra) {
        let id = left_over(&entra, "ana@contoso.com").await;
        let refused = entra.post(&newcomer("ANA@contoso.com")).await;
        let text = refused.is_error(409, "uniqueness");
        assert!(text.contains(&id) && text.contains("let an administrator decide"), "{text}");

        decide(&entra, &id, "ana@contoso.com", Decision::Allowed).await.unwrap();
        entra.app.advance(40 * MINUTE);
        let taken = entra.post(&newcomer("ANA@contoso.com")).await;
        let body = taken.is(201);
        assert_eq!(taken.header("location"), format!("https://provisioning.test/scim/contoso/v2/Users/{id}"));
        assert_eq!(taken.header("etag"), "W/\"3\"");
        assert_eq!(body["id"], json!(id));
        assert_eq!(body, entra.user(&id).await);
        assert_eq!(
            (&body["userName"], &body["externalId"], &body["active"], &body["title"], &body["name"]["givenName"]),
            (&json!("ANA@contoso.com"), &json!("ext-new"), &json!(true), &json!("Dr"), &json!("Bea"))
        );
        // As a PUT: what the new one does not have is gone.
        assert_eq!(body["name"]["formatted"], Value::Null);
        assert_eq!(entra.found("title eq \"Dr\"").await, ["ANA@contoso.com"]);
        assert_eq!(entra.users().await, 1);

        let entry = entra.entry(&taken).await;
        assert_eq!((entry.action.as_str(), entry.status.as_str()), ("create", "warning"));
        assert_eq!((entry.reason.as_deref(), entry.user_id.as_deref()), (Some("user_taken_over"), Some(id.as_str())));
        assert!(entry.remarks.unwrap().contains("Command line decided so"));
        let history = entra.history(&id).await;
        let kinds: Vec<&str> = history.iter().map(|change| change.kind.as_str()).collect();
        assert_eq!(kinds, ["created", "disabled", "rehired"]);
        assert!(history[2].json().as_array().unwrap().contains(&json!({"attribute": "active", "old": false, "new": true})));

        let audit: Vec<(String, String)> = entra.app.rows(sql("SELECT action, target_id FROM audit_log WHERE action LIKE 'user.%'")).await;
        assert_eq!(audit, [("user.take_over".to_owned(), id.clone())]);
        // The issue is over, and the decision used up.
        let issues: Vec<(String,)> = entra.app.rows(sql("SELECT state FROM issues WHERE reason = 'user_name_taken'")).await;
        assert_eq!(issues, [("resolved".to_owned(),)]);
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        is_taken(&entra.post(&newcomer("ana@contoso.com")).await);
    }

    async fn who_was_blocked_and_deleted_is_blocked_in_another_ones_place(entra: Entra) {
        let gone = entra.create_with("ben", json!({"externalId": "ext-new"})).await;
        let may = proof(&entra, Permission::BlockUsers);
        user_access::block(&entra.app.app, &may, &gone, "Left in anger").await.unwrap();
        entra.delete(&gone).await.is(204);
        for (name, external_id, reason) in [("cyd", "ext-other", None), ("ana", "ext-new", Some("Left in anger"))] {
            let id = left_over(&entra, name).await;
            decide(&entra, &id, name, Decision::Allowed).await.unwrap();
            let mut body = newcomer(name);
            body["externalId"] = json!(external_id);
            assert_eq!(entra.post(&body).await.is(201)["id"], json!(id));
            let blocks = sql("SELECT blocked_by, blocked_reason FROM users WHERE id = $1");
            let blocks: Vec<(Option<String>, Option<String>)> = entra.app.rows(blocks.bind(&id)).await;
            assert_eq!(blocks[0].1.as_deref(), reason, "{name}");
            assert_eq!(blocks[0].0.is_some(), reason.is_some(), "{name}");
        }
    }

    async fn without_a_word_with_another_word_or_too_late_nobody_is_taken_over(entra: Entra) {
        let id = left_over(&entra, "ana").await;
        is_taken(&entra.post(&newcomer("ana")).await);
        decide(&entra, &id, "ana", Decision::Kept).await.unwrap();
        is_taken(&entra.post(&newcomer("ana")).await);
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        entra.app.advance(7 * DAY);
        is_taken(&entra.post(&newcomer("ana")).await);
        // A minute before the end it is in time.
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        entra.app.advance(7 * DAY - MINUTE);
        assert_eq!(entra.post(&newcomer("ana")).await.is(201)["id"], json!(id));
    }

    async fn the_audit_log_says_what_was_decided_before(entra: Entra) {
        let id = left_over(&entra, "ana").await;
        let told = sql("SELECT before, after FROM audit_log WHERE action LIKE 'user.%' ORDER BY occurred_at DESC, id DESC");
        let last = async || -> [Value; 2] {
            let rows: Vec<(Option<String>, Option<String>)> = entra.app.rows(told.clone()).await;
            let (before, after) = rows[0].clone();
            [before, after].map(|text| text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap()))
        };
        let until = |days: i64| json!(START + days * DAY);
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        let allowed = json!({"decision": "allowed", "expires_at": until(7), "used_at": null});
        assert_eq!(last().await, [Value::Null, allowed.clone()]);
        entra.app.advance(DAY);
        decide(&entra, &id, "ana", Decision::Kept).await.unwrap();
        let kept = json!({"decision": "kept", "expires_at": null, "used_at": null});
        assert_eq!(last().await, [allowed, kept.clone()]);
        entra.app.advance(DAY);
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        let allowed = json!({"decision": "allowed", "expires_at": until(9), "used_at": null});
        assert_eq!(last().await, [kept, allowed]);
        // What was used up says when.
        entra.post(&newcomer("ana")).await.is(201);
        let used_at = json!(entra.app.app.clock.now());
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        entra.app.advance(DAY);
        decide(&entra, &id, "ana", Decision::Kept).await.unwrap();
        assert_eq!(last().await[0]["used_at"], used_at);
        // And what was decided under another name says nothing.
        entra.change(&id, "Replace", "userName", json!("anna")).await.is(200);
        entra.app.advance(DAY);
        decide(&entra, &id, "anna", Decision::Kept).await.unwrap();
        assert_eq!(last().await[0], Value::Null);
    }

    async fn who_is_active_and_entras_is_kept_at_the_moment_of_use_too(entra: Entra) {
        let ana = entra.create("ana").await;
        let refused = decide(&entra, &ana, "ana", Decision::Allowed).await;
        assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
        let text = entra.post(&newcomer("ana")).await.is_error(409, "uniqueness");
        assert!(!text.contains("let an administrator decide"), "{text}");

        entra.change(&ana, "Replace", "active", json!("False")).await.is(200);
        decide(&entra, &ana, "ana", Decision::Allowed).await.unwrap();
        entra.change(&ana, "Replace", "active", json!("True")).await.is(200);
        is_taken(&entra.post(&newcomer("ana")).await);
        // Under another name it is somebody else's conflict.
        entra.change(&ana, "Replace", "active", json!("False")).await.is(200);
        entra.change(&ana, "Replace", "userName", json!("anna")).await.is(200);
        is_taken(&entra.post(&newcomer("anna")).await);
        let refused = decide(&entra, &ana, "ana", Decision::Allowed).await;
        assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
        let refused = decide(&entra, "nobody", "ana", Decision::Allowed).await;
        assert!(matches!(refused, Err(ServiceError::NotFound { .. })), "{refused:?}");
    }

    async fn who_is_not_entras_is_taken_over_though_active(entra: Entra) {
        let mut body = user("ana");
        body.as_object_mut().unwrap().remove("externalId");
        let id = entra.post(&body).await.is(201)["id"].as_str().unwrap().to_owned();
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        // A rename would take access away from somebody who has it.
        let ben = entra.create("ben").await;
        let rename = entra.change(&ben, "Replace", "userName", json!("ana")).await;
        let text = rename.is_error(409, "uniqueness");
        assert!(!text.contains("let an administrator decide"), "{text}");
        let taken = entra.post(&newcomer("ana")).await.is(201);
        assert_eq!((&taken["id"], &taken["externalId"]), (&json!(id), &json!("ext-new")));
        assert_eq!(entra.history(&id).await[1].kind, "updated");
    }

    async fn whoever_loses_access_by_a_take_over_counts_for_the_guard(entra: Entra) {
        entra.app.execute(sql("UPDATE organizations SET removal_limit = 1")).await;
        let mut ids = Vec::new();
        for name in ["ana", "ben"] {
            // Not Entra's, and active.
            let mut body = user(name);
            body.as_object_mut().unwrap().remove("externalId");
            let id = entra.post(&body).await.id();
            decide(&entra, &id, name, Decision::Allowed).await.unwrap();
            ids.push(id);
        }
        let inactive = |name: &str| {
            let mut body = newcomer(name);
            body["externalId"] = json!(format!("ext-{name}"));
            body["active"] = json!(false);
            body
        };
        assert_eq!(entra.post(&inactive("ana")).await.is(201)["id"], json!(ids[0]));
        let held = entra.post(&inactive("ben")).await;
        held.is_error(503, "");
        assert_eq!(entra.entry(&held).await.reason.as_deref(), Some("guard_holding"));
        assert_eq!(entra.user(&ids[1]).await["active"], json!(true));
        let holds: Vec<(String, String)> = entra.app.rows(sql("SELECT user_id, action FROM guard_holds")).await;
        assert_eq!(holds, [(ids[1].clone(), "disable".to_owned())]);

        // Being held has used no decision up.
        let until = entra.app.app.clock.now() + DAY;
        let allow = sql("UPDATE guard_holds SET decision = 'allowed', allowed_until = $1");
        entra.app.execute(allow.bind(until)).await;
        let body = entra.post(&inactive("ben")).await.is(201);
        assert_eq!((&body["id"], &body["active"]), (&json!(ids[1]), &json!(false)));
        let holds: Vec<(i64,)> = entra.app.rows(sql("SELECT count(*) FROM guard_holds")).await;
        assert_eq!(holds, [(0,)]);
    }

    async fn who_takes_over_somebody_and_whoever_changes_them_wait_for_each_other_in_one_order(entra: Entra) {
        entra.app.execute(sql("UPDATE organizations SET removal_limit = 9")).await;
        let mut body = user("ana");
        body.as_object_mut().unwrap().remove("externalId");
        let id = entra.post(&body).await.id();
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();

        let mut inactive = newcomer("ana");
        inactive["active"] = json!(false);
        let (db, organization) = (&entra.app.app.db, entra.organization_id.clone());
        let disable = async {
            until_waiting(db, 1).await;
            entra.change(&id, "Replace", "active", json!("False")).await
        };
        // Both need the organization, which somebody has until both wait.
        let ((taken, disabled), held) = while_held(
            db,
            2,
            move |tx| Box::pin(async move { organizations::lock(tx, &organization).await }),
            join(entra.post(&inactive), disable),
        )
        .await;
        held.unwrap();
        assert_eq!(taken.is(201)["id"], json!(id));
        disabled.is(200);
    }

    async fn a_refused_create_uses_no_decision_up(entra: Entra) {
        let id = left_over(&entra, "ana").await;
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        let mut unknown = newcomer("ana");
        unknown["roles"] = json!([{"value": "Boss", "primary": true}]);
        unknown["name"] = json!({"givenName": "Bea"});
        assert_eq!(entra.post(&unknown).await.status, 400);
        let many: Vec<Value> = (0..900).map(|n| json!({"value": format!("{n}{}", "x".repeat(900))})).collect();
        let mut huge = newcomer("ana");
        huge["emails"] = json!(many);
        huge.as_object_mut().unwrap().remove("title");
        assert_eq!(entra.post(&huge).await.status, 400);
        entra.post(&newcomer("ana")).await.is(201);
    }

    async fn an_allowed_rename_deletes_the_holder_and_goes_through(entra: Entra) {
        let old = left_over(&entra, "ana").await;
        let ben = entra.create("ben").await;
        let cyd = entra.create("cyd").await;
        let rename = |id: String, name: &'static str| {
            let entra = &entra;
            async move { entra.change(&id, "Replace", "userName", json!(name)).await }
        };
        is_taken(&rename(ben.clone(), "Ana").await);
        decide(&entra, &old, "ana", Decision::Allowed).await.unwrap();
        let renamed = rename(ben.clone(), "Ana").await;
        let body = renamed.is(200);
        assert_eq!((&body["id"], &body["userName"]), (&json!(ben), &json!("Ana")));
        assert_eq!(entra.get(&format!("/Users/{old}")).await.status, 404);
        assert_eq!(entra.found("userName eq \"ana\"").await, ["Ana"]);
        let entry = entra.entry(&renamed).await;
        assert_eq!((entry.action.as_str(), entry.reason.as_deref()), ("update", Some("user_taken_over")));
        assert_eq!(entra.history(&old).await[2].kind, "deleted");
        assert_eq!(entra.history(&ben).await.len(), 2);
        let gone: Vec<(String, String)> = entra.app.rows(sql("SELECT id, log_id FROM deleted_users")).await;
        assert_eq!(gone, [(old.clone(), renamed.header("x-request-id").to_owned())]);
        let left: Vec<(String,)> = entra.app.rows(sql("SELECT DISTINCT user_id FROM user_values WHERE user_id = $1").bind(&old)).await;
        assert_eq!(left, []);
        // Once only, and not for another's name; PUT is a rename as well.
        is_taken(&rename(cyd.clone(), "ana").await);
        entra.change(&ben, "Replace", "active", json!("False")).await.is(200);
        decide(&entra, &ben, "ana", Decision::Allowed).await.unwrap();
        entra.put(&cyd, &user("ana")).await.is(200);
        entra.app.flush().await;
        let open: Vec<(i64,)> = entra.app.rows(sql("SELECT count(*) FROM issues WHERE is_open AND reason = 'user_name_taken'")).await;
        assert_eq!(open, [(0,)], "all have their names");
    }

    async fn of_many_at_once_one_takes_over(entra: Entra) {
        let id = left_over(&entra, "ana").await;
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        let bodies: Vec<Value> = (0..8)
            .map(|n| {
                let mut body = newcomer("ana");
                body["externalId"] = json!(format!("ext-{n}"));
                body
            })
            .collect();
        let ben = entra.create("ben").await;
        let creates = join_all(bodies.iter().map(|body| entra.post(body)));
        let rename = entra.change(&ben, "Replace", "userName", json!("ana"));
        let (creates, rename) = futures_util::join!(creates, rename);
        let mut statuses: Vec<u16> = creates.iter().map(|answer| answer.status).collect();
        statuses.push(rename.status);
        let done = statuses.iter().filter(|status| **status < 300).count();
        let taken = statuses.iter().filter(|status| **status == 409).count();
        assert_eq!((done, taken), (1, 8), "{statuses:?}");
        assert_eq!(entra.found("userName eq \"ana\"").await.len(), 1);
    }

    async fn two_that_want_each_others_names_at_once_end_with_an_answer(entra: Entra) {
        for round in 0..6 {
            let names = [format!("ana{round}"), format!("ben{round}")];
            let ids = [left_over(&entra, &names[0]).await, left_over(&entra, &names[1]).await];
            for (id, name) in ids.iter().zip(&names) {
                decide(&entra, id, name, Decision::Allowed).await.unwrap();
            }
            let (one, two) = futures_util::join!(
                entra.change(&ids[0], "Replace", "userName", json!(names[1])),
                entra.change(&ids[1], "Replace", "userName", json!(names[0])),
            );
            let statuses = [one.status, two.status];
            assert!(statuses.iter().all(|status| [200, 404, 409, 503].contains(status)), "{statuses:?}");
            let done = statuses.iter().filter(|status| **status == 200).count();
            assert!(done <= 1, "whoever is renamed deletes the other: {statuses:?}");
            for answer in [&one, &two].into_iter().filter(|answer| answer.status == 503) {
                assert_eq!(answer.header("retry-after"), "30");
            }

            // Entra tries again; whoever was renamed has the name, and nothing is left of the other.
            let mut left = Vec::new();
            for (id, name) in ids.iter().zip([&names[1], &names[0]]) {
                let again = entra.change(id, "Replace", "userName", json!(name)).await;
                if again.status == 200 {
                    left.push((id, name));
                } else {
                    assert_eq!(again.status, 404, "{}", again.text);
                }
            }
            let [(id, name)] = left.as_slice() else { panic!("{left:?}") };
            assert_eq!(entra.user(id).await["userName"], json!(name));
            for other in &names {
                assert_eq!(entra.found(&format!("userName eq \"{other}\"")).await.len(), usize::from(other == *name));
            }
            let gone = sql("SELECT id FROM deleted_users WHERE id IN ($1, $2)").bind(&ids[0]).bind(&ids[1]);
            let gone: Vec<(String,)> = entra.app.rows(gone).await;
            assert_eq!(gone.len(), 1);
        }
    }

    async fn two_creates_at_once_are_one_201_and_one_409(entra: Entra) {
        for round in 0..10 {
            let name = format!("ana{round}");
            let id = left_over(&entra, &name).await;
            decide(&entra, &id, &name, Decision::Allowed).await.unwrap();
            let body = newcomer(&name);
            let (one, two) = futures_util::join!(entra.post(&body), entra.post(&body));
            let mut both = [one.status, two.status];
            both.sort_unstable();
            assert_eq!(both, [201, 409]);
        }
    }

    async fn a_dry_run_says_that_it_would_succeed_and_takes_nobody_over(entra: Entra) {
        let id = left_over(&entra, "ana").await;
        let other = left_over(&entra, "old").await;
        let ben = entra.create("ben").await;
        is_taken(&entra.post(&newcomer("ana")).await);
        is_taken(&entra.change(&ben, "Replace", "userName", json!("old")).await);
        entra.app.flush().await;
        let issues: Vec<(String, String)> = entra.app.rows(sql("SELECT id, action FROM issues WHERE reason = 'user_name_taken' ORDER BY action")).await;
        assert_eq!(issues.len(), 2, "a create and a rename");
        let wanted: Vec<(Option<String>,)> = entra.app.rows(sql("SELECT value FROM issue_users WHERE is_counted ORDER BY value")).await;
        assert_eq!(wanted, [(Some("ana".to_owned()),), (Some("old".to_owned()),)]);
        let named: Vec<(Option<String>,)> = entra.app.rows(sql("SELECT DISTINCT value FROM issues WHERE reason = 'user_name_taken'")).await;
        assert_eq!(named, [(None,)], "a title names nobody");
        let proof = proof(&entra, Permission::ReadPayloads);
        let put_right = async || {
            let mut put_right = Vec::new();
            for (issue, _) in &issues {
                put_right.push(dry_run_issue(&entra.app.app, &proof, issue, None).await.unwrap().tally.put_right);
            }
            put_right
        };
        assert_eq!(put_right().await, [0, 0]);
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        decide(&entra, &other, "old", Decision::Allowed).await.unwrap();
        assert_eq!(put_right().await, [1, 1]);
        assert_eq!(put_right().await, [1, 1], "trying uses nothing up");
        assert_eq!(entra.user(&id).await["active"], json!(false));
        assert_eq!(entra.user(&other).await["userName"], json!("old"));
        entra.post(&newcomer("ana")).await.is(201);
        entra.change(&ben, "Replace", "userName", json!("old")).await.is(200);
    }

    async fn a_block_and_another_organization_are_left_alone(entra: Entra) {
        let id = left_over(&entra, "ana").await;
        let block = sql("UPDATE users SET blocked_at = 1, blocked_by = 'Dana', blocked_reason = '' WHERE id = $1");
        entra.app.execute(block.bind(&id)).await;
        let other = entra.app.entra("fabrikam").await;
        let theirs = left_over(&other, "ana").await;
        decide(&entra, &id, "ana", Decision::Allowed).await.unwrap();
        is_taken(&other.post(&newcomer("ana")).await);
        let refused = decide(&entra, &theirs, "ana", Decision::Allowed).await;
        assert!(matches!(refused, Err(ServiceError::NotFound { .. })), "{refused:?}");
        entra.post(&newcomer("ana")).await.is(201);
        let blocked: Vec<(Option<i64>,)> = entra.app.rows(sql("SELECT blocked_at FROM users WHERE id = $1").bind(&id)).await;
        assert_eq!(blocked, [(Some(1),)]);
    }
}
