use rhombus_provisioning::model::log::{Action, LogFilter, LogPage, Status};
use rhombus_provisioning::model::page::Count;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE, SECOND};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::services::{log_search, user_directory};
use rhombus_provisioning::server::store::sql::sql;

use super::fill::*;
use crate::db_test;

async fn list(app: &App, filter: &LogFilter) -> LogPage {
    let allowed = allowed(Permission::ReadLogs, CONTOSO);
    log_search::list(app, &allowed, filter).await.unwrap()
}

/// The summaries of what is found: they tell the entries apart.
async fn summaries(app: &App, filter: LogFilter) -> Vec<String> {
    let found = list(app, &filter).await;
    assert_eq!(
        found.page.total,
        Count::Exactly(found.page.items.len() as u64),
        "{filter:?}"
    );
    assert_eq!(found.searched_back_to, None);
    found
        .page
        .items
        .into_iter()
        .map(|row| row.summary)
        .collect()
}

const ROLE: &str =
    r#"[{"attribute":"roles[primary eq \"True\"].value","old":"viewer","new":"admin"}]"#;

/// Newest first: role of Ana, refusal of Omar, create of Yuki, a failed look-up, a match, a probe, a disabling.
async fn seven_entries(app: &App) {
    let ana = entry("update", SECOND).about("u-Ana", "Ana Ruiz");
    let omar = Entry {
        user_name: Some("Omar.Haddad@contoso.com"),
        label: Some("Omar Haddad"),
        external_id: Some("ext-omar"),
        ..entry("create", 2 * SECOND).failed(
            "name_missing",
            "name.familyName is required and was not sent.",
        )
    };
    let yuki = entry("create", 3 * SECOND).about("u-Yuki", "Yuki Tanaka");
    let refused =
        entry("match", 4 * SECOND).failed("filter_invalid", "Unknown attribute nickname2.");
    let matched = Entry {
        user_name: Some("tom@contoso.com"),
        ..entry("match", 5 * SECOND).about("u-Tom", "Tom Okafor")
    };
    let probe = entry("test_connection", 6 * SECOND);
    let tom = Entry {
        user_name: Some("tom@contoso.com"),
        cycle_id: "old".to_owned(),
        ..entry("disable", 2 * HOUR).about("u-Tom", "Tom Okafor")
    };
    let elsewhere = Entry {
        organization: FABRIKAM,
        ..entry("update", SECOND).about("u-Ana", "Ana Ruiz")
    };
    let cycle_id = probe.id.clone();
    let mut statements = vec![
        ana.change(ROLE),
        yuki.change(r#"[{"attribute":"userName","old":null,"new":"y"},{"attribute":"roles[primary eq \"True\"].value","old":null,"new":"viewer"}]"#),
        tom.change(r#"[{"attribute":"active","old":true,"new":false}]"#),
        user("Ana", "Ruiz").insert(),
        omar.payload(Some(r#"[{"attribute":"userName","old":null,"new":"Omar.Haddad@contoso.com"}]"#)),
    ];
    for entry in [ana, omar, yuki, refused, matched, probe] {
        statements.push(
            Entry {
                cycle_id: cycle_id.clone(),
                ..entry
            }
            .insert(),
        );
    }
    statements.extend([tom.insert(), elsewhere.insert()]);
    run(app, statements).await;
}

const ANA: &str = "Role: viewer → admin";
const OMAR: &str = "name.familyName is required and was not sent.";
const YUKI: &str = "Created with role viewer";
const REFUSED: &str = "Unknown attribute nickname2.";
const MATCHED: &str = "Found Tom Okafor";
const PROBE: &str = "Entra checked the connection";
const TOM: &str = "Active: true → false";

db_test! {
    async fn entries_are_found_by_each_filter_in_their_organization_only(db) {
        let app = two_organizations(db).await;
        seven_entries(&app).await;
        let none = LogFilter::default;
        let text = |text: &str| LogFilter { text: text.to_owned(), ..none() };
        let actions = |actions: &[Action]| LogFilter { actions: actions.to_vec(), ..none() };
        let statuses = |statuses: &[Status]| LogFilter { statuses: statuses.to_vec(), ..none() };
        let some = |text: &str| Some(text.to_owned());
        for (filter, expected) in [
            (none(), vec![ANA, OMAR, YUKI, REFUSED, TOM]),
            (LogFilter { lookups: true, ..none() }, vec![ANA, OMAR, YUKI, REFUSED, MATCHED, PROBE, TOM]),
            (LogFilter { within: some("1h"), ..none() }, vec![ANA, OMAR, YUKI, REFUSED]),
            (LogFilter { reason: some("name_missing"), ..none() }, vec![OMAR]),
            (LogFilter { user_id: some("u-Tom"), ..none() }, vec![TOM]),
            (LogFilter { user_id: some("u-Tom"), lookups: true, ..none() }, vec![MATCHED, TOM]),
            (LogFilter { cycle_id: some("old"), ..none() }, vec![TOM]),
            (LogFilter { token_prefix: some("rhp_AbCd1234"), ..statuses(&[Status::Success]) }, vec![ANA, YUKI, TOM]),
            (LogFilter { token_prefix: some("rhp_other"), ..none() }, vec![]),
            (statuses(&[Status::Failure]), vec![OMAR, REFUSED]),
            (statuses(&[Status::Failure, Status::Success]), vec![ANA, OMAR, YUKI, REFUSED, TOM]),
            (LogFilter { lookups: true, ..statuses(&[Status::Failure]) }, vec![OMAR, REFUSED]),
            (actions(&[Action::Create]), vec![OMAR, YUKI]),
            (actions(&[Action::Match]), vec![REFUSED, MATCHED]),
            (LogFilter { user_id: some("u-Ana"), ..actions(&[Action::Create]) }, vec![]),
            (text("tom@"), vec![TOM]),
            (LogFilter { lookups: true, ..text("TOM@") }, vec![MATCHED, TOM]),
            // Known now under this name, or never known at all.
            (text("ruiz"), vec![ANA]),
            (text("omar h"), vec![OMAR]),
            (text("ext-omar"), vec![OMAR]),
            (LogFilter { lookups: true, ..text("ext-omar") }, vec![OMAR]),
            (text("u-Tom"), vec![TOM]),
            (text("u-To"), vec![]),
            (LogFilter { from: some("2026-11-23T09:13"), ..none() }, vec![ANA, OMAR, YUKI, REFUSED]),
            (LogFilter { to: some("2026-11-23T09:12"), ..none() }, vec![TOM]),
            (LogFilter { from: some("2026-11-23T07:00"), to: some("2026-11-23T09:13"), ..none() }, vec![ANA, OMAR, YUKI, REFUSED, TOM]),
            (LogFilter { from: some("2026-11-23T07:00"), to: some("2026-11-23T07:13"), ..statuses(&[Status::Success]) }, vec![TOM]),
            (LogFilter { request_id: some("req_nothing"), ..none() }, vec![]),
            (text("%"), vec![]),
        ] {
            assert_eq!(summaries(&app, filter.clone()).await, expected, "{filter:?}");
        }
        let ana = list(&app, &none()).await.page.items.swap_remove(0);
        assert_eq!(summaries(&app, text(&ana.id)).await, [ANA]);
        assert_eq!((ana.identity.as_str(), ana.changes.len()), ("Ana Ruiz", 1));
    }
}

db_test! {
    async fn a_request_id_finds_whatever_it_was(db) {
        let app = two_organizations(db).await;
        seven_entries(&app).await;
        let lookups = LogFilter { lookups: true, ..LogFilter::default() };
        let rows = list(&app, &lookups).await.page.items;
        for row in &rows {
            let filter = LogFilter { request_id: Some(row.id.clone()), ..LogFilter::default() };
            assert_eq!(summaries(&app, filter).await, [row.summary.as_str()]);
        }
        assert_eq!(rows.len(), 7);
    }
}

db_test! {
    async fn newer_entries_are_counted_from_what_is_shown(db) {
        let app = two_organizations(db).await;
        seven_entries(&app).await;
        let allowed = allowed(Permission::ReadLogs, CONTOSO);
        let newer = async |query: &str, newest: &str| {
            let filter = log_search::filter_of(query);
            log_search::count_newer(&app, &allowed, &filter, Some(newest)).await.unwrap()
        };
        let newest = list(&app, &LogFilter::default()).await.newest;
        assert_eq!(newer("", &newest).await, Count::Exactly(0));
        app.clock.advance(std::time::Duration::from_secs(60));
        let late = [entry("update", -SECOND), entry("create", -2 * SECOND), entry("match", -3 * SECOND)];
        run(&app, late.iter().map(Entry::insert).collect()).await;
        assert_eq!(newer("", &newest).await, Count::Exactly(2));
        assert_eq!(newer("?lookups=1", &newest).await, Count::Exactly(3));
        assert_eq!(newer("?action=create&within=1h", &newest).await, Count::Exactly(1));
        run(&app, many_entries(&entry("update", -10 * SECOND), 60)).await;
        assert_eq!(newer("", &newest).await, Count::MoreThan(50));
        // A page of a list that shows nothing begins now.
        let nothing = LogFilter { reason: Some("none".to_owned()), ..LogFilter::default() };
        assert_eq!(list(&app, &nothing).await.newest, format!("{}~", NOW + MINUTE));
    }
}

db_test! {
    async fn pages_keep_to_the_span_of_time(db) {
        let app = two_organizations(db).await;
        run(&app, many_entries(&entry("update", MINUTE), 200)).await;
        let span = LogFilter {
            from: Some("2026-11-23T09:12".to_owned()),
            to: Some("2026-11-23T09:12".to_owned()),
            ..LogFilter::default()
        };
        let first = list(&app, &span).await.page;
        assert_eq!(first.total, Count::Exactly(201));
        let mut pages = vec![first];
        while let Some(next) = pages[pages.len() - 1].next.clone() {
            let filter = LogFilter { cursor: Some(next), ..span.clone() };
            pages.push(list(&app, &filter).await.page);
        }
        assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [50, 50, 50, 50, 1]);
        let back = LogFilter { cursor: pages[4].previous.clone(), newer: true, ..span };
        assert_eq!(list(&app, &back).await.page, pages[3]);
    }
}

db_test! {
    async fn cycles_are_summed_up(db) {
        let app = two_organizations(db).await;
        seven_entries(&app).await;
        let cycles = list(&app, &LogFilter::default()).await.cycles;
        let facts: Vec<_> = cycles.iter()
            .map(|cycle| (cycle.started.relative.as_str(), cycle.ended.is_some(), cycle.changes, cycle.failures))
            .collect();
        // The first began with the probe, which the page does not show.
        let [two, one, none] = [2, 1, 0].map(Count::Exactly);
        assert_eq!(facts, [("6 s ago", false, two, two), ("2 h ago", true, one, none)]);
        app.clock.advance(std::time::Duration::from_secs(301));
        let cycles = list(&app, &LogFilter::default()).await.cycles;
        assert_eq!(cycles[0].ended.as_ref().unwrap().relative, "5 min ago");
    }
}

db_test! {
    async fn a_long_cycle_that_has_ended_is_not_counted_again(db) {
        let app = two_organizations(db).await;
        let in_cycle = |id: &str, ago| Entry { cycle_id: id.to_owned(), ..entry("update", ago) };
        let counted = |id: &str, requests: i64, changes: i64, last_at: i64, counted_at: i64| {
            sql("INSERT INTO cycles (organization_id, id, started_at, last_at, requests, calls, changes, failures, \
                 users, is_initial, counted_at) VALUES ($1, $2, $3, $4, $5, $5, $6, 0, 0, FALSE, $7)")
            .bind(CONTOSO).bind(id).bind(last_at - HOUR).bind(last_at).bind(requests).bind(changes).bind(counted_at)
        };
        let at = |ago: i64| NOW - ago;
        run(&app, vec![
            in_cycle("running", SECOND).insert(),
            counted("running", 2_000, 1_800, at(SECOND), at(0)),
            in_cycle("ended", HOUR).insert(),
            counted("ended", 2_000, 1_700, at(HOUR), at(HOUR - 2 * MINUTE)),
            in_cycle("short", 4 * HOUR).insert(),
            counted("short", 20, 16, at(4 * HOUR), at(HOUR)),
            // Nothing but refused tokens, which are no failures of a cycle.
            in_cycle("refused", 5 * HOUR).failed("token_unknown", "No such token.").insert(),
            counted("refused", 2_000, 0, at(5 * HOUR), at(HOUR)),
        ]).await;
        let cycles = list(&app, &LogFilter::default()).await.cycles;
        let facts: Vec<_> = cycles.iter()
            .map(|cycle| (cycle.cycle_id.as_str(), cycle.changes, cycle.failures))
            .collect();
        let exactly = Count::Exactly;
        assert_eq!(facts, [
            ("running", exactly(1), exactly(0)),
            ("ended", exactly(1_700), exactly(0)),
            ("short", exactly(1), exactly(0)),
            ("refused", exactly(0), exactly(1)),
        ]);
        assert_eq!(cycles[1].started.relative, "2 h ago");
    }
}

db_test! {
    async fn pages_go_forth_and_back_in_time(db) {
        let app = two_organizations(db).await;
        let entries: Vec<_> = (0..120_i64).map(|index| entry("update", index / 30 * SECOND)).collect();
        run(&app, entries.iter().map(Entry::insert).collect()).await;
        for filter in [LogFilter::default(), LogFilter { actions: vec![Action::Update], ..LogFilter::default() }] {
            let first = list(&app, &filter).await.page;
            assert_eq!((first.items.len(), first.total, &first.previous), (50, Count::Exactly(120), &None));
            let second = list(&app, &LogFilter { cursor: first.next.clone(), ..filter.clone() }).await.page;
            let third = list(&app, &LogFilter { cursor: second.next.clone(), ..filter.clone() }).await.page;
            assert_eq!((third.items.len(), &third.next), (20, &None));
            let back = |cursor| LogFilter { cursor, newer: true, ..filter.clone() };
            assert_eq!(list(&app, &back(third.previous)).await.page, second);
            assert_eq!(list(&app, &back(second.previous)).await.page, first);
        }
    }
}

db_test! {
    async fn one_entry_is_shown_whole_and_looking_at_bodies_is_audited(db) {
        let app = two_organizations(db).await;
        seven_entries(&app).await;
        let omar = list(&app, &LogFilter { reason: Some("name_missing".to_owned()), ..LogFilter::default() })
            .await.page.items.swap_remove(0);
        let viewer = allowed(Permission::ReadLogs, CONTOSO);
        let detail = log_search::detail(&app, &viewer, &omar.id).await.unwrap();
        assert_eq!(detail.steps[0].duration_us, 300);
        assert_eq!(detail.changes[0].new.as_deref(), Some("Omar.Haddad@contoso.com"));
        assert_eq!(detail.payload, None);
        assert_eq!(detail.payload_note, "Your role does not show request bodies.");

        let admin = allowed(Permission::ReadPayloads, CONTOSO);
        let detail = log_search::detail_with_payload(&app, &admin, &omar.id).await.unwrap();
        assert_eq!(detail.payload.unwrap().request_headers[0].0, "content-type");
        let seen = "SELECT count(*) FROM audit_log WHERE action = 'payload.view'";
        assert_eq!(app.db.read().await.unwrap().fetch_count(sql(seen)).await.unwrap(), 1);

        let ana = list(&app, &LogFilter::default()).await.page.items.swap_remove(0);
        let detail = log_search::detail_with_payload(&app, &admin, &ana.id).await.unwrap();
        assert_eq!(detail.payload, None);
        assert!(detail.payload_note.starts_with("Bodies are kept for 30 days"));
        assert_eq!(app.db.read().await.unwrap().fetch_count(sql(seen)).await.unwrap(), 1);

        for (allowed, id) in [
            (allowed(Permission::ReadPayloads, FABRIKAM), omar.id.as_str()),
            (allowed(Permission::ReadLogs, CONTOSO), omar.id.as_str()),
            (allowed(Permission::ReadPayloads, CONTOSO), "req_nonsense"),
        ] {
            let answer = log_search::detail_with_payload(&app, &allowed, id).await;
            assert!(matches!(answer, Err(ServiceError::NotFound { .. } | ServiceError::Forbidden)));
        }
    }
}

db_test! {
    async fn lists_leave_large_changes_to_their_entries(db) {
        let app = two_organizations(db).await;
        let large = "x".repeat(20_000);
        let ana = entry("update", MINUTE).about("u-Ana", "Ana Ruiz");
        let changes = format!(r#"[{{"attribute":"title","old":"Lead","new":"{large}"}}]"#);
        run(&app, vec![ana.change(&changes), ana.insert()]).await;
        let row = list(&app, &LogFilter::default()).await.page.items.swap_remove(0);
        assert_eq!((row.summary.as_str(), row.changes.len()), ("A large change, shown in the log entry", 0));
        let reader = allowed(Permission::ReadLogs, CONTOSO);
        let detail = log_search::detail(&app, &reader, &ana.id).await.unwrap();
        assert_eq!(detail.changes[0].new.as_deref(), Some(large.as_str()));
        let reader = allowed(Permission::ReadUsers, CONTOSO);
        let history = user_directory::history(&app, &reader, "u-Ana", None).await.unwrap();
        assert_eq!((&history.items[0].changes, &history.items[0].log_id), (&None, &Some(ana.id)));
    }
}

db_test! {
    async fn neighbours_are_about_the_same_user(db) {
        let app = two_organizations(db).await;
        let entries: Vec<_> = [3, 2, 1].map(|ago| entry("update", ago * MINUTE).about("u-Ana", "Ana")).into();
        let tom = entry("update", 90 * SECOND).about("u-Tom", "Tom");
        let read = entry("read", 100 * SECOND).about("u-Ana", "Ana");
        run(&app, entries.iter().chain([&tom, &read]).map(Entry::insert).collect()).await;
        let allowed = allowed(Permission::ReadLogs, CONTOSO);
        let around = log_search::previous_and_next(&app, &allowed, &entries[1].id).await.unwrap();
        assert_eq!(around, (Some(entries[0].id.clone()), Some(entries[2].id.clone())));
        let around = log_search::previous_and_next(&app, &allowed, &tom.id).await.unwrap();
        assert_eq!(around, (None, None));
        let latest = log_search::latest_for_user(&app, &allowed, "u-Ana", 2).await.unwrap();
        assert_eq!(latest[0].id, entries[2].id);
        assert_eq!(latest.len(), 2);
    }
}

db_test! {
    async fn hours_are_summed_over_reasons_and_tokens(db) {
        let app = two_organizations(db).await;
        let hour = NOW / HOUR * HOUR;
        let insert = |reason: &str, token: &str, hour: i64| {
            sql("INSERT INTO provisioning_log_hours (organization_id, hour, action, status, reason, token_id, \
                 entries, unrecorded, duration_us) VALUES ($1, $2, 'update', 'failure', $3, $4, 2, 1, 900)")
            .bind(CONTOSO).bind(hour).bind(reason).bind(token)
        };
        run(&app, vec![insert("a", "t", hour), insert("b", "u", hour), insert("a", "t", hour - DAY)]).await;
        let allowed = allowed(Permission::ReadLogs, CONTOSO);
        let hours = log_search::hours(&app, &allowed, NOW - DAY, NOW).await.unwrap();
        assert_eq!(hours.len(), 1);
        assert_eq!((hours[0].entries, hours[0].unrecorded, hours[0].duration_us), (4, 2, 1_800));
        assert_eq!(hours[0].hour.time, "09:00:00");
    }
}

db_test! {
    async fn a_search_that_reads_too_much_says_how_far_it_got_and_goes_on(db) {
        let app = two_organizations(db).await;
        run(&app, many_entries(&entry("match", HOUR), 10_100)).await;
        let zoe = Entry { user_name: Some("Zoe@contoso.com"), ..entry("match", DAY) };
        run(&app, vec![zoe.insert()]).await;
        let mut filter = LogFilter { text: "zoe".to_owned(), lookups: true, ..LogFilter::default() };
        let found = list(&app, &filter).await;
        assert_eq!((found.page.items.len(), found.page.total), (0, Count::MoreThan(0)));
        assert_eq!(found.searched_back_to.unwrap().time, "08:13:48");
        filter.cursor = found.page.next;
        let found = list(&app, &filter).await;
        assert_eq!(found.page.items[0].id, zoe.id);
        assert_eq!((found.searched_back_to, found.page.next), (None, None));
    }
}
