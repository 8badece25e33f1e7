//! The watch over organizations: cycles are counted from the log, problems open and end, whoever needs help comes first.

use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use rhombus_provisioning::server::services::health_watch::{self, Watched};
use rhombus_provisioning::server::services::notifications::pass;
use rhombus_provisioning::server::services::organizations;
use rhombus_provisioning::server::store::cycles::Cycle;
use rhombus_provisioning::server::store::problems::Problem;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::fill::{CONTOSO, NOW, run, two_organizations};
use crate::support::app::{START, TestApp};
use crate::support::db::TestDb;
use crate::support::entra::Entra;
use crate::{db_test, entra_test};

async fn watch(app: &TestApp) -> Watched {
    app.flush().await;
    health_watch::run_claimed(&app.app)
        .await
        .unwrap()
        .unwrap_or_default()
}

async fn cycles(entra: &Entra<'_>) -> Vec<Cycle> {
    let all = sql("SELECT * FROM cycles WHERE organization_id = $1 ORDER BY started_at, id");
    entra.app.rows(all.bind(&entra.organization_id)).await
}

/// "kind subject began..ended" of each problem, in minutes since the start; tokens are `t`.
async fn problems(entra: &Entra<'_>) -> Vec<String> {
    let all = sql("SELECT * FROM problems WHERE organization_id = $1 ORDER BY began_at, id");
    let found: Vec<Problem> = entra.app.rows(all.bind(&entra.organization_id)).await;
    let minute = |at: Millis| (at - START).div_euclid(MINUTE);
    let words = found.into_iter().map(|problem| {
        let subject = match problem.subject.split_once(':') {
            Some((_, days)) => format!("t:{days}"),
            None if problem.subject.is_empty() => "-".to_owned(),
            None => "t".to_owned(),
        };
        let ended = problem
            .ended_at
            .map_or_else(String::new, |at| minute(at).to_string());
        format!(
            "{} {subject} {}..{ended}",
            problem.kind,
            minute(problem.began_at)
        )
    });
    words.collect()
}

/// Entra's cycle in which nothing has changed.
async fn quiet_cycle(entra: &Entra<'_>) {
    entra
        .filter("userName eq \"7f0c3d86-6c4f-4b6e-9d3c-2f1d7a0b1c11\"")
        .await
        .is(200);
}

async fn switch(app: &App, is_paused: bool) {
    let organization = organizations::find(app, "contoso").await.unwrap();
    let allowed = Allowed::command_line(Permission::PauseProvisioning, organization);
    let done = if is_paused {
        organizations::pause(app, &allowed).await
    } else {
        organizations::resume(app, &allowed).await
    };
    done.unwrap();
}

