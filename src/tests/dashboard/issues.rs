//! Issues as people see them and work on them.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::issue::{IssueDetail, IssueFilter, IssueRow, IssueTab};
use rhombus_provisioning::model::log::{Action, LogFilter};
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::clock::{DAY, MINUTE};
use rhombus_provisioning::server::services::{issues, log_search};
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use super::person::{account, cookie, open, post};
use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

fn allowed(entra: &Entra<'_>, permission: Permission) -> Allowed {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: entra.slug.clone(),
    };
    Allowed::command_line(permission, Some(organization))
}

async fn list(entra: &Entra<'_>, filter: IssueFilter) -> Vec<IssueRow> {
    entra.app.flush().await;
    let allowed = allowed(entra, Permission::ReadIssues);
    let page = issues::list(&entra.app.app, &allowed, &filter).await;
    page.unwrap().items
}

async fn detail(entra: &Entra<'_>, id: &str) -> IssueDetail {
    entra.app.flush().await;
    let allowed = allowed(entra, Permission::ReadIssues);
    let app = &entra.app.app;
    issues::detail(app, &allowed, id, None, None, true)
        .await
        .unwrap()
}

/// Somebody at a browser, working on one issue.
struct Worker<'a> {
    entra: &'a Entra<'a>,
    cookie: String,
    id: String,
    address: String,
}

impl<'a> Worker<'a> {
    async fn of(entra: &'a Entra<'a>, role: AccountRole, issue: &IssueRow) -> Self {
        let slug = (role != AccountRole::Support).then_some("contoso");
        let email = format!("{}@contoso.com", role.as_str());
        let id = account(entra.app, &email, role, slug).await;
        let cookie = cookie(entra.app, &id).await;
        Self {
            entra,
            cookie,
            id,
            address: issue.href(),
        }
    }

    async fn act(&self, form: &str) -> Answer {
        post(self.entra.app, &self.cookie, &self.address, form).await
    }

    #[track_caller]
    fn done(&self, answer: &Answer) {
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.header("location"), self.address);
    }

    async fn page(&self, rest: &str) -> String {
        let answer = open(
            self.entra.app,
            &self.cookie,
            &format!("{}{rest}", self.address),
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }
}

async fn audited(entra: &Entra<'_>) -> Vec<String> {
    let found =
        sql("SELECT action FROM audit_log WHERE target_kind IN ('issue', 'log_entry') ORDER BY id");
    let rows: Vec<(String,)> = entra.app.rows(found).await;
    rows.into_iter().map(|(action,)| action).collect()
}

/// One user whose role is unknown, one whose name is missing.
async fn two_issues(entra: &Entra<'_>) {
    for name in ["ana", "ben", "cem"] {
        let mut body = user(name);
        body["roles"] = json!([{"value": "SECURITY_LEAD", "primary": true}]);
        entra.post(&body).await.is_error(400, "invalidValue");
    }
    let mut nameless = user("dot");
    nameless["name"] = json!({"givenName": "Dot"});
    entra.post(&nameless).await.is_error(400, "invalidValue");
}

