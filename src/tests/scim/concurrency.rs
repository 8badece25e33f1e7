//! Many requests at once: the databases decide, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use rhombus_provisioning::server::clock::MINUTE;
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::dialect::Dialect;
use rhombus_provisioning::server::store::organizations;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;
use tokio::sync::oneshot;

use crate::entra_test;
use crate::support::app::Answer;
use crate::support::db::long_reads;
use crate::support::entra::user;

/// How many answers have each status, highest first.
fn statuses(answers: &[Answer]) -> Vec<(u16, usize)> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

entra_test! {
    async fn a_match_is_answered_while_long_reads_take_all_that_they_may(entra: Entra) {
        let id = entra.create("ana").await;
        let busy = long_reads(&entra.app.app.db).await;
        let found = entra.filter("userName eq \"ana\"").await.is(200);
        assert_eq!(found["Resources"][0]["id"], json!(id));
        entra.get(&format!("/Users/{id}")).await.is(200);
        drop(busy);
    }

    async fn one_of_fifty_identical_creates_wins(entra: Entra) {
        let body = user("ana@contoso.com");
        let answers = join_all((0..50).map(|_| entra.post(&body))).await;
        assert_eq!(statuses(&answers), [(201, 1), (409, 49)]);
        assert_eq!(entra.users().await, 1);
        for answer in answers.iter().filter(|answer| answer.status == 409) {
            answer.is_error(409, "uniqueness");
        }
        let log = entra.log().await;
        assert_eq!(log.iter().filter(|entry| entry.status == "failure").count(), 49);
        assert_eq!(log.len(), 50);
    }

    async fn of_many_first_requests_one_begins_the_cycle(entra: Entra) {
        for round in 0..3 {
            entra.app.advance(10 * MINUTE);
            let bodies: Vec<_> = (0..10).map(|index| user(&format!("{round}-{index}"))).collect();
            let answers = join_all(bodies.iter().map(|body| entra.post(body))).await;
            assert_eq!(statuses(&answers), [(201, 10)]);
        }
        let cycles: BTreeSet<String> = entra.log().await.into_iter().map(|entry| entry.cycle_id).collect();
        assert_eq!(cycles.len(), 3);
    }

    async fn concurrent_patches_lose_no_update(entra: Entra) {
        let id = entra.create("ana").await;
        let answers = join_all((0..25).map(|index| {
            let mail = json!([{"type": "other", "value": format!("{index}@x")}]);
            entra.change(&id, "Add", "emails", mail)
        }))
        .await;
        assert_eq!(statuses(&answers), [(200, 25)]);
        let after = entra.user(&id).await;
        assert_eq!(after["emails"].as_array().unwrap().len(), 25);
        assert_eq!(after["meta"]["version"], "W/\"26\"");
        let mut tags: Vec<u64> = answers
            .iter()
            .map(|answer| answer.header("etag").trim_matches(['W', '/', '"']).parse().unwrap())
            .collect();
        tags.sort_unstable();
        assert!(tags.into_iter().eq(2..=26), "each answer has a version of its own");
        let versions: Vec<i64> = entra.history(&id).await.iter().map(|row| row.version).collect();
        assert!(versions.into_iter().eq(1..=26));
        for index in 0..25 {
            assert_eq!(entra.found(&format!("emails.value eq \"{index}@x\"")).await, ["ana"]);
        }
    }

    async fn one_of_ten_with_the_same_if_match_wins(entra: Entra) {
        let id = entra.create("ana").await;
        let path = format!("/Users/{id}");
        let body = |index| json!({"Operations": [{"op": "replace", "path": "title", "value": format!("t{index}")}]}).to_string();
        let bodies: Vec<String> = (0..10).map(body).collect();
        let answers = join_all(bodies.iter().map(|body| entra.with("PATCH", &path, ("if-match", "W/\"1\""), body))).await;
        assert_eq!(statuses(&answers), [(200, 1), (412, 9)]);
        let winner = answers.iter().find(|answer| answer.status == 200).unwrap();
        assert_eq!(entra.user(&id).await, winner.json());
        assert_eq!(winner.header("etag"), "W/\"2\"");
    }

    async fn one_of_ten_renames_to_the_same_name_wins(entra: Entra) {
        let ids = join_all((0..10).map(|index| {
            let name = format!("user{index}");
            let entra = &entra;
            async move { entra.create(&name).await }
        }))
        .await;
        let answers = join_all(ids.iter().map(|id| entra.change(id, "Replace", "userName", json!("Chosen")))).await;
        assert_eq!(statuses(&answers), [(200, 1), (409, 9)]);
        assert_eq!(entra.found("userName eq \"chosen\"").await, ["Chosen"]);
        assert_eq!(entra.found("userName sw \"user\"").await.len(), 9);
        // A rename and a create of the same name.
        let body = user("Second");
        let (renamed, created) = futures_util::join!(
            entra.change(&ids[0], "Replace", "userName", json!("second")),
            entra.post(&body)
        );
        let mut both = [renamed.status, created.status];
        both.sort_unstable();
        assert!(both == [200, 409] || both == [201, 409], "{both:?}");
    }

    async fn one_of_ten_deletes_wins_and_changes_before_it_are_kept(entra: Entra) {
        let id = entra.create("ana").await;
        let deletes = join_all((0..10).map(|_| entra.delete(&id)));
        let changes = join_all((0..10).map(|index| entra.change(&id, "replace", "title", json!(format!("{index}")))));
        let (deletes, changes) = futures_util::join!(deletes, changes);
        assert_eq!(statuses(&deletes), [(204, 1), (404, 9)]);
        assert!(changes.iter().all(|answer| [200, 404].contains(&answer.status)));
        let done = changes.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(entra.history(&id).await.len(), 2 + done);
        let left: Vec<(String,)> = entra.app.rows(sql("SELECT user_id FROM user_values")).await;
        assert_eq!(left, [], "no values are left of a deleted user");
    }

    async fn a_new_role_value_is_added_once(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        let bodies: Vec<_> = (0..12)
            .map(|index| {
                let mut body = user(&format!("user{index}"));
                body["roles"] = json!([{"value": if index % 2 == 0 { "Boss" } else { "BOSS" }, "primary": true}]);
                body
            })
            .collect();
        let answers = join_all(bodies.iter().map(|body| entra.post(body))).await;
        assert_eq!(statuses(&answers), [(201, 12)]);
        let roles: Vec<(i64,)> = entra.app.rows(sql("SELECT count(*) FROM roles WHERE lower(value) = 'boss'")).await;
        assert_eq!(roles, [(1,)]);
        let used: Vec<(i64,)> = entra.app.rows(sql("SELECT count(DISTINCT role_id) FROM users")).await;
        assert_eq!(used, [(1,)]);
    }

    async fn entries_and_changes_agree_after_a_storm(entra: Entra) {
        let ids = join_all((0..5).map(|index| {
            let name = format!("user{index}");
            let entra = &entra;
            async move { entra.create(&name).await }
        }))
        .await;
        join_all((0..60).map(|index| {
            let (entra, id) = (&entra, &ids[index % 5]);
            async move {
                match index % 4 {
                    0 => entra.change(id, "Replace", "active", json!(if index % 8 == 0 { "False" } else { "True" })).await,
                    1 => entra.get(&format!("/Users/{id}")).await,
                    2 => entra.change(id, "Replace", "title", json!(format!("t{index}"))).await,
                    _ => entra.filter("userName eq \"user1\"").await,
                }
                .is(200)
            }
        }))
        .await;
        let log = entra.log().await;
        assert_eq!(log.len(), 65);
        let changed = log.iter().filter(|entry| !entry.is_lookup && entry.status != "skipped").count();
        let mut history = 0;
        for id in &ids {
            let rows = entra.history(id).await;
            assert!(rows.iter().map(|row| row.version).eq(1..=i64::try_from(rows.len()).unwrap()));
            assert_eq!(entra.user(id).await["meta"]["version"], format!("W/\"{}\"", rows.len()));
            history += rows.len();
        }
        assert_eq!(changed, history);
    }

    async fn changes_that_wait_together_see_each_other(entra: Entra) {
        let ids = join_all(["ana", "ben", "cyd"].map(|name| entra.create(name))).await;
        let [ana, ben, cyd] = ids.as_slice() else { panic!("{ids:?}") };
        entra.policy("unknown_role", "accept").await;
        let boss = |name: &str| {
            let mut body = user(name);
            body["roles"] = json!([{"value": "BOSS", "primary": true}]);
            body
        };
        let db = &entra.app.app.db;
        let (begin, begun) = oneshot::channel::<()>();
        let (release, held) = oneshot::channel::<()>();
        let holding = db.clone();
        let hold = tokio::spawn(async move {
            holding
                .write(move |_| {
                    Box::pin(async move {
                        begin.send(()).unwrap();
                        let _ = held.await;
                        Ok::<_, StoreError>(())
                    })
                })
                .await
        });
        begun.await.unwrap();
        let waiting = async {
            // On SQLite all of them wait for the one writer then, and are one transaction.
            for _ in 0..1_000 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if db.load().waiting >= 9 || db.dialect() == Dialect::Postgres {
                    break;
                }
            }
            assert!(db.load().waiting >= 9 || db.dialect() == Dialect::Postgres);
            release.send(()).unwrap();
        };
        let [dee, eve] = ["dee", "eve"].map(boss);
        let changes = join_all([
            entra.change(ana, "Replace", "title", json!("Guard")).boxed(),
            entra.change(ben, "Replace", "userName", json!("dee")).boxed(),
            entra.post(&dee).boxed(),
            entra.post(&dee).boxed(),
            entra.post(&eve).boxed(),
            entra.change(cyd, "Replace", "title", json!("Guard")).boxed(),
            entra.delete(cyd).boxed(),
            entra.change(ana, "Add", "nickName", json!("A")).boxed(),
        ]);
        // Somebody else's change, of which nobody knows what it writes.
        let other = sql("UPDATE users SET version = version + 10 WHERE id = $1").bind(ana);
        let ((), (), answers) = futures_util::join!(entra.app.execute(other), waiting, changes);
        hold.await.unwrap().unwrap();

        let status: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!((status[0], status[4], status[6], status[7]), (200, 201, 204, 200), "{status:?}");
        let named: Vec<_> = status[1..4].iter().filter(|status| **status != 409).collect();
        assert!(matches!(named.as_slice(), [200 | 201]), "{status:?}");
        assert!([200, 404].contains(&status[5]), "{status:?}");
        let after = entra.user(ana).await;
        assert_eq!((&after["title"], &after["nickName"], &after["meta"]["version"]), (&json!("Guard"), &json!("A"), &json!("W/\"13\"")));
        assert_eq!(entra.found("userName eq \"dee\"").await, ["dee"]);
        assert_eq!(entra.get(&format!("/Users/{cyd}")).await.status, 404);
        let roles: Vec<(i64,)> = entra.app.rows(sql("SELECT count(*) FROM roles WHERE value = 'BOSS'")).await;
        assert_eq!(roles, [(1,)]);
        assert_eq!(entra.log().await.iter().filter(|entry| !entry.is_lookup).count(), 3 + answers.len());
    }

    async fn whoever_changes_notifications_lets_users_be_added(entra: Entra) {
        let db = entra.app.app.db.clone();
        // SQLite has one writer for all.
        if db.dialect() == Dialect::Sqlite {
            return;
        }
        let organization_id = entra.organization_id.clone();
        let (begin, begun) = oneshot::channel::<()>();
        let (release, held) = oneshot::channel::<()>();
        let hold = tokio::spawn(async move {
            db.write(move |tx| {
                Box::pin(async move {
                    organizations::lock(tx, &organization_id).await?;
                    begin.send(()).unwrap();
                    let _ = held.await;
                    Ok::<_, StoreError>(())
                })
            })
            .await
        });
        begun.await.unwrap();
        let body = user("ana");
        let created = tokio::time::timeout(Duration::from_secs(10), entra.post(&body)).await;
        release.send(()).unwrap();
        hold.await.unwrap().unwrap();
        created.unwrap().is(201);
    }
}
