//! Dry-run again: a logged request against today's data and settings, with nothing stored (product, Issues).

use rhombus_provisioning::model::log::{DryRun, DryRunResult, LogDetail, Status};
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::services::dry_run::{dry_run, dry_run_issue};
use rhombus_provisioning::server::services::log_search::detail_with_payload;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

const ROLE: &str = "roles[primary eq \"True\"].value";

fn allowed(permission: Permission, id: &str) -> Allowed {
    let organization = OrganizationRef {
        id: id.to_owned(),
        slug: "contoso".to_owned(),
        name: "Contoso".to_owned(),
    };
    Allowed::command_line(permission, Some(organization))
}

async fn run(entra: &Entra<'_>, of: &Answer) -> DryRun {
    entra.app.flush().await;
    let allowed = allowed(Permission::ReadPayloads, &entra.organization_id);
    dry_run(&entra.app.app, &allowed, of.header("x-request-id"))
        .await
        .unwrap()
}

async fn tried(entra: &Entra<'_>, of: &Answer) -> DryRunResult {
    match run(entra, of).await {
        DryRun::Tried(result) => *result,
        DryRun::NotPossible(why) => panic!("not possible: {why}"),
    }
}

/// The entry as an Admin sees it.
async fn shown(entra: &Entra<'_>, of: &Answer) -> LogDetail {
    let allowed = allowed(Permission::ReadPayloads, &entra.organization_id);
    detail_with_payload(&entra.app.app, &allowed, of.header("x-request-id"))
        .await
        .unwrap()
}

/// Everything that a request may leave behind.
async fn left(entra: &Entra<'_>) -> Vec<(String,)> {
    entra.app.flush().await;
    entra
        .app
        .rows(sql(
            "SELECT id || ' ' || version || document FROM users UNION ALL SELECT id FROM deleted_users \
             UNION ALL SELECT user_id || attribute || element || sub || value_key FROM user_values \
             UNION ALL SELECT id FROM user_changes UNION ALL SELECT id FROM provisioning_logs \
             UNION ALL SELECT log_id FROM provisioning_log_payloads UNION ALL SELECT id FROM roles \
             UNION ALL SELECT action || status || entries FROM provisioning_log_hours ORDER BY 1",
        ))
        .await
}

entra_test! {
    async fn a_refused_request_is_tried_again_and_nothing_is_stored(entra: Entra) {
        let id = entra.create("ana").await;
        let refused = entra
            .patch(&id, json!([{"op": "Replace", "path": ROLE, "value": "SECURITY_LEAD"}]))
            .await;
        assert_eq!(refused.status, 400);
        let before = left(&entra).await;

        let result = tried(&entra, &refused).await;
        assert_eq!((result.status, result.http_status), (Status::Failure, 400));
        assert_eq!(result.reason.as_deref(), Some("role_unknown"));
        assert_eq!(result.scim_type.as_deref(), Some("invalidValue"));
        assert!(result.detail.unwrap().contains("SECURITY_LEAD"));
        assert!(result.response_body.unwrap().contains("SECURITY_LEAD"));
        assert_eq!(result.changes[0].new.as_deref(), Some("SECURITY_LEAD"));
        assert_eq!(left(&entra).await, before);

        // The cause is gone: the unknown role is accepted and would be new to the catalogue.
        entra.policy("unknown_role", "accept").await;
        let result = tried(&entra, &refused).await;
        assert_eq!((result.status, result.http_status), (Status::Warning, 200));
        assert_eq!(result.remarks[0].code, "role_unreviewed");
        assert_eq!(result.changes[0].new.as_deref(), Some("SECURITY_LEAD"));
        assert!(result.response_body.unwrap().contains("SECURITY_LEAD"));
        assert_eq!(left(&entra).await, before);

        // Entra's own next try then does just that.
        let again = entra
            .patch(&id, json!([{"op": "Replace", "path": ROLE, "value": "SECURITY_LEAD"}]))
            .await;
        assert_eq!(again.status, 200);
        assert_eq!(tried(&entra, &refused).await.status, Status::Skipped);
    }
}