entra_test! {
    async fn cycles_are_what_the_log_says_however_often_they_are_counted(entra: Entra) {
        quiet_cycle(&entra).await;
        watch(entra.app).await;
        entra.app.advance(40 * MINUTE);
        quiet_cycle(&entra).await;
        let ana = entra.create("ana@contoso.com").await;
        entra.create("ben@contoso.com").await;
        watch(entra.app).await;
        assert_eq!(cycles(&entra).await[1].changes, 2);

        // It goes on, with a refused create and with a user that it knows.
        entra.app.advance(4 * MINUTE);
        entra.change(&ana, "Replace", "name.givenName", json!("Anna")).await.is(200);
        let mut stranger = crate::support::entra::user("cy@contoso.com");
        stranger["roles"] = json!([{"value": "unheard-of", "primary": true}]);
        entra.post(&stranger).await.is_error(400, "invalidValue");
        entra.app.advance(40 * MINUTE);
        quiet_cycle(&entra).await;
        entra.create("dee@contoso.com").await;
        entra.app.advance(6 * MINUTE);
        watch(entra.app).await;
        let counted = cycles(&entra).await;
        let figures: Vec<_> = counted.iter().map(|cycle| {
            (cycle.requests, cycle.calls, cycle.changes, cycle.failures, cycle.users, cycle.is_initial)
        }).collect();
        assert_eq!(figures, [
            (1, 1, 0, 0, 0, false),
            (5, 5, 3, 1, 3, true),
            (2, 2, 1, 0, 1, false),
        ]);
        assert_eq!((counted[1].started_at, counted[1].last_at), (START + 40 * MINUTE, START + 44 * MINUTE));
        let log = entra.log().await;
        for cycle in &counted {
            let entries = log.iter().filter(|entry| entry.cycle_id == cycle.id).count();
            assert_eq!(usize::try_from(cycle.requests), Ok(entries));
        }

        entra.app.advance(HOUR);
        assert_eq!(watch(entra.app).await.cycles, 0, "none has grown");
        entra.app.execute(sql("DELETE FROM cycles")).await;
        entra.app.advance(MINUTE);
        watch(entra.app).await;
        let again: Vec<_> = cycles(&entra).await.into_iter().map(|cycle| {
            (cycle.id, cycle.requests, cycle.users, cycle.is_initial)
        }).collect();
        let before: Vec<_> = counted.into_iter().map(|cycle| {
            (cycle.id, cycle.requests, cycle.users, cycle.is_initial)
        }).collect();
        assert_eq!(again, before, "the log is all that is needed");
    }

    async fn callers_that_nobody_knows_are_no_cycle_of_entra_and_no_problem(entra: Entra) {
        quiet_cycle(&entra).await;
        entra.app.advance(10 * MINUTE);
        let stranger = Entra::new(entra.app, "contoso", entra.organization_id.clone(), "rhp_wrong".to_owned());
        stranger.filter("userName eq \"a\"").await.is_error(401, "");
        watch(entra.app).await;
        let calls: Vec<_> = cycles(&entra).await.iter().map(|cycle| (cycle.requests, cycle.calls)).collect();
        assert_eq!(calls, [(1, 1), (1, 0)]);
        assert_eq!(problems(&entra).await, [""; 0]);
    }

    async fn problems_begin_once_and_end_once(entra: Entra) {
        quiet_cycle(&entra).await;
        watch(entra.app).await;
        entra.app.advance(10 * MINUTE);
        switch(&entra.app.app, true).await;
        entra.app.advance(MINUTE);
        let watched = watch(entra.app).await;
        assert_eq!((watched.began, watched.ended), (1, 0));
        // Another replica, at the same time.
        let (one, other) = tokio::join!(health_watch::run(&entra.app.app), health_watch::run(&entra.app.app));
        assert_eq!((one.unwrap().began, other.unwrap().began), (0, 0));
        entra.app.advance(MINUTE);
        switch(&entra.app.app, false).await;
        watch(entra.app).await;
        assert_eq!(problems(&entra).await, ["paused - 10..12"]);
        entra.app.advance(MINUTE);
        switch(&entra.app.app, true).await;
        watch(entra.app).await;
        assert_eq!(problems(&entra).await, ["paused - 10..12", "paused - 13.."]);
    }

    async fn entra_is_silent_after_two_hours_and_never_while_it_is_paused(entra: Entra) {
        for _ in 0..4 {
            entra.app.advance(40 * MINUTE);
            watch(entra.app).await;
        }
        assert_eq!(problems(&entra).await, [""; 0], "it has never called");
        quiet_cycle(&entra).await;
        for _ in 0..4 {
            entra.app.advance(40 * MINUTE);
            watch(entra.app).await;
        }
        assert_eq!(problems(&entra).await, ["silent - 280.."]);
        quiet_cycle(&entra).await;
        entra.app.advance(MINUTE);
        watch(entra.app).await;
        assert_eq!(problems(&entra).await, ["silent - 280..321"]);
        switch(&entra.app.app, true).await;
        for _ in 0..6 {
            entra.app.advance(40 * MINUTE);
            watch(entra.app).await;
        }
        assert_eq!(problems(&entra).await[1..], ["paused - 321.."]);
        switch(&entra.app.app, false).await;
        entra.app.advance(HOUR);
        watch(entra.app).await;
        assert_eq!(problems(&entra).await.len(), 2, "a resumed organization has its time anew");
    }

    async fn a_watch_that_slept_or_a_clock_that_jumped_makes_nobody_silent(entra: Entra) {
        quiet_cycle(&entra).await;
        watch(entra.app).await;
        entra.app.advance(5 * HOUR);
        watch(entra.app).await;
        entra.app.advance(MINUTE);
        watch(entra.app).await;
        assert_eq!(problems(&entra).await, [""; 0]);
        for _ in 0..4 {
            entra.app.advance(40 * MINUTE);
            watch(entra.app).await;
        }
        assert_eq!(problems(&entra).await, ["silent - 420.."]);
        // What a clock a year ahead has left holds nobody up.
        let year = START + 365 * DAY;
        let ahead = sql("UPDATE job_leases SET held_until = $1").bind(year);
        entra.app.execute(ahead).await;
        entra.app.execute(sql("UPDATE cycles SET counted_at = $1").bind(year)).await;
        quiet_cycle(&entra).await;
        let watched = watch(entra.app).await;
        assert_eq!((watched.organizations, watched.cycles, watched.ended), (1, 2, 1));
    }

    async fn each_threshold_of_a_token_is_one_problem_until_it_is_replaced(entra: Entra) {
        let end = START + 365 * DAY;
        quiet_cycle(&entra).await;
        let mut seen = Vec::new();
        for (days, hours) in [(31, 0), (30, 0), (20, 0), (14, 0), (7, 0), (3, 0), (1, 0), (0, 1)] {
            let at = end - days * DAY - hours * HOUR;
            entra.app.advance(at - entra.app.app.clock.now());
            quiet_cycle(&entra).await;
            watch(entra.app).await;
            let open = problems(&entra).await.into_iter().filter(|problem| problem.ends_with(".."));
            seen.push(open.filter(|problem| problem.starts_with("token")).count());
        }
        assert_eq!(seen, [0, 1, 1, 2, 3, 3, 4, 4]);
        let names: Vec<String> = problems(&entra).await.iter()
            .map(|problem| problem.rsplit_once(' ').unwrap().0.to_owned()).collect();
        assert_eq!(names, ["token_expiring t:30", "token_expiring t:14", "token_expiring t:7", "token_expiring t:1"]);

        entra.app.advance(2 * HOUR);
        entra.filter("userName eq \"a\"").await.is_error(401, "");
        entra.app.advance(MINUTE);
        watch(entra.app).await;
        let open: Vec<_> = problems(&entra).await.into_iter()
            .filter(|problem| problem.ends_with("..")).collect();
        let (expired, refused) = (365 * 24 * 60, 365 * 24 * 60 + 60);
        assert_eq!(open, [format!("token_expired t {expired}.."), format!("refused - {refused}..")]);

        let token = entra.app.token(&entra.organization_id, 365 * DAY).await;
        let renewed = Entra::new(entra.app, "contoso", entra.organization_id.clone(), token);
        quiet_cycle(&renewed).await;
        entra.app.advance(MINUTE);
        watch(entra.app).await;
        assert!(problems(&entra).await.iter().all(|problem| !problem.ends_with("..")));
    }
}