entra_test! {
    async fn issues_are_ranked_by_users_and_named_by_their_value(entra: Entra) {
        two_issues(&entra).await;
        let open = list(&entra, IssueFilter::default()).await;
        let shown: Vec<_> = open.iter().map(|row| (row.title.as_str(), row.users, row.events)).collect();
        assert_eq!(shown, [("Role value SECURITY_LEAD is not in the role catalogue", 3, 3), ("Family name is missing", 1, 1)]);
        assert_eq!(open[0].code.as_deref(), Some("400 invalidValue"));
        assert_eq!(open[0].days.last(), Some(&3));
        let by_reason = IssueFilter { reason: Some("family_name_missing".to_owned()), ..IssueFilter::default() };
        assert_eq!(list(&entra, by_reason).await.len(), 1);
        let resolved = IssueFilter { tab: IssueTab::Resolved, ..IssueFilter::default() };
        assert!(list(&entra, resolved.clone()).await.is_empty());
        entra.policy("unknown_role", "default").await;
        for name in ["ana", "ben", "cem"] {
            entra.create(name).await;
        }
        assert_eq!(list(&entra, resolved).await.len(), 1);
        assert_eq!(list(&entra, IssueFilter::default()).await.len(), 1);
        // Another organization sees nothing of it; Support all, and one organization of them.
        let other = entra.app.entra("fabrikam").await;
        assert!(list(&other, IssueFilter::default()).await.is_empty());
        let support = Allowed::command_line(Permission::ReadAllIssues, None);
        for (slug, found) in [(None, 1), (Some("contoso"), 1), (Some("fabrikam"), 0), (Some("nobody"), 0)] {
            let filter = IssueFilter { organization: slug.map(str::to_owned), ..IssueFilter::default() };
            let page = issues::list(&entra.app.app, &support, &filter).await.unwrap();
            assert_eq!(page.items.len(), found, "{slug:?}");
        }
    }

    async fn issues_are_found_by_what_they_say_and_whom_they_affect(entra: Entra) {
        two_issues(&entra).await;
        let mut named = user("zoe@contoso.com");
        named["displayName"] = json!("Zoë Quill");
        let zoe = entra.post(&named).await.id();
        entra.change(&zoe, "Add", "title", json!(7)).await.is_error(400, "invalidValue");
        let mut walter = user("boss@contoso.com");
        walter["displayName"] = json!("Walter Nobody");
        walter["roles"] = json!([{"value": "SECURITY_LEAD", "primary": true}]);
        entra.post(&walter).await.is_error(400, "invalidValue");
        let mut refused = user("under_score");
        refused["title"] = json!("x".repeat(20_000));
        entra.post(&refused).await.is_error(400, "invalidValue");
        let found = async |text: &str| {
            let filter = IssueFilter { text: text.to_owned(), ..IssueFilter::default() };
            let mut reasons: Vec<String> = list(&entra, filter).await.into_iter().map(|row| row.reason).collect();
            reasons.sort();
            reasons.join(" ")
        };
        for (text, reasons) in [
            // The title, the code, the attribute, the value; in any case, in any order, all of them.
            ("catalogue", "role_unknown"), ("ROLE unknown", "role_unknown"), ("role_unknown", "role_unknown"),
            ("security_lead", "role_unknown"), ("lead role", "role_unknown"), ("name.familyName", "family_name_missing"),
            ("title", "value_too_long value_wrong_type"), ("title long", "value_too_long"), ("role family", ""),
            // Whom it affects, by the beginning of a name or userName: users, and creates that were refused.
            ("zoë q", "value_wrong_type"), ("ZOE@contoso", "value_wrong_type"), ("ben", "role_unknown"), ("dot", "family_name_missing"),
            ("walter n", "role_unknown"), ("under_", "value_too_long"), ("ruiz", "value_wrong_type"), ("quill", ""),
            // What would stand for anything stands for itself.
            ("%", ""), ("under%", ""), ("u_der", ""), ("\\", ""), ("'", ""), ("x' OR 1=1 --", ""), ("  ", "family_name_missing role_unknown value_too_long value_wrong_type"),
        ] {
            assert_eq!(found(text).await, reasons, "{text:?}");
        }
        // Whoever has succeeded since is not affected any more.
        entra.change(&zoe, "Replace", "active", json!("True")).await.is(200);
        assert_eq!(found("zoë").await, "");
        // Another organization finds nothing of it; Support all of it, refused creates by userName.
        let other = entra.app.entra("fabrikam").await;
        let filter = |text: &str| IssueFilter { text: text.to_owned(), ..IssueFilter::default() };
        assert!(list(&other, filter("ben")).await.is_empty());
        let support = Allowed::command_line(Permission::ReadAllIssues, None);
        for (text, count) in [("catalogue", 1), ("ben", 1), ("nobody at all", 0)] {
            let page = issues::list(&entra.app.app, &support, &filter(text)).await.unwrap();
            assert_eq!(page.items.len(), count, "{text}");
        }
        let viewer = account(entra.app, "vic@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let cookie = cookie(entra.app, &viewer).await;
        let page = open(entra.app, &cookie, "/organizations/contoso/issues?q=security_lead&state=open").await;
        assert!(page.text.contains("value=\"security_lead\"") && !page.text.contains("name.familyName is required by your organization"), "{}", page.text);
    }

    async fn pages_of_issues_follow_each_other(entra: Entra) {
        for number in 0..120_i64 {
            let statement = sql(
                "INSERT INTO issues (id, organization_id, action, reason, attribute, state, is_open, reopened, events, \
                 users_affected, first_seen_at, last_seen_at, opened_at) \
                 VALUES ($1, $2, 'update', 'attribute_ignored', $1, 'open', TRUE, 0, 1, $3, $4, $4, $4)",
            );
            let statement = statement.bind(format!("i{number:03}")).bind(&entra.organization_id);
            entra.app.execute(statement.bind(number % 7).bind(1_000 - number % 5)).await;
        }
        let allowed = allowed(&entra, Permission::ReadIssues);
        let mut filter = IssueFilter::default();
        let mut seen = Vec::new();
        loop {
            let page = issues::list(&entra.app.app, &allowed, &filter).await.unwrap();
            assert_eq!(page.previous.is_some(), !seen.is_empty());
            seen.extend(page.items.into_iter().map(|row| (row.users, row.id)));
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen.len(), 120);
        assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0 && pair[0] != pair[1]), "{seen:?}");
        // Back from the last page to the one before it.
        let last = issues::list(&entra.app.app, &allowed, &filter).await.unwrap();
        filter = IssueFilter { cursor: last.previous, back: true, ..IssueFilter::default() };
        let before = issues::list(&entra.app.app, &allowed, &filter).await.unwrap();
        let ids: Vec<_> = before.items.into_iter().map(|row| (row.users, row.id)).collect();
        assert_eq!(ids, seen[50..100]);
    }

    async fn an_admin_works_on_an_issue(entra: Entra) {
        two_issues(&entra).await;
        let issue = list(&entra, IssueFilter::default()).await.remove(0);
        let admin = Worker::of(&entra, AccountRole::Admin, &issue).await;
        let page = admin.page("").await;
        for words in ["Fix it in Entra", "What happens next", "Acknowledge", "Ana Ruiz", "ben", "First seen"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        admin.done(&admin.act("do=acknowledge").await);
        admin.done(&admin.act("do=acknowledge").await);
        admin.done(&admin.act(&format!("do=assign&assignee={}", admin.id)).await);
        admin.done(&admin.act("do=note&note=+Asked+the+identity+team.+").await);
        let now = detail(&entra, &issue.id).await;
        assert_eq!(now.row.state.as_str(), "acknowledged");
        assert_eq!(now.assignee_id.as_ref(), Some(&admin.id));
        let happened: Vec<_> = now.history.iter().map(|event| (event.kind.as_str(), event.text.as_str())).collect();
        assert_eq!(happened.len(), 4, "{happened:?}");
        assert!(happened.contains(&("note", "Asked the identity team.")), "{happened:?}");
        assert!(admin.page("").await.contains("Asked the identity team."));

        admin.done(&admin.act("do=ignore_days&days=7").await);
        let now = detail(&entra, &issue.id).await;
        assert!(now.ignored.unwrap().contains("30 Nov 2026"));
        let conflict = admin.act("do=acknowledge").await;
        assert_eq!(conflict.status, 409);
        assert!(conflict.text.contains("This issue is not open any more."));
        admin.done(&admin.act("do=reopen").await);
        admin.done(&admin.act("do=resolve").await);
        assert_eq!(detail(&entra, &issue.id).await.row.state.as_str(), "resolved");
        // It comes back.
        let mut body = user("eli");
        body["roles"] = json!([{"value": "BOSS", "primary": true}]);
        entra.post(&body).await.is_error(400, "invalidValue");
        let again = detail(&entra, &issue.id).await.row;
        assert_eq!((again.state.as_str(), again.reopened, again.users), ("open", 1, 4));
        assert_eq!(again.title, "Role value BOSS is not in the role catalogue");
        assert_eq!(audited(&entra).await, [
            "issue.acknowledge", "issue.assign", "issue.note", "issue.ignore", "issue.reopen", "issue.resolve",
        ]);
        let notes: Vec<(Option<String>,)> = entra.app.rows(sql("SELECT after FROM audit_log WHERE action = 'issue.note'")).await;
        assert_eq!(notes, [(None,)], "a note's text is not in the audit log");
        let told: Vec<(String, Option<String>, Option<String>)> = entra.app.rows(sql(
            "SELECT action, before, after FROM audit_log WHERE target_kind = 'issue' AND action <> 'issue.note' ORDER BY id",
        )).await;
        let value = |text: Option<String>| -> Value { serde_json::from_str(&text.unwrap()).unwrap() };
        for ((action, before, after), (what, was, is)) in told.into_iter().zip([
            ("state", json!("open"), json!("acknowledged")),
            ("assignee", json!(null), json!("admin")),
            ("state", json!("acknowledged"), json!("ignored")),
            ("state", json!("ignored"), json!("open")),
            ("state", json!("open"), json!("resolved")),
        ]) {
            assert_eq!((&value(before)[what], &value(after)[what]), (&was, &is), "{action}");
        }
    }

    async fn what_is_no_choice_is_refused_beside_its_field(entra: Entra) {
        two_issues(&entra).await;
        let issue = list(&entra, IssueFilter::default()).await.remove(0);
        let admin = Worker::of(&entra, AccountRole::Admin, &issue).await;
        let long = "x".repeat(4_001);
        for (form, words) in [
            ("do=ignore_days&days=0", "Choose a whole number of days from 1 to 730."),
            ("do=ignore_days&days=soon", "Choose a whole number of days from 1 to 730."),
            ("do=ignore_events&events=-1", "Choose a whole number of events from 1 to 1,000,000."),
            ("do=note&note=+", "Write something first."),
            (&format!("do=note&note={long}"), "Write at most 4,000 characters."),
            ("do=assign&assignee=nobody-i-know", "This account does not exist any more."),
            ("do=dance", "Choose what to do with one of the buttons."),
        ] {
            let refused = admin.act(form).await;
            assert_eq!(refused.status, 422, "{form}");
            assert!(refused.text.contains(words), "{words}: {}", refused.text);
        }
        assert_eq!(detail(&entra, &issue.id).await.history.len(), 1);
        assert!(audited(&entra).await.is_empty());
    }

    async fn looking_at_a_request_is_audited_and_only_then_shown(entra: Entra) {
        two_issues(&entra).await;
        let issue = list(&entra, IssueFilter::default()).await.remove(0);
        let support = Worker::of(&entra, AccountRole::Support, &issue).await;
        let body = "&quot;SECURITY_LEAD&quot;";
        let shows = |page: String| page.contains(body) || page.contains("\"SECURITY_LEAD\"");
        assert!(!shows(support.page("").await));
        assert!(audited(&entra).await.is_empty());
        assert!(shows(support.page("?sample=1").await));
        assert_eq!(audited(&entra).await, ["payload.view"]);
        let viewer = Worker::of(&entra, AccountRole::Viewer, &issue).await;
        let page = viewer.page("?sample=1").await;
        assert!(!shows(page.clone()) && page.contains("Your role does not show request bodies."));
        assert!(!page.contains("Acknowledge"), "a Viewer reads");
        assert_eq!(viewer.act("do=resolve").await.status, 403);
        support.done(&support.act("do=resolve").await);
    }

    async fn an_issue_leads_to_all_of_its_entries_and_to_no_others(entra: Entra) {
        let create = async |name: &str, more: Value| {
            let mut body = user(name);
            for (name, value) in more.as_object().unwrap() {
                body[name.as_str()] = value.clone();
            }
            entra.app.advance(MINUTE);
            entra.post(&body).await.header("x-request-id").to_owned()
        };
        let alone = create("ana", json!({"favouriteColour": "blue"})).await;
        // The role that was chosen for Ben is graver, and names the entry.
        let among = create("ben", json!({"favouriteColour": "blue", "roles": []})).await;
        create("cem", json!({"shoeSize": 38})).await;
        let refused = create("ana", json!({"favouriteColour": "blue"})).await;
        let id = entra.create("dot").await;
        entra.change(&id, "Replace", "favouriteColour", json!("blue")).await.is(200);

        let rows = list(&entra, IssueFilter::default()).await;
        let issue = |reason: &str, attribute: &str| {
            rows.iter()
                .find(|row| row.action == Action::Create && row.reason == reason && row.attribute.as_deref() == Some(attribute))
                .unwrap()
        };
        let proof = allowed(&entra, Permission::ReadLogs);
        let found = async |filter: LogFilter| {
            let page = log_search::list(&entra.app.app, &proof, &filter).await.unwrap().page;
            page.items.into_iter().map(|row| row.id).collect::<Vec<String>>()
        };
        let of = |id: &str| LogFilter { issue_id: Some(id.to_owned()), ..LogFilter::default() };
        let colour = issue("attribute_ignored", "favouriteColour");
        assert_eq!(found(of(&colour.id)).await, [among.clone(), alone.clone()]);
        let taken = issue("user_name_taken", "userName");
        assert_eq!(found(of(&taken.id)).await, std::slice::from_ref(&refused));
        for (request, expected) in [(&alone, 1), (&refused, 0)] {
            let filter = LogFilter { request_id: Some(request.clone()), ..of(&colour.id) };
            assert_eq!(found(filter).await.len(), expected, "{request}");
        }
        assert_eq!(found(of("nobody")).await.len(), 0);
        let other = entra.app.entra("fabrikam").await;
        let elsewhere = allowed(&other, Permission::ReadLogs);
        let shown = log_search::list(&entra.app.app, &proof, &of(&colour.id)).await.unwrap();
        assert_eq!(shown.issue.as_ref(), Some(&colour.title));
        let shown = log_search::list(&entra.app.app, &elsewhere, &of(&colour.id)).await.unwrap();
        assert!(shown.page.items.is_empty());
        assert_eq!(shown.issue, None);

        let admin = Worker::of(&entra, AccountRole::Admin, colour).await;
        let page = admin.page("").await;
        let entries = format!("/organizations/contoso/logs?issue={}", colour.id);
        for address in [&entries, &format!("/logs/{alone}"), &format!("/logs/{among}")] {
            assert!(page.contains(address.as_str()), "{address}: {page}");
        }
        let log = open(entra.app, &admin.cookie, &entries).await.text;
        for words in ["favouriteColour was left out", &alone, &among] {
            assert!(log.contains(words), "{words}: {log}");
        }
        assert!(!log.contains(refused.as_str()), "{log}");
    }

    async fn users_and_entries_lead_to_their_issues(entra: Entra) {
        let id = entra.create("ana").await;
        let refused = entra.change(&id, "Replace", "active", json!("?")).await;
        refused.is_error(400, "invalidValue");
        let issue = list(&entra, IssueFilter::default()).await.remove(0);
        let of_user = issues::of_user(&entra.app.app, &allowed(&entra, Permission::ReadIssues), &id).await.unwrap();
        assert_eq!(of_user.iter().map(|row| &row.id).collect::<Vec<_>>(), [&issue.id]);
        let logs = allowed(&entra, Permission::ReadLogs);
        let entry = log_search::detail(&entra.app.app, &logs, refused.header("x-request-id")).await.unwrap();
        assert_eq!(entry.issue, Some(issue.id.clone()));
        let admin = Worker::of(&entra, AccountRole::Admin, &issue).await;
        for path in ["", "/issues", &format!("/users/{id}")] {
            let page = open(entra.app, &admin.cookie, &format!("/organizations/contoso{path}")).await;
            assert!(page.text.contains(&issue.href()), "{path}: {}", page.text);
            assert!(page.text.contains("nav-count"), "{path}");
        }
        entra.change(&id, "Replace", "active", json!("False")).await.is(200);
        entra.app.flush().await;
        let of_user = issues::of_user(&entra.app.app, &allowed(&entra, Permission::ReadIssues), &id).await.unwrap();
        assert!(of_user.is_empty());
        // What was resolved long ago is gone, and the entry says no more of it.
        entra.app.advance(DAY);
        entra.app.execute(sql("DELETE FROM issues")).await;
        let entry = log_search::detail(&entra.app.app, &logs, refused.header("x-request-id")).await.unwrap();
        assert_eq!(entry.issue, None);
    }
}
