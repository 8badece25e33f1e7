//! Issues: made by what requests come to, and ended by it.

use futures_util::future::join_all;
use rhombus_provisioning::model::log::Status;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::services::dry_run::dry_run_issue;
use rhombus_provisioning::server::services::user_access;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::app::START;
use crate::support::entra::{Entra, user};

#[derive(Debug, sqlx::FromRow)]
struct Issue {
    id: String,
    action: String,
    reason: String,
    attribute: String,
    value: Option<String>,
    state: String,
    is_open: bool,
    reopened: i64,
    events: i64,
    users_affected: i64,
    first_seen_at: i64,
    last_seen_at: i64,
    resolved_at: Option<i64>,
    log_id: Option<String>,
}

impl Issue {
    fn kind(&self) -> (&str, &str, &str) {
        (&self.action, &self.reason, &self.attribute)
    }

    /// State, events, users affected.
    fn stands(&self) -> (&str, i64, i64) {
        assert_eq!(
            self.is_open,
            ["open", "acknowledged"].contains(&self.state.as_str())
        );
        (&self.state, self.events, self.users_affected)
    }
}

/// The organization's issues, oldest first.
async fn issues(entra: &Entra<'_>) -> Vec<Issue> {
    entra.app.flush().await;
    let found = sql(
        "SELECT * FROM issues WHERE organization_id = $1 ORDER BY first_seen_at, reason, action, attribute",
    );
    entra.app.rows(found.bind(&entra.organization_id)).await
}

async fn only(entra: &Entra<'_>) -> Issue {
    let mut all = issues(entra).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn set(entra: &Entra<'_>, assignment: &'static str) {
    entra.app.execute(sql(assignment)).await;
}

const ROLE: &str = r#"roles[primary eq "True"].value"#;

fn allowed(entra: &Entra<'_>, permission: Permission) -> Allowed {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: entra.slug.clone(),
    };
    Allowed::command_line(permission, Some(organization))
}

fn with_role(name: &str, role: &str) -> Value {
    let mut body = user(name);
    body["roles"] = json!([{"value": role, "primary": "True"}]);
    body
}