entra_test! {
    async fn every_kind_of_request_can_be_tried(entra: Entra) {
        let ana = entra.create("ana").await;
        let taken = entra.post(&user("ana")).await;
        let renamed = entra.change(&ana, "Replace", "userName", json!("anna")).await;
        let nobody = entra.filter("userName eq \"ben\"").await;
        let read = entra.get(&format!("/Users/{ana}")).await;
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "active eq true"});
        let search = entra.send("POST", "/Users/.search", Some(&search)).await;
        let malformed = entra.with("POST", "/Users", ("content-type", "application/json"), "{\"userName\":").await;
        let put = entra.put(&ana, &user("ben")).await;
        let late = entra.with("PATCH", &format!("/Users/{ana}"), ("if-match", "W/\"1\""), "{\"Operations\":[]}").await;
        let odd = entra.get("/Users?filter=nonsense").await;
        assert_eq!((taken.status, renamed.status, put.status, late.status, odd.status), (409, 200, 200, 412, 400));
        let before = left(&entra).await;
        for (answer, status, http_status) in [
            // The name is free by now: Ana was renamed.
            (&taken, Status::Success, 201),
            (&renamed, Status::Success, 200),
            (&nobody, Status::Success, 200),
            (&read, Status::Success, 200),
            (&search, Status::Success, 200),
            (&malformed, Status::Failure, 400),
            (&put, Status::Skipped, 200),
            (&late, Status::Failure, 412),
            (&odd, Status::Failure, 400),
        ] {
            let result = tried(&entra, answer).await;
            assert_eq!((result.status, result.http_status), (status, http_status), "{}", answer.text);
        }
        assert_eq!(left(&entra).await, before);

        let deleted = entra.delete(&ana).await;
        assert_eq!(deleted.status, 204);
        for answer in [&deleted, &read, &put] {
            let result = tried(&entra, answer).await;
            assert_eq!(result.reason.as_deref(), Some("user_not_found"));
        }
        entra.policy("state", "paused").await;
        assert_eq!(tried(&entra, &taken).await.reason.as_deref(), Some("organization_paused"));
    }
}

entra_test! {
    async fn what_is_not_known_or_not_the_readers_is_not_tried(entra: Entra) {
        let schemas = entra.get("/Schemas").await;
        assert!(matches!(run(&entra, &schemas).await, DryRun::NotPossible(why) if why.contains("depends on no user")));

        let large = entra.create_with("large", json!({"title": "x".repeat(3_000)})).await;
        let emails: Vec<_> = (0..900).map(|n| json!({"value": format!("{n}{}", "y".repeat(90))})).collect();
        let cut = entra.change(&large, "Replace", "emails", json!(emails)).await;
        assert!(matches!(run(&entra, &cut).await, DryRun::NotPossible(why) if why.contains("64 KiB")), "{}", cut.text);

        let stranger = Entra::new(entra.app, "contoso", entra.organization_id.clone(), "rhp_wrong".to_owned());
        let unproved = stranger.get("/Users").await;
        assert_eq!(unproved.status, 401);
        assert!(matches!(run(&entra, &unproved).await, DryRun::NotPossible(why) if why.contains("not known")));

        let id = schemas.header("x-request-id");
        for (permission, organization) in [
            (Permission::ReadLogs, entra.organization_id.as_str()),
            (Permission::ReadPayloads, "another"),
        ] {
            let answer = dry_run(&entra.app.app, &allowed(permission, organization), id).await;
            assert!(matches!(answer, Err(ServiceError::Forbidden | ServiceError::NotFound { .. })));
        }
        let asked = "SELECT target_id FROM audit_log WHERE action = 'log.dry_run'";
        let asked: Vec<(String,)> = entra.app.rows(sql(asked)).await;
        assert_eq!(asked, [(id.to_owned(),)]);
    }
}

entra_test! {
    async fn only_what_is_kept_as_it_came_is_tried(entra: Entra) {
        let ana = entra.create("ana").await;
        let title = json!([{"op": "Replace", "path": "title", "value": "Dr"}]);
        let long = "q".repeat(3_000);
        let json_type = ("content-type", "application/json");
        let expired = entra.app.token(&entra.organization_id, 0).await;
        let expired = Entra::new(entra.app, "contoso", entra.organization_id.clone(), expired);
        entra.app.execute(sql("ALTER TABLE user_changes RENAME TO user_changes_gone")).await;
        let failed = entra.patch(&ana, title.clone()).await;
        entra.app.execute(sql("ALTER TABLE user_changes_gone RENAME TO user_changes")).await;
        entra.policy("state", "paused").await;
        let paused = [entra.patch(&ana, title.clone()).await, entra.get("/Users?filter=title+pr").await, entra.delete(&ana).await];
        entra.policy("state", "on").await;
        let [unread, list, delete] = &paused;
        for (answer, status, why) in [
            (unread, 503, "before its body was read"),
            (&entra.with("POST", "/Users", json_type, &" ".repeat(1024 * 1024 + 1)).await, 413, "before its body was read"),
            (&entra.with("POST", "/Users", ("content-type", "text/plain"), &user("ben").to_string()).await, 415, "before its body was read"),
            (&failed, 503, "the service itself failed"),
            (&expired.filter("userName eq \"ana\"").await, 401, "without a good token"),
            (&entra.get(&format!("/Users?filter=title+pr&x={long}")).await, 200, "2,000 characters"),
            (&entra.filter("password eq \"s1\"").await, 400, "may tell a password"),
            (&entra.with("POST", "/Users", json_type, "{\"password\":").await, 400, "may tell a password"),
        ] {
            assert_eq!(answer.status, status, "{}", answer.text);
            let run = run(&entra, answer).await;
            assert!(matches!(&run, DryRun::NotPossible(text) if text.contains(why)), "{why}: {run:?}");
            let detail = shown(&entra, answer).await;
            assert!(detail.curl.is_none() && detail.payload_note.contains(why), "{}", detail.payload_note);
        }

        // The request is what matters: not how long the answer is, nor a body that there need not be.
        let emails: Vec<_> = (0..700).map(|n| json!({"value": format!("{n}{}", "y".repeat(90))})).collect();
        let large = entra.create_with("large", json!({"emails": emails})).await;
        assert!(entra.payload(&entra.get(&format!("/Users/{large}")).await).await.unwrap().is_cut);
        for (answer, result) in [
            (list, Status::Success),
            (delete, Status::Success),
            (&entra.patch(&large, title).await, Status::Skipped),
            (&entra.with("POST", "/Users", json_type, "").await, Status::Failure),
            (&entra.change(&ana, "Add", "password", json!("s1")).await, Status::Warning),
        ] {
            assert_eq!(tried(&entra, answer).await.status, result, "{}", answer.text);
            assert!(shown(&entra, answer).await.curl.is_some());
        }
    }
}

