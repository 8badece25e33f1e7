//! Times in the zone of whoever reads them: the browser's, or the one that the account has chosen.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::person::{account, cookie, open, post, tag};
use crate::db_test;
use crate::support::app::TestApp;
use crate::support::entra::user;

const LOGS: &str = "/organizations/contoso/logs";

/// The session's cookie beside the one in which a browser says its zone.
fn in_zone(session: &str, zone: &str) -> String {
    format!("{session}; time_zone={zone}")
}

async fn text(app: &TestApp, cookie: &str, address: &str) -> String {
    let answer = open(app, cookie, address).await;
    assert_eq!(answer.status, 200, "{address}");
    answer.text
}

/// The times of the entries that a filter finds, from the exported file.
async fn found(app: &TestApp, cookie: &str, query: &str) -> Vec<String> {
    let file = text(app, cookie, &format!("{LOGS}/export.csv?{query}")).await;
    let lines = file.lines().skip(1);
    lines
        .filter_map(|line| line.split(',').next().map(str::to_owned))
        .collect()
}

db_test! {
    async fn pages_show_times_in_the_browsers_zone_once_it_is_known(db: TestDb) {
        let app = TestApp::new(db).await;
        // Monday, 23 November 2026, 09:00 UTC.
        app.entra("contoso").await.post(&user("ana")).await.is(201);
        app.flush().await;
        let vera = account(&app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let session = cookie(&app, &vera).await;
        for (zone, time, named) in [
            ("", "23 Nov 2026, 09:00:00 UTC", "Times in UTC."),
            ("Europe/Berlin", "23 Nov 2026, 10:00:00 CET", "Times in Europe/Berlin."),
            ("America/New_York", "23 Nov 2026, 04:00:00 EST", "Times in America/New York."),
            ("Asia/Kolkata", "23 Nov 2026, 14:30:00 IST", "Times in Asia/Kolkata."),
            ("Pacific/Kiritimati", "23 Nov 2026, 23:00:00 +14", "Times in Pacific/Kiritimati."),
            ("Europe/Rhombus", "23 Nov 2026, 09:00:00 UTC", "Times in UTC."),
            ("%22%3E%3Cscript%3E", "23 Nov 2026, 09:00:00 UTC", "Times in UTC."),
            ("../../../etc/localtime", "23 Nov 2026, 09:00:00 UTC", "Times in UTC."),
        ] {
            let page = text(&app, &in_zone(&session, zone), LOGS).await;
            assert!(page.contains(time) && page.contains(named), "{zone}: {page}");
            // Machines read UTC whatever the zone.
            assert!(page.contains("datetime=\"2026-11-23T09:00:00.000Z\""), "{zone}");
        }
        let berlin = in_zone(&session, "Europe/Berlin");
        let overview = text(&app, &berlin, "/organizations/contoso").await;
        assert!(overview.contains("Changes per hour, Europe/Berlin time"));
        assert!(overview.contains("<th scope=\"row\">10:00<"), "{overview}");
        let csv = text(&app, &berlin, &format!("{LOGS}/export.csv")).await;
        assert!(csv.contains("2026-11-23T09:00:00.000Z,create"), "{csv}");
    }

    async fn a_span_means_the_same_to_every_reader(db: TestDb) {
        let app = TestApp::new(db).await;
        let entra = app.entra("contoso").await;
        for (name, at) in [
            ("a", "2026-10-25T00:29:59Z"),
            ("b", "2026-10-25T00:30:00Z"),
            ("c", "2026-10-25T01:30:59Z"),
            ("d", "2026-10-25T01:31:00Z"),
        ] {
            entra.post(&user(name)).await.is(201);
            let at = at.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            let statement = sql("UPDATE provisioning_logs SET occurred_at = $1 WHERE user_name = $2");
            app.execute(statement.bind(at).bind(name)).await;
        }
        let vera = account(&app, "vera@contoso.com", AccountRole::Viewer, Some("contoso")).await;
        let session = cookie(&app, &vera).await;
        let (berlin, new_york) = (in_zone(&session, "Europe/Berlin"), in_zone(&session, "America/New_York"));
        // 02:30 comes twice in Berlin that night, and both are meant.
        let shared = "from=2026-10-25T02:30&to=2026-10-25T02:30&zone=Europe/Berlin";
        let both = ["2026-10-25T01:30:59.000Z", "2026-10-25T00:30:00.000Z"];
        for reader in [&session, &berlin, &new_york] {
            assert_eq!(found(&app, reader, shared).await, both);
        }
        // Without a zone UTC is meant, whoever reads.
        for reader in [&session, &berlin] {
            let found = found(&app, reader, "from=2026-10-25T01:30&to=2026-10-25T01:30").await;
            assert_eq!(found, ["2026-10-25T01:30:59.000Z"]);
        }
        // The form and the chips speak by the reader's own clocks.
        let page = text(&app, &berlin, &format!("{LOGS}?{shared}")).await;
        for shown in [
            "From, Europe/Berlin time",
            "name=\"from\" value=\"2026-10-25T02:30\"",
            "name=\"zone\" value=\"Europe/Berlin\"",
            "2026-10-25 02:30, Europe/Berlin time",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        let page = text(&app, &new_york, &format!("{LOGS}?{shared}")).await;
        for shown in [
            "From, America/New York time",
            "name=\"from\" value=\"2026-10-24T20:30\"",
            "name=\"to\" value=\"2026-10-24T21:30\"",
            "name=\"zone\" value=\"America/New_York\"",
            "2026-10-24 20:30, America/New York time",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
    }

    async fn an_account_may_choose_its_zone_for_every_browser(db: TestDb) {
        let app = TestApp::new(db).await;
        let sam = account(&app, "sam@rhombus.example", AccountRole::Support, None).await;
        let session = cookie(&app, &sam).await;
        let berlin = in_zone(&session, "Europe/Berlin");
        let page = text(&app, &berlin, "/account").await;
        assert!(page.contains("This browser’s: Europe/Berlin"), "{page}");
        let choose = async |zone: &str| post(&app, &berlin, "/account/time-zone", &format!("time_zone={zone}")).await;

        let refused = choose("Europe%2FRhombus").await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("There is no such time zone."));
        let field = tag(&refused.text, "time_zone");
        assert!(field.contains("aria-describedby=\"time_zone-error time_zone-hint\""), "{field}");
        let (_, password) = refused.text.split_once(" id=\"password-card\"").unwrap();
        let (password, _) = password.split_once(" id=\"time-zone-card\"").unwrap();
        assert!(!password.contains("There is no such time zone."), "it stands at its own form");
        let chosen = choose("America%2FNew_York").await;
        assert_eq!((chosen.status, chosen.header("location")), (303, "/account?done=time-zone"));
        let page = text(&app, &berlin, "/account").await;
        assert!(page.contains("23 Nov 2026, 04:00:00 EST"), "{page}");
        assert!(page.contains("<option value=\"America/New_York\" selected>America/New York<"), "{page}");
        // Again is no change, and so no entry.
        choose("america%2Fnew_york").await;
        choose("").await;
        let page = text(&app, &berlin, "/account").await;
        assert!(page.contains("23 Nov 2026, 10:00:00 CET"), "{page}");

        let audited: Vec<(String, String)> = app
            .rows(sql(
                "SELECT before, after FROM audit_log WHERE action = 'account.set_time_zone' ORDER BY id",
            ))
            .await;
        let new_york = json!({"time_zone": "America/New_York"}).to_string();
        let none = json!({"time_zone": null}).to_string();
        assert_eq!(audited, [(none.clone(), new_york.clone()), (new_york, none)]);
    }
}
