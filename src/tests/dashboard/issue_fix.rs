//! *Fix here*: each cure through the issue's page, by whoever may do it (product, Issues).

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::services::health_watch;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use super::person::{account, cookie, open, post};
use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

async fn person(entra: &Entra<'_>, role: AccountRole) -> String {
    let slug = (role != AccountRole::Support).then_some("contoso");
    let email = format!("{}@contoso.com", role.as_str());
    let id = account(entra.app, &email, role, slug).await;
    cookie(entra.app, &id).await
}

/// The page of the issue with this reason.
async fn issue(entra: &Entra<'_>, reason: &str) -> String {
    entra.app.flush().await;
    let found = sql("SELECT id FROM issues WHERE organization_id = $1 AND reason = $2");
    let found: Vec<(String,)> = entra
        .app
        .rows(found.bind(&entra.organization_id).bind(reason))
        .await;
    let [(id,)] = found.as_slice() else {
        panic!("{reason}: {found:?}")
    };
    format!("/organizations/contoso/issues/{id}")
}

async fn fix(entra: &Entra<'_>, cookie: &str, page: &str, fields: &[(&str, &str)]) -> Answer {
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    post(entra.app, cookie, &format!("{page}/fix"), &form).await
}

/// Goes through, and leads to the dry run on the same page, which says this.
async fn fixed(entra: &Entra<'_>, cookie: &str, page: &str, fields: &[(&str, &str)], says: &str) {
    let done = fix(entra, cookie, page, fields).await;
    let next = format!("{page}?dry_run=1#fix-here");
    assert_eq!(
        (done.status, done.header("location")),
        (303, next.as_str()),
        "{}",
        done.text
    );
    let text = card(&open(entra.app, cookie, &format!("{page}?dry_run=1")).await);
    assert!(text.contains(says), "{text}");
}