entra_test! {
    async fn an_issue_is_tried_for_everybody_it_affects(entra: Entra) {
        let with_role = |name: &str| {
            let mut body = user(name);
            body["roles"] = json!([{"primary": "True", "value": "SECURITY_LEAD"}]);
            body
        };
        for name in ["ana", "ben", "ben"] {
            assert_eq!(entra.post(&with_role(name)).await.status, 400);
        }
        entra.app.flush().await;
        let issues = "SELECT id, users_affected FROM issues WHERE reason = 'role_unknown'";
        let issues: Vec<(String, i64)> = entra.app.rows(sql(issues)).await;
        let [(id, 2)] = issues.as_slice() else { panic!("{issues:?}") };
        let proof = allowed(Permission::ReadPayloads, &entra.organization_id);
        let before = left(&entra).await;

        let tried = dry_run_issue(&entra.app.app, &proof, id, None).await.unwrap();
        assert_eq!((tried.tally.put_right, tried.tally.affected, tried.users.len()), (0, 2, 2));
        assert_eq!(tried.users[0].status, Some(Status::Failure));
        assert!(tried.users[0].text.contains("SECURITY_LEAD"));

        // Ben comes with a known role; for Ana the cure is a policy.
        entra.create("ben").await;
        entra.policy("unknown_role", "default").await;
        let created = left(&entra).await;
        let tried = dry_run_issue(&entra.app.app, &proof, id, None).await.unwrap();
        let all: Vec<_> = tried.users.iter().map(|user| (user.user_name.as_deref(), user.status, user.is_put_right)).collect();
        assert_eq!((tried.tally.put_right, tried.next), (1, None));
        assert_eq!(all, [(Some("ana"), Some(Status::Warning), true)], "Ben has succeeded meanwhile");
        assert_eq!(left(&entra).await, created);
        assert_ne!(before, created);

        for (permission, organization) in [
            (Permission::ReadIssues, entra.organization_id.as_str()),
            (Permission::ReadPayloads, "another"),
        ] {
            let answer = dry_run_issue(&entra.app.app, &allowed(permission, organization), id, None).await;
            assert!(matches!(answer, Err(ServiceError::Forbidden | ServiceError::NotFound { .. })));
        }
    }
}

entra_test! {
    async fn a_remark_is_tried_by_a_request_that_was_carried_out(entra: Entra) {
        let id = entra.create("ana").await;
        let colour = json!({"op": "Replace", "path": "favouriteColour", "value": "blue"});
        let remarked = entra.patch(&id, json!([colour])).await;
        remarked.is(200);
        entra.app.advance(1_000);
        // The same is remarked upon, but a refusal is no event of that issue.
        let refused = entra.patch(&id, json!([colour, {"op": "Replace", "path": ROLE, "value": "LEAD"}])).await;
        refused.is_error(400, "invalidValue");
        assert_eq!(entra.entry(&refused).await.remark_codes(), ["attribute_ignored"]);
        let issue = sql("SELECT id FROM issues WHERE reason = 'attribute_ignored'");
        let [(issue,)] = entra.app.rows::<(String,)>(issue).await.try_into().unwrap();
        let proof = allowed(Permission::ReadPayloads, &entra.organization_id);
        let tried = dry_run_issue(&entra.app.app, &proof, &issue, None).await.unwrap();
        let requests: Vec<_> = tried.users.iter().map(|user| user.log_id.as_deref()).collect();
        assert_eq!(requests, [Some(remarked.header("x-request-id"))]);
    }
}

