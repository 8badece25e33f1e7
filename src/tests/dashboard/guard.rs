//! The accidental-deletion guard: holds what goes beyond the limit of a cycle, and loses nothing (product, Users).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::clock::{DAY, MINUTE};
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::services::health_watch;
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;
use tokio::sync::Notify;

use super::person::{account, cookie, open, post};
use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

const HELD: &str = "/organizations/contoso/held";
const GUARD: &str = "/organizations/contoso/settings/guard";

async fn person(entra: &Entra<'_>, email: &str, role: AccountRole) -> String {
    let id = account(entra.app, email, role, Some("contoso")).await;
    cookie(entra.app, &id).await
}

/// An Admin who has set the limit.
async fn guarded(entra: &Entra<'_>, limit: u32) -> String {
    let admin = person(entra, "dana@contoso.com", AccountRole::Admin).await;
    let form = format!("guard=on&removal_limit={limit}");
    let set = post(entra.app, &admin, GUARD, &form).await;
    assert_eq!(set.status, 303, "{}", set.text);
    admin
}

async fn users(entra: &Entra<'_>, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(entra.create(name).await);
    }
    ids
}

async fn disable(entra: &Entra<'_>, id: &str) -> Answer {
    entra.change(id, "Replace", "active", json!("False")).await
}

async fn is_active(entra: &Entra<'_>, id: &str) -> bool {
    entra.user(id).await["active"] == json!(true)
}

/// Decides about whom the page shows now.
async fn decide(entra: &Entra<'_>, cookie: &str, decision: &str) -> Answer {
    let now = entra.app.app.clock.now();
    let form = format!("decision={decision}&read_at={now}");
    post(entra.app, cookie, HELD, &form).await
}

/// A change that lets others wait behind it.
async fn hold_the_door(db: Db, may_go: Arc<Notify>) -> Result<(), StoreError> {
    db.write(move |_| {
        Box::pin(async move {
            may_go.notified().await;
            Ok(())
        })
    })
    .await
}

async fn is_held(entra: &Entra<'_>, answer: &Answer) {
    let text = answer.is_error(503, "");
    assert!(text.contains("selects Allow"), "{text}");
    assert_eq!(answer.header("retry-after"), "900");
    let entry = entra.entry(answer).await;
    assert_eq!(
        (entry.status.as_str(), entry.reason.as_deref()),
        ("failure", Some("guard_holding"))
    );
}

/// So many whom the guard holds since before `at`, and one whom it holds since a moment later.
async fn hold_many(entra: &Entra<'_>, count: i64, at: i64) {
    let held = sql(
        "INSERT INTO guard_holds (organization_id, user_id, action, first_held_at, last_held_at, attempts, log_id, decision) \
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
         SELECT $1, CASE i WHEN 0 THEN 'later' ELSE 'u' || i END, 'disable', CASE i WHEN 0 THEN $3 + 1 ELSE $3 - i / 3 END, \
         $3, 1, '', 'waiting' FROM n",
    );
    let organization_id = &entra.organization_id;
    entra
        .app
        .execute(held.bind(organization_id).bind(count).bind(at))
        .await;
}