entra_test! {
    async fn failures_of_one_cause_are_one_issue_until_all_succeed(entra: Entra) {
        let (ana, ben) = (entra.create("ana").await, entra.create("ben").await);
        let role = r#"roles[primary eq "True"].value"#;
        for (id, value) in [(&ana, "Boss"), (&ana, "Boss"), (&ben, "Chief")] {
            entra.app.advance(MINUTE);
            entra.change(id, "Add", role, json!(value)).await.is_error(400, "invalidValue");
        }
        let issue = only(&entra).await;
        assert_eq!(issue.kind(), ("update", "role_unknown", role));
        assert_eq!(issue.stands(), ("open", 3, 2));
        assert_eq!(issue.value.as_deref(), Some("Chief"));
        assert_eq!((issue.first_seen_at, issue.last_seen_at), (START + MINUTE, START + 3 * MINUTE));
        let last = entra.log().await.pop().unwrap();
        assert_eq!(issue.log_id, Some(last.id));
        let days: Vec<(i64,)> = entra.app.rows(sql("SELECT events FROM issue_days")).await;
        assert_eq!(days, [(3,)]);
        // Skipped is a success, too; a look-up is none.
        entra.change(&ana, "Replace", "active", json!("True")).await.is(200);
        entra.get(&format!("/Users/{ben}")).await.is(200);
        assert_eq!(only(&entra).await.stands(), ("open", 3, 1));
        entra.app.advance(MINUTE);
        entra.change(&ben, "Replace", "active", json!("False")).await.is(200);
        let issue = only(&entra).await;
        assert_eq!(issue.stands(), ("resolved", 3, 0));
        assert_eq!(issue.resolved_at, Some(START + 4 * MINUTE));
        // It comes back, for one of them.
        entra.app.advance(MINUTE);
        entra.change(&ana, "Add", role, json!("Chief")).await.is_error(400, "invalidValue");
        let again = only(&entra).await;
        assert_eq!(again.stands(), ("open", 4, 1));
        assert_eq!((again.reopened, again.resolved_at, again.id), (1, None, issue.id));
        // Gone is as good as done.
        entra.delete(&ana).await.is(204);
        assert_eq!(only(&entra).await.stands(), ("resolved", 4, 0));
    }

    async fn a_refused_create_ends_when_the_name_is_created(entra: Entra) {
        let holder = entra.create("ana").await;
        for name in ["ANA", "ana", "Ana"] {
            entra.post(&user(name)).await.is_error(409, "uniqueness");
        }
        let issue = only(&entra).await;
        assert_eq!((issue.kind(), issue.stands()), (("create", "user_name_taken", "userName"), ("open", 3, 1)));
        let who: Vec<(Option<String>, Option<String>)> = entra.app.rows(sql("SELECT user_id, user_name FROM issue_users")).await;
        assert_eq!(who, [(None, Some("ANA".to_owned()))]);
        // The holder is another person.
        entra.change(&holder, "Replace", "title", json!("Dr")).await.is(200);
        assert_eq!(only(&entra).await.stands(), ("open", 3, 1));
        entra.delete(&holder).await.is(204);
        assert_eq!(only(&entra).await.stands(), ("open", 3, 1));
        entra.create("aNa").await;
        assert_eq!(only(&entra).await.stands(), ("resolved", 3, 0));
    }

    async fn a_create_without_a_name_is_known_by_its_external_id(entra: Entra) {
        let mut nameless = user("");
        nameless["externalId"] = json!("e-1");
        entra.post(&nameless).await.is_error(400, "invalidValue");
        assert_eq!(only(&entra).await.stands(), ("open", 1, 1));
        entra.create_with("ana", json!({"externalId": "e-1"})).await;
        assert_eq!(only(&entra).await.stands(), ("resolved", 1, 0));
    }

    async fn warnings_are_issues_of_users_who_got_in(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let created = entra.post(&with_role("ana", "Boss")).await;
        created.is(201);
        let issue = only(&entra).await;
        assert_eq!((issue.action.as_str(), issue.reason.as_str(), issue.stands()), ("create", "unknown_role_replaced", ("open", 1, 1)));
        assert_eq!(issue.value.as_deref(), Some("Boss"));
        // The same user is in trouble for the same reason at another action: that is another issue.
        let (id, role) = (created.id(), json!([{"value": "Chief", "primary": "True"}]));
        entra.change(&id, "Replace", "roles", role).await.is(200);
        let all = issues(&entra).await;
        assert_eq!(all.iter().map(Issue::stands).collect::<Vec<_>>(), [("resolved", 1, 0), ("open", 1, 1)]);
        entra.change(&id, "Replace", "roles", json!([{"value": "admin", "primary": "True"}])).await.is(200);
        assert!(issues(&entra).await.iter().all(|issue| issue.stands() == ("resolved", 1, 0)));
    }

    async fn each_remark_of_a_request_is_an_issue(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        let mut body = with_role("ana", "Boss");
        body["favouriteColour"] = json!("blue");
        body["shoeSize"] = json!(38);
        let answer = entra.post(&body).await;
        answer.is(201);
        // The entry is named after what somebody has to look at, wherever it stands among the remarks.
        let entry = entra.entry(&answer).await;
        assert_eq!(entry.remark_codes(), ["attribute_ignored", "attribute_ignored", "role_unreviewed"]);
        assert_eq!(entry.reason.as_deref(), Some("role_unreviewed"));
        let all = issues(&entra).await;
        let kinds: Vec<_> = all.iter().map(|issue| (issue.reason.as_str(), issue.attribute.as_str())).collect();
        assert_eq!(kinds, [
            ("attribute_ignored", "favouriteColour"),
            ("attribute_ignored", "shoeSize"),
            ("role_unreviewed", ROLE),
        ]);
        assert!(all.iter().all(|issue| issue.stands() == ("open", 1, 1) && issue.action == "create"));
        assert!(all.iter().all(|issue| issue.log_id.as_ref() == Some(&entry.id)));
        let values: Vec<_> = all.iter().map(|issue| issue.value.as_deref()).collect();
        assert_eq!(values, [None, None, Some("Boss")]);
        let days: Vec<(i64,)> = entra.app.rows(sql("SELECT events FROM issue_days")).await;
        assert_eq!(days, [(1,); 3]);
        // A change with one of the remarks still ends the others.
        let change = json!([{"op": "Replace", "path": "shoeSize", "value": 39}, {"op": "Replace", "path": "title", "value": "Dr"}]);
        entra.patch(&answer.id(), change).await.is(200);
        let all = issues(&entra).await;
        let stand: Vec<_> = all.iter().map(|issue| (issue.kind(), issue.stands())).collect();
        assert_eq!(stand, [
            (("create", "attribute_ignored", "favouriteColour"), ("resolved", 1, 0)),
            (("create", "attribute_ignored", "shoeSize"), ("resolved", 1, 0)),
            (("update", "attribute_ignored", "shoeSize"), ("open", 1, 1)),
            (("create", "role_unreviewed", ROLE), ("resolved", 1, 0)),
        ]);
        entra.change(&answer.id(), "Replace", "shoeSize", json!(40)).await.is(200);
        assert_eq!(issues(&entra).await[2].stands(), ("open", 2, 1), "the same remark does not end it");
        // What nobody sends any more is over when the user is gone.
        entra.delete(&answer.id()).await.is(204);
        assert!(issues(&entra).await.iter().all(|issue| issue.state == "resolved"));
    }

    async fn a_remark_among_others_leads_to_its_request_and_comes_again(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        let id = entra.create("ana").await;
        let mut body = user("ana");
        body["shoeSize"] = json!(38);
        body.as_object_mut().unwrap().remove("name");
        let answer = entra.put(&id, &body).await;
        answer.is(200);
        let issue = issues(&entra).await.remove(0);
        assert_eq!(issue.kind(), ("update", "attribute_ignored", "shoeSize"));
        let entry = entra.entry(&answer).await;
        assert_eq!((entry.reason.as_deref(), entry.attribute.as_deref()), (Some("names_missing"), Some("name.givenName")));
        let proof = allowed(&entra, Permission::ReadPayloads);
        let tried = dry_run_issue(&entra.app.app, &proof, &issue.id, None).await.unwrap();
        let user = &tried.users[0];
        assert_eq!((user.log_id.as_ref(), user.status, user.is_put_right), (Some(&entry.id), Some(Status::Warning), false));
    }

    async fn a_refusal_is_no_event_of_what_was_remarked_upon(entra: Entra) {
        entra.create("ana").await;
        let mut body = user("ana");
        body["favouriteColour"] = json!("blue");
        entra.post(&body).await.is_error(409, "uniqueness");
        assert_eq!(only(&entra).await.kind(), ("create", "user_name_taken", "userName"));
    }

    async fn refused_connections_are_issues_without_users(entra: Entra) {
        entra.app.execute(sql("UPDATE tokens SET expires_at = $1").bind(START)).await;
        let body = user("ana");
        for _ in 0..70 {
            entra.post(&body).await.is_error(401, "");
        }
        let issue = only(&entra).await;
        // Beyond sixty a minute they are counted only, and count here.
        assert_eq!((issue.kind(), issue.stands()), (("unknown", "token_expired", ""), ("open", 70, 0)));
        set(&entra, "UPDATE organizations SET state = 'off'").await;
        entra.app.execute(sql("UPDATE tokens SET expires_at = $1").bind(START + DAY)).await;
        entra.post(&body).await.is_error(403, "");
        entra.get("/Users").await.is_error(403, "");
        let all = issues(&entra).await;
        assert_eq!(all[0].kind(), ("unknown", "organization_off", ""));
        assert_eq!(all[0].stands(), ("open", 2, 0));
        set(&entra, "UPDATE organizations SET state = 'on'").await;
        // Just now there was a bad one: it may come again.
        entra.get("/Users").await.is(200);
        assert!(issues(&entra).await.iter().all(|issue| issue.is_open));
        entra.app.advance(5 * MINUTE);
        entra.get("/Users").await.is(200);
        assert!(issues(&entra).await.iter().all(|issue| issue.state == "resolved"));
    }

    async fn what_passes_is_over_with_the_next_success_at_that_action(entra: Entra) {
        // As a match leaves it that met a database which was away.
        entra.filter("nothing eq \"x\"").await.is_error(400, "invalidFilter");
        entra.app.flush().await;
        set(&entra, "UPDATE issues SET action = 'match', reason = 'database_unavailable', attribute = ''").await;
        entra.app.advance(5 * MINUTE);
        entra.get("/Users").await.is(200);
        entra.create("ana").await;
        assert_eq!(only(&entra).await.state, "open", "other actions say nothing about it");
        entra.filter("userName eq \"ana\"").await.is(200);
        assert_eq!(only(&entra).await.resolved_at, Some(START + 5 * MINUTE));
    }

    async fn what_a_mapping_asks_for_wrongly_is_one_issue_until_it_stays_away(entra: Entra) {
        let cycle = async || {
            entra.app.advance(40 * MINUTE);
            entra.filter("nothing eq \"x\"").await.is_error(400, "invalidFilter");
            entra.get("/Groups").await.is_error(404, "");
            entra.get("/Users").await.is(200);
            entra.app.flush().await;
        };
        for _ in 0..5 {
            cycle().await;
        }
        let all = issues(&entra).await;
        assert_eq!(all.iter().map(Issue::kind).collect::<Vec<_>>(), [
            ("list", "filter_attribute_unknown", "nothing"),
            ("unknown", "groups_not_offered", ""),
        ]);
        assert!(all.iter().all(|issue| issue.stands() == ("open", 5, 0) && issue.reopened == 0));
        // The mappings are put right; somebody looks at it first.
        set(&entra, "UPDATE issues SET state = 'acknowledged'").await;
        entra.app.advance(2 * HOUR - 1);
        entra.get("/Users").await.is(200);
        assert!(issues(&entra).await.iter().all(|issue| issue.is_open));
        entra.app.advance(1);
        // Nothing succeeds at /Groups: any other action tells, but does not for lists.
        entra.filter("userName eq \"ana\"").await.is(200);
        let states: Vec<String> = issues(&entra).await.into_iter().map(|issue| issue.state).collect();
        assert_eq!(states, ["acknowledged", "resolved"]);
        // By hand it is opened anew, and has as long again.
        let reopened = sql("UPDATE issues SET state = 'open', opened_at = $1 WHERE action = 'list'");
        entra.app.execute(reopened.bind(START + 10 * HOUR)).await;
        entra.app.advance(HOUR);
        entra.get("/Users").await.is(200);
        assert!(issues(&entra).await[0].is_open);
        entra.app.advance(10 * HOUR);
        entra.get("/Users").await.is(200);
        assert_eq!(issues(&entra).await[0].stands(), ("resolved", 5, 0));
    }

    async fn a_doubled_bearer_is_one_issue_whatever_is_asked_for(entra: Entra) {
        let token = format!("Bearer {}", entra.token);
        let doubled = Entra::new(entra.app, &entra.slug, entra.organization_id.clone(), token);
        let id = doubled.create("ana").await;
        doubled.filter("userName eq \"ana\"").await.is(200);
        doubled.change(&id, "Replace", "title", json!("Dr")).await.is(200);
        let mut body = user("ben");
        body["roles"] = json!([]);
        let answer = doubled.post(&body).await;
        answer.is(201);
        assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("default_role_used"));
        let all = issues(&entra).await;
        assert_eq!(all.iter().map(Issue::kind).collect::<Vec<_>>(), [
            ("unknown", "bearer_doubled", ""),
            ("create", "default_role_used", ROLE),
        ]);
        assert_eq!(all[0].stands(), ("open", 4, 0));
        let people: Vec<(i64,)> = entra.app.rows(sql("SELECT count(*) FROM issue_users")).await;
        assert_eq!(people, [(1,)]);
        entra.app.advance(5 * MINUTE);
        doubled.get("/Users").await.is(200);
        assert_eq!(issues(&entra).await[0].stands(), ("open", 5, 0));
        entra.app.advance(5 * MINUTE);
        entra.get("/Users").await.is(200);
        assert_eq!(issues(&entra).await[0].stands(), ("resolved", 5, 0));
    }

    async fn what_nobody_has_to_put_right_is_no_issue(entra: Entra) {
        let id = entra.create("ana").await;
        entra.delete(&id).await.is(204);
        entra.delete(&id).await.is_error(404, "");
        entra.get(&format!("/Users/{id}")).await.is_error(404, "");
        entra.policy("state", "paused").await;
        entra.delete(&id).await.is_error(503, "");
        entra.policy("state", "on").await;
        assert!(issues(&entra).await.is_empty());
        entra.change(&id, "Replace", "title", json!("Dr")).await.is_error(404, "");
        entra.change("nonsense", "Replace", "title", json!("Dr")).await.is_error(404, "");
        entra.filter("nothing eq \"x\"").await.is_error(400, "invalidFilter");
        let all = issues(&entra).await;
        assert_eq!(all.iter().map(Issue::kind).collect::<Vec<_>>(), [
            ("list", "filter_attribute_unknown", "nothing"),
            ("update", "user_not_found", ""),
        ]);
        assert_eq!(all.iter().map(Issue::stands).collect::<Vec<_>>(), [("open", 1, 0), ("open", 2, 0)]);
        let people: Vec<(String,)> = entra.app.rows(sql("SELECT user_key FROM issue_users")).await;
        assert_eq!(people, [], "nobody who does not exist");
    }

    async fn ignored_stays_ignored_until_its_date_or_count(entra: Entra) {
        let id = entra.create("ana").await;
        let fail = async || {
            entra.change(&id, "Replace", "active", json!("?")).await.is_error(400, "invalidValue");
            only(&entra).await.state
        };
        assert_eq!(fail().await, "open");
        set(&entra, "UPDATE issues SET state = 'acknowledged'").await;
        assert_eq!(fail().await, "acknowledged");
        set(&entra, "UPDATE issues SET state = 'ignored', is_open = FALSE").await;
        entra.app.advance(100 * DAY);
        assert_eq!(fail().await, "ignored");
        set(&entra, "UPDATE issues SET ignored_until_events = 5").await;
        assert_eq!((fail().await, fail().await), ("ignored".to_owned(), "open".to_owned()));
        let until = START + 101 * DAY;
        let statement = sql("UPDATE issues SET state = 'ignored', is_open = FALSE, ignored_until = $1");
        entra.app.execute(statement.bind(until)).await;
        assert_eq!(fail().await, "ignored");
        entra.app.advance(DAY);
        assert_eq!(fail().await, "open");
        assert_eq!(only(&entra).await.reopened, 2);
    }

    async fn issues_belong_to_one_organization(entra: Entra) {
        let other = entra.app.entra("fabrikam").await;
        for entra in [&entra, &other] {
            entra.create("ana").await;
            entra.post(&user("ana")).await.is_error(409, "uniqueness");
        }
        let here = only(&entra).await;
        assert_ne!(here.id, only(&other).await.id);
        assert_eq!(here.stands(), ("open", 1, 1));
    }

    async fn counts_are_exact_after_a_storm(entra: Entra) {
        let ids = join_all((0..6).map(|index| {
            let name = format!("user{index}");
            let entra = &entra;
            async move { entra.create(&name).await }
        }))
        .await;
        let taken = user("USER0");
        // Two kinds of trouble for each, creates that are refused, and successes in between.
        join_all((0..120).map(|index| {
            let (entra, id, taken) = (&entra, &ids[index % 6], &taken);
            async move {
                match index % 5 {
                    0 => entra.change(id, "Replace", "active", json!("?")).await.is_error(400, "invalidValue"),
                    1 => entra.change(id, "Replace", "name.givenName", json!("")).await.is_error(400, "invalidValue"),
                    2 => entra.post(taken).await.is_error(409, "uniqueness"),
                    3 => entra.change(id, "Replace", "shoe", json!("x")).await.is(200).to_string(),
                    _ => entra.change(id, "Replace", "title", json!(format!("t{index}"))).await.is(200).to_string(),
                }
            }
        }))
        .await;
        let check = async || {
            for issue in issues(&entra).await {
                let rows: Vec<(i64,)> = entra.app.rows(
                    sql("SELECT count(*) FROM issue_users WHERE issue_id = $1 AND succeeded_at IS NULL").bind(&issue.id)).await;
                assert_eq!(rows, [(issue.users_affected,)], "{issue:?}");
                let logged: Vec<(i64,)> = entra.app.rows(
                    sql("SELECT count(*) FROM provisioning_logs WHERE action = $1 AND reason = $2 AND attribute = $3")
                        .bind(&issue.action).bind(&issue.reason).bind(&issue.attribute)).await;
                assert_eq!(logged, [(issue.events,)], "{issue:?}");
                assert_eq!(issue.is_open, issue.users_affected > 0, "{issue:?}");
            }
        };
        check().await;
        join_all(ids.iter().map(|id| entra.change(id, "Replace", "title", json!("done")))).await;
        check().await;
        let open: Vec<(String,)> = entra.app.rows(sql("SELECT reason FROM issues WHERE is_open")).await;
        assert_eq!(open, [("user_name_taken".to_owned(),)]);
    }

    async fn an_erased_person_is_forgotten_here_too(entra: Entra) {
        let id = entra.create("ana").await;
        entra.post(&user("ana")).await.is_error(409, "uniqueness");
        entra.change(&id, "Replace", "active", json!("?")).await.is_error(400, "invalidValue");
        entra.delete(&id).await.is(204);
        let allowed = allowed(&entra, Permission::EraseUsers);
        user_access::erase(&entra.app.app, &allowed, &id, "ana").await.unwrap();
        let people: Vec<(String,)> = entra.app.rows(sql("SELECT user_key FROM issue_users")).await;
        assert_eq!(people, []);
        assert!(issues(&entra).await.iter().all(|issue| issue.stands() == ("resolved", 1, 0)));
    }
}