/// The card, without markup.
fn card(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (_, rest) = answer.text.split_once("id=\"fix-here\"").expect("the card");
    let (card, _) = rest.split_once("</section>").unwrap();
    let mut text = String::new();
    let mut is_tag = true;
    for letter in card.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            letter if !is_tag => text.push(letter),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_role(user_name: &str, role: &str) -> Value {
    let mut body = user(user_name);
    body["roles"] = json!([{"primary": true, "value": role}]);
    body
}

/// What was written to the audit log, but who signed in and what was tried.
async fn audit(entra: &Entra<'_>) -> Vec<String> {
    let found: Vec<(String,)> = entra
        .app
        .rows(sql(
            "SELECT action FROM audit_log WHERE action NOT LIKE 'account.%' AND action NOT IN \
             ('organization.create', 'token.create', 'issue.dry_run') ORDER BY occurred_at, id",
        ))
        .await;
    found.into_iter().map(|(action,)| action).collect()
}

async fn role_id(entra: &Entra<'_>, value: &str) -> String {
    let found = sql("SELECT id FROM roles WHERE organization_id = $1 AND value = $2");
    let found: Vec<(String,)> = entra
        .app
        .rows(found.bind(&entra.organization_id).bind(value))
        .await;
    found[0].0.clone()
}

entra_test! {
    async fn an_unknown_role_value_is_mapped_or_made_a_role(entra: Entra) {
        for (name, role) in [("ana", "LEAD"), ("ben", "lead"), ("cyd", "AUDITOR")] {
            assert_eq!(entra.post(&with_role(name, role)).await.status, 400);
        }
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "role_unknown").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("Entra sends 2 role values") && text.contains("2 users means"), "{text}");
        let viewer_role = role_id(&entra, "viewer").await;
        let nothing = fix(&entra, &admin, &page, &[("do", "map"), ("value", "LEAD"), ("role", "")]).await;
        assert_eq!(nothing.status, 422);
        assert!(nothing.text.contains("Choose what the value means"), "{}", nothing.text);
        let map = [("do", "map"), ("value", "LEAD"), ("role", viewer_role.as_str())];
        fixed(&entra, &admin, &page, &map, "Would now succeed for 2 of 3 users").await;
        let add = [("do", "map"), ("value", "AUDITOR"), ("role", "new")];
        fixed(&entra, &admin, &page, &add, "Would now succeed for 3 of 3 users").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("Decided") && text.contains("means Viewer"), "{text}");
        // Again is no error; another meaning is.
        fixed(&entra, &admin, &page, &map, "3 of 3").await;
        let other = role_id(&entra, "admin").await;
        let taken = fix(&entra, &admin, &page, &[("do", "map"), ("value", "lead"), ("role", &other)]).await;
        assert_eq!(taken.status, 422);
        assert!(taken.text.contains("already means the role Viewer"), "{}", taken.text);

        for (name, role) in [("ana", "LEAD"), ("ben", "lead"), ("cyd", "AUDITOR")] {
            entra.post(&with_role(name, role)).await.is(201);
        }
        entra.app.flush().await;
        let history = open(entra.app, &admin, &page).await.text;
        assert!(history.contains("By itself: requests that failed have succeeded since"), "{history}");
        assert_eq!(audit(&entra).await, ["role.set", "role.create"]);
        // It comes back: the history says when.
        assert_eq!(entra.post(&with_role("dee", "OTHER")).await.status, 400);
        entra.app.flush().await;
        let kinds: Vec<(String, i64)> = entra.app.rows(sql("SELECT kind, occurred_at FROM issue_history ORDER BY id")).await;
        let kinds: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["resolved", "came_back"]);
    }

    async fn what_follows_comes_when_entra_calls(entra: Entra) {
        let refused = async || assert_eq!(entra.post(&with_role("ana", "LEAD")).await.status, 400);
        refused().await;
        let viewer = account(entra.app, "eve@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let page = issue(&entra, "role_unknown").await;
        let says = async |text: &str| {
            entra.app.flush().await;
            // Counts the cycles, as the job does once a minute.
            health_watch::run(&entra.app.app).await.unwrap();
            // Nobody stays signed in for days.
            let now = cookie(entra.app, &viewer).await;
            let card = card(&open(entra.app, &now, &page).await);
            assert!(card.contains(text), "{text}: {card}");
        };
        says("Entra’s next cycle, expected about 09:40, tries the user again").await;
        entra.app.advance(3 * HOUR);
        says("Entra last called 3 h ago, and its next cycle is overdue").await;
        entra.app.advance(DAY - 3 * HOUR);
        refused().await;
        says("expected about 09:40, tries").await;
        // A day apart twice: as in quarantine.
        entra.app.advance(DAY);
        refused().await;
        says("Entra’s next cycle, expected on Thu 26 Nov about 09:00, tries the user again").await;
        says("Entra calls about once a day now").await;
        entra.policy("state", "paused").await;
        says("Once provisioning is resumed, Entra’s next cycle tries the user").await;
    }

    async fn a_long_role_value_is_offered_whole_and_one_that_no_role_can_have_is_not(entra: Entra) {
        let (long, longer) = ("R".repeat(120), "Q".repeat(121));
        for (name, role) in [("ana", &long), ("ben", &longer)] {
            assert_eq!(entra.post(&with_role(name, role)).await.status, 400);
        }
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "role_unknown").await;
        let shown = card(&open(entra.app, &admin, &page).await);
        assert!(shown.contains(&long) && shown.contains("Say what it means."), "{shown}");
        let kept = format!("{}… 1 user is longer than the 120 characters", "Q".repeat(120));
        assert!(shown.contains(&kept), "{shown}");
        let map = [("do", "map"), ("value", long.as_str()), ("role", "new")];
        fixed(&entra, &admin, &page, &map, "Would now succeed for 1 of 2 users").await;
        let names = sql("SELECT display_name FROM roles WHERE value = $1").bind(&long);
        let names: Vec<(String,)> = entra.app.rows(names).await;
        assert_eq!(names, [("R".repeat(100),)]);
        assert_eq!(entra.post(&with_role("ana", &long)).await.status, 201);
        let shown = card(&open(entra.app, &admin, &page).await);
        assert!(shown.contains("Entra sends what no role here can be."), "{shown}");
    }

    async fn a_value_is_mapped_to_a_role_whose_name_is_as_long_as_its_value(entra: Entra) {
        let long = "R".repeat(120);
        entra.policy("unknown_role", "accept").await;
        entra.post(&with_role("ana", &long)).await.is(201);
        entra.policy("unknown_role", "reject").await;
        assert_eq!(entra.post(&with_role("ben", "LEAD")).await.status, 400);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "role_unknown").await;
        let role = role_id(&entra, &long).await;
        assert_eq!(fix(&entra, &admin, &page, &[("do", "review"), ("role", &role)]).await.status, 303);
        let two = fix(&entra, &admin, &page, &[("do", "map"), ("value", "LEAD\nBOSS"), ("role", &role)]).await;
        assert_eq!(two.status, 422);
        assert!(two.text.contains("An app role value is one line"), "{}", two.text);
        for value in ["LEAD", "lead", &long] {
            let map = [("do", "map"), ("value", value), ("role", role.as_str())];
            fixed(&entra, &admin, &page, &map, "Would now succeed for 1 of 1 user").await;
        }
        assert_eq!(audit(&entra).await, ["role.review", "role.set"]);
    }

    async fn unknown_roles_may_count_as_the_default_and_new_ones_are_reviewed(entra: Entra) {
        assert_eq!(entra.post(&with_role("ana", "LEAD")).await.status, 400);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "role_unknown").await;
        fixed(&entra, &admin, &page, &[("do", "default_unknown_role")], "Would now succeed for 1 of 1 user").await;
        entra.policy("unknown_role", "accept").await;
        entra.post(&with_role("ana", "LEAD")).await.is(201);
        let page = issue(&entra, "role_unreviewed").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("nobody has looked at it") && text.contains("Mark as reviewed"), "{text}");
        let role = role_id(&entra, "LEAD").await;
        fixed(&entra, &admin, &page, &[("do", "review"), ("role", &role)], "means LEAD").await;
        assert_eq!(audit(&entra).await, ["organization.set", "role.review"]);
    }

    async fn missing_names_and_roles_are_a_matter_of_policy(entra: Entra) {
        entra.policy("missing_role", "reject").await;
        let mut nameless = user("ana");
        nameless["name"] = json!({"givenName": "Ana"});
        assert_eq!(entra.post(&nameless).await.status, 400);
        let mut roleless = user("ben");
        roleless.as_object_mut().unwrap().remove("roles");
        assert_eq!(entra.post(&roleless).await.status, 400);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "family_name_missing").await;
        fixed(&entra, &admin, &page, &[("do", "accept_missing_names")], "1 of 1 user").await;
        let page = issue(&entra, "role_missing").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("The default role is Viewer"), "{text}");
        fixed(&entra, &admin, &page, &[("do", "default_missing_role")], "1 of 1 user").await;
        entra.post(&nameless).await.is(201);
        entra.post(&roleless).await.is(201);
    }

    async fn a_wanted_name_is_given_up_or_kept(entra: Entra) {
        let old = entra.create("ana@contoso.com").await;
        entra.change(&old, "Replace", "active", json!("False")).await.is(200);
        let ben = entra.create("ben@contoso.com").await;
        let rename = async || entra.change(&ben, "Replace", "userName", json!("ana@contoso.com")).await;
        assert_eq!(rename().await.status, 409);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "user_name_taken").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("Entra wants ana@contoso.com for Ana Ruiz") && text.contains("inactive"), "{text}");
        assert!(text.contains("Free the name"), "{text}");
        let of = |act: &'static str| [("do", act), ("user", old.as_str()), ("user_name", "ana@contoso.com")];
        fixed(&entra, &admin, &page, &of("keep_apart"), "Would now succeed for 0 of 1 user").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("Kept apart by"), "{text}");
        assert_eq!(rename().await.status, 409);
        fixed(&entra, &admin, &page, &of("take_over"), "Would now succeed for 1 of 1 user").await;
        rename().await.is(200);
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("Decided"), "{text}");
        assert_eq!(audit(&entra).await, ["user.keep_apart", "user.take_over"]);
        let audit = open(entra.app, &admin, "/organizations/contoso/audit").await.text;
        assert!(audit.contains("Let Entra take over user"), "{audit}");
    }

    async fn what_was_allowed_ends_after_a_week_and_can_be_again(entra: Entra) {
        let old = entra.create("ana").await;
        entra.change(&old, "Replace", "active", json!("False")).await.is(200);
        assert_eq!(entra.post(&user("ana")).await.status, 409);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "user_name_taken").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("who is new to Rhombus") && text.contains("Let Entra take it over"), "{text}");
        let allow = [("do", "take_over"), ("user", old.as_str()), ("user_name", "ana")];
        fixed(&entra, &admin, &page, &allow, "Would now succeed for 1 of 1 user").await;
        entra.app.advance(7 * DAY);
        assert_eq!(entra.post(&user("ana")).await.status, 409);
        let id = account(entra.app, "eve@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let admin = cookie(entra.app, &id).await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(!text.contains("Allowed") && !text.contains("Decided"), "{text}");
        fixed(&entra, &admin, &page, &allow, "Would now succeed for 1 of 1 user").await;
        entra.post(&user("ana")).await.is(201);
    }

    async fn an_active_user_of_entras_is_not_offered(entra: Entra) {
        let ana = entra.create("ana").await;
        assert_eq!(entra.post(&user("ana")).await.status, 409);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "user_name_taken").await;
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("active and managed by Entra") && text.contains("Two people in Entra"), "{text}");
        assert!(!text.contains("Let Entra take it over"), "{text}");
        let allow = [("do", "take_over"), ("user", ana.as_str()), ("user_name", "ana")];
        assert_eq!(fix(&entra, &admin, &page, &allow).await.status, 409);
        assert_eq!(audit(&entra).await, Vec::<String>::new());
    }

    async fn an_expired_token_gets_a_successor_once(entra: Entra) {
        entra.create("ana").await;
        let expire = sql("UPDATE tokens SET expires_at = $1 WHERE organization_id = $2");
        let now = entra.app.app.clock.now();
        entra.app.execute(expire.bind(now + MINUTE).bind(&entra.organization_id)).await;
        entra.app.advance(40 * MINUTE);
        assert_eq!(entra.get("/Users").await.status, 401);
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "token_expired").await;
        let answer = open(entra.app, &admin, &page).await;
        let text = card(&answer);
        assert!(text.contains("which expired") && text.contains("Create a new token"), "{text}");
        let (_, once) = answer.text.split_once("name=\"once\" value=\"").unwrap();
        let once = once.split('"').next().unwrap().to_owned();
        let form = [("do", "token"), ("once", once.as_str()), ("name", "Entra")];
        let made = fix(&entra, &admin, &page, &form).await;
        assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
        let (_, secret) = made.text.split_once("<code tabindex=\"0\">rhp_").expect("the secret");
        let secret = format!("rhp_{}", secret.split('<').next().unwrap());
        assert!(made.text.contains(&format!("href=\"{page}\"")), "leads back to the issue");
        assert_eq!(fix(&entra, &admin, &page, &form).await.status, 409, "a form makes one token");
        let text = card(&open(entra.app, &admin, &page).await);
        assert!(text.contains("Waiting for Entra") && text.contains("Decided"), "{text}");
        assert!(!text.contains(&secret), "{text}");

        let again = Entra::new(entra.app, "contoso", entra.organization_id.clone(), secret);
        entra.app.advance(10 * MINUTE);
        again.create("ben").await;
        entra.app.flush().await;
        let state: Vec<(String,)> = entra.app.rows(sql("SELECT state FROM issues WHERE reason = 'token_expired'")).await;
        assert_eq!(state, [("resolved".to_owned(),)]);
    }

    async fn turning_on_is_supports_and_the_rest_is_the_admins(entra: Entra) {
        entra.policy("state", "off").await;
        assert_eq!(entra.get("/Users").await.status, 403);
        let page = issue(&entra, "organization_off").await;
        let admin = person(&entra, AccountRole::Admin).await;
        let support = person(&entra, AccountRole::Support).await;
        let viewer = person(&entra, AccountRole::Viewer).await;
        let on = [("do", "turn_on")];
        for who in [&admin, &viewer] {
            let text = card(&open(entra.app, who, &page).await);
            assert!(text.contains("Rhombus Support can do this") && !text.contains("Turn provisioning on"), "{text}");
            assert_eq!(fix(&entra, who, &page, &on).await.status, 403);
        }
        let text = card(&open(entra.app, &support, &page).await);
        assert!(text.contains("Turn provisioning on"), "{text}");
        let done = fix(&entra, &support, &page, &on).await;
        assert_eq!((done.status, done.header("location")), (303, format!("{page}#fix-here").as_str()));
        assert_eq!(entra.get("/Users").await.status, 200);
        assert!(card(&open(entra.app, &support, &page).await).contains("Provisioning is on."));

        assert_eq!(entra.post(&with_role("ana", "LEAD")).await.status, 400);
        let ben = entra.create("ben").await;
        let page = issue(&entra, "role_unknown").await;
        for (who, shows) in [(&support, "Link for the Admin"), (&viewer, "An Admin of the organization can do this.")] {
            let text = card(&open(entra.app, who, &page).await);
            assert!(text.contains("LEAD") && text.contains(shows) && !text.contains("Choose a role"), "{text}");
        }
        let link = format!("https://provisioning.test{page}#fix-here");
        assert!(card(&open(entra.app, &support, &page).await).contains(&link));
        for who in [&support, &viewer] {
            for act in ["map", "review", "default_unknown_role", "default_missing_role", "accept_missing_names",
                "take_over", "keep_apart", "token"] {
                let form = [("do", act), ("value", "LEAD"), ("role", "new"), ("user", ben.as_str()), ("user_name", "ben"),
                    ("once", "0198c0de-0000-7000-8000-000000000000"), ("name", "Entra")];
                assert_eq!(fix(&entra, who, &page, &form).await.status, 403, "{act}");
            }
        }
        assert_eq!(audit(&entra).await, ["organization.enable"]);
        let unknown = fix(&entra, &admin, &page, &[("do", "dance")]).await;
        assert_eq!(unknown.status, 422);
    }

    async fn the_guards_issue_leads_to_whom_it_holds(entra: Entra) {
        let limit = sql("UPDATE organizations SET removal_limit = 1 WHERE id = $1");
        entra.app.execute(limit.bind(&entra.organization_id)).await;
        for name in ["ana", "ben"] {
            let id = entra.create(name).await;
            entra.change(&id, "Replace", "active", json!("False")).await;
        }
        let admin = person(&entra, AccountRole::Admin).await;
        let page = issue(&entra, "guard_holding").await;
        let answer = open(entra.app, &admin, &page).await;
        assert!(card(&answer).contains("1 user waits"), "{}", card(&answer));
        assert!(answer.text.contains("href=\"/organizations/contoso/held\""));
    }

    async fn a_cause_that_is_not_ours_has_no_card(entra: Entra) {
        entra.create_with("ana", json!({"favouriteColour": "green"})).await;
        let viewer = person(&entra, AccountRole::Viewer).await;
        let page = issue(&entra, "attribute_ignored").await;
        assert!(!open(entra.app, &viewer, &page).await.text.contains("id=\"fix-here\""));
    }

    async fn failures_come_before_remarks_and_count_alone(entra: Entra) {
        let viewer = person(&entra, AccountRole::Viewer).await;
        let issues = "/organizations/contoso/issues";
        assert!(open(entra.app, &viewer, issues).await.text.contains("Entra has not called so far"));
        for n in 0..3 {
            entra.create_with(&format!("user{n}"), json!({"favouriteColour": "green"})).await;
        }
        entra.app.flush().await;
        entra.app.advance(10 * MINUTE);
        let health = open(entra.app, &viewer, "/organizations/contoso").await.text;
        assert!(health.contains("all 3 users are in sync"), "a remark is no trouble: {health}");
        assert_eq!(entra.post(&with_role("ana", "LEAD")).await.status, 400);
        entra.app.flush().await;
        let list = open(entra.app, &viewer, issues).await.text;
        let (failure, remark) = (list.find("Role value LEAD").unwrap(), list.find("favouriteColour was left out").unwrap());
        assert!(failure < remark);
        let counted = open(entra.app, &viewer, "/api/frame?slug=contoso").await.json();
        assert_eq!(counted["open_issues"], json!({"exactly": 1}));
        // Paging keeps the order: the failure first, from any place.
        let found: Vec<(bool, i64, i64, String)> = entra.app.rows(sql(
            "SELECT is_remark, users_affected, first_seen_at, id FROM issues ORDER BY is_remark",
        )).await;
        let (_, users, at, id) = &found[0];
        let after = open(entra.app, &viewer, &format!("{issues}?after=f~{users}~{at}~{id}")).await.text;
        assert!(!after.contains("Role value LEAD"), "{after}");
        let (_, users, at, id) = &found[1];
        let before = open(entra.app, &viewer, &format!("{issues}?before=r~{users}~{at}~{id}")).await.text;
        assert!(before.contains("Role value LEAD") && !before.contains("favouriteColour was left out"), "{before}");
    }
}