entra_test! {
    async fn whoever_is_beyond_the_limit_of_a_cycle_keeps_access(entra: Entra) {
        guarded(&entra, 2).await;
        let ids = users(&entra, &["ana", "ben", "cyd", "dee"]).await;
        disable(&entra, &ids[0]).await.is(200);
        // The same user counts once, whatever is done.
        entra.change(&ids[0], "Replace", "active", json!("True")).await.is(200);
        disable(&entra, &ids[0]).await.is(200);
        entra.delete(&ids[0]).await.is(204);
        entra.delete(&ids[1]).await.is(204);

        let held = disable(&entra, &ids[2]).await;
        is_held(&entra, &held).await;
        assert_eq!(entra.entry(&held).await.action, "disable");
        let deletion = entra.delete(&ids[3]).await;
        is_held(&entra, &deletion).await;
        assert_eq!(entra.entry(&deletion).await.action, "delete");
        assert!(is_active(&entra, &ids[2]).await && is_active(&entra, &ids[3]).await);
        assert_eq!(entra.history(&ids[2]).await.len(), 1, "only the creation");
        // It is said of whoever was inactive already, too.
        entra.app.execute(sql("UPDATE users SET active = FALSE WHERE id = $1").bind(&ids[3])).await;
        let text = entra.delete(&ids[3]).await.is_error(503, "");
        for words in ["more than 2 users would be deactivated or deleted in one cycle", "The user stays as it is until"] {
            assert!(text.contains(words), "{text}");
        }
        assert!(!text.contains("access"), "{text}");
        // What takes nobody's access away goes on.
        entra.change(&ids[2], "Replace", "title", json!("Dr")).await.is(200);
        entra.create("eve").await;
    }

    async fn held_users_stay_held_in_later_cycles_and_others_count_anew(entra: Entra) {
        guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben", "cyd", "dee"]).await;
        disable(&entra, &ids[0]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        entra.app.advance(40 * MINUTE);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        disable(&entra, &ids[2]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[3]).await).await;
        let attempts: Vec<(i64,)> = entra.app.rows(sql("SELECT attempts FROM guard_holds ORDER BY attempts")).await;
        assert_eq!(attempts, [(1,), (2,)]);
    }

    async fn what_is_allowed_passes_for_a_week_without_counting(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben", "cyd", "dee"]).await;
        disable(&entra, &ids[0]).await.is(200);
        for id in &ids[1..] {
            is_held(&entra, &disable(&entra, id).await).await;
        }
        let page = open(entra.app, &admin, HELD).await.text;
        assert!(page.contains("3 users wait for a decision."), "{page}");
        let overview = open(entra.app, &admin, "/organizations/contoso").await.text;
        assert!(overview.contains("The accidental-deletion guard holds") && overview.contains("3 users"), "{overview}");
        let allowed = decide(&entra, &admin, "allowed").await;
        assert_eq!((allowed.status, allowed.header("location")), (303, HELD));
        entra.app.advance(40 * MINUTE);
        disable(&entra, &ids[1]).await.is(200);
        entra.delete(&ids[2]).await.is(204);
        // The one that the limit lets through in a cycle is still to come.
        let eve = entra.create("eve").await;
        disable(&entra, &eve).await.is(200);
        entra.app.advance(7 * DAY);
        is_held(&entra, &disable(&entra, &ids[3]).await).await;
        // The session of a week ago is over.
        let admin = person(&entra, "vic@contoso.com", AccountRole::Admin).await;
        let again = decide(&entra, &admin, "allowed").await;
        assert_eq!((again.status, again.header("location")), (303, HELD));
        disable(&entra, &ids[3]).await.is(200);
        let page = open(entra.app, &admin, HELD).await.text;
        assert!(page.contains("Nobody is held"), "{page}");
        let audit: Vec<(String, Option<String>)> = entra.app.rows(sql(
            "SELECT action, after FROM audit_log WHERE action LIKE 'guard.%' ORDER BY occurred_at, id",
        )).await;
        let of = |action: &str, after: &str| (action.to_owned(), Some(after.to_owned()));
        assert_eq!(audit, [
            of("guard.set", r#"{"removal_limit":1}"#),
            of("guard.allow", r#"{"users":3}"#),
            of("guard.allow", r#"{"users":1}"#),
        ]);
    }

    async fn what_was_allowed_and_not_tried_in_time_waits_again(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben"]).await;
        disable(&entra, &ids[0]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        assert_eq!(decide(&entra, &admin, "allowed").await.status, 303);
        assert_eq!(decide(&entra, &admin, "allowed").await.status, 409, "it is allowed already");
        entra.app.advance(8 * DAY);
        health_watch::run(&entra.app.app).await.unwrap();
        let admin = person(&entra, "vic@contoso.com", AccountRole::Admin).await;
        let page = open(entra.app, &admin, HELD).await.text;
        assert!(page.contains("1 user waits for a decision."), "{page}");
        assert_eq!(decide(&entra, &admin, "allowed").await.status, 303);
        entra.app.advance(8 * DAY);
        // Before the watch comes by, too.
        let admin = person(&entra, "wil@contoso.com", AccountRole::Admin).await;
        assert_eq!(decide(&entra, &admin, "kept").await.status, 303);
    }

    async fn what_is_kept_stays_held_and_can_be_allowed_later(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben"]).await;
        disable(&entra, &ids[0]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        assert_eq!(decide(&entra, &admin, "kept").await.status, 303);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        let page = open(entra.app, &admin, HELD).await.text;
        assert!(page.contains("1 user is held by decision."), "{page}");
        assert!(!page.contains("Keep holding</button>"), "it is decided");
        assert_eq!(decide(&entra, &admin, "kept").await.status, 409);
        assert_eq!(decide(&entra, &admin, "allowed").await.status, 303);
        disable(&entra, &ids[1]).await.is(200);
    }

    async fn whoever_entra_says_to_be_active_is_held_no_longer(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben", "cyd", "dee", "eve"]).await;
        disable(&entra, &ids[0]).await.is(200);
        for id in &ids[1..] {
            is_held(&entra, &disable(&entra, id).await).await;
        }
        let is_on_the_list = async |id: &str| {
            let of_user = sql("SELECT user_id FROM guard_holds WHERE user_id = $1").bind(id);
            !entra.app.rows::<(String,)>(of_user).await.is_empty()
        };
        // What does not speak of it, or is refused, says nothing.
        entra.change(&ids[1], "Replace", "title", json!("Dr")).await.is(200);
        let mut silent = user("ben");
        silent.as_object_mut().unwrap().remove("active");
        entra.put(&ids[1], &silent).await.is(200);
        let refused = entra.patch(&ids[1], json!([
            {"op": "Replace", "path": "active", "value": "True"},
            {"op": "Replace", "path": "userName", "value": ""},
        ])).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(is_on_the_list(&ids[1]).await);

        entra.change(&ids[1], "Replace", "active", json!("True")).await.is(200);
        assert!(!is_on_the_list(&ids[1]).await, "though there was nothing to change");
        entra.put(&ids[2], &user("cyd")).await.is(200);
        assert!(!is_on_the_list(&ids[2]).await);
        assert_eq!(decide(&entra, &admin, "kept").await.status, 303);
        entra.patch(&ids[3], json!([{"op": "replace", "value": {"active": true}}])).await.is(200);
        assert!(!is_on_the_list(&ids[3]).await, "kept from what nobody wants");
        // An Admin's word for the removal of somebody stays good for its week.
        assert_eq!(decide(&entra, &admin, "allowed").await.status, 303);
        entra.change(&ids[4], "Replace", "active", json!("True")).await.is(200);
        assert!(is_on_the_list(&ids[4]).await);
        disable(&entra, &ids[4]).await.is(200);
        // Whoever is to lose access later is one of that cycle.
        entra.app.advance(40 * MINUTE);
        disable(&entra, &ids[1]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[2]).await).await;
    }

    async fn a_decision_is_about_whom_the_page_showed(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben", "cyd"]).await;
        disable(&entra, &ids[0]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        let read_at = entra.app.app.clock.now();
        entra.app.advance(MINUTE);
        is_held(&entra, &disable(&entra, &ids[2]).await).await;
        let form = format!("decision=allowed&read_at={read_at}");
        assert_eq!(post(entra.app, &admin, HELD, &form).await.status, 303);
        disable(&entra, &ids[1]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[2]).await).await;
    }

    async fn without_the_guard_nobody_is_held(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben"]).await;
        disable(&entra, &ids[0]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        assert_eq!(post(entra.app, &admin, GUARD, "guard=off").await.status, 303);
        disable(&entra, &ids[1]).await.is(200);
        for limit in ["1000", "1%2C000", "1.000", "1+000", "1%C2%A0000"] {
            let set = post(entra.app, &admin, GUARD, &format!("guard=on&removal_limit={limit}")).await;
            assert_eq!(set.status, 303, "{limit}: {}", set.text);
        }
        let limit: Vec<(i64,)> = entra.app.rows(sql("SELECT removal_limit FROM organizations")).await;
        assert_eq!(limit, [(1_000,)]);
        for limit in ["0", "-1", "many", "", "2.5", "2,5", "1000001"] {
            let refused = post(entra.app, &admin, GUARD, &format!("guard=on&removal_limit={limit}")).await;
            assert_eq!(refused.status, 422, "{limit}");
            assert!(refused.text.contains("from 1 to 1,000,000"), "{}", refused.text);
        }
    }

    async fn a_cycle_is_counted_whole_however_long_it_is(entra: Entra) {
        guarded(&entra, 2).await;
        let ids = users(&entra, &["ana", "ben", "cyd", "dee"]).await;
        disable(&entra, &ids[0]).await.is(200);
        for minute in 0..20 {
            entra.app.advance(4 * MINUTE);
            entra.change(&ids[3], "Replace", "title", json!(minute.to_string())).await.is(200);
        }
        disable(&entra, &ids[1]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[2]).await).await;
    }

    async fn a_guard_that_is_turned_on_again_counts_anew(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben", "cyd"]).await;
        disable(&entra, &ids[0]).await.is(200);
        assert_eq!(post(entra.app, &admin, GUARD, "guard=off").await.status, 303);
        assert_eq!(post(entra.app, &admin, GUARD, "guard=on&removal_limit=1").await.status, 303);
        disable(&entra, &ids[1]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[2]).await).await;
    }

    async fn a_decision_is_about_all_however_many_they_are(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let read_at = entra.app.app.clock.now();
        hold_many(&entra, 1_201, read_at).await;
        let form = format!("decision=allowed&read_at={read_at}");
        assert_eq!(post(entra.app, &admin, HELD, &form).await.status, 303);
        let left: Vec<(String,)> = entra.app.rows(sql("SELECT user_id FROM guard_holds WHERE decision = 'waiting'")).await;
        assert_eq!(left, [("later".to_owned(),)]);
        let audit: Vec<(Option<String>,)> = entra.app.rows(sql("SELECT after FROM audit_log WHERE action = 'guard.allow'")).await;
        assert_eq!(audit, [(Some(r#"{"users":1201}"#.to_owned()),)]);
        assert_eq!(post(entra.app, &admin, HELD, &form).await.status, 409);
    }

    async fn a_guard_that_is_off_holds_nobody(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let now = entra.app.app.clock.now();
        let held = async || entra.app.rows::<(String,)>(sql("SELECT user_id FROM guard_holds")).await.len();
        hold_many(&entra, 1_201, now).await;
        assert_eq!(post(entra.app, &admin, GUARD, "guard=on&removal_limit=2").await.status, 303);
        assert_eq!(held().await, 1_202);
        assert_eq!(post(entra.app, &admin, GUARD, "guard=off").await.status, 303);
        assert_eq!(held().await, 0);
        // Left by a service that ended: turning the guard off again, or on, goes on.
        for form in ["guard=off", "guard=on&removal_limit=2"] {
            hold_many(&entra, 10, now).await;
            assert_eq!(post(entra.app, &admin, GUARD, form).await.status, 303);
            assert_eq!(held().await, 0, "{form}");
        }
    }

    async fn the_limit_is_exact_when_many_go_at_once(entra: Entra) {
        guarded(&entra, 3).await;
        let ids = users(&entra, &["a", "b", "c", "d", "e", "f", "g", "h"]).await;
        let answers = join_all(ids.iter().map(|id| disable(&entra, id))).await;
        let passed = answers.iter().filter(|answer| answer.status == 200).count();
        let held = answers.iter().filter(|answer| answer.status == 503).count();
        assert_eq!((passed, held), (3, 5));
    }

    async fn users_are_counted_in_the_cycle_of_the_log_when_many_go_at_once(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let ids = users(&entra, &["ana", "ben", "cyd", "dee"]).await;
        disable(&entra, &ids[0]).await.is(200);
        is_held(&entra, &disable(&entra, &ids[1]).await).await;
        assert_eq!(decide(&entra, &admin, "allowed").await.status, 303);
        entra.app.advance(40 * MINUTE);
        // On SQLite all of them share a commit: who is allowed begins the cycle, and counts for nothing.
        let may_go = Arc::new(Notify::new());
        let door = tokio::spawn(hold_the_door(entra.app.app.db.clone(), Arc::clone(&may_go)));
        let requests = join_all([disable(&entra, &ids[1]), disable(&entra, &ids[2]), disable(&entra, &ids[3])]);
        let (answers, ()) = tokio::join!(requests, async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            may_go.notify_one();
        });
        door.await.unwrap().unwrap();
        let held = answers.iter().filter(|answer| answer.status == 503).count();
        assert_eq!((answers[0].status, held), (200, 1));
        let cycles: Vec<(String, String)> = entra.app.rows(sql(
            "SELECT l.cycle_id, o.guard_cycle_id FROM provisioning_logs l JOIN organizations o ON o.id = l.organization_id \
             WHERE l.action = 'disable' ORDER BY l.occurred_at DESC, l.id DESC LIMIT 3",
        )).await;
        assert!(cycles.iter().all(|cycle| cycle.0 == cycle.1 && cycle == &cycles[0]), "{cycles:?}");
    }

    async fn a_guard_of_one_organization_is_no_others(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let other = entra.app.entra("fabrikam").await;
        let ids = users(&other, &["ana", "ben"]).await;
        for id in &ids {
            disable(&other, id).await.is(200);
        }
        let page = open(entra.app, &admin, HELD).await.text;
        assert!(page.contains("Nobody is held"));
    }

    async fn only_whoever_may_decide_is_asked_to(entra: Entra) {
        let admin = guarded(&entra, 1).await;
        let viewer = person(&entra, "vera@contoso.com", AccountRole::Viewer).await;
        let support = account(entra.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let support = cookie(entra.app, &support).await;
        let ids = users(&entra, &["ana@contoso.com", "ben@contoso.com"]).await;
        for id in &ids {
            disable(&entra, id).await;
        }
        entra.app.flush().await;
        let issues: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM issues WHERE reason = 'guard_holding'")).await;
        for path in ["/organizations/contoso".to_owned(), format!("/organizations/contoso/issues/{}", issues[0].0)] {
            for (cookie, may_decide) in [(&admin, true), (&viewer, false), (&support, false)] {
                let page = open(entra.app, cookie, &path).await.text;
                assert_eq!(page.contains(">Decide<"), may_decide, "{path}: {page}");
                assert_eq!(page.contains(">See who is held<"), !may_decide, "{path}: {page}");
            }
        }
    }
}