entra_test! {
    async fn more_than_a_hundred_are_tried_in_parts_whatever_happens_in_between(entra: Entra) {
        // Existing users are known by their ids, refused creates by their names.
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(entra.create(&format!("known{n}")).await);
        }
        ids.sort();
        let refused = json!([{"op": "Replace", "path": ROLE, "value": "LEAD"}]);
        for id in &ids {
            assert_eq!(entra.patch(id, refused.clone()).await.status, 400);
        }
        for n in 0..225 {
            let mut body = user(&format!("user{n:03}"));
            let role = if n % 100 == 50 { "OTHER" } else { "LEAD" };
            body["roles"] = json!([{"primary": "True", "value": role}]);
            assert_eq!(entra.post(&body).await.status, 400);
        }
        entra.app.flush().await;
        let lead = "INSERT INTO role_values (organization_id, value_key, value, role_id) \
                    SELECT organization_id, 'lead', 'LEAD', id FROM roles WHERE value = 'viewer'";
        entra.app.execute(sql(lead)).await;
        let issue = async |action: &'static str| {
            let issue = "SELECT id FROM issues WHERE reason = 'role_unknown' AND action = $1";
            let [(id,)] = entra.app.rows::<(String,)>(sql(issue).bind(action)).await.try_into().unwrap();
            id
        };
        let (creates, updates) = (issue("create").await, issue("update").await);
        let proof = allowed(Permission::ReadPayloads, &entra.organization_id);
        let part = async |id: &str, after: Option<&str>| dry_run_issue(&entra.app.app, &proof, id, after).await.unwrap();

        let mut run = part(&creates, None).await;
        assert_eq!(run.tally.verdict(), "Would now succeed for 99 of these 100 users; 225 are affected");
        assert_eq!(run.users[0].user_name.as_deref(), Some("user050"));
        assert!(run.users[0].text.contains("OTHER") && run.users[0].log_id.is_some());
        assert_eq!(run.next.as_deref(), Some("n:user099"));
        // Meanwhile somebody of the first part comes with a known role, as does the one whom the next part begins after,
        // and one that is still to come; and an old entry goes.
        for name in ["user003", "user099", "user120"] {
            entra.create(name).await;
        }
        entra.app.flush().await;
        let log = "DELETE FROM provisioning_logs WHERE user_name_key = 'user110' AND status = 'failure'";
        entra.app.execute(sql(log)).await;
        let next = part(&creates, run.next.as_deref()).await;
        assert_eq!((next.tally.tried, next.tally.put_right), (100, 98));
        assert_eq!(next.users[0].text, "Its log entry is not kept any more.");
        run.add(next);
        assert_eq!(run.tally.so_far(), "Tried 200 of 222. 197 would now succeed.");
        assert_eq!(run.next.as_deref(), Some("n:user200"));
        let next = part(&creates, run.next.as_deref()).await;
        assert_eq!((next.users.len(), next.next.as_deref()), (24, None));
        assert!(next.users.iter().all(|user| user.is_put_right));
        run.add(next);
        assert_eq!(run.tally.verdict(), "Would now succeed for 221 of 224 users");
        assert_eq!(run.users.iter().filter(|user| !user.is_put_right).count(), 3);

        // A user who is deleted is no longer affected, be it the one at the cursor.
        let after = format!("u:{}", ids[1]);
        assert_eq!(part(&updates, Some(&after)).await.tally.tried, 3);
        for id in [&ids[1], &ids[3]] {
            entra.delete(id).await;
        }
        entra.app.flush().await;
        let rest = part(&updates, Some(&after)).await;
        assert_eq!((rest.tally.tried, rest.tally.put_right, rest.tally.affected), (2, 2, 3));
        assert_eq!(part(&updates, Some("z")).await.users, []);

        // Each part is on record, with how many were tried.
        let asked = "SELECT after FROM audit_log WHERE action = 'issue.dry_run' AND target_id = $1 ORDER BY id";
        let asked: Vec<(String,)> = entra.app.rows(sql(asked).bind(&creates)).await;
        let asked: Vec<serde_json::Value> = asked.iter().map(|(part,)| serde_json::from_str(part).unwrap()).collect();
        assert_eq!(asked, [
            json!({"users_tried": 100, "users_affected": 225, "first_part": true}),
            json!({"users_tried": 100, "users_affected": 222, "first_part": false}),
            json!({"users_tried": 24, "users_affected": 222, "first_part": false}),
        ]);
    }
}