db_test! {
    async fn a_token_made_for_a_week_is_not_spoken_of_at_once(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        app.execute(sql("UPDATE tokens SET expires_at = $1").bind(START + 7 * DAY)).await;
        quiet_cycle(&entra).await;
        watch(&app).await;
        assert_eq!(problems(&entra).await, [""; 0]);
        app.advance(6 * DAY);
        watch(&app).await;
        assert_eq!(problems(&entra).await, ["token_expiring t:1 8640.."]);
    }
}

/// How long a run over 10,000 organizations takes, of which a hundred have just called and a thousand are refused, and
/// the mails about it to a recipient of each:
/// `cargo xtask test --unit -- --ignored ten_thousand --nocapture`.
async fn measure(app: App) {
    let statements = [
        sql("INSERT INTO organizations (id, slug, name, name_key, state, state_changed_at, missing_names, \
             missing_role, unknown_role, created_at, updated_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
             SELECT 'x' || i, 'x' || i, 'x' || i, 'x' || i, state, 0, missing_names, missing_role, unknown_role, 0, 0 \
             FROM organizations, n WHERE id = $1").bind(CONTOSO),
        sql("INSERT INTO tokens (id, organization_id, name, prefix, hash, created_at, created_by, expires_at, \
             last_used_at) SELECT 't' || id, id, 'Entra', 'rhp_' || id, 'h' || id, 0, 'test', \
             CASE WHEN id LIKE 'x1%' THEN CAST($1 AS BIGINT) ELSE $2 END, $3 FROM organizations")
            .bind(NOW - HOUR).bind(NOW + 300 * DAY).bind(NOW - 10 * MINUTE),
        // A day of cycles each, two entries in each, and a refusal for those whose token has ended.
        sql("INSERT INTO provisioning_logs (id, organization_id, occurred_at, cycle_id, action, status, is_lookup, \
             method, path, http_status, reason, token_id, address, duration_us, steps) \
             WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 71) \
             SELECT 'r' || o.id || '-' || n.i, o.id, \
             $1 + (n.i / 2) * 2400000 + (n.i % 2) * 1000 - CASE WHEN o.id LIKE '%00' THEN 0 ELSE 600000 END, \
             'c' || o.id || '-' || (n.i / 2), CASE WHEN n.i % 2 = 0 THEN 'test_connection' ELSE 'update' END, \
             CASE WHEN n.i > 69 AND o.id LIKE 'x1%' THEN 'failure' ELSE 'success' END, n.i % 2 = 0, 'GET', '/Users', \
             CASE WHEN n.i > 69 AND o.id LIKE 'x1%' THEN 401 ELSE 200 END, \
             CASE WHEN n.i > 69 AND o.id LIKE 'x1%' THEN 'token_expired' END, 't' || o.id, '', 0, '[]' \
             FROM organizations o, n").bind(NOW - 35 * 40 * MINUTE),
        sql("INSERT INTO notification_recipients (id, organization_id, address, address_key, state, created_at, \
             created_by, link_sent_at, verified_at, uses) SELECT 'n' || id, id, 'it@' || slug || '.example', \
             'it@' || slug || '.example', 'verified', 0, 'test', 0, 0, 1 FROM organizations"),
    ];
    run(&app, statements.into()).await;
    for what in [
        "the first run",
        "the next run, nothing new",
        "a run after a minute",
    ] {
        let started = std::time::Instant::now();
        let watched = health_watch::run(&app).await.unwrap();
        println!("{what}: {:?}, {watched:?}", started.elapsed());
        let started = std::time::Instant::now();
        let told = pass::run(&app).await.unwrap();
        println!("    and its mails: {:?}, {told:?}", started.elapsed());
        app.clock.advance(std::time::Duration::from_millis(
            (40 * SECOND).unsigned_abs(),
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ten_thousand_organizations_sqlite() {
    measure(two_organizations(TestDb::sqlite().await.db).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ten_thousand_organizations_postgres() {
    if let Some(db) = TestDb::postgres().await {
        measure(two_organizations(db.db).await).await;
    }
}
